import assert from "node:assert/strict";
import { test } from "node:test";
import {
  createClock, frameOf, pauseClock, playClock, resizeClock, seekClock, shownAt, stepClock, tickClock,
} from "../../optim_viz/player/js/basics/clock.js";

const clock = createClock({ frames: 101, duration: 5 });

test("a whole playthrough takes the duration, faster at higher speed", () => {
  let now = playClock(clock);
  for (let i = 0; i < 50; i++) now = tickClock(now, 0.05);
  assert.equal(frameOf(now), 50);
  const fast = tickClock({ ...playClock(clock), speed: 8 }, 0.25);
  assert.equal(frameOf(fast), 40);
});

test("it stops at the end, and playing again starts over", () => {
  const end = tickClock(playClock(clock), 100);
  assert.deepEqual([end.at, end.playing], [100, false]);
  assert.equal(playClock(end).at, 0);
});

test("a loop rests at the end and then starts over", () => {
  const looping = { ...playClock(clock), loop: true };
  const rest = tickClock(looping, 5.1);
  assert.equal(rest.playing, true);
  assert.equal(shownAt(rest), 100);
  assert.equal(frameOf(rest), 100);
  assert.equal(tickClock(rest, 5).at, 0);
});

test("time stands still while paused, and pausing lands on a frame", () => {
  assert.equal(tickClock(clock, 3), clock);
  assert.equal(pauseClock({ ...clock, at: 12.7, playing: true }).at, 12);
});

test("seeking and stepping stay inside, whatever is asked", () => {
  assert.equal(seekClock(clock, 1e9).at, 100);
  assert.equal(seekClock(clock, -5).at, 0);
  assert.equal(seekClock(clock, NaN).at, 0);
  assert.equal(stepClock(clock, -1).at, 0);
  assert.deepEqual(stepClock({ ...clock, at: 5.5, playing: true }, 1), { ...clock, at: 6, playing: false });
});

test("new numbers keep the playhead; one at the end stays at the end", () => {
  assert.equal(resizeClock({ ...clock, at: 40 }, 501, 5).at, 40);
  assert.equal(resizeClock({ ...clock, at: 100 }, 501, 5).at, 500);
  assert.equal(resizeClock({ ...clock, at: 100 }, 51, 5).at, 50);
  assert.equal(resizeClock({ ...clock, at: 80, playing: true }, 51, 5).at, 50);
  assert.equal(resizeClock({ ...clock, at: 0, frames: 1 }, 51, 5).at, 50, "the first step of a training is its last so far");
});

test("a scene of one frame cannot play", () => {
  assert.equal(playClock(createClock()).playing, false);
  assert.equal(frameOf(tickClock({ ...createClock(), playing: true, loop: true }, 1)), 0);
});
