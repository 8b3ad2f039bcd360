/**
 * A comparison as the scene that the player shows, its runs computed here. Programs and grids come as files; what a run
 * depends on goes in as values, as in Python's optim_viz.player.scenes and live.
 *
 * @typedef {import("./checks.js").Asked} Asked
 * @typedef {import("./checks.js").Choice} Choice
 */
import { gridPoints } from "../numbers/bands.js";
import { withHeights } from "../numbers/profile.js";
import { t } from "../basics/words.js";

/** One name for each run; the second of the same becomes "name 2", and so on. @param {Choice[]} choices */
export function labelsOf(choices) {
  /** @type {string[]} */
  const labels = [];
  for (const choice of choices) {
    const wanted = choice.label || choice.kind;
    let label = wanted;
    for (let copy = 2; labels.includes(label); copy++) label = `${wanted} ${copy}`;
    labels.push(label);
  }
  return labels;
}

/** What the files of a surface are called. @param {any} tables @param {Asked} asked */
const fileOf = (tables, { surface }) => tables.surfaces[surface].file ?? surface;

/** The switches that are on, and the numbers. @param {any[]} rows @param {Record<string, any>} values */
function splitValues(rows, values) {
  const on = rows.filter((row) => row.scale === "bool" && values[row.name]).map((row) => row.name).join(" ");
  const numbers = Object.fromEntries(rows.filter((row) => row.scale !== "bool").map((row) => [row.name, Number(values[row.name])]));
  return { on, numbers };
}

/** A run's part of the scene that computes, and where its programs are. @param {any} tables @param {Choice} choice @param {string} label */
function plannedRun(tables, choice, label) {
  const rule = splitValues(tables.optimizers[choice.kind].hyperparameters, choice.values);
  const plan = choice.schedule ?? { kind: "constant", values: {} };
  const rates = splitValues(tables.schedules[plan.kind].hyperparameters, plan.values);
  return {
    on: rule.on, planned: rates.on, kind: choice.kind, plan: plan.kind,
    run: {
      id: label, program: `rule ${choice.kind} ${rule.on}`, values: rule.numbers, schedule: `schedule ${plan.kind} ${rates.on}`,
      schedule_values: rates.numbers, scale: choice.scale ?? [1, 1],
    },
  };
}

/**
 * Fetches what some runs on a surface are computed from.
 * @param {ReturnType<typeof import("./files.js").createFiles>} files @param {any} tables @param {Asked} asked @param {string[]} labels  of its optimizers
 */
export async function programsFor(files, tables, asked, labels) {
  const runs = asked.optimizers.map((choice, i) => plannedRun(tables, choice, labels[i]));
  const [surface, schedules, ...rules] = await Promise.all([files.json(`surfaces/${fileOf(tables, asked)}.json`), files.json("schedules.json"), ...runs.map(({ kind }) => files.words(`rules/${kind}.json`))]);
  /** @type {Record<string, any>} */
  const programs = { [`surface ${asked.surface}`]: surface };
  runs.forEach(({ run, on, plan, planned }, i) => {
    programs[run.program] = rules[i][on].program;
    programs[run.schedule] = schedules[plan][planned];
  });
  return { programs, runs: runs.map(({ run, on }, i) => ({ run, cards: rules[i][on].cards })) };
}

/**
 * Fetches what a comparison is computed and drawn from.
 * @param {ReturnType<typeof import("./files.js").createFiles>} files @param {any} tables @param {Asked} asked
 */
export async function gathered(files, tables, asked) {
  const [parts, grid] = await Promise.all([programsFor(files, tables, asked, labelsOf(asked.optimizers)), files.numbers(`surfaces/${fileOf(tables, asked)}.bin`)]);
  return { grid, ...parts };
}

/** @param {any} tables @param {Asked} asked @param {any} parts  what `gathered` gives @param {string} programs  their blob's name */
export function liveOf(tables, asked, parts, programs) {
  const { bounds, minima, best, lowest, alone } = tables.surfaces[asked.surface];
  const { start, steps, noise, seed, batch, drawn = "" } = asked;
  const surface = { program: `surface ${asked.surface}`, parameters: {}, bounds, minima, best, lowest, alone };
  return { programs, surface, start, steps, noise, seed, batch, drawn, runs: parts.runs.map((/** @type {any} */ one) => one.run) };
}

/** How a run is drawn, before its numbers are there. @param {any} tables @param {Choice[]} choices @param {number} i */
function styleOf(tables, choices, i) {
  const copy = choices.slice(0, i).filter((choice) => choice.kind === choices[i].kind).length;
  const { light, dark, dash, marker } = tables.optimizers[choices[i].kind].styles[copy];
  return { color: { light, dark }, dash, marker };
}

/** Points of a curve, as Python's player.profiles has them. */
const CURVE_POINTS = 401;

/** A function of x alone as a curve. @param {any} surface @param {Asked} asked @param {string[]} labels @param {(points: Float64Array) => Float64Array} lossesAt */
function curveOf({ title, bounds: [x0, x1] }, asked, labels, lossesAt) {
  const [x, y] = asked.start;
  const panel = {
    id: "profile", kind: "profile", shape: "curve", title, short: t("curve"), x: "x", y: "loss", slope: "gx", x_title: "x", y_title: "f(x)", bounds: [x0, x1],
    pick: true, alt: t("The loss f(x) as a curve over x, with the points, slopes and steps of {names}", { names: labels.join(", ") }),
  };
  return withHeights({ ...panel, heights: [] }, lossesAt(gridPoints([x0, x1, y, y], CURVE_POINTS, 1)), x);
}

/** The panels: the plane, the data of a surface that has some, the loss. @param {any} tables @param {Asked} asked @param {string[]} labels @param {boolean} positive @param {(points: Float64Array) => Float64Array} lossesAt */
function panelsOf(tables, asked, labels, positive, lossesAt) {
  const surface = tables.surfaces[asked.surface];
  const size = tables.limits.grid;
  const plane = {
    id: "plane", kind: "plane", shape: "map", equal: asked.drawn === "equal", title: surface.title, x: "x", y: "y", z: "loss", x_title: surface.weights[0], y_title: surface.weights[1], z_title: t("loss"),
    bounds: surface.bounds, surface: { blob: `grid ${asked.surface}`, nx: size, ny: size }, scale: surface.log ? "log" : "linear",
    minima: surface.minima.map((/** @type {number[]} */ minimum) => minimum.slice(0, 2)), lowest: surface.minima.map((/** @type {number[]} */ _, /** @type {number} */ i) => i < surface.best), pick: true, view: "2d", named: Boolean(surface.fit),
    alt: t("Contour map of {surface} with the paths of {names} from ({x:g}, {y:g})", { surface: surface.title, names: labels.join(", "), x: asked.start[0], y: asked.start[1] }),
  };
  const loss = {
    id: "loss", kind: "curve", title: t("Loss"), x: null, y: "loss", x_title: t("step"), y_title: t("loss"), log: positive,
    alt: t("Loss by step of {names} on {surface}", { names: labels.join(", "), surface: surface.title }),
  };
  const fit = surface.fit && { ...surface.fit, drawn: { seed: asked.seed, batch: asked.batch } };
  const curve = surface.alone ? [curveOf(surface, asked, labels, lossesAt)] : [];
  return [...curve, plane, ...(fit ? [fit] : []), loss];
}

/**
 * The scene and its blobs.
 * @param {any} tables @param {Asked} asked @param {any} parts @param {ReturnType<typeof import("../engine/runs.js").createEngine>} engine
 * @param {string} origin  the link that a video carries
 */
export function sceneOf(tables, asked, parts, engine, origin) {
  const name = Object.keys(parts.programs).sort().join(", ");
  const live = liveOf(tables, asked, parts, name);
  const tracks = parts.runs.map((/** @type {any} */ { run, cards }, /** @type {number} */ i) => {
    const { columns, status, statusFrom } = engine.runOne(live, run);
    const card = run.values.momentum === 0 ? cards.momentum : cards[""];
    return { id: run.id, label: run.id, ...styleOf(tables, asked.optimizers, i), columns, status, status_from: statusFrom, inspector: { ...card, hyperparameters: { ...card.hyperparameters, ...run.values } } };
  });
  const positive = tracks.every((/** @type {any} */ track) => track.columns.loss.every((/** @type {number} */ loss) => loss > 0));
  const labels = tracks.map((/** @type {any} */ track) => track.id);
  const lossesAt = (/** @type {Float64Array} */ points) => engine.lossesAt(live, live.runs[0], points);
  const scene = {
    version: 1, key: `site ${asked.surface}`, frames: asked.steps + 1, frame_title: t("step"), frame_values: null, autoplay: true,
    duration: tables.limits.duration, tracks, panels: panelsOf(tables, asked, labels, positive, lossesAt), live, origin,
  };
  const text = new TextEncoder().encode(JSON.stringify(parts.programs));
  return { scene, blobs: new Map([[`grid ${asked.surface}`, parts.grid], [name, text.buffer]]) };
}

/** Whether the player's values are of this comparison: of one that has been left meanwhile they are of no use. @param {Asked} asked @param {any} values */
export function isOf({ optimizers }, { runs }) {
  const names = (/** @type {Record<string, any>} */ numbers) => Object.keys(numbers);
  const labels = labelsOf(optimizers);
  return runs.length === optimizers.length && optimizers.every(({ values, schedule }, i) =>
    labels[i] === runs[i].id && names(runs[i].values).every((name) => name in values) && names(runs[i].schedule_values).every((name) => name in (schedule?.values ?? {})));
}

/**
 * What is asked for with the numbers that were turned in the player.
 * @param {Asked} asked @param {any} values  the player's
 * @returns {Asked}
 */
export function turnedAsked(asked, values) {
  const optimizers = asked.optimizers.map((choice, i) => ({
    ...choice, values: { ...choice.values, ...values.runs[i].values },
    schedule: choice.schedule && { ...choice.schedule, values: { ...choice.schedule.values, ...values.runs[i].schedule_values } },
  }));
  return { ...asked, start: values.start, steps: values.steps, noise: values.noise, seed: values.seed, drawn: values.drawn, optimizers };
}
