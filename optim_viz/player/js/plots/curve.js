/** A number against the step (the loss, say): Plotly's axes, our canvases; linear or logarithmic. */
import { element, setText } from "../basics/dom.js";
import { headAt, makePath } from "../numbers/paths.js";
import { drawHoverMarks, visibleLooks } from "../basics/looks.js";
import { createPinch } from "./pinch.js";
import { PLOT_CONFIG, axisPixels, axisStyle, onMoved, plotArea, plotLayout } from "./plot.js";
import { roomFor } from "../basics/room.js";
import { curveRange, cutOff, faintColumns, rangeWhileHeld } from "../numbers/range.js";
import { drawFaint, placeStage, renderStage } from "./stage.js";
import { axesSignature, createView, localPoint, nearestVisible, placePaths, plotOnce, viewMethods } from "./view.js";
import { t } from "../basics/words.js";

/** How often the axes may change while something is turned by hand, ms. */
const AXES_EVERY = 600;
/** Around the plot, px. */
const MARGIN = { l: 62, r: 14, t: 8, b: 44 };

/** A finger that draws a zoom box could no longer scroll the page. */
function zoomsByDrag() {
  return !window.matchMedia("(pointer: coarse)").matches;
}

/** @param {any} panel @param {any} app @param {HTMLElement} host @param {boolean} log @param {any} range */
function curveLayout(panel, app, host, log, range) {
  const revision = `${app.model.key}/${log}`;
  const few = panel.small ? "D2" : undefined;  // 1, 2, 5: more would stand in each other
  const short = log && range.y[0] > -4 && range.y[1] < 5;  // plain numbers; powers of ten beyond
  return plotLayout(app.theme, host, {
    uirevision: revision, margin: MARGIN, dragmode: zoomsByDrag() ? "zoom" : false,
    xaxis: axisStyle(app.theme, panel.x_title ?? app.model.frameTitle, { range: range.x, uirevision: revision }),
    yaxis: axisStyle(app.theme, panel.y_title ?? panel.y, {
      ...(short ? { exponentformat: "none", tickformat: "~r" } : {}),
      range: range.y, type: log ? "log" : "linear", uirevision: revision, dtick: log ? range.decades ?? few : undefined,
      // Plotly writes powers of ten a quarter larger than other ticks.
      tickfont: { size: log && !short ? 9 : 11, color: app.theme.muted },
    }),
  });
}

/**
 * One track in px. On a log axis a loss of zero lies on the floor rather than nowhere.
 * @param {any} track @param {any} panel @param {string} column @param {any} view @param {any} spare
 */
function curvePath(track, panel, column, view, spare) {
  const values = track.columns[column];
  if (!values) return null;
  const steps = panel.x ? track.columns[panel.x] : null;
  const count = Math.min(values.length, steps?.length ?? values.length);
  const [xs, ys] = [roomFor(spare?.xs, count), roomFor(spare?.ys, count)];
  const floor = view.log ? 10 ** (view.range.y[0] - 1) : 0;
  for (let i = 0; i < count; i++) {
    xs[i] = view.px(steps ? steps[i] : i);
    ys[i] = Number.isFinite(values[i]) ? view.py(view.log ? Math.max(values[i], floor) : values[i]) : NaN;
  }
  let end = Math.min(count - 1, track.end);
  while (end >= 0 && !Number.isFinite(ys[end])) end--;
  return makePath(xs, ys, end, { spare });
}

/**
 * A thin upright line at the playhead, or at the hovered step.
 * @param {CanvasRenderingContext2D} context
 * @param {import("./stage.js").Stage} stage
 * @param {number} x
 * @param {string} color
 */
function drawRule(context, stage, x, color) {
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, 0);
  context.lineTo(Math.round(x) + 0.5, stage.box.height);
  context.lineWidth = 1;
  context.strokeStyle = color;
  context.stroke();
}

/**
 * x in px of a playhead: that of the longest track; NaN where the tracks of one moment stand at different x.
 * @param {any} view
 * @param {number} at
 */
function ruleAt(view, at) {
  if (!view.panel.x) return view.px(at);
  let longest = null;
  for (const path of view.stage.paths.values()) if (!longest || path.end > longest.end) longest = path;
  const x = longest ? headAt(longest, Math.min(at, longest.end))?.x ?? NaN : NaN;
  for (const path of view.stage.paths.values()) {
    if (path.end >= at && Math.abs((headAt(path, at)?.x ?? x) - x) > 1) return NaN;
  }
  return x;
}

/** The row whose x is nearest to a pixel; -1 when there is none. @param {any} view @param {number} left */
function rowAt(view, left) {
  let [best, least] = [-1, Infinity];
  for (const path of view.stage.paths.values()) {
    for (let i = 0; i <= path.end; i++) {
      const away = Math.abs(path.xs[i] - left);
      if (away < least) [best, least] = [i, away];
    }
  }
  return best;
}

/** @param {any} view @param {any} app */
function placeCurve(view, app) {
  const { gd, stage, panel } = view;
  if (!gd._fullLayout?.xaxis?._length) return;
  view.px = axisPixels(gd._fullLayout.xaxis);
  view.py = axisPixels(gd._fullLayout.yaxis);
  placeStage(stage, plotArea(gd));
  stage.apart = Infinity;  // between two evaluations a curve has points that are no steps
  const axes = axesSignature(gd) + JSON.stringify([panel.x, panel.y, faintColumns(panel), view.log, view.range.y]);
  placePaths(view, app, axes, stage.paths, (track, spare) => curvePath(track, panel, panel.y, view, spare));
  view.faint = faintColumns(panel).map((column, i) => {
    const paths = view.faint[i] ?? new Map();
    placePaths(view, app, axes, paths, (track, spare) => curvePath(track, panel, column, view, spare));
    return paths;
  });
  view.ready = true;
  if (panel.pinch) (view.pinch ??= createPinch(view, app)).place();
  app.ask();
}

/** @param {any} view @param {any} app @param {number} at */
function drawCurve(view, app, at) {
  if (!view.ready) return;
  const { stage } = view;
  const looks = visibleLooks(app);
  renderStage(stage, {
    at, looks, edge: app.theme.background,
    held: app.holding,
    under: (some, from) => {
      if (app.model.waits) return;
      for (const paths of view.faint) drawFaint({ ...stage, paths }, some, { alpha: view.panel.lines ? 0.5 : 0.22, width: 1 });
      drawFaint(stage, some, { from });
    },
    before: (context) => {
      drawRule(context, stage, ruleAt(view, at), app.theme.rule);
      if (app.hover) drawRule(context, stage, ruleAt(view, app.hover.row), app.theme.muted);
    },
    after: (context) => drawHoverMarks(context, stage, app, looks),
  });
}

/** What the axis leaves out, in words; "" where it shows all. @param {string[]} labels */
function cutWords(labels) {
  if (!labels.length) return "";
  const [run, other] = labels;
  if (labels.length > 2) return t("{count} runs go on above", { count: labels.length });
  return other === undefined ? t("{run} goes on above", { run }) : t("{run} and {other} go on above", { run, other });
}

/** Brings one curve panel up to date. @param {any} view @param {any} app @param {any} panel @param {any} parts */
async function updateCurve(view, app, panel, parts) {
  if (view.key !== app.model.key) view.log = Boolean(panel.log);
  view.key = app.model.key;
  view.panel = panel;
  const now = performance.now();
  // While a number is turned the axes follow a few times a second, where they must: Plotly's drawing holds up the paths.
  const held = app.holding && view.ready;
  if (!held || now - view.ranged > AXES_EVERY) {
    const wanted = curveRange(panel, app.model, view.log, (view.host.clientWidth || 600) - MARGIN.l - MARGIN.r);
    view.range = held ? rangeWhileHeld(view.range, wanted) : wanted;
    view.ranged = now;
  }
  setText(parts.heading, panel.title ?? "");
  const cut = app.model.waits ? "" : cutWords(cutOff(panel, app.model, view.range, view.log));
  setText(parts.cut, cut);
  parts.cut.title = cut && t("The axis is scaled to the other runs.");
  setText(parts.toggle, view.log ? t("log") : t("linear"));
  parts.toggle.setAttribute("aria-label", view.log ? t("{title}: the axis is logarithmic; switch", { title: panel.title }) : t("{title}: the axis is linear; switch", { title: panel.title }));
  await plotOnce(view, app, [panel, view.log, view.range], () => ({
    traces: [{ type: "scatter", x: [], y: [], hoverinfo: "skip" }],
    layout: curveLayout(panel, app, view.host, view.log, view.range), config: { ...PLOT_CONFIG, scrollZoom: false },
  }), (gd) => onMoved(gd, () => placeCurve(view, app)));
  if (!app.destroyed) placeCurve(view, app);
}

/**
 * @param {HTMLElement} parent
 * @param {any} app
 */
export function createCurve(parent, app) {
  const parts = {
    heading: element("h2", { class: "ov-title" }), cut: element("span", { class: "ov-where" }),
    toggle: element("button", { class: "ov-quiet", type: "button", title: t("Logarithmic or linear axis") }),
  };
  parent.append(element("div", { class: "ov-panel-head" }, [parts.heading, parts.cut, element("span", { class: "ov-grow" }), parts.toggle]));
  const view = /** @type {any} */ (Object.assign(createView(parent), { log: false, key: null, faint: [], ranged: 0 }));
  const update = (/** @type {any} */ panel) => updateCurve(view, app, panel, parts);
  const resetZoom = () => view.plotly.relayout(view.gd, { "xaxis.range": [...view.range.x], "yaxis.range": [...view.range.y] });
  parts.toggle.addEventListener("click", () => {
    view.log = !view.log;
    update(view.panel);
  }, { signal: app.signal });
  view.host.addEventListener("dblclick", resetZoom, { signal: app.signal });
  return {
    ...viewMethods(view, app), update, resetZoom,
    refresh: () => update(view.panel),
    draw: (/** @type {number} */ at) => drawCurve(view, app, at),
    pointAt: (/** @type {number} */ x, /** @type {number} */ y) => localPoint(view, x, y),
    rowAt: (/** @type {number} */ left) => rowAt(view, left),
    // Sideways counts more: along a curve the step is what the pointer means.
    nearest: (/** @type {any} */ point) => nearestVisible(view, app, point, 28, 2),
  };
}
