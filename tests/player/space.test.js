import assert from "node:assert/strict";
import { test } from "node:test";
import { cameraEye, cameraMatrix, hiddenByTerrain, multiplyMatrices, projectPoint, terrainHeight } from "../../optim_viz/player/js/numbers/project.js";

const ONE = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1];
/** Looks down -z from (2, 3, 5). */
const VIEW = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, 1, 0, -2, -3, -5, 1];
const PERSPECTIVE = [1, 0, 0, 0, 0, 1, 0, 0, 0, 0, -1, -1, 0, 0, -0.2, 0];

test("matrices multiply in WebGL's order", () => {
  assert.deepEqual([...multiplyMatrices(ONE, VIEW)], VIEW);
  assert.deepEqual([...multiplyMatrices(VIEW, ONE)], VIEW);
});

test("the eye is where the view was put, also under a scaled model", () => {
  assert.deepEqual(cameraEye({ view: VIEW, model: ONE }), [2, 3, 5]);
  const half = [0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 0.5, 0, 0, 0, 0, 1];
  assert.deepEqual(cameraEye({ view: VIEW, model: half }), [4, 6, 10]);
});

test("a point straight ahead is in the middle; one behind is nowhere", () => {
  const matrix = cameraMatrix({ projection: PERSPECTIVE, view: VIEW, model: ONE });
  assert.deepEqual(projectPoint(matrix, 2, 3, 0, 200, 100), [100, 50]);
  assert.deepEqual(projectPoint(matrix, 4.5, 3, 0, 200, 100), [150, 50]);
  assert.equal(projectPoint(matrix, 2, 3, 9, 200, 100), null);
});

/** A ridge along v at u = 0.5. */
const ridge = { nx: 41, ny: 41, heights: Float64Array.from({ length: 41 * 41 }, (_, k) => Math.max(0, 1 - Math.abs((k % 41) / 40 - 0.5) * 4)) };

test("heights between grid points, nothing outside", () => {
  assert.ok(Math.abs(terrainHeight(ridge, 0.5, 0.3) - 1) < 1e-9);
  assert.ok(Math.abs(terrainHeight(ridge, 0.4, 0.31) - 0.6) < 1e-9);
  assert.ok(Number.isNaN(terrainHeight(ridge, 1.2, 0.5)));
});

test("a ridge hides what is behind it, not what is before it", () => {
  const eye = [3, 0.5, 0.8];
  assert.equal(hiddenByTerrain(ridge, 0.9, 0.5, 0, eye), false);
  assert.equal(hiddenByTerrain(ridge, 0.1, 0.5, 0, eye), true);
  assert.equal(hiddenByTerrain(ridge, 0.3, 0.5, 0.2, eye), true);
  assert.equal(hiddenByTerrain(ridge, 0.1, 0.5, 0, [0.1, 0.5, 4]), false);
});
