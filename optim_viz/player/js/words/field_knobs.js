/** The numbers that are fixed in a map or in basins, as knobs: those of all of it, then those of each optimizer. */
import { element, setText } from "../basics/dom.js";
import { createKnob } from "./knobs.js";
import { ordered, ownKnobs, sharedKnobs } from "./turning.js";
import { t } from "../basics/words.js";

/** @typedef {{values(): any, change(change: (values: any) => void): void, rest(): void, hold(on: boolean): void}} Turned */

/** What decides which knobs there are. @param {any} field */
const shapeOf = ({ run, surface, axes }) => [run.id, run.program, run.schedule, surface.bounds, Object.keys(surface.parameters), axes.map((/** @type {any} */ axis) => axis.name)];

/** @param {Turned} turned */
export function createFieldKnobs(turned) {
  const host = element("div", { class: "ov-fields", role: "group" });
  const complaint = element("span", { class: "ov-complaint", role: "alert" });
  /** @type {{draw(): void}[]} */
  let drawn = [];
  let signature = "";

  /** @param {import("./knobs.js").Knob} knob @param {string} label @param {(values: any) => number} get @param {(values: any, value: number) => void} set */
  function made(knob, label, get, set) {
    const one = createKnob(knob, {
      label, get: () => get(turned.values()),
      set: (value) => {
        setText(complaint, ""); // it was of a number typed before
        turned.change((values) => set(values, value));
      },
      rest: turned.rest, hold: turned.hold, complain: (sentence) => setText(complaint, sentence),
    });
    drawn.push(one);
    return one.element;
  }

  /** The numbers of the whole picture: in a map the start as well, as far as that is no axis. @param {any} data */
  function shared({ fields: [field], view }) {
    const axes = field.axes.map((/** @type {any} */ axis) => axis.name);
    const [start, rest] = [["x", "y"], null].map((names) => sharedKnobs(field, ["x", "y"]).filter(({ knob }) => (names ? names.includes(knob.name) : !["x", "y"].includes(knob.name))));
    const free = view === "map" ? start.filter(({ knob }) => !axes.includes(knob.name)) : [];
    const nodes = [...free, ...rest].map(({ knob, get, set }) => made(knob, knob.called ? t(knob.called) : knob.name, get, set));
    return element("div", { class: "ov-shared" }, [free.length ? element("span", { class: "ov-hint", text: t("start") }) : null, ...nodes]);
  }

  /** The numbers of an optimizer, but for those that the picture goes over. @param {any} data @param {any} field @param {number} i */
  function own({ programs }, { run, axes }, i) {
    const varied = new Set(axes.map((/** @type {any} */ axis) => axis.name));
    const knobs = ownKnobs(programs[run.program], programs[run.schedule], run.values)
      .filter(({ knob, where }) => where !== "values" || !varied.has(knob.name))
      .map(({ knob, where, first }) => ({
        first, where,
        element: made(knob, `${run.id}: ${knob.name}`, (values) => values.runs[i][where][knob.name], (values, value) => { values.runs[i][where][knob.name] = value; }),
      }));
    return element("div", { class: "ov-shared" }, [element("span", { class: "ov-hint", text: run.id }), ...ordered(knobs, run.id, run.schedule)]);
  }

  return {
    element: host,
    /** Takes what can be turned now. @param {any} data */
    update(data) {
      const next = JSON.stringify([data.key, data.language, data.fields.map(shapeOf)]);
      if (next !== signature) {
        signature = next;
        drawn = [];
        host.setAttribute("aria-label", t("Numbers to be turned"));
        host.replaceChildren(shared(data), ...data.fields.map((/** @type {any} */ field, /** @type {number} */ i) => own(data, field, i)), complaint);
      }
      this.draw();
    },
    draw() { for (const one of drawn) one.draw(); },
  };
}
