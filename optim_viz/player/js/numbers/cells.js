/**
 * The cells of a map, or of basins, as colours, which are those of Python's picture of them.
 *
 * @typedef {object} MapPicture  colour by loss or by steps to arrive, on a scale that goes from 10 ** low to 10 ** high
 * @property {0|1} across  the axis that goes to the right
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

/** Kinds of cells without a place on the scale. */
const DIVERGES = -1, NEVER = -2, LOST = -1;
/** Places on a scale that look alike. */
const ALIKE = 1 / 64;

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

/** The picture of a field as pixels, one a cell, the first row on top. @param {Picture} picture @param {Field} field @param {any} found */
export function pixelsOf(picture, field, found) {
  const [rows, columns] = field.axes.map((axis) => axis.values.length);
  const [width, height] = picture.across === 0 ? [rows, columns] : [columns, rows];
  const [value, color] = [drawnAs(picture, field, found), colorsOf(picture)];
  const pixels = new Uint8ClampedArray(4 * width * height);
  for (let i = 0; i < width; i++) for (let j = 0; j < height; j++) {
    const cell = picture.across === 0 ? i * columns + j : j * columns + i;
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
