import assert from "node:assert/strict";
import { test } from "node:test";
import { bestCell, cellEdges, diverges, mapNumbers, mapScale, mapWords, measureWords } from "../../optim_viz/player/js/numbers/map.js";
import { logTicks, logWords } from "../../optim_viz/player/js/numbers/log_ticks.js";
import { nameMinima, sharesOf } from "../../optim_viz/player/js/numbers/named_minima.js";
import { placeAmong } from "../../optim_viz/player/js/plots/cell_pointer.js";
import { evenly } from "../../optim_viz/player/js/site/study.js";

const FIELD = { surface: { lowest: 1 }, tolerance: 1e-3 };
const FOUND = { loss: Float64Array.of(1, 1.5, 9, Infinity, 1.5), first: Float64Array.of(5, 5, 5, Infinity, 5), steps: Float64Array.of(7, Infinity, 3, 2, 4) };

test("a map's numbers: above the lowest loss, or steps; none where a run diverges or never arrives", () => {
  assert.deepEqual([...FOUND.loss.keys()].map((cell) => diverges(FOUND, cell)), [false, false, true, true, false]);
  assert.deepEqual([...mapNumbers(FIELD, FOUND, "loss", 0.01)], [0.005, 0.5, NaN, NaN, 0.5]);
  assert.deepEqual([...mapNumbers(FIELD, FOUND, "steps", 0.01)], [7, NaN, NaN, NaN, 4]);
  assert.deepEqual([bestCell(FOUND, "loss"), bestCell(FOUND, "steps")], [0, 4]);
  assert.deepEqual([0, 1, 2].map((cell) => mapWords(FIELD, FOUND, cell)), ["loss 1, at most 0.1 % of the way down left at step 7", "loss 1.5, more than 0.1 % of the way down left", "diverges"]);
  assert.deepEqual([mapScale(Float64Array.of(10, NaN, 1000)), mapScale(Float64Array.of(NaN)), mapScale(Float64Array.of(10))], [[1, 3], [0, 1], [1, 2]]);
});

test("the colours of losses are those above the lowest known, and say so", () => {
  const words = { loss: "loss after the last step", steps: "steps to arrive" };
  assert.equal(measureWords(FIELD, "loss", words), "loss after the last step, above the lowest known (1)");
  assert.deepEqual([measureWords(FIELD, "steps", words), measureWords({ surface: { lowest: 0 } }, "loss", words)], [words.steps, words.loss]);
});

test("borders lie halfway on the axis' own scale", () => {
  assert.deepEqual(cellEdges([1, 2, 3], false), [0.5, 1.5, 2.5, 3.5]);
  assert.deepEqual(cellEdges([1, 100], true).map((edge) => Number(edge.toFixed(9))), [0.1, 10, 1000]);
  assert.deepEqual(cellEdges([2], false), [1.8, 2.2]);
});

test("the cell under the pointer is the nearest, on whatever scale; there is none beyond the last", () => {
  assert.deepEqual([0.6, 1.4, 3.4, 3.6].map((value) => placeAmong([1, 2, 3], false, value)), [0, 0, 2, -1]);
  assert.deepEqual([2.9, 3.3, 31].map((value) => placeAmong([1, 10, 100], true, value)), [0, 1, 1]);
  assert.deepEqual([-0.6, 0.4, 2.4, 2.6, 5.6].map((value) => placeAmong([0, 1, 4], false, value)), [-1, 0, 1, 2, -1]);
  assert.deepEqual([5.6, 2.6, -0.4].map((value) => placeAmong([4, 1, 0], false, value)), [-1, 0, 2]);
  assert.equal(placeAmong([7], true, 3), 0);
});

test("ticks and their words are those of Python's axes", () => {
  assert.deepEqual([logTicks(-0.55, 0.4), logTicks(0.9, 2.1), logTicks(-24.3, 1)], [[0.5, 1, 2], [10, 20, 50, 100], [1e-24, 1e-18, 1e-12, 1e-6, 1]]);
  assert.deepEqual(logWords([1e-7, 1e-3, 1, 1e4]), ["10<sup>-7</sup>", "10<sup>-3</sup>", "1", "10<sup>4</sup>"]);
  assert.deepEqual(logWords([1e-3, 1, 1e4]), ["0.001", "1", "10000"]);
});

test("minima of several pictures have common names, those that most starts reach first", () => {
  const one = { labels: Int32Array.of(0, 0, -1, 1), minima: [[0, 0], [5, 5]] };
  const other = { labels: Int32Array.of(1, 1, 1, 0), minima: [[9, 9], [5.01, 5]] };
  const named = nameMinima([one, other], 0.1, 2);
  assert.deepEqual(named.minima, [[5, 5], [0, 0]]);
  assert.deepEqual(named.labels.map((labels) => [...labels]), [[1, 1, -1, 0], [0, 0, 0, 2]]);
  assert.deepEqual(sharesOf(named.labels[0], 2), [0.25, 0.5, 0, 0.25]);
});

test("evenly spaced values end where they should", () => {
  assert.deepEqual(evenly(0, 0.3, 4), [0, 0.09999999999999999, 0.19999999999999998, 0.3]);
});
