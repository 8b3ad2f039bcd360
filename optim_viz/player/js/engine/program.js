/**
 * A program is a list of operations in JSON. It may come with a page that a stranger made, so it is looked through
 * before a byte is written of it: known operations, operands that come before, plain numbers, a bounded length.
 *
 * @typedef {object} Program
 * @property {string[]} inputs
 * @property {(number|string)[]} constants  numbers, or "inf", "-inf", "nan"
 * @property {[string, ...number[]][]} operations  operands are places: inputs, then constants, then results before
 * @property {number[]} results
 */
import { OPERATIONS } from "./operations.js";

export const MOST_OPERATIONS = 20000;
/** Inputs and constants. */
const MOST_NAMES = 5000;
/** @type {Record<string, number>} */
const WORDS = { inf: Infinity, "-inf": -Infinity, nan: NaN };

/**
 * Programs by name, as they come in a scene: what every rule has, what clips gradients and its numbers, comes once.
 * @param {Record<string, any>} packed @returns {Record<string, any>}
 */
export function unpacked({ "every rule": shared, ...programs }) {
  const whole = (/** @type {any} */ rule) => ({ ...rule, clip: shared.clip, knobs: [...rule.knobs, ...shared.knobs] });
  return Object.fromEntries(Object.entries(programs).map(([name, program]) => [name, shared && program.zero ? whole(program) : program]));
}

/** A constant's value. @param {unknown} value @returns {number} */
export function constantOf(value) {
  if (typeof value === "number" && Number.isFinite(value)) return value;
  if (typeof value === "string" && Object.hasOwn(WORDS, value)) return WORDS[value];
  throw new Error(`A program's constant must be a number; got ${said(value)}.`);
}

/** @param {unknown} value */
function said(value) {
  return String(JSON.stringify(value) ?? value).slice(0, 60);
}

/** @param {unknown} place @param {number} below @param {string} what */
function checkPlace(place, below, what) {
  if (!(Number.isInteger(place) && Number(place) >= 0 && Number(place) < below)) {
    throw new Error(`A program's ${what} must be a place below ${below}; got ${said(place)}.`);
  }
}

/**
 * Throws, with a sentence, unless a program can be run.
 * @param {any} program
 * @param {number} [results]  how many it must have
 * @returns {Program}
 */
export function checkProgram(program, results) {
  const parts = [program?.inputs, program?.constants, program?.operations, program?.results];
  if (!parts.every(Array.isArray)) throw new Error("A program is lists of inputs, constants, operations and results.");
  const { inputs, constants, operations } = program;
  if (operations.length > MOST_OPERATIONS || inputs.length + constants.length > MOST_NAMES) {
    throw new Error(`A program may have ${MOST_OPERATIONS} operations; this has ${operations.length}.`);
  }
  constants.forEach(constantOf);
  if (!inputs.every((/** @type {unknown} */ name) => typeof name === "string")) throw new Error("A program's inputs are names.");
  operations.forEach((/** @type {any} */ operation, /** @type {number} */ i) => {
    const [called, ...operands] = Array.isArray(operation) ? operation : [operation];
    if (typeof called !== "string" || !Object.hasOwn(OPERATIONS, called)) throw new Error(`Unknown operation ${said(called)}.`);
    if (operands.length !== OPERATIONS[called].arity) throw new Error(`${called} takes ${OPERATIONS[called].arity} operands; got ${operands.length}.`);
    for (const place of operands) checkPlace(place, inputs.length + constants.length + i, "operand");
  });
  for (const place of program.results) checkPlace(place, inputs.length + constants.length + operations.length, "result");
  if (results !== undefined && program.results.length !== results) {
    throw new Error(`This program must have ${results} results; it has ${program.results.length}.`);
  }
  return program;
}
