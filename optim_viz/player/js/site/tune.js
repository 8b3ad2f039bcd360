/**
 * Tune without a server: a map or basins, computed here in workers. What is asked for stands in the address, in the app's
 * own words; a cell opens its run in Compare.
 *
 * @typedef {import("./study.js").Study} Study
 */
import { createTurnedFields } from "../app/turned_fields.js";
import { element, setText } from "../basics/dom.js";
import { asksBack } from "../basics/past.js";
import { general } from "../basics/format.js";
import { t } from "../basics/words.js";
import { mapSentence } from "../numbers/map.js";
import { minimaNames, sharesOf } from "../numbers/named_minima.js";
import { createCellPointer } from "../plots/cell_pointer.js";
import { PLOT_CONFIG } from "../plots/plot.js";
import { createTooltip } from "../words/hover.js";
import { Refusal } from "./checks.js";
import { filesOfPage, plotlyOfPage } from "./files.js";
import { createForm } from "./form.js";
import { formulaText } from "./formula.js";
import { writeLink } from "./links.js";
import { inLanguage, say, saying, spot } from "./page.js";
import { programsFor } from "./scene.js";
import { axisWords, checkStudy, fieldsOf, oneRun, sweptOf, turnedStudy } from "./study.js";
import { chartsOf, theoryOf } from "./study_charts.js";
import { studyFields } from "./study_form.js";
import { readStudy, writeStudy } from "./study_links.js";

const CONFIG = { ...PLOT_CONFIG, scrollZoom: false, responsive: true };
/** Below this width a picture is less high, px. */
const NARROW = 560, LOW = 420;
const DARK = window.matchMedia("(prefers-color-scheme: dark)");

/** What the page is about, in words. @param {any} tables @param {Study} study */
function drawHead(tables, study) {
  const surface = tables.surfaces[study.descent.surface], swept = sweptOf(tables, study);
  const map = study.view === "map", steps = t("{count:,} steps", { count: study.descent.steps.toLocaleString("en") });
  const median = map && study.seeds > 1 && (study.descent.noise > 0 || study.descent.batch !== null) ? t(", the median of {seeds}", { seeds: study.seeds }) : "";
  const named = { mapped: tables.optimizers[swept[0].choice.kind].title, surface: surface.title };
  const title = map ? t("{mapped} on {surface}", named) : t("Basins of {surface}", named);
  setText(spot("title"), title);
  setText(spot("function"), formulaText(surface.expression, surface.weights));
  setText(spot("story"), map ? t("Every cell is a whole run of {steps}{median}.{play}", { steps, median, play: "" })
    : t("Every start has the colour of the minimum that a run of {steps} from it reaches.{play}{left_out}", { steps, play: "", left_out: "" }));
  document.title = `${title} · optim-viz`;
}

/** What the colours of basins mean. @param {any} tables @param {number[][]} minima @param {boolean} others */
function drawLegend(tables, minima, others) {
  const { colors, others: other, grey } = tables.tune.basins;
  const rows = [...minimaNames(minima).map((name, i) => [colors[i], name]), ...(others ? [[other, t("other minima")]] : []), [grey, t("lost: reaches no minimum")]];
  spot("legend").replaceChildren(...rows.map(([color, words]) => element("span", {}, [element("span", { class: "patch", style: `background: ${color}` }), element("span", { text: words })])));
}

/** Which share of the starts leads where, a row an optimizer. @param {string[]} labels @param {any[]} charts */
function drawShares(labels, charts) {
  const { minima } = charts[0], all = charts.map((one) => sharesOf(one.labels, minima.length));
  const heads = [...minimaNames(minima), t("other minima"), t("lost")], shown = heads.map((_, i) => i !== minima.length || all.some((shares) => shares[i] > 0));
  const row = (/** @type {HTMLElement[]} */ cells) => element("tr", {}, cells.filter((_, i) => i === 0 || shown[i - 1]));
  spot("shares").replaceChildren(element("table", {}, [
    element("thead", {}, [row([t("Optimizer"), ...heads].map((text) => element("th", { scope: "col", text })))]),
    element("tbody", {}, all.map((shares, i) => row([element("th", { scope: "row", text: labels[i] }), ...shares.map((share) => element("td", { text: `${(100 * share).toFixed(1)}%` }))]))),
  ]));
}

/** The charts, side by side; each can be asked for its cells. @param {any} plotly @param {(which: number, cell: number[]|null) => void} told @param {(which: number, cell: number[], aside: boolean) => void} open */
function createCharts(plotly, told, open) {
  const host = spot("charts"), tooltip = createTooltip({ root: host });
  /** @type {{host: HTMLElement, gd: HTMLElement, pointer: any, chart: any, field: any}[]} */
  let slots = [];

  /** The cell's number in its field, from its places from the left and from the bottom. @param {any} slot @param {number[]} cell */
  const numberOf = ({ chart, field }, [i, j]) => (chart.picture.across === 0 ? i * field.axes[1].values.length + j : j * field.axes[1].values.length + i);

  /** What is said of a cell. @param {any} slot @param {number[]} cell */
  function linesOf(slot, cell) {
    const axes = slot.chart.picture.across === 0 ? slot.field.axes : [...slot.field.axes].reverse();
    const places = axes.map(({ name, values }, /** @type {number} */ i) => `${axisWords(name)} ${general(values[cell[i]], 4)}`);
    return [...places, slot.chart.words(numberOf(slot, cell))];
  }

  /** @param {number} which */
  function made(which) {
    const gd = element("div", { class: "chart" }), frame = element("div", { class: "cells", tabindex: "0", role: "application" }, [gd]);
    host.append(frame);
    const slot = /** @type {any} */ ({ host: frame, gd, chart: null, field: null });
    slot.pointer = createCellPointer(frame, {
      gd: () => gd,
      cells: () => slot.chart && { sides: (slot.chart.picture.across === 0 ? slot.field.axes : [...slot.field.axes].reverse()).map((/** @type {any} */ axis) => axis.values), logs: slot.chart.logs },
      show(cell, at) {
        if (cell) tooltip.show(at.x, at.y, linesOf(slot, cell), "var(--ov-accent)");
        else tooltip.hide();
        told(which, cell);
      },
      open: (cell, aside) => open(which, cell, aside),
    });
    return slot;
  }
  host.append(tooltip.element);

  return {
    of: (/** @type {number} */ i) => slots[i]?.gd ?? null,
    lines: (/** @type {number} */ which, /** @type {number[]} */ cell) => linesOf(slots[which], cell),
    /** Draws the charts of some fields. @param {any[]} charts @param {any[]} fields */
    draw(charts, fields) {
      while (slots.length > charts.length) slots.pop()?.host.remove();
      while (slots.length < charts.length) slots.push(made(slots.length));
      host.dataset.count = String(charts.length);
      const font = getComputedStyle(document.body).fontFamily;
      charts.forEach((chart, i) => {
        const slot = slots[i];
        Object.assign(slot, { chart, field: fields[i] });
        slot.host.setAttribute("aria-label", t("{picture}. Arrow keys go from cell to cell, Enter opens a cell's run.", { picture: chart.alt }));
        const height = host.clientWidth < NARROW ? Math.min(LOW, chart.layout.height) : chart.layout.height;
        plotly.react(slot.gd, chart.traces, { ...chart.layout, height, autosize: true, font: { family: font }, dragmode: false, hovermode: false }, CONFIG);
        slot.pointer.refresh();
      });
    },
    /** Newer numbers, which are drawn over the charts. @param {any[]} charts @param {any[]} fields */
    take(charts, fields) {
      charts.forEach((chart, i) => { if (slots[i]) Object.assign(slots[i], { chart: { ...slots[i].chart, words: chart.words }, field: fields[i] }); });
    },
  };
}

/** What the page does, once its tables are there. @param {any} tables @param {ReturnType<typeof filesOfPage>} files @param {any} plotly */
function createPage({ surfaces, ...others }, files, plotly) {
  // Functions of one weight, which Compare's experiments have, are no maps.
  const tables = { ...others, surfaces: Object.fromEntries(Object.entries(surfaces).filter(([, row]) => !row.file)) };
  /** @type {Study} */
  let study = readStudy(tables, location.search).study;
  /** @type {Study} the one whose picture is drawn */
  let drawn = study;
  let turn = 0;
  const charts = createCharts(plotly, tell, (which, cell, aside) => {
    const to = linkOf(which, cell);
    if (aside) window.open(to, "_blank");
    else location.assign(to);
  });
  const turned = createTurnedFields({
    root: spot("turned"), chartOf: charts.of, own: settle,
    send: (values) => choose(turnedStudy(tables, study, values)),
  });
  const form = createForm(spot("form"), tables, (next) => { turned.rest(); attempt(() => choose(next(study))); }, studyFields(tables));

  /** The newest fields, for the run of a cell. @type {any[]} */
  let fields = [];

  /** @param {number} which @param {number[]} cell  its places from the left and from the bottom */
  function linkOf(which, cell) {
    const places = drawn.view === "map" ? cell : [cell[1], cell[0]];
    return `index.html${writeLink(tables, oneRun({ ...drawn, descent: { ...drawn.descent, ...of(fields[which]) } }, chosen(which), fields[which], places))}`;
  }
  const of = (/** @type {any} */ { steps, noise, seed }) => ({ steps, noise, seed });
  /** The optimizer of a picture, with its newest numbers. @param {number} which */
  const chosen = (which) => {
    const { choice } = sweptOf(tables, drawn)[which], { run } = fields[which];
    return { ...choice, values: { ...choice.values, ...run.values }, schedule: choice.schedule && { ...choice.schedule, values: { ...choice.schedule.values, ...run.schedule_values } } };
  };

  /** Says what is pointed at, with its link. @param {number} which @param {number[]|null} cell */
  function tell(which, cell) {
    if (!cell) return;
    turned.point(which, drawn.view === "map" ? cell : [cell[1], cell[0]]);
    const [across, up, told] = charts.lines(which, cell);
    spot("cell").replaceChildren(
      element("span", { text: t("{across}, {up}, {told}.", { across, up, told }) }), " ", element("a", { href: linkOf(which, cell), text: t("Open this run in {page}", { page: t("Compare") }) }),
    );
  }

  /** Draws what was found, if it rests. @param {any[]} now @param {any[]} found @param {boolean} resting */
  function settle(now, found, resting) {
    const made = chartsOf(tables, drawn, now, found, DARK.matches);
    fields = now;
    if (!resting) {
      charts.take(made, now);
      return null;
    }
    charts.draw(made, now);
    const basins = drawn.view === "basins";
    spot("legend").hidden = spot("shares").hidden = !basins;
    if (basins) {
      const minima = made[0].minima ?? [];
      drawLegend(tables, minima, made.some((one) => one.labels?.includes(minima.length)));
      drawShares(sweptOf(tables, drawn).map((one) => one.label), made);
    }
    setText(spot("found"), basins ? "" : mapSentence(now[0], found[0], drawn.measure, theoryOf(tables, drawn)));
    const full = now[0].axes[0].values.length === drawn.resolution;
    spot("charts").dataset.resting = full ? writeStudy(tables, drawn) : "";
    return made.map((one) => one.picture);
  }

  async function show() {
    const mine = ++turn, asked = study;
    form.draw(asked);
    drawHead(tables, asked);
    const { programs, runs } = await programsFor(files, tables, { ...asked.descent, optimizers: sweptOf(tables, asked).map((one) => one.choice) }, sweptOf(tables, asked).map((one) => one.label));
    if (mine !== turn) return;
    drawn = asked;
    turned.take({
      view: asked.view, programs, fields: fieldsOf(tables, asked, runs),
      key: JSON.stringify([asked.view, asked.descent.surface, runs.map((/** @type {any} */ { run }) => [run.id, run.program, run.schedule])]),
    });
  }

  /** Something was chosen or turned: it is checked, goes into the history, and is shown. @param {Study} wanted */
  function choose(wanted) {
    attempt(() => {
      study = checkStudy(tables, wanted);
      say([]);
    });
    const link = writeStudy(tables, study);
    if (link !== writeStudy(tables, readStudy(tables, location.search).study)) history.pushState(null, "", link);
    saying(show());
  }

  /** Does what may be refused, and says why it was. @param {() => void} job */
  function attempt(job) {
    try {
      job();
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      say([error.message]);
    }
  }

  function read() {
    const { study: found, notes } = readStudy(tables, location.search);
    say(notes);
    attempt(() => { study = checkStudy(tables, found); });
    saying(show());
  }
  window.addEventListener("popstate", read);
  DARK.addEventListener("change", turned.redraw);
  spot("charts").addEventListener("keydown", (event) => {
    if (!asksBack(event)) return;
    event.preventDefault();
    turned.undo();
  });
  read();
}

const filesHere = filesOfPage(), plotlyHere = plotlyOfPage();
inLanguage(filesHere).then(() => Promise.all([filesHere.words("catalogue.json"), filesHere.words("tune.json"), plotlyHere.flat]))
  .then(([tables, tune, plotly]) => createPage({ ...tables, tune }, filesHere, plotly)).catch((error) => { say([error.message]); console.error(error); });
