/**
 * The cells of a map, or of basins, as colours, which are those of Python's picture of them.
 *
 * @typedef {object} MapPicture  colour by loss or by steps to arrive, on a scale that goes from 10 ** low to 10 ** high
 * @property {0|1} across  the axis that goes to the right
 * @property {boolean[]} [logs]  which axes are drawn on a logarithm's scale, where cells may be of different sizes
 * @property {string} measure  "loss" or "steps"
 * @property {number} low
 * @property {number} high
 * @property {string[]} scale  #rrggbb, evenly spaced from low to high
 * @property {string} diverges  the colour of cells that end above the loss they began with
 * @property {string} never  that of cells that do not arrive
 * @property {number} opacity
 * @typedef {object} BasinPicture  colour by the minimum that is reached
 * @property {0|1} across
 * @property {number[][]} minima  those with a colour of their own
 * @property {string[]} colors
 * @property {string} others
 * @property {string} lost
 * @property {number} reach  how near to a minimum is at it
 * @property {number} opacity
 * @typedef {MapPicture|BasinPicture} Picture
 * @typedef {import("../engine/fields.js").Field} Field
 */
import { cellEdges } from "./map.js";

/** Kinds of cells without a place on the scale. */
const DIVERGES = -1, NEVER = -2, LOST = -1;
/** Places on a scale that look alike. */
const ALIKE = 1 / 64;
/** By how much of a cell borders may be off where cells count as of one size; the pixels of a side on which they are not. */
const EVEN = 1 / 8, SIDE = 512;

/** @param {Field} field  every so many cells of it, those in the middle @param {number} stride @returns {Field} */
export function coarser(field, stride) {
  if (stride === 1) return field;
  const middle = stride >> 1;
  return { ...field, axes: field.axes.map(({ name, values }) => ({ name, values: values.filter((_, i) => i % stride === Math.min(middle, values.length - 1)) })) };
}

/** The stride at which fields together take at most so many steps. @param {Field[]} fields @param {number} most */
export function strideFor(fields, most) {
  const steps = fields.reduce((sum, { axes, steps: each }) => sum + axes[0].values.length * axes[1].values.length * each, 0);
  let stride = 1;
  while (steps / stride ** 2 > most && stride < 8) stride *= 2;
  return stride;
}

/** Where a cell of a map lies on the scale, 0 to 1, or its kind. @param {MapPicture} picture @param {Field} field @param {any} found @returns {(cell: number) => number} */
function onScale({ measure, low, high }, field, { loss, steps, first }) {
  const place = (/** @type {number} */ value) => Math.min(Math.max((Math.log10(value) - low) / (high - low), 0), 1);
  return (cell) => {
    if (!(loss[cell] <= first[cell])) return DIVERGES;
    if (measure === "loss") return place(Math.max(loss[cell] - field.surface.lowest, Number.MIN_VALUE));
    return Number.isFinite(steps[cell]) ? place(Math.max(steps[cell], 1)) : NEVER;
  };
}

/** Which of the picture's minima a label of `found` is; as many as there are for any other. @param {BasinPicture} picture @param {any} found @returns {(cell: number) => number} */
function byPlace({ minima, reach }, { labels, minima: places }) {
  const names = places.map(([x, y]) => {
    const i = minima.findIndex((one) => Math.hypot(one[0] - x, one[1] - y) <= reach);
    return i < 0 ? minima.length : i;
  });
  return (cell) => (labels[cell] < 0 ? LOST : names[labels[cell]]);
}

/** What each cell is drawn as, in numbers. @param {Picture} picture @param {Field} field @param {any} found @returns {(cell: number) => number} */
function drawnAs(picture, field, found) {
  return "scale" in picture ? onScale(picture, field, found) : byPlace(picture, found);
}

/** @param {string} color  #rrggbb @returns {number[]} */
const bytesOf = (color) => [1, 3, 5].map((at) => parseInt(color.slice(at, at + 2), 16)).concat(255);

/** The colour of what a cell is drawn as. @param {Picture} picture @returns {(value: number) => number[]} */
function colorsOf(picture) {
  if ("scale" in picture) {
    const [scale, none] = [picture.scale.map(bytesOf), { [DIVERGES]: bytesOf(picture.diverges), [NEVER]: bytesOf(picture.never) }];
    return (value) => (value < 0 ? none[value] : scale[Math.round(value * (scale.length - 1))]);
  }
  const colors = [...picture.colors.slice(0, picture.minima.length), picture.others].map(bytesOf), lost = bytesOf(picture.lost);
  return (value) => (value < 0 ? lost : colors[value]);
}

/** The cell of every pixel along an axis: a pixel a cell where all are of one size, or else as many as show which are not. @param {number[]} values @param {boolean} [log]  no axis of different sizes where it is left out @returns {number[]} */
export function cellsAlong(values, log) {
  const each = values.map((_, i) => i);
  if (log === undefined) return each;
  const edges = cellEdges(values, log).map((edge) => (log ? Math.log(edge) : edge)), [low, high] = [edges[0], edges[values.length]];
  const ends = edges.slice(1).map((edge) => (edge - low) / (high - low));
  if (ends.every((end, i) => Math.abs(end * values.length - i - 1) < EVEN)) return each;
  let cell = 0;
  return Array.from({ length: SIDE }, (_, pixel) => {
    while (ends[cell] < (pixel + 0.5) / SIDE) cell++;
    return cell;
  });
}

/** The picture of a field as pixels, the first row on top. @param {Picture} picture @param {Field} field @param {any} found */
export function pixelsOf(picture, field, found) {
  const logs = "logs" in picture ? picture.logs : undefined;
  const sides = field.axes.map((axis, i) => cellsAlong(axis.values, logs?.[i])), columns = field.axes[1].values.length;
  const [right, up] = picture.across === 0 ? sides : [sides[1], sides[0]], [width, height] = [right.length, up.length];
  const [value, color] = [drawnAs(picture, field, found), colorsOf(picture)];
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width; i++) for (let j = 0; j < height; j++) {
    const cell = picture.across === 0 ? right[i] * columns + up[j] : up[j] * columns + right[i];
    pixels.set(color(value(cell)), 4 * ((height - 1 - j) * width + i));
  }
  return { pixels, width, height };
}

/** How many cells look otherwise than in Python's result. @param {Picture} picture @param {Field} field @param {any} found @param {Float32Array} exact  its losses or steps, or the minima's numbers; -1 where it has no colour for a cell, -2 where that never arrives */
export function differing(picture, field, found, exact) {
  const value = drawnAs(picture, field, found);
  const same = "scale" in picture
    ? (/** @type {number} */ a, /** @type {number} */ b) => (a < 0 || b < 0 ? a === b : Math.abs(a - b) <= ALIKE)
    : (/** @type {number} */ a, /** @type {number} */ b) => a === b;
  return exact.reduce((sum, wanted, cell) => sum + Number(!same(value(cell), wanted)), 0);
}
