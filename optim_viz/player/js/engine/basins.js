/**
 * Which minimum each start of a grid leads to, as sweeps.basins of Python has it: those that are known, by place and
 * loss; others by Newton's method from where a run rests, the most frequent first.
 */
const REACHED_DISTANCE = 1e-3, REACHED_LOSS = 1e-3, RESTING = 1e-3;
/** Of Newton's method, as surfaces.minima has them. */
const DIFFERENCE = 1e-5, ITERATIONS = 8, FLAT = 1e12;
/** Minima told apart. */
const MOST = 256;
export const LOST = -1;

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {import("./fields.js").Ends} Ends */
/** @typedef {{labels: Int32Array, places: Float64Array}} Marks  of cells: the known minimum, or LOST; the place x, y of another, or NaN */

/** Of a function of x alone all is said of x: its region is a line. @param {Field["surface"]} surface */
const regionOf = ({ bounds: [x0, x1, y0, y1], alone }) => (alone ? [x0, x1, 0, 0] : [x0, x1, y0, y1]);

/** @param {number[]} bounds */
const diagonalOf = ([x0, x1, y0, y1]) => Math.hypot(x1 - x0, y1 - y0);

/**
 * What each cell says for itself: this can be asked of a part of the cells.
 * @param {Field} field @param {Ends} given @param {(points: Float64Array) => Float64Array} gradients
 * @returns {Marks}
 */
export function marked({ surface }, given, gradients) {
  const ends = surface.alone ? { ...given, y: new Float64Array(given.x.length) } : given;
  const region = regionOf(surface), reach = diagonalOf(region);
  const labels = knownOf(surface.minima, ends, REACHED_DISTANCE * reach);
  const places = new Float64Array(2 * labels.length).fill(NaN);
  const [x0, x1, y0, y1] = region;
  const open = [...labels.keys()].filter((i) => labels[i] === LOST && x0 <= ends.x[i] && ends.x[i] <= x1 && y0 <= ends.y[i] && ends.y[i] <= y1 && ends.spread[i] <= RESTING * reach);
  const found = stationary(Float64Array.from(open.flatMap((i) => [ends.x[i], ends.y[i]])), gradients, surface.alone);
  open.forEach((i, k) => {
    const [x, y] = found.places.subarray(2 * k, 2 * k + 2);
    const near = found.curvatures[k] > 0 && Math.hypot(x - ends.x[i], y - ends.y[i]) <= REACHED_DISTANCE * reach;
    if (near) places.set([x, y], 2 * i);
  });
  return { labels, places };
}

/** The first known minimum that each cell is at. @param {number[][]} minima @param {Ends} ends @param {number} reach */
function knownOf(minima, { x, y, loss, first }, reach) {
  const labels = new Int32Array(x.length).fill(LOST);
  minima.forEach(([mx, my, value], label) => {
    for (let i = 0; i < labels.length; i++) {
      const near = Math.abs(x[i] - mx) <= reach && Math.hypot(x[i] - mx, y[i] - my) <= reach;
      if (near && labels[i] === LOST && loss[i] - value <= REACHED_LOSS * Math.max(Math.abs(first[i] - value), 1e-12)) labels[i] = label;
    }
  });
  return labels;
}

/**
 * The stationary point next to each of some, and its lower curvature; NaN where there is none.
 * @param {Float64Array} points  x, y, x, y, ... @param {(points: Float64Array) => Float64Array} gradients @param {boolean} alone  whether x alone counts
 */
function stationary(points, gradients, alone) {
  const places = points.slice(), curvatures = new Float64Array(points.length / 2).fill(NaN);
  let going = [...curvatures.keys()];
  for (let round = 0; round < ITERATIONS && going.length; round++) {
    const around = new Float64Array(10 * going.length);
    going.forEach((i, k) => around.set(star(places[2 * i], places[2 * i + 1]), 10 * k));
    const slopes = gradients(around);
    going = going.filter((i, k) => newton(places, curvatures, i, slopes.subarray(10 * k, 10 * k + 10), alone));
  }
  for (const i of curvatures.keys()) if (Number.isNaN(curvatures[i])) places.set([NaN, NaN], 2 * i);
  return { places, curvatures };
}

/** Half the width of the differences at a coordinate. @param {number} value */
const width = (value) => DIFFERENCE * Math.max(1, Math.abs(value));

/** A point and its four neighbours. @param {number} x @param {number} y */
const star = (x, y) => [x, y, x + width(x), y, x - width(x), y, x, y + width(y), x, y - width(y)];

/** One step of Newton's method; whether there are more to come. @param {Float64Array} places @param {Float64Array} curvatures @param {number} i @param {Float64Array} slopes  of the star @param {boolean} alone */
function newton(places, curvatures, i, slopes, alone) {
  const [x, y] = places.subarray(2 * i, 2 * i + 2);
  const [gx, gy, rx, ry, lx, ly, ux, uy, dx, dy] = slopes;
  const a = (rx - lx) / (2 * width(x)), c = alone ? a : (uy - dy) / (2 * width(y));
  const b = ((ry - ly) / (2 * width(x)) + (ux - dx) / (2 * width(y))) / 2;
  const half = (a + c) / 2, det = a * c - b * b, away = Math.hypot((a - c) / 2, b);
  const large = half + (half < 0 || Object.is(half, -0) ? -away : away), small = det / large;
  const [nx, ny] = [x - (c * gx - b * gy) / det, y - (a * gy - b * gx) / det];
  const move = Math.hypot(nx - x, ny - y);
  const sound = Math.abs(small) * FLAT >= Math.abs(large) && Number.isFinite(move);
  const there = sound && move <= 1e-9 * Math.max(1, Math.hypot(nx, ny));
  // At a kink the differences see a huge curvature, so the move is tiny although the gradient is not.
  const kink = Math.hypot(gx, gy) > 1e-2 * DIFFERENCE * Math.hypot(large, small);
  places.set([nx, ny], 2 * i);
  if (there && !kink) curvatures[i] = Math.min(small, large);
  return sound && !there;
}

/**
 * Labels all cells and lists the minima [x, y] that they name: the known ones, then others by how many cells reach them.
 * @param {Field["surface"]} surface @param {Marks} marks
 */
export function gathered(surface, marks) {
  const { minima } = surface;
  const labels = marks.labels.slice();
  const open = [...labels.keys()].filter((i) => !Number.isNaN(marks.places[2 * i]));
  const at = (/** @type {number} */ i) => marks.places.subarray(2 * i, 2 * i + 2);
  const radius = REACHED_DISTANCE * diagonalOf(regionOf(surface));
  const near = (/** @type {ArrayLike<number>} */ a, /** @type {ArrayLike<number>} */ b) => Math.hypot(a[0] - b[0], a[1] - b[1]) <= radius;
  const found = minima.map((minimum) => minimum.slice(0, 2));
  for (const i of crowds(open, at, radius)) {
    const here = at(i), same = found.findIndex((one) => near(one, here));
    const label = same < 0 ? found.length : same;
    if (labels[i] !== LOST || label === MOST) continue;
    for (const k of open) if (labels[k] === LOST && near(at(k), here)) labels[k] = label;
    if (same < 0) found.push([...here]);
  }
  return byShare(labels, found, minima.length);
}

/** One of the cells in each square of a grid, those in the fullest squares first. @param {number[]} cells @param {(i: number) => Float64Array} at @param {number} width */
function crowds(cells, at, width) {
  /** @type {Map<string, {square: number[], first: number, count: number}>} */
  const squares = new Map();
  for (const i of cells) {
    const square = [...at(i)].map((value) => Math.round(value / width));
    const there = squares.get(square.join());
    if (there) there.count++;
    else squares.set(square.join(), { square, first: i, count: 1 });
  }
  const order = [...squares.values()].sort((a, b) => b.count - a.count || a.square[0] - b.square[0] || a.square[1] - b.square[1]);
  return order.map((one) => one.first);
}

/** Puts the minima after the known ones in the order of how many cells reach them. @param {Int32Array} labels @param {number[][]} minima @param {number} known */
function byShare(labels, minima, known) {
  const counts = minima.map(() => 0);
  for (const label of labels) if (label !== LOST) counts[label]++;
  const order = [...minima.keys()].sort((a, b) => (a < known || b < known ? a - b : counts[b] - counts[a] || a - b));
  const place = new Map(order.map((old, now) => [old, now]));
  return { labels: labels.map((label) => place.get(label) ?? LOST), minima: order.map((i) => minima[i]) };
}
