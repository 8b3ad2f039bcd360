/**
 * Many runs at once, of which only the ends matter: a map, whose cells differ in one or two numbers, or the starts of a
 * picture of basins. Cells are numbered as Python numbers them: those of the first axis are rows.
 *
 * @typedef {import("./runs.js").Live & {run: import("./runs.js").LiveRun, axes: {name: string, values: number[]}[], watch: boolean, tolerance: number, seeds: number}} Field
 *   `watch`: whether every loss is looked at, for the step of arrival, or else where each run comes to rest
 * @typedef {Record<"loss"|"steps"|"x"|"y"|"spread"|"first", Float64Array>} Ends
 *   of each cell: the loss at the end (Infinity where numbers overflowed on the way) and at the start; the first step
 *   within the tolerance (Infinity: never), or else the last point and the size of the box that the last tenth stays in
 */
import { createDraws } from "./draws.js";
import { SCRATCH, createFieldMachine } from "./field_machine.js";
import { filled, laidOut, sizesOf } from "./memory.js";
import { boundFrom, clipped, inputsOf, shaped } from "./runs.js";

const FLOAT = 8;
/** Cells that step together: their rows stay in a core's cache. Points whose loss or gradient is asked for at once. */
const TOGETHER = 256, LISTED = 4096;
/** Rows that share what is called for a column (powers of a beta, say), at most; and their steps, so that none takes long. */
const SHARING = 16, SHARED_STEPS = 2000000;
const MACHINES = 32;

/** The inputs that an axis sets, and their values for one of its own. @param {string} name @param {[number, number]} scale @param {import("./program.js").Program|null} clip @returns {[string[], (value: number) => number[]]} */
function axisInputs(name, [x, y], clip) {
  if (name === "x" || name === "y") return [[], () => []];
  if (name === "lr") return [["lr", "lr_x", "lr_y"], (value) => [value, value * x, value * y]];
  return [[`rule.${name}`], (value) => [clip?.inputs.includes(name) ? boundFrom(value) : value]];
}

/** How many rows of a field step together. @param {Field} field */
export function rowsTogether({ axes: [, { name, values }], steps }) {
  const rows = Math.max(1, Math.floor(TOGETHER / values.length));
  return ["x", "y", "lr"].includes(name) ? rows : Math.max(rows, Math.min(SHARING, Math.floor(SHARED_STEPS / (values.length * steps))));
}

/** How many of a run's rows say whether it is at rest. @param {number} rows */
const restingRows = (rows) => Math.max(Math.floor(rows / 10), 2);

/** @param {number[]} values */
export function median(values) {
  const sorted = Float64Array.from(values).sort();
  const half = sorted.length >> 1;
  return sorted.length % 2 || sorted[half - 1] === sorted[half] ? sorted[half] : (sorted[half - 1] + sorted[half]) / 2;
}

/** @param {(name: string) => any} programOf  a program by its name */
export function createFields(programOf) {
  /** @type {Map<string, any>} */
  const machines = new Map();
  const draws = createDraws();

  /** @param {Field} field */
  function machineOf(field) {
    const { run, watch, axes } = field;
    const rule = programOf(/** @type {string} */ (run.program));
    const varied = new Set(axes.map((axis) => axis.name));
    const left = Object.keys(rule.zero).filter((name) => run.values[name] === 0 && !varied.has(name));
    const same = run.scale[0] === run.scale[1], clip = clipped(rule, run.values, varied);
    const key = [field.surface.program, run.program, left, run.schedule, field.batch !== null, watch, same, clip !== null, ...varied].join(" ");
    let machine = machines.get(key);
    if (!machine) {
      if (machines.size >= MACHINES) machines.delete(/** @type {string} */ (machines.keys().next().value));
      const fixed = Object.fromEntries(Object.entries(run.values).filter(([name]) => !varied.has(name)));
      const schedule = programOf(run.schedule);
      machine = createFieldMachine({
        surface: programOf(field.surface.program), rule: shaped(rule, fixed, schedule), schedule, batch: field.batch !== null, watch, same, clip,
        axes: /** @type {[string[], string[]]} */ (axes.map((axis) => axisInputs(axis.name, run.scale, clip)[0])),
      });
      machines.set(key, machine);
    }
    return machine;
  }

  /** A machine with its numbers in, and how it is called. @param {Field} field @param {number} rows @param {number} columns */
  function prepared(field, rows, columns) {
    const machine = machineOf(field);
    const width = Object.keys(machine.kept).length;
    const sizes = {
      ...sizesOf(machine, field), byRow: 3 * rows, byColumn: 3 * columns, scratch: SCRATCH * columns, cells: width * rows * columns,
      points: 2 * LISTED, results: 2 * Math.max(LISTED, rows * columns),
    };
    const { at, view } = laidOut(machine.memory, sizes);
    filled(view, machine, inputsOf(field, field.run, machine.plan), draws, field);
    const exampleCount = machine.plan.surface.examples.length;
    const list = (/** @type {"losses"|"gradients"} */ name, /** @type {number} */ count, /** @type {number} */ from, /** @type {number} */ size) => {
      machine.functions[name](count, at.inputs, 0, from, 0, size * FLOAT, at.results, at.examples, exampleCount);
      return view("results");
    };
    return { machine, width, at, view, list, exampleCount };
  }

  /** The ends of some rows, of one seed. @param {Field} field @param {number} from @param {number} to */
  function endsOfSeed(field, from, to) {
    const columns = field.axes[1].values.length, cells = (to - from) * columns;
    const together = Math.min(to - from, rowsTogether(field));
    const set = prepared(field, together, columns);
    const ends = emptyEnds(field, cells);
    const { clip } = set.machine.plan;
    fillAxis(set.view("byColumn"), field, clip, 1, 0, columns);
    for (let row = from; row < to; row += together) {
      const rows = Math.min(together, to - row);
      fillAxis(set.view("byRow"), field, clip, 0, row, rows);
      const first = fillCells(set, field, row, rows);
      const { at, machine } = set;
      const noise = field.noise > 0 ? at.noise : 0;
      const tail = field.steps - restingRows(field.steps + 1);
      machine.functions.advance(field.steps, at.inputs, 0, noise, at.batches, field.batch ?? 0, at.cells, at.examples, set.exampleCount, rows, columns, at.byRow, at.byColumn, at.scratch, tail);
      takeEnds(set, field, rows * columns, first, ends, (row - from) * columns);
    }
    return ends;
  }

  /** The ends of rows `from` to `to - 1`; of several seeds the median. @param {Field} field @param {number} from @param {number} to @returns {Ends} */
  function ends(field, from, to) {
    const seeds = field.noise > 0 || field.batch !== null ? field.seeds : 1;
    const each = Array.from({ length: seeds }, (_, i) => endsOfSeed({ ...field, seed: field.seed + i }, from, to));
    if (seeds > 1) for (const what of /** @type {("loss"|"steps")[]} */ (["loss", "steps"])) each[0][what].forEach((_, i, all) => { all[i] = median(each.map((one) => one[what][i])); });
    return each[0];
  }

  /** Of points x, y, x, y, ...: their losses, or the gradients there. @param {Field} field @param {"losses"|"gradients"} what @param {Float64Array} points */
  function listed(field, what, points) {
    const each = what === "losses" ? 1 : 2;
    const found = new Float64Array((points.length / 2) * each);
    const { at, view, list } = prepared(field, 1, 1);
    for (let from = 0; from < points.length / 2; from += LISTED) {
      const part = points.subarray(2 * from, 2 * (from + LISTED));
      view("points").set(part);
      found.set(list(what, part.length / 2, at.points, 2).subarray(0, (part.length / 2) * each), from * each);
    }
    return found;
  }

  return { ends, losses: (/** @type {Field} */ field, /** @type {Float64Array} */ points) => listed(field, "losses", points), gradients: (/** @type {Field} */ field, /** @type {Float64Array} */ points) => listed(field, "gradients", points) };
}

/** @param {Field} field @param {number} cells @returns {Ends} */
function emptyEnds(field, cells) {
  const names = field.watch ? ["loss", "first", "steps"] : ["loss", "first", "x", "y", "spread"];
  return /** @type {Ends} */ (Object.fromEntries(names.map((name) => [name, new Float64Array(cells)])));
}

/** Puts in some values of an axis. @param {Float64Array} view @param {Field} field @param {import("./program.js").Program|null} clip @param {0|1} which @param {number} from @param {number} count */
function fillAxis(view, field, clip, which, from, count) {
  const { name, values } = field.axes[which];
  const [inputs, of] = axisInputs(name, field.run.scale, clip);
  for (let i = 0; i < count; i++) view.set(of(values[from + i]), i * inputs.length);
}

/** Puts the cells of some rows at their starts; returns the losses there. @param {any} set @param {Field} field @param {number} row @param {number} rows */
function fillCells({ machine, width, at, view, list }, field, row, rows) {
  const { kept } = machine, cells = view("cells");
  const columns = field.axes[1].values.length, count = rows * columns;
  cells.fill(0);
  for (let cell = 0; cell < count; cell++) {
    const base = cell * width;
    const named = { [field.axes[0].name]: field.axes[0].values[row + Math.floor(cell / columns)], [field.axes[1].name]: field.axes[1].values[cell % columns] };
    cells[base + kept.x] = named.x ?? field.start[0];
    cells[base + kept.y] = named.y ?? field.start[1];
    if (machine.plan.schedule.watches) startWatch(cells, base, kept, named.lr ?? field.run.values.lr, field.run.scale);
  }
  const first = list("losses", count, at.cells, width).slice(0, count);
  for (let cell = 0; cell < count; cell++) startSeeing(cells, cell * width, kept, field, first[cell]);
  return first;
}

/** What a schedule that watches the loss begins with. @param {Float64Array} cells @param {number} base @param {Record<string, number>} kept @param {number} lr @param {[number, number]} scale */
function startWatch(cells, base, kept, lr, [x, y]) {
  cells[base + kept["plateau.best"]] = Infinity;
  cells[base + kept["plateau.lr"]] = lr;
  cells[base + kept["plateau.lr_x"]] = lr * x;
  cells[base + kept["plateau.lr_y"]] = lr * y;
}

/** What is seen of a cell before its first step. @param {Float64Array} cells @param {number} base @param {Record<string, number>} kept @param {Field} field @param {number} loss */
function startSeeing(cells, base, kept, { watch, surface, tolerance }, loss) {
  cells[base + kept.poison] = Number.isFinite(loss) ? 0 : NaN;
  if (watch) {
    cells[base + kept.target] = surface.lowest + tolerance * (loss - surface.lowest);
    cells[base + kept.waiting] = 1;
    return;
  }
  for (const axis of ["x", "y"]) {
    cells[base + kept[`low.${axis}`]] = Infinity;
    cells[base + kept[`high.${axis}`]] = -Infinity;
  }
}

/** Writes down how cells ended. @param {any} set @param {Field} field @param {number} count @param {Float64Array} first @param {Ends} ends @param {number} to */
function takeEnds({ machine, width, at, view, list }, field, count, first, ends, to) {
  const { kept } = machine;
  const losses = list("losses", count, at.cells, width).slice(0, count);
  const slopes = list("gradients", count, at.cells, width);
  const cells = view("cells");
  for (let cell = 0; cell < count; cell++) {
    const of = (/** @type {string} */ name) => cells[cell * width + kept[name]];
    const [x, y, loss, i] = [of("x"), of("y"), losses[cell], to + cell];
    const alive = [of("poison"), x, y, loss, slopes[2 * cell], slopes[2 * cell + 1]].every(Number.isFinite);
    ends.loss[i] = alive ? loss : Infinity;
    ends.first[i] = first[cell];
    if (field.watch) ends.steps[i] = alive && (of("waiting") === 0 || loss <= of("target")) ? of("waited") : Infinity;
    else {
      ends.x[i] = alive ? x : NaN;
      ends.y[i] = alive ? y : NaN;
      ends.spread[i] = alive ? Math.hypot(of("high.x") - of("low.x"), of("high.y") - of("low.y")) : NaN;
    }
  }
}
