import assert from "node:assert/strict";
import { readdirSync, readFileSync } from "node:fs";
import { test } from "node:test";
import { createPicks } from "../../optim_viz/player/js/app/picks.js";
import { createRegistry, holdBlob, readStore, releaseBlob } from "../../optim_viz/player/js/app/registry.js";
import { dashPattern, symbolPath, symbolPoints } from "../../optim_viz/player/js/basics/symbols.js";
import { luminance, mixColors, parseColor } from "../../optim_viz/player/js/basics/theme.js";

const FOLDER = new URL("../../optim_viz/player/js/", import.meta.url);

test("one pick on its way, the newest waits, the others are dropped", () => {
  const sent = [];
  let late = null;
  const timer = { set: (job) => { late = job; return 1; }, clear: () => { late = null; } };
  const picks = createPicks((pick) => sent.push(pick.x), timer);
  const offer = (x) => picks.offer({ x, y: 0 });
  for (const pick of [1, 2, 3]) offer(pick);
  assert.deepEqual(sent, [1]);
  picks.answered();
  assert.deepEqual(sent, [1, 3]);
  offer(4);
  late();
  assert.deepEqual(sent, [1, 3, 4]);
  picks.answered();
  offer(5);
  offer(6);
  picks.cancel();
  picks.answered();
  assert.deepEqual(sent, [1, 3, 4, 5]);
});

test("the end of a drag, where the last drag was, holds nothing up", () => {
  const sent = [];
  const picks = createPicks((pick) => sent.push(pick.n), { set: () => 1, clear: () => {} });
  picks.offer({ x: 1, y: 2, n: 1 });
  picks.answered();
  picks.offer({ x: 1, y: 2, n: 2 });
  picks.offer({ x: 3, y: 2, n: 3 });
  picks.offer({ x: 4, y: 2, n: 4 });
  assert.deepEqual(sent, [1, 2, 3]);
});

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

// The exported page puts all files into one script: names must not collide, and imports must stay this simple.
test("files can be joined into one", () => {
  const seen = new Map();
  for (const file of readdirSync(FOLDER, { recursive: true }).filter((name) => name.endsWith(".js") && name !== "app/streamlit.js")) {
    const text = readFileSync(new URL(file, FOLDER), "utf8");
    for (const [, name] of text.matchAll(/^(?:export )?(?:async )?(?:const|let|function|class) ([A-Za-z_$][\w$]*)/gm)) {
      assert.equal(seen.get(name), undefined, `${name} is in ${seen.get(name)} and in ${file}`);
      seen.set(name, file);
    }
    for (const [line] of text.matchAll(/^import .*$/gm)) assert.match(line, /^import \{ [\w, ]+ \} from "\.{1,2}\/[\w\/-]+\.js";$/);
    assert.doesNotMatch(text, /innerHTML|\bexport default\b|^await /m);
  }
});
