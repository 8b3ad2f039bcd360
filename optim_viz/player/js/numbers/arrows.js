/** What arrows show: downhill gradient, momentum, next step. Directions are true; lengths go by the logarithm. Pure. */
import { later } from "../basics/words.js";
import { exactly, stepOf } from "./digits.js";

/** The kinds, in drawing order. */
export const ARROWS = [
  { name: "gradient", label: later("−gradient"), title: later("downhill: against the gradient"), dash: [], width: 1.4 },
  { name: "momentum", label: later("momentum"), title: later("the way the optimizer's running average pulls"), dash: [3, 2.5], width: 1.8 },
  { name: "step", label: later("next step"), title: later("the step that is taken from here"), dash: [], width: 3 },
];

/**
 * The vector of an arrow at a row, in the surface's own units; null when there is none.
 * @param {any} track
 * @param {any} panel
 * @param {string} name
 * @param {number} row
 * @returns {[number, number]|null}
 */
export function arrowVector(track, panel, name, row) {
  const flat = panel.kind === "profile"; // there is x alone
  if (name === "step") {
    return row < track.end ? [stepOf(track, panel.x, row), flat ? 0 : stepOf(track, panel.y, row)] : null;
  }
  const names = track.inspector?.arrows?.[name];
  const [xs, ys] = [exactly(track)[names?.[0]], exactly(track)[names?.[1]]];
  if (!xs || !ys) return null;
  const vector = /** @type {[number, number]} */ ([-xs[row], flat ? 0 : -ys[row]]);
  return vector.every(Number.isFinite) && (vector[0] || vector[1]) ? vector : null;
}

/**
 * Length in px of an arrow: the largest of its kind is full length, a ten-thousandth of it is the shortest.
 * @param {number} size
 * @param {number} largest
 */
export function arrowLength(size, largest) {
  if (!(size > 0) || !(largest > 0)) return 0;
  const part = 1 + Math.log10(size / largest) / 4;
  return 20 + 36 * Math.min(1, Math.max(0, part));
}

/**
 * @param {any} track
 * @param {any} panel
 * @param {string} name
 */
export function largestArrow(track, panel, name) {
  let largest = 0;
  for (let row = 0; row <= track.end; row++) {
    const vector = arrowVector(track, panel, name, row);
    if (vector) largest = Math.max(largest, Math.hypot(vector[0], vector[1]));
  }
  return largest;
}
