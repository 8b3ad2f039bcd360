/**
 * How a run ended, in the words of Python's surfaces.outcome and surfaces.level, which this follows line for line: tests
 * hold the two to the same words. Everything is told from the points, the losses, and slope and curvature at the end.
 *
 * @typedef {object} Ground  what is known of the surface
 * @property {number[]} bounds  [x0, x1, y0, y1]
 * @property {boolean} [alone]  whether it is a function of x alone
 * @property {number[][]} minima  [x, y, loss]
 * @property {number[][]} best  those of them that no other undercuts
 * @property {number} lowest  the lowest known loss
 * @property {(x: number, y: number) => number[]} gradient
 * @property {(x: number, y: number) => number[]} hessian  xx, xy, yy
 * @property {(points: Float64Array) => Float64Array} losses  of points x, y, x, y, ...
 * @typedef {{xs: Float64Array, ys: Float64Array, losses: Float64Array}} Run
 * @typedef {{outcome: string, step: number, place?: number[]}} Verdict
 */
import { general } from "../basics/format.js";
import { later, t } from "../basics/words.js";

const REACHED_DISTANCE = 1e-3, REACHED_LOSS = 1e-3, RESTING = 1e-3, CRAWLING = 1e-4, TURNS = 0.1, SWING = 0.25;
const WINDOW = 60, PROGRESS = 1e-3, GROWTH = 1.2, LEVELLED = 1e-2;
const FLAT = 1e-6, SETTLED = 1e-6, MOVES = 100, NOTHING = 1e-9, AROUND = 64, CURVED = 1e-3;

/** The words for each outcome. */
export const WORDS = /** @type {Record<string, string>} */ ({
  reached: later("reached {place} at step {step}"), local: later("stuck in the local minimum {place} at step {step}"),
  saddle: later("stuck at the saddle {place} at step {step}"), oscillating: later("oscillating"),
  growing: later("oscillating, and growing"), stalled: later("hardly moving"), moving: later("still moving"),
  left: later("left the region at step {step}"), diverged: later("diverged at step {step}"),
  nowhere: later("starts where the function has no finite value"),
});

/** @param {Verdict} verdict */
export function statusOf({ outcome, step, place }) {
  const values = place?.map((value) => general(value + 0, 4).replaceAll("-", "−"));
  const where = !values ? t("it") : values.length === 1 ? `x = ${values[0]}` : `(${values.join(", ")})`;
  return t(WORDS[outcome], { place: where, step: String(step).replace(/\B(?=(\d{3})+$)/g, ",") });
}

/** @param {Ground} ground */
const diagonal = ({ bounds: [x0, x1, y0, y1] }) => Math.hypot(x1 - x0, y1 - y0);

/** @param {Ground} ground @param {number} x @param {number} y */
const contains = ({ bounds: [x0, x1, y0, y1] }, x, y) => x0 <= x && x <= x1 && y0 <= y && y <= y1;

/** The row from which all are true: rows.length where the last is not. @param {number} rows @param {(row: number) => boolean} there */
function firstOfTheLast(rows, there) {
  let row = rows;
  while (row > 0 && there(row - 1)) row--;
  return row;
}

/** The step from which a run stays at a minimum; -1 where it does not end there. @param {Ground} ground @param {Run} run @param {number[]} minimum */
function arrival(ground, { xs, ys, losses }, [x, y, value]) {
  const reach = REACHED_DISTANCE * diagonal(ground);
  const above = REACHED_LOSS * Math.max(Math.abs(losses[0] - value), 1e-12);
  const near = (/** @type {number} */ i) => Math.hypot(xs[i] - x, ys[i] - y) <= reach && losses[i] - value <= above;
  const step = firstOfTheLast(losses.length, near);
  return step === losses.length ? -1 : step;
}

/** On a function of x alone all is said of x. @param {Ground} ground @param {Run} run @returns {Verdict} */
export function judge(ground, run) {
  if (!ground.alone) return judged(ground, run);
  const [x0, x1] = ground.bounds;
  const { place, ...rest } = judged({ ...ground, bounds: [x0, x1, 0, 0] }, { ...run, ys: new Float64Array(run.ys.length) });
  return place ? { ...rest, place: place.slice(0, 1) } : rest;
}

/** @param {Ground} ground @param {Run} run @returns {Verdict} */
function judged(ground, run) {
  const { xs, ys, losses } = run;
  const last = losses.length - 1;
  const broken = losses.findIndex((loss) => !Number.isFinite(loss));
  if (broken >= 0) return { outcome: broken ? "diverged" : "nowhere", step: broken };
  for (const minimum of ground.minima) {
    const step = arrival(ground, run, minimum);
    if (step >= 0) return { outcome: ground.best.includes(minimum) ? "reached" : "local", step, place: minimum.slice(0, 2) };
  }
  if (!contains(ground, xs[last], ys[last])) {
    return { outcome: "left", step: firstOfTheLast(losses.length, (i) => !contains(ground, xs[i], ys[i])) };
  }
  return atRest(ground, run) ?? { outcome: motion(ground, run), step: last };
}

/** @param {Float64Array} values */
const spread = (values) => Math.max(...values) - Math.min(...values);

/** A run that ends where the surface is level: at rest, or landed there by its last steps. @param {Ground} ground @param {Run} run @returns {Verdict|null} */
function atRest(ground, run) {
  const { xs, ys, losses } = run;
  const rows = losses.length;
  const from = -Math.max(Math.floor(rows / 10), 2);
  const resting = Math.hypot(spread(xs.slice(from)), spread(ys.slice(from))) <= RESTING * diagonal(ground);
  const slope = (/** @type {number} */ i) => Math.hypot(...ground.gradient(xs[i], ys[i]));
  if (!resting && !(slope(rows - 1) <= LEVELLED * slope(0))) return null;
  const found = levelPlace(ground, xs[rows - 1], ys[rows - 1], REACHED_DISTANCE * diagonal(ground));
  if (!found) return null;
  let step = -1;
  if (resting) {
    const reach = (REACHED_DISTANCE + RESTING) * diagonal(ground);
    step = firstOfTheLast(rows, (i) => Math.hypot(xs[i] - found.place[0], ys[i] - found.place[1]) <= reach);
  } else if (found.kind === "minimum") step = arrival(ground, run, [...found.place, found.value]);
  if (step < 0) return null;
  const best = found.value <= ground.lowest + REACHED_LOSS * Math.max(Math.abs(losses[0] - found.value), 1e-12);
  /** @type {Record<string, (string|null)[]>} */
  const outcomes = { minimum: ["reached", "local"], valley: ["reached", "local"], plain: ["reached", null], saddle: ["saddle", "saddle"] };
  const outcome = outcomes[found.kind][best ? 0 : 1];
  return outcome ? { outcome, step, place: found.place } : null;
}

/** Whether each value is above the one before, or each third's mean, and the last then `factor` times the first. @param {Float64Array} values @param {number} factor */
function rises(values, factor) {
  const count = values.length;
  if (count < 3) return false;
  if (values.every((value, i) => i === 0 || value > values[i - 1])) return true;
  // As np.array_split has it: the first thirds are the longer ones.
  const ends = [0, 1, 2, 3].map((i) => i * Math.floor(count / 3) + Math.min(i, count % 3));
  const [first, second, third] = [0, 1, 2].map((i) => mean(values.subarray(ends[i], ends[i + 1])));
  return first < second && second < third && third >= factor * first;
}

/** @param {Float64Array} values */
const mean = (values) => values.reduce((sum, value) => sum + value, 0) / values.length;

/** Still moving, hardly moving, or oscillating: told from the last steps. @param {Ground} ground @param {Run} run */
function motion(ground, { xs, ys, losses }) {
  const count = Math.min(WINDOW, losses.length);
  const [tx, ty, lost] = [xs, ys, losses].map((values) => values.slice(-count));
  const moves = [tx, ty].map((values) => values.slice(1).map((value, i) => value - values[i]));
  const lengths = moves[0].map((dx, i) => Math.hypot(dx, moves[1][i]));
  const path = lengths.reduce((sum, length) => sum + length, 0);
  const net = Math.hypot(tx[count - 1] - tx[0], ty[count - 1] - ty[0]);
  if (path <= CRAWLING * diagonal(ground)) return count === WINDOW || path === 0 ? "stalled" : "moving";
  let back = 0;
  for (let i = 1; i < lengths.length; i++) if (moves[0][i] * moves[0][i - 1] + moves[1][i] * moves[1][i - 1] < 0) back++;
  if (lengths.length < 2 || back / (lengths.length - 1) < TURNS) return "moving";
  if (rises(lengths, GROWTH) && rises(lost, 1)) return "growing";
  const half = Math.floor(count / 2);
  const [late, early] = [mean(losses.slice(-half)), mean(losses.slice(-2 * half, -half))];
  const stuck = early - late <= Math.max(0.05 * spread(losses.slice(-2 * half)), PROGRESS * spread(losses));
  return net <= SWING * path && stuck ? "oscillating" : "moving";
}

/** Eigenvalues, ascending, and directions of a symmetric matrix. @param {number[]} matrix  xx, xy, yy */
function principal([a, b, c]) {
  if (b === 0) return a <= c ? { curvatures: [a, c], directions: [[1, 0], [0, 1]] } : { curvatures: [c, a], directions: [[0, 1], [1, 0]] };
  const [half, away] = [(a + c) / 2, Math.hypot((a - c) / 2, b)];
  const angle = 0.5 * Math.atan2(2 * b, a - c); // of the larger one's direction
  const [cos, sin] = [Math.cos(angle), Math.sin(angle)];
  const large = half >= 0 ? half + away : half - away;
  const small = large === 0 ? 0 : (a * c - b * b) / large;
  return { curvatures: half >= 0 ? [small, large] : [large, small], directions: [[-sin, cos], [cos, sin]] };
}

/**
 * The minimum or saddle within reach of a point, by Newton's method; null where there is none, and at a maximum.
 * @param {Ground} ground @param {number} px @param {number} py @param {number} reach
 */
function levelPlace(ground, px, py, reach) {
  let [x, y] = [px, py];
  for (let round = 0; round < MOVES; round++) {
    const [slope, matrix] = [ground.gradient(x, y), ground.hessian(x, y)];
    if (![...slope, ...matrix].every(Number.isFinite)) return null;
    const { curvatures, directions } = principal(matrix);
    const along = directions.map(([dx, dy]) => dx * slope[0] + dy * slope[1]);
    const { move, settled } = newtonMove(curvatures, along, reach);
    if (!move) return null;
    x += directions[0][0] * move[0] + directions[1][0] * move[1];
    y += directions[0][1] * move[0] + directions[1][1] * move[1];
    if (!(Math.hypot(x - px, y - py) <= reach)) return null;
    if (settled) return (ground.alone ? toldOfX : told)(ground, x, y, curvatures, reach);
  }
  return null;
}

/** Newton's move in the directions of the Hessian, and whether it is the last; null where a slope stays. @param {number[]} curvatures @param {number[]} slopes @param {number} reach */
function newtonMove(curvatures, slopes, reach) {
  const steep = Math.abs(curvatures[0]) >= Math.abs(curvatures[1]) ? 0 : 1;
  const [soft, most] = [1 - steep, Math.abs(curvatures[steep])];
  const move = [0, 0];
  if (most > 0) move[steep] = -slopes[steep] / curvatures[steep];
  if (Math.abs(move[steep]) > SETTLED * reach) return { move, settled: false };
  if (Math.abs(curvatures[soft]) > FLAT * most) {
    move[soft] = -slopes[soft] / curvatures[soft];
    return { move, settled: Math.abs(move[soft]) <= SETTLED * reach };
  }
  const level = Math.abs(slopes[soft]) <= NOTHING * most * reach && (most > 0 || slopes[steep] === 0);
  return { move: level ? move : null, settled: true };
}

/** What kind of place it is. @param {Ground} ground @param {number} px @param {number} py @param {number[]} curvatures @param {number} reach */
function told(ground, px, py, curvatures, reach) {
  const place = [px, py].map((value) => (Math.abs(value) > NOTHING * reach ? value : 0));
  const value = ground.losses(Float64Array.of(px, py))[0];
  const [low, high] = curvatures;
  const sizes = [Math.abs(low), Math.abs(high)];
  if (Math.min(...sizes) > FLAT * Math.max(...sizes)) {
    return high < 0 ? null : { place, value, kind: low > 0 ? "minimum" : "saddle" };
  }
  const points = new Float64Array(2 * AROUND);
  for (let i = 0; i < AROUND; i++) {
    const angle = (2 * Math.PI * i) / AROUND;
    points.set([px + reach * Math.cos(angle), py + reach * Math.sin(angle)], 2 * i);
  }
  const around = ground.losses(points);
  if (!around.every(Number.isFinite) || Math.max(...around) < value) return null;
  if (spread(around) === 0) return { place, value, kind: "plain" };
  const farthest = Math.max(...around.map((loss) => Math.abs(loss - value)));
  return { place, value, kind: value - Math.min(...around) > NOTHING * farthest ? "saddle" : "valley" };
}

/** What kind of place it is on a function of x alone, as the losses beside it say, or its curvature. @param {Ground} ground @param {number} px @param {number} py @param {number[]} curvatures @param {number} reach */
function toldOfX(ground, px, py, curvatures, reach) {
  const [value, ...around] = ground.losses(Float64Array.of(px, py, px - reach, py, px + reach, py));
  let sides = around.map((loss) => loss - value);
  if (!sides.every(Number.isFinite)) return null;
  const curvature = Math.abs(curvatures[0]) >= Math.abs(curvatures[1]) ? curvatures[0] : curvatures[1];
  const most = () => Math.max(...sides.map(Math.abs));
  if (Math.abs(curvature) * reach ** 2 > CURVED * most()) sides = [curvature, curvature];
  const some = NOTHING * most(), higher = Math.max(...sides) > some, lower = Math.min(...sides) < -some;
  if (lower && !higher) return null;
  return { place: [Math.abs(px) > SETTLED * reach ? px : 0, 0], value, kind: lower ? "saddle" : higher ? "minimum" : "plain" };
}
