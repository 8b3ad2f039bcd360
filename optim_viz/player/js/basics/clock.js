/**
 * The playhead, as a value: every function takes a clock and gives a new one. Time comes in from outside, in seconds.
 *
 * @typedef {object} Clock
 * @property {number} at  the playhead, 0 .. frames - 1; between two frames while it plays
 * @property {number} frames
 * @property {number} duration  seconds from first to last frame at speed 1
 * @property {number} speed
 * @property {boolean} playing
 * @property {boolean} loop
 */

/** The speeds on offer. */
export const SPEEDS = [0.25, 0.5, 1, 2, 4, 8];

/** How long a looping clock rests on its last frame, in seconds at speed 1. */
const LOOP_REST = 0.8;

/**
 * @param {Partial<Clock>} [options]
 * @returns {Clock}
 */
export function createClock(options = {}) {
  return { at: 0, frames: 1, duration: 6, speed: 1, playing: false, loop: false, ...options };
}

/** @param {Clock} clock */
export function lastFrame(clock) {
  return Math.max(0, clock.frames - 1);
}

/** The whole frame that the playhead shows. @param {Clock} clock */
export function frameOf(clock) {
  return Math.min(lastFrame(clock), Math.floor(clock.at + 1e-6));
}

/**
 * Moves the playhead on by some seconds.
 * @param {Clock} clock
 * @param {number} seconds
 * @returns {Clock}
 */
export function tickClock(clock, seconds) {
  if (!clock.playing) return clock;
  const end = lastFrame(clock);
  const rate = (end / clock.duration) * clock.speed;
  const at = clock.at + Math.max(0, seconds) * rate;
  if (at < end) return { ...clock, at };
  if (!clock.loop || end === 0) return { ...clock, at: end, playing: false };
  // A loop waits a moment at the end, so that the result can be seen; the wait is time past the last frame.
  return at < end + LOOP_REST * rate ? { ...clock, at } : { ...clock, at: 0 };
}

/** Where to draw: a loop's rest at the end lies past the last frame. @param {Clock} clock */
export function shownAt(clock) {
  return Math.min(clock.at, lastFrame(clock));
}

/** Plays; from the end it starts over. @param {Clock} clock @returns {Clock} */
export function playClock(clock) {
  const at = clock.at >= lastFrame(clock) ? 0 : clock.at;
  return { ...clock, at, playing: lastFrame(clock) > 0 };
}

/** Stops on a whole frame. @param {Clock} clock @returns {Clock} */
export function pauseClock(clock) {
  return { ...clock, at: frameOf(clock), playing: false };
}

/** @param {Clock} clock @param {number} frame @returns {Clock} */
export function seekClock(clock, frame) {
  const at = Math.min(lastFrame(clock), Math.max(0, Math.round(Number.isFinite(frame) ? frame : 0)));
  return { ...clock, at };
}

/** One frame (or more) on or back; stepping pauses. @param {Clock} clock @param {number} by @returns {Clock} */
export function stepClock(clock, by) {
  return seekClock(pauseClock(clock), frameOf(clock) + by);
}

/**
 * New numbers for the same scene: the playhead stays, but one that rested at the end stays at the end.
 * @param {Clock} clock
 * @param {number} frames
 * @param {number} duration
 * @returns {Clock}
 */
export function resizeClock(clock, frames, duration) {
  const rested = !clock.playing && frameOf(clock) === lastFrame(clock);
  const next = { ...clock, frames, duration };
  return { ...next, at: rested ? lastFrame(next) : Math.min(clock.at, lastFrame(next)) };
}
