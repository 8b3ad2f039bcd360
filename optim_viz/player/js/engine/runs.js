/**
 * The runs of a comparison, computed where they are looked at. What can be turned (numbers, start, steps, noise, seed)
 * goes in as a value, the programs come with the scene; out come the columns that the player draws.
 *
 * @typedef {object} LiveRun  one run's part of a scene
 * @property {string} id  the track's
 * @property {string|null} program  the name of its rule's program, which has no step if only the server can run it; null: nothing is known of it
 * @property {string} schedule  the name of its schedule's program
 * @property {Record<string, number>} values  its numbers by name
 * @property {Record<string, number>} schedule_values
 * @property {[number, number]} scale  factors on the learning rate of x and of y
 *
 * @typedef {object} Live  a scene's part that computes
 * @property {{program: string, parameters: Record<string, number>, bounds: number[], minima: number[][], best: number, lowest: number, alone?: boolean}} surface
 * @property {[number, number]} start
 * @property {number} steps
 * @property {number} noise
 * @property {number} seed
 * @property {number|null} batch
 * @property {string} [drawn]  "" as a map, a function of x alone as a curve; "map"; "equal": a map on which x and y have one scale
 * @property {LiveRun[]} runs
 */
import { roomFor } from "../basics/room.js";
import { createDraws } from "./draws.js";
import { createMachine } from "./machine.js";
import { filled, laidOut, sizesOf } from "./memory.js";
import { OF_STEP, boundsOf, cycledName } from "./pieces.js";
import { constantOf } from "./program.js";
import { judge, statusOf } from "./verdict.js";

const FLOAT = 8;
const HESSIAN_STEP = 1e-5;

/** A rule with what it leaves out at 0 left out, unless its schedule cycles that. @param {any} rule @param {Record<string, number>} values @param {any} schedule */
export function shaped(rule, values, schedule) {
  const zero = schedule.momentum ? undefined : Object.keys(rule.zero).find((name) => values[name] === 0);
  return zero === undefined ? rule : rule.zero[zero];
}

/** What clips the gradients of a rule's runs, null where it says nothing of it, or no bound is set or varied. @param {any} rule @param {Record<string, number>} values @param {Set<string>} [varied] */
export function clipped(rule, values, varied = new Set()) {
  return rule.clip && boundsOf(rule.clip).some((name) => values[name] > 0 || varied.has(name)) ? rule.clip : null;
}

/** A bound of clipping as its program takes it: 0 stands for none. @param {number} value */
export const boundFrom = (value) => (value === 0 ? Infinity : value);

/**
 * What runs comparisons. Machines and draws are kept from one run to the next.
 * @param {(name: string) => any} programOf  a program by its name
 */
export function createEngine(programOf) {
  /** @type {Map<string, any>} */
  const machines = new Map();
  const draws = createDraws();

  /** @param {Live} live @param {LiveRun} run */
  function machineOf(live, run) {
    const rule = programOf(/** @type {string} */ (run.program));
    const zero = Object.keys(rule.zero).filter((name) => run.values[name] === 0).join();
    const clip = clipped(rule, run.values);
    const key = [live.surface.program, run.program, zero, run.schedule, live.batch !== null, clip !== null].join(" ");
    let machine = machines.get(key);
    if (!machine) {
      if (machines.size >= 64) machines.delete(/** @type {string} */ (machines.keys().next().value));
      const schedule = programOf(run.schedule);
      const plan = { surface: programOf(live.surface.program), rule: shaped(rule, run.values, schedule), schedule, batch: live.batch !== null, clip };
      machine = { ...createMachine(plan), plan };
      machines.set(key, machine);
    }
    return machine;
  }

  /** Lays out a machine's memory and fills it. @param {any} machine @param {Live} live @param {LiveRun} run */
  function prepare(machine, live, run) {
    const sizes = { ...sizesOf(machine, live), result: 5, around: 160, rates: OF_STEP * (live.steps + 2), losses: live.steps + 1, rows: machine.width * (live.steps + 1) };
    const { at, view } = laidOut(machine.memory, sizes);
    filled(view, machine, inputsOf(live, run, machine.plan), draws, live);
    return { at, view };
  }

  /** Runs one of them. @param {Live} live @param {LiveRun} run @param {Record<string, Float64Array>} [spare]  columns that nobody needs any more */
  function runOne(live, run, spare = {}) {
    const machine = machineOf(live, run);
    const { at, view } = prepare(machine, live, run);
    const { functions, plan, width } = machine;
    const examples = plan.surface.examples.length;
    const call = (/** @type {string} */ name, /** @type {number} */ count, /** @type {any} */ change = {}) => {
      const given = { count, inputs: at.inputs, rates: at.rates, noise: live.noise > 0 ? at.noise : 0, batches: at.batches, size: live.batch ?? 0, out: at.rows, examples: at.examples, exampleCount: examples, ...change };
      functions[name](given.count, given.inputs, given.rates, given.noise, given.batches, given.size, given.out, given.examples, given.exampleCount);
    };
    if (!plan.schedule.watches) {
      call("rates", live.steps + 1);
      startAt(machine, run, view, view("rates"));
    }
    call("run", live.steps);
    call("losses", live.steps + 1, { noise: at.rows + 2 * FLOAT, size: width * FLOAT, out: at.losses });
    const ground = groundOf(live, machine, call, at, view);
    const last = live.steps * width;
    view("rows").set(ground.gradient(view("rows")[last + 2], view("rows")[last + 3]), last);
    return columnsOf(live, run, machine, view, ground, spare);
  }

  /** The losses at points x, y, x, y, ... @param {Live} live @param {LiveRun} run  any that can be computed here @param {Float64Array} points */
  function lossesAt(live, run, points) {
    const machine = machineOf(live, run), { functions, plan } = machine;
    const { at, view } = laidOut(machine.memory, { ...sizesOf(machine, live), points: points.length });
    filled(view, machine, inputsOf(live, run, plan), draws, live);
    view("points").set(points);
    functions.losses(points.length / 2, at.inputs, 0, at.points, 0, 2 * FLOAT, at.points, at.examples, plan.surface.examples.length);
    return view("points").slice(0, points.length / 2);
  }

  return { runOne, lossesAt, machineOf };
}

/** Every number that a machine is given. @param {Live} live @param {LiveRun} run @param {any} plan */
export function inputsOf(live, run, plan) {
  const lr = run.values.lr;
  /** @type {Record<string, number>} */
  const inputs = {
    x: live.start[0], y: live.start[1], lr, lr_x: lr * run.scale[0], lr_y: lr * run.scale[1], total: live.steps, examples: plan.surface.examples.length,
  };
  for (const [name, value] of Object.entries(run.values)) inputs[`rule.${name}`] = value;
  if (plan.clip) for (const name of boundsOf(plan.clip)) inputs[`rule.${name}`] = boundFrom(run.values[name]);
  for (const [name, value] of Object.entries(run.schedule_values)) inputs[`schedule.${name}`] = value;
  for (const [name, value] of Object.entries(live.surface.parameters)) inputs[`surface.${name}`] = value;
  return { ...inputs, ...firstState(run, plan.rule, [inputs.lr_x, inputs.lr_y]) };
}

/** The state before the first step, whose learning rates are known. @param {LiveRun} run @param {any} rule @param {number[]} lrs */
function firstState(run, rule, lrs) {
  /** @type {Record<string, number>} */
  const state = {};
  rule.state.forEach((/** @type {string} */ name, /** @type {number} */ i) => {
    const first = rule.initial[i];
    const own = first === "lr" || !Object.hasOwn(run.values, first) ? null : run.values[first];
    ["x", "y"].forEach((axis, k) => { state[`${name}.${axis}`] = first === "lr" ? lrs[k] : own ?? constantOf(first); });
  });
  return state;
}

/** Sets the first state anew, once the first rates are there. @param {any} machine @param {LiveRun} run @param {any} view @param {Float64Array} rates */
function startAt(machine, run, view, rates) {
  const state = firstState(run, machine.plan.rule, [rates[1], rates[2]]);
  for (const [name, value] of Object.entries(state)) view("inputs")[machine.where[name]] = value;
}

/** What a verdict may ask of the surface. @param {Live} live @param {any} machine @param {any} call @param {any} at @param {any} view */
function groundOf(live, machine, call, at, view) {
  const place = (/** @type {number} */ x, /** @type {number} */ y) => {
    view("inputs").set([x, y]); // the first two inputs
    call("slopes", 0, { out: at.result });
    return view("result");
  };
  const gradient = (/** @type {number} */ x, /** @type {number} */ y) => [...place(x, y).slice(0, 2)];
  return {
    bounds: live.surface.bounds, alone: live.surface.alone, minima: live.surface.minima, best: live.surface.minima.slice(0, live.surface.best), lowest: live.surface.lowest, gradient,
    hessian: (/** @type {number} */ x, /** @type {number} */ y) => (machine.plan.surface.hessian ? [...place(x, y).slice(2, 5)] : differences(gradient, x, y)),
    losses(/** @type {Float64Array} */ points) {
      view("around").set(points);
      call("losses", points.length / 2, { noise: at.around, size: 2 * FLOAT, out: at.around });
      return view("around").slice(0, points.length / 2);
    },
  };
}

/** Second derivatives by central differences. @param {(x: number, y: number) => number[]} gradient @param {number} x @param {number} y */
function differences(gradient, x, y) {
  const [hx, hy] = [x, y].map((value) => HESSIAN_STEP * Math.max(1, Math.abs(value)));
  const [right, left, up, down] = [gradient(x + hx, y), gradient(x - hx, y), gradient(x, y + hy), gradient(x, y - hy)];
  const across = (right[1] - left[1]) / (2 * hx), along = (up[0] - down[0]) / (2 * hy);
  return [(right[0] - left[0]) / (2 * hx), (across + along) / 2, (up[1] - down[1]) / (2 * hy)];
}

/** The columns that are learning rates. @param {Record<string, Float64Array>} columns */
const ratesOf = (columns) => ["lr", "lr.x", "lr.y"].map((name) => columns[name]).filter(Boolean);

/** A watching schedule sees no more losses once numbers overflow, so its rates stay. @param {Record<string, Float64Array>} columns */
function holdRate(columns) {
  const { x, y, gx, gy, lr } = columns;
  let over = 0;
  while (over < lr.length - 1 && [gx[over], gy[over], x[over + 1], y[over + 1]].every(Number.isFinite)) over++;
  if (over < lr.length - 1) for (const rates of ratesOf(columns)) rates.fill(rates[over + 1], over + 1);
}

/** One column of rows. @param {Float64Array} rows @param {number} column @param {number} width @param {Float64Array} found */
function strided(rows, column, width, found) {
  for (let i = 0, at = column; i < found.length; i++, at += width) found[i] = rows[at];
  return found;
}

/** The columns of a run, as Python would send them, and how it ended. @param {Live} live @param {LiveRun} run @param {any} machine @param {any} view @param {any} ground @param {Record<string, Float64Array>} spare */
function columnsOf(live, run, machine, view, ground, spare) {
  const { width, plan } = machine;
  const [rows, lost, rates] = [view("rows"), view("losses"), view("rates")];
  const count = live.steps + 1;
  const taken = (/** @type {string} */ name, /** @type {number} */ column) => strided(rows, column, width, roomFor(spare[name], count));
  const [gx, gy, xs, ys] = ["gx", "gy", "x", "y"].map(taken);
  const losses = roomFor(spare.loss, count);
  losses.set(lost.subarray(0, count));
  let end = 0;
  // A sum is finite only where all of its parts are, or near enough to the largest float that it is no picture either.
  while (end < count && Number.isFinite(losses[end] + xs[end] + ys[end] + gx[end] + gy[end])) end++;
  losses.fill(Infinity, end);
  /** @type {Record<string, Float64Array>} */
  const columns = { x: xs, y: ys, loss: losses, gx, gy, lr: strided(rates, 0, OF_STEP, roomFor(spare.lr, count)) };
  if (run.scale.some((factor) => factor !== 1)) ["lr.x", "lr.y"].forEach((name, i) => { columns[name] = strided(rates, 1 + i, OF_STEP, roomFor(spare[name], count)); });
  const cycle = cycledName(plan);
  if (cycle) columns[cycle] = strided(rates, 3, OF_STEP, roomFor(spare[cycle], count));
  plan.rule.state.forEach((/** @type {string} */ name, /** @type {number} */ i) => {
    const [x, y] = [`state.${name}.x`, `state.${name}.y`];
    columns[x] = taken(x, 4 + i);
    columns[y] = taken(y, 4 + plan.rule.state.length + i);
  });
  if (plan.schedule.watches) holdRate(columns);
  for (const [name, column] of Object.entries(columns)) if (!["loss", "lr", "lr.x", "lr.y", cycle].includes(name)) column.fill(NaN, end);
  const verdict = judge(ground, { xs, ys, losses });
  return { columns, status: statusOf(verdict), statusFrom: verdict.step, verdict };
}
