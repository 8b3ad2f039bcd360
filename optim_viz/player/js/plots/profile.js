/** A loss of one weight: its curve, and on it the point of every run, the slope there, and the step that follows. */
import { drawArrow } from "./arrows.js";
import { element, setText } from "../basics/dom.js";
import { strokeCurve } from "./fit.js";
import { visibleLooks } from "../basics/looks.js";
import { stepAt, tangentWithin } from "../numbers/profile.js";
import { PLOT_CONFIG, axisStyle, onMoved, plotLayout } from "./plot.js";
import { drawSymbol } from "../basics/symbols.js";
import { createView, placeAxes, plotOnce, viewMethods } from "./view.js";
import { t } from "../basics/words.js";

const MARKER = 6.5;
const PAST = 2.6;
/** A step shorter than this has no arrow: the marker would hide it. */
const ARROW = 14;

/** @param {any} panel @param {any} app @param {HTMLElement} host */
function profileFigure(panel, app, host) {
  const [x0, x1, f0, f1] = panel.bounds;
  const layout = plotLayout(app.theme, host, {
    uirevision: app.model.key, margin: { l: 54, r: 14, t: 8, b: 44 },
    xaxis: axisStyle(app.theme, panel.x_title, { range: [x0, x1], fixedrange: true }),
    yaxis: axisStyle(app.theme, panel.y_title, { range: [f0, f1], fixedrange: true }),
  });
  return { traces: [{ type: "scatter", x: [], y: [], hoverinfo: "skip" }], layout, config: { ...PLOT_CONFIG, scrollZoom: false } };
}

/** The places that a run has been at. @param {CanvasRenderingContext2D} context @param {any} view @param {any} track @param {number} row @param {string} color */
function drawPast(context, view, track, row, color) {
  const [xs, fs] = [track.columns[view.panel.x], track.columns[view.panel.y]];
  context.fillStyle = color;
  for (let i = 0; i <= row; i++) {
    context.beginPath();
    context.arc(view.px(xs[i]), view.py(fs[i]), PAST, 0, 2 * Math.PI);
    context.fill();
  }
}

/** The slope as a line that touches the curve; then sideways by the step, and down (or up) to the curve. @param {CanvasRenderingContext2D} context @param {any} view @param {any} app @param {any} step @param {string} color */
function drawStep(context, view, app, { from, to }, color) {
  context.globalAlpha = 0.75;
  strokeCurve(context, view, tangentWithin(from, view.panel.bounds), { color, width: 1.6 });
  context.globalAlpha = 1;
  if (!to) return;
  const [x, y, dx] = [view.px(from.x), view.py(from.f), view.px(to.x) - view.px(from.x)];
  if (Math.abs(dx) < ARROW) return;
  strokeCurve(context, view, [[to.x, from.f], [to.x, to.f]], { color, width: 1.2, dash: "dot" });
  drawArrow(context, x, y, dx, 0, { color, edge: app.theme.background, width: 2.2, dash: [] });
}

/** @param {any} view @param {any} app @param {number} at */
function drawProfile(view, app, at) {
  if (!view.ready) return;
  const { stage, panel } = view;
  const context = stage.head.getContext("2d");
  context.clearRect(0, 0, stage.box.width, stage.box.height);
  strokeCurve(context, view, panel.curve, { color: app.theme.muted, width: 2 });
  const runs = visibleLooks(app).map((look) => {
    const track = app.model.tracks.find((/** @type {any} */ one) => one.id === look.id);
    return { look, track, step: stepAt(track, panel, app.hover?.row ?? at) };
  }).filter(({ step }) => step);
  for (const { look, track, step } of /** @type {any[]} */ (runs)) drawPast(context, view, track, step.row, look.color);
  for (const { look, step } of /** @type {any[]} */ (runs)) drawStep(context, view, app, step, look.color);
  for (const { look, step } of /** @type {any[]} */ (runs)) {
    drawSymbol(context, look.marker, view.px(step.x), view.py(step.f), MARKER, { fill: look.color, edge: app.theme.background, edgeWidth: 3 });
  }
}

/**
 * @param {HTMLElement} parent
 * @param {any} app
 */
export function createProfile(parent, app) {
  const [heading, where] = [element("h2", { class: "ov-title" }), element("span", { class: "ov-where" })];
  parent.append(element("div", { class: "ov-panel-head" }, [heading, where, element("span", { class: "ov-grow" })]));
  const view = /** @type {any} */ (createView(parent));
  async function update(/** @type {any} */ panel) {
    view.panel = panel;
    setText(heading, panel.title);
    setText(where, panel.small ? "" : t("thin line: slope  → step").replace(/(\S) (?=\S)/g, "$1\u00a0"));
    const place = () => placeAxes(view, app);
    await plotOnce(view, app, panel, () => profileFigure(panel, app, view.host), (gd) => onMoved(gd, place));
    if (!app.destroyed) place();
  }
  return {
    ...viewMethods(view, app), update,
    refresh: () => update(view.panel),
    draw: (/** @type {number} */ at) => drawProfile(view, app, at),
    /** Client px of a run's marker at a row. */
    pixelOf(/** @type {string} */ id, /** @type {number} */ row) {
      const track = app.model.tracks.find((/** @type {any} */ one) => one.id === id);
      const step = view.ready && track ? stepAt(track, view.panel, row) : null;
      const rect = view.host.getBoundingClientRect();
      const { box } = view.stage;
      return step && { x: rect.left + box.left + view.px(step.x), y: rect.top + box.top + view.py(step.f) };
    },
  };
}
