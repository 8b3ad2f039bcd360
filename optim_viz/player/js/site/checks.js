/**
 * What may be asked for, by the catalogue's tables: the same bounds and the same sentences as Python's optim_viz.spec.
 *
 * @typedef {object} Hyperparameter  a row of Python's
 * @property {string} name
 * @property {number|boolean} default
 * @property {string} scale
 * @property {number} minimum
 * @property {number} maximum
 * @property {boolean} open_low
 * @property {boolean} open_high
 * @property {string} text
 * @typedef {Record<string, number|boolean>} Values
 * @typedef {{kind: string, values: Values}} Plan  a schedule
 * @typedef {{kind: string, values: Values, schedule: Plan|null, scale: [number, number]|null, label: string}} Choice  an optimizer
 * @typedef {{surface: string, start: [number, number], steps: number, noise: number, seed: number, batch: number|null, drawn?: string, optimizers: Choice[]}} Asked
 */
import { t } from "../basics/words.js";

/** What is wrong with an input, in a sentence for the person who typed it. */
export class Refusal extends Error {}

/** A text as a sentence names it. @param {unknown} text */
export function quoted(text) {
  const whole = `'${String(text)}'`;
  return whole.length <= 80 ? whole : `${whole.slice(0, 79)}…`;
}

const NUMBER = /^\s*[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d+)?\s*$/i;

/** A number as people write it. @param {number} value */
export function readable(value) {
  const [whole, part] = String(value).split(".");
  return Number.isInteger(value) && Math.abs(value) < 1e15 ? value.toLocaleString("en") : [whole, part].filter(Boolean).join(".");
}

/** A number, or NaN where the text of none was given. @param {unknown} text */
export const parsed = (text) => (typeof text === "number" ? text : NUMBER.test(String(text)) ? Number(text) : NaN);

/** @param {unknown} text @param {string} what */
export function numberOf(text, what) {
  const value = parsed(text);
  if (Number.isFinite(value)) return value;
  const said = { what, value: quoted(text) };
  const endless = /^\s*[+-]?(nan|inf)/i.test(String(text));
  throw new Refusal(endless ? t("{what} must be a finite number; got {value}.", said) : t("{what} must be a number; got {value}.", said));
}

/** @param {unknown} text @param {string} what @param {number} low @param {number} high */
export function numberWithin(text, what, low, high) {
  const value = parsed(text);
  if (value >= low && value <= high) return value;
  throw new Refusal(t("{what} must be a number from {low} to {high}; got {value}.", { what, low: readable(low), high: readable(high), value: quoted(text) }));
}

/** @param {unknown} text @param {string} what @param {number} low @param {number} high */
export function wholeWithin(text, what, low, high) {
  const value = parsed(text);
  if (Number.isInteger(value) && value >= low && value <= high) return value;
  throw new Refusal(t("{what} must be a whole number from {low:,} to {high:,}; got {value}.", { what, low: readable(low), high: readable(high), value: quoted(text) }));
}

/** One hyperparameter's value. @param {Hyperparameter} row @param {unknown} given @param {string} owner */
export function checkValue(row, given, owner) {
  if (row.scale === "bool") {
    const words = /** @type {Record<string, boolean>} */ ({ true: true, 1: true, false: false, 0: false });
    const word = String(given).toLowerCase();
    if (Object.hasOwn(words, word)) return words[word];
    throw new Refusal(t("{what} must be true or false; got {value}.", { what: `${owner}: ${row.name}`, value: quoted(given) }));
  }
  const value = typeof given === "number" ? given : NUMBER.test(String(given)) ? Number(given) : NaN;
  const inside = (row.open_low ? value > row.minimum : value >= row.minimum) && (row.open_high ? value < row.maximum : value <= row.maximum);
  if (inside && (row.scale !== "int" || Number.isInteger(value))) return value;
  const kind = row.scale === "int" && Number.isFinite(value) ? t("a whole number") : t("a number");
  const [from, to] = [{ number: readable(row.minimum) }, { number: readable(row.maximum) }];
  const allowed = t("{low} and {high}", {
    low: row.open_low ? t("above {number}", from) : t("at least {number}", from), high: row.open_high ? t("below {number}", to) : t("at most {number}", to),
  });
  throw new Refusal(t("{owner}: {name} must be {kind} {allowed}; got {value}.", { owner, name: row.name, kind, allowed, value: quoted(given) }));
}

/** All of a row's hyperparameters: what is given, checked, and defaults. @param {string} owner @param {Hyperparameter[]} rows @param {Record<string, unknown>} given @returns {Values} */
export function checkAll(owner, rows, given) {
  for (const name of Object.keys(given)) {
    if (!rows.some((row) => row.name === name)) throw new Refusal(t("{owner} has no hyperparameter {name}; {hint}", { owner, name: quoted(name), hint: oneOf(rows.map((row) => row.name)) }));
  }
  return Object.fromEntries(rows.map((row) => [row.name, Object.hasOwn(given, row.name) ? checkValue(row, given[row.name], owner) : row.default]));
}

/** The names to choose from, in words. @param {string[]} names */
export const oneOf = (names) => t("choose one of {names}.", { names: names.join(", ") });

/** A name that is in no table. @param {string} what @param {string} name @param {string[]} names */
export const unknown = (what, name, names) => t("Unknown {what} {name}; {hint}", { what, name: quoted(name), hint: oneOf(names) });

/** A name of a table. @param {Record<string, any>} table @param {string} name @param {string} what */
export function rowOf(table, name, what) {
  if (Object.hasOwn(table, name)) return table[name];
  throw new Refusal(unknown(what, name, Object.keys(table)));
}

/** An optimizer, whole and checked. @param {any} tables  the catalogue @param {string} kind @param {any} options  values, schedule, scale, label @returns {Choice} */
export function checkChoice(tables, kind, options) {
  const row = rowOf(tables.optimizers, kind, t("optimizer"));
  const values = checkAll(kind, row.hyperparameters, options.values ?? {});
  if (values.nesterov && !(Number(values.momentum) > 0 && values.dampening === 0)) {
    throw new Refusal(t("{kind}: nesterov needs momentum above 0 and dampening 0; got momentum {momentum:g} and dampening {dampening:g}.", { kind, momentum: String(values.momentum), dampening: String(values.dampening) }));
  }
  if (Number(values.step_min ?? 0) > Number(values.step_max ?? 0)) {
    throw new Refusal(t("{kind}: step_min must be at most step_max; got {step_min:g} and {step_max:g}.", { kind, step_min: String(values.step_min), step_max: String(values.step_max) }));
  }
  if (options.schedule?.values.cycle_momentum && !row.cycled) {
    throw new Refusal(t("{kind} has no momentum that {schedule} could cycle; cycle_momentum works with {names}.", { kind, schedule: options.schedule.kind, names: tables.with_momentum.join(", ") }));
  }
  const scale = options.scale ? options.scale.map((/** @type {unknown} */ factor, /** @type {number} */ i) => numberWithin(factor, t("{kind}: lr_scale of {name}", { kind, name: `'${"xy"[i]}'` }), 0, tables.limits.largest)) : null;
  const label = String(options.label ?? "");
  if ([...label].length > tables.limits.label) throw new Refusal(t("A label has at most {most} characters; {label} has {count:,}.", { most: tables.limits.label, label: quoted(label), count: [...label].length }));
  return { kind, values, schedule: options.schedule ?? null, scale, label };
}

/** A schedule, whole and checked. @param {any} tables @param {string} kind @param {Record<string, unknown>} given @returns {Plan} */
export function checkPlan(tables, kind, given) {
  return { kind, values: checkAll(kind, rowOf(tables.schedules, kind, t("schedule")).hyperparameters, given) };
}

/** A start on a surface. @param {any} surface @param {unknown[]} given @returns {[number, number]} */
export function checkStart({ bounds: [x0, x1, y0, y1], alone, start }, given) {
  if (alone && given.length === 1) return checkStart({ bounds: [x0, x1, y0, y1] }, [given[0], start[1]]);
  if (given.length !== 2) throw new Refusal(t("start must be two numbers (x, y); got {start}.", { start: quoted(given.join("~")) }));
  const [x, y] = given.map((text, i) => numberOf(text, t("start {axis}", { axis: "xy"[i] })));
  if (x >= x0 && x <= x1 && y >= y0 && y <= y1) return [x, y];
  throw new Refusal(t("start ({x:g}, {y:g}) lies outside the plane drawn: x must be from {x0:g} to {x1:g} and y from {y0:g} to {y1:g}.", { x, y, x0, x1, y0, y1 }));
}

/** How many examples a mini-batch has. @param {any} surface @param {unknown} given */
export function checkBatch(surface, given) {
  if (!surface.examples) throw new Refusal(t("{surface} is no mean over examples: mini-batches need one.", { surface: surface.title }));
  return wholeWithin(given, "batch_size", 1, surface.examples);
}

/** How a surface is drawn: what is a map anyway is not asked to be one. @param {any} surface @param {string} given */
export function checkDrawn({ alone }, given) {
  const ways = ["map", "equal"];
  if (given && !ways.includes(given)) throw new Refusal(unknown(t("way of drawing"), given, ways));
  return given === "map" && !alone ? "" : given;
}

/** A comparison, every part of it checked. @param {any} tables @param {Asked} asked @returns {Asked} */
export function checkAsked(tables, asked) {
  const surface = rowOf(tables.surfaces, asked.surface, t("surface"));
  return {
    surface: asked.surface, start: checkStart(surface, asked.start), steps: wholeWithin(asked.steps, "steps", 1, tables.limits.steps),
    noise: numberWithin(asked.noise, "noise", 0, tables.limits.largest), seed: wholeWithin(asked.seed, "seed", 0, tables.limits.seeds - 1),
    batch: asked.batch === null ? null : checkBatch(surface, asked.batch), drawn: checkDrawn(surface, asked.drawn ?? ""),
    optimizers: asked.optimizers.map(({ kind, schedule, ...rest }) => checkChoice(tables, kind, { ...rest, schedule: schedule && checkPlan(tables, schedule.kind, schedule.values) })),
  };
}
