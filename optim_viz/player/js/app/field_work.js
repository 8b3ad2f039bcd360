/** Computes the newest fields that were asked for, coarse at once, then fine; older ones are given up. */
import { createPool } from "../engine/pool.js";
import { coarser, strideFor } from "../numbers/cells.js";

/** Steps of a coarse picture at most. */
const COARSE = 800000;

/**
 * @typedef {{field: import("../engine/fields.js").Field, which: number}} Part  a field of the picture, and which it is
 * @typedef {{parts: Part[], programs: Record<string, any>}} Job
 */

/**
 * @param {object} use
 * @param {(job: any, parts: Part[], found: any[], kind: "coarse"|"fine") => void} use.show  told of what was found
 * @param {(sentence: string) => void} use.complain
 * @param {() => void} use.done  nothing is left to do
 */
export function createFieldWork({ show, complain, done }) {
  /** @type {ReturnType<typeof createPool>|null} */
  let pool = null;
  /** @type {any} the newest job, until it is begun */
  let next = null;
  let busy = false, gone = false, era = 0;

  /** The workers; they are started once a hand is near. */
  function ready() { return (pool ??= createPool()); }

  /** Computes some parts and tells of them, unless they were overtaken. @param {any} job @param {Part[]} parts @param {"coarse"|"fine"} kind @param {() => boolean} over */
  async function step(job, parts, kind, over) {
    const mine = era, lanes = ready();
    const dropped = () => gone || mine !== era;
    lanes.know(job.programs);
    const found = parts.length ? await lanes.run(parts.map((part) => part.field), () => dropped() || over()) : [];
    if (found && !dropped()) show(job, parts, found, kind);
  }

  async function work() {
    busy = true;
    try {
      while (next && !gone) {
        const job = next, stride = strideFor(job.parts.map((/** @type {Part} */ part) => part.field), COARSE);
        next = null;
        if (stride > 1) await step(job, job.parts.map((/** @type {Part} */ { field, which }) => ({ field: coarser(field, stride), which })), "coarse", () => false);
        // Where there is no coarse picture, the fine one is finished whatever comes: else none would ever be seen.
        if (!next) await step(job, job.parts, "fine", () => stride > 1 && next !== null);
      }
    } catch (error) {
      complain(String(/** @type {any} */ (error).message ?? error));
    }
    busy = false;
    if (!gone) done();
  }

  return {
    ready,
    workers: () => pool?.workers() ?? 0,
    /** @param {any} job  a Job, with whatever else is to be told again */
    ask(job) {
      next = job;
      if (!busy) work();
    },
    /** What was asked for is of no use any more. */
    forget() {
      next = null;
      era++;
    },
    end() {
      gone = true;
      pool?.end();
    },
  };
}
