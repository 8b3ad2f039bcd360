import assert from "node:assert/strict";
import { test } from "node:test";
import { curvePoints, frameOf, heightAt, stepAt, tangentWithin, withHeights } from "../../optim_viz/player/js/numbers/profile.js";

const panel = { x: "x", y: "loss", slope: "gx", heights: [4, 1, 0, 1, 4], bounds: [-2, 2, 0, 4] };
const track = { end: 2, columns: { x: Float32Array.of(-2, -1, 0, 9), loss: Float32Array.of(4, 1, 0, 81), gx: Float32Array.of(-4, -2, 0, 18) } };

test("a curve has a height at every x that it covers", () => {
  assert.deepEqual([-2, -1.5, 0, 2].map((x) => heightAt(panel, x)), [4, 2.5, 0, 4]);
  assert.deepEqual([-2.1, 2.1, NaN, Infinity].map((x) => heightAt(panel, x)), [null, null, null, null]);
});

test("a run stands at its row, walks along the curve, and takes no step from its end", () => {
  assert.deepEqual(stepAt(track, panel, 0), { row: 0, x: -2, f: 4, from: { x: -2, f: 4, slope: -4 }, to: { x: -1, f: 1 } });
  const half = /** @type {any} */ (stepAt(track, panel, 0.5));
  assert.deepEqual([half.row, half.x, half.f], [0, -1.5, 2.5]);
  assert.deepEqual(stepAt(track, panel, 9), { row: 2, x: 0, f: 0, from: { x: 0, f: 0, slope: 0 }, to: null });
  assert.equal(stepAt({ ...track, end: -1 }, panel, 0), null);
  assert.equal(/** @type {any} */ (stepAt(panelled(9, 81), panel, 0)).f, 81);  // beside the picture, where it is all the same
  assert.equal(stepAt(panelled(9, Infinity), panel, 0), null);
});

/** A run of one row. @param {number} x @param {number} f */
function panelled(x, f) {
  return { end: 0, columns: { x: Float32Array.of(x), loss: Float32Array.of(f), gx: Float32Array.of(0) } };
}

test("the wells are seen, and the start, not all of the sides; a curve that has no height there has a gap", () => {
  const x = Array.from({ length: 401 }, (_, i) => -3 + (6 * i) / 400);
  const well = x.map((at) => at ** 4 - 3 * at ** 2 + at);
  assert.deepEqual(frameOf(well, 3).map((end) => Number(end.toFixed(1))), [-5, 23.6]);  // as Python has it
  assert.ok(frameOf(well, 50)[1] > 50);
  assert.deepEqual(frameOf(x.map((at) => at ** 2), 0).map((end) => Number(end.toFixed(2))), [-0.54, 9.54]);
  assert.deepEqual([frameOf([null, NaN], 0), frameOf([7, 7], 7)], [[0, 1], [6.58, 7.42]]);
  const gap = withHeights(panel, [null, 1, 0, 1, 4], -1);
  assert.ok(heightAt(gap, -1.5) === null && Number.isNaN(curvePoints(gap)[0][1]) && curvePoints(gap)[4][1] === 4);
});

test("a tangent touches at its point, is equally long where it is steep, and stays in the picture", () => {
  const flat = tangentWithin({ x: 0, f: 2, slope: 0 }, panel.bounds);
  assert.deepEqual(flat, [[-0.64, 2], [0.64, 2]]);
  const [[x0, f0], [x1, f1]] = tangentWithin({ x: 0, f: 2, slope: 3 }, panel.bounds);
  assert.ok(Math.abs(Math.hypot(x1 - x0, f1 - f0) - 1.28) < 1e-9 && Math.abs((f1 - f0) / (x1 - x0) - 3) < 1e-9);
  assert.deepEqual(tangentWithin({ x: 0, f: 0, slope: 0 }, panel.bounds), [[-0.64, 0], [0.64, 0]]);
  assert.deepEqual(tangentWithin({ x: -2, f: 4, slope: -4 }, panel.bounds)[0], [-2, 4]);
});
