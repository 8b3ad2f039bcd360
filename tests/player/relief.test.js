import assert from "node:assert/strict";
import { test } from "node:test";
import { finerGrid, gridHeights, gridValue, makeRelief, niceStep } from "../../optim_viz/player/js/numbers/relief.js";
import { curveRange, cutOff } from "../../optim_viz/player/js/numbers/range.js";

const grid = (n, f) => ({ hash: "h", nx: n, ny: n, bounds: [0, 1, 0, 1], values: Float32Array.from({ length: n * n }, (_, k) => f((k % n) / (n - 1), Math.floor(k / n) / (n - 1))) });

test("the finer grid goes through the old points and follows a smooth surface between", () => {
  const f = (x, y) => x * x + 3 * y * y * x;
  const fine = finerGrid(grid(21, f));
  assert.deepEqual([fine.nx, fine.ny], [41, 41]);
  for (const [i, j] of [[0, 0], [10, 20], [11, 20], [12, 13], [21, 33]]) {
    assert.ok(Math.abs(fine.values[j * 41 + i] - f(i / 40, j / 40)) < 1e-4);
  }
});

test("a hole stays a hole", () => {
  const fine = finerGrid(grid(5, (x) => (x > 0.7 ? NaN : x)));
  assert.ok(Number.isNaN(fine.values[8]));
  assert.equal(fine.values[2], 0.25);
  assert.equal(fine.values[3], 0.375);
});

test("bilinear between points, NaN outside", () => {
  const g = grid(3, (x, y) => x + 2 * y);
  assert.ok(Math.abs(gridValue(g, 0.3, 0.9) - 2.1) < 1e-6);
  assert.ok(Math.abs(gridValue(g, 1, 1) - 3) < 1e-6);
  assert.ok(Number.isNaN(gridValue(g, 1.01, 0)));
});

test("a logarithmic relief rises, and its ticks name true values", () => {
  const values = Array.from({ length: 1000 }, (_, i) => -3 + (i / 100) ** 4);
  const relief = makeRelief(values, "log");
  assert.ok(relief.height(-3) === relief.low && relief.height(values[999]) === relief.high);
  for (const { at, text } of relief.ticks) {
    assert.ok(at >= relief.low && at <= relief.high + 1e-9);
    const value = Number(text.replace(/−/g, "-"));
    assert.ok(Math.abs(relief.height(value) - at) < 0.05, `${text} at ${at}`);
  }
});

test("ticks of a logarithmic relief are written in one way", () => {
  const texts = (low, high) => makeRelief(Array.from({ length: 500 }, (_, i) => (i ? 10 ** (low + ((high - low) * i) / 500) : 0)), "log").ticks.map((tick) => tick.text);
  assert.ok(texts(-6, 2).includes("10⁻³") && texts(-6, 2).every((text) => text.startsWith("10")), String(texts(-6, 2)));
  assert.ok(texts(-2, 3).includes("100") && texts(-2, 3).every((text) => /^[01.]+$/.test(text)), String(texts(-2, 3)));
});

test("a surface that rises beyond all bounds keeps its range, its ticks short", () => {
  assert.deepEqual([...gridHeights([1e300, -1e300, 2])].map(Math.sign), [1, -1, 1]);
  assert.ok(gridHeights([1e300]).every(Number.isFinite) && Number.isNaN(gridHeights([NaN])[0]));
  const steep = grid(9, (x, y) => x - y + (x > 0.9 ? 1e30 * (1 + y) : 0)), fine = finerGrid(steep);
  assert.ok(Math.min(...fine.values) >= -1 && Math.max(...fine.values) <= Math.max(...steep.values));
  const texts = (values) => makeRelief(values, "log").ticks.map((tick) => tick.text);
  assert.ok(texts(fine.values).length && texts(fine.values).every((text) => /^10[⁰¹²³⁴⁵⁶⁷⁸⁹]+$/.test(text)), String(texts(fine.values)));
  assert.deepEqual(texts([-7300, ...Array(50).fill(100), 1e6]).slice(-3), ["3000", "90000", "1e6"]);
});

test("linear ticks are round numbers inside the range; a flat or empty surface does no harm", () => {
  assert.deepEqual(makeRelief([0, 80], "linear").ticks.map((tick) => tick.text), ["0", "20", "40", "60", "80"]);
  assert.equal(niceStep(7), 1);
  assert.ok(makeRelief([5, 5], "log").high > makeRelief([5, 5], "log").low);
  assert.deepEqual(makeRelief([NaN], "log").ticks, []);
});

const model = (...losses) => ({ frames: losses[0].length, tracks: losses.map((loss) => ({ columns: { loss: Float32Array.from(loss) } })) });

test("a diverged run does not flatten the others", () => {
  const calm = [10, 5, 1, 0.5];
  const wild = [10, 1e5, 1e20, Infinity];
  const linear = curveRange({ y: "loss" }, model(calm, wild), false);
  assert.ok(linear.y[1] < 30 && linear.y[0] < 0.5);
  const log = curveRange({ y: "loss" }, model(calm, wild), true);
  assert.ok(log.y[1] < 5 && log.y[0] < Math.log10(0.5));
  const named = model(calm, wild);
  named.tracks.forEach((track, i) => { track.label = ["calm", "wild"][i]; });
  for (const [range, isLog] of [[linear, false], [log, true]]) assert.deepEqual(cutOff({ y: "loss" }, named, range, isLog), ["wild"]);
  assert.deepEqual(cutOff({ y: "loss" }, { tracks: named.tracks.slice(0, 1) }, linear, false), [], "what is shown whole");
  const nowhere = { label: "nowhere", columns: { loss: Float32Array.of(Infinity, Infinity) } };
  assert.deepEqual(cutOff({ y: "loss" }, { tracks: [nowhere] }, linear, false), [], "what starts nowhere goes on nowhere");
});

test("a head at the first or the last step has room, however wide the plot", () => {
  for (const width of [140, 420, 1200]) {
    const [low, high] = curveRange({ y: "loss" }, model([3, 2, 1]), false, width).x;
    for (const beside of [0 - low, high - 2]) assert.ok(Math.abs((beside / (high - low)) * width - 10) < 1e-9);
  }
});

test("rising curves, zero losses and missing columns have a range too", () => {
  const rising = curveRange({ y: "loss" }, model([0.1, 0.5, 0.9], [0.1, 0.09, 0.8]), false);
  assert.ok(rising.y[0] < 0.09 && rising.y[1] > 0.9);
  const zero = curveRange({ y: "loss" }, model([1, 0, 0]), true);
  assert.ok(zero.y.every(Number.isFinite) && zero.y[0] < zero.y[1]);
  assert.ok(curveRange({ y: "none" }, model([1, 2]), true).y.every(Number.isFinite));
  assert.ok(curveRange({ y: "loss" }, model([0, 0]), true).y.every(Number.isFinite));
});
