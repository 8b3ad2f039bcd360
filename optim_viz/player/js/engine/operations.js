/**
 * The table of operations that a program may be made of: NumPy's names, and what each is in WebAssembly. A program that
 * names anything else is refused.
 */
import { CODE, constant, get } from "./assembler.js";
import { erf, logAddExp, power } from "./functions.js";

/** @typedef {{arity: number, write?: (...operands: number[]) => number[][], import?: (...values: number[]) => number}} Operation */

/** @param {number[]} code @returns {Operation} */
const unary = (code) => ({ arity: 1, write: (a) => [get(a), code] });
/** @param {number[]} code @returns {Operation} */
const binary = (code) => ({ arity: 2, write: (a, b) => [get(a), get(b), code] });
/** @param {number[]} code @returns {Operation} a comparison: 1 or 0 */
const question = (code) => ({ arity: 2, write: (a, b) => [get(a), get(b), code, CODE["f64.of_bool"]] });
/** The second where it is beyond the first or is no number, else the first: as Python's floats have it. @param {number[]} code @returns {Operation} */
const extreme = (code) => ({
  arity: 2,
  write: (a, b) => [get(b), get(a), get(b), get(a), code, get(b), get(b), CODE["f64.ne"], CODE["i32.or"], CODE.select],
});
/** @param {(...values: number[]) => number} from @param {number} [arity] @returns {Operation} */
const imported = (from, arity = 1) => ({ arity, import: from });

/** @type {Record<string, Operation>} */
export const OPERATIONS = {
  add: binary(CODE["f64.add"]), subtract: binary(CODE["f64.sub"]), multiply: binary(CODE["f64.mul"]),
  divide: binary(CODE["f64.div"]), negative: unary(CODE["f64.neg"]), absolute: unary(CODE["f64.abs"]),
  sqrt: unary(CODE["f64.sqrt"]), floor: unary(CODE["f64.floor"]),
  square: { arity: 1, write: (a) => [get(a), get(a), CODE["f64.mul"]] },
  floor_divide: { arity: 2, write: (a, b) => [get(a), get(b), CODE["f64.div"], CODE["f64.floor"]] },
  maximum: extreme(CODE["f64.gt"]), minimum: extreme(CODE["f64.lt"]),
  equal: question(CODE["f64.eq"]), not_equal: question(CODE["f64.ne"]), less: question(CODE["f64.lt"]),
  less_equal: question(CODE["f64.le"]), greater: question(CODE["f64.gt"]), greater_equal: question(CODE["f64.ge"]),
  bitwise_and: binary(CODE["f64.mul"]),
  where: { arity: 3, write: (c, a, b) => [get(a), get(b), get(c), constant(0), CODE["f64.ne"], CODE.select] },
  sign: {
    arity: 1,
    write: (a) => [
      constant(1), constant(-1), get(a), get(a), constant(0), CODE["f64.lt"], CODE.select,
      get(a), constant(0), CODE["f64.gt"], CODE.select,
    ],
  },
  power: imported(power, 2), arctan2: imported(Math.atan2, 2), logaddexp: imported(logAddExp, 2), erf: imported(erf),
  sin: imported(Math.sin), cos: imported(Math.cos), tan: imported(Math.tan), arcsin: imported(Math.asin),
  arccos: imported(Math.acos), arctan: imported(Math.atan), sinh: imported(Math.sinh), cosh: imported(Math.cosh),
  tanh: imported(Math.tanh), exp: imported(Math.exp), log: imported(Math.log), log1p: imported(Math.log1p),
};

/** What a module imports, in the order of its indices. */
export const IMPORTS = Object.entries(OPERATIONS).filter(([, row]) => row.import).map(([name, row]) => ({ name, arity: row.arity }));

/** The same as an object for WebAssembly. */
export const MATH = Object.fromEntries(Object.entries(OPERATIONS).filter(([, row]) => row.import).map(([name, row]) => [name, row.import]));
