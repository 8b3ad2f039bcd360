/**
 * A machine runs one optimizer on one surface: a WebAssembly module that is written from their programs. Its memory
 * holds what goes in (numbers, learning rates, noise, mini-batches) and a row for every step that comes out.
 */
import { Body, CODE, get, integer, load, set, store } from "./assembler.js";
import { Lines } from "./lines.js";
import { FLOAT, OF_STEP, PARAMETERS, WHERE, cycled, cycledName, inputNames, linked, listBody, mean, multiply, part, places, productsOf, readInputs, rowAddress, seenGradient, updated, whole } from "./pieces.js";

/** @typedef {import("./pieces.js").Plan} Plan */
/** @typedef {import("./pieces.js").Program} Program */
/** @typedef {import("./pieces.js").ScheduleProgram} ScheduleProgram */
/** @typedef {import("./pieces.js").SurfaceProgram} SurfaceProgram */

/** Writes the rate of every step, the optimizer's own and those of x and y, and what is cycled. @param {ScheduleProgram} schedule @param {Record<string, number>} where */
function ratesBody(schedule, where) {
  const body = new Body(PARAMETERS.length);
  const lines = new Lines(body);
  const inputs = readInputs(lines, WHERE.inputs, where);
  const products = productsOf(lines, schedule);
  lines.loop(WHERE.count, (round) => {
    const address = rowAddress(body, WHERE.rates, round, OF_STEP);
    body.write(get(round), CODE["f64.of_i32"]);
    const step = body.kept();
    multiply(lines, schedule, products, step, inputs.total);
    ["lr", "lr_x", "lr_y"].forEach((base, i) => {
      const [rate] = lines.program(/** @type {Program} */ (schedule.rate), { ...part(inputs, "schedule"), ...products, step, base: inputs[base], total: inputs.total }, 1);
      body.write(get(address), get(rate), store(i * FLOAT));
    });
    if (schedule.momentum) body.write(get(address), get(cycled(lines, schedule, inputs, step)), store(3 * FLOAT));
  });
  return body;
}

/** What the schedule cycles, read from memory. @param {Body} body @param {Plan} plan @param {number} round @returns {Record<string, number>} */
function plannedMomentum(body, plan, round) {
  const name = cycledName(plan);
  if (!name) return {};
  body.write(get(rowAddress(body, WHERE.rates, round, OF_STEP)), load(3 * FLOAT));
  return { [name]: body.kept() };
}

/** The rates of a step, read from memory. @param {Body} body @param {number} round */
function plannedRates(body, round) {
  const address = rowAddress(body, WHERE.rates, round, OF_STEP);
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
  lines.loop(WHERE.count, (round) => {
    const of = { ...part(inputs, "rule"), ...plannedMomentum(body, plan, round) };
    const address = rowAddress(body, WHERE.out, round, width);
    const at = { ...part(inputs, "surface"), x: now[0], y: now[1] };
    const rates = watched ? [watched.lr_x, watched.lr_y].map((local) => { body.write(get(local)); return body.kept(); }) : plannedRates(body, round);
    if (watched) watch(lines, plan, at, watched, part(inputs, "schedule"), round);
    const seen = seenGradient(lines, plan, at, round, of);
    seen.forEach((local, i) => body.write(get(address), get(local), store(i * FLOAT)));
    body.write(get(round), integer(1), CODE["i32.add"], CODE["f64.of_i32"]);
    const t = body.kept();
    const next = moving.map(() => body.float());
    const update = (/** @type {Program} */ program) => () => {
      updated(lines, rule, program, of, { t, rates, now, seen }).forEach((local, i) => body.write(get(local), set(next[i])));
    };
    lines.ifZero(round, update(rule.first), update(rule.step));
    next.forEach((local, i) => body.write(get(local), set(now[i]), get(address), get(local), store((width + 2 + i) * FLOAT)));
  });
  return body;
}

/** Tells a watching schedule the loss of this step, and keeps the rates: the optimizer's own, and those of x and y. @param {Lines} lines @param {Plan} plan @param {any} at @param {Record<string, number>} state @param {any} numbers @param {number} round */
function watch(lines, plan, at, state, numbers, round) {
  const { body } = lines;
  const address = rowAddress(body, WHERE.rates, round, OF_STEP);
  const kept = (/** @type {number} */ from) => [state.lr, state.lr_x, state.lr_y].forEach((rate, i) => body.write(get(address), get(rate), store(from + i * FLOAT)));
  kept(0);
  const [loss] = whole(lines, plan.surface, "value", at, WHERE);
  const found = lines.program(/** @type {Program} */ (plan.schedule.after), { ...state, ...numbers, loss }, 6);
  const copies = found.map((local) => { body.write(get(local)); return body.kept(); });
  Object.values(state).forEach((local, i) => body.write(get(copies[i]), set(local)));
  kept(OF_STEP * FLOAT); // of the step after, if there is one
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
  const names = inputNames(plan);
  const where = places(names);
  const bodies = {
    ...(plan.schedule.watches ? {} : { rates: ratesBody(plan.schedule, where) }),
    run: runBody(plan, where), losses: listBody(plan.surface, "value", where), slopes: slopeBody(plan.surface, where),
  };
  return { names, where, width: 4 + 2 * plan.rule.state.length, ...linked(bodies) };
}
