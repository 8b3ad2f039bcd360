/** A machine's memory: what lies where, and its views. */
const FLOAT = 8, PAGE = 65536;

/**
 * Lays floats out one part after the other, and makes room for them; an address of 0 means that there is none.
 * @param {WebAssembly.Memory} memory @param {Record<string, number>} sizes  of each part, in floats
 */
export function laidOut(memory, sizes) {
  /** @type {Record<string, number>} */
  const at = {};
  let end = FLOAT;
  for (const [name, size] of Object.entries(sizes)) { at[name] = end; end += size * FLOAT; }
  const missing = Math.ceil(end / PAGE) - memory.buffer.byteLength / PAGE;
  if (missing > 0) memory.grow(missing);
  const floats = new Float64Array(memory.buffer);
  const view = (/** @type {string} */ name) => floats.subarray(at[name] / FLOAT, at[name] / FLOAT + sizes[name]);
  return { at, view };
}

/**
 * Puts in what is the same at every step or drawn for it: inputs by name, examples, noise, mini-batches.
 * @param {any} view @param {{names: string[], plan: any}} machine @param {Record<string, number>} inputs
 * @param {ReturnType<typeof import("./draws.js").createDraws>} draws @param {import("./draws.js").Drawn} drawn
 */
export function filled(view, { names, plan }, inputs, draws, drawn) {
  const examples = plan.surface.examples;
  names.forEach((name, i) => {
    if (typeof inputs[name] !== "number") throw new Error(`A program asks for ${JSON.stringify(name).slice(0, 60)}, which is not there.`);
    view("inputs")[i] = inputs[name];
  });
  examples.forEach((/** @type {number[]} */ example, /** @type {number} */ i) => view("examples").set(example, 2 * i));
  if (drawn.noise > 0) view("noise").set(draws.noiseOf(drawn).map((draw) => drawn.noise * draw));
  if (plan.batch) draws.batchesOf(drawn, examples.length).forEach((example, i) => view("batches").set(examples[example], 2 * i));
}

/** The sizes of those parts. @param {{names: string[], plan: any}} machine @param {import("./draws.js").Drawn} drawn */
export function sizesOf({ names, plan }, { noise, steps, batch }) {
  return {
    inputs: names.length, examples: 2 * plan.surface.examples.length, noise: noise > 0 ? 2 * steps : 0,
    batches: plan.batch ? 2 * /** @type {number} */ (batch) * steps : 0,
  };
}
