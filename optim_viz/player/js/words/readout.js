/** The numbers at the playhead, one row a track. */
import { element, setText } from "../basics/dom.js";
import { formatNumber } from "../basics/format.js";
import { runName, swatch } from "./legend.js";
import { looksSignature } from "../basics/looks.js";
import { exactly, lastTold, stepOf } from "../numbers/digits.js";
import { coordinatesOf, placesPanel, shortTitle } from "../numbers/scene.js";
import { t } from "../basics/words.js";

/**
 * @typedef {object} Field
 * @property {string} title
 * @property {string} hint
 * @property {(track: any, row: number) => number} value
 * @property {number} [digits]  significant ones
 */

/** How far the step to a row went. @param {any} track @param {string[]} names  of the columns of a place @param {number} row */
function distance(track, names, row) {
  return row > 0 && names.every((name) => track.columns[name]) ? Math.hypot(...names.map((name) => stepOf(track, name, row - 1))) : NaN;
}

/** A column's value, or the last one before it where it has gaps. @param {ArrayLike<number>|undefined} column @param {number} row */
export function valueAt(column, row) {
  if (!column) return NaN;
  for (let i = Math.min(row, column.length - 1); i >= 0; i--) if (!Number.isNaN(column[i])) return column[i];
  return NaN;
}

/**
 * What the table shows follows from the panels and from the columns that the tracks have.
 * @param {import("../numbers/scene.js").Model} model
 * @returns {Field[]}
 */
export function readoutFields(model) {
  const has = (/** @type {string} */ name) => model.tracks.some((track) => track.columns[name]);
  /** @type {Field[]} */
  const fields = model.panels.filter((panel) => panel.kind === "curve" && panel.y !== "lr" && !panel.small).map((panel) => ({
    title: shortTitle(panel), hint: [panel.title, panel.y_title, panel.as_of].filter(Boolean).join(", "), digits: panel.digits,
    value: (track, row) => valueAt(exactly(track)[panel.readout ?? panel.told ?? panel.y], row),
  }));
  if (has("loss") && !fields.length) fields.push({ title: t("loss"), hint: "", value: (track, row) => valueAt(exactly(track).loss, row) });
  const places = placesPanel(model.panels);
  const slopes = places?.kind === "profile" ? ["gx"] : ["gx", "gy"];
  if (slopes.every(has)) {
    fields.push({
      title: "|g|", hint: t("length of the gradient that the next step uses"),
      value: (track, row) => Math.hypot(...slopes.map((name) => valueAt(exactly(track)[name], row))),
    });
  }
  // On a plane of weights runs go straight from one snapshot to the next: a step is known where all of them are.
  if (places && (!places.shadow || has(`d${places.x}`))) {
    fields.push({
      title: places.shadow ? t("|Δ| on the plane") : t("step |Δ|"),
      hint: places.shadow ? t("distance moved on the plane by the last step: a part of the step") : t("distance moved by the last step"),
      value: (track, row) => {
        const panel = placesPanel(model.panels, track);
        return panel ? distance(track, coordinatesOf(panel), row) : NaN;
      },
    });
  }
  if (has("lr")) {
    fields.push({ title: "lr", hint: t("learning rate now"), value: (track, row) => valueAt(exactly(track).lr, row) });
  }
  return fields;
}

/**
 * How a run is doing at a frame, in words.
 * @param {any} track
 * @param {number} frame
 * @param {number} last  the last frame of the scene
 */
export function statusAt(track, frame, last) {
  if (frame >= last || frame >= track.statusFrom) return track.status || t("done");
  return t("moving");
}

/** @param {any} app @param {any} track @param {Field[]} fields */
function readoutRow(app, track, fields) {
  const look = { color: track.color[app.theme.mode], dash: track.dash, marker: track.marker };
  const name = element("th", { scope: "row" }, [swatch(look, app.theme.background), runName(track.label), app.knobs.ofRun(track)]);
  const cells = fields.map((field) => element("td", { class: "ov-number", title: field.hint }));
  const status = element("td", { class: "ov-status" });
  return { track, cells, status, row: element("tr", { "data-track": track.id }, [name, status, ...cells]) };
}

/**
 * @param {any} app
 * @returns {{element: HTMLElement, update(): void, draw(frame: number): void}}
 */
export function createReadout(app) {
  const head = element("thead");
  const body = element("tbody");
  const table = element("table", { class: "ov-table" }, [element("caption", { class: "ov-hidden", text: t("Numbers at the playhead") }), head, body]);
  const host = element("div", { class: "ov-readout", tabindex: "0", role: "region", "aria-label": t("Numbers at the playhead") }, [table]);
  /** @type {Field[]} */
  let fields = [];
  /** @type {ReturnType<typeof readoutRow>[]} */
  let rows = [];

  let drawn = "";

  function update() {
    fields = readoutFields(app.model);
    const tracks = app.model.tracks.filter((/** @type {any} */ track) => !app.hidden.has(track.id));
    const programs = app.live.live()?.runs.map((/** @type {any} */ run) => [run.program, run.schedule, run.scale]);
    const signature = looksSignature(app) + JSON.stringify([fields, programs]);
    if (signature === drawn) {
      rows.forEach((row, i) => { row.track = tracks[i]; });
      return;
    }
    drawn = signature;
    const titles = [t("run"), t("status")].map((text) => element("th", { scope: "col", text }));
    titles.push(...fields.map((field) => element("th", { scope: "col", class: "ov-number", text: field.title, title: field.hint })));
    head.replaceChildren(element("tr", {}, titles));
    rows = tracks.map((/** @type {any} */ track) => readoutRow(app, track, fields));
    body.replaceChildren(...rows.map((row) => row.row));
  }

  function draw(/** @type {number} */ frame) {
    for (const { track, cells, status } of rows) {
      const row = Math.min(frame, lastTold(track));
      cells.forEach((cell, i) => setText(cell, formatNumber(fields[i].value(track, row), fields[i].digits)));
      setText(status, statusAt(track, frame, app.model.frames - 1));
    }
  }
  return { element: host, update, draw };
}
