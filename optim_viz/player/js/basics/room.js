/**
 * Room for numbers, used again: while something is dragged every picture has a million of them, and memory that is thrown
 * away as fast is looked through by threads that the picture needs itself.
 */

/** The room that something used before, where it has the right size; else new room. @param {unknown} spare @param {number} count @returns {Float64Array} */
export function roomFor(spare, count) {
  return spare instanceof Float64Array && spare.length === count ? spare : new Float64Array(count);
}
