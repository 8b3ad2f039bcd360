/** From raw surface values to what is coloured: linear or logarithmic, with levels and honest tick labels. Pure. */
import { formatNumber, powerOfTen } from "../basics/format.js";

/**
 * @typedef {object} Relief
 * @property {(value: number) => number} height  value -> what is coloured (and, in 3-D, raised)
 * @property {number} low
 * @property {number} high
 * @property {{at: number, text: string}[]} ticks
 */

/** @param {ArrayLike<number>} values @returns {Float64Array} finite ones, sorted */
function sortedFinite(values) {
  return Float64Array.from(values).filter(Number.isFinite).sort();
}

/** 1, 2 or 5 times a power of ten, about a fifth of a span. @param {number} span */
export function niceStep(span) {
  const raw = Math.abs(span) / 5 || 1;
  const power = 10 ** Math.floor(Math.log10(raw));
  const lead = raw / power;
  return (lead < 1.5 ? 1 : lead < 3.5 ? 2 : lead < 7.5 ? 5 : 10) * power;
}

/** @param {number} low @param {number} high */
function linearTicks(low, high) {
  const step = niceStep(high - low);
  const ticks = [];
  for (let i = Math.ceil(low / step - 1e-9); i * step <= high * (1 + 1e-9) + 1e-12; i++) {
    ticks.push({ at: i * step, text: formatNumber(Number((i * step).toPrecision(6))) });
  }
  return ticks;
}

/**
 * @param {ArrayLike<number>} values
 * @param {"log"|"linear"} scale
 * @returns {Relief}
 */
export function makeRelief(values, scale) {
  const sorted = sortedFinite(values);
  if (!sorted.length) return { height: (v) => v, low: 0, high: 1, ticks: [] };
  const [min, max] = [sorted[0], sorted[sorted.length - 1]];
  const span = max - min || 1;
  if (scale !== "log") return { height: (v) => v, low: min, high: min + span, ticks: linearTicks(min, max) };
  // The lowest point of a grid is an accident of the grid: below the lowest percent, all is "at the bottom".
  const floor = Math.max(span * 1e-7, sorted[Math.floor(sorted.length * 0.01)] - min);
  const height = (/** @type {number} */ v) => Math.log10(v - min + floor);
  return { height, low: Math.log10(floor), high: Math.max(height(max), Math.log10(floor) + 0.1), ticks: logTicks(min, max, floor, height) };
}

/** The largest number that a grid can hold. */
const LARGEST = 3.4028234663852886e38;

/** Heights as a grid holds them: what is too large for it is as high as it can be, not a hole. @param {ArrayLike<number>} values @returns {Float32Array} */
export function gridHeights(values) {
  return Float32Array.from(values, (value) => (Number.isFinite(value) ? Math.min(LARGEST, Math.max(-LARGEST, value)) : value));
}

/** To a multiple of a power of ten. @param {number} value @param {number} power */
function roundedTo(value, power) {
  return power > 0 ? Math.round(value / 10 ** power) * 10 ** power : Number(value.toFixed(Math.min(12, -power)));
}

/**
 * Powers of ten above the minimum, labelled with the true value there.
 * @param {number} min @param {number} max @param {number} floor @param {(v: number) => number} height
 */
function logTicks(min, max, floor, height) {
  const [first, last] = [Math.ceil(Math.log10(floor)), Math.floor(Math.log10(max - min + floor))];
  const every = Math.max(1, Math.ceil((last - first) / 6));
  const ticks = [];
  const offset = Math.abs(min) > 1e-3 * floor;
  // One way of writing for all: plain where all are short, powers of ten as the axes have them otherwise.
  const plain = offset || (first >= -3 && last <= 4);
  for (let power = last; power >= first; power -= every) {
    // Above a minimum that is not zero, as many digits as the distance from it needs.
    const value = offset ? roundedTo(min + 10 ** power, power - 1) : 10 ** power;
    if (height(value) <= height(max) + 1e-9) ticks.push({ at: height(value), text: plain ? formatNumber(value, offset ? 7 : 3) : powerOfTen(power) });
  }
  return ticks.reverse();
}

/**
 * The grid as rows of heights, which is what Plotly takes.
 * @param {import("./scene.js").Grid} grid
 * @param {Relief} relief
 * @returns {Float64Array[]}
 */
export function reliefRows(grid, relief) {
  const rows = [];
  for (let j = 0; j < grid.ny; j++) {
    const row = new Float64Array(grid.nx);
    for (let i = 0; i < grid.nx; i++) row[i] = relief.height(grid.values[j * grid.nx + i]);
    rows.push(row);
  }
  return rows;
}

/** Grids with more points than this are drawn as they are. */
const FINE_ENOUGH = 20000;

/** Catmull-Rom between b and c. @param {number} a @param {number} b @param {number} c @param {number} d */
function midway(a, b, c, d) {
  const mid = (9 * (b + c) - a - d) / 16;
  // Beside a hole in the surface there is only the straight line, or nothing.
  return Number.isFinite(mid) ? mid : (b + c) / 2;
}

/** The least and the largest finite value. @param {ArrayLike<number>} values */
function rangeOf(values) {
  let [low, high] = [Infinity, -Infinity];
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) [low, high] = [Math.min(low, values[i]), Math.max(high, values[i])];
  return [low, high];
}

/**
 * A grid of twice the resolution, through the same points and within their range: beside a steep rise a curve through
 * them would swing far below all. A narrow valley on a logarithmic scale would otherwise show
 * the grid as a string of islands: between two points the raw values are smooth where their logarithm is not.
 * @param {import("./scene.js").Grid} grid
 * @returns {import("./scene.js").Grid}
 */
export function finerGrid(grid) {
  if (grid.nx * grid.ny > FINE_ENOUGH) return grid;
  const [nx, ny] = [grid.nx * 2 - 1, grid.ny * 2 - 1];
  const values = new Float32Array(nx * ny), [low, high] = rangeOf(grid.values);
  const between = (/** @type {number} */ a, /** @type {number} */ b, /** @type {number} */ c, /** @type {number} */ d) => {
    const mid = midway(a, b, c, d);
    return Number.isFinite(mid) ? Math.min(high, Math.max(low, mid)) : mid;
  };
  for (let j = 0; j < grid.ny; j++) {
    const at = (/** @type {number} */ i) => grid.values[j * grid.nx + Math.min(grid.nx - 1, Math.max(0, i))];
    for (let i = 0; i < grid.nx; i++) {
      values[2 * j * nx + 2 * i] = at(i);
      if (i + 1 < grid.nx) values[2 * j * nx + 2 * i + 1] = between(at(i - 1), at(i), at(i + 1), at(i + 2));
    }
  }
  for (let j = 1; j < ny; j += 2) {
    const row = (/** @type {number} */ k) => Math.min(ny - 1, Math.max(0, k)) * nx;
    const [a, b, c, d] = [row(j - 3), row(j - 1), row(j + 1), row(j + 3)];
    for (let i = 0; i < nx; i++) values[j * nx + i] = between(values[a + i], values[b + i], values[c + i], values[d + i]);
  }
  return { ...grid, nx, ny, values };
}

/**
 * The surface between grid points (bilinear); NaN outside.
 * @param {import("./scene.js").Grid} grid
 * @param {number} x
 * @param {number} y
 */
export function gridValue(grid, x, y) {
  const [x0, x1, y0, y1] = grid.bounds;
  const u = ((x - x0) / (x1 - x0)) * (grid.nx - 1);
  const v = ((y - y0) / (y1 - y0)) * (grid.ny - 1);
  if (!(u >= 0 && v >= 0 && u <= grid.nx - 1 && v <= grid.ny - 1)) return NaN;
  const i = Math.min(grid.nx - 2, Math.floor(u));
  const j = Math.min(grid.ny - 2, Math.floor(v));
  const [a, b] = [u - i, v - j];
  const at = (/** @type {number} */ p, /** @type {number} */ q) => grid.values[q * grid.nx + p];
  return (1 - b) * ((1 - a) * at(i, j) + a * at(i + 1, j)) + b * ((1 - a) * at(i, j + 1) + a * at(i + 1, j + 1));
}
