/** The run of one cell of a map or of basins, computed alone. */
import { createEngine } from "../engine/runs.js";

/**
 * What computes it: from a field and the values of its two axes to the run's columns and its status.
 * @param {(name: string) => any} programOf  a program by its name
 */
export function createCellRun(programOf) {
  const engine = createEngine(programOf);
  return (/** @type {import("../engine/fields.js").Field} */ field, /** @type {number[]} */ values) => {
    /** @type {Record<string, number>} */
    const at = Object.fromEntries(field.axes.map(({ name }, i) => [name, values[i]]));
    const { x = field.start[0], y = field.start[1], ...own } = at;
    return engine.runOne({ ...field, start: [x, y] }, { ...field.run, values: { ...field.run.values, ...own } });
  };
}
