import assert from "node:assert/strict";
import { test } from "node:test";
import { bandPixels, gridPoints, shadesOf } from "../../optim_viz/player/js/numbers/bands.js";
import { makeRelief } from "../../optim_viz/player/js/numbers/relief.js";

const SCALE = [[0, "#000000"], [0.5, "#808080"], [1, "#ffffff"]];
const BOUNDS = [0, 1, 0, 2];
/** A slope upwards on a grid, and the reds of its picture's middle column, from the top. */
const slope = { hash: "", nx: 3, ny: 5, bounds: BOUNDS, values: Float32Array.from(gridPoints(BOUNDS, 3, 5).filter((_, i) => i % 2)) };
const reds = (pixels, width, part = 0) => Array.from({ length: pixels.length / 4 / width }, (_, row) => pixels[4 * (row * width + (width >> 1)) + part]);
const drawn = (grid, shown, cover = 0) => bandPixels(grid, makeRelief(slope.values, "linear"), { shades: shadesOf(SCALE, 4), line: [255, 0, 0, cover] }, shown, 3, 8);

test("points of a grid go along its rows from the bottom", () => {
  assert.deepEqual([...gridPoints([0, 2, 5, 6], 3, 2)], [0, 5, 1, 5, 2, 5, 0, 6, 1, 6, 2, 6]);
});

test("shades go evenly along a scale", () => {
  assert.deepEqual(shadesOf(SCALE, 5).map(([red]) => red), [0, 64, 128, 192, 255]);
});

test("a slope has its bands one above the other, and lines where they meet", () => {
  assert.deepEqual(reds(drawn(slope, BOUNDS), 3), [255, 255, 170, 170, 85, 85, 0, 0]);
  assert.deepEqual(reds(drawn(slope, BOUNDS, 1 / 0.7), 3), [255, 255, 255, 170, 255, 85, 255, 0]);
});

test("where it is zoomed a part of it is seen, and what is beyond it, or no number, is clear", () => {
  assert.deepEqual(reds(drawn(slope, [0, 1, 1, 2]), 3), [255, 255, 255, 255, 170, 170, 170, 170]);
  assert.deepEqual(reds(drawn(slope, [0, 1, 0, 4]), 3, 3), [0, 0, 0, 0, 255, 255, 255, 255]);
  const holed = { ...slope, values: slope.values.map((value, i) => (i < 3 ? NaN : value)) };
  assert.deepEqual(reds(drawn(holed, BOUNDS), 3, 3).slice(-2), [0, 0]);
});
