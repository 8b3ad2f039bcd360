/** The round numbers that a logarithmic axis names, and their words, as Python's figures.ticks and figures.style have them. */

/** @param {number} low  exponents @param {number} high @returns {number[]} */
export function logTicks(low, high) {
  const width = high - low;
  const few = width > 2 ? [1, 3] : [1, 2, 5];
  const digits = width > 3 ? [1] : width > 0.7 ? few : [1, 1.2, 1.5, 2, 2.5, 3, 4, 6, 8];
  const every = width > 3 ? Math.max(1, Math.round(width / 4)) : 1;
  const [first, last] = [Math.max(Math.floor(low), -307), Math.min(Math.ceil(high), 307)];
  const ticks = [];
  for (let power = first; power <= last; power++) {
    if (power % every) continue;
    for (const digit of digits) if (low <= Math.log10(digit) + power && Math.log10(digit) + power <= high) ticks.push(Number(`${digit}e${power}`));
  }
  return ticks;
}

/** What they are called, all in one way: powers of ten by exponents, unless all are short. @param {number[]} ticks */
export function logWords(ticks) {
  const powers = ticks.map((tick) => Math.round(Math.log10(tick)));
  const plain = powers.every((power) => power >= -3 && power < 5) || ticks.some((tick, i) => tick !== Number(`1e${powers[i]}`));
  return ticks.map((tick, i) => (plain || powers[i] === 0 ? String(tick) : `10<sup>${powers[i]}</sup>`));
}
