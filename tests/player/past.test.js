import assert from "node:assert/strict";
import { test } from "node:test";
import { createPast, namesOf } from "../../optim_viz/player/js/basics/past.js";
import { gridPoints, planePixels } from "../../optim_viz/player/js/plots/start_plane.js";

test("going back gives the state before the last, which is noted again by whoever goes there", () => {
  const past = createPast();
  assert.equal(past.back(), null);
  for (const steps of [1, 2, 2, 3]) past.note({ steps });
  assert.deepEqual(past.back(), { steps: 2 });
  assert.equal(past.note({ steps: 2 }), true);
  assert.equal(past.note({ steps: 2 }), false);
  assert.deepEqual(past.back(), { steps: 1 });
  past.note({ steps: 1 });
  assert.equal(past.back(), null);
  past.clear();
  assert.equal(past.last(), undefined);
});

test("values of another comparison have other names", () => {
  const values = (id, lr) => ({ parameters: {}, runs: [{ id, values: { lr }, schedule_values: {} }] });
  assert.equal(namesOf(values("sgd", 1)), namesOf(values("sgd", 2)));
  assert.notEqual(namesOf(values("sgd", 1)), namesOf(values("adam", 1)));
  assert.equal(typeof namesOf(undefined), "string");
});

test("the points of the small plane go along its rows from the bottom, and its picture begins at the top", () => {
  const points = gridPoints([0, 63, 100, 163], 64);
  assert.deepEqual([...points.slice(0, 4)], [0, 100, 1, 100]);
  assert.deepEqual([...points.slice(-2)], [63, 163]);
  const pixels = planePixels(Float64Array.from({ length: 64 * 64 }, (_, i) => i), false, [[0, "#000000"], [0.5, "#000000"], [1, "#ffffff"]]);
  assert.deepEqual([...pixels.slice(0, 4)], [255, 255, 255, 255]);
  assert.deepEqual([...pixels.slice(-4)], [0, 0, 0, 255]);
});
