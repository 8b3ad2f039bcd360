/** Fills numbers into the inspector's formulas. Pure. */
import { formatNumber } from "../basics/format.js";
import { exactly } from "./digits.js";

/**
 * A value by name: a column at the playhead, `name@-1` the row before, `name@+1` the row after, or a hyperparameter; the
 * `row` itself. A coordinate whose rate is the optimizer's own has no column for it.
 * @param {any} track
 * @param {string} name
 * @param {number} row
 * @returns {number}
 */
export function templateValue(track, name, row) {
  const [, base, shift] = /^(.*?)(?:@([+-]\d+))?$/.exec(name.trim()) ?? [];
  if (base === "row") return row;
  const columns = exactly(track), column = columns[base] ?? (base.startsWith("lr.") ? columns.lr : undefined);
  const wanted = row + Number(shift ?? 0);
  if (column) return wanted >= 0 && wanted < column.length ? column[wanted] : NaN;
  const setting = track.inspector?.hyperparameters?.[base];
  return typeof setting === "number" ? setting : NaN;
}

/** Whether a number is not 0 at a row, or a switch is on. @param {any} track @param {string} name @param {number} row */
const isOn = (track, name, row) => track.inspector?.hyperparameters?.[name] === true || Boolean(templateValue(track, name, row));

/** A template with what its conditions `[name?...]` and `[!name?...]` keep at a row, the innermost first. @param {any} track @param {string} template @param {number} row @returns {string} */
function settled(track, template, row) {
  const found = template.replace(/\[(!?)([^?[\]]+)\?([^[\]]*)\]/g, (_, not, name, text) => (isOn(track, name, row) === !not ? text : ""));
  return found === template ? found : settled(track, found, row);
}

/** What is on of some hyperparameters: "weight_decay 0.5, amsgrad". @param {any} track @param {string[]} names @param {number} row */
export function settingsOn(track, names, row) {
  return names.filter((name) => isOn(track, name, row)).map((name) => {
    const value = templateValue(track, name, row);
    return Number.isNaN(value) ? name : `${name} ${formatNumber(value, 4)}`;
  }).join(", ");
}

/**
 * @param {any} track
 * @param {string} given  braces hold names, brackets what depends on one
 * @param {number} row
 */
export function fillTemplate(track, given, row) {
  const template = settled(track, given, row);
  return template.replace(/\{([^{}]+)\}/g, (_, name, offset) => {
    const value = templateValue(track, name, row);
    // A negative number after an operator wants parentheses.
    const after = /[·×*/+−^-]\s*$/.test(template.slice(0, offset));
    return value < 0 && after ? `(${formatNumber(value, 4)})` : formatNumber(value, 4);
  });
}
