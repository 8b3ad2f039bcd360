/** The data of a surface that is a mean over examples, and over them what the point of every run says of them. */
import { createDraws } from "../engine/draws.js";
import { element, setText } from "../basics/dom.js";
import { visibleLooks } from "../basics/looks.js";
import { boundaryOf, curveOf, pointOf, spotOf, weightsAt } from "../numbers/fit.js";
import { PLOT_CONFIG, axisStyle, onMoved, plotLayout } from "./plot.js";
import { dashPattern, drawMinimum, drawSymbol } from "../basics/symbols.js";
import { createView, placeAxes, plotOnce, viewMethods } from "./view.js";
import { t } from "../basics/words.js";

const WIDTH = 2.4;
const MARKER = 6;
const EXAMPLE = 4;

/** @param {any} panel @param {any} app @param {HTMLElement} host */
function fitFigure(panel, app, host) {
  const [u0, u1, v0, v1] = panel.bounds;
  const layout = plotLayout(app.theme, host, {
    uirevision: app.model.key, margin: { l: 54, r: 14, t: 8, b: 44 },
    xaxis: axisStyle(app.theme, panel.x_title, { range: [u0, u1], fixedrange: true }),
    yaxis: axisStyle(app.theme, panel.y_title, { range: [v0, v1], fixedrange: true }),
  });
  return { traces: [{ type: "scatter", x: [], y: [], hoverinfo: "skip" }], layout, config: { ...PLOT_CONFIG, scrollZoom: false } };
}

/** What mini-batches are drawn by: what is turned here, or else what the scene was made with. @param {any} view @param {any} app */
function drawnBy(view, app) {
  const { seed, batch, steps } = app.model.live ?? { ...view.panel.drawn, steps: app.model.frames - 1 };
  return { seed, batch, steps, noise: 0 };
}

/** The examples that the step from a row sees, that into the last row at the end; null where it sees all. @param {any} view @param {any} app @param {number} row */
function batchAt(view, app, row) {
  const by = drawnBy(view, app);
  if (!by.batch || by.steps < 1) return null;
  const from = Math.min(row, by.steps - 1) * by.batch;
  return new Set(view.draws.batchesOf(by, view.panel.points.length).subarray(from, from + by.batch));
}

/** Full where the step sees them, empty where it does not. @param {CanvasRenderingContext2D} context @param {any} view @param {any} app @param {number} row */
function drawExamples(context, view, app, row) {
  const seen = batchAt(view, app, row);
  context.lineWidth = 1.5;
  context.strokeStyle = app.theme.muted;
  context.fillStyle = app.theme.muted;
  view.panel.points.forEach((/** @type {number[]} */ example, /** @type {number} */ i) => {
    const [u, v] = spotOf(view.panel, example);
    context.beginPath();
    context.arc(view.px(u), view.py(v), EXAMPLE, 0, 2 * Math.PI);
    context.stroke();
    if (!seen || seen.has(i)) context.fill();
  });
}

/** @param {CanvasRenderingContext2D} context @param {any} view @param {[number, number][]} curve @param {{color: string, width: number, dash?: string}} style */
export function strokeCurve(context, view, curve, { color, width, dash = "solid" }) {
  context.lineJoin = "round";
  context.lineWidth = width;
  context.strokeStyle = color;
  context.setLineDash(dashPattern(dash, width));
  context.beginPath();
  let gap = true;
  for (const [u, v] of curve) {
    if (gap) context.moveTo(view.px(u), view.py(v));
    else context.lineTo(view.px(u), view.py(v));
    gap = Number.isNaN(v);
  }
  context.stroke();
  context.setLineDash([]);
}

/** Where a run decides between the classes: down from its curve's half. @param {CanvasRenderingContext2D} context @param {any} view @param {[number, number]} weights @param {string} color */
function drawBoundary(context, view, weights, color) {
  const u = view.panel.curve === "chance" ? boundaryOf(weights, view.panel.bounds) : null;
  if (u === null) return;
  context.globalAlpha = 0.6;
  strokeCurve(context, view, [[u, 0.5], [u, view.panel.bounds[2]]], { color, width: 1.2 });
  context.globalAlpha = 1;
}

/** The place of a run's marker on its curve: each has its own, so that those of equal curves are all seen. @param {any} app @param {string} id */
function placeOf(app, id) {
  const { tracks } = app.model;
  return (tracks.findIndex((/** @type {any} */ track) => track.id === id) + 1) / (tracks.length + 1);
}

/** A run's curve at a row, and where its marker is in px; null where there is nothing to draw. @param {any} view @param {any} app @param {string} id @param {number} at */
function modelAt(view, app, id, at) {
  const track = app.model.tracks.find((/** @type {any} */ one) => one.id === id);
  const weights = track ? weightsAt(track, view.panel, at) : null;
  const curve = weights ? curveOf(view.panel, weights) : [];
  if (!weights || !curve.length) return null;
  const [u, v] = pointOf(curve, placeOf(app, id));
  return { weights, curve, x: view.px(u), y: view.py(v) };
}

/** The best that there is, thin and with its star. @param {CanvasRenderingContext2D} context @param {any} view @param {any} app */
function drawBest(context, view, app) {
  const curve = curveOf(view.panel, view.panel.best);
  if (!curve.length) return;
  strokeCurve(context, view, curve, { color: app.theme.muted, width: 1 });
  const [u, v] = pointOf(curve, 0.96);
  drawMinimum(context, view.px(u), view.py(v), true, app.theme);
}

/** @param {any} view @param {any} app @param {number} at */
function drawFit(view, app, at) {
  if (!view.ready) return;
  const { stage } = view;
  const context = stage.head.getContext("2d");
  context.clearRect(0, 0, stage.box.width, stage.box.height);
  drawExamples(context, view, app, app.hover?.row ?? Math.floor(at + 1e-6));
  drawBest(context, view, app);
  const looks = visibleLooks(app);
  const hovered = app.hover && looks.find((look) => look.id === app.hover.id);
  const then = hovered ? modelAt(view, app, hovered.id, app.hover.row) : null;
  const models = looks.map((look) => ({ look, model: modelAt(view, app, look.id, at) })).filter(({ model }) => model);
  for (const { look, model } of /** @type {any[]} */ (models)) {
    drawBoundary(context, view, model.weights, look.color);
    strokeCurve(context, view, model.curve, { color: look.color, width: WIDTH, dash: look.dash });
  }
  if (hovered && then) strokeCurve(context, view, then.curve, { color: app.theme.background, width: WIDTH + 1 });
  if (hovered && then) strokeCurve(context, view, then.curve, { color: hovered.color, width: WIDTH / 2 });
  for (const { look, model } of /** @type {any[]} */ (models)) {
    drawSymbol(context, look.marker, model.x, model.y, MARKER, { fill: look.color, edge: app.theme.background, edgeWidth: 3 });
  }
}

/** What the circles mean. @param {any} view @param {any} app */
function hintOf(view, app) {
  const { batch } = drawnBy(view, app);
  return (batch ? t("★ best  ● in the batch") : t("★ best")).replace(/(\S) (?=\S)/g, "$1\u00a0");
}

/**
 * @param {HTMLElement} parent
 * @param {any} app
 */
export function createFit(parent, app) {
  const [heading, where] = [element("h2", { class: "ov-title" }), element("span", { class: "ov-where" })];
  parent.append(element("div", { class: "ov-panel-head", "data-bare": "" }, [heading, where, element("span", { class: "ov-grow" })]));
  const view = /** @type {any} */ (Object.assign(createView(parent), { draws: createDraws() }));
  async function update(/** @type {any} */ panel) {
    view.panel = panel;
    setText(heading, panel.title);
    setText(where, hintOf(view, app));
    const place = () => placeAxes(view, app);
    await plotOnce(view, app, panel, () => fitFigure(panel, app, view.host), (gd) => onMoved(gd, place));
    if (!app.destroyed) place();
  }
  return {
    ...viewMethods(view, app), update,
    refresh: () => update(view.panel),
    draw: (/** @type {number} */ at) => drawFit(view, app, at),
    /** Client px of the marker on a run's curve at a row. */
    pixelOf(/** @type {string} */ id, /** @type {number} */ row) {
      const model = view.ready ? modelAt(view, app, id, row) : null;
      const rect = view.host.getBoundingClientRect();
      const { box } = view.stage;
      return model && { x: rect.left + box.left + model.x, y: rect.top + box.top + model.y };
    },
  };
}
