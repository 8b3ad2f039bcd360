/** What answers a task, in a worker or on the page itself: some rows of a field, as far as they can be told apart. */
import { marked } from "./basins.js";
import { createFields } from "./fields.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {{programs?: Record<string, any>, field?: Field, from?: number, to?: number}} Task  programs are kept */

export function createWork() {
  /** @type {Map<string, any>} */
  const programs = new Map();
  const engine = createFields((name) => programs.get(name));

  /** @param {Task} task @returns {Record<string, any>} */
  return function answer({ programs: fresh, field, from, to }) {
    for (const [name, program] of Object.entries(fresh ?? {})) programs.set(name, program);
    if (!field) return {};
    const ends = engine.ends(field, /** @type {number} */ (from), /** @type {number} */ (to));
    return field.watch ? ends : { loss: ends.loss, ...marked(field, ends, (points) => engine.gradients(field, points)) };
  };
}

/** Answers a port's tasks, one after the other; an error goes back as its sentence. @param {any} port */
export function serve(port) {
  const answer = createWork();
  port.onmessage = (/** @type {any} */ { data }) => {
    try {
      port.postMessage({ found: answer(data) });
    } catch (error) {
      port.postMessage({ error: String(/** @type {any} */ (error).message ?? error) });
    }
  };
  port.postMessage({ ready: true });
}
