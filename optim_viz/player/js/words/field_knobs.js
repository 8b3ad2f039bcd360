/** The numbers that are fixed in a map or in basins, as knobs: those of all of it, then those of each optimizer. */
import { element, setText } from "../basics/dom.js";
import { createKnob } from "./knobs.js";
import { FIRST, sharedKnobs } from "./turning.js";

/** @typedef {{values(): any, change(change: (values: any) => void): void, rest(): void, hold(on: boolean): void}} Turned */

/** @param {Turned} turned */
export function createFieldKnobs(turned) {
  const host = element("div", { class: "ov-fields", role: "group", "aria-label": "Numbers to be turned" });
  const complaint = element("span", { class: "ov-complaint", role: "alert" });
  /** @type {{draw(): void}[]} */
  let drawn = [];
  let signature = "";

  /** @param {any} knob @param {string} label @param {(values: any) => any} part  where in the values it stands @param {string|number} name */
  function made(knob, label, part, name) {
    const one = createKnob(knob, {
      label, get: () => part(turned.values())[name],
      set: (value) => turned.change((values) => { part(values)[name] = value; }),
      rest: turned.rest, hold: turned.hold, complain: (sentence) => setText(complaint, sentence),
    });
    drawn.push(one);
    return one.element;
  }

  /** @param {any} data */
  function shared({ fields: [field], view }) {
    const fixed = (/** @type {string} */ name) => view === "map" && !field.axes.some((/** @type {any} */ axis) => axis.name === name);
    const knobs = sharedKnobs(field, ["x", "y"]).filter(({ knob: { name } }, i) => i > 1 || fixed(name));
    const start = knobs.some(({ knob }) => knob.text.startsWith("Where"));
    const nodes = knobs.map((row) => {
      const one = createKnob(row.knob, {
        label: row.knob.name, get: () => row.get(turned.values()), set: (value) => turned.change((values) => row.set(values, value)),
        rest: turned.rest, hold: turned.hold, complain: (sentence) => setText(complaint, sentence),
      });
      drawn.push(one);
      return one.element;
    });
    return element("div", { class: "ov-shared" }, [start ? element("span", { class: "ov-hint", text: "start" }) : null, ...nodes]);
  }

  /** The numbers of an optimizer, but for those that the picture goes over. @param {any} data @param {any} field @param {number} i */
  function own({ programs }, field, i) {
    const { run } = field;
    const varied = new Set(field.axes.map((/** @type {any} */ axis) => axis.name));
    const of = (/** @type {string} */ where, /** @type {any} */ program) => program.knobs.filter((/** @type {any} */ knob) => !varied.has(knob.name))
      .map((/** @type {any} */ knob) => ({ first: where === "values" && FIRST.has(knob.name), node: made(knob, `${run.id}: ${knob.name}`, (values) => values.runs[i][where], knob.name) }));
    const knobs = [...of("values", programs[run.program]), ...of("schedule_values", programs[run.schedule])];
    const [first, more] = [true, false].map((is) => knobs.filter((one) => one.first === is).map((one) => one.node));
    return element("div", { class: "ov-shared" }, [element("span", { class: "ov-hint", text: run.id }), ...first, ...(more.length ? folded(more, run.id, !first.length) : [])]);
  }

  return {
    element: host,
    /** Takes what can be turned now. @param {any} data */
    update(data) {
      const next = JSON.stringify([data.key, data.fields.map((/** @type {any} */ field) => [field.run.program, field.run.schedule, field.surface, field.axes.map((/** @type {any} */ axis) => axis.name)])]);
      if (next !== signature) {
        signature = next;
        drawn = [];
        host.replaceChildren(shared(data), ...data.fields.map((/** @type {any} */ field, /** @type {number} */ i) => own(data, field, i)), complaint);
      }
      this.draw();
    },
    draw() { for (const one of drawn) one.draw(); },
  };
}

/** Knobs that fold away behind a button. @param {HTMLElement[]} nodes @param {string} label @param {boolean} open */
function folded(nodes, label, open) {
  const rest = element("span", { class: "ov-more", hidden: !open }, nodes);
  const button = element("button", { type: "button", class: "ov-quiet", "aria-expanded": String(open), "aria-label": `More numbers of ${label}`, text: "…" });
  button.addEventListener("click", () => {
    rest.hidden = !rest.hidden;
    button.setAttribute("aria-expanded", String(!rest.hidden));
  });
  return [button, rest];
}
