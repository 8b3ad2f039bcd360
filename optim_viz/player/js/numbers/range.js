/** Which part of the curves to show: all of it, but one diverged run must not flatten the others. Pure. */

import { niceStep } from "./relief.js";

/** On a log axis nothing is shown further below the top than this factor. */
const DEEPEST = 1e-18;
/** A run may rise this far above every start before it leaves the picture. */
const HIGHEST = { log: 1e3, linear: 1.6 };
/** Room beside the first and the last step, px: for a head, which is wider than its line. */
const HEAD_ROOM = 10;

/**
 * @typedef {object} Extent
 * @property {number} low
 * @property {number} high
 * @property {number} positive  the least number above zero
 * @property {number} usual  as high as every start, and as the calmest run, goes
 *
 * @param {Float32Array[]} series
 * @returns {Extent}
 */
function extentOf(series) {
  const found = { low: Infinity, high: -Infinity, positive: Infinity, usual: -Infinity };
  let calmest = Infinity;
  for (const values of series) {
    let top = -Infinity;
    let start = NaN;
    for (const value of values) {
      if (!Number.isFinite(value)) continue;
      if (Number.isNaN(start)) start = value;
      top = Math.max(top, value);
      found.low = Math.min(found.low, value);
      if (value > 0) found.positive = Math.min(found.positive, value);
    }
    found.high = Math.max(found.high, top);
    if (top > -Infinity) calmest = Math.min(calmest, top);
    if (!Number.isNaN(start)) found.usual = Math.max(found.usual, start);
  }
  found.usual = Math.max(found.usual, calmest < Infinity ? calmest : -Infinity);
  return found;
}

/**
 * @param {any} panel
 * @param {import("./scene.js").Model} model
 * @param {number} width  of the plot, px
 * @returns {[number, number]}
 */
function stepRange(panel, model, width) {
  let [low, high] = [0, Math.max(1, model.frames - 1)];
  if (panel.x) {
    const all = model.tracks.map((track) => track.columns[panel.x]).filter(Boolean);
    low = Math.min(...all.map((column) => column[0]));
    high = Math.max(...all.map((column) => column[column.length - 1]));
    if (!(high > low)) [low, high] = [0, 1];
  }
  const pad = (high - low) * (HEAD_ROOM / Math.max(width - 2 * HEAD_ROOM, HEAD_ROOM));
  return [low - pad, high + pad];
}

/** What a panel draws faintly beside its curve: the numbers that it is a mean of, or lines of their own. @param {any} panel @returns {string[]} */
export function faintColumns(panel) {
  return panel.lines ?? (panel.raw ? [panel.raw] : []);
}

/**
 * @param {any} panel
 * @param {import("./scene.js").Model} model
 * @param {boolean} log
 * @param {number} [width]  of the plot, px
 * @returns {{x: [number, number], y: [number, number], decades: number|undefined}} ranges as Plotly takes them (log10 on a log axis)
 */
export function curveRange(panel, model, log, width = 600) {
  const x = stepRange(panel, model, width);
  const names = [panel.y, ...faintColumns(panel)];
  const found = extentOf(model.tracks.flatMap((track) => names.map((name) => track.columns[name]).filter(Boolean)));
  if (!Number.isFinite(found.low)) return { x, y: log ? [-3, 0] : [0, 1], decades: 1 };
  if (log && Number.isFinite(found.positive)) {
    const top = found.usual > 0 ? Math.min(found.high, found.usual * HIGHEST.log) : found.high;
    const bottom = Math.max(found.positive, top * DEEPEST);
    const y = roundOut(Math.log10(Math.min(bottom, top)), Math.log10(top), 0.5);
    const span = y[1] - y[0];
    return { x, y, decades: span > 1.2 ? Math.max(1, Math.ceil(span / 7)) : undefined };
  }
  // A panel that says `rising` (an accuracy) goes up when all is well: there nothing is cut off.
  const high = panel.rising ? found.high : Math.min(found.high, found.low + (found.usual - found.low) * HIGHEST.linear);
  const span = high - found.low || Math.abs(high) || 1;
  const y = roundOut(found.low, found.low + span, niceStep(span) / 2);
  // What is never negative stands on zero, with just enough room for its markers.
  if (found.low >= 0 && y[0] <= 0) y[0] = -0.03 * y[1];
  return { x, y, decades: undefined };
}

/**
 * A little room, out to round numbers: so the axis stands still while a start is dragged, and Plotly need not draw.
 * @param {number} low
 * @param {number} high
 * @param {number} step
 * @returns {[number, number]}
 */
function roundOut(low, high, step) {
  const room = Math.max((high - low) * 0.03, step * 0.1);
  return [Math.floor((low - room) / step) * step, Math.ceil((high + room) / step) * step];
}

/**
 * The runs of which a part lies above the axis, by name.
 * @param {any} panel
 * @param {import("./scene.js").Model} model
 * @param {{y: [number, number]}} range  as Plotly takes it
 * @param {boolean} log
 * @returns {string[]}
 */
export function cutOff(panel, model, range, log) {
  const top = log ? 10 ** range.y[1] : range.y[1];
  const goes = (/** @type {Float32Array|undefined} */ values) => values?.some((value) => value > top) && values.some(Number.isFinite);
  return model.tracks.filter((track) => goes(track.columns[panel.y])).map((track) => track.label);
}

/** The least share of an axis that curves must use for it to serve them. */
const USED = 0.5;

/**
 * The axes while something is turned by hand, when curves would have others of their own: those that are there, if they
 * serve; both together, if these do, so that a hand that goes to and fro soon changes nothing more.
 * @template {{x: [number, number], y: [number, number]}} T
 * @param {T} shown
 * @param {T} wanted
 * @returns {T}
 */
export function rangeWhileHeld(shown, wanted) {
  if (serves(shown, wanted)) return shown;
  const both = { ...wanted, y: [Math.min(shown.y[0], wanted.y[0]), Math.max(shown.y[1], wanted.y[1])] };
  return serves(both, wanted) ? both : wanted;
}

/**
 * Whether axes show curves well that would have others of their own: nothing is cut off, and half is in use.
 * @param {any} shown
 * @param {any} wanted
 */
function serves(shown, wanted) {
  const [low, high] = shown.y;
  const same = shown.x[0] === wanted.x[0] && shown.x[1] === wanted.x[1];
  return same && wanted.y[0] >= low && wanted.y[1] <= high && wanted.y[1] - wanted.y[0] >= USED * (high - low);
}
