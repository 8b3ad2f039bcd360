/**
 * A loss of one weight as a curve f over x, and on it a run's point: its slope and the step that is taken from there.
 * Pure: no DOM.
 *
 * @typedef {[number, number][]} Curve  points (x, f) from left to right, at equal distances
 */
import { clipSegment } from "./paths.js";

/** The height of a curve at x, between two of its points on the straight line; null beside it. @param {Curve} curve @param {number} x */
export function heightAt(curve, x) {
  const last = curve.length - 1;
  const along = ((x - curve[0][0]) / (curve[last][0] - curve[0][0])) * last;
  if (!(along >= 0 && along <= last)) return null;
  const i = Math.min(Math.floor(along), last - 1);
  return curve[i][1] + (along - i) * (curve[i + 1][1] - curve[i][1]);
}

/**
 * Where a run is at a playhead: `x` and `f` of its marker, on the way along the curve; `from`, the step's point with its
 * slope, and `to`, the place it steps to (null at the run's end). Null where there is nothing to draw.
 * @param {any} track @param {any} panel @param {number} at
 */
export function stepAt(track, panel, at) {
  if (track.end < 0 || !track.columns[panel.x]) return null;
  const [xs, fs, slopes] = [panel.x, panel.y, panel.slope].map((name) => track.columns[name]);
  const row = Math.min(Math.floor(at + 1e-6), track.end);
  const to = row < track.end ? { x: xs[row + 1], f: fs[row + 1] } : null;
  const x = to ? xs[row] + Math.max(0, at - row) * (to.x - xs[row]) : xs[row];
  const f = heightAt(panel.curve, x);
  return f === null ? null : { row, x, f, from: { x: xs[row], f: fs[row], slope: slopes[row] }, to };
}

/**
 * The piece of the tangent that is drawn: as far to each side as a part of the picture, less what lies outside.
 * @param {{x: number, f: number, slope: number}} point @param {number[]} bounds  [x low, x high, f low, f high]
 * @param {number} [part]
 * @returns {Curve}
 */
export function tangentWithin({ x, f, slope }, [x0, x1, f0, f1], part = 0.16) {
  // In units of the picture, so that a steep tangent is as long as a flat one.
  const [width, height] = [x1 - x0, f1 - f0];
  const reach = (part * width) / Math.hypot(1, (slope * width) / height);
  const cut = clipSegment(x - reach, f - slope * reach, x + reach, f + slope * reach, [x0, f0, x1, f1]);
  return cut ? [[cut[0], cut[1]], [cut[2], cut[3]]] : [];
}
