/** The plane seen from above: Plotly's filled contour and axes, our canvases over them. */
import { ARROWS, arrowLength, arrowVector, drawArrow, largestArrow } from "./arrows.js";
import { element } from "./dom.js";
import { headAt, makePath, nearestPoint } from "./paths.js";
import { drawHoverMarks, visibleLooks } from "./looks.js";
import { PLOT_CONFIG, axisPixels, axisStyle, axisValues, onMoved, plotArea, plotLayout } from "./plot.js";
import { plotlyText } from "./format.js";
import { makeRelief, reliefRows } from "./relief.js";
import { createStage, drawFaint, placeStage, renderStage } from "./stage.js";
import { drawSymbol } from "./symbols.js";

const LEVELS = 22;

/**
 * @param {any} panel
 * @param {any} theme
 */
function contourTrace(panel, theme) {
  const { grid } = panel;
  const [x0, x1, y0, y1] = grid.bounds;
  const relief = makeRelief(grid.values, panel.scale);
  const step = (relief.high - relief.low) / LEVELS;
  return {
    type: "contour", z: reliefRows(grid, relief), x0, dx: (x1 - x0) / (grid.nx - 1), y0, dy: (y1 - y0) / (grid.ny - 1),
    autocontour: false, contours: { start: relief.low + step, end: relief.high - step / 2, size: step, coloring: "fill" },
    colorscale: theme.scale, zmin: relief.low, zmax: relief.high, zauto: false, hoverinfo: "skip",
    line: { width: 0.7, color: theme.line, smoothing: 1 },
    colorbar: {
      thickness: 8, xpad: 8, ypad: 0, outlinewidth: 0, len: 1, ticks: "", tickvals: relief.ticks.map((tick) => tick.at),
      ticktext: relief.ticks.map((tick) => tick.text), tickfont: { size: 10, color: theme.muted },
      title: { text: plotlyText(panel.z_title ?? ""), side: "right", font: { size: 11, color: theme.muted } },
    },
  };
}

/** @param {any} panel @param {any} app @param {HTMLElement} host */
function flatFigure(panel, app, host) {
  const [x0, x1, y0, y1] = panel.bounds;
  const { theme } = app;
  const traces = panel.grid ? [contourTrace(panel, theme)] : [{ type: "scatter", x: [], y: [], hoverinfo: "skip" }];
  const layout = plotLayout(theme, host, {
    uirevision: app.model.key, margin: { l: 54, r: panel.grid ? 76 : 12, t: 8, b: 44 },
    xaxis: axisStyle(theme, panel.x_title ?? panel.x, { range: [x0, x1], uirevision: app.model.key }),
    yaxis: axisStyle(theme, panel.y_title ?? panel.y, { range: [y0, y1], uirevision: app.model.key }),
  });
  return { traces, layout };
}

/** Everything that Plotly draws depends on this; while it stays, Plotly has nothing to do. @param {any} panel @param {any} app */
function flatSignature(panel, app) {
  const { grid, minima, ...rest } = panel;
  return JSON.stringify([app.model.key, rest, app.theme.mode, app.theme.text, app.theme.background, app.theme.font]);
}

/** @param {CanvasRenderingContext2D} context @param {any} view @param {any} app */
function drawLandmarks(context, view, app) {
  const { px, py, panel } = view;
  for (const [x, y] of panel.minima ?? []) {
    drawSymbol(context, "star", px(x), py(y), 6.5, { fill: app.theme.text, edge: app.theme.background, edgeWidth: 3 });
  }
  for (const track of app.model.tracks) {
    if (app.hidden.has(track.id) || track.end < 0) continue;
    context.beginPath();
    context.arc(px(track.columns[panel.x][0]), py(track.columns[panel.y][0]), 4.5, 0, 2 * Math.PI);
    context.lineWidth = 2;
    context.strokeStyle = app.theme.text;
    context.fillStyle = app.theme.background;
    context.fill();
    context.stroke();
  }
}

/** @param {CanvasRenderingContext2D} context @param {any} view @param {any} app @param {any[]} looks @param {number} at */
function drawHeadArrows(context, view, app, looks, at) {
  const kinds = ARROWS.filter((kind) => app.arrows.has(kind.name));
  if (!kinds.length) return;
  for (const look of looks) {
    const track = app.model.tracks.find((/** @type {any} */ one) => one.id === look.id);
    const path = view.stage.paths.get(look.id);
    const head = path && headAt(path, Math.min(at, path.end));
    if (!head) continue;
    for (const kind of kinds) {
      const vector = arrowVector(track, view.panel, kind.name, head.row);
      if (!vector) continue;
      const sizes = (view.largest[look.id] ??= {});
      const largest = (sizes[kind.name] ??= largestArrow(track, view.panel, kind.name));
      const length = arrowLength(Math.hypot(vector[0], vector[1]), largest);
      const [dx, dy] = [view.px(vector[0]) - view.px(0), view.py(vector[1]) - view.py(0)];
      const size = Math.hypot(dx, dy);
      if (!(size > 0) || !length) continue;
      drawArrow(context, head.x, head.y, (dx / size) * length, (dy / size) * length,
        { color: look.color, edge: app.theme.background, width: kind.width, dash: kind.dash });
    }
  }
}

/** Where a start is being dragged to, before the new paths have come. @param {CanvasRenderingContext2D} context @param {any} view @param {any} app */
function drawGhost(context, view, app) {
  if (!app.ghost) return;
  const [x, y] = [view.px(app.ghost.x), view.py(app.ghost.y)];
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

/**
 * @param {HTMLElement} parent
 * @param {any} app
 */
export function createFlat(parent, app) {
  const gd = /** @type {any} */ (element("div", { class: "ov-gd" }));
  const host = element("div", { class: "ov-plot" }, [gd]);
  parent.append(host);
  const view = /** @type {any} */ ({ host, gd, panel: null, stage: createStage(host), signature: "", largest: {}, ready: false });

  /** New axes or new numbers: all pixels anew. */
  function place() {
    if (!gd._fullLayout?.xaxis?._length) return;
    view.px = axisPixels(gd._fullLayout.xaxis);
    view.py = axisPixels(gd._fullLayout.yaxis);
    placeStage(view.stage, plotArea(gd));
    view.stage.paths.clear();
    for (const track of app.model.tracks) {
      const [xs, ys] = [track.columns[view.panel.x], track.columns[view.panel.y]];
      if (!xs || !ys) continue;
      view.stage.paths.set(track.id, makePath(Float64Array.from(xs, view.px), Float64Array.from(ys, view.py), track.end));
    }
    view.ready = true;
    app.ask();
  }

  async function update(/** @type {any} */ panel) {
    view.panel = panel;
    view.largest = {};
    const signature = flatSignature(panel, app);
    if (signature !== view.signature) {
      view.signature = signature;
      const first = !gd._fullLayout;
      const { traces, layout } = flatFigure(panel, app, host);
      gd.setAttribute("aria-label", panel.alt ?? panel.title ?? "");
      await app.plotly.react(gd, traces, layout, PLOT_CONFIG);
      if (app.destroyed) return;
      if (first) onMoved(gd, place);
    }
    place();
  }

  function draw(/** @type {number} */ at) {
    if (!view.ready) return;
    const looks = visibleLooks(app);
    renderStage(view.stage, {
      at, looks, edge: app.theme.background,
      under: () => {
        drawFaint(view.stage, looks);
        drawLandmarks(view.stage.trail.getContext("2d"), view, app);
      },
      before: (context) => drawHeadArrows(context, view, app, looks, at),
      after: (context) => {
        drawHoverMarks(context, view.stage, app, looks);
        drawGhost(context, view, app);
      },
    });
  }

  /** Client px -> a point on the plane, or null outside the plot. */
  function pointAt(/** @type {number} */ clientX, /** @type {number} */ clientY) {
    const rect = host.getBoundingClientRect();
    const { box } = view.stage;
    const [x, y] = [clientX - rect.left - box.left, clientY - rect.top - box.top];
    if (!view.ready || x < 0 || y < 0 || x > box.width || y > box.height) return null;
    const { xaxis, yaxis } = gd._fullLayout;
    return { x: axisValues(xaxis)(x), y: axisValues(yaxis)(y), left: x, top: y };
  }

  return {
    view, host, update, draw, pointAt,
    nearest: (/** @type {{left: number, top: number}} */ point) => nearestPoint(visiblePaths(view.stage, app), point.left, point.top, 14),
    stale: () => { view.stage.stale = true; },
    resize() {
      if (!gd._fullLayout || !host.clientWidth) return;
      const [width, height] = [host.clientWidth, host.clientHeight];
      if (gd._fullLayout.width !== width || gd._fullLayout.height !== height) app.plotly.relayout(gd, { width, height });
    },
    resetZoom() {
      const [x0, x1, y0, y1] = view.panel.bounds;
      app.plotly.relayout(gd, { "xaxis.range": [x0, x1], "yaxis.range": [y0, y1] });
    },
    zoomed() {
      const [x0, x1, y0, y1] = view.panel.bounds;
      const { xaxis, yaxis } = gd._fullLayout;
      return [[xaxis.range[0], x0], [xaxis.range[1], x1], [yaxis.range[0], y0], [yaxis.range[1], y1]]
        .some(([a, b], i) => Math.abs(a - b) > 1e-9 * (i < 2 ? x1 - x0 : y1 - y0));
    },
    pixelOf(/** @type {string} */ id, /** @type {number} */ row) {
      const path = view.stage.paths.get(id);
      const rect = host.getBoundingClientRect();
      return path && { x: rect.left + view.stage.box.left + path.xs[row], y: rect.top + view.stage.box.top + path.ys[row] };
    },
    destroy: () => app.plotly.purge(gd),
  };
}

/** Paths that hover may find. @param {import("./stage.js").Stage} stage @param {any} app */
export function visiblePaths(stage, app) {
  return new Map([...stage.paths].filter(([id]) => !app.hidden.has(id)));
}
