/**
 * What is chosen on Compare and Tune: the surface, the batch size, and the optimizers with their schedules and switches.
 * Numbers are not here: they are knobs below the picture.
 *
 * @typedef {import("./checks.js").Asked} Asked
 * @typedef {import("./checks.js").Choice} Choice
 */
/**
 * @template T
 * @typedef {(next: (now: T) => T) => void} Change
 */
import { checkChoice, checkPlan } from "./checks.js";
import { formulaText } from "./formula.js";
import { element } from "../basics/dom.js";
import { t } from "../basics/words.js";

const BATCH_SIZES = [1, 2, 4, 8, 16, 32, 64];

/** @param {any} tables @param {string} kind @returns {Choice} */
function freshChoice(tables, kind) {
  const lr = tables.suggested[kind];
  return checkChoice(tables, kind, { values: lr === undefined ? {} : { lr } });
}

/** A list to choose from, under its name. @param {string} id @param {string} name @param {[string, string][]} options @param {string} value @param {(value: string) => void} choose @param {string} [hidden] */
export function chooser(id, name, options, value, choose, hidden = "") {
  const list = /** @type {HTMLSelectElement} */ (element("select", { id }, options.map(([key, text]) => element("option", { value: key, text, selected: key === value }))));
  list.addEventListener("change", () => choose(list.value));
  return element("div", { class: "field" }, [element("label", { for: id, class: hidden, text: name }), list]);
}

/** @param {string} id @param {any} row @param {boolean} on @param {(on: boolean) => void} choose */
function switchBox(id, row, on, choose) {
  const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", id, checked: on }));
  box.addEventListener("change", () => choose(box.checked));
  return element("label", { class: "switch", for: id, title: row.text }, [box, element("span", { text: row.name.replaceAll("_", " ") })]);
}

/** @param {string} id @param {string} name @param {string} value @param {Record<string, any>} more @param {(value: string) => void} choose */
export function textField(id, name, value, more, choose) {
  const field = /** @type {HTMLInputElement} */ (element("input", { id, ...more }));
  field.value = value;
  field.addEventListener("change", () => choose(field.value));
  return element("div", { class: "field" }, [element("label", { for: id, text: name }), field]);
}

/** The surface, and on one that is a mean over examples, how many each step sees. @param {any} tables @param {Asked} asked @param {Change<Asked>} change @param {Change<Asked>} inPlace */
function groundFields(tables, asked, change, inPlace) {
  const surfaces = Object.entries(tables.surfaces).map(([name, row]) => /** @type {[string, string]} */ ([name, row.file ? formulaText(row.expression, row.weights.slice(0, 1)) : row.title]));
  const fields = [chooser("surface", t("Surface"), surfaces, asked.surface, (surface) => change((now) => ({ ...now, surface, start: tables.surfaces[surface].start, batch: null })))];
  const { examples } = tables.surfaces[asked.surface];
  if (examples) {
    const sizes = [...new Set([...BATCH_SIZES.filter((size) => size < examples), ...(asked.batch ? [asked.batch] : [])])].sort((a, b) => a - b);
    const options = [...sizes.map((size) => /** @type {[string, string]} */ ([String(size), String(size)])), /** @type {[string, string]} */ (["", t("all {count}", { count: examples })])];
    fields.push(chooser("batch", t("Examples a step"), options, String(asked.batch ?? ""), (size) => inPlace((now) => ({ ...now, batch: size ? Number(size) : null }))));
  }
  return fields;
}

/** What folds away under an optimizer. @param {any} tables @param {string[]} weights  what x and y are called @param {Choice} choice @param {string} id @param {Change<Choice>} change */
function moreFields(tables, weights, choice, id, change) {
  const scaled = (/** @type {number} */ i) => textField(`${id}-scale-${"xy"[i]}`, t("Rate of {axis}, times", { axis: weights[i] }), String(choice.scale?.[i] ?? 1), { type: "number", min: 0, step: 0.1, required: true }, (text) => {
    change((now) => {
      const scale = /** @type {[number, number]} */ ([0, 1].map((k) => (k === i ? Number(text) : now.scale?.[k] ?? 1)));
      return { ...now, scale: scale.every((factor) => factor === 1) ? null : scale };
    });
  });
  const label = textField(`${id}-label`, t("Label"), choice.label, { type: "text", maxlength: tables.limits.label, placeholder: choice.kind, autocomplete: "off" }, (text) => change((now) => ({ ...now, label: text.trim() })));
  return [element("div", { class: "pair" }, [scaled(0), scaled(1)]), label];
}

/** One optimizer. @param {any} tables @param {string[]} weights @param {Choice} choice @param {string} id @param {{change: Change<Choice>, inPlace: Change<Choice>, remove: (() => void)|null}} use @param {Set<string>} open */
function choiceFields(tables, weights, choice, id, { change, inPlace, remove: leave }, open) {
  const row = tables.optimizers[choice.kind];
  const kinds = Object.entries(tables.optimizers).map(([name, one]) => /** @type {[string, string]} */ ([name, one.title]));
  const plans = Object.entries(tables.schedules).map(([name, one]) => /** @type {[string, string]} */ ([name, one.title]));
  const remove = /** @type {HTMLButtonElement} */ (element("button", { type: "button", class: "remove", id: `${id}-remove`, "aria-label": t("Remove {optimizer}", { optimizer: row.title }), title: t("Remove"), disabled: !leave, text: "×" }));
  if (leave) remove.addEventListener("click", leave);
  const planned = (/** @type {string} */ kind) => inPlace((now) => ({ ...now, schedule: kind === "constant" ? null : checkPlan(tables, kind, {}) }));
  const switches = row.hyperparameters.filter((/** @type {any} */ one) => one.scale === "bool")
    .map((/** @type {any} */ one) => switchBox(`${id}-${one.name}`, one, Boolean(choice.values[one.name]), (on) => inPlace((now) => ({ ...now, values: { ...now.values, [one.name]: on } }))));
  const more = /** @type {HTMLDetailsElement} */ (element("details", { open: open.has(id) }, [
    element("summary", { id: `${id}-more`, text: t("Switches and label") }), element("div", { class: "switches" }, switches), ...moreFields(tables, weights, choice, id, inPlace),
  ]));
  more.addEventListener("toggle", () => (more.open ? open.add(id) : open.delete(id)));
  return element("fieldset", { class: "optimizer", style: `--own-light: ${row.styles[0].light}; --own-dark: ${row.styles[0].dark}` }, [
    element("legend", { class: "unseen", text: row.title }),
    element("div", { class: "kind" }, [chooser(`${id}-kind`, t("Optimizer"), kinds, choice.kind, (kind) => change(() => freshChoice(tables, kind)), "unseen"), remove]),
    chooser(`${id}-schedule`, t("Schedule"), plans, choice.schedule?.kind ?? "constant", planned), more,
  ]);
}

/** What the form shows of a comparison. @param {Asked} asked */
function shownOf({ surface, batch, optimizers }) {
  const switches = (/** @type {Choice} */ { values }) => Object.values(values).filter((value) => typeof value === "boolean");
  return [surface, batch, optimizers.map((choice) => [choice.kind, choice.schedule?.kind, switches(choice), choice.scale, choice.label])];
}

/**
 * What a page has beside its comparison: fields that stand between the surface and the optimizers.
 * @template T
 * @typedef {object} Between
 * @property {(value: T) => Asked} asked  the comparison within what is asked for
 * @property {(value: T, asked: Asked) => T} withAsked  the same with another
 * @property {(value: T, change: Change<T>, inPlace: Change<T>) => {before: HTMLElement[], after: HTMLElement[]}} fields
 * @property {(value: T) => unknown} shown  all that these fields show
 * @property {(value: T) => number} most  optimizers that there is room for
 */

/** @type {Between<Asked>} */
const NOTHING = { asked: (value) => value, withAsked: (_, asked) => asked, fields: () => ({ before: [], after: [] }), shown: () => null, most: () => Infinity };

/**
 * The form. `change` is told what to make of what is asked for: a knob may come to rest between a choice and its answer.
 * @template [T=Asked]
 * @param {HTMLElement} host @param {any} tables @param {(next: (now: T) => T) => void} change @param {Between<T>} [between]
 */
export function createForm(host, tables, change, between = /** @type {any} */ (NOTHING)) {
  /** @type {Set<string>} those that are folded out */
  const open = new Set();
  let shown = "";
  const signatureOf = (/** @type {T} */ value) => JSON.stringify([shownOf(between.asked(value)), between.shown(value)]);

  /** What was chosen stands there already: its list is not made anew, as a press on another part of it may be under way. @type {Change<T>} */
  const inPlace = (next) => change((now) => {
    const made = next(now);
    shown = signatureOf(made);
    return made;
  });
  /** A change of the comparison as one of all. @param {Change<T>} of @returns {Change<Asked>} */
  const ofAsked = (of) => (next) => of((now) => between.withAsked(now, next(between.asked(now))));
  const [asking, askingInPlace] = [ofAsked(change), ofAsked(inPlace)];
  /** A change of one optimizer as one of all. @param {Change<Asked>} of @param {number} i @returns {Change<Choice>} */
  const ofOne = (of, i) => (next) => of((now) => ({ ...now, optimizers: now.optimizers.map((one, k) => (k === i ? next(one) : one)) }));
  const without = (/** @type {number} */ i) => asking((now) => ({ ...now, optimizers: now.optimizers.filter((_, k) => k !== i) }));

  /** @param {T} value */
  function draw(value) {
    if (signatureOf(value) === shown) return;
    shown = signatureOf(value);
    const asked = between.asked(value), { before, after } = between.fields(value, change, inPlace);
    const focused = host.contains(document.activeElement) ? document.activeElement?.id : "";
    const chosen = asked.optimizers.map((choice, i) => {
      const remove = asked.optimizers.length > 1 ? () => { open.clear(); without(i); } : null;
      return choiceFields(tables, tables.surfaces[asked.surface].weights, choice, `o${i}`, { change: ofOne(asking, i), inPlace: ofOne(askingInPlace, i), remove }, open);
    });
    const most = Math.min(tables.limits.optimizers, between.most(value));
    const add = element("button", { type: "button", class: "add", id: "add", text: t("Add an optimizer"), disabled: asked.optimizers.length >= most });
    add.addEventListener("click", () => asking((now) => {
      const used = new Set(now.optimizers.map((choice) => choice.kind));
      const kind = Object.keys(tables.optimizers).find((name) => !used.has(name)) ?? "adam";
      return { ...now, optimizers: [...now.optimizers, freshChoice(tables, kind)] };
    }));
    host.replaceChildren(...before, ...groundFields(tables, asked, asking, askingInPlace), ...after, ...chosen, add);
    if (focused) (document.getElementById(focused) ?? add).focus({ preventScroll: true });
  }
  return { draw };
}
