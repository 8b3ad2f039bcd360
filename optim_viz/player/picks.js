/** Sends picks one at a time: while one is on its way the newest waits, older ones are dropped. Pure but for its timer. */

/** How long to wait for an answer before the next pick may go, ms. */
const PATIENCE = 400;

/**
 * @param {(pick: any) => void} send
 * @param {{set(job: () => void, ms: number): any, clear(id: any): void}} [timer]
 * @returns {{offer(pick: any): void, answered(): void, cancel(): void}}
 */
export function createPicks(send, timer = { set: (job, ms) => setTimeout(job, ms), clear: (id) => clearTimeout(id) }) {
  /** @type {any} */
  let held = null;
  /** @type {any} */
  let waiting = null;
  function go(/** @type {any} */ pick) {
    held = null;
    waiting = timer.set(next, PATIENCE);
    send(pick);
  }
  function next() {
    timer.clear(waiting);
    waiting = null;
    if (held) go(held);
  }
  return {
    offer(pick) {
      if (waiting === null) go(pick);
      else held = pick;
    },
    answered() { if (waiting !== null) next(); },
    cancel() {
      timer.clear(waiting);
      [waiting, held] = [null, null];
    },
  };
}
