import assert from "node:assert/strict";
import { test } from "node:test";
import { arrowLength, arrowVector } from "../../optim_viz/player/js/numbers/arrows.js";
import { exactly, lastTold, stepOf, withDigits } from "../../optim_viz/player/js/numbers/digits.js";
import { formatNumber } from "../../optim_viz/player/js/basics/format.js";
import { frameLabel } from "../../optim_viz/player/js/words/controls.js";
import { hoverLines } from "../../optim_viz/player/js/words/hover.js";
import { inspectorRows } from "../../optim_viz/player/js/words/inspector.js";
import { curveRange, faintColumns, rangeWhileHeld } from "../../optim_viz/player/js/numbers/range.js";
import { readoutFields, statusAt, valueAt } from "../../optim_viz/player/js/words/readout.js";
import { fillTemplate, settingsOn, templateValue } from "../../optim_viz/player/js/numbers/template.js";

const column = (...values) => Float32Array.from(values);
const track = {
  id: "1", label: "momentum", end: 2, status: "done", statusFrom: 2,
  columns: { x: column(0, 3, 3), y: column(0, 4, 5), loss: column(9, 4, 1), gx: column(3, 1, 0.5), gy: column(4, 0, 0), lr: column(0.1, 0.1, 0.05), "v.x": column(0, 3, -2), "v.y": column(0, 4, 0) },
  inspector: { hyperparameters: { momentum: 0.9 }, rows: [{ label: "g", columns: ["gx", "gy"] }], arrows: { momentum: ["v.x", "v.y"] } },
};
const plane = { id: "plane", kind: "plane", x: "x", y: "y" };
const model = { frames: 3, frameTitle: "step", frameValues: null, tracks: [track], panels: [plane, { id: "loss", kind: "curve", title: "Loss", y: "loss" }] };

test("what was sent has the digits of what was computed, wherever it is the same number", () => {
  const sent = { x: column(3, 3, 0, Infinity, NaN, 5), other: column(1) };
  const found = { x: Float64Array.of(3 - 1e-9, 3.1, 1e-60, 1e200, NaN, 5 * (1 + 2e-7)) };
  const { x, other } = withDigits(sent, found);
  assert.deepEqual([...x].slice(0, 4), [3 - 1e-9, 3, 1e-60, 1e200]);
  assert.ok(Number.isNaN(x[4]) && x[5] === 5, "another number in the last digit but one is another run");
  assert.equal(other, sent.other);
});

test("steps that float32 cannot tell are told, computed here or brought along", () => {
  const still = { ...track, end: 1, columns: { ...track.columns, x: column(3, 3), y: column(2, 2), gx: column(1e-8, 1e-9), gy: column(1e-8, 1e-9) } };
  const known = { ...still, digits: withDigits(still.columns, { x: Float64Array.of(3 + 1e-9, 3), y: Float64Array.of(2, 2) }) };
  const brought = { ...still, columns: { ...still.columns, dx: column(-1e-9, NaN), dy: column(0, NaN) } };
  const length = readoutFields(model)[2].value;
  assert.equal(length(still, 1), 0);
  for (const one of [known, brought]) {
    assert.ok(Math.abs(length(one, 1) / 1e-9 - 1) < 1e-6 && Math.abs(stepOf(one, "x", 0) / -1e-9 - 1) < 1e-6);
    assert.ok(Math.abs(inspectorRows(one, plane)[3].values[0](one, 0) / 0.1 - 1) < 1e-6, "the effective rate");
    assert.ok(arrowVector(one, plane, "step", 0)[0] < 0);
  }
});

test("templates take columns, rows before and after, and hyperparameters", () => {
  assert.equal(fillTemplate(track, "v ← {momentum}·{v.x@-1} + {gx@-1} = {v.x}", 1), "v ← 0.9·0 + 3 = 3");
  assert.equal(fillTemplate(track, "0.1·{v.x} = {v.x}", 2), "0.1·(−2) = −2");
  assert.equal(fillTemplate(track, "{v.x@-1} {nothing} {x@+1}", 0), "– – 3");
  assert.ok(Number.isNaN(templateValue(track, "x@+1", 2)));
});

test("what a template says in brackets depends on a number or a switch, now", () => {
  const line = "[momentum?x:  v ← [row?{momentum}·{v.x} + [dampening?(1 − {dampening})·]]{gx}[!nesterov?, plain]]";
  const at = (/** @type {any} */ hyperparameters, /** @type {number} */ row) => fillTemplate({ ...track, inspector: { hyperparameters } }, line, row);
  assert.equal(at({ momentum: 0.9, dampening: 0, nesterov: true }, 1), "x:  v ← 0.9·3 + 1");
  assert.equal(at({ momentum: 0.9, dampening: 0.5, nesterov: false }, 1), "x:  v ← 0.9·3 + (1 − 0.5)·1, plain");
  assert.equal(at({ momentum: 0.9, dampening: 0.5, nesterov: true }, 0), "x:  v ← 3", "torch begins with the gradient itself");
  assert.equal(at({ momentum: 0, dampening: 0.5 }, 1), "");
});

test("what is on is named with its number", () => {
  const on = (/** @type {any} */ hyperparameters) => settingsOn({ ...track, inspector: { hyperparameters } }, ["weight_decay", "amsgrad", "maximize"], 0);
  assert.equal(on({ weight_decay: 0.5, amsgrad: true, maximize: false }), "weight_decay 0.5, amsgrad");
  assert.equal(on({ weight_decay: 0, amsgrad: false }), "");
});

test("where x and y have rates of their own, the inspector shows and computes with these", () => {
  const inspector = { rows: [{ label: "learning rate", columns: ["lr"] }] };
  const apart = { ...track, inspector, columns: { ...track.columns, "lr.x": column(0.5, 0.5, 0.25), "lr.y": column(2, 2, 1) } };
  const rates = (/** @type {any} */ one) => inspectorRows(one, plane)[1].values.map((value) => value(one, 2));
  assert.deepEqual(rates(apart), [0.25, 1]);
  assert.deepEqual(rates({ ...track, inspector }), [Math.fround(0.05)]);
  assert.equal(fillTemplate(apart, "{lr.x} {lr.y}", 2), "0.25 1");
  assert.equal(fillTemplate(track, "{lr.x} {lr.y}", 2), "0.05 0.05");
});

test("the table's columns follow from the scene", () => {
  const fields = readoutFields(model);
  assert.deepEqual(fields.map((field) => field.title), ["loss", "|g|", "step |Δ|", "lr"]);
  assert.deepEqual(fields.map((field) => field.value(track, 1)), [4, 1, 5, Math.fround(0.1)]);
  assert.ok(Number.isNaN(fields[2].value(track, 0)));
});

test("on a plane of weights a step's shadow is not called the step; where surfaces are side by side it is one", () => {
  const moved = (/** @type {any} */ more) => {
    const columns = { ...track.columns, x1: track.columns.x, y1: track.columns.y, dx1: column(3, 0, NaN), dy1: column(4, 1, NaN) };
    return readoutFields({ ...model, tracks: [{ ...track, columns }], panels: [{ ...plane, x: "x1", y: "y1", ...more }] }).map(({ title }) => title);
  };
  const [shadow, whole] = [moved({ shadow: true }), moved({})];
  assert.deepEqual([shadow.includes("|Δ| on the plane"), shadow.includes("step |Δ|")], [true, false]);
  assert.deepEqual([whole.includes("|Δ| on the plane"), whole.includes("step |Δ|")], [false, true]);
});

test("where snapshots lie further apart, no step on their plane is told", () => {
  const between = { ...model, panels: [{ ...plane, shadow: true }] };
  assert.ok(readoutFields(between).every(({ title }) => !title.includes("|Δ|")));
});

test("what is measured now and then is told as it was last, whatever line is drawn between", () => {
  const curve = { id: "accuracy", kind: "curve", title: "Accuracy", y: "loss", told: "seen", as_of: "as it was last measured" };
  const run = { ...track, columns: { ...track.columns, seen: column(9, 9, 1) } };
  const [field] = readoutFields({ ...model, tracks: [run], panels: [curve] });
  assert.deepEqual([field.value(run, 1), field.hint], [9, "Accuracy, as it was last measured"]);
  assert.equal(hoverLines({ ...model, tracks: [run], panels: [curve] }, { id: "1", row: 1 }).at(-1), "accuracy 9");
});

test("a run that outgrows float32 goes on in words, and is not over before it is", () => {
  const sent = { x: column(1e30, Infinity, Infinity), y: column(0, 0, 0) }, found = { x: Float64Array.of(1e30, 1e50, Infinity), y: Float64Array.of(0, 0, 0) };
  const run = { ...track, end: 0, toldEnd: 1, statusFrom: 2, columns: sent, digits: withDigits(sent, found) };
  assert.equal(lastTold(run), 1);
  assert.equal(exactly(run).x[lastTold(run)], 1e50);
  assert.deepEqual([0, 1, 2].map((frame) => statusAt(run, frame, 3)), ["moving", "moving", "done"]);
  assert.match(hoverLines({ ...model, tracks: [run], panels: [plane] }, { id: "1", row: 1 })[2], /1e50/);
});

test("a panel may name another column for the table than the one that it draws", () => {
  const cost = { id: "cost", kind: "curve", title: "Loss by gradient evaluations", short: "gradients", y: "loss", readout: "x" };
  const field = readoutFields({ ...model, panels: [...model.panels, cost] })[1];
  assert.deepEqual([field.title, field.value(track, 1)], ["gradients", 3]);
});

test("a panel says how many digits of its numbers there are", () => {
  const curve = { id: "loss", kind: "curve", title: "Accuracy", y: "loss", digits: 4 };
  const field = readoutFields({ ...model, panels: [curve] })[0];
  assert.equal(formatNumber(field.value({ ...track, columns: { loss: column(89.95) } }, 0), field.digits), "89.95");
  assert.equal(readoutFields(model)[0].digits, undefined);
});

test("gaps show the last number before them", () => {
  assert.equal(valueAt(column(1, NaN, NaN, 4), 2), 1);
  assert.ok(Number.isNaN(valueAt(column(NaN), 0)));
  assert.ok(Number.isNaN(valueAt(undefined, 0)));
});

test("the status comes at the end, or once it is true", () => {
  assert.equal(statusAt({ ...track, end: 10, statusFrom: 10 }, 5, 10), "moving");
  assert.equal(statusAt({ ...track, end: 10, statusFrom: 10 }, 10, 10), "done");
  assert.equal(statusAt({ ...track, end: 3, statusFrom: 3 }, 4, 10), "done");
});

test("hover names run, step, point and loss", () => {
  assert.deepEqual(hoverLines(model, { id: "1", row: 1 }), ["momentum", "step 1", "at (3, 4)", "momentum (−3, −4)", "next step (0, 1)", "loss 4"]);
  assert.deepEqual(hoverLines({ ...model, frameValues: [0, 100, 200] }, { id: "1", row: 2 })[1], "step 200");
  assert.deepEqual(hoverLines(model, { id: "gone", row: 1 }), []);
});

test("the inspector adds the point, the step and the effective rate", () => {
  const rows = inspectorRows(track, plane);
  assert.deepEqual(rows.map((row) => row.label), ["point θ", "g", "step Δθ from here", "effective rate −Δθ / g"]);
  assert.deepEqual(rows[2].values.map((value) => value(track, 0)), [3, 4]);
  assert.deepEqual(rows[3].values.map((value) => value(track, 0)), [-1, -1]);
  assert.ok(rows[2].values.every((value) => Number.isNaN(value(track, 2))));
});

test("arrows point downhill, and the step where it goes", () => {
  assert.deepEqual(arrowVector(track, plane, "step", 0), [3, 4]);
  assert.equal(arrowVector(track, plane, "step", 2), null);
  assert.deepEqual(arrowVector(track, plane, "momentum", 1), [-3, -4]);
  assert.equal(arrowVector(track, plane, "momentum", 0), null);
  assert.equal(arrowVector(track, plane, "gradient", 0), null);
  assert.ok(arrowLength(1, 1) > arrowLength(0.01, 1) && arrowLength(1e-30, 1) >= 20 && arrowLength(0, 1) === 0);
});

test("the frame's name", () => {
  assert.equal(frameLabel(model, 1), "step 1 / 2");
  assert.equal(frameLabel({ ...model, frameValues: [0, 250, 500] }, 1), "step 250 / 500");
  assert.equal(frameLabel({ ...model, frameValues: [1, 2, 3], frameTotal: "of 20,000" }, 2), "step 3 of 20,000");
});

test("a rising panel shows its highest value, another cuts a diverged run off", () => {
  const column = Float32Array.of(10, 40, 90, 96);
  const calm = Float32Array.of(10, 11, 12, 12);
  const model = { frames: 4, tracks: [{ columns: { y: column } }, { columns: { y: calm } }] };
  assert.ok(curveRange({ y: "y", rising: true }, model, false).y[1] >= 96);
  assert.ok(curveRange({ y: "y" }, model, false).y[1] < 96);
});

test("axes stay while curves fit into them and use most of them", () => {
  const shown = { x: [0, 10], y: [-4, 0] };
  const after = (y, x = [0, 10]) => rangeWhileHeld(shown, { x, y });
  assert.equal(after([-4, 0]), shown);
  assert.equal(after([-3.5, -0.5]), shown);
  assert.deepEqual(after([-4.5, -0.5]).y, [-4.5, 0], "nothing is cut off, and nothing goes to and fro");
  assert.deepEqual(after([-4, 0.5]).y, [-4, 0.5]);
  assert.deepEqual(after([-1.5, 0]).y, [-1.5, 0], "nor is it drawn small");
  assert.deepEqual(after([-1, 1]).y, [-1, 1], "on both together neither");
  assert.deepEqual(after([-4, 0], [0, 20]).x, [0, 20], "other steps are another axis");
});

test("lines of its own, or what a curve is a mean of, are on a panel's axis as well", () => {
  const [one, two, three] = [column(3, 2, 1), column(9, 9, 9), column(0, 0, 0)];
  const tracks = [{ ...track, columns: { a: one, b: two, c: three } }];
  assert.deepEqual(faintColumns({ y: "a" }), []);
  assert.deepEqual(faintColumns({ y: "a", raw: "b" }), ["b"]);
  assert.deepEqual(faintColumns({ y: "a", lines: ["b", "c"] }), ["b", "c"]);
  const range = (panel) => curveRange(panel, { ...model, tracks }, false).y;
  assert.ok(range({ y: "a", lines: ["c"] })[0] < 0.1 && range({ y: "a" })[0] > 0.1);
});
