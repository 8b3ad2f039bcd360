import assert from "node:assert/strict";
import { test } from "node:test";
import { fitted, pinched, placesOf, ratePanels } from "../../optim_viz/player/js/numbers/schedules.js";
import { onceAsked, ownKnobs, planName, scaleWords } from "../../optim_viz/player/js/words/turning.js";

const knob = (name, low, high, more = {}) => ({ name, low, high, scale: "linear", ...more });
const KNOBS = {
  rule: [knob("lr", 1e-6, 10, { scale: "log", minimum: 0, maximum: 1e6, open_low: true })],
  schedule: [
    ...["step_size", "milestone1", "milestone2", "milestone3", "step_size_up", "T_0", "T_max", "total_iters", "warmup"].map((name) => knob(name, 1, 1000, { scale: "int", minimum: 0, maximum: 100000 })),
    knob("div_factor", 1, 100, { scale: "log", maximum: 1e6 }), knob("gamma", 0.9, 1, { minimum: 0, maximum: 10, open_low: true }),
    knob("eta_min", 0, 0.1, { maximum: 1 }), ...["start_factor", "end_factor", "pct_start"].map((name) => knob(name, 0, 1)),
  ],
};
const VALUES = {
  step: { step_size: 100, gamma: 0.5 }, multistep: { milestone1: 50, milestone2: 120, milestone3: 0, gamma: 0.5 }, exponential: { gamma: 0.99 },
  cosine: { T_max: 0, eta_min: 0.01 }, linear: { start_factor: 0.5, end_factor: 1, total_iters: 40 }, warmup_cosine: { warmup: 50, start_factor: 0.1, eta_min: 0 },
  cosine_restarts: { T_0: 60, T_mult: 2, eta_min: 0 }, polynomial: { total_iters: 0, power: 2 },
  cyclic: { div_factor: 4, step_size_up: 40, step_size_down: 0, gamma: 1 },
  onecycle: { pct_start: 0.25, div_factor: 25 }, plateau: { factor: 0.1 }, constant: {},
};
const runOf = (kind) => ({ id: kind, schedule: `schedule ${kind} `, values: { lr: 0.2 }, schedule_values: VALUES[kind] });
const STEPS = 400;

test("places lie on the curves", () => {
  const of = (kind) => placesOf(runOf(kind), STEPS).map(({ step, rate }) => [step, Number(rate.toPrecision(6))]);
  assert.deepEqual(of("step"), [[0, 0.2], [100, 0.1]]);
  assert.deepEqual(of("multistep"), [[0, 0.2], [50, 0.1], [120, 0.05]]);
  const many = { milestone1: 50, milestone2: 120, milestone3: 0, milestone4: 200, milestone12: 300, gamma: 0.5 };
  assert.deepEqual(placesOf({ ...runOf("multistep"), schedule_values: many }, STEPS).map(({ step, rate }) => [step, rate]), [[0, 0.2], [50, 0.1], [120, 0.05], [200, 0.025], [300, 0.0125]]);
  assert.deepEqual(of("cosine"), [[0, 0.2], [400, 0.01]]);
  assert.deepEqual(of("linear"), [[0, 0.1], [40, 0.2]]);
  assert.deepEqual(of("warmup_cosine"), [[0, 0.02], [50, 0.2], [400, 0]]);
  assert.deepEqual([of("cosine_restarts"), of("polynomial")], [[[0, 0.2], [60, 0.2]], [[0, 0.2], [400, 0]]]);
  assert.deepEqual(of("cyclic"), [[0, 0.05], [40, 0.2]]);
  const shrinking = { ...runOf("cyclic"), schedule_values: { ...VALUES.cyclic, gamma: 0.99 } };
  assert.ok(Math.abs(placesOf(shrinking, STEPS)[1].rate - (0.05 + 0.15 * 0.99 ** 40)) < 1e-15);
  assert.equal(placesOf({ ...shrinking, schedule: "schedule cyclic triangular2" }, STEPS)[1].rate, 0.2);
  assert.deepEqual(of("onecycle"), [[0, 0.008], [99, 0.2]]);
  assert.deepEqual([of("plateau"), of("constant")], [[], []]);
});

test("a place that is dragged comes to lie where it was dragged to, as far as the numbers go", () => {
  for (const kind of Object.keys(VALUES)) {
    const run = runOf(kind);
    for (const { number, step, rate } of placesOf(run, STEPS)) {
      const to = { step: step + 7, rate: (rate || 0.01) * 0.8 };
      const next = { ...run, ...pinched(run, STEPS, number, to, KNOBS) };
      const place = placesOf(next, STEPS).find((one) => one.number === number);
      if (place.rate) assert.ok(Math.abs(place.rate - to.rate) <= 0.01 * to.rate, `${kind} ${number}: ${place.rate} beside ${to.rate}`);
      if (place.step !== step) assert.ok(Math.abs(place.step - to.step) <= 1, `${kind} ${number}: ${place.step} beside ${to.step}`);
    }
  }
});

test("what no number may be stays, and the rest goes as far as it may", () => {
  assert.deepEqual([fitted(KNOBS.rule[0], -1), fitted(KNOBS.rule[0], NaN), fitted(KNOBS.schedule[0], -7.4), fitted(KNOBS.schedule[0], 12.6)], [null, null, 0, 13]);
  const { values, schedule_values } = pinched(runOf("step"), STEPS, 0, { step: 0, rate: -3 }, KNOBS);
  assert.deepEqual([values, schedule_values], [{ lr: 0.2 }, VALUES.step]);
  assert.deepEqual(pinched(runOf("cosine"), STEPS, 1, { step: -50, rate: -1 }, KNOBS).schedule_values, { T_max: 1, eta_min: 0 });
});

test("a number that comes after another is hidden while both are 0", () => {
  const made = { element: { hidden: false }, draw() {} }, values = { milestone3: 0, milestone4: 0 };
  const knob = onceAsked(made, { name: "milestone4", after: "milestone3" }, () => values);
  const hidden = (now) => { Object.assign(values, now); knob.draw(); return made.element.hidden; };
  assert.deepEqual([hidden({}), hidden({ milestone3: 5 }), hidden({ milestone3: 0, milestone4: 7 }), hidden({ milestone4: 0 })], [true, false, false, true]);
  assert.equal(onceAsked(made, { name: "gamma", after: "" }, () => values), made);
});

test("there is a panel of rates where a run that computes has a schedule", () => {
  const tracks = [{ label: "sgd", columns: { lr: [0, 1] } }];
  assert.deepEqual(ratePanels({ live: { runs: [runOf("step")] }, tracks }).map(({ y, closed }) => [y, closed]), [["lr", true]]);
  assert.deepEqual([ratePanels({ live: { runs: [runOf("constant"), { program: null }] }, tracks }), ratePanels({ live: null, tracks }), ratePanels({ live: { runs: [runOf("step")] }, tracks: [{ columns: {} }] })], [[], [], []]);
});

test("what a schedule cycles is no knob of its rule", () => {
  const rule = { knobs: [knob("lr", 0, 1), knob("beta1", 0, 1), knob("beta2", 0, 1)], step: { inputs: ["lr", "beta1", "beta2"] } };
  const names = (schedule) => ownKnobs(rule, { knobs: [], ...schedule }).map((one) => one.knob.name);
  assert.deepEqual([names({ momentum: {} }), names({ momentum: null })], [["lr", "beta2"], ["lr", "beta1", "beta2"]]);
});

test("every schedule but a rate that stays is named beside its run, and rates of their own", () => {
  assert.deepEqual(["schedule constant", "schedule lambda lr_lambda=t", "schedule cyclic cycle_momentum"].map(planName), ["", "lambda", "cyclic"]);
  assert.deepEqual([undefined, [1, 1], [2, 1], [0.5, 3]].map(scaleWords), ["", "", "x: lr × 2", "x: lr × 0.5, y: lr × 3"]);
});
