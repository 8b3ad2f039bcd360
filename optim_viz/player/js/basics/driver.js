/** Calls back once a display frame, with the seconds since the last one, for as long as it is wanted. */

/**
 * @param {(seconds: number) => void} onFrame
 * @returns {{start(): void, stop(): void, running(): boolean}}
 */
export function createDriver(onFrame) {
  let request = 0;
  let last = 0;
  const frame = (/** @type {number} */ now) => {
    request = requestAnimationFrame(frame);
    // A tab that was hidden comes back with a huge gap: it goes on from where it was.
    const seconds = last ? Math.min(0.25, (now - last) / 1000) : 0;
    last = now;
    onFrame(seconds);
  };
  return {
    start() {
      if (request) return;
      last = 0;
      request = requestAnimationFrame(frame);
    },
    stop() {
      cancelAnimationFrame(request);
      request = 0;
    },
    running: () => request !== 0,
  };
}

/**
 * Runs a job once, at the next display frame, however often it is asked for.
 * @param {() => void} job
 * @returns {{ask(): void, cancel(): void}}
 */
export function createOnce(job) {
  let request = 0;
  return {
    ask() {
      if (!request) request = requestAnimationFrame(() => { request = 0; job(); });
    },
    cancel() {
      cancelAnimationFrame(request);
      request = 0;
    },
  };
}
