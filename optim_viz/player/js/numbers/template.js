/** Fills numbers into the inspector's formulas. Pure. */
import { formatNumber } from "../basics/format.js";
import { exactly } from "./digits.js";

/**
 * A value by name: a column at the playhead, `name@-1` the row before, `name@+1` the row after, or a hyperparameter.
 * @param {any} track
 * @param {string} name
 * @param {number} row
 * @returns {number}
 */
export function templateValue(track, name, row) {
  const [, base, shift] = /^(.*?)(?:@([+-]\d+))?$/.exec(name.trim()) ?? [];
  const column = exactly(track)[base];
  const wanted = row + Number(shift ?? 0);
  if (column) return wanted >= 0 && wanted < column.length ? column[wanted] : NaN;
  const setting = track.inspector?.hyperparameters?.[base];
  return typeof setting === "number" ? setting : NaN;
}

/**
 * @param {any} track
 * @param {string} template  braces hold names
 * @param {number} row
 */
export function fillTemplate(track, template, row) {
  return template.replace(/\{([^{}]+)\}/g, (_, name, offset) => {
    const value = templateValue(track, name, row);
    // A negative number after an operator wants parentheses.
    const after = /[·×*/+−^-]\s*$/.test(template.slice(0, offset));
    return value < 0 && after ? `(${formatNumber(value, 4)})` : formatNumber(value, 4);
  });
}
