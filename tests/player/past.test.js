import assert from "node:assert/strict";
import { test } from "node:test";
import { createPast, namesOf } from "../../optim_viz/player/js/basics/past.js";

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
