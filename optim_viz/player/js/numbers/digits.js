/** The digits that float32 leaves out of a run: without them the steps of a run at rest are noise, or none at all. Pure. */

/** How far neighbours among float32 lie apart, as a part of them, and where they are smallest. */
const APART = 2 ** -23, LEAST = 2 ** -149;

/** Whether a number is what was sent, to the last digit of float32. @param {number} sent @param {number} found */
function agrees(sent, found) {
  const short = Math.fround(found);
  return short === sent || Math.abs(short - sent) <= APART * Math.abs(sent) + LEAST;
}

/**
 * What was sent, with all digits of what was computed here wherever it is the same number.
 * @param {Record<string, ArrayLike<number>>} sent  columns of float32
 * @param {Record<string, ArrayLike<number>>} found  columns of doubles
 * @returns {Record<string, ArrayLike<number>>}
 */
export function withDigits(sent, found) {
  /** @type {Record<string, ArrayLike<number>>} */
  const columns = { ...sent };
  for (const name of Object.keys(sent).filter((one) => found[one])) {
    const all = columns[name] = Float64Array.from(sent[name]);
    for (let i = 0; i < all.length; i++) if (agrees(all[i], found[name][i])) all[i] = found[name][i];
  }
  return columns;
}

/** The last row that can be told: floats of 32 bits end before those of 64 do. @param {any} track @returns {number} */
export const lastTold = (track) => track.toldEnd ?? track.end;

/** A run's columns with all the digits that are known of them. @param {any} track @returns {Record<string, ArrayLike<number>>} */
export const exactly = (track) => track.digits ?? track.columns;

/**
 * How far a run goes along a coordinate in the step from a row on. A run that only Python can make brings it along.
 * @param {any} track @param {string} name @param {number} row
 * @returns {number}
 */
export function stepOf(track, name, row) {
  const told = track.columns[`d${name}`];
  if (told) return told[row];
  const values = exactly(track)[name];
  return values[row + 1] - values[row];
}
