/**
 * The pictures of a study: the app's own charts, which come without numbers, filled with those that were computed here.
 * Of each the traces and the layout for Plotly, how its cells are coloured while something is turned, and what is said of
 * a cell.
 *
 * @typedef {import("../engine/fields.js").Field} Field
 * @typedef {import("./study.js").Study} Study
 * @typedef {{traces: any[], layout: any, picture: any, words: (cell: number) => string, logs: boolean[], alt: string}} Chart
 */
import { general, plotlyText } from "../basics/format.js";
import { t } from "../basics/words.js";
import { logTicks, logWords } from "../numbers/log_ticks.js";
import { bestCell, cellEdges, diverges, mapNumbers, mapScale, mapWords, measureWords } from "../numbers/map.js";
import { letterOf, minimaNames, nameMinima } from "../numbers/named_minima.js";
import { axisWords, isLog, mappedOf, sweptOf } from "./study.js";

/** What an axis is called. @param {string} name */
const titleOf = (name) => (name === "lr" ? t("learning rate") : axisWords(name));

/** Numbers of cells as rows, the second axis' values one below the other. @param {number} columns  of the field's second axis @param {ArrayLike<number>} cells @param {(value: number, cell: number) => number|null} of */
function upright(columns, cells, of) {
  const rows = cells.length / columns;
  return Array.from({ length: columns }, (_, j) => Array.from({ length: rows }, (_, i) => of(cells[i * columns + j], i * columns + j)));
}

/** What theory says of this very map: momentum's learning rate and momentum on a quadratic bowl, nothing else on. @param {any} tables @param {Study} study */
export function theoryOf(tables, study) {
  const { kind, values, schedule, scale } = mappedOf(study), { surface, noise, batch } = study.descent;
  const axes = [study.x.name, study.y.name].sort().join();
  const plain = ["dampening", "weight_decay", "nesterov", "maximize", "clip_norm", "clip_value"].every((name) => !values[name]);
  const there = study.view === "map" && kind === "momentum" && axes === "lr,momentum" && plain && !schedule && !scale && !noise && batch === null;
  return there ? tables.tune.theory[surface] ?? null : null;
}

/** The limit of stability and the fastest pair. @param {any} known @param {Field} field @param {Record<string, any>} bare */
function theoryTraces(known, { axes }, { under, limit, fastest }) {
  const ends = Object.fromEntries(axes.map(({ name, values }) => [name, [values[0], values[values.length - 1]]]));
  const within = (/** @type {string} */ name, /** @type {number} */ value) => value >= ends[name][0] && value <= ends[name][1];
  const [low, high] = ends.momentum;
  const line = Array.from({ length: 200 }, (_, i) => low + ((high - low) * i) / 199).map((momentum) => ({ momentum, lr: (2 * (1 + momentum)) / known.high })).filter(({ lr }) => within("lr", lr));
  const of = (/** @type {any[]} */ points) => Object.fromEntries(["x", "y"].map((axis, i) => [axis, points.map((point) => point[axes[i].name])]));
  const star = within("lr", known.lr) && within("momentum", known.momentum);
  return [{ ...under, ...of(line) }, { ...limit, ...of(line) }, ...(star ? [{ ...fastest, ...of([known]) }] : [])];
}

/** Cells of one colour, and a mark on every few of them. @param {any} area @param {any} marks @param {Field} field @param {any} edges @param {(cell: number) => boolean} is @param {number} most  marks a side */
function patterned(area, marks, { axes }, edges, is, most) {
  const [rows, columns] = axes.map(({ values }) => values.length);
  const cells = Array.from({ length: rows * columns }, (_, cell) => cell), chosen = cells.filter(is);
  if (!chosen.length) return [];
  const [every, over] = [rows, columns].map((count) => Math.max(1, Math.floor(count / most)));
  const some = chosen.filter((cell) => Math.floor(cell / columns) % every === 0 && (cell % columns) % over === 0);
  const marked = some.length ? some : chosen;
  return [
    { ...area, ...edges, z: upright(columns, cells, (cell) => (is(cell) ? 1 : null)) },
    { ...marks, x: marked.map((cell) => axes[0].values[Math.floor(cell / columns)]), y: marked.map((cell) => axes[1].values[cell % columns]) },
  ];
}

/** An axis as Plotly takes it. @param {any} bare @param {string} name @param {number[]} edges @param {boolean} log */
function axisLayout({ dtick, ...bare }, name, edges, log) {
  const ends = [edges[0], edges[edges.length - 1]];
  return { ...bare, title: { text: plotlyText(titleOf(name)) }, range: log ? ends.map(Math.log10) : ends, type: log ? "log" : "linear", ...(log ? { dtick: 1 } : {}) };
}

/** @param {any} tables @param {Study} study @param {Field} field @param {any} found @param {number} mode  0 light, 1 dark @returns {Chart} */
function mapChart(tables, study, field, found, mode) {
  const { tune } = tables, { traces: bare, layout } = tune.charts.map[mode], choice = mappedOf(study);
  const names = field.axes.map(({ name }) => name), logs = names.map((name) => isLog(tables, choice, name));
  const sides = field.axes.map(({ values }, i) => cellEdges(values, logs[i])), edges = { x: sides[0], y: sides[1] };
  const columns = field.axes[1].values.length, numbers = mapNumbers(field, found, study.measure, tune.floor);
  const [low, high] = mapScale(numbers), ticks = logTicks(low, high), best = bestCell(found, study.measure);
  const lost = (/** @type {number} */ cell) => diverges(found, cell);
  const late = (/** @type {number} */ cell) => study.measure === "steps" && !lost(cell) && !Number.isFinite(found.steps[cell]);
  const known = theoryOf(tables, study), measure = measureWords(field, study.measure, tune.words);
  const at = [field.axes[0].values[Math.floor(best / columns)], field.axes[1].values[best % columns]];

  const colorbar = { ...bare.cells.colorbar, title: { ...bare.cells.colorbar.title, text: measure }, tickvals: ticks.map(Math.log10), ticktext: logWords(ticks) };
  return {
    traces: [
      { ...bare.cells, ...edges, z: upright(columns, numbers, (value) => (Number.isNaN(value) ? null : Math.log10(value))), zmin: low, zmax: high, colorbar },
      ...patterned(bare.diverges, bare.diverging, field, edges, lost, tune.marks),
      ...patterned(bare.never, bare.waiting, field, edges, late, tune.marks),
      ...(known ? theoryTraces(known, field, bare) : []),
      // The best one diverges only where every run does.
      ...(lost(best) ? [] : [{ ...bare.best, x: [at[0]], y: [at[1]], name: t("best here: {x:.3g}, {y:.3g}", { x: general(at[0], 3), y: general(at[1], 3) }) }]),
    ],
    layout: { ...layout, xaxis: axisLayout(layout.xaxis, names[0], edges.x, logs[0]), yaxis: axisLayout(layout.yaxis, names[1], edges.y, logs[1]) },
    picture: { across: 0, logs, measure: study.measure, low, high, scale: tune.map.scale, opacity: 1, diverges: tune.map.greys[mode], never: tune.map.faint[mode] },
    words: (cell) => mapWords(field, found, cell), logs,
    alt: t("Map of {optimizer} on {surface}: {measure} over {x} and {y}", {
      optimizer: tables.optimizers[choice.kind].title, surface: tables.surfaces[study.descent.surface].title,
      measure, x: titleOf(names[0]), y: titleOf(names[1]),
    }),
  };
}

/** @param {any} tables @param {Study} study @param {Field[]} fields @param {any[]} found @param {number} mode */
function basinCharts(tables, study, fields, found, mode) {
  const { basins, charts, reach: share } = tables.tune, { traces: bare, layout } = charts.basins[mode];
  const surface = tables.surfaces[study.descent.surface], [x0, x1, y0, y1] = surface.bounds;
  const reach = share * Math.hypot(x1 - x0, y1 - y0), named = nameMinima(found, reach, basins.colors.length);
  const { minima } = named, count = minima.length, names = [...minimaNames(minima), t("another minimum")];
  const colors = [...basins.colors.slice(0, count), basins.others, basins.grey];
  const colorscale = colors.flatMap((color, i) => [[i / (count + 2), color], [(i + 1) / (count + 2), color]]);
  return fields.map((field, which) => {
    const labels = named.labels[which], size = field.axes[1].values.length, { label } = sweptOf(tables, study)[which];
    const z = Array.from({ length: field.axes[0].values.length }, (_, j) => Array.from(labels.subarray(j * size, (j + 1) * size), (one) => (one < 0 ? count + 1 : one)));
    return {
      labels, minima,
      traces: [
        { ...bare.cells, x: field.axes[1].values, y: field.axes[0].values, z, zmin: -0.5, zmax: count + 1.5, colorscale },
        { ...bare.minima, x: minima.map(([x]) => x), y: minima.map(([, y]) => y), text: minima.map((_, i) => `<b>${letterOf(i)}</b>`) },
      ],
      layout: {
        ...layout, title: { ...layout.title, text: plotlyText(label) },
        xaxis: { ...layout.xaxis, range: [x0, x1] }, yaxis: { ...layout.yaxis, range: [y0, y1] },
      },
      picture: { across: 1, minima, colors: basins.colors, others: basins.others, lost: basins.grey, reach, opacity: basins.opacity },
      words: (/** @type {number} */ cell) => (labels[cell] < 0 ? t("lost") : names[labels[cell]]), logs: [false, false],
      alt: t("Basins of {surface}: the minimum that {run} reaches from every start", { surface: surface.title, run: label }),
    };
  });
}

/** @param {any} tables @param {Study} study @param {Field[]} fields @param {any[]} found @param {boolean} dark @returns {(Chart & {labels?: Int32Array, minima?: number[][]})[]} */
export function chartsOf(tables, study, fields, found, dark) {
  return study.view === "map" ? [mapChart(tables, study, fields[0], found[0], Number(dark))] : basinCharts(tables, study, fields, found, Number(dark));
}
