/**
 * The model that a point (b, w) of a surface of data stands for, as a curve over the data: the line b + w·u, or the
 * chance of a class that its logistic curve gives to u. Pure: no DOM.
 *
 * @typedef {[number, number, number, number]} Bounds  [u low, u high, v low, v high]
 * @typedef {[number, number][]} Curve  points (u, v) from left to right; empty where nothing of it is in the picture
 */
import { clipSegment } from "./paths.js";

/** So many pieces make a smooth logistic curve. */
const PIECES = 160;

/**
 * The weights of a track at a playhead, between two steps on the way from one to the other; null where there are none.
 * @param {any} track @param {any} panel @param {number} at
 * @returns {[number, number]|null}
 */
export function weightsAt(track, panel, at) {
  if (track.end < 0) return null;
  const row = Math.min(Math.floor(at + 1e-6), track.end);
  const part = row < track.end ? Math.max(0, at - row) : 0;
  const [b, w] = [panel.x, panel.y].map((name) => {
    const values = track.columns[name];
    return part > 0 ? values[row] + part * (values[row + 1] - values[row]) : values[row];
  });
  return Number.isFinite(b) && Number.isFinite(w) ? [b, w] : null;
}

/** The chance that a logistic curve gives. @param {number} z */
function chance(z) {
  return 1 / (1 + Math.exp(-z));
}

/** The part of the line v = b + w·u that is in the picture. @param {number} b @param {number} w @param {Bounds} bounds @returns {Curve} */
export function lineWithin(b, w, [u0, u1, v0, v1]) {
  const cut = clipSegment(u0, b + w * u0, u1, b + w * u1, [u0, v0, u1, v1]);
  const inside = (/** @type {number} */ v) => Math.min(v1, Math.max(v0, v));  // of steep lines rounding leaves little
  return cut ? [[cut[0], inside(cut[1])], [cut[2], inside(cut[3])]] : [];
}

/** The logistic curve of b + w·u over the whole picture. @param {number} b @param {number} w @param {Bounds} bounds @returns {Curve} */
export function chancesWithin(b, w, [u0, u1]) {
  return Array.from({ length: PIECES + 1 }, (_, i) => {
    const u = u0 + (i / PIECES) * (u1 - u0);
    return [u, chance(b + w * u)];
  });
}

/** What a model says of every u. @param {any} panel @param {[number, number]} weights @returns {Curve} */
export function curveOf(panel, [b, w]) {
  return panel.curve === "chance" ? chancesWithin(b, w, panel.bounds) : lineWithin(b, w, panel.bounds);
}

/** Where a model decides between two classes: the u at which b + w·u is 0; null outside the picture. @param {[number, number]} weights @param {Bounds} bounds */
export function boundaryOf([b, w], [u0, u1]) {
  const u = -b / w;
  return u >= u0 && u <= u1 ? u : null;
}

/** The point of a curve after a part of its way from left to right. @param {Curve} curve @param {number} part  0 to 1 @returns {[number, number]} */
export function pointOf(curve, part) {
  const along = part * (curve.length - 1);
  const i = Math.min(Math.floor(along), curve.length - 2);
  const [[u0, v0], [u1, v1]] = [curve[i], curve[i + 1]];
  return [u0 + (along - i) * (u1 - u0), v0 + (along - i) * (v1 - v0)];
}

/** Where an example is drawn: a class stands at its own chance. @param {any} panel @param {number[]} example */
export function spotOf(panel, [u, v]) {
  return panel.curve === "chance" ? [u, Number(v > 0)] : [u, v];
}
