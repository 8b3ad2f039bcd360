import assert from "node:assert/strict";
import { test } from "node:test";
import { boundaryOf, chancesWithin, curveOf, lineWithin, pointOf, spotOf, weightsAt } from "../../optim_viz/player/js/numbers/fit.js";
import { hoverLines } from "../../optim_viz/player/js/words/hover.js";
import { formulaText } from "../../optim_viz/player/js/site/formula.js";

const BOX = [-1, 3, -2, 2];
const panel = { x: "x", y: "y", curve: "line", bounds: BOX };
const track = { end: 2, columns: { x: Float32Array.of(1, 2, 4, NaN), y: Float32Array.of(0, 0.5, 0.5, NaN) } };

test("a line is cut to the picture", () => {
  assert.deepEqual(lineWithin(0.5, 0.5, BOX), [[-1, 0], [3, 2]]);
  assert.deepEqual(lineWithin(1, 1, BOX), [[-1, 0], [1, 2]]);
  assert.deepEqual(lineWithin(0, 0, BOX), [[-1, 0], [3, 0]]);
  assert.deepEqual(lineWithin(5, 0, BOX), []);
  for (const [u, v] of lineWithin(-1.7e38, 3e38, BOX)) assert.ok(u >= -1 && u <= 3 && v >= -2 && v <= 2);
});

test("a logistic curve goes from class to class through a half at the boundary", () => {
  const curve = chancesWithin(-1, 2, BOX);
  assert.deepEqual([curve[0][0], curve.at(-1)[0]], [-1, 3]);
  for (const [u, v] of curve) assert.ok(Math.abs(v - 1 / (1 + Math.exp(1 - 2 * u))) < 1e-12);
  assert.equal(boundaryOf([-1, 2], BOX), 0.5);
  assert.deepEqual([[9, 1], [1, 0], [0, 0]].map((weights) => boundaryOf(weights, BOX)), [null, null, null]);
  assert.ok(chancesWithin(-1e38, 1e38, BOX).every(([, v]) => v >= 0 && v <= 1));
});

test("the weights are those at the playhead, between two steps on the way, and stay at the end of a run", () => {
  assert.deepEqual([0, 0.5, 1, 2, 9].map((at) => weightsAt(track, panel, at)), [[1, 0], [1.5, 0.25], [2, 0.5], [4, 0.5], [4, 0.5]]);
  assert.equal(weightsAt({ ...track, end: -1 }, panel, 0), null);
});

test("a marker goes along its curve, a class stands at its own chance", () => {
  assert.deepEqual(pointOf([[0, 0], [2, 1]], 0.25), [0.5, 0.25]);
  assert.deepEqual(pointOf([[0, 0], [2, 1], [4, 0]], 1), [4, 0]);
  assert.deepEqual(spotOf({ curve: "chance" }, [3, -1]), [3, 0]);
  assert.deepEqual(spotOf({ curve: "line" }, [3, -1]), [3, -1]);
  assert.equal(curveOf({ ...panel, curve: "chance" }, [0, 0])[7][1], 0.5);
});

test("weights of a model are called by their names", () => {
  const plane = { id: "plane", kind: "plane", x: "x", y: "y", x_title: "b", y_title: "w", named: true };
  const model = { frames: 3, frameTitle: "step", frameValues: null, tracks: [{ ...track, id: "1", label: "sgd" }], panels: [plane] };
  assert.deepEqual(hoverLines(model, { id: "1", row: 1 }), ["sgd", "step 1", "at b = 2, w = 0.5", "next step (2, 0)"]);
  assert.equal(formulaText("exp(x) + (x + y*u)^2", ["b", "w"]), "f(b, w) = exp(b) + (b + w·u)²");
  assert.equal(formulaText("x^2", ["x", "y"]), "f(x, y) = x²");
});
