/**
 * NumPy's default generator, bit for bit: default_rng(seed), its normal draws and its shuffles. So the browser draws the
 * noise and the mini-batches that Python draws. PCG64 (O'Neill, 2014), seeded by SeedSequence; normals by the ziggurat
 * (Marsaglia & Tsang, 2000).
 */
import { HEIGHTS, INSIDE, WIDTHS } from "./ziggurat.js";

const MASK = (1n << 128n) - 1n, LOW = (1n << 64n) - 1n;
const MULTIPLIER = (2549297995355413924n << 64n) | 4865540595714422341n;

/** NumPy's SeedSequence: eight words of 32 bits out of a few. @param {number[]} entropy */
function seedWords(entropy) {
  let factor = 0x43b0d7e5;
  const hashed = (/** @type {number} */ value) => {
    value = (value ^ factor) >>> 0;
    factor = Math.imul(factor, 0x931e8875) >>> 0;
    value = Math.imul(value, factor) >>> 0;
    return (value ^ (value >>> 16)) >>> 0;
  };
  const mixed = (/** @type {number} */ x, /** @type {number} */ y) => {
    const found = (Math.imul(0xca01f9dd, x) - Math.imul(0x4973f715, y)) >>> 0;
    return (found ^ (found >>> 16)) >>> 0;
  };
  const pool = [0, 1, 2, 3].map((i) => hashed(entropy[i] ?? 0));
  for (let from = 0; from < 4; from++) for (let to = 0; to < 4; to++) if (from !== to) pool[to] = mixed(pool[to], hashed(pool[from]));
  for (const more of entropy.slice(4)) for (let to = 0; to < 4; to++) pool[to] = mixed(pool[to], hashed(more));
  let other = 0x8b51f9dd;
  return Array.from({ length: 8 }, (_, i) => {
    let value = (pool[i % 4] ^ other) >>> 0;
    other = Math.imul(other, 0x58f38ded) >>> 0;
    value = Math.imul(value, other) >>> 0;
    return (value ^ (value >>> 16)) >>> 0;
  });
}

/**
 * @param {...number} entropy  whole numbers below 2 ** 32
 */
export function createRandom(...entropy) {
  const words = seedWords(entropy).map(BigInt);
  const long = (/** @type {number} */ i) => words[i] | (words[i + 1] << 32n);
  const increment = ((((long(4) << 64n) | long(6)) << 1n) | 1n) & MASK;
  let state = (((long(0) << 64n) | long(2)) + increment) & MASK;
  const step = () => { state = (state * MULTIPLIER + increment) & MASK; };
  step();
  /** @type {number|null} */
  let spare = null;

  /** The next 64 bits. */
  function bits() {
    step();
    const mixed = (state >> 64n) ^ (state & LOW);
    const turn = state >> 122n;
    return ((mixed >> turn) | (mixed << (64n - turn))) & LOW;
  }

  /** The next 32 bits; 64 are drawn at a time, the lower half first. */
  function word() {
    if (spare !== null) {
      const found = spare;
      spare = null;
      return found;
    }
    const both = bits();
    spare = Number(both >> 32n);
    return Number(both & 0xffffffffn);
  }

  const uniform = () => Number(bits() >> 11n) / 9007199254740992;

  /** A whole number from 0 to `most`, each as likely: bits that could hold it, until they do. @param {number} most */
  function upTo(most) {
    const mask = 2 ** Math.ceil(Math.log2(most + 1)) - 1;
    for (;;) {
      const found = (word() & mask) >>> 0;
      if (found <= most) return found;
    }
  }

  return { bits, uniform, upTo };
}

/** Where the ziggurat's lowest strip ends. */
const EDGE = 3.6541528853610087963519472518, INVERSE = 0.27366123732975827203338247596;

/**
 * Standard normal draws.
 * @param {ReturnType<typeof createRandom>} random
 * @param {number} count
 */
export function normals(random, count) {
  const drawn = new Float64Array(count);
  for (let i = 0; i < count; i++) drawn[i] = normal(random);
  return drawn;
}

/** @param {ReturnType<typeof createRandom>} random @returns {number} */
function normal(random) {
  for (;;) {
    const bits = random.bits();
    const strip = Number(bits & 0xffn);
    const negative = Boolean((bits >> 8n) & 1n);
    const size = Number((bits >> 9n) & 0xfffffffffffffn);
    const x = size * WIDTHS[strip] * (negative ? -1 : 1);
    if (size < INSIDE[strip]) return x;
    if (strip === 0) return tail(random, Boolean((BigInt(size) >> 8n) & 1n));
    const height = (HEIGHTS[strip - 1] - HEIGHTS[strip]) * random.uniform() + HEIGHTS[strip];
    if (height < Math.exp(-0.5 * x * x)) return x;
  }
}

/** Beyond the lowest strip. @param {ReturnType<typeof createRandom>} random @param {boolean} negative */
function tail(random, negative) {
  for (;;) {
    const x = -INVERSE * Math.log1p(-random.uniform());
    const y = -Math.log1p(-random.uniform());
    if (y + y > x * x) return negative ? -(EDGE + x) : EDGE + x;
  }
}

/**
 * The examples of every step's mini-batch: epoch after epoch shuffled, what does not fill a batch left out.
 * @param {number} seed @param {number} count  of examples @param {number} size  of a batch @param {number} steps
 * @returns {Uint32Array} [steps, size]
 */
export function batchIndices(seed, count, size, steps) {
  const random = createRandom(seed, 1);
  const found = new Uint32Array(steps * size);
  const batches = Math.floor(count / size);
  for (let step = 0; step < steps; step += batches) {
    const order = Uint32Array.from({ length: count }, (_, i) => i);
    for (let i = count - 1; i > 0; i--) {
      const j = random.upTo(i);
      [order[i], order[j]] = [order[j], order[i]];
    }
    const taken = Math.min(batches, steps - step) * size;
    found.set(order.subarray(0, taken), step * size);
  }
  return found;
}
