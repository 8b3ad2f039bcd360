/** Writes programs into a function's body: each value gets a variable, and what is worked out already is not again. */
import { CODE, call, constant, get, integer, leave, leaveIf, set } from "./assembler.js";
import { IMPORTS, OPERATIONS } from "./operations.js";
import { checkProgram, constantOf } from "./program.js";

/** @type {Record<string, number>} */
const IMPORTED = Object.fromEntries(IMPORTS.map((one, i) => [one.name, i]));

/** Powers that are simpler operations, by their exponents: rounded once, as C's are. */
const POWERS = /** @type {[number, string][]} */ ([[2, "square"], [0.5, "sqrt"]]);

/** @typedef {import("./assembler.js").Body} Body */

export class Lines {
  /** @param {Body} body */
  constructor(body) {
    this.body = body;
    /** @type {Map<string, number>} what is known here, by what it is */
    this.known = new Map();
  }

  /** A variable that holds a number. @param {number} value */
  number(value) {
    return this.#once(`number ${Object.is(value, -0) ? "-0" : value}`, () => [constant(value)]);
  }

  /** @param {string} name @param {() => number[][]} write */
  #once(name, write) {
    let local = this.known.get(name);
    if (local === undefined) {
      this.body.write(...write());
      local = this.body.kept();
      this.known.set(name, local);
    }
    return local;
  }

  /**
   * Writes a program; returns the variables of its results.
   * @param {import("./program.js").Program} program
   * @param {Record<string, number>} inputs  variables by name
   * @param {number} [results]
   */
  program(program, inputs, results) {
    for (const name of checkProgram(program, results).inputs) {
      if (!Object.hasOwn(inputs, name)) throw new Error(`A program asks for ${JSON.stringify(name).slice(0, 60)}, which is not there.`);
    }
    return /** @type {number[]} */ (this.#written(program, inputs));
  }

  /**
   * Writes what of a program can be worked out from some of its inputs, so that the whole of it finds that known: what a
   * loop needs not do again. Returns the variables of its results, undefined where they need the other inputs.
   * @param {import("./program.js").Program} program @param {Record<string, number>} inputs
   */
  ahead(program, inputs) {
    return this.#written(checkProgram(program), inputs);
  }

  /** @param {import("./program.js").Program} program @param {Record<string, number>} inputs @returns {(number|undefined)[]} */
  #written(program, inputs) {
    /** @type {(number|undefined)[]} */
    const places = program.inputs.map((name) => (Object.hasOwn(inputs, name) ? inputs[name] : undefined));
    for (const value of program.constants) places.push(this.number(constantOf(value)));
    for (const [called, ...operands] of program.operations) {
      const variables = operands.map((place) => places[place]);
      const known = variables.every((variable) => variable !== undefined);
      places.push(known ? this.#result(called, /** @type {number[]} */ (variables)) : undefined);
    }
    return program.results.map((place) => places[place]);
  }

  /** What came to be known by a call of a function, which costs more than arithmetic, since `before`. @param {Map<string, number>} before */
  calledSince(before) {
    return [...this.known].filter(([what]) => !before.has(what) && OPERATIONS[what.split(" ")[0]]?.import);
  }

  /** The variable of an operation's result. @param {string} called @param {number[]} operands @returns {number} */
  #result(called, operands) {
    const simpler = called === "power" && POWERS.find(([exponent]) => this.known.get(`number ${exponent}`) === operands[1]);
    if (simpler) return this.#result(simpler[1], operands.slice(0, 1));
    const { write } = OPERATIONS[called];
    return this.#once(`${called} ${operands.join(" ")}`, () => (write ? write(...operands) : [...operands.map(get), call(IMPORTED[called])]));
  }

  /** Writes `inside` where what is found out there is not known afterwards. @param {() => void} inside */
  within(inside) {
    const known = new Map(this.known);
    inside();
    this.known = known;
  }

  /** Writes a loop of so many rounds. @param {number} count  a variable @param {(round: number) => void} inside */
  loop(count, inside) {
    const { body } = this;
    const round = body.integer();
    body.write(integer(0), set(round), CODE.block, CODE.loop);
    body.write(get(round), get(count), CODE["i32.ge"], leaveIf(1));
    this.within(() => inside(round));
    body.write(get(round), integer(1), CODE["i32.add"], set(round), leave(0), CODE.end, CODE.end);
  }

  /** Writes what is done if a whole number is 0, and what else. @param {number} number @param {() => void} then @param {() => void} other */
  ifZero(number, then, other) {
    this.body.write(get(number), CODE["i32.eqz"], CODE.if);
    this.within(then);
    this.body.write(CODE.else);
    this.within(other);
    this.body.write(CODE.end);
  }
}
