import assert from "node:assert/strict";
import { test } from "node:test";
import { lossPath } from "../../optim_viz/player/js/plots/run_card.js";

const places = (path) => path.slice(1).split("L").map((place) => place.split(",").map(Number));

test("losses above 0 fall on a straight line where each is a part of the one before", () => {
  const { path, low, high, log } = lossPath([100, 10, 1], 100, 40);
  assert.deepEqual({ low, high, log }, { low: 1, high: 100, log: true });
  assert.deepEqual(places(path), [[0, 0], [50, 20], [100, 40]]);
});

test("a loss of 0 has no logarithm, and a run that overflows is drawn to where it does", () => {
  assert.deepEqual(places(lossPath([4, 2, 0], 100, 40).path), [[0, 0], [50, 20], [100, 40]]);
  const lost = lossPath([1, 100, Infinity, Infinity, NaN], 100, 40);
  assert.deepEqual(places(lost.path), [[0, 40], [25, 0]]);
  assert.equal(lossPath([Infinity], 100, 40), null);
});

test("a long run keeps its spikes", () => {
  const losses = Float64Array.from({ length: 5001 }, (_, i) => (i === 2503 ? 1000 : 1));
  const found = places(lossPath(losses, 190, 40).path);
  assert.ok(found.length <= 190);
  assert.equal(found.filter(([, y]) => y === 0).length, 1);
});
