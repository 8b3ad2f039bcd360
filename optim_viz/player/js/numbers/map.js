/** What a map holds: the numbers that are coloured, the best cell, and what is said of a cell. Python's figures.maps has the same. */
import { general } from "../basics/format.js";
import { later, t } from "../basics/words.js";

/**
 * @typedef {import("../engine/fields.js").Field} Field
 * @typedef {Record<"loss"|"steps"|"first", Float64Array>} Found
 */

/** Whether a run ends no better off than it began. @param {Found} found @param {number} cell */
export const diverges = ({ loss, first }, cell) => !(loss[cell] <= first[cell]) || loss[cell] === Infinity;

/** What is coloured; NaN where a run diverges or, by steps, never arrives. @param {Field} field @param {Found} found @param {string} measure @param {number} floor  losses below this share of the largest are drawn there */
export function mapNumbers({ surface }, found, measure, floor) {
  const { loss, steps } = found;
  if (measure === "steps") return loss.map((_, cell) => (Number.isFinite(steps[cell]) && !diverges(found, cell) ? Math.max(steps[cell], 1) : NaN));
  const kept = loss.map((value, cell) => (diverges(found, cell) ? NaN : Math.max(value - surface.lowest, 0)));
  const top = kept.reduce((most, value) => (value > most ? value : most), -Infinity);
  return kept.map((value) => Math.max(value, floor * (Number.isFinite(top) ? top : 1), 1e-300));
}

/** The ends of the colours of logarithms. @param {Float64Array} numbers @returns {[number, number]} */
export function mapScale(numbers) {
  let [low, high] = [Infinity, -Infinity];
  for (const number of numbers) if (Number.isFinite(number)) [low, high] = [Math.min(low, Math.log10(number)), Math.max(high, Math.log10(number))];
  if (low > high) [low, high] = [0, 1];
  return [low, high > low ? high : low + 1];
}

/** The cell of the lowest loss, or of the fewest steps; of equals the other one decides. One that diverges only where all do. @param {Found} found @param {string} measure */
export function bestCell(found, measure) {
  const [one, other] = measure === "loss" ? [found.loss, found.steps] : [found.steps, found.loss];
  const key = (/** @type {number} */ cell) => [Number(diverges(found, cell)), one[cell], other[cell]];
  let best = 0;
  for (let cell = 1; cell < one.length; cell++) {
    const [a, b] = [key(cell), key(best)], i = a.findIndex((value, k) => value !== b[k]);
    if (i >= 0 && a[i] < b[i]) best = cell;
  }
  return best;
}

/** What is coloured, in words: of losses the excess, where the lowest known loss is not 0. @param {Field} field @param {string} measure @param {Record<string, string>} words */
export function measureWords({ surface }, measure, words) {
  if (measure === "steps" || !surface.lowest) return words[measure];
  return t("loss after the last step, above the lowest known ({floor:.4g})", { floor: general(surface.lowest, 4) });
}

/** What is said of a cell. @param {Field} field @param {Found} found @param {number} cell */
export function mapWords({ tolerance }, found, cell) {
  if (diverges(found, cell)) return t("diverges");
  const { loss, steps } = found;
  const share = general(100 * tolerance, 3), there = Number.isFinite(steps[cell]); // a run that has come so far may still be moving
  const arrival = there ? t("at most {share:.3g} % of the way down left at step {step:g}", { share, step: general(steps[cell], 6) }) : t("more than {share:.3g} % of the way down left", { share });
  return t("loss {loss:.3g}, {steps}", { loss: general(loss[cell], 3), steps: arrival });
}

/** The borders between cells: halfway, on the axis' own scale, with half a cell beyond both ends. @param {number[]} values @param {boolean} log */
export function cellEdges(values, log) {
  const at = log ? values.map(Math.log) : values;
  if (at.length === 1) return [values[0] * 0.9, values[0] * 1.1];
  const middle = at.slice(1).map((value, i) => (value + at[i]) / 2);
  const edges = [2 * at[0] - middle[0], ...middle, 2 * at[at.length - 1] - middle[middle.length - 1]];
  return log ? edges.map(Math.exp) : edges;
}

/** How two sentences follow each other. */
const SENTENCES = later("{before} {after}");

/** What the map holds, in a sentence or two. @param {Field} field @param {Found} found @param {string} measure @param {{low: number, high: number, lr: number, momentum: number}|null} theory */
export function mapSentence(field, found, measure, theory) {
  const { axes } = field, best = bestCell(found, measure), columns = axes[1].values.length;
  const values = axes.map(({ name, values: of }, i) => `${name} ${general(of[i ? best % columns : Math.floor(best / columns)], 3)}`).join(", ");
  const lost = found.loss.reduce((sum, _, cell) => sum + Number(diverges(found, cell)), 0) / found.loss.length;
  const text = t(SENTENCES, {
    before: t("{count:,} runs. Best: {values}, {told}.", { count: found.loss.length.toLocaleString("en"), values, told: mapWords(field, found, best) }),
    after: t("{share:.0%} of the map diverges: it ends above the loss it began with.", { share: `${Math.round(100 * lost)}%` }),
  });
  if (!theory) return text;
  const [low, high, lr, momentum] = [theory.low, theory.high, theory.lr, theory.momentum].map((value) => general(value, 3));
  return t(SENTENCES, {
    before: text,
    after: t("Theory for curvatures from {low:.3g} to L = {high:.3g} (Polyak 1964; Goh 2017): stable below 2(1 + momentum)/L, fastest at learning rate {lr:.3g} and momentum {momentum:.3g}.", { low, high, lr, momentum }),
  });
}
