/**
 * A loss of one weight as a curve f over x, and on it a run's point: its slope and the step that is taken from there.
 * Pure: no DOM.
 *
 * @typedef {{heights: ArrayLike<number|null>, bounds: number[]}} Curve  heights at equal distances from the first of the
 *   bounds to the second, null where there is none; the other bounds are the lowest and the highest f that is shown
 */
import { clipSegment } from "./paths.js";

/** Air above and below, and where sides that rise far are cut, as Python's optim_viz.player.profiles has them. */
const AIR = 0.06, USUAL = 1.8;

/** The height of a curve at x, between two of its points on the straight line; null beside it. @param {Curve} curve @param {number} x */
export function heightAt({ heights, bounds: [x0, x1] }, x) {
  const last = heights.length - 1;
  const along = ((x - x0) / (x1 - x0)) * last;
  if (!(along >= 0 && along <= last)) return null;
  const i = Math.min(Math.floor(along), last - 1);
  const [left, right] = [heights[i], heights[i + 1]];
  return left === null || right === null ? null : left + (along - i) * (right - left);
}

/** Heights of the picture beyond which a curve is not drawn on: a canvas has trouble with what is very far away. */
const BEYOND = 50;

/** The points of a curve, NaN where it has no height. @param {Curve} curve @returns {[number, number][]} */
export function curvePoints({ heights, bounds: [x0, x1, f0, f1] }) {
  const far = BEYOND * (f1 - f0);
  return Array.from(heights, (f, i) => /** @type {[number, number]} */ ([
    x0 + (i * (x1 - x0)) / (heights.length - 1), Math.min(Math.max(f ?? NaN, f0 - far), f1 + far),
  ]));
}

/** The lowest and the highest loss to show: wells are seen, and the start, not all that is beside them. @param {ArrayLike<number|null>} heights @param {number|null} start */
export function frameOf(heights, start) {
  const sound = Float64Array.from(Array.from(heights).filter((f) => f !== null && Number.isFinite(f)), Number).sort();
  if (!sound.length) return [0, 1];
  const [low, most, at] = [sound[0], sound[sound.length - 1], 0.75 * (sound.length - 1)];
  const under = sound[Math.floor(at)], over = sound[Math.ceil(at)];
  const usual = low + USUAL * (under + (at % 1) * (over - under) - low);
  const high = usual > low ? Math.min(most, Math.max(usual, start ?? low)) : most;
  const air = AIR * (high - low || Math.abs(high) || 1);
  return [low - air, high + air];
}

/** A curve with other heights, or another start. @template {Curve} T @param {T} curve @param {ArrayLike<number|null>} heights @param {number} start @returns {T} */
export function withHeights(curve, heights, start) {
  const [x0, x1] = curve.bounds;
  return { ...curve, heights, bounds: [x0, x1, ...frameOf(heights, heightAt({ ...curve, heights }, start))] };
}

/**
 * Where a run is at a playhead: `x` and `f` of its marker, on the way along the curve (beside what is drawn of it, straight); `from`, the step's point with its
 * slope, and `to`, the place it steps to (null at the run's end). Null where there is nothing to draw.
 * @param {any} track @param {any} panel @param {number} at
 */
export function stepAt(track, panel, at) {
  if (track.end < 0 || !track.columns[panel.x]) return null;
  const [xs, fs, slopes] = [panel.x, panel.y, panel.slope].map((name) => track.columns[name]);
  const row = Math.min(Math.floor(at + 1e-6), track.end);
  const to = row < track.end ? { x: xs[row + 1], f: fs[row + 1] } : null;
  const x = to ? xs[row] + Math.max(0, at - row) * (to.x - xs[row]) : xs[row];
  const between = to && Number.isFinite(to.f) ? fs[row] + Math.max(0, at - row) * (to.f - fs[row]) : fs[row];
  const f = heightAt(panel, x) ?? between;
  return !Number.isFinite(x + f) ? null : { row, x, f, from: { x: xs[row], f: fs[row], slope: slopes[row] }, to };
}

/**
 * The piece of the tangent that is drawn: as far to each side as a part of the picture, less what lies outside.
 * @param {{x: number, f: number, slope: number}} point @param {number[]} bounds  [x low, x high, f low, f high]
 * @param {number} [part]
 * @returns {[number, number][]}
 */
export function tangentWithin({ x, f, slope }, [x0, x1, f0, f1], part = 0.16) {
  // In units of the picture, so that a steep tangent is as long as a flat one.
  const [width, height] = [x1 - x0, f1 - f0];
  const reach = (part * width) / Math.hypot(1, (slope * width) / height);
  const cut = clipSegment(x - reach, f - slope * reach, x + reach, f + slope * reach, [x0, f0, x1, f1]);
  return cut ? [[cut[0], cut[1]], [cut[2], cut[3]]] : [];
}
