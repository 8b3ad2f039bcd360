/**
 * A machine runs one optimizer on one surface: a WebAssembly module that is written from their programs. Its memory
 * holds what goes in (numbers, learning rates, noise, mini-batches) and a row for every step that comes out.
 */
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
/** @typedef {{rate?: Program, after?: Program, watches: boolean}} ScheduleProgram */

const FLOAT = 8;

/** Floats in memory, one after the other, by name. @param {string[]} names @returns {Record<string, number>} */
function places(names) {
  return Object.fromEntries(names.map((name, i) => [name, i]));
}

/** Names of the numbers that a machine is given. @param {RuleProgram} rule @param {ScheduleProgram} schedule @param {SurfaceProgram} surface */
export function inputNames(rule, schedule, surface) {
  const own = new Set(["t", "lr", "theta", "g", ...rule.state]);
  const planned = new Set(["step", "base", "total", "loss", "best", "bad", "cooling", "lr", "lr_x", "lr_y"]);
  const plan = /** @type {Program} */ (schedule.rate ?? schedule.after);
  return [
    "x", "y", "lr", "lr_x", "lr_y", "total", "examples", ...rule.state.flatMap((name) => [`${name}.x`, `${name}.y`]),
    ...rule.step.inputs.filter((name) => !own.has(name)).map((name) => `rule.${name}`),
    ...plan.inputs.filter((name) => !planned.has(name)).map((name) => `schedule.${name}`),
    ...surface.value.inputs.filter((name) => !["x", "y", "u", "v"].includes(name)).map((name) => `surface.${name}`),
  ];
}

/** Reads inputs into variables. @param {Lines} lines @param {number} base @param {Record<string, number>} where */
function readInputs(lines, base, where) {
  return Object.fromEntries(Object.entries(where).map(([name, place]) => {
    lines.body.write(get(base), load(place * FLOAT));
    return [name, lines.body.kept()];
  }));
}

/** Those inputs that begin with a word and a dot, without it. @param {Record<string, number>} inputs @param {string} of */
function part(inputs, of) {
  return Object.fromEntries(Object.entries(inputs).filter(([name]) => name.startsWith(`${of}.`)).map(([name, local]) => [name.slice(of.length + 1), local]));
}

/** The address of a row. @param {Body} body @param {number} base @param {number} row @param {number} width  in floats */
function rowAddress(body, base, row, width) {
  const address = body.integer();
  body.write(get(base), get(row), integer(width * FLOAT), [0x6c], CODE["i32.add"], set(address));
  return address;
}

/**
 * Writes a program of one example as its mean over some.
 * @param {Lines} lines @param {Program} program @param {Record<string, number>} inputs
 * @param {number} base  address of the first example @param {number} count @param {number} results
 */
function mean(lines, program, inputs, base, count, results) {
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
function whole(lines, surface, what, inputs, at) {
  const results = what === "value" ? 1 : 2;
  return surface.mean
    ? mean(lines, surface[what], inputs, at.examples, at.exampleCount, results)
    : lines.program(surface[what], inputs, results);
}

/** @typedef {{count: number, inputs: number, rates: number, noise: number, batches: number, size: number, out: number, examples: number, exampleCount: number}} Where */
const PARAMETERS = ["count", "inputs", "rates", "noise", "batches", "size", "out", "examples", "exampleCount"];
const WHERE = /** @type {Where} */ (/** @type {unknown} */ (places(PARAMETERS)));

/** Writes the rate of every step, the optimizer's own and those of x and y. @param {ScheduleProgram} schedule @param {Record<string, number>} where */
function ratesBody(schedule, where) {
  const body = new Body(PARAMETERS.length);
  const lines = new Lines(body);
  const inputs = readInputs(lines, WHERE.inputs, where);
  lines.loop(WHERE.count, (round) => {
    const address = rowAddress(body, WHERE.rates, round, 3);
    body.write(get(round), CODE["f64.of_i32"]);
    const step = body.kept();
    ["lr", "lr_x", "lr_y"].forEach((base, i) => {
      const [rate] = lines.program(/** @type {Program} */ (schedule.rate), { ...part(inputs, "schedule"), step, base: inputs[base], total: inputs.total }, 1);
      body.write(get(address), get(rate), store(i * FLOAT));
    });
  });
  return body;
}

/** The rates of a step, read from memory. @param {Body} body @param {number} round */
function plannedRates(body, round) {
  const address = rowAddress(body, WHERE.rates, round, 3);
  return [1, 2].map((i) => { body.write(get(address), load(i * FLOAT)); return body.kept(); });
}

/** What a watching schedule keeps, as variables that change. @param {Lines} lines @param {Record<string, number>} inputs */
function watcher(lines, inputs) {
  const { body } = lines;
  const state = Object.fromEntries(["best", "bad", "cooling", "lr", "lr_x", "lr_y"].map((name) => [name, body.float()]));
  const first = { best: lines.number(Infinity), bad: lines.number(0), cooling: lines.number(0), lr: inputs.lr, lr_x: inputs.lr_x, lr_y: inputs.lr_y };
  for (const [name, local] of Object.entries(state)) body.write(get(/** @type {any} */ (first)[name]), set(local));
  return state;
}

/** The gradient that a step sees. @param {Lines} lines @param {Plan} plan @param {any} at @param {number} round */
function seenGradient(lines, plan, at, round) {
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
  return seen;
}

/** @typedef {{surface: SurfaceProgram, rule: RuleProgram, schedule: ScheduleProgram, batch: boolean}} Plan */

/** Writes the steps. @param {Plan} plan @param {Record<string, number>} where */
function runBody(plan, where) {
  const { rule, schedule } = plan;
  const body = new Body(PARAMETERS.length);
  const lines = new Lines(body);
  const inputs = readInputs(lines, WHERE.inputs, where);
  const moving = ["x", "y", ...rule.state.map((name) => `${name}.x`), ...rule.state.map((name) => `${name}.y`)];
  const now = moving.map((name) => { const local = body.float(); body.write(get(inputs[name]), set(local)); return local; });
  const width = 2 + moving.length;
  moving.forEach((_, i) => body.write(get(WHERE.out), get(now[i]), store((2 + i) * FLOAT)));
  const watched = schedule.watches ? watcher(lines, inputs) : null;
  const of = part(inputs, "rule");
  lines.loop(WHERE.count, (round) => {
    const address = rowAddress(body, WHERE.out, round, width);
    const at = { ...part(inputs, "surface"), x: now[0], y: now[1] };
    const rates = watched ? [watched.lr_x, watched.lr_y].map((local) => { body.write(get(local)); return body.kept(); }) : plannedRates(body, round);
    if (watched) watch(lines, plan, at, watched, part(inputs, "schedule"), round);
    const seen = seenGradient(lines, plan, at, round);
    seen.forEach((local, i) => body.write(get(address), get(local), store(i * FLOAT)));
    body.write(get(round), integer(1), CODE["i32.add"], CODE["f64.of_i32"]);
    const t = body.kept();
    const next = moving.map(() => body.float());
    const update = (/** @type {Program} */ program) => () => {
      const states = rule.state.length;
      const found = [0, 1].map((axis) => {
        const state = rule.state.map((name, i) => [name, now[2 + axis * states + i]]);
        return lines.program(program, { ...of, ...Object.fromEntries(state), t, lr: rates[axis], theta: now[axis], g: seen[axis] }, 1 + states);
      });
      const all = [found[0][0], found[1][0], ...found[0].slice(1), ...found[1].slice(1)];
      all.forEach((local, i) => body.write(get(local), set(next[i])));
    };
    lines.ifZero(round, update(rule.first), update(rule.step));
    next.forEach((local, i) => body.write(get(local), set(now[i]), get(address), get(local), store((width + 2 + i) * FLOAT)));
  });
  return body;
}

/** Tells a watching schedule the loss of this step, and keeps the optimizer's own rate. @param {Lines} lines @param {Plan} plan @param {any} at @param {Record<string, number>} state @param {any} numbers @param {number} round */
function watch(lines, plan, at, state, numbers, round) {
  const { body } = lines;
  const address = rowAddress(body, WHERE.rates, round, 3);
  body.write(get(address), get(state.lr), store(0));
  const [loss] = whole(lines, plan.surface, "value", at, WHERE);
  const found = lines.program(/** @type {Program} */ (plan.schedule.after), { ...state, ...numbers, loss }, 6);
  const copies = found.map((local) => { body.write(get(local)); return body.kept(); });
  Object.values(state).forEach((local, i) => body.write(get(copies[i]), set(local)));
  body.write(get(address), get(state.lr), store(3 * FLOAT)); // of the step after, if there is one
}

/** Writes the loss of every row of points (x, y) behind `noise`, to `out`. @param {SurfaceProgram} surface @param {Record<string, number>} where */
function lossBody(surface, where) {
  const body = new Body(PARAMETERS.length);
  const lines = new Lines(body);
  const inputs = readInputs(lines, WHERE.inputs, where);
  lines.loop(WHERE.count, (round) => {
    const from = body.integer();
    body.write(get(WHERE.noise), get(round), get(WHERE.size), [0x6c], CODE["i32.add"], set(from));
    const [x, y] = [0, 1].map((i) => { body.write(get(from), load(i * FLOAT)); return body.kept(); });
    const [loss] = whole(lines, surface, "value", { ...part(inputs, "surface"), x, y }, WHERE);
    body.write(get(rowAddress(body, WHERE.out, round, 1)), get(loss), store(0));
  });
  return body;
}

/** Writes gradient and second derivatives at (x, y) to `out`. @param {SurfaceProgram} surface @param {Record<string, number>} where */
function slopeBody(surface, where) {
  const body = new Body(PARAMETERS.length);
  const lines = new Lines(body);
  const inputs = readInputs(lines, WHERE.inputs, where);
  const at = { ...part(inputs, "surface"), x: inputs.x, y: inputs.y };
  const gradient = whole(lines, surface, "gradient", at, WHERE);
  gradient.forEach((local, i) => body.write(get(WHERE.out), get(local), store(i * FLOAT)));
  if (surface.hessian) {
    const second = surface.examples.length
      ? mean(lines, surface.hessian, at, WHERE.examples, WHERE.exampleCount, 3)
      : lines.program(surface.hessian, at, 3);
    second.forEach((local, i) => body.write(get(WHERE.out), get(local), store((2 + i) * FLOAT)));
  }
  return body;
}

/**
 * A machine, ready to be given numbers.
 * @param {Plan} plan
 */
export function createMachine(plan) {
  const names = inputNames(plan.rule, plan.schedule, plan.surface);
  const where = places(names);
  const bodies = {
    ...(plan.schedule.watches ? {} : { rates: ratesBody(plan.schedule, where) }),
    run: runBody(plan, where), losses: lossBody(plan.surface, where), slopes: slopeBody(plan.surface, where),
  };
  const memory = new WebAssembly.Memory({ initial: 1 });
  const module = new WebAssembly.Module(moduleOf(IMPORTS, bodies));
  const instance = new WebAssembly.Instance(module, { math: /** @type {any} */ (MATH), js: { memory } });
  return { names, where, memory, width: 4 + 2 * plan.rule.state.length, functions: /** @type {any} */ (instance.exports) };
}
