/** What is drawn for runs: noise and mini-batches, the same for every run of a seed, kept from one run to the next. */
import { batchIndices, createRandom, normals } from "./random.js";

/** @typedef {{seed: number, steps: number, noise: number, batch: number|null}} Drawn */

/** Steps whose noise is drawn at once, at least. */
const AHEAD = 1000;

export function createDraws() {
  const noise = { key: NaN, values: new Float64Array() };
  const batches = { key: "", values: new Uint32Array() };
  return {
    /** The noise of every step, x and y. @param {Drawn} of */
    noiseOf({ seed, steps }) {
      if (noise.key !== seed || noise.values.length < 2 * steps) {
        Object.assign(noise, { key: seed, values: normals(createRandom(seed), 2 * Math.max(steps, AHEAD)) });
      }
      return noise.values.subarray(0, 2 * steps);
    },
    /** The examples of every step's batch. @param {Drawn} of @param {number} count  of examples */
    batchesOf({ seed, batch, steps }, count) {
      const key = `${seed} ${count} ${batch} ${steps}`;
      if (batches.key !== key) Object.assign(batches, { key, values: batchIndices(seed, count, /** @type {number} */ (batch), steps) });
      return batches.values;
    },
  };
}
