/** What machines are put together from: their numbers, loss and gradient, a step of a rule. */
import { Body, CODE, get, integer, load, moduleOf, set, store } from "./assembler.js";
import { Lines } from "./lines.js";
import { IMPORTS, MATH } from "./operations.js";

/** @typedef {import("./program.js").Program} Program */
/**
 * @typedef {object} SurfaceProgram
 * @property {Program} value
 * @property {Program} gradient
 * @property {boolean} mean  whether they are of one example, to be averaged over all
 * @property {Program|null} hessian
 * @property {number[][]} examples
 * @property {{value: Program, gradient: Program}} [example]
 */
/** @typedef {{first: Program, step: Program, state: string[], initial: (number|string)[]}} RuleProgram */
/**
 * `running` are the factors of a step, whose products over the steps so far the rate is given as product0, ...
 * `momentum` is what the rule's momentum or beta1 is at a step, where it is cycled.
 * @typedef {{rate?: Program, after?: Program, running?: Program|null, momentum?: Program|null, watches: boolean}} ScheduleProgram
 */

/** @typedef {{surface: SurfaceProgram, rule: RuleProgram, schedule: ScheduleProgram, batch: boolean, clip: Program|null}} Plan */

export const FLOAT = 8;
/** What is known of a step before it: the rates, the optimizer's own and those of x and y, and what is cycled. */
export const OF_STEP = 4;

/** Floats in memory, one after the other, by name. @param {string[]} names @returns {Record<string, number>} */
export function places(names) {
  return Object.fromEntries(names.map((name, i) => [name, i]));
}

/** The bounds that a program of clipping takes, by name. @param {Program} clip */
export const boundsOf = (clip) => clip.inputs.filter((name) => !["gx", "gy"].includes(name));

/** Names of the numbers that a machine is given. @param {Plan} plan */
export function inputNames({ rule, schedule, surface, clip }) {
  const own = new Set(["t", "lr", "theta", "g", ...rule.state]);
  const planned = new Set(["step", "base", "total", "loss", "best", "bad", "cooling", "lr", "lr_x", "lr_y"]);
  const plan = /** @type {Program} */ (schedule.rate ?? schedule.after);
  return [
    "x", "y", "lr", "lr_x", "lr_y", "total", "examples", ...rule.state.flatMap((name) => [`${name}.x`, `${name}.y`]),
    ...[...rule.step.inputs.filter((name) => !own.has(name)), ...(clip ? boundsOf(clip) : [])].map((name) => `rule.${name}`),
    ...plan.inputs.filter((name) => !planned.has(name) && !/^product\d+$/.test(name)).map((name) => `schedule.${name}`),
    ...surface.value.inputs.filter((name) => !["x", "y", "u", "v"].includes(name)).map((name) => `surface.${name}`),
  ];
}

/** Reads inputs into variables. @param {Lines} lines @param {number} base @param {Record<string, number>} where */
export function readInputs(lines, base, where) {
  return Object.fromEntries(Object.entries(where).map(([name, place]) => {
    lines.body.write(get(base), load(place * FLOAT));
    return [name, lines.body.kept()];
  }));
}

/** Variables for the products that a schedule runs on, 1 before the first step. @param {Lines} lines @param {ScheduleProgram} schedule @returns {Record<string, number>} */
export function productsOf(lines, { running }) {
  return Object.fromEntries((running?.results ?? []).map((_, i) => {
    const local = lines.body.float();
    lines.body.write(get(lines.number(1)), set(local));
    return [`product${i}`, local];
  }));
}

/** Multiplies them by the factors of a step. @param {Lines} lines @param {ScheduleProgram} schedule @param {Record<string, number>} products @param {number} step @param {number} total */
export function multiply(lines, { running }, products, step, total) {
  if (!running) return;
  lines.program(running, { step, total }).forEach((factor, i) => {
    const local = products[`product${i}`];
    lines.body.write(get(local), get(factor), CODE["f64.mul"], set(local));
  });
}

/** Which of the rule's numbers a schedule cycles; "" where it cycles none. @param {{rule: RuleProgram, schedule: ScheduleProgram}} of */
export const cycledName = ({ rule, schedule }) => (!schedule.momentum ? "" : rule.step.inputs.includes("beta1") ? "beta1" : "momentum");

/** That number at a step. @param {Lines} lines @param {ScheduleProgram} schedule @param {Record<string, number>} inputs @param {number} step */
export function cycled(lines, schedule, inputs, step) {
  return lines.program(/** @type {Program} */ (schedule.momentum), { ...part(inputs, "schedule"), step, total: inputs.total }, 1)[0];
}

/** Those inputs that begin with a word and a dot, without it. @param {Record<string, number>} inputs @param {string} of */
export function part(inputs, of) {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => name.startsWith(`${of}.`)).map(([name, local]) => [name.slice(of.length + 1), local]));
}

/** The address of a row. @param {Body} body @param {number} base @param {number} row @param {number} width  in floats */
export function rowAddress(body, base, row, width) {
  const address = body.integer();
  body.write(get(base), get(row), integer(width * FLOAT), [0x6c], CODE["i32.add"], set(address));
  return address;
}

/**
 * Writes a program of one example as its mean over some.
 * @param {Lines} lines @param {Program} program @param {Record<string, number>} inputs
 * @param {number} base  address of the first example @param {number} count @param {number} results
 */
export function mean(lines, program, inputs, base, count, results) {
  const { body } = lines;
  const sums = Array.from({ length: results }, () => body.float());
  for (const sum of sums) body.write(get(lines.number(0)), set(sum));
  lines.loop(count, (round) => {
    const address = rowAddress(body, base, round, 2);
    const example = ["u", "v"].map((_, i) => { body.write(get(address), load(i * FLOAT)); return body.kept(); });
    const found = lines.program(program, { ...inputs, u: example[0], v: example[1] }, results);
    sums.forEach((sum, i) => body.write(get(sum), get(found[i]), CODE["f64.add"], set(sum)));
  });
  return sums.map((sum) => {
    body.write(get(sum), get(count), CODE["f64.of_i32"], CODE["f64.div"]);
    return body.kept();
  });
}

/** Loss or gradient of all examples. @param {Lines} lines @param {SurfaceProgram} surface @param {"value"|"gradient"} what @param {Record<string, number>} inputs @param {Where} at */
export function whole(lines, surface, what, inputs, at) {
  const results = what === "value" ? 1 : 2;
  return surface.mean
    ? mean(lines, surface[what], inputs, at.examples, at.exampleCount, results)
    : lines.program(surface[what], inputs, results);
}

/** @typedef {{count: number, inputs: number, rates: number, noise: number, batches: number, size: number, out: number, examples: number, exampleCount: number}} Where */
export const PARAMETERS = ["count", "inputs", "rates", "noise", "batches", "size", "out", "examples", "exampleCount"];
export const WHERE = /** @type {Where} */ (/** @type {unknown} */ (places(PARAMETERS)));

/** The gradient that a step sees: its noise and its clipping included. @param {Lines} lines @param {Plan} plan @param {any} at @param {number} round @param {Record<string, number>} bounds  of clipping, among others */
export function seenGradient(lines, plan, at, round, bounds) {
  const { body } = lines;
  const seen = [body.float(), body.float()];
  let found;
  if (plan.batch) {
    const base = body.integer();
    body.write(get(WHERE.batches), get(round), get(WHERE.size), [0x6c], integer(2 * FLOAT), [0x6c], CODE["i32.add"], set(base));
    found = mean(lines, /** @type {any} */ (plan.surface.example).gradient, at, base, WHERE.size, 2);
  } else found = whole(lines, plan.surface, "gradient", at, WHERE);
  found.forEach((local, i) => body.write(get(local), set(seen[i])));
  lines.ifZero(WHERE.noise, () => {}, () => {
    const address = rowAddress(body, WHERE.noise, round, 2);
    seen.forEach((local, i) => body.write(get(local), get(address), load(i * FLOAT), CODE["f64.add"], set(local)));
  });
  return plan.clip ? lines.program(plan.clip, { ...bounds, gx: seen[0], gy: seen[1] }, 2) : seen;
}

/**
 * Writes a step of both weights; returns the variables of what follows: x, y, then the state of x and that of y.
 * @param {Lines} lines @param {RuleProgram} rule @param {Program} program  its first step's or the others'
 * @param {Record<string, number>} numbers  the rule's own
 * @param {{t: number, rates: number[], now: number[], seen: number[]}} at  `now` is as what is returned
 */
export function updated(lines, rule, program, numbers, { t, rates, now, seen }) {
  const states = rule.state.length;
  const found = [0, 1].map((axis) => {
    const state = rule.state.map((name, i) => [name, now[2 + axis * states + i]]);
    return lines.program(program, { ...numbers, ...Object.fromEntries(state), t, lr: rates[axis], theta: now[axis], g: seen[axis] }, 1 + states);
  });
  return [found[0][0], found[1][0], ...found[0].slice(1), ...found[1].slice(1)];
}

/**
 * Writes the loss, or the gradient, at every row of points (x, y) behind `noise`, to `out`.
 * @param {SurfaceProgram} surface @param {"value"|"gradient"} what @param {Record<string, number>} where
 */
export function listBody(surface, what, where) {
  const body = new Body(PARAMETERS.length);
  const lines = new Lines(body);
  const inputs = readInputs(lines, WHERE.inputs, where);
  lines.loop(WHERE.count, (round) => {
    const from = body.integer();
    body.write(get(WHERE.noise), get(round), get(WHERE.size), [0x6c], CODE["i32.add"], set(from));
    const [x, y] = [0, 1].map((i) => { body.write(get(from), load(i * FLOAT)); return body.kept(); });
    const found = whole(lines, surface, what, { ...part(inputs, "surface"), x, y }, WHERE);
    const address = rowAddress(body, WHERE.out, round, found.length);
    found.forEach((local, i) => body.write(get(address), get(local), store(i * FLOAT)));
  });
  return body;
}

/** A module of these functions, with its memory. @param {Record<string, Body>} bodies */
export function linked(bodies) {
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(moduleOf(IMPORTS, bodies));
  const instance = new WebAssembly.Instance(module, { math: /** @type {any} */ (MATH), js: { memory } });
  return { memory, functions: /** @type {any} */ (instance.exports) };
}
