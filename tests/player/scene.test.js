import assert from "node:assert/strict";
import { test } from "node:test";
import { blobNames, checkScene, decodeScene, drawnPanels, lastRow, missingBlobs } from "../../optim_viz/player/js/numbers/scene.js";
import { hoverLines } from "../../optim_viz/player/js/words/hover.js";
import { inspectorRows } from "../../optim_viz/player/js/words/inspector.js";
import { readoutFields } from "../../optim_viz/player/js/words/readout.js";
import { companions, namedOnce } from "../../optim_viz/player/js/basics/looks.js";

const PLANE = { id: "plane", kind: "plane", x: "x", y: "y", bounds: [0, 1, 0, 1], surface: { blob: "s", nx: 2, ny: 2 } };
const CURVE = { id: "loss", kind: "curve", y: "loss", title: "Loss" };

function tiny() {
  const track = { id: 1, label: "sgd", color: { light: "#000", dark: "#fff" }, blob: "t", columns: { x: [0, 3], y: [3, 3], loss: [6, 3] }, status: "done" };
  const scene = { version: 1, key: "k", frames: 3, tracks: [track], panels: [PLANE, CURVE] };
  const blobs = new Map([["t", Float32Array.of(0, 1, 2, 3, 4, 5, 9, 8, 7).buffer], ["s", Float32Array.of(1, 2, 3, 4).buffer]]);
  return { scene, blobs };
}

test("names every blob once and tells which are missing", () => {
  const { scene, blobs } = tiny();
  scene.tracks.push({ ...scene.tracks[0], id: 2 });
  assert.deepEqual(blobNames(scene), ["t", "s"]);
  blobs.delete("s");
  assert.deepEqual(missingBlobs(scene, blobs), ["s"]);
  assert.throws(() => decodeScene(scene, blobs), /missing: s/);
});

test("a constant column travels as one number", () => {
  const { scene, blobs } = tiny();
  scene.tracks[0].columns.lr = [6, 1, 3];
  assert.deepEqual([...decodeScene(scene, blobs).tracks[0].columns.lr], [9, 9, 9]);
});

test("columns are views into the blob, with the right numbers", () => {
  const { scene, blobs } = tiny();
  const model = decodeScene(scene, blobs);
  assert.deepEqual([...model.tracks[0].columns.loss], [9, 8, 7]);
  assert.equal(model.tracks[0].columns.y.buffer, blobs.get("t"));
  assert.deepEqual([...model.panels[0].grid.values], [1, 2, 3, 4]);
  assert.equal(model.tracks[0].end, 2);
  assert.equal(model.hash, "t+s");
});

test("what was computed on the page is taken as it is, without a blob", () => {
  const { scene, blobs } = tiny();
  const loss = Float64Array.of(9, 0.1, 7);
  scene.tracks = [{ ...scene.tracks[0], blob: undefined, columns: { x: Float64Array.of(0, 1, 2), y: Float64Array.of(3, 4, 5), loss } }];
  assert.deepEqual(blobNames(scene), ["s"]);
  assert.equal(decodeScene(scene, blobs).tracks[0].columns.loss, loss);
});

test("a column past its blob is an error with a sentence", () => {
  const { scene, blobs } = tiny();
  scene.tracks[0].columns.loss = [7, 3];
  assert.throws(() => decodeScene(scene, blobs), /sgd: loss reaches past/);
});

test("a run ends before its first number that is not finite", () => {
  const columns = { x: Float32Array.of(0, 1, NaN, 3), y: Float32Array.of(0, 1, 2, 3), loss: Float32Array.of(1, 2, 3, 4) };
  assert.equal(lastRow([PLANE, CURVE], columns), 1);
  assert.equal(lastRow([PLANE], { x: Float32Array.of(Infinity), y: Float32Array.of(0) }), -1);
});

test("curves alone may have gaps", () => {
  assert.equal(lastRow([CURVE], { loss: Float32Array.of(1, NaN, 3, NaN) }), 2);
});

test("a scene of another version or without frames is refused", () => {
  assert.throws(() => checkScene(null), /not an object/);
  assert.throws(() => checkScene({ version: 2 }), /version 2/);
  assert.throws(() => checkScene({ version: 1, frames: 0 }), /one frame/);
  assert.throws(() => checkScene({ version: 1, frames: 1 }), /lists/);
});

test("runs of one name and look are shown and hidden together", () => {
  const look = { color: { light: "#000" }, dash: "solid", marker: "circle" };
  const tracks = [{ id: "1", name: "sgd", ...look }, { id: "2", name: "sgd", ...look }, { id: "3", name: "sgd", ...look, dash: "dot" }, { id: "4", name: "adam", ...look }];
  assert.deepEqual(companions({ tracks }, tracks[1]).map((one) => one.id), ["1", "2"]);
  assert.deepEqual(namedOnce({ tracks }).map((one) => one.id), ["1", "3", "4"]);
});

test("a function of x alone is drawn as a curve or as a map; where there is no choice, all is drawn", () => {
  const panels = [{ ...CURVE, id: "profile", shape: "curve" }, { ...PLANE, shape: "map" }, { id: "fit", kind: "fit", drawn: { seed: 1, batch: null } }, CURVE];
  const ids = (/** @type {any} */ live) => drawnPanels(panels, live).map(({ id }) => id);
  assert.deepEqual(["", "map", "equal"].map((drawn) => ids({ drawn, surface: { alone: true } })[0]), ["profile", "plane", "plane"]);
  assert.deepEqual([ids({ drawn: "", surface: { alone: false } }), ids(null)], [["plane", "fit", "loss"], ["profile", "plane", "fit", "loss"]]);
  const { scene, blobs } = tiny();
  const model = decodeScene({ ...scene, panels }, blobs);
  assert.deepEqual([model.panels.length, model.every.length, model.tracks[0].end], [4, 4, 2]);
});

test("on a curve there is x alone: in the table, in the tooltip, and in the inspector", () => {
  const profile = { id: "profile", kind: "profile", x: "x", y: "loss", x_title: "x", title: "f" };
  const columns = { x: Float32Array.of(1, -2), y: Float32Array.of(5, 9), loss: Float32Array.of(1, 4), gx: Float32Array.of(3, -4), gy: Float32Array.of(70, 80) };
  const inspector = { arrows: { gradient: ["gx", "gy"] }, rows: [{ label: "g", columns: ["gx", "gy"] }] };
  const track = { id: "a", label: "a", columns, end: 1, inspector };
  const model = /** @type {any} */ ({ panels: [profile], tracks: [track], frameTitle: "step", frameValues: null });
  assert.deepEqual(readoutFields(model).map(({ title, value }) => [title, value(track, 1)]), [["loss", 4], ["|g|", 4], ["step |Δ|", 3]]);
  assert.deepEqual(hoverLines(model, { id: "a", row: 0 }), ["a", "step 0", "at x = 1", "−gradient −3", "next step −3"]);
  const rows = inspectorRows(track, profile).map(({ label, values }) => [label, values.map((value) => value(track, 0))]);
  assert.deepEqual(rows, [["point θ", [1]], ["g", [3]], ["step Δθ from here", [-3]], ["effective rate −Δθ / g", [1]]]);
});
