/**
 * The page's numbers: one registry for all players and stores on it. A blob stays while a store holds it, and for a
 * little while after, so that a page that goes back one change finds it.
 */

/** Blobs kept though nothing holds them any more. */
const SPARE = 12;

/**
 * @typedef {object} Registry
 * @property {Map<string, ArrayBuffer>} blobs
 * @property {Map<string, number>} holds
 * @property {Set<() => void>} listeners
 */

/** @returns {Registry} */
export function createRegistry() {
  return { blobs: new Map(), holds: new Map(), listeners: new Set() };
}

/** Oldest first, as long as more than a few are unheld. @param {Registry} registry */
function dropSpare(registry) {
  const spare = [...registry.blobs.keys()].filter((name) => !registry.holds.get(name));
  for (const name of spare.slice(0, Math.max(0, spare.length - SPARE))) registry.blobs.delete(name);
}

/**
 * @param {Registry} registry
 * @param {string} name
 * @param {ArrayBuffer} blob
 */
export function holdBlob(registry, name, blob) {
  registry.blobs.delete(name);
  registry.blobs.set(name, blob);
  registry.holds.set(name, (registry.holds.get(name) ?? 0) + 1);
  dropSpare(registry);
  for (const listener of [...registry.listeners]) listener();
}

/** @param {Registry} registry @param {string} name */
export function releaseBlob(registry, name) {
  const left = (registry.holds.get(name) ?? 0) - 1;
  if (left > 0) registry.holds.set(name, left);
  else registry.holds.delete(name);
  dropSpare(registry);
}

/**
 * A store's message: 32 letters of hash, then float32 numbers. They are copied, which aligns them.
 * @param {Uint8Array} bytes
 * @returns {{name: string, blob: ArrayBuffer}}
 */
export function readStore(bytes) {
  const name = String.fromCharCode(...bytes.subarray(0, 32));
  return { name, blob: bytes.slice(32).buffer };
}
