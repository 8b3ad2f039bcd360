/**
 * A map or basins that follow what is turned: coarse at once, then fine; once it rests Python is told, and its picture
 * takes the place of this one. Cells that it draws otherwise are counted and said.
 */
import { element, setText } from "../basics/dom.js";
import { general } from "../basics/format.js";
import { asksBack, createPast, namesOf } from "../basics/past.js";
import { differing, pixelsOf } from "../numbers/cells.js";
import { createOverlay } from "../plots/overlay.js";
import { createRunCard } from "../plots/run_card.js";
import { createStartPlane } from "../plots/start_plane.js";
import { createFieldKnobs } from "../words/field_knobs.js";
import { later, t } from "../basics/words.js";
import { createCellRun } from "./cell_run.js";
import { createFieldWork } from "./field_work.js";

/** How long everything must stand still before it counts as resting, ms. */
const REST = 350;

/** What can be turned, as a value of its own. @param {any[]} fields */
function turnable(fields) {
  const [{ start, steps, noise, seed, surface }] = fields;
  return structuredClone({
    start, steps, noise, seed, parameters: surface.parameters,
    runs: fields.map(({ run: { id, values, schedule_values } }) => ({ id, values, schedule_values })),
  });
}

/** Fields with other values. @param {any[]} fields @param {any} values */
function turnedTo(fields, { start, steps, noise, seed, parameters, runs }) {
  return fields.map((field, i) => ({
    ...field, start, steps, noise, seed, surface: { ...field.surface, parameters },
    run: { ...field.run, values: runs[i].values, schedule_values: runs[i].schedule_values },
  }));
}

/** @typedef {import("./field_work.js").Part} Part */

/** @param {any} values */
const signatureOf = (values) => JSON.stringify(values);

/** What marks on Python's picture are no longer true once its field is turned, by the names of their traces. @param {any} field @param {any} shown */
function staleOf(field, shown) {
  const other = (/** @type {(field: any) => any} */ part) => JSON.stringify(part(field)) !== JSON.stringify(part(shown));
  const [rule, place] = [other(({ run, noise }) => [run, noise]), other(({ surface }) => surface.parameters)];
  return [t("diverges"), t("does not arrive"), t("best here"), ...(rule || place ? [t("theory")] : []), ...(place ? [t("minima")] : [])];
}

/** What is said of cells that Python draws otherwise. @param {number} count @param {number} all */
export function differenceWords(count, all) {
  if (!count) return "";
  const number = (/** @type {number} */ value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
  return t("While it was turned, {count} of {all} cells had another colour than here: there, rounding decides.", { count: number(count), all: number(all) });
}

/** What is said where nobody answers: the rest of the page is of other numbers, or what a notebook holds. @type {Record<string, string>} */
const ALONE = {
  page: later("The picture is of the numbers below it now; what is written on the page is of those it was saved with."),
  notebook: later("The picture is of the numbers below it now; the result in the notebook is of those it was made with."),
};

/**
 * Who draws the picture where it rests: Python, which `send` tells of what was turned, or the page itself, by `own`.
 * @typedef {object} Page
 * @property {HTMLElement} root
 * @property {(i: number) => any} chartOf
 * @property {((values: any) => void)|null} send
 * @property {((fields: any[], found: any[], resting: boolean) => any[]|null)|null} [own]
 *   told of everything that is found; where it rests it draws that, and gives back how the cells are coloured
 */

/** @param {Page} page */
export function createTurnedFields({ root, chartOf, send, own = null }) {
  const said = element("p", { class: "ov-hint", role: "status" });
  /** @type {any} */
  let data = null, values = null;
  /** @type {{signature: string, parts: Part[], found: any[]}|null} the newest fine picture */
  let fine = null;
  let sent = 0, pending = false, holding = false, resting = 0, gone = false;
  /** @type {ReturnType<typeof createOverlay>[]} */
  let overlays = [];
  const stats = { coarse: 0, fine: 0 }, past = createPast();
  const turned = { root, values: () => values, change, rest, hold: (/** @type {boolean} */ on) => { holding = on; } };
  const work = createFieldWork({ show, complain: (sentence) => setText(said, sentence), done: compare });
  const knobs = createFieldKnobs(turned), plane = createStartPlane(turned), card = createRunCard();
  const runOf = createCellRun((name) => data.programs[name]);
  /** @type {{which: number, cell: number[]}|null} the cell whose run is shown */
  let pointed = null;
  root.append(element("div", { class: "ov-turned-row" }, [element("div", { class: "ov-side" }, [plane.element, card.element]), knobs.element]), said);
  for (const event of ["pointerover", "focusin"]) root.addEventListener(event, work.ready, { once: true });
  root.addEventListener("keydown", undoByKey);

  /** @param {KeyboardEvent} event */
  function undoByKey(event) {
    if (!asksBack(event) || !data) return;
    event.preventDefault();
    undo();
  }

  /** Whether the picture of these numbers, where it rests, is still to come. */
  const waiting = () => pending || holding || signatureOf(values) !== signatureOf(turnable(data.fields));

  /** The fields that are other than in the picture that rests; all of them where the page draws that itself. @returns {Part[]} */
  function changed() {
    const now = turnedTo(data.fields, values).map((field, which) => ({ field, which }));
    return now.filter(({ field, which }) => own || JSON.stringify(field) !== JSON.stringify(data.fields[which]));
  }

  /** Has the picture of the values computed. */
  const ask = () => work.ask({ parts: changed(), programs: data.programs, signature: signatureOf(values) });

  /** @param {any} job @param {Part[]} parts @param {any[]} found @param {"coarse"|"fine"} kind */
  function show({ signature }, parts, found, kind) {
    if (kind === "fine" && parts.length) fine = { signature, parts, found };
    if (own) settle(parts, found);
    else if (waiting() || !parts.length) draw(parts, found);
    if (parts.length) stats[kind]++;
    root.dataset.drawn = JSON.stringify({ ...stats, workers: work.workers() });
  }

  /** Has the page draw what was found; while something is turned, over its picture. @param {Part[]} parts @param {any[]} found */
  function settle(parts, found) {
    const still = !waiting() || !data.pictures;
    const pictures = /** @type {any} */ (own)(parts.map((part) => part.field), found, still);
    if (!still) return draw(parts, found);
    overlays.forEach((one) => one.clear());
    data = { ...data, pictures };
  }

  /** Draws over the picture that rests where it is another. @param {Part[]} parts @param {any[]} found */
  function draw(parts, found) {
    overlays.forEach((overlay, which) => {
      const i = parts.findIndex((part) => part.which === which), picture = data.pictures[which];
      if (i < 0) overlay.clear();
      else overlay.show(/** @type {any} */ (pixelsOf(picture, parts[i].field, found[i])), picture.opacity, staleOf(parts[i].field, data.fields[which]));
    });
  }

  /** Shows the run of the cell that is pointed at, of the numbers as they are now. */
  function drawRun() {
    const field = pointed && turnedTo(data.fields, values)[pointed.which];
    const cells = field?.axes.map((/** @type {any} */ axis, /** @type {number} */ i) => axis.values[/** @type {any} */ (pointed).cell[i]]);
    if (!cells || cells.includes(undefined)) {
      card.show(null);
      return plane.show(null);
    }
    const { columns, status } = runOf(field, cells);
    const places = field.axes.map((/** @type {any} */ { name }, /** @type {number} */ i) => `${name} ${general(cells[i], 4)}`);
    if (field.axes[0].name === "y") places.reverse();
    card.show({ places: places.join(", "), columns, status });
    plane.show(columns);
  }

  /** Says how many cells Python draws otherwise, once both pictures of the same numbers are there. */
  function compare() {
    if (own || !fine || waiting() || fine.signature !== signatureOf(values)) return;
    const ends = data.fields.map((/** @type {any} */ field) => field.axes[0].values.length * field.axes[1].values.length);
    const all = ends.reduce((/** @type {number} */ sum, /** @type {number} */ cells, /** @type {number} */ i) => (ends[i] = sum + cells), 0);
    const count = fine.parts.reduce((sum, { field, which }, i) => sum + differing(data.pictures[which], field, /** @type {any} */ (fine).found[i], data.exact.subarray(ends[which - 1] ?? 0, ends[which])), 0);
    fine = null;
    setText(said, differenceWords(count, all));
    root.dataset.differ = String(count);
  }

  /** @param {(values: any) => void} turn */
  function change(turn) {
    const next = structuredClone(values);
    turn(next);
    values = next;
    pending = true;
    knobs.draw();
    plane.draw();
    if (pointed) drawRun();
    setText(said, "");
    ask();
    clearTimeout(resting);
    resting = window.setTimeout(rest, REST);
  }

  function rest() {
    if (gone || holding || !pending) return;
    clearTimeout(resting);
    pending = false;
    past.note(values);
    if (send) send({ ...values, n: ++sent });
    else setText(said, waiting() ? t(ALONE[data.stands ?? "page"]) : "");
  }

  /** Goes back to the values before. */
  function undo() {
    const before = past.back();
    if (!before) return;
    change((next) => Object.assign(next, before));
    rest();
  }

  /** Takes fields that the page draws itself: what of them is there already is not computed again. */
  function takeOwn() {
    if (fine && JSON.stringify(fine.parts.map((part) => part.field)) === JSON.stringify(data.fields)) return settle(fine.parts, fine.found);
    fine = null;
    ask();
  }

  return {
    undo, rest,
    fields: () => data?.fields ?? [],
    /** Which axis of a field goes to the right in its picture. @param {number} which */
    across: (which) => data.pictures[which].across,
    /** Shows the run of a cell, by its places on the two axes of a field; of none where there is none. @param {number} which @param {number[]|null} cell */
    point(which, cell) {
      if (!data || gone || (!cell && !pointed)) return;
      if (cell && pointed && pointed.which === which && pointed.cell.join() === cell.join()) return;
      pointed = cell && { which, cell };
      drawRun();
    },
    /** Draws the picture that rests again, in other colours, say. */
    redraw() { if (own && fine && !waiting()) settle(fine.parts, fine.found); },
    /** Takes the picture that rests, or what it is computed from, unless something newer is being turned. @param {any} next */
    take(next) {
      const fresh = data?.key !== next.key;
      if (!own && !fresh && (pending || holding || next.answered < sent)) return;
      sent = Math.max(sent, next.answered ?? sent);
      data = own ? { ...next, pictures: fresh ? null : data.pictures } : next;
      values = turnable(data.fields);
      if (fresh || namesOf(past.last()) !== namesOf(values)) past.clear();
      past.note(values);
      overlays.forEach((one) => one.clear());
      overlays = data.fields.map((/** @type {any} */ _, /** @type {number} */ i) => createOverlay(() => chartOf(i)));
      knobs.update(data);
      plane.update(data);
      if (fresh) pointed = null;
      drawRun();
      if (fresh || own) {
        work.forget();
        clearTimeout(resting);
        pending = false;
      }
      if (fresh) {
        fine = null;
        setText(said, "");
      }
      if (own) takeOwn();
      else compare();
    },
    destroy() {
      gone = true;
      clearTimeout(resting);
      overlays.forEach((one) => one.clear());
      root.removeEventListener("keydown", undoByKey);
      plane.destroy();
      work.end();
    },
  };
}
