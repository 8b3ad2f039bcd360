import assert from "node:assert/strict";
import { test } from "node:test";
import { erf, logAddExp, power } from "../../optim_viz/player/js/engine/functions.js";
import { MOST_OPERATIONS, checkProgram } from "../../optim_viz/player/js/engine/program.js";
import { batchIndices, createRandom, normals } from "../../optim_viz/player/js/engine/random.js";
import { createEngine } from "../../optim_viz/player/js/engine/runs.js";
import { statusOf } from "../../optim_viz/player/js/engine/verdict.js";
import { general } from "../../optim_viz/player/js/basics/format.js";
import { allowed, rangeWords, stepped, turnedBy } from "../../optim_viz/player/js/words/knobs.js";

const GOOD = { inputs: ["x", "y"], constants: [2, "inf"], operations: [["multiply", 2, 0], ["add", 4, 1]], results: [5] };

test("a program that is sound is taken", () => {
  assert.equal(checkProgram(GOOD, 1), GOOD);
});

const HOSTILE = {
  "no list": [{ ...GOOD, operations: "alert(1)" }, /lists of inputs/],
  "nothing": [null, /lists of inputs/],
  "an unknown operation": [{ ...GOOD, operations: [["constructor", 0, 1]] }, /Unknown operation "constructor"/],
  "a call of what is no operation": [{ ...GOOD, operations: [["__proto__", 0]] }, /Unknown operation/],
  "text for an operand": [{ ...GOOD, operations: [["add", "0; alert(1)", 1]] }, /operand must be a place below 4/],
  "NaN for an operand": [{ ...GOOD, operations: [["add", NaN, 1]] }, /operand must be a place/],
  "an operand that comes later": [{ ...GOOD, operations: [["add", 0, 4]] }, /place below 4; got 4/],
  "a negative operand": [{ ...GOOD, operations: [["add", 0, -1]] }, /got -1/],
  "an operand too few": [{ ...GOOD, operations: [["add", 0]] }, /add takes 2 operands; got 1/],
  "a constant that is text": [{ ...GOOD, constants: ["alert(1)", 1] }, /constant must be a number; got "alert\(1\)"/],
  "a constant that is an object": [{ ...GOOD, constants: [{}, 1] }, /constant must be a number/],
  "a constant that is no number": [{ ...GOOD, constants: [NaN, 1] }, /constant must be a number/],
  "a result that is not there": [{ ...GOOD, results: [6] }, /result must be a place below 6/],
  "too many results": [{ ...GOOD, results: [5, 5] }, /must have 1 results; it has 2/],
  "a million operations": [{ ...GOOD, operations: Array(1e6).fill(["add", 0, 1]) }, new RegExp(`may have ${MOST_OPERATIONS} operations; this has 1000000`)],
  "a million constants": [{ ...GOOD, constants: Array(1e6).fill(1) }, /may have/],
};
for (const [what, [program, said]] of Object.entries(HOSTILE)) {
  test(`a hostile program is refused: ${what}`, () => { assert.throws(() => checkProgram(program, 1), said); });
}

/** Plain descent on x ** 2 + y ** 2, as a scene has it. */
function scene(change = {}) {
  const program = (inputs, constants, operations, results) => ({ inputs, constants, operations, results });
  const rule = program(["t", "lr", "theta", "g"], [], [["multiply", 1, 3], ["subtract", 2, 4]], [5]);
  const programs = {
    surface: {
      value: program(["x", "y"], [], [["multiply", 0, 0], ["multiply", 1, 1], ["add", 2, 3]], [4]),
      gradient: program(["x", "y"], [2], [["multiply", 2, 0], ["multiply", 2, 1]], [3, 4]),
      hessian: program(["x", "y"], [2, 0], [], [2, 3, 2]), mean: false, examples: [],
    },
    rule: { first: rule, step: rule, state: [], initial: [], zero: {}, knobs: [] },
    schedule: { rate: program(["step", "base", "total"], [], [], [1]), watches: false, knobs: [] },
    ...change,
  };
  const live = {
    surface: { program: "surface", parameters: {}, bounds: [-2, 2, -2, 2], minima: [[0, 0, 0]], best: 1, lowest: 0 }, start: [1, -1], steps: 50,
    noise: 0, seed: 0, batch: null, runs: [{ id: "sgd", program: "rule", schedule: "schedule", values: { lr: 0.25 }, schedule_values: {}, scale: [1, 0.5] }],
  };
  return { live, engine: createEngine((name) => programs[name]) };
}

test("a run is what its operations say, with a factor for y, and how it ended is told", () => {
  const { live, engine } = scene();
  const { columns, status } = engine.runOne(live, live.runs[0]);
  assert.deepEqual([...columns.x.slice(0, 4)], [1, 0.5, 0.25, 0.125]);
  assert.deepEqual([...columns.y.slice(0, 3)], [-1, -0.75, -0.5625]);
  assert.equal(columns.loss[1], 0.25 + 0.5625);
  assert.match(status, /^reached \(0, 0\) at step \d+$/);
});

test("a gradient is clipped before the rule sees it, with its noise, and a bound of 0 is none", () => {
  const { live, engine } = scene();
  const bare = { first: { inputs: ["t", "lr", "theta", "g"], constants: [], operations: [["multiply", 1, 3], ["subtract", 2, 4]], results: [5] }, state: [], initial: [], zero: {}, knobs: [] };
  const clip = { inputs: ["gx", "gy", "most"], constants: [], operations: [["minimum", 0, 2], ["minimum", 1, 2]], results: [3, 4] };
  const { engine: clipping } = scene({ rule: { ...bare, step: bare.first, clip } });
  const [run] = live.runs;
  const at = (/** @type {number} */ most, /** @type {any} */ change = {}) => clipping.runOne({ ...live, ...change }, { ...run, values: { lr: 0.25, most } });
  const { columns } = at(1);
  assert.deepEqual([...columns.x.slice(0, 5)], [1, 0.75, 0.5, 0.25, 0.125]);
  assert.deepEqual([...columns.gx.slice(0, 4)], [1, 1, 1, 0.5]);
  assert.deepEqual([...columns.gy.slice(0, 2)], [-2, -1.5]);
  assert.deepEqual(at(0), engine.runOne(live, run));
  assert.deepEqual(at(1e300), at(0));
  assert.ok(Math.max(...at(1, { noise: 5 }).columns.gx.slice(0, -1)) === 1);
});

test("a run takes the room of an older one where that has the right size, and none of its numbers", () => {
  const { live, engine } = scene();
  const far = { ...live, start: [1e300, -1e300] };
  const older = engine.runOne({ ...far, runs: [] }, { ...live.runs[0], values: { lr: 1e9 } }).columns;
  assert.ok(older.loss.includes(Infinity) && older.x.some(Number.isNaN));
  const fresh = engine.runOne(live, live.runs[0]);
  const again = engine.runOne(live, live.runs[0], older);
  assert.deepEqual(again, fresh);
  assert.ok(Object.entries(again.columns).every(([name, column]) => column === older[name]));
  const longer = engine.runOne({ ...live, steps: 60 }, live.runs[0], older);
  assert.ok(Object.entries(longer.columns).every(([name, column]) => column !== older[name] && column.length === 61));
});

test("a rule that asks for what is not there, or has a result too few, is refused before anything runs", () => {
  const asks = { ...GOOD, inputs: ["t", "password"], results: [5] };
  const one = scene({ rule: { first: asks, step: asks, state: [], initial: [], zero: {}, knobs: [] } });
  assert.throws(() => one.engine.runOne(one.live, one.live.runs[0]), /asks for "rule.password", which is not there/);
  const few = { inputs: ["t", "lr", "theta", "g"], constants: [], operations: [], results: [] };
  const two = scene({ rule: { first: few, step: few, state: [], initial: [], zero: {}, knobs: [] } });
  assert.throws(() => two.engine.runOne(two.live, two.live.runs[0]), /must have 1 results; it has 0/);
});

test("draws are NumPy's: default_rng(0).normal(size=4), and shuffles of default_rng([7, 1])", () => {
  assert.deepEqual([...normals(createRandom(0), 4)], [0.1257302210933933, -0.1321048632913019, 0.6404226504432821, 0.10490011715303971]);
  const found = batchIndices(7, 50, 25, 2);
  assert.deepEqual([...found.slice(0, 8)], [3, 6, 28, 23, 48, 38, 0, 25]);
  assert.equal(new Set(found).size, 50);
});

test("whole powers are rounded once, and what is beyond them is JavaScript's own", () => {
  assert.equal(power(0.9, 3), 0.7290000000000001);
  assert.equal(power(0.999, 1000), 0.36769542477096373);
  assert.equal(power(10, 22), 1e22);
  assert.equal(power(2, -1), 0.5);
  assert.equal(power(0, 0), 1);
  assert.equal(power(1, NaN), 1);
  assert.equal(power(0.5, 2000), 0);
  assert.equal(power(9, 0.5), 3);
  assert.ok(Number.isNaN(power(-1, 0.3)));
});

test("erf and logaddexp at known places", () => {
  for (const [x, value] of [[0, 0], [0.5, 0.5204998778130465], [-1, -0.8427007929497149], [2, 0.9953222650189527], [5, 0.9999999999984626], [9, 1]]) {
    assert.ok(Math.abs(erf(x) - value) <= 2e-16 * Math.abs(value), `erf(${x})`);
  }
  assert.ok(Number.isNaN(erf(NaN)));
  assert.equal(logAddExp(0, 0), Math.LN2);
  assert.equal(logAddExp(1000, 0), 1000);
});

test("words and numbers are Python's", () => {
  assert.equal(statusOf({ outcome: "reached", step: 12345, place: [-0, 3.00001] }), "reached (0, 3) at step 12,345");
  assert.equal(statusOf({ outcome: "reached", step: 3, place: [-1.5, 2e-7] }), "reached (−1.5, 2e−07) at step 3");
  assert.equal(statusOf({ outcome: "moving", step: 5 }), "still moving");
  for (const [value, text] of [[0.0001, "0.0001"], [0.00001, "1e-05"], [12346, "1.235e+04"], [0, "0"], [100, "100"], [-1.5, "-1.5"]]) {
    assert.equal(general(value, 4), text);
  }
});

const LR = { name: "lr", low: 1e-4, high: 10, scale: "log", minimum: 0, maximum: 1e6, open_low: true };
const BETA = { name: "beta1", low: 0, high: 0.999, scale: "linear", minimum: 0, maximum: 1, open_high: true };
const STEPS = { name: "steps", low: 10, high: 2000, scale: "int", minimum: 1, maximum: 5000 };

test("a knob goes by decades on a log scale, by shares of its range on another, and stays within", () => {
  assert.equal(turnedBy(LR, 0.01, 1), 0.1);
  assert.equal(turnedBy(LR, 0.01, 99), 10);
  assert.equal(turnedBy(LR, 100, -1), 10);
  assert.equal(turnedBy(BETA, 0.9, 99), 0.999);
  assert.equal(stepped(BETA, 0.9, -1, false), 0.89);
  assert.equal(stepped(STEPS, 500, 1, false), 501);
  assert.equal(stepped(STEPS, 500, -1, true), 490);
  assert.equal(stepped(LR, 0.01, 1, false), 0.0112);
});

test("what may be typed is what a row allows, and the sentence says it", () => {
  assert.deepEqual([0, 1e-9, 1e6, 1e7, NaN].map((value) => allowed(LR, value)), [false, true, true, false, false]);
  assert.deepEqual([0, 1, 0.5].map((value) => allowed(BETA, value)), [true, false, true]);
  assert.deepEqual([1.5, 5000, 0].map((value) => allowed(STEPS, value)), [false, true, false]);
  assert.equal(rangeWords(LR), "lr must be a number above 0 and at most 1,000,000.");
  assert.equal(rangeWords(STEPS), "steps must be a whole number from 1 to 5,000.");
});
