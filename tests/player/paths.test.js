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
  const line = path([[0, 0], [10, 5], [20, 0], [30, 5]]);
  assert.deepEqual(trace(line, 0, 3, BOX), [["M", 0, 0], ["L", 10, 5], ["L", 20, 0], ["L", 30, 5]]);
  assert.deepEqual(trace(line, 2, 3, BOX), [["M", 20, 0], ["L", 30, 5]]);
});

test("curves go on over gaps, broken paths do not", () => {
  const points = [[0, 0], [NaN, NaN], [20, 0], [30, 5]];
  assert.deepEqual(trace(path(points), 0, 3, BOX), [["M", 0, 0], ["L", 20, 0], ["L", 30, 5]]);
  assert.deepEqual(trace(path(points, { joined: false }), 0, 3, BOX), [["M", 20, 0], ["L", 30, 5]]);
  assert.deepEqual(trace(path(points), 2, 3, BOX), [["M", 20, 0], ["L", 30, 5]]);
});

test("far-off parts are cut to the box, tiny steps are skipped", () => {
  assert.deepEqual(trace(path([[0, 0], [1e12, 0], [50, 50]]), 0, 1, BOX), [["M", 0, 0], ["L", 110, 0]]);
  const slow = path([[0, 0], [1, 0], [1.1, 0], [1.2, 0], [5, 3]]);
  assert.deepEqual(trace(slow, 0, 4, BOX), [["M", 0, 0], ["L", 1, 0], ["L", 5, 3]]);
});

test("one line stands for many that go the same way, but for none that turns back", () => {
  const straight = Array.from({ length: 50 }, (_, i) => [2 * i, i + 0.1 * (i % 2)]);
  assert.deepEqual(trace(path(straight), 0, 49, BOX), [["M", 0, 0], ["L", 98, 49.1]]);
  assert.deepEqual(trace(path([[0, 0], [40, 0], [20, 0], [60, 0]]), 0, 3, BOX).map(([, x]) => x), [0, 40, 20, 60]);
});

/** How far a point lies from the nearest of the lines. */
function away([x, y], calls) {
  return Math.min(...calls.slice(1).map(([, x1, y1], i) => {
    const [, x0, y0] = calls[i], [dx, dy] = [x1 - x0, y1 - y0], t = ((x - x0) * dx + (y - y0) * dy) / (dx * dx + dy * dy || 1);
    const part = Math.min(1, Math.max(0, t));
    return Math.hypot(x - x0 - part * dx, y - y0 - part * dy);
  }));
}

test("no point lies further than a pixel from what is drawn, on smooth paths with an eighth of the lines", () => {
  let seed = 1;
  const random = () => (seed = (seed * 48271) % 2147483647) / 2147483647 - 0.5;
  for (let round = 0; round < 40; round++) {
    const [wild, points] = [10 ** (1 - (round % 4)), [[50, 50]]];
    for (let i = 1; i < 300; i++) {
      const angle = i / 60 + wild * random(), step = 3 * Math.abs(random());
      points.push([points[i - 1][0] + step * Math.cos(angle), points[i - 1][1] + step * Math.sin(angle)]);
    }
    const calls = trace(path(points), 0, 299, [-1e4, -1e4, 1e4, 1e4]);
    assert.ok(Math.max(...points.map((point) => away(point, calls))) < 1.2);
    assert.deepEqual(calls[calls.length - 1].slice(1), points[299]);
    if (wild <= 0.01) assert.ok(calls.length < 40, String(calls.length));
  }
});

test("hidden and seen parts are drawn apart, together they are the whole", () => {
  const line = path([[0, 0], [10, 5], [20, 0], [30, 5]], { hidden: Uint8Array.of(0, 1, 1, 0) });
  assert.deepEqual(trace(line, 0, 3, BOX, 1), [["M", 0, 0], ["L", 10, 5], ["L", 20, 0]]);
  assert.deepEqual(trace(line, 0, 3, BOX, 0), [["M", 20, 0], ["L", 30, 5]]);
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
