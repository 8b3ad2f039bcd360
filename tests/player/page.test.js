import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { createRegistry, holdBlob, readStore, releaseBlob } from "../../optim_viz/player/js/app/registry.js";
import { dashPattern, symbolPath, symbolPoints } from "../../optim_viz/player/js/basics/symbols.js";
import { luminance, mixColors, parseColor } from "../../optim_viz/player/js/basics/theme.js";

const FOLDER = new URL("../../optim_viz/player/js/", import.meta.url);

test("blobs stay while held, and only a few after", () => {
  const registry = createRegistry();
  let news = 0;
  registry.listeners.add(() => { news += 1; });
  for (let i = 0; i < 300; i++) {
    holdBlob(registry, `b${i}`, new ArrayBuffer(4));
    if (i) releaseBlob(registry, `b${i - 1}`);
  }
  assert.equal(news, 300);
  assert.ok(registry.blobs.size <= 14 && registry.blobs.has("b299") && registry.holds.size === 1);
});

test("a store's bytes: hash, then aligned numbers", () => {
  const bytes = new Uint8Array(1 + 32 + 8);
  bytes.set(new TextEncoder().encode("0123456789abcdef0123456789abcdef"), 1);
  bytes.set(new Uint8Array(Float32Array.of(1.5, -2).buffer), 33);
  const { name, blob } = readStore(bytes.subarray(1));
  assert.equal(name, "0123456789abcdef0123456789abcdef");
  assert.deepEqual([...new Float32Array(blob)], [1.5, -2]);
});

test("every marker has a shape of about the same size, unknown ones are circles", () => {
  for (const name of ["circle", "square", "diamond", "cross", "x", "star", "pentagon", "hexagon", "triangle-up", "triangle-down", "hexagram", "star-open"]) {
    const reach = Math.max(...symbolPoints(name).map(([x, y]) => Math.hypot(x, y)));
    assert.ok(reach > 0.9 && reach < 1.4, name);
  }
  assert.equal(symbolPoints("nonsense"), symbolPoints("circle"));
  assert.match(symbolPath("square", 5, 8, 8), /^M3\.75 3\.75L.*Z$/);
  assert.deepEqual(dashPattern("solid", 2), []);
  assert.equal(dashPattern("dashdot", 2).length, 4);
});

test("colours", () => {
  assert.deepEqual(parseColor("#fff"), [255, 255, 255, 1]);
  assert.deepEqual(parseColor("rgba(14, 17, 23, 0.5)"), [14, 17, 23, 0.5]);
  assert.equal(parseColor("unset"), null);
  assert.ok(luminance([255, 255, 255]) > 0.99 && luminance([14, 17, 23]) < 0.02);
  assert.equal(mixColors([0, 0, 0], [200, 100, 0], 0.5), "rgb(100, 50, 0)");
});

// The exported page reads the imports to give every file as a data URL, so they must stay this simple.
test("imports can be read line by line", () => {
  for (const file of readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith(".js") && name !== "app/streamlit.js")) {
    const text = readFileSync(new URL(file, FOLDER), "utf8");
    for (const [line] of text.matchAll(/^import .*$/gm)) assert.match(line, /^import \{ [\w, ]+ \} from "\.{1,2}\/[\w\/-]+\.js";$/);
    assert.doesNotMatch(text, /innerHTML|\bexport default\b|^await /m);
  }
});
