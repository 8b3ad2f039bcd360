import assert from "node:assert/strict";
import { test } from "node:test";
import { carried } from "../../optim_viz/player/js/app/carried.js";
import { FRAMES_PER_SECOND, cutToRoom, evenSize, filmPlayheads, flowRows } from "../../optim_viz/player/js/app/film.js";
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

test("a line is cut with an ellipsis to the room that it has, and only then", () => {
  const widthOf = (text) => 10 * text.length;
  assert.equal(cutToRoom("abcdef", 60, widthOf), "abcdef");
  assert.equal(cutToRoom("abcdef", 59, widthOf), "abcd\u2026");
  assert.equal(cutToRoom("", 59, widthOf), "");
});

test("a video carries its link: in MP4 a box of XMP, in WebM an element of tags, each as long as it says", () => {
  const link = "https://example.org/?f=a*x\u00b2&o=<sgd>";
  const text = (bytes) => new TextDecoder().decode(bytes);
  const box = carried("video/mp4;codecs=avc1", link);
  assert.equal(new DataView(box.buffer).getUint32(0), box.length);
  assert.equal(text(box.slice(4, 8)), "uuid");
  assert.ok(text(box).includes("<dc:source>https://example.org/?f=a*x\u00b2&amp;o=&lt;sgd&gt;</dc:source>"));
  const tags = carried("video/webm", link);
  assert.equal(new DataView(tags.buffer).getUint32(0), 0x1254c367);
  assert.equal(new DataView(tags.buffer).getUint32(4) - 0x10000000, tags.length - 8);
  assert.ok(text(tags).endsWith(link));
  assert.equal(carried("video/webm", "").length, 0);
});

test("MP4 where the browser can, else WebM, else nothing", () => {
  assert.equal(videoSuffix(videoType(() => true)), ".mp4");
  assert.equal(videoType((type) => type === "video/mp4"), "video/mp4");
  assert.equal(videoSuffix(videoType((type) => type.startsWith("video/webm"))), ".webm");
  assert.equal(videoType(() => false), "");
});
