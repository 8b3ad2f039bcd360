/**
 * What Tune is asked for, as a value, and the fields that it is computed as: Python's optim_viz.experiments.study and
 * study_views, for the views that a browser computes.
 *
 * @typedef {import("./checks.js").Asked} Asked
 * @typedef {import("./checks.js").Choice} Choice
 * @typedef {{name: string, low: number, high: number}} Axis  a hyperparameter, or x or y of the start, and its ends
 * @typedef {object} Study
 * @property {string} view  "map" or "basins"
 * @property {Asked} descent
 * @property {number} resolution
 * @property {number} seeds
 * @property {number} which  the optimizer whose map it is
 * @property {Axis} x
 * @property {Axis} y
 * @property {string} measure
 * @property {number} tolerance
 */
import { t } from "../basics/words.js";
import { Refusal, checkAsked, checkChoice, checkStart, numberOf, oneOf, quoted, readable, wholeWithin } from "./checks.js";
import { labelsOf } from "./scene.js";

const STARTS = ["x", "y"];

/** The row of a hyperparameter. @param {any} tables @param {Choice} choice @param {string} name */
const rowOf = (tables, choice, name) => tables.optimizers[choice.kind].hyperparameters.find((/** @type {any} */ row) => row.name === name);

/** The optimizer whose map it is. @param {Study} study @returns {Choice} */
export const mappedOf = ({ descent, which }) => descent.optimizers[Math.min(which, descent.optimizers.length - 1)];

/** What a map may have as axes. @param {any} tables @param {Choice} choice @returns {string[]} */
export function axisNames(tables, choice) {
  const numbers = tables.optimizers[choice.kind].hyperparameters.filter((/** @type {any} */ row) => ["log", "linear"].includes(row.scale));
  const cycled = choice.schedule?.values.cycle_momentum ? tables.optimizers[choice.kind].cycled : "";
  return [...numbers.map((/** @type {any} */ row) => row.name).filter((/** @type {string} */ name) => name !== cycled), ...STARTS];
}

/** What an axis is called: a hyperparameter as it is written, or x or y of the start. @param {string} name */
export const axisWords = (name) => (STARTS.includes(name) ? t("start {axis}", { axis: name }) : name);

/** @param {any} tables @param {Choice} choice @param {string} name */
export const isLog = (tables, choice, name) => !STARTS.includes(name) && rowOf(tables, choice, name).scale === "log";

/** Evenly spaced values, as numpy has them. @param {number} low @param {number} high @param {number} count */
export function evenly(low, high, count) {
  const step = (high - low) / (count - 1);
  return Array.from({ length: count }, (_, i) => (i === count - 1 ? high : i * step + low));
}

/** The values of an axis. @param {any} tables @param {Choice} choice @param {Axis} axis @param {number} count */
export function axisValues(tables, choice, { name, low, high }, count) {
  if (!isLog(tables, choice, name)) return evenly(low, high, count);
  const powers = evenly(Math.log10(low), Math.log10(high), count);
  return powers.map((power, i) => (i === 0 ? low : i === count - 1 ? high : 10 ** power));
}

/** The axis of a hyperparameter over all of its slider, or of x or y over the region drawn. @param {any} tables @param {Choice} choice @param {string} surface @param {string} name @returns {Axis} */
export function wholeAxis(tables, choice, surface, name) {
  if (STARTS.includes(name)) {
    const [low, high] = tables.surfaces[surface].bounds.slice(2 * STARTS.indexOf(name));
    return { name, low, high };
  }
  const row = rowOf(tables, choice, name);
  const openEnd = row.open_low && row.scale === "linear" && row.low <= row.minimum;
  return { name, low: openEnd ? row.low + 0.01 : row.low, high: row.high };
}

/** The axes that a map opens with: the learning rate, and momentum, beta1 or whatever comes next. @param {any} tables @param {Choice} choice @param {string} surface @returns {[Axis, Axis]} */
export function naturalAxes(tables, choice, surface) {
  const names = axisNames(tables, choice);
  const second = tables.tune.second.find((/** @type {string} */ name) => names.includes(name)) ?? names.find((name) => name !== "lr");
  return [wholeAxis(tables, choice, surface, "lr"), wholeAxis(tables, choice, surface, second)];
}

/** Whether the optimizer of its map has a study's axes. @param {any} tables @param {Study} study */
function fits(tables, study) {
  const names = axisNames(tables, mappedOf(study));
  return [study.x, study.y].every((axis) => axis && names.includes(axis.name));
}

/** The same study with axes that the optimizer of its map has. @param {any} tables @param {Study} study @returns {Study} */
export function fitting(tables, study) {
  if (study.view !== "map" || fits(tables, study)) return study;
  const [x, y] = naturalAxes(tables, mappedOf(study), study.descent.surface);
  return { ...study, x, y };
}

/** @param {any} tables @param {Choice} choice @param {unknown[]} given  name, low, high @returns {Axis} */
export function checkAxis(tables, choice, [name, from, to]) {
  const names = axisNames(tables, choice);
  if (!names.includes(String(name))) throw new Refusal(t("{kind} has no axis {name}; {hint}", { kind: choice.kind, name: quoted(name), hint: oneOf(names) }));
  const [low, high] = [numberOf(from, t("{name} from", { name: String(name) })), numberOf(to, t("{name} to", { name: String(name) }))];
  const log = isLog(tables, choice, String(name));
  if (low < high && !(log && low <= 0)) return { name: String(name), low, high };
  const said = { name: quoted(name), low: readable(low), high: readable(high) };
  throw new Refusal(log ? t("The axis {name} must rise from one number above 0 to a larger one; got {low:g} to {high:g}.", said)
    : t("The axis {name} must rise from one number to a larger one; got {low:g} to {high:g}.", said));
}

/** The optimizers that are run, by their names. @param {any} tables @param {Study} study @returns {{choice: Choice, label: string}[]} */
export function sweptOf(tables, study) {
  const { optimizers } = study.descent;
  if (study.view === "map") {
    const labels = labelsOf(optimizers);
    return [{ choice: mappedOf(study), label: labels[optimizers.indexOf(mappedOf(study))] }];
  }
  const shown = optimizers.slice(0, tables.tune.views[study.view].optimizers);
  const labels = labelsOf(shown);
  return shown.map((choice, i) => ({ choice, label: labels[i] }));
}

/** A map's optimizer and starts at the ends of its axes must be possible. @param {any} tables @param {Study} study */
function checkCorners(tables, study) {
  const choice = mappedOf(study), surface = tables.surfaces[study.descent.surface];
  for (const x of [study.x.low, study.x.high]) for (const y of [study.y.low, study.y.high]) {
    const named = { [study.x.name]: x, [study.y.name]: y };
    checkStart(surface, STARTS.map((name, i) => named[name] ?? study.descent.start[i]));
    const values = Object.fromEntries(Object.entries(named).filter(([name]) => !STARTS.includes(name)));
    checkChoice(tables, choice.kind, { ...choice, values: { ...choice.values, ...values } });
  }
}

/** How many steps all runs take. @param {any} tables @param {Study} study */
export function costOf(tables, study) {
  const { steps, noise, batch } = study.descent;
  const seeds = study.view === "map" && (noise > 0 || batch !== null) ? study.seeds : 1;
  return study.resolution ** 2 * steps * seeds * sweptOf(tables, study).length;
}

/** What is said where both axes of a map are the same; "" where they are not. @param {Study} study */
export function sameAxes({ x, y }) {
  return x.name === y.name ? t("The two axes of a map must differ; both are {name!r}.", { name: quoted(x.name) }) : "";
}

/** A study, every part of it checked. @param {any} tables @param {Study} study @returns {Study} */
export function checkStudy(tables, study) {
  const view = tables.tune.views[study.view];
  const checked = { ...study, descent: checkAsked(tables, study.descent), resolution: wholeWithin(study.resolution, "resolution", 2, view.resolutions.at(-1)), seeds: wholeWithin(study.seeds, "seeds", 1, view.seeds) };
  if (study.view === "map") {
    const same = sameAxes(study);
    if (same) throw new Refusal(same);
    for (const { name, low, high } of [study.x, study.y]) checkAxis(tables, mappedOf(study), [name, low, high]);
    checkCorners(tables, checked);
  }
  const cost = costOf(tables, checked), most = tables.tune.budget;
  if (cost > most) throw new Refusal(t("This picture takes {cost:,} steps; at most {most:,}. Fewer points, steps or seeds will do.", { cost: cost.toLocaleString("en"), most: most.toLocaleString("en") }));
  return checked;
}

/** What another view shows after a study that was `opens` or something else: its own opening, or what was set. @param {any} tables @param {Study} study @param {Study} opening  of the view that is turned to @param {boolean} untouched @returns {Study} */
export function turnedTo(tables, study, opening, untouched) {
  if (untouched) return opening;
  const seeds = Math.min(study.seeds ?? 1, tables.tune.views[opening.view].seeds);
  const changed = { ...opening, ...study, view: opening.view, resolution: opening.resolution, seeds };
  if (opening.view !== "map" || fits(tables, changed)) return changed;
  const withTwo = changed.descent.optimizers.findIndex(({ values }) => tables.tune.second.some((/** @type {string} */ name) => name in values));
  return fitting(tables, { ...changed, which: Math.max(0, withTwo) });
}

/** What goes over a study's axes. @param {any} tables @param {Study} study */
function axesOf(tables, study) {
  if (study.view === "map") return [study.x, study.y].map((axis) => ({ name: axis.name, values: axisValues(tables, mappedOf(study), axis, study.resolution) }));
  const [x0, x1, y0, y1] = tables.surfaces[study.descent.surface].bounds;
  return [{ name: "y", values: evenly(y0, y1, study.resolution) }, { name: "x", values: evenly(x0, x1, study.resolution) }];
}

/** A study as what a browser computes, as Python's player.fields has it. @param {any} tables @param {Study} study @param {any[]} runs  of its optimizers, as `gathered` gives them @returns {any[]} */
export function fieldsOf(tables, study, runs) {
  const { bounds, minima, best, lowest, log, alone } = tables.surfaces[study.descent.surface];
  const { start, steps, noise, seed, batch } = study.descent;
  const map = study.view === "map";
  return runs.map(({ run }) => ({
    surface: { program: `surface ${study.descent.surface}`, parameters: {}, bounds, minima, best, lowest, alone },
    start: map ? start : tables.surfaces[study.descent.surface].start, steps, noise, seed, seeds: map ? study.seeds : 1, batch,
    tolerance: map ? study.tolerance : 1e-3, watch: map, log, run, axes: axesOf(tables, study),
  }));
}

/** The comparison that shows one cell's run. @param {Study} study @param {Choice} choice @param {any} field @param {number[]} cell  its places on the two axes @returns {Asked} */
export function oneRun(study, choice, { axes, start }, cell) {
  const named = Object.fromEntries(axes.map((/** @type {any} */ axis, /** @type {number} */ i) => [axis.name, axis.values[cell[i]]]));
  const { x = start[0], y = start[1], ...values } = named;
  return { ...study.descent, start: [x, y], optimizers: [{ ...choice, values: { ...choice.values, ...values } }] };
}

/** A study with the numbers that were turned below its picture. @param {any} tables @param {Study} study @param {any} values */
export function turnedStudy(tables, study, values) {
  const swept = sweptOf(tables, study).map((one) => one.choice);
  const optimizers = study.descent.optimizers.map((choice) => {
    const run = values.runs[swept.indexOf(choice)];
    if (!run) return choice;
    return { ...choice, values: { ...choice.values, ...run.values }, schedule: choice.schedule && { ...choice.schedule, values: { ...choice.schedule.values, ...run.schedule_values } } };
  });
  const { start, steps, noise, seed } = values;
  return { ...study, descent: { ...study.descent, ...(study.view === "map" ? { start } : {}), steps, noise, seed, optimizers } };
}
