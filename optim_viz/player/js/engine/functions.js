/** What JavaScript lacks, or rounds otherwise than C does. Pure functions of floats. */

/** A float's upper half of digits: products of halves are exact (Veltkamp, 1968). @param {number} a */
function upperHalf(a) {
  const scaled = 134217729 * a;
  return scaled - (scaled - a);
}

/** The rounding error of a product (Dekker, 1971). @param {number} a @param {number} b @param {number} product */
function lost(a, b, product) {
  const ah = upperHalf(a), bh = upperHalf(b);
  const al = a - ah, bl = b - bh;
  return al * bl - (product - ah * bh - al * bh - ah * bl);
}

/** Exponents up to which a power is worked out by squaring. */
const SQUARED = 1 << 20;
const [TINY, HUGE] = [1e-150, 1e150];

/**
 * A whole power in twice the digits, by squaring, rounded once; NaN where numbers are too large or small for that.
 * @param {number} base
 * @param {number} exponent
 */
function wholePower(base, exponent) {
  let high = 1, low = 0, h = base, l = 0;
  for (let left = exponent; ; ) {
    if (left & 1) {
      const product = high * h;
      low = lost(high, h, product) + (high * l + low * h);
      high = product + low;
      low -= high - product;
    }
    left >>= 1;
    if (!left) break;
    const square = h * h;
    l = lost(h, h, square) + 2 * h * l;
    h = square + l;
    l -= h - square;
    if (!(Math.abs(h) < HUGE && Math.abs(h) > TINY)) return NaN;
  }
  return Math.abs(high) < HUGE && Math.abs(high) > TINY ? high : NaN;
}

/** Powers that were worked out: every run of every picture asks for the same ones, beta ** t. One place for each hash. */
const PLACES = 1 << 15;
const known = { bases: new Float64Array(PLACES), exponents: new Int32Array(PLACES), powers: new Float64Array(PLACES) };
const float = new Float64Array(1), halves = new Int32Array(float.buffer);

/** The same, looked up where it can be. @param {number} base @param {number} exponent */
function knownPower(base, exponent) {
  float[0] = base;
  const place = (Math.imul(halves[0] ^ halves[1], 0x9e3779b1) + exponent) & (PLACES - 1);
  if (known.bases[place] !== base || known.exponents[place] !== exponent) {
    known.powers[place] = wholePower(base, exponent);
    [known.bases[place], known.exponents[place]] = [base, exponent];
  }
  return known.powers[place];
}

/**
 * base ** exponent. C rounds it to the nearest float nearly always; JavaScript's own is often the one beside it.
 * @param {number} base
 * @param {number} exponent
 */
export function power(base, exponent) {
  if (exponent === 0.5) return Math.sqrt(base);
  if (base !== 0 && Math.abs(exponent) <= SQUARED && Number.isInteger(exponent)) {
    const found = exponent < 0 ? NaN : exponent === 0 ? 1 : knownPower(base, exponent);
    if (!Number.isNaN(found)) return found;
  }
  // In C, 1 to the power of anything is 1.
  return base === 1 ? 1 : base ** exponent;
}

/** log(e ** a + e ** b). @param {number} a @param {number} b */
export function logAddExp(a, b) {
  return a === b ? a + Math.LN2 : Math.max(a, b) + Math.log1p(Math.exp(-Math.abs(a - b)));
}

/** The error function, by the rational approximations of Sun's fdlibm (1993), good to one rounding. */
const SMALL = [[1.28379167095512558561e-1, -3.25042107247001499370e-1, -2.84817495755985104766e-2, -5.77027029648944159157e-3, -2.37630166566501626084e-5],
  [1, 3.97917223959155352819e-1, 6.50222499887672944485e-2, 5.08130628187576562776e-3, 1.32494738004321644526e-4, -3.96022827877536812320e-6]];
const MIDDLE = [[-2.36211856075265944077e-3, 4.14856118683748331666e-1, -3.72207876035701323847e-1, 3.18346619901161753674e-1, -1.10894694282396677476e-1, 3.54783043256182359371e-2, -2.16637559486879084300e-3],
  [1, 1.06420880400844228286e-1, 5.40397917702171048937e-1, 7.18286544141962662868e-2, 1.26171219808761642112e-1, 1.36370839120290507362e-2, 1.19844998467991074170e-2]];
const LARGE = [[-9.86494403484714822705e-3, -6.93858572707181764372e-1, -1.05586262253232909814e1, -6.23753324503260060396e1, -1.62396669462573470355e2, -1.84605092906711035994e2, -8.12874355063065934246e1, -9.81432934416914548592],
  [1, 1.96512716674392571292e1, 1.37657754143519042600e2, 4.34565877475229228821e2, 6.45387271733267880336e2, 4.29008140027567833386e2, 1.08635005541779435134e2, 6.57024977031928170135, -6.04244152148580987438e-2]];
const LARGER = [[-9.86494292470009928597e-3, -7.99283237680523006574e-1, -1.77579549177547519889e1, -1.60636384855821916062e2, -6.37566443368389627722e2, -1.02509513161107724954e3, -4.83519191608651397019e2],
  [1, 3.03380607434824582924e1, 3.25792512996573918826e2, 1.53672958608443695994e3, 3.19985821950859553908e3, 2.55305040643316442583e3, 4.74528541206955367215e2, -2.24409524465858183362e1]];
const [EDGE, SLOPE] = [8.45062911510467529297e-1, 1.28379167095512586316e-1];

/** One polynomial over another. @param {number[][]} rational @param {number} z */
function quotient([above, below], z) {
  const of = (/** @type {number[]} */ factors) => factors.reduceRight((sum, factor) => sum * z + factor, 0);
  return of(above) / of(below);
}

/** @param {number} x @returns {number} */
export function erf(x) {
  const size = Math.abs(x);
  if (Number.isNaN(x)) return NaN;
  if (size < 0.84375) return size < 2 ** -28 ? x + SLOPE * x : x + x * quotient(SMALL, x * x);
  const side = Math.sign(x);
  if (size < 1.25) return side * (EDGE + quotient(MIDDLE, size - 1));
  if (size >= 6) return side;
  const cut = new Float64Array([size]);
  new Uint32Array(cut.buffer)[0] = 0; // the upper half of its digits: its square is exact
  const ratio = quotient(size < 1 / 0.35 ? LARGE : LARGER, 1 / (size * size));
  return side * (1 - (Math.exp(-cut[0] * cut[0] - 0.5625) * Math.exp((cut[0] - size) * (cut[0] + size) + ratio)) / size);
}
