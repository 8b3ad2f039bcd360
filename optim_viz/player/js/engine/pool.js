/**
 * Fields computed by several workers at once, in bands of rows; by the page itself, a little at a time, until there are
 * any, and for good where a browser or a page's policy allows none.
 */
import { gathered } from "./basins.js";
import { rowsTogether } from "./fields.js";
import { createWork } from "./work.js";

/** @typedef {import("./fields.js").Field} Field */
/** @typedef {{run(task: any): Promise<any>, end(): void}} Lane */
/** @typedef {{field: Field, which: number, from: number, to: number}} Band */

const MOST = 8;
/** Steps of a band: some 5 ms of work, so that what was overtaken is soon over. */
const BAND = 150000;

/** The bands of fields, every field's first. @param {Field[]} fields @returns {Band[]} */
export function bandsOf(fields) {
  return fields.flatMap((field, which) => {
    const [rows, columns] = field.axes.map((axis) => axis.values.length);
    const seeds = field.noise > 0 || field.batch !== null ? field.seeds : 1;
    const each = Math.max(rowsTogether(field), Math.floor(BAND / (columns * field.steps * seeds)));
    return Array.from({ length: Math.ceil(rows / each) }, (_, i) => ({ field, which, from: i * each, to: Math.min(rows, (i + 1) * each) }));
  });
}

/** Puts the bands of a field together; for basins, labels and minima as well. @param {Field} field @param {any[]} parts @returns {any} */
export function joined(field, parts) {
  const whole = Object.fromEntries(Object.keys(parts[0]).map((name) => {
    const made = new parts[0][name].constructor(parts.reduce((sum, part) => sum + part[name].length, 0));
    parts.reduce((at, part) => { made.set(part[name], at); return at + part[name].length; }, 0);
    return [name, made];
  }));
  return field.watch ? whole : { loss: whole.loss, ...gathered(field.surface, /** @type {any} */ (whole)) };
}

/** The page itself as a lane: a task in a turn of its own. @returns {Lane} */
function ownLane() {
  const answer = createWork();
  return {
    run: (task) => new Promise((resolve, reject) => {
      setTimeout(() => {
        try { resolve(answer(task)); } catch (error) { reject(error); }
      });
    }),
    end() {},
  };
}

/** A worker as a lane: one task after the other. @param {Worker} worker @returns {Lane} */
function workerLane(worker) {
  const ask = (/** @type {any} */ task) => new Promise((resolve, reject) => {
    worker.onmessage = ({ data }) => (data.error ? reject(new Error(data.error)) : resolve(data.found));
    worker.onerror = ({ message }) => reject(new Error(`A worker stopped: ${message}`));
    worker.postMessage(task);
  });
  let last = Promise.resolve(/** @type {any} */ (null));
  return {
    run(task) {
      const found = last.then(() => ask(task));
      last = found.catch(() => {});
      return found;
    },
    end: () => worker.terminate(),
  };
}

/** The address of a worker's script: a file of the player's; of a saved page its import map has it as a whole. */
function workerScript() {
  if (!import.meta.url.startsWith("data:")) return new URL("../whole/worker.js", import.meta.url).href;
  return JSON.parse(/** @type {Element} */ (document.querySelector("script[type=importmap]")).textContent ?? "{}").imports["optim-viz/whole/worker.js"];
}

/** Starts workers; each is told of once it answers. @param {number} count @param {(worker: Worker) => void} ready @returns {Promise<() => void>} what ends those that never did */
async function startWorkers(count, ready) {
  const script = workerScript();
  const waiting = new Set(Array.from({ length: count }, () => new Worker(script)));
  for (const worker of waiting) worker.onmessage = () => { waiting.delete(worker); ready(worker); };
  return () => waiting.forEach((worker) => worker.terminate());
}

/** @param {number} [count]  of workers */
export function createPool(count = Math.min(MOST, globalThis.navigator?.hardwareConcurrency ?? 1)) {
  /** @type {Record<string, any>} */
  let programs = {};
  /** @type {Set<Lane>} */
  let lanes = new Set();
  /** @type {{bands: Band[], over: () => boolean, done: (band: Band, found: any) => void, fail: (error: any) => void}|null} */
  let job = null;
  let gone = false, workers = 0;
  /** @type {Set<Lane>} */
  const busy = new Set();
  /** @type {WeakMap<Lane, any>} the programs that a lane was given */
  const told = new WeakMap();

  /** Lets a lane work for as long as there is something to do. @param {Lane} lane */
  async function go(lane) {
    if (busy.has(lane)) return;
    busy.add(lane);
    while (lanes.has(lane) && job) {
      const mine = job;
      if (mine.over()) mine.fail(null);
      const band = job === mine && mine.bands.shift();
      if (!band) break;
      try {
        const task = told.get(lane) === programs ? band : { ...band, programs };
        told.set(lane, programs);
        mine.done(band, await lane.run(task));
      } catch (error) {
        mine.fail(error);
      }
    }
    busy.delete(lane);
  }

  /** @param {Lane} lane */
  function join(lane) {
    lanes.add(lane);
    go(lane);
  }

  const own = ownLane();
  join(own);
  const starting = globalThis.Worker && count > 0 ? startWorkers(count, (worker) => {
    if (gone) return worker.terminate();
    if (!workers++) lanes.delete(own);
    join(workerLane(worker));
  }).catch(() => () => {}) : Promise.resolve(() => {});

  return {
    /** How many workers there are. */
    workers: () => workers,
    /** Takes the programs, by name, that fields are computed by from now on. @param {Record<string, any>} fresh */
    know(fresh) { programs = fresh; },
    /**
     * Computes fields; null once `over` says that it is no longer wanted. One call at a time.
     * @param {Field[]} fields @param {() => boolean} [over] @returns {Promise<any[]|null>}
     */
    run(fields, over = () => false) {
      return new Promise((resolve, reject) => {
        const bands = bandsOf(fields);
        if (!bands.length) return resolve([]);
        /** @type {Map<Band, any>} */
        const found = new Map();
        const end = (/** @type {() => void} */ how) => {
          if (job !== mine) return; // a band that was overtaken
          job = null;
          how();
        };
        const mine = job = {
          bands: [...bands], over,
          done(/** @type {Band} */ band, /** @type {any} */ part) {
            found.set(band, part);
            if (found.size === bands.length) end(() => resolve(fields.map((field, i) => joined(field, bands.filter((one) => one.which === i).map((one) => found.get(one))))));
          },
          fail: (/** @type {any} */ error) => end(() => (error ? reject(error) : resolve(null))),
        };
        lanes.forEach(go);
      });
    },
    /** Ends all workers. */
    async end() {
      gone = true;
      lanes.forEach((lane) => lane.end());
      lanes = new Set();
      (await starting)();
    },
  };
}
