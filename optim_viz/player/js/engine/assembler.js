/**
 * WebAssembly by hand: the few instructions that straight-line arithmetic and counted loops need. A page's security
 * policy may forbid text that becomes code; bytes that are written here, from a table, are allowed.
 *
 * @typedef {number[]} Bytes
 */

/** A whole number as WebAssembly writes it (LEB128, unsigned). @param {number} value @returns {Bytes} */
export function leb(value) {
  const bytes = [];
  do {
    const rest = value >>> 7;
    bytes.push((value & 0x7f) | (rest ? 0x80 : 0));
    value = rest;
  } while (value);
  return bytes;
}

/** The same for numbers that may be negative. @param {number} value @returns {Bytes} */
function signedLeb(value) {
  const bytes = [];
  for (;;) {
    const low = value & 0x7f;
    value >>= 7;
    const done = (value === 0 && !(low & 0x40)) || (value === -1 && (low & 0x40));
    bytes.push(done ? low : low | 0x80);
    if (done) return bytes;
  }
}

const F64 = 0x7c, I32 = 0x7f, EMPTY = 0x40;

/** A float's eight bytes. @param {number} value @returns {Bytes} */
function float(value) {
  return [...new Uint8Array(new Float64Array([value]).buffer)];
}

/** The instructions by name. */
export const CODE = {
  block: [0x02, EMPTY], loop: [0x03, EMPTY], if: [0x04, EMPTY], else: [0x05], end: [0x0b], select: [0x1b],
  "i32.eqz": [0x45], "i32.eq": [0x46], "i32.ge": [0x4e], "i32.or": [0x72], "i32.add": [0x6a], "i32.sub": [0x6b],
  "f64.eq": [0x61], "f64.ne": [0x62], "f64.lt": [0x63], "f64.gt": [0x64], "f64.le": [0x65], "f64.ge": [0x66],
  "f64.abs": [0x99], "f64.neg": [0x9a], "f64.floor": [0x9c], "f64.sqrt": [0x9f], "f64.add": [0xa0],
  "f64.sub": [0xa1], "f64.mul": [0xa2], "f64.div": [0xa3], "f64.min": [0xa4], "f64.max": [0xa5], "f64.of_bool": [0xb8], "f64.of_i32": [0xb7],
};
export const constant = (/** @type {number} */ value) => [0x44, ...float(value)];
export const integer = (/** @type {number} */ value) => [0x41, ...signedLeb(value)];
export const get = (/** @type {number} */ local) => [0x20, ...leb(local)];
export const set = (/** @type {number} */ local) => [0x21, ...leb(local)];
export const call = (/** @type {number} */ index) => [0x10, ...leb(index)];
export const leave = (/** @type {number} */ depth) => [0x0c, ...leb(depth)];
export const leaveIf = (/** @type {number} */ depth) => [0x0d, ...leb(depth)];
/** Reads the float at an address on the stack, some bytes on. @param {number} offset */
export const load = (offset) => [0x2b, 0x03, ...leb(offset)];
/** Writes the float on the stack to the address below it, some bytes on. @param {number} offset */
export const store = (offset) => [0x39, 0x03, ...leb(offset)];

/** @param {Bytes[]} items @returns {Bytes} */
const list = (items) => [...leb(items.length), ...items.flat()];

/** @param {number} id @param {Bytes} content @returns {Bytes} */
const section = (id, content) => [id, ...leb(content.length), ...content];

/** @param {string} text @returns {Bytes} */
const name = (text) => [...leb(text.length), ...[...text].map((letter) => letter.charCodeAt(0))];

/**
 * A function being written: its parameters are whole numbers; its own variables floats and whole numbers.
 */
export class Body {
  /** @param {number} parameters */
  constructor(parameters) {
    this.parameters = parameters;
    /** @type {number[]} */
    this.kinds = [];
    /** @type {number[]} */
    this.bytes = [];
  }

  /** @param {number} kind */
  #local(kind) {
    this.kinds.push(kind);
    return this.parameters + this.kinds.length - 1;
  }

  /** A new variable that holds a float. */
  float() { return this.#local(F64); }

  /** A new variable that holds a whole number. */
  integer() { return this.#local(I32); }

  /** @param {...Bytes} parts */
  write(...parts) {
    for (const part of parts) for (const byte of part) this.bytes.push(byte);
    return this;
  }

  /** A variable that takes what stands on the stack. */
  kept() {
    const local = this.float();
    this.write(set(local));
    return local;
  }

  /** @returns {Bytes} */
  whole() {
    const kinds = this.kinds.map((kind) => [1, kind]);
    const content = [...list(kinds), ...this.bytes, ...CODE.end];
    return [...leb(content.length), ...content];
  }
}

/**
 * A module's bytes. It imports `math` (functions of one or two floats) and `memory`; its functions take whole numbers
 * and give nothing back.
 * @param {{name: string, arity: number}[]} imports
 * @param {Record<string, Body>} functions
 */
export function moduleOf(imports, functions) {
  const bodies = Object.values(functions);
  const floats = (/** @type {number} */ count) => [0x60, ...list(Array(count).fill([F64])), ...list([[F64]])];
  const whole = (/** @type {Body} */ body) => [0x60, ...list(Array(body.parameters).fill([I32])), ...list([])];
  const types = [floats(1), floats(2), ...bodies.map(whole)];
  const wanted = imports.map((one) => [...name("math"), ...name(one.name), 0x00, one.arity - 1]);
  const memory = [...name("js"), ...name("memory"), 0x02, 0x00, ...leb(1)];
  const exported = Object.keys(functions).map((key, i) => [...name(key), 0x00, ...leb(imports.length + i)]);
  return Uint8Array.from([
    0x00, 0x61, 0x73, 0x6d, 1, 0, 0, 0, ...section(1, list(types)), ...section(2, list([...wanted, memory])),
    ...section(3, list(bodies.map((_, i) => leb(i + 2)))), ...section(7, list(exported)),
    ...section(10, list(bodies.map((body) => body.whole()))),
  ]);
}
