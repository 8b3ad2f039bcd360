/**
 * Numbers that can be turned: dragged sideways, stepped by arrow keys, or typed. One beside the other under the picture,
 * those of a run beside its name.
 */
import { element, setText } from "../basics/dom.js";
import { general, typedNumber } from "../basics/format.js";
import { t } from "../basics/words.js";

/**
 * @typedef {object} Knob
 * @property {string} name
 * @property {string} [called]  what people read, where that is a word of ours
 * @property {number} low  where dragging ends
 * @property {number} high
 * @property {string} scale  "log", "linear" or "int"
 * @property {string} [text]
 * @property {number} [minimum]  what may be typed
 * @property {number} [maximum]
 * @property {boolean} [open_low]
 * @property {boolean} [open_high]
 */

/** A drag of so many px goes through a decade, or through the whole range. */
const DECADE = 90, RANGE = 260;
/** A press that moves less is a click, px. */
const SLIP = 3;
/** Steps a decade by the arrow keys. */
const STEPS = 20;

/** @param {number} value @param {number} digits */
const rounded = (value, digits) => Number(value.toPrecision(digits));

/** The numbers that a knob may have, as its row says. @param {Knob} knob @param {number} value */
export function allowed(knob, value) {
  const [low, high] = [knob.minimum ?? knob.low, knob.maximum ?? knob.high];
  if (!Number.isFinite(value)) return false;
  if (knob.scale === "int" && !Number.isInteger(value)) return false;
  return (knob.open_low ? value > low : value >= low) && (knob.open_high ? value < high : value <= high);
}

/** The range in words. @param {Knob} knob */
export function rangeWords(knob) {
  const kind = knob.scale === "int" ? t("a whole number") : t("a number");
  const [low, high] = [knob.minimum ?? knob.low, knob.maximum ?? knob.high];
  const [from, to] = [low, high].map((end) => end.toLocaleString("en-US", { maximumSignificantDigits: 6 }));
  if (!knob.open_low && !knob.open_high) return t("{name} must be {kind} from {low} to {high}.", { name: knob.name, kind, low: from, high: to });
  const low_ = knob.open_low ? t("above {number}", { number: from }) : t("at least {number}", { number: from });
  const high_ = knob.open_high ? t("below {number}", { number: to }) : t("at most {number}", { number: to });
  return t("{name} must be {kind} {range}.", { name: knob.name, kind, range: t("{low} and {high}", { low: low_, high: high_ }) });
}

/**
 * Where a drag or a key leads: by a share of a decade on a log scale, of the range on another.
 * @param {Knob} knob @param {number} value @param {number} by  in shares @param {number} [digits]
 */
export function turnedBy(knob, value, by, digits = 3) {
  if (knob.scale === "log") {
    const from = value > 0 ? value : knob.low;
    return Math.min(Math.max(rounded(from * 10 ** by, digits), Math.min(knob.low, from)), Math.max(knob.high, from));
  }
  const range = knob.high - knob.low;
  const step = knob.scale === "int" ? 1 : 10 ** (Math.floor(Math.log10(range)) - 3);
  const next = Math.round((value + by * range) / step) * step;
  const inside = Math.min(Math.max(next, Math.min(knob.low, value)), Math.max(knob.high, value));
  const end = knob.open_high && inside >= /** @type {number} */ (knob.maximum) ? value : inside;
  return knob.scale === "int" ? Math.round(end) : rounded(end, 8);
}

/** One step by an arrow key. @param {Knob} knob @param {number} value @param {number} direction @param {boolean} far */
export function stepped(knob, value, direction, far) {
  if (knob.scale === "int") return turnedBy(knob, value, (direction * (far ? 10 : 1)) / (knob.high - knob.low));
  const share = knob.scale === "log" ? 1 / STEPS : 0.01;
  return turnedBy(knob, value, direction * share * (far ? 10 : 1));
}

/** @type {Record<string, [number, boolean]>} */
const KEYS = { ArrowUp: [1, false], ArrowRight: [1, false], ArrowDown: [-1, false], ArrowLeft: [-1, false], PageUp: [1, true], PageDown: [-1, true] };

/**
 * @param {Knob} knob
 * @param {{label: string, get: () => number, set: (value: number) => void, rest: () => void, hold: (on: boolean) => void, complain: (sentence: string) => void}} use
 */
export function createKnob(knob, use) {
  const number = element("strong");
  const node = element("span", {
    class: "ov-knob", role: "spinbutton", tabindex: "0", "data-knob": knob.name, "aria-label": use.label,
    title: knob.text ? t("{text} Drag sideways, use the arrow keys, or type.", { text: t(knob.text) }) : t("Drag sideways, use the arrow keys, or type."),
  }, [element("span", { text: knob.called ? t(knob.called) : knob.name }), number]);

  let drawn = NaN;
  function draw() {
    const value = use.get();
    if (value === drawn) return;
    drawn = value;
    setText(number, general(value, 6).replaceAll("-", "−"));
    node.setAttribute("aria-valuenow", String(value));
  }
  const turn = (/** @type {number} */ value) => { if (value !== use.get()) use.set(value); };

  /** @type {{x: number, value: number, moved: boolean}|null} */
  let press = null;
  node.addEventListener("pointerdown", (event) => {
    if (event.button !== 0 || node.querySelector("input")) return;
    press = { x: event.clientX, value: use.get(), moved: false };
    node.setPointerCapture(event.pointerId);
  });
  node.addEventListener("pointermove", (event) => {
    if (!press) return;
    const by = event.clientX - press.x;
    if (!press.moved && Math.abs(by) <= SLIP) return;
    if (!press.moved) use.hold(true);
    press.moved = true;
    turn(turnedBy(knob, press.value, (by / (knob.scale === "log" ? DECADE : RANGE)) * (event.shiftKey ? 0.1 : 1), event.shiftKey ? 4 : 3));
  });
  const release = () => {
    if (press?.moved) { use.hold(false); use.rest(); }
    press = null;
  };
  node.addEventListener("pointerup", () => {
    const clicked = press && !press.moved;
    release();
    if (clicked) type("");
  });
  node.addEventListener("pointercancel", release);
  node.addEventListener("keydown", (event) => {
    if (node.querySelector("input") || event.ctrlKey || event.metaKey || event.altKey) return;
    const key = KEYS[event.key];
    if (key) turn(stepped(knob, use.get(), key[0], key[1] || event.shiftKey));
    else if (event.key === "Enter") type("");
    else if (/^[\d.-]$/.test(event.key)) type(event.key);
    else return;
    event.preventDefault();
    event.stopPropagation();
  });

  /** Lets the number be typed. @param {string} begun */
  function type(begun) {
    const field = /** @type {HTMLInputElement} */ (element("input", { type: "text", inputmode: "decimal", "aria-label": use.label, size: "8" }));
    field.value = begun || general(use.get(), 8);
    let open = true;
    const close = (/** @type {boolean} */ take) => {
      if (!open) return;
      open = false;
      const typed = typedNumber(field.value);
      field.replaceWith(number);
      draw();
      node.focus({ preventScroll: true });
      if (!take || field.value.trim() === "") return;
      if (!allowed(knob, typed)) use.complain(t("{rule} {value} is none.", { rule: rangeWords(knob), value: JSON.stringify(field.value.slice(0, 40)) }));
      else { use.complain(""); turn(typed); use.rest(); }
    };
    field.addEventListener("keydown", (event) => {
      event.stopPropagation();
      if (event.key === "Enter") close(true);
      if (event.key === "Escape") close(false);
    });
    field.addEventListener("blur", () => close(true));
    number.replaceWith(field);
    field.focus({ preventScroll: true });
    if (!begun) field.select();
  }
  draw();
  return { element: node, draw };
}
