/** What a plot with canvases over it is, whatever it shows: one Plotly div, one stage, one way to keep them together. */
import { element } from "../basics/dom.js";
import { nearestPoint } from "../numbers/paths.js";
import { axisPixels, plotArea } from "./plot.js";
import { createStage, placeStage, stalePaths } from "./stage.js";

/**
 * @typedef {object} View
 * @property {HTMLElement} host
 * @property {any} gd  Plotly's div
 * @property {any} plotly  the library that draws in it, once it has
 * @property {import("./stage.js").Stage} stage
 * @property {any} panel
 * @property {string} signature  of what Plotly has drawn
 * @property {boolean} ready
 * @property {Promise<unknown>|null} drawing  what Plotly does now, or did last
 */

/** @param {HTMLElement} parent @returns {View} */
export function createView(parent) {
  const gd = element("div", { class: "ov-gd" });
  const host = element("div", { class: "ov-plot" }, [gd]);
  parent.append(host);
  return { host, gd, stage: createStage(host), plotly: null, panel: null, signature: "", ready: false, drawing: null };
}

/**
 * Has Plotly draw, but only when something that it draws has changed.
 * @param {View} view
 * @param {any} app
 * @param {unknown} signs  everything the figure depends on
 * @param {() => {traces: any[], layout: any, config: any}} makeFigure
 * @param {(gd: any) => void} onFirst  called after the first drawing
 */
export async function plotOnce(view, app, signs, makeFigure, onFirst) {
  const { theme } = app;
  view.gd.setAttribute("role", "img");
  view.gd.setAttribute("aria-label", view.panel.alt ?? view.panel.title ?? "");
  const signature = JSON.stringify([app.model.key, signs, theme.mode, theme.text, theme.background, theme.font]);
  if (signature === view.signature) return;
  view.signature = signature;
  const first = !view.gd._fullLayout;
  const { traces, layout, config } = makeFigure();
  view.plotly ??= app.plotly;
  await (view.drawing = view.plotly.react(view.gd, traces, layout, config));
  if (first && !app.destroyed) onFirst(view.gd);
}

/**
 * Puts the tracks' paths in px on the stage; a track that stays, on axes that stay, keeps its own.
 * @param {View} view
 * @param {any} app
 * @param {string} axes  whatever the px depend on
 * @param {Map<string, any>} paths  the stage's, or others
 * @param {(track: any, spare: any) => any} make  given the path that was there before, whose room may be used again
 */
export function placePaths(view, app, axes, paths, make) {
  const kept = new Map(paths);
  paths.clear();
  for (const track of app.model.tracks) {
    const before = kept.get(track.id);
    const path = before?.axes === axes && before.track === track ? before : make(track, before);
    if (path) paths.set(track.id, Object.assign(path, { track, axes }));
  }
}

/** New axes: where a value lies in px, and the canvases over them, for a panel that has no paths. @param {any} view @param {any} app */
export function placeAxes(view, app) {
  if (!view.gd._fullLayout?.xaxis?._length) return;
  view.px = axisPixels(view.gd._fullLayout.xaxis);
  view.py = axisPixels(view.gd._fullLayout.yaxis);
  placeStage(view.stage, plotArea(view.gd));
  view.ready = true;
  app.ask();
}

/** The px of a plot's axes, as text. @param {any} gd */
export function axesSignature(gd) {
  return JSON.stringify(["xaxis", "yaxis"].map((name) => {
    const { range, type, _length, _offset } = gd._fullLayout[name];
    return [range, type, _length, _offset];
  }));
}

/** Fits the plot to its element. @param {View} view */
export function fitView(view) {
  const { gd, host } = view;
  if (!gd._fullLayout || !host.clientWidth) return;
  const [width, height] = [host.clientWidth, host.clientHeight];
  if (gd._fullLayout.width !== width || gd._fullLayout.height !== height) view.drawing = view.plotly.relayout(gd, { width, height });
}

/** Lets go of the plot: once it is drawn, because Plotly goes on with what is gone. @param {View} view */
async function purge(view) {
  await Promise.allSettled([view.drawing]);
  view.plotly?.purge(view.gd);
}

/** Client px -> px in the plot area; null outside. @param {View} view @param {number} clientX @param {number} clientY */
export function localPoint(view, clientX, clientY) {
  const rect = view.host.getBoundingClientRect();
  const { box } = view.stage;
  const [left, top] = [clientX - rect.left - box.left, clientY - rect.top - box.top];
  return view.ready && left >= 0 && top >= 0 && left <= box.width && top <= box.height ? { left, top } : null;
}

/** Client px of a row of a track. @param {View} view @param {string} id @param {number} row */
export function clientPixel(view, id, row) {
  const path = view.stage.paths.get(id);
  const rect = view.host.getBoundingClientRect();
  const { box } = view.stage;
  return path ? { x: rect.left + box.left + path.xs[row], y: rect.top + box.top + path.ys[row] } : null;
}

/** The nearest point of the tracks that are not hidden. @param {View} view @param {any} app @param {{left: number, top: number}} point @param {number} reach @param {number} [wide] */
export function nearestVisible(view, app, point, reach, wide) {
  const paths = new Map([...view.stage.paths].filter(([id]) => !app.hidden.has(id)));
  return nearestPoint(paths, point.left, point.top, reach, wide);
}

/**
 * The part of a panel that is the same for all.
 * @param {View} view
 * @param {any} app
 */
export function viewMethods(view, app) {
  return {
    view, host: view.host,
    stale: () => stalePaths(view.stage),
    resize: () => fitView(view),
    pixelOf: (/** @type {string} */ id, /** @type {number} */ row) => clientPixel(view, id, row),
    destroy: () => purge(view),
  };
}
