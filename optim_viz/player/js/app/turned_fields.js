/**
 * A map or basins that follow what is turned: coarse at once, then fine; once it rests Python is told, and its picture
 * takes the place of this one. Cells that it draws otherwise are counted and said.
 */
import { element, setText } from "../basics/dom.js";
import { createPool } from "../engine/pool.js";
import { coarser, differing, pixelsOf, strideFor } from "../numbers/cells.js";
import { createOverlay } from "../plots/overlay.js";
import { createFieldKnobs } from "../words/field_knobs.js";

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

/** What is said of cells that Python draws otherwise. @param {number} count @param {number} all */
export function differenceWords(count, all) {
  if (!count) return "";
  const number = (/** @type {number} */ value) => String(value).replace(/\B(?=(\d{3})+$)/g, ",");
  return `While it was turned, ${number(count)} of ${number(all)} cells had another colour than here: there, rounding decides.`;
}

/** @param {{root: HTMLElement, chartOf: (i: number) => any, send: (values: any) => void}} page */
export function createTurnedFields({ root, chartOf, send }) {
  const pool = createPool();
  const said = element("p", { class: "ov-hint", role: "status" });
  /** @type {any} */
  let data = null, values = null;
  /** @type {any[]|null} */
  let wanted = null;
  /** @type {{signature: string, fields: any[], found: any[]}|null} the newest fine picture */
  let fine = null;
  let sent = 0, pending = false, holding = false, busy = false, resting = 0, gone = false;
  /** @type {ReturnType<typeof createOverlay>[]} */
  let overlays = [];
  const stats = { coarse: 0, fine: 0, stride: 1 };
  const knobs = createFieldKnobs({ values: () => values, change, rest, hold: (on) => { holding = on; } });
  root.append(knobs.element, said);

  /** @param {any[]} fields @param {any[]} found */
  function draw(fields, found) {
    if (gone) return;
    fields.forEach((field, i) => overlays[i].show(/** @type {any} */ (pixelsOf(data.pictures[i], field, found[i])), data.pictures[i].opacity));
  }

  /** Computes what is wanted, coarse and fine, until nothing newer is. */
  async function compute() {
    busy = true;
    try {
      while (wanted && !gone) {
        const fields = wanted, stride = strideFor(fields, COARSE);
        wanted = null;
        if (stride > 1) await step(fields.map((field) => coarser(field, stride)), "coarse");
        if (wanted) continue;
        const found = await step(fields, "fine");
        if (found) fine = { signature: JSON.stringify(turnable(fields)), fields, found };
      }
    } catch (error) {
      setText(said, String(/** @type {any} */ (error).message ?? error));
    }
    busy = false;
    compare();
  }

  /** @param {any[]} fields @param {"coarse"|"fine"} what */
  async function step(fields, what) {
    const found = await pool.run(fields, what === "fine" ? () => wanted !== null || gone : () => gone);
    if (found && (pending || what === "coarse" || waiting())) draw(fields, found);
    if (found) stats[what]++;
    root.dataset.drawn = JSON.stringify({ ...stats, workers: pool.workers() });
    return found;
  }

  /** Whether Python's picture of these numbers is still to come. */
  const waiting = () => JSON.stringify(values) !== JSON.stringify(turnable(data.fields));

  /** Says how many cells Python draws otherwise, once both pictures of the same numbers are there. */
  function compare() {
    if (!fine || pending || waiting() || fine.signature !== JSON.stringify(turnable(data.fields))) return;
    const { fields, found } = fine;
    let at = 0, count = 0;
    fields.forEach((field, i) => {
      const cells = found[i].loss.length;
      count += differing(data.pictures[i], field, found[i], data.exact.subarray(at, at + cells));
      at += cells;
    });
    fine = null;
    setText(said, differenceWords(count, at));
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
    wanted = turnedTo(data.fields, values);
    if (!busy) compute();
    clearTimeout(resting);
    resting = window.setTimeout(rest, REST);
  }

  function rest() {
    if (gone || holding || !pending) return;
    clearTimeout(resting);
    pending = false;
    send({ ...values, n: ++sent });
  }

  return {
    /** Takes Python's picture, unless something newer is being turned. @param {any} next */
    take(next) {
      const fresh = data?.key !== next.key;
      if (!fresh && (pending || holding || next.answered < sent)) return;
      sent = Math.max(sent, next.answered);
      data = next;
      values = turnable(data.fields);
      pool.know(data.programs);
      overlays.forEach((one) => one.clear());
      overlays = data.fields.map((/** @type {any} */ _, /** @type {number} */ i) => createOverlay(() => chartOf(i)));
      knobs.update(data);
      if (fresh) setText(said, "");
      compare();
    },
    destroy() {
      gone = true;
      clearTimeout(resting);
      overlays.forEach((one) => one.clear());
      pool.end();
    },
  };
}
