/** What the optimizer does at the playhead, in its own numbers. */
import { element, setText } from "../basics/dom.js";
import { formatNumber } from "../basics/format.js";
import { runName, swatch } from "./legend.js";
import { looksSignature } from "../basics/looks.js";
import { valueAt } from "./readout.js";
import { exactly, lastTold, stepOf } from "../numbers/digits.js";
import { coordinatesOf, placesPanel } from "../numbers/scene.js";
import { fillTemplate, settingsOn } from "../numbers/template.js";
import { t } from "../basics/words.js";

/** A row's columns: where x and y have rates of their own, the two of these. @param {any} row @param {any} track @returns {string[]} */
const columnsOf = (row, track) => (row.columns[0] === "lr" && track.columns["lr.x"] ? ["lr.x", "lr.y"] : row.columns);

/**
 * @typedef {{label: string, values: ((track: any, row: number) => number)[]}} InspectorRow
 *
 * Rows below the formula: those that the scene names, then what the next step does to each coordinate.
 * @param {any} track
 * @param {any} places  the panel that shows where runs are, if any: on a curve there is x alone
 * @returns {InspectorRow[]}
 */
export function inspectorRows(track, places) {
  const names = places ? coordinatesOf(places) : [];
  /** @type {InspectorRow[]} */
  const named = (track.inspector?.rows ?? []).map((/** @type {any} */ row) => ({
    label: row.label, values: columnsOf(row, track).slice(0, names.length || 2).map((/** @type {string} */ name) => (/** @type {any} */ one, /** @type {number} */ i) => valueAt(exactly(one)[name], i)),
  }));
  if (!names.length || !names.every((name) => track.columns[name])) return named;
  const point = names.map((name) => (/** @type {any} */ one, /** @type {number} */ i) => exactly(one)[name][i]);
  const step = names.map((name) => (/** @type {any} */ one, /** @type {number} */ i) =>
    (i < lastTold(one) ? stepOf(one, name, i) : NaN));
  const rows = [{ label: t("point θ"), values: point }, ...named, { label: t("step Δθ from here"), values: step }];
  if (track.columns.gx && track.columns.gy) {
    const rate = ["gx", "gy"].slice(0, names.length).map((name, k) => (/** @type {any} */ one, /** @type {number} */ i) => -step[k](one, i) / exactly(one)[name][i]);
    rows.push({ label: t("effective rate −Δθ / g"), values: rate });
  }
  return rows;
}

/** @param {any} app @param {any} track @param {any} places */
function inspectorCard(app, track, places) {
  const look = { color: track.color[app.theme.mode], dash: track.dash, marker: track.marker };
  const all = [track.inspector.numbers ?? []].flat();
  const templates = places?.kind === "profile" ? all.slice(0, all.length / 2) : all; // those of x come before those of y
  const added = element("div", { class: "ov-symbolic" });
  const formulas = templates.map(() => element("div", { class: "ov-formula" }));
  const rows = inspectorRows(track, places).map((row) => ({
    ...row, cells: row.values.map(() => element("td", { class: "ov-number" })),
  }));
  const wide = Math.max(...rows.map((row) => row.cells.length), 1);
  const body = rows.map((row) => {
    const cells = row.cells.length === 1 && wide > 1 ? [row.cells[0]] : row.cells;
    if (row.cells.length === 1) row.cells[0].setAttribute("colspan", String(wide));
    return element("tr", {}, [element("th", { scope: "row", text: row.label }), ...cells]);
  });
  const names = places && wide > 1 ? [element("tr", {}, [element("td"), ...[places.x_title ?? "x", places.y_title ?? "y"].map((text) => element("th", { scope: "col", class: "ov-number", text }))])] : [];
  const card = element("section", { class: "ov-card", "data-inspect": track.id, "aria-label": t("Inspector: {run}", { run: track.label }) }, [
    element("h3", {}, [swatch(look, app.theme.background), runName(track.label)]),
    track.inspector.symbolic ? element("div", { class: "ov-symbolic", text: track.inspector.symbolic }) : null,
    added, ...formulas, element("table", {}, [element("tbody", {}, [...names, ...body])]),
  ]);
  return { track, templates, added, formulas, rows, card };
}

/**
 * @param {any} app
 * @returns {{element: HTMLElement, available(): boolean, update(): void, draw(frame: number): void}}
 */
export function createInspector(app) {
  const host = element("div", { class: "ov-inspector", hidden: true });
  /** @type {ReturnType<typeof inspectorCard>[]} */
  let cards = [];
  let drawn = "";
  return {
    element: host,
    available: () => app.model.tracks.some((/** @type {any} */ track) => track.inspector),
    update() {
      const places = placesPanel(app.model.panels);
      const signature = looksSignature(app) + JSON.stringify([places?.kind, app.model.tracks.map((/** @type {any} */ track) => track.inspector && { ...track.inspector, hyperparameters: null })]);
      const tracks = app.model.tracks.filter((/** @type {any} */ track) => track.inspector && !app.hidden.has(track.id));
      if (signature === drawn) {
        cards.forEach((one, i) => { Object.assign(one, { track: tracks[i] }); });
        return;
      }
      drawn = signature;
      cards = tracks.map((/** @type {any} */ track) => inspectorCard(app, track, places));
      host.replaceChildren(...cards.map((one) => one.card));
    },
    draw(frame) {
      for (const { track, templates, added, formulas, rows } of cards) {
        const row = Math.min(frame, lastTold(track));
        const settings = settingsOn(track, track.inspector.added ?? [], row);
        setText(added, settings && t("Added to this rule: {settings}", { settings }));
        const over = row >= lastTold(track);  // there is no next step to compute
        formulas.forEach((node, i) => setText(node, over ? (i ? "" : t("No step is taken from here.")) : fillTemplate(track, templates[i], row)));
        for (const { cells, values } of rows) cells.forEach((cell, i) => setText(cell, formatNumber(values[i](track, row), 4)));
      }
    },
  };
}
