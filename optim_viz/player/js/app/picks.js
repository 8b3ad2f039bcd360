/** Sends picks one at a time: while one is on its way the newest waits, older ones are dropped. Pure but for its timer. */

/**
 * How long to wait for an answer before the next pick may go, ms. Long, because a pick that overtakes the run of the one
 * before carries the page's old address and widgets with it; only a pick that changes nothing waits that long.
 */
const PATIENCE = 2000;

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
  /** @type {any} */
  let last = null;
  function go(/** @type {any} */ pick) {
    held = null;
    // The end of a drag is where the drag was: nothing new will come of it, so nothing waits for it.
    const same = last && last.x === pick.x && last.y === pick.y;
    last = pick;
    if (!same) waiting = timer.set(next, PATIENCE);
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
