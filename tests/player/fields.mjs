// Computes the fields of a folder: fields.json in, one file of floats for each out (loss, then steps or labels).
// With a number of rounds as the second argument it times each instead, and prints the milliseconds of the best round.
import { readFileSync, writeFileSync } from "node:fs";
import { gathered, marked } from "../../optim_viz/player/js/engine/basins.js";
import { createFields } from "../../optim_viz/player/js/engine/fields.js";

const [folder, rounds] = process.argv.slice(2);
const { fields, programs } = JSON.parse(readFileSync(`${folder}/fields.json`, "utf-8"));
const engine = createFields((name) => programs[name]);

function computed(field) {
  const ends = engine.ends(field, 0, field.axes[0].values.length);
  if (field.watch) return [ends.loss, ends.steps];
  const { labels, minima } = gathered(field.surface, marked(field, ends, (points) => engine.gradients(field, points)));
  return [ends.loss, Float64Array.from(labels), Float64Array.from(minima.flat())];
}

fields.forEach((field, i) => {
  if (!rounds) {
    const parts = computed(field);
    const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
    parts.reduce((at, part) => { all.set(part, at); return at + part.length; }, 0);
    writeFileSync(`${folder}/${i}.bin`, new Uint8Array(all.buffer));
    return;
  }
  let best = Infinity;
  for (let round = 0; round < Number(rounds); round++) {
    const began = performance.now();
    computed(field);
    best = Math.min(best, performance.now() - began);
  }
  console.log(best.toFixed(2));
});
