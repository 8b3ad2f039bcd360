import assert from "node:assert/strict";
import { test } from "node:test";
import { FRAMES_PER_SECOND, evenSize, filmPlayheads, flowRows } from "../../optim_viz/player/js/app/film.js";
import { videoSuffix, videoType } from "../../optim_viz/player/js/app/record.js";

test("a film goes from the first step to the last in its time, and rests there", () => {
  const film = filmPlayheads(120, 6);
  assert.equal(film.length, 6 * FRAMES_PER_SECOND + FRAMES_PER_SECOND);
  assert.equal(film[0], 0);
  assert.ok(film.slice(0, 6 * FRAMES_PER_SECOND).every((at, i, all) => at < 120 && (i === 0 || at > all[i - 1])));
  assert.ok(film.slice(6 * FRAMES_PER_SECOND).every((at) => at === 120));
  assert.equal(filmPlayheads(120, 12).length - film.length, 6 * FRAMES_PER_SECOND);
});

test("a run of one frame is a rest", () => {
  assert.deepEqual(new Set(filmPlayheads(0, 6)), new Set([0]));
  assert.equal(filmPlayheads(1, 0.001).length, 1 + FRAMES_PER_SECOND);
});

test("both sides of a video are even", () => {
  for (const [size, even] of [[399, 400], [398, 398], [397.6, 398], [0.3, 2]]) assert.equal(evenSize(size), even);
});

test("names flow into as many rows as they need; one that is too wide has a row of its own", () => {
  assert.deepEqual(flowRows([40, 50, 20, 300, 10], 100), [
    { left: 0, row: 0 }, { left: 40, row: 0 }, { left: 0, row: 1 }, { left: 0, row: 2 }, { left: 0, row: 3 },
  ]);
});

test("MP4 where the browser can, else WebM, else nothing", () => {
  assert.equal(videoSuffix(videoType(() => true)), ".mp4");
  assert.equal(videoType((type) => type === "video/mp4"), "video/mp4");
  assert.equal(videoSuffix(videoType((type) => type.startsWith("video/webm"))), ".webm");
  assert.equal(videoType(() => false), "");
});
