import assert from "node:assert/strict";
import { test } from "node:test";
import { bandsOf, createPool } from "../../optim_viz/player/js/engine/pool.js";

const written = (inputs, constants, operations, results) => ({ inputs, constants, operations, results });

/** Plain descent on x^2 + y^2 from a grid of starts: a point keeps 1 - 2 lr of itself with every step. */
const PROGRAMS = {
  bowl: {
    value: written(["x", "y"], [], [["square", 0], ["square", 1], ["add", 2, 3]], [4]),
    gradient: written(["x", "y"], [2], [["multiply", 2, 0], ["multiply", 2, 1]], [3, 4]),
    mean: false, hessian: null, examples: [],
  },
  sgd: (() => {
    const step = written(["t", "lr", "theta", "g"], [], [["multiply", 1, 3], ["subtract", 2, 4]], [5]);
    return { first: step, step, state: [], initial: [], zero: {} };
  })(),
  constant: { rate: written(["step", "base", "total"], [], [], [1]), watches: false },
};
const FIELD = {
  surface: { program: "bowl", parameters: {}, bounds: [-1, 1, -1, 1], minima: [[0, 0, 0]], best: 1, lowest: 0 },
  start: [1, 1], steps: 20, noise: 0, seed: 0, seeds: 1, batch: null, tolerance: 1e-3, watch: true,
  run: { id: "sgd", program: "sgd", schedule: "constant", values: { lr: 0.1 }, schedule_values: {}, scale: [1, 1] },
  axes: [{ name: "lr", values: [0.1, 0.25, 0.5] }, { name: "x", values: [-1, 0, 2, 3] }],
};

test("cells are run from their starts with their rates, and a pool puts bands together in order", async () => {
  const pool = createPool(0);
  pool.know(PROGRAMS);
  const [found] = await pool.run([{ ...FIELD, steps: 3 }]);
  const wanted = FIELD.axes[0].values.flatMap((lr) => FIELD.axes[1].values.map((x) => (x * x + 1) * (1 - 2 * lr) ** 6));
  found.loss.forEach((loss, i) => assert.ok(Math.abs(loss - wanted[i]) < 1e-12));
  assert.deepEqual([...found.steps].map((step) => Number.isFinite(step)), [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1].map(Boolean));
});

test("bands are short, cover every row once, and hold what steps together at least", () => {
  const wide = { ...FIELD, steps: 1e6, axes: [FIELD.axes[0], { name: "x", values: Array(256).fill(0) }] };
  const bands = bandsOf([wide, FIELD]);
  assert.deepEqual(bands.map(({ which, from, to }) => [which, from, to]), [[0, 0, 1], [0, 1, 2], [0, 2, 3], [1, 0, 3]]);
  const beta = { ...FIELD, steps: 300, axes: [{ name: "lr", values: Array(40).fill(0.1) }, { name: "beta1", values: Array(128).fill(0.9) }] };
  assert.deepEqual(bandsOf([beta]).map(({ from, to }) => [from, to]), [[0, 16], [16, 32], [32, 40]]);
});

test("what is no longer wanted is given up, and the next is computed", async () => {
  const pool = createPool(0);
  pool.know(PROGRAMS);
  assert.equal(await pool.run([{ ...FIELD, steps: 1e6 }], () => true), null);
  assert.equal((await pool.run([FIELD]))[0].loss.length, 12);
});

test("a program that may not be run fails with its sentence, and the pool goes on", async () => {
  const pool = createPool(0);
  const hostile = { ...PROGRAMS.bowl, gradient: written(["x", "y"], [], [["fetch", 0]], [2, 2]) };
  pool.know({ ...PROGRAMS, hostile });
  await assert.rejects(pool.run([{ ...FIELD, surface: { ...FIELD.surface, program: "hostile" } }]), /Unknown operation "fetch"/);
  assert.equal((await pool.run([FIELD]))[0].loss.length, 12);
});
