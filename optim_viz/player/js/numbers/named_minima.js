/** The basins of several optimizers with minima named alike, as Python's figures.basins has it. */
import { general } from "../basics/format.js";

const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZ";
const LOST = -1;

/**
 * Gives the minima of several pictures common names: equal places are one minimum, those with most starts come first.
 * @param {{labels: Int32Array, minima: number[][]}[]} results @param {number} near  how far apart equal places are @param {number} most  as many have a name
 */
export function nameMinima(results, near, most) {
  /** @type {{place: number[], weight: number}[]} */
  const known = [];
  const rows = results.map(({ labels, minima }) => {
    const counts = minima.map(() => 0);
    for (const label of labels) if (label !== LOST) counts[label]++;
    return minima.map(([x, y], i) => {
      let at = known.findIndex(({ place }) => Math.hypot(place[0] - x, place[1] - y) <= near);
      if (at < 0) at = known.push({ place: [x, y], weight: 0 }) - 1;
      known[at].weight += counts[i] / labels.length;
      return at;
    });
  });
  const order = [...known.keys()].filter((i) => known[i].weight > 0).sort((a, b) => known[b].weight - known[a].weight || a - b).slice(0, most);
  const rank = known.map((_, i) => (order.includes(i) ? order.indexOf(i) : order.length));
  return {
    minima: order.map((i) => known[i].place),
    /** Of each picture the number of a named minimum for each start, as many as there are for any other, or LOST. */
    labels: results.map(({ labels }, i) => labels.map((label) => (label === LOST ? LOST : rank[rows[i][label]]))),
  };
}

/** A letter and the place of each. @param {number[][]} minima */
export const minimaNames = (minima) => minima.map(([x, y], i) => `${LETTERS[i]} (${general(x, 3)}, ${general(y, 3)})`);

/** @param {number} i */
export const letterOf = (i) => LETTERS[i];

/** Shares of the starts: of each named minimum, of all others, and of those lost. @param {Int32Array} labels @param {number} count  of named minima */
export function sharesOf(labels, count) {
  const counts = Array(count + 2).fill(0);
  for (const label of labels) counts[label === LOST ? count + 1 : label]++;
  return counts.map((one) => one / labels.length);
}
