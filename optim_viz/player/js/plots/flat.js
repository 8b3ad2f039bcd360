/** The plane seen from above: Plotly's filled contour and axes, our canvases over them. */
import { drawArrows } from "./arrows.js";
import { makePath } from "../numbers/paths.js";
import { drawHoverMarks, visibleLooks } from "../basics/looks.js";
import { PLOT_CONFIG, axisPixels, axisStyle, axisValues, colourBar, onMoved, plotArea, plotLayout } from "./plot.js";
import { finerGrid, makeRelief, reliefRows } from "../numbers/relief.js";
import { createPassing } from "./passing.js";
import { roomFor } from "../basics/room.js";
import { APART, drawFaint, placeStage, renderStage } from "./stage.js";
import { drawMinimum } from "../basics/symbols.js";
import { axesSignature, createView, localPoint, nearestVisible, placePaths, plotOnce, viewMethods } from "./view.js";

const LEVELS = 22;

/**
 * @param {any} panel
 * @param {any} theme
 */
function contourTrace(panel, theme) {
  const grid = finerGrid(panel.grid);
  const [x0, x1, y0, y1] = grid.bounds;
  const relief = makeRelief(grid.values, panel.scale);
  const step = (relief.high - relief.low) / LEVELS;
  return {
    type: "contour", z: reliefRows(grid, relief), x0, dx: (x1 - x0) / (grid.nx - 1), y0, dy: (y1 - y0) / (grid.ny - 1),
    autocontour: false, contours: { start: relief.low + step, end: relief.high - step / 2, size: step, coloring: "fill" },
    colorscale: theme.scale, zmin: relief.low, zmax: relief.high, zauto: false, hoverinfo: "skip",
    line: { width: 0.7, color: theme.line, smoothing: 1 },
    showscale: !panel.small, colorbar: colourBar(panel, relief, theme),
  };
}

/** @param {any} panel @param {any} app @param {HTMLElement} host */
function flatFigure(panel, app, host) {
  const [x0, x1, y0, y1] = panel.bounds;
  const { theme } = app;
  const traces = panel.grid ? [contourTrace(panel, theme)] : [{ type: "scatter", x: [], y: [], hoverinfo: "skip" }];
  // On equal axes the plot is as wide and as high as the plane, not the plane larger.
  const [across, up] = panel.equal ? [{ constrain: "domain" }, { constrain: "domain", scaleanchor: "x" }] : [{}, {}];
  const layout = plotLayout(theme, host, {
    uirevision: app.model.key, margin: { l: 54, r: panel.grid && !panel.small ? 76 : 12, t: 8, b: 44 },
    xaxis: axisStyle(theme, panel.x_title ?? panel.x, { range: [x0, x1], uirevision: app.model.key, ...across }),
    yaxis: axisStyle(theme, panel.y_title ?? panel.y, { range: [y0, y1], uirevision: app.model.key, ...up }),
  });
  return { traces, layout, config: PLOT_CONFIG };
}

/** Minima, and where these runs start. @param {CanvasRenderingContext2D} context @param {any} view @param {any} app @param {any[]} looks */
function drawLandmarks(context, view, app, looks) {
  const { px, py, panel } = view;
  (panel.minima ?? []).forEach((/** @type {number[]} */ [x, y], /** @type {number} */ i) => drawMinimum(context, px(x), py(y), panel.lowest?.[i] ?? true, app.theme));
  for (const track of app.model.tracks) {
    if (track.end < 0 || !track.columns[panel.x] || !looks.some((look) => look.id === track.id)) continue;
    context.beginPath();
    context.arc(px(track.columns[panel.x][0]), py(track.columns[panel.y][0]), 4.5, 0, 2 * Math.PI);
    context.lineWidth = 2;
    context.strokeStyle = app.theme.text;
    context.fillStyle = app.theme.background;
    context.fill();
    context.stroke();
  }
}

/** Where a start is being dragged to, for those runs whose paths come later. @param {CanvasRenderingContext2D} context @param {any} view @param {any} app @param {number} [height]  on the upright axis */
export function drawGhost(context, view, app, height) {
  if (!app.ghost || !app.live.waits()) return;
  const [x, y] = [view.px(app.ghost.x), view.py(height ?? app.ghost.y)];
  context.lineWidth = 2;
  context.strokeStyle = app.theme.accent;
  context.beginPath();
  context.arc(x, y, 7, 0, 2 * Math.PI);
  for (const [dx, dy] of [[1, 0], [-1, 0], [0, 1], [0, -1]]) {
    context.moveTo(x + dx * 4, y + dy * 4);
    context.lineTo(x + dx * 12, y + dy * 12);
  }
  context.stroke();
}

/** @param {ArrayLike<number>} values @param {(value: number) => number} pixel @param {Float64Array} [spare] */
export function inPixels(values, pixel, spare) {
  const found = roomFor(spare, values.length);
  for (let i = 0; i < values.length; i++) found[i] = pixel(values[i]);
  return found;
}

/** New axes or new numbers: all pixels anew. @param {any} view @param {any} app */
function placeFlat(view, app) {
  const { gd, stage, panel } = view;
  if (!gd._fullLayout?.xaxis?._length) return;
  view.px = axisPixels(gd._fullLayout.xaxis);
  view.py = axisPixels(gd._fullLayout.yaxis);
  placeStage(stage, plotArea(gd));
  stage.apart = zoomedFlat(view) ? APART.zoomed : APART.whole;
  placePaths(view, app, axesSignature(gd), stage.paths, (track, spare) => {
    const [xs, ys] = [track.columns[panel.x], track.columns[panel.y]];
    return xs && ys ? makePath(inPixels(xs, view.px, spare?.xs), inPixels(ys, view.py, spare?.ys), track.end, { spare }) : null;
  });
  view.passing.draw(gd, panel, app.theme, LEVELS);
  view.ready = true;
  view.onPlaced?.();
  app.ask();
}

/** @param {any} view @param {any} app @param {number} at */
function drawFlat(view, app, at) {
  if (!view.ready) return;
  const looks = visibleLooks(app);
  renderStage(view.stage, {
    at, looks, edge: app.theme.background,
    held: app.holding,
    under: (some, from) => {
      if (!app.model.waits) drawFaint(view.stage, some, { from });
      drawLandmarks(view.stage.trail.getContext("2d"), view, app, some);
    },
    before: (context) => drawArrows(context, view, app, looks, at),
    after: (context) => {
      drawHoverMarks(context, view.stage, app, looks);
      drawGhost(context, view, app);
    },
  });
}

/** Whether the axes show something else than the whole plane. @param {any} view */
export function zoomedFlat(view) {
  const [x0, x1, y0, y1] = view.panel.bounds;
  const { xaxis, yaxis } = view.gd._fullLayout;
  const off = (/** @type {number[]} */ range, /** @type {number} */ low, /** @type {number} */ high) =>
    Math.abs(range[0] - low) + Math.abs(range[1] - high) > 1e-6 * (high - low);
  return off(xaxis.range, x0, x1) || off(yaxis.range, y0, y1);
}

/** Shows the whole plane again. @param {any} view */
export function resetFlat(view) {
  const [x0, x1, y0, y1] = view.panel.bounds;
  view.plotly.relayout(view.gd, { "xaxis.range": [x0, x1], "yaxis.range": [y0, y1] });
}

/**
 * @param {HTMLElement} parent
 * @param {any} app
 */
export function createFlat(parent, app) {
  const view = /** @type {any} */ (createView(parent));
  view.passing = createPassing(view.host, view.stage.trail);
  view.aim = (/** @type {any} */ _track, /** @type {number} */ _row, /** @type {number[]} */ [x, y]) => [view.px(x) - view.px(0), view.py(y) - view.py(0)];
  const place = () => placeFlat(view, app);
  return {
    ...viewMethods(view, app),
    async update(/** @type {any} */ panel) {
      const { grid, minima, ...rest } = panel;
      Object.assign(view, { panel, largest: {} });
      if (!grid?.passing) await plotOnce(view, app, rest, () => flatFigure(panel, app, view.host), (gd) => onMoved(gd, place));
      if (!app.destroyed) place();
    },
    draw: (/** @type {number} */ at) => drawFlat(view, app, at),
    /** Client px -> a point on the plane, or null outside the plot. */
    pointAt(/** @type {number} */ clientX, /** @type {number} */ clientY) {
      const point = localPoint(view, clientX, clientY);
      if (!point) return null;
      const { xaxis, yaxis } = view.gd._fullLayout;
      return { ...point, x: axisValues(xaxis)(point.left), y: axisValues(yaxis)(point.top) };
    },
    nearest: (/** @type {any} */ point) => nearestVisible(view, app, point, 14),
    resetZoom: () => resetFlat(view),
    zoomed: () => view.ready && zoomedFlat(view),
  };
}
