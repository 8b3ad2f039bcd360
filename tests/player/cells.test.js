import assert from "node:assert/strict";
import { test } from "node:test";
import { unpacked } from "../../optim_viz/player/js/app/fields.js";
import { differenceWords } from "../../optim_viz/player/js/app/turned_fields.js";
import { cellsAlong, coarser, differing, pixelsOf, strideFor } from "../../optim_viz/player/js/numbers/cells.js";

const axis = (count) => ({ name: "x", values: Array.from({ length: count }, (_, i) => i) });
const FIELD = { axes: [axis(2), axis(3)], steps: 10, surface: { lowest: 0 } };
const SCALE = { across: 0, measure: "loss", low: -2, high: 0, scale: ["#000000", "#808080", "#ffffff"], diverges: "#ff0000", never: "#00ffff", opacity: 1 };
const FOUND = { loss: [1, 0.1, 0.01, 1e-9, 7, Infinity], first: Array(6).fill(5), steps: [1, 10, 100, Infinity, 1, 1] };
/** The shades of red of a picture, row by row from the top; g where green is all there is, r where red is. */
const shades = ({ pixels, width }) => Array.from({ length: pixels.length / 4 / width }, (_, row) => Array.from({ length: width }, (_, i) => {
  const [red, green, blue] = pixels.subarray(4 * (row * width + i));
  return red === blue ? red : red > green ? "r" : "g";
}));

test("a map's cells are coloured by loss, the second axis upwards; what diverges has a colour of its own", () => {
  const drawn = pixelsOf(SCALE, FIELD, FOUND);
  assert.deepEqual([drawn.width, drawn.height], [2, 3]);
  assert.deepEqual(shades(drawn), [[0, "r"], [128, "r"], [255, 0]]);
});

test("by steps, a cell that never arrives has a colour of its own", () => {
  const drawn = pixelsOf({ ...SCALE, measure: "steps", low: 0, high: 2 }, FIELD, FOUND);
  assert.deepEqual(shades(drawn), [[255, "r"], [128, "r"], [0, "g"]]);
});

test("basins are coloured by place, whatever number a minimum has here, the first axis upwards", () => {
  const picture = { across: 1, minima: [[0, 0], [1, 1]], colors: ["#101010", "#202020", "#303030"], others: "#404040", lost: "#ff0000", reach: 0.1, opacity: 1 };
  const found = { labels: Int32Array.of(0, 1, 2, -1, 0, 1), minima: [[1.05, 1], [0, 0], [5, 5]] };
  assert.deepEqual(shades(pixelsOf(picture, FIELD, found)), [["r", 32, 16], [32, 16, 64]]);
  assert.equal(differing(picture, FIELD, found, Float32Array.of(1, 0, 2, -1, 1, 0)), 0);
  assert.equal(differing(picture, FIELD, found, Float32Array.of(1, 1, 2, 2, 1, -1)), 3);
});

test("cells of different sizes have as many pixels as they are large on the axis' scale", () => {
  assert.deepEqual(cellsAlong([1, 2, 3], false), [0, 1, 2]);
  assert.deepEqual(cellsAlong([1, 10.2, 100], true), [0, 1, 2]); // rounded
  assert.deepEqual(cellsAlong([5], true), [0]);
  const share = (cells, which) => cells.filter((cell) => cell === which).length / cells.length;
  for (const values of [[0, 1, 4], [4, 1, 0]]) {
    const cells = cellsAlong(values, false), sizes = values[0] ? [3, 2, 1] : [1, 2, 3]; // borders at -0.5, 0.5, 2.5, 5.5
    sizes.forEach((size, i) => assert.ok(Math.abs(share(cells, i) - size / 6) < 0.01));
    assert.deepEqual(cells, [...cells].sort());
  }
  const drawn = pixelsOf({ ...SCALE, logs: [true, false] }, { ...FIELD, axes: [{ name: "lr", values: [1, 10] }, { name: "x", values: [0, 1, 4] }] }, FOUND);
  assert.deepEqual([drawn.width, drawn.height], [2, 512]);
  const rows = shades(drawn);
  assert.deepEqual([0, 255, 256, 511].map((row) => rows[row]), [[0, "r"], [0, "r"], [128, "r"], [255, 0]]);
});

test("cells of a map differ where their colours do", () => {
  assert.equal(differing(SCALE, FIELD, FOUND, Float32Array.of(1, 0.5, 0, 0, -1, -1)), 0);
  assert.equal(differing(SCALE, FIELD, FOUND, Float32Array.of(1, 0.505, 0.2, -1, -1, 1)), 3);
});

test("a coarse picture has the middle one of so many cells, and as few steps as are asked for", () => {
  assert.deepEqual(coarser({ axes: [axis(8), axis(9)] }, 4).axes.map((one) => one.values), [[2, 6], [2, 6]]);
  const field = { axes: [axis(128), axis(128)], steps: 300 };
  assert.equal(strideFor([field], 1e6), 4);
  assert.equal(strideFor([field], 1e7), 1);
  assert.equal(strideFor([field], 1), 8);
});

test("what is said of cells that differ", () => {
  assert.equal(differenceWords(0, 9216), "");
  assert.equal(differenceWords(1234, 9216), "While it was turned, 1,234 of 9,216 cells had another colour than here: there, rounding decides.");
});

test("what Python packed is read back", () => {
  const text = new TextEncoder().encode('{"view":"map","é":1}   ');
  const bytes = new Uint8Array(4 + text.length + 8);
  new DataView(bytes.buffer).setUint32(0, text.length, true);
  bytes.set(text, 4);
  bytes.set(new Uint8Array(Float32Array.of(1, -2).buffer), 4 + text.length);
  const shifted = new Uint8Array(bytes.length + 1);
  shifted.set(bytes, 1);
  const read = unpacked(shifted.subarray(1));
  assert.deepEqual([read.view, read["é"], [...read.exact]], ["map", 1, [1, -2]]);
});
