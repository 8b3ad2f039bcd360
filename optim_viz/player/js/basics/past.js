/** Earlier states that can be gone back to, compared by what they hold. */

/** How many are kept. */
const REMEMBERED = 100;

export function createPast() {
  /** @type {{text: string, values: any}[]} */
  let past = [];
  return {
    /** Takes a state; whether it is another than the last. @param {any} values */
    note(values) {
      const text = JSON.stringify(values);
      if (text === past.at(-1)?.text) return false;
      past = [...past, { text, values: structuredClone(values) }].slice(-REMEMBERED);
      return true;
    },
    last: () => past.at(-1)?.values,
    /** The state before the last, which is forgotten with it: whoever goes there takes note of it again. */
    back() {
      if (past.length < 2) return null;
      const before = past[past.length - 2].values;
      past = past.slice(0, -2);
      return structuredClone(before);
    },
    clear() { past = []; },
  };
}

/** The names of all that can be turned: values with other names are of another comparison. @param {any} values */
export function namesOf(values) {
  const { parameters, runs } = values ?? { parameters: {}, runs: [] };
  return JSON.stringify([Object.keys(parameters), runs.map((/** @type {any} */ run) => [run.id, Object.keys(run.values), Object.keys(run.schedule_values)])]);
}

/** Whether a key press asks to go back; a field that is typed in has an undo of its own. @param {KeyboardEvent} event */
export function asksBack(event) {
  return (event.ctrlKey || event.metaKey) && !event.shiftKey && event.key === "z" && !(/** @type {HTMLElement} */ (event.target)).matches("input, textarea");
}
