/**
 * A map or basins that follow what is turned: coarse at once, then fine; once it rests Python is told, and its picture
 * takes the place of this one. Cells that it draws otherwise are counted and said.
 */
import { element, setText } from "../basics/dom.js";
import { createPool } from "../engine/pool.js";
import { coarser, differing, pixelsOf, strideFor } from "../numbers/cells.js";
import { createOverlay } from "../plots/overlay.js";
import { createFieldKnobs } from "../words/field_knobs.js";
import { later, t } from "../basics/words.js";

/** How long everything must stand still before it counts as resting, ms. Steps of a coarse picture at most. */
const REST = 350, COARSE = 800000;

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

/** @typedef {{field: import("../engine/fields.js").Field, which: number}} Part  a field of the picture, and which it is */

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

/** What is said where nobody answers: the rest of the page is of other numbers. */
const ALONE = later("The picture is of the numbers below it now; what is written on the page is of those it was saved with.");

/** @param {{root: HTMLElement, chartOf: (i: number) => any, send: ((values: any) => void)|null}} page  `send` tells Python, where there is one */
export function createTurnedFields({ root, chartOf, send }) {
  /** @type {ReturnType<typeof createPool>|null} */
  let pool = null;
  const said = element("p", { class: "ov-hint", role: "status" });
  /** @type {any} */
  let data = null, values = null;
  /** @type {Part[]|null} */
  let wanted = null;
  /** @type {{signature: string, parts: Part[], found: any[]}|null} the newest fine picture */
  let fine = null;
  let sent = 0, pending = false, holding = false, busy = false, resting = 0, gone = false;
  /** @type {ReturnType<typeof createOverlay>[]} */
  let overlays = [];
  const stats = { coarse: 0, fine: 0 };
  const knobs = createFieldKnobs({ values: () => values, change, rest, hold: (on) => { holding = on; } });
  root.append(knobs.element, said);
  for (const event of ["pointerover", "focusin"]) root.addEventListener(event, ready, { once: true });

  /** The workers; they are started once a hand is near. */
  function ready() { return (pool ??= createPool()); }

  /** Whether Python's picture of these numbers is still to come. */
  const waiting = () => pending || signatureOf(values) !== signatureOf(turnable(data.fields));

  /** The fields that are other than in Python's picture. @returns {Part[]} */
  function changed() {
    const now = turnedTo(data.fields, values).map((field, which) => ({ field, which }));
    return now.filter(({ field, which }) => JSON.stringify(field) !== JSON.stringify(data.fields[which]));
  }

  /** Computes what is wanted, coarse and fine, until nothing newer is. */
  async function compute() {
    busy = true;
    try {
      while (wanted && !gone) {
        const parts = wanted, stride = strideFor(parts.map((part) => part.field), COARSE), signature = signatureOf(values);
        wanted = null;
        if (!parts.length) { draw([], []); continue; } // all is as in Python's picture again
        if (stride > 1) await step(parts.map(({ field, which }) => ({ field: coarser(field, stride), which })), "coarse", () => false);
        if (wanted) continue;
        // Where there is no coarse picture, the fine one is finished whatever comes: else none would ever be seen.
        const found = await step(parts, "fine", () => stride > 1 && wanted !== null);
        if (found) fine = { signature, parts, found };
      }
    } catch (error) {
      setText(said, String(/** @type {any} */ (error).message ?? error));
    }
    busy = false;
    compare();
  }

  /** Computes and draws; null if it was overtaken. @param {Part[]} parts @param {"coarse"|"fine"} what @param {() => boolean} over */
  async function step(parts, what, over) {
    const { key, programs } = data;
    const lanes = ready();
    lanes.know(programs);
    const found = await lanes.run(parts.map((part) => part.field), () => gone || over());
    if (!found || gone || data.key !== key) return null;
    if (waiting()) draw(parts, found);
    stats[what]++;
    root.dataset.drawn = JSON.stringify({ ...stats, workers: lanes.workers() });
    return found;
  }

  /** Draws over Python's picture where it is another. @param {Part[]} parts @param {any[]} found */
  function draw(parts, found) {
    overlays.forEach((overlay, which) => {
      const i = parts.findIndex((part) => part.which === which), picture = data.pictures[which];
      if (i < 0) overlay.clear();
      else overlay.show(/** @type {any} */ (pixelsOf(picture, parts[i].field, found[i])), picture.opacity, staleOf(parts[i].field, data.fields[which]));
    });
  }

  /** Says how many cells Python draws otherwise, once both pictures of the same numbers are there. */
  function compare() {
    if (!fine || waiting() || fine.signature !== signatureOf(values)) return;
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
    setText(said, "");
    wanted = changed();
    if (!busy) compute();
    clearTimeout(resting);
    resting = window.setTimeout(rest, REST);
  }

  function rest() {
    if (gone || holding || !pending) return;
    clearTimeout(resting);
    pending = false;
    if (send) send({ ...values, n: ++sent });
    else setText(said, waiting() ? t(ALONE) : "");
  }

  return {
    /** Takes Python's picture, unless something newer is being turned. @param {any} next */
    take(next) {
      const fresh = data?.key !== next.key;
      if (!fresh && (pending || holding || next.answered < sent)) return;
      sent = Math.max(sent, next.answered);
      data = next;
      values = turnable(data.fields);
      overlays.forEach((one) => one.clear());
      overlays = data.fields.map((/** @type {any} */ _, /** @type {number} */ i) => createOverlay(() => chartOf(i)));
      knobs.update(data);
      if (fresh) {
        wanted = fine = null;
        setText(said, "");
      }
      compare();
    },
    destroy() {
      gone = true;
      clearTimeout(resting);
      overlays.forEach((one) => one.clear());
      pool?.end();
    },
  };
}
