import assert from "node:assert/strict";
import { test } from "node:test";
import { clipSegment, headAt, makePath, nearestPoint, pointBefore, tracePath } from "../../optim_viz/player/js/numbers/paths.js";

const BOX = [-10, -10, 110, 110];
const path = (points, options) => makePath(Float64Array.from(points, (p) => p[0]), Float64Array.from(points, (p) => p[1]), points.length - 1, options);

/** A context that writes down what is drawn. */
function recorder() {
  const calls = [];
  return { calls, moveTo: (x, y) => calls.push(["M", x, y]), lineTo: (x, y) => calls.push(["L", x, y]) };
}
function trace(...args) {
  const context = recorder();
  tracePath(context, ...args);
  return context.calls;
}

test("length along the path skips gaps and is bounded", () => {
  assert.deepEqual([...path([[0, 0], [3, 4], [NaN, NaN], [3, 10]]).along], [0, 5, 5, 11]);
  assert.equal(path([[0, 0], [1e30, 0]]).along[1], 4000);
});

test("the head lies between two rows, and rests at the end", () => {
  const line = path([[0, 0], [10, 20]]);
  assert.deepEqual(headAt(line, 0.5), { x: 5, y: 10, row: 0 });
  assert.deepEqual(headAt(line, 7), { x: 10, y: 20, row: 1 });
  assert.equal(headAt(path([[NaN, 0]]), 0), null);
  assert.equal(pointBefore(path([[1, 1], [NaN, NaN], [NaN, NaN]]), 2), 0);
});

test("drawing in two parts joins up", () => {
  const line = path([[0, 0], [10, 0], [20, 0], [30, 0]]);
  assert.deepEqual(trace(line, 0, 3, BOX), [["M", 0, 0], ["L", 10, 0], ["L", 20, 0], ["L", 30, 0]]);
  assert.deepEqual(trace(line, 2, 3, BOX), [["M", 20, 0], ["L", 30, 0]]);
});

test("curves go on over gaps, broken paths do not", () => {
  const points = [[0, 0], [NaN, NaN], [20, 0], [30, 0]];
  assert.deepEqual(trace(path(points), 0, 3, BOX), [["M", 0, 0], ["L", 20, 0], ["L", 30, 0]]);
  assert.deepEqual(trace(path(points, { joined: false }), 0, 3, BOX), [["M", 20, 0], ["L", 30, 0]]);
  assert.deepEqual(trace(path(points), 2, 3, BOX), [["M", 20, 0], ["L", 30, 0]]);
});

test("far-off parts are cut to the box, tiny steps are skipped", () => {
  assert.deepEqual(trace(path([[0, 0], [1e12, 0], [50, 50]]), 0, 1, BOX), [["M", 0, 0], ["L", 110, 0]]);
  const slow = path([[0, 0], [1, 0], [1.1, 0], [1.2, 0], [5, 0]]);
  assert.deepEqual(trace(slow, 0, 4, BOX), [["M", 0, 0], ["L", 1, 0], ["L", 5, 0]]);
});

test("hidden and seen parts are drawn apart, together they are the whole", () => {
  const line = path([[0, 0], [10, 0], [20, 0], [30, 0]], { hidden: Uint8Array.of(0, 1, 1, 0) });
  assert.deepEqual(trace(line, 0, 3, BOX, 1), [["M", 0, 0], ["L", 10, 0], ["L", 20, 0]]);
  assert.deepEqual(trace(line, 0, 3, BOX, 0), [["M", 20, 0], ["L", 30, 0]]);
});

test("segments outside the box vanish", () => {
  assert.equal(clipSegment(-50, -50, -20, -20, BOX), null);
  assert.equal(clipSegment(-50, 200, 500, 200, BOX), null);
  assert.deepEqual(clipSegment(0, 50, 220, 50, BOX), [0, 50, 110, 50]);
  assert.deepEqual(clipSegment(5, 5, 5, 5, BOX), [5, 5, 5, 5]);
});

test("the nearest point, within reach", () => {
  const paths = new Map([["a", path([[0, 0], [10, 0]])], ["b", path([[0, 8], [10, 8]])]]);
  assert.deepEqual(nearestPoint(paths, 9, 6, 14), { id: "b", row: 1, distance: Math.hypot(1, 2) });
  assert.equal(nearestPoint(paths, 60, 60, 14), null);
});
