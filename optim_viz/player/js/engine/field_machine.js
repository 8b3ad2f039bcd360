/**
 * A machine for many runs of one optimizer on one surface: the cells of a grid, which differ in a number or two or in
 * where they start. All cells take a step before any takes the next, so that what is the same for all of them, for a row
 * or for a column, is worked out once a step: powers such as beta ** t, above all.
 */
import { Body, CODE, constant, get, integer, load, set, store } from "./assembler.js";
import { Lines } from "./lines.js";
import { FLOAT, PARAMETERS, WHERE, cycled, cycledName, inputNames, linked, listBody, multiply, part, places, productsOf, readInputs, rowAddress, seenGradient, updated, whole } from "./pieces.js";
import { constantOf } from "./program.js";

/** @typedef {import("./pieces.js").Plan} Plan */
/** @typedef {import("./pieces.js").Program} Program */
/**
 * @typedef {object} OfField
 * @property {boolean} watch  whether every loss is looked at, for the step of arrival, or else where a run comes to rest
 * @property {boolean} same  whether x and y have the same learning rate
 * @property {[string[], string[]]} axes  names of the inputs that vary from row to row, and from column to column
 */
/** @typedef {Plan & OfField} FieldPlan */

const FIELD_PARAMETERS = [...PARAMETERS, "rows", "columns", "byRow", "byColumn", "scratch", "tail"];
const AT = /** @type {any} */ (places(FIELD_PARAMETERS));
const OF_PLATEAU = ["best", "bad", "cooling", "lr", "lr_x", "lr_y"];
/** What calls a column keeps of a step at most, floats. */
export const SCRATCH = 8;

/** What is kept of a cell, as places in its row. @param {FieldPlan} plan */
export function cellPlaces({ rule, schedule, watch }) {
  return places([
    "x", "y", ...rule.state.map((name) => `${name}.x`), ...rule.state.map((name) => `${name}.y`), "poison",
    ...(watch ? ["target", "waiting", "waited"] : ["low.x", "low.y", "high.x", "high.y"]),
    ...(schedule.watches ? OF_PLATEAU.map((name) => `plateau.${name}`) : []),
  ]);
}

/** Loads of a cell by name, and ways back. @param {Lines} lines @param {number} cell @param {Record<string, number>} kept */
function cellOf({ body }, cell, kept) {
  return {
    /** @param {string} name */
    read(name) { body.write(get(cell), load(kept[name] * FLOAT)); return body.kept(); },
    /** @param {string} name @param {...number[]} code  what leaves the new value on the stack */
    write(name, ...code) { body.write(get(cell), ...code, store(kept[name] * FLOAT)); },
  };
}

/** Reads an axis' numbers at a row of its values into variables. @param {Lines} lines @param {number} base @param {number} at @param {number[]} variables */
function readAxis({ body }, base, at, variables) {
  if (!variables.length) return;
  const address = rowAddress(body, base, at, variables.length);
  variables.forEach((local, i) => body.write(get(address), load(i * FLOAT), set(local)));
}

/** The numbers at hand without a cell: rates and the rule, as far as `inputs` go. @param {Lines} lines @param {FieldPlan} plan @param {Record<string, number>} inputs @param {number} step @param {number} t */
function ahead(lines, { rule, schedule }, inputs, step, t) {
  const of = { ...part(inputs, "schedule"), step, total: inputs.total };
  for (const axis of ["lr_x", "lr_y"]) {
    const base = inputs[axis] === undefined ? {} : { base: inputs[axis] };
    const rate = schedule.rate ? lines.ahead(schedule.rate, { ...of, ...base })[0] : undefined;
    lines.ahead(rule.step, { ...part(inputs, "rule"), t, ...(rate === undefined ? {} : { lr: rate }) });
  }
}

/** Writes the steps of all cells. @param {FieldPlan} plan @param {Record<string, number>} where */
function advanceBody(plan, where) {
  const body = new Body(FIELD_PARAMETERS.length);
  const lines = new Lines(body);
  const all = readInputs(lines, WHERE.inputs, where);
  if (plan.same) all.lr_y = all.lr_x;
  const varies = new Set(plan.axes.flat());
  const fixed = Object.fromEntries(Object.entries(all).filter(([name]) => !varies.has(name)));
  const locals = plan.axes.map((names) => names.map((name) => body.float()));
  const named = plan.axes.map((names, i) => Object.fromEntries(names.map((name, k) => [name, locals[i][k]])));
  const of = named.map((one) => (plan.same && one.lr_x !== undefined ? { ...one, lr_y: one.lr_x } : one));
  const width = Object.keys(cellPlaces(plan)).length;
  const products = productsOf(lines, plan.schedule);
  for (const [name, local] of Object.entries(products)) fixed[`schedule.${name}`] = local;
  lines.loop(WHERE.count, (round) => {
    body.write(get(round), CODE["f64.of_i32"]);
    const step = body.kept();
    multiply(lines, plan.schedule, products, step, all.total);
    if (plan.schedule.momentum) fixed[`rule.${cycledName(plan)}`] = cycled(lines, plan.schedule, fixed, step);
    body.write(get(step), constant(1), CODE["f64.add"]);
    const t = body.kept();
    ahead(lines, plan, fixed, step, t);
    const calls = callsOfColumns(lines, plan, { ...fixed, ...of[1] }, locals[1], step, t);
    const cell = body.integer();
    body.write(get(WHERE.out), set(cell));
    lines.loop(AT.rows, (row) => {
      readAxis(lines, AT.byRow, row, locals[0]);
      ahead(lines, plan, { ...fixed, ...of[0] }, step, t);
      lines.loop(AT.columns, (column) => {
        readAxis(lines, AT.byColumn, column, locals[1]);
        readCalls(lines, calls, column);
        cellStep(lines, plan, { ...fixed, ...of[0], ...of[1] }, cell, { round, step, t });
        body.write(get(cell), integer(width * FLOAT), CODE["i32.add"], set(cell));
      });
    });
  });
  return body;
}

/** Writes what calls a column's numbers need in a step, once for all rows; returns what they are. @param {Lines} lines @param {FieldPlan} plan @param {Record<string, number>} inputs @param {number[]} variables @param {number} step @param {number} t */
function callsOfColumns(lines, plan, inputs, variables, step, t) {
  /** @type {string[]} */
  let calls = [];
  if (!variables.length) return calls;
  lines.loop(AT.columns, (column) => {
    readAxis(lines, AT.byColumn, column, variables);
    const before = new Map(lines.known);
    ahead(lines, plan, inputs, step, t);
    const found = lines.calledSince(before).slice(0, SCRATCH);
    const address = rowAddress(lines.body, AT.scratch, column, SCRATCH);
    found.forEach(([, local], i) => lines.body.write(get(address), get(local), store(i * FLOAT)));
    calls = found.map(([what]) => what);
  });
  return calls;
}

/** Reads them back, so that they are known. @param {Lines} lines @param {string[]} calls @param {number} column */
function readCalls({ body, known }, calls, column) {
  if (!calls.length) return;
  const address = rowAddress(body, AT.scratch, column, SCRATCH);
  calls.forEach((what, i) => {
    body.write(get(address), load(i * FLOAT));
    known.set(what, body.kept());
  });
}

/** Writes one step of one cell. @param {Lines} lines @param {FieldPlan} plan @param {Record<string, number>} inputs @param {number} cell @param {{round: number, step: number, t: number}} at */
function cellStep(lines, plan, inputs, cell, { round, step, t }) {
  const { rule, schedule, watch } = plan;
  const { body } = lines;
  const { read, write } = cellOf(lines, cell, cellPlaces(plan));
  const place = ["x", "y"].map(read);
  const at = { ...part(inputs, "surface"), x: place[0], y: place[1] };
  const loss = watch || schedule.watches ? whole(lines, plan.surface, "value", at, WHERE)[0] : -1;
  const rates = schedule.watches ? watched(lines, plan, inputs, { read, write }, loss) : plannedRates(lines, plan, inputs, step);
  const seen = seenGradient(lines, plan, at, round, part(inputs, "rule"));
  write("poison", get(read("poison")), ...[...seen, ...(watch ? [loss] : [])].flatMap((local) => [get(local), get(local), CODE["f64.sub"], CODE["f64.add"]]));
  if (watch) seeLoss(body, { read, write }, loss);
  const names = [...rule.state.map((name) => `${name}.x`), ...rule.state.map((name) => `${name}.y`)];
  const next = ["x", "y", ...names].map(() => body.float());
  const update = (/** @type {Program} */ program, /** @type {() => number[]} */ state) => () => {
    updated(lines, rule, program, part(inputs, "rule"), { t, rates, now: [...place, ...state()], seen }).forEach((local, i) => body.write(get(local), set(next[i])));
  };
  lines.ifZero(round, update(rule.first, () => firstState(lines, rule, inputs, rates)), update(rule.step, () => names.map(read)));
  ["x", "y", ...names].forEach((name, i) => write(name, get(next[i])));
  if (!watch) widen(lines, { read, write }, next, round);
}

/** The state before the first step, as variables. @param {Lines} lines @param {import("./pieces.js").RuleProgram} rule @param {Record<string, number>} inputs @param {number[]} rates */
function firstState(lines, rule, inputs, rates) {
  const of = (/** @type {number|string} */ first, /** @type {number} */ axis) => (first === "lr" ? rates[axis] : inputs[`rule.${first}`] ?? lines.number(constantOf(first)));
  return [0, 1].flatMap((axis) => rule.initial.map((first) => of(first, axis)));
}

/** @param {Lines} lines @param {FieldPlan} plan @param {Record<string, number>} inputs @param {number} step */
function plannedRates(lines, { schedule }, inputs, step) {
  return ["lr_x", "lr_y"].map((axis) => lines.program(/** @type {Program} */ (schedule.rate), { ...part(inputs, "schedule"), step, base: inputs[axis], total: inputs.total }, 1)[0]);
}

/** The rates of a step under a schedule that watches the loss, which it is then told. @param {Lines} lines @param {FieldPlan} plan @param {Record<string, number>} inputs @param {any} cell @param {number} loss */
function watched(lines, { schedule }, inputs, { read, write }, loss) {
  const state = Object.fromEntries(OF_PLATEAU.map((name) => [name, read(`plateau.${name}`)]));
  const found = lines.program(/** @type {Program} */ (schedule.after), { ...part(inputs, "schedule"), ...state, loss }, OF_PLATEAU.length);
  OF_PLATEAU.forEach((name, i) => write(`plateau.${name}`, get(found[i])));
  return [state.lr_x, state.lr_y];
}

/** Counts the steps until a loss is low enough. @param {Body} body @param {any} cell @param {number} loss */
function seeLoss(body, { read, write }, loss) {
  const target = read("target"), waited = read("waited");
  body.write(get(read("waiting")), get(loss), get(target), CODE["f64.le"], CODE["i32.eqz"], CODE["f64.of_bool"], CODE["f64.mul"]);
  const waiting = body.kept();
  write("waiting", get(waiting));
  write("waited", get(waited), get(waiting), CODE["f64.add"]);
}

/** Widens the box that the last tenth of a run stays in. @param {Lines} lines @param {any} cell @param {number[]} next @param {number} round */
function widen({ body }, { read, write }, next, round) {
  body.write(get(round), get(AT.tail), CODE["i32.ge"], CODE.if);
  ["x", "y"].forEach((axis, i) => {
    write(`low.${axis}`, get(read(`low.${axis}`)), get(next[i]), CODE["f64.min"]);
    write(`high.${axis}`, get(read(`high.${axis}`)), get(next[i]), CODE["f64.max"]);
  });
  body.write(CODE.end);
}

/**
 * A machine, ready to be given numbers. `advance` takes all cells through all steps; `losses` and `gradients` are those
 * of a list of points.
 * @param {FieldPlan} plan
 */
export function createFieldMachine(plan) {
  const names = inputNames(plan);
  const where = places(names);
  const bodies = { advance: advanceBody(plan, where), losses: listBody(plan.surface, "value", where), gradients: listBody(plan.surface, "gradient", where) };
  return { plan, names, where, kept: cellPlaces(plan), ...linked(bodies) };
}
