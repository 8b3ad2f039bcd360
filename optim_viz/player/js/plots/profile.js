/** A loss of one weight: its curve, and on it the point of every run, the slope there, and the step that follows. */
import { drawArrow, drawArrowsOf } from "./arrows.js";
import { setText } from "../basics/dom.js";
import { drawGhost, inPixels, resetFlat, zoomedFlat } from "./flat.js";
import { strokeCurve } from "./fit.js";
import { formatNumber, formatWeights } from "../basics/format.js";
import { createHandle } from "./handle.js";
import { createHead, told } from "./head.js";
import { drawHoverMarks, visibleLooks } from "../basics/looks.js";
import { ARROWS } from "../numbers/arrows.js";
import { makePath } from "../numbers/paths.js";
import { curvePoints, heightAt, stepAt, tangentWithin } from "../numbers/profile.js";
import { PLOT_CONFIG, axisStyle, axisValues, onMoved, plotLayout } from "./plot.js";
import { wireHover, wirePick, wireWheel } from "./pointer.js";
import { drawHead } from "./stage.js";
import { drawMinimum } from "../basics/symbols.js";
import { axesSignature, createView, localPoint, nearestVisible, placeAxes, placePaths, plotOnce, viewMethods } from "./view.js";
import { t } from "../basics/words.js";

const PAST = 2.6;
/** A step shorter than this has no arrow: the marker would hide it. */
const ARROW = 14;
/** How often the axes may change while something is turned by hand, ms. */
const AXES_EVERY = 600;

/** @param {any} panel @param {any} app @param {HTMLElement} host */
function profileFigure(panel, app, host) {
  const [x0, x1, f0, f1] = panel.bounds, uirevision = app.model.key;
  const layout = plotLayout(app.theme, host, {
    uirevision, margin: { l: 54, r: 14, t: 8, b: 44 },
    xaxis: axisStyle(app.theme, panel.x_title, { range: [x0, x1], uirevision }),
    yaxis: axisStyle(app.theme, panel.y_title, { range: [f0, f1], uirevision }),
  });
  return { traces: [{ type: "scatter", x: [], y: [], hoverinfo: "skip" }], layout, config: PLOT_CONFIG };
}

/** The places that a run has been at. @param {CanvasRenderingContext2D} context @param {any} path @param {number} row @param {string} color */
function drawPast(context, path, row, color) {
  let [x, y] = [NaN, NaN];
  context.fillStyle = color;
  context.beginPath();
  for (let i = 0; i <= row; i++) {
    if (Math.abs(path.xs[i] - x) + Math.abs(path.ys[i] - y) < 1) continue; // hardly beside the last
    [x, y] = [path.xs[i], path.ys[i]];
    context.moveTo(x + PAST, y);
    context.arc(x, y, PAST, 0, 2 * Math.PI);
  }
  context.fill();
}

/** Sideways by the step, and down (or up) to the curve. @param {CanvasRenderingContext2D} context @param {any} view @param {any} app @param {any} step @param {string} color */
function drawStep(context, view, app, { from, to }, color) {
  if (!to) return;
  const [x, y, dx] = [view.px(from.x), view.py(from.f), view.px(to.x) - view.px(from.x)];
  if (!(Math.abs(dx) >= ARROW)) return;
  strokeCurve(context, view, [[to.x, from.f], [to.x, to.f]], { color, width: 1.2, dash: "dot" });
  drawArrow(context, x, y, dx, 0, { color, edge: app.theme.background, width: 2.2, dash: [] });
}

/** What arrows show, at one step of a run. @param {CanvasRenderingContext2D} context @param {any} view @param {any} app @param {any} look @param {any} step @param {Set<string>} kinds */
function drawKinds(context, view, app, look, step, kinds) {
  const { from, row } = step;
  if (kinds.has("gradient")) {
    context.globalAlpha = 0.75;
    strokeCurve(context, view, tangentWithin(from, view.panel.bounds), { color: look.color, width: 1.6 });
    context.globalAlpha = 1;
  }
  const momentum = ARROWS.filter(({ name }) => name === "momentum" && kinds.has(name));
  drawArrowsOf(context, view, app, look, row, { x: view.px(from.x), y: view.py(from.f) }, momentum);
  if (kinds.has("step")) drawStep(context, view, app, step, look.color);
}

/** @param {CanvasRenderingContext2D} context @param {any} view @param {any} app */
function drawGround(context, view, app) {
  const { panel } = view;
  strokeCurve(context, view, curvePoints(panel), { color: app.theme.muted, width: 2 });
  for (const [i, [x]] of (panel.minima ?? []).entries()) {
    const f = heightAt(panel, x);
    if (f !== null) drawMinimum(context, view.px(x), view.py(f), panel.lowest?.[i] ?? true, app.theme);
  }
}

/** @param {any} view @param {any} app @param {number} at */
function drawProfile(view, app, at) {
  if (!view.ready) return;
  const { stage, panel } = view, context = stage.head.getContext("2d"), looks = visibleLooks(app);
  context.clearRect(0, 0, stage.box.width, stage.box.height);
  drawGround(context, view, app);
  const runs = looks.map((look) => {
    const track = app.model.tracks.find((/** @type {any} */ one) => one.id === look.id);
    return { look, track, path: stage.paths.get(look.id), step: stepAt(track, panel, at) };
  }).filter(({ path, step }) => path && step);
  for (const { look, path, step } of /** @type {any[]} */ (runs)) drawPast(context, path, step.row, look.color);
  for (const { look, step } of /** @type {any[]} */ (runs)) drawKinds(context, view, app, look, step, app.curveArrows);
  for (const { look, track } of runs) {
    const seen = app.hover?.id === look.id && stepAt(track, panel, app.hover.row);
    if (seen) drawKinds(context, view, app, look, seen, new Set(ARROWS.map(({ name }) => name)));
  }
  for (const { look, step } of /** @type {any[]} */ (runs)) drawHead(context, stage, { x: view.px(step.x), y: view.py(step.f) }, look, app.theme.background);
  drawHoverMarks(context, stage, app, looks);
  const ghost = app.ghost && heightAt(panel, app.ghost.x);
  if (ghost !== null) drawGhost(context, view, app, ghost);
}

/** New axes or new numbers: all pixels anew. @param {any} view @param {any} app */
function placeProfile(view, app) {
  const { gd, stage, panel } = view;
  placeAxes(view, app);
  if (!view.ready) return;
  placePaths(view, app, axesSignature(gd), stage.paths, (track, spare) => {
    const [xs, fs] = [track.columns[panel.x], track.columns[panel.y]];
    return xs && fs ? makePath(inPixels(xs, view.px, spare?.xs), inPixels(fs, view.py, spare?.ys), track.end, { spare }) : null;
  });
  view.onPlaced?.();
}

/** What the thin line and the arrow are, and what can be done. @param {any} panel */
function hintOf(panel) {
  return told([t("thin line: slope"), t("→ step"), ...(panel.pick ? [t("drag the start")] : [])]);
}

/** Brings the panel up to date. @param {any} view @param {any} app @param {any} head @param {any} wanted  its panel */
async function updateProfile(view, app, head, wanted) {
  const now = performance.now(), fresh = view.key !== app.model.key;
  // While a number is turned the axes follow a few times a second: Plotly's drawing holds up the rest.
  const held = app.holding && view.ready && !fresh && now - view.ranged < AXES_EVERY;
  Object.assign(view, { key: app.model.key, panel: held ? { ...wanted, bounds: view.panel.bounds } : wanted, largest: {} });
  if (!held) view.ranged = now;
  setText(head.heading, wanted.title);
  setText(head.where, wanted.small ? "" : hintOf(wanted));
  head.draw(wanted, "curve");
  view.host.toggleAttribute("data-pick", Boolean(wanted.pick));
  const place = () => placeProfile(view, app);
  const { heights, minima, lowest, ...rest } = view.panel;
  await plotOnce(view, app, rest, () => profileFigure(view.panel, app, view.host), (gd) => onMoved(gd, place));
  if (!app.destroyed) place();
}

/** Hover, zoom, and the start that is dragged along the curve. @param {any} app @param {any} profile @param {any} head */
function wireProfile(app, profile, head) {
  const { view } = profile, handle = createHandle(app, view);
  view.onPlaced = () => {
    if (head.reset.hidden === profile.zoomed()) head.reset.hidden = !head.reset.hidden;
    handle.place();
  };
  wireHover(app, profile, (point) => {
    const f = point && heightAt(view.panel, point.x);
    const value = f === null ? [] : [`f = ${formatNumber(f, 4)}`];
    setText(head.where, point ? told([formatWeights(view.panel, point.x, 0, 3), ...value]) : hintOf(view.panel));
  });
  wireWheel(app, profile.host);
  wirePick(app, profile, handle.element);
}

/**
 * @param {HTMLElement} parent
 * @param {any} app
 */
export function createProfile(parent, app) {
  const choose = (/** @type {string} */ view) => {
    if (view === "curve") return;
    app.comesAs = view;
    app.setDrawn("map");
  };
  const head = createHead(app, "curveArrows", choose, () => profile.resetZoom(), () => {});
  parent.append(head.element);
  const view = /** @type {any} */ (Object.assign(createView(parent), { key: null, ranged: 0 }));
  view.aim = (/** @type {any} */ _track, /** @type {number} */ _row, /** @type {number[]} */ [x]) => [view.px(x) - view.px(0), 0];
  const update = (/** @type {any} */ panel) => updateProfile(view, app, head, panel);
  const profile = {
    ...viewMethods(view, app), update,
    refresh: () => update(view.panel),
    draw: (/** @type {number} */ at) => drawProfile(view, app, at),
    /** Client px -> x, at the y where all runs start; null outside the plot. */
    pointAt(/** @type {number} */ clientX, /** @type {number} */ clientY) {
      const point = localPoint(view, clientX, clientY);
      return point && { ...point, x: axisValues(view.gd._fullLayout.xaxis)(point.left), y: app.live.seen()?.start[1] ?? 0 };
    },
    nearest: (/** @type {any} */ point) => nearestVisible(view, app, point, 14),
    resetZoom: () => resetFlat(view),
    zoomed: () => view.ready && zoomedFlat(view),
  };
  wireProfile(app, profile, head);
  return profile;
}
