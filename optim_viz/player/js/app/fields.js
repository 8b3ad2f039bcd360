/**
 * Streamlit's side of what is turned under a map or basins. Streamlit calls this again, with the same parent element,
 * whenever the data change, and calls the latest cleanup when the element goes.
 */
import { cellAt } from "../plots/cell_pointer.js";
import { loadStyle } from "./style.js";
import { createTurnedFields } from "./turned_fields.js";
import { speak } from "../basics/words.js";

/** @type {WeakMap<Element, any>} */
const entries = new WeakMap();

/** What Python packed: JSON behind its length, then floats. @param {Uint8Array} bytes */
export function unpacked(bytes) {
  const length = new DataView(bytes.buffer, bytes.byteOffset).getUint32(0, true);
  const data = JSON.parse(new TextDecoder().decode(bytes.subarray(4, 4 + length)));
  return { ...data, exact: new Float32Array(bytes.slice(4 + length).buffer) };
}

/** Shows the run of the cell under a mouse, as long as it is over one of the charts. @param {any} turned @param {(i: number) => any} chartOf @param {PointerEvent} event */
export function pointAt(turned, chartOf, event) {
  const over = event.target instanceof Element && event.target.closest(".js-plotly-plot");
  if (!over) return;
  const which = turned.fields().findIndex((/** @type {any} */ _, /** @type {number} */ i) => chartOf(i) === over);
  if (which < 0) return;
  const { axes } = turned.fields()[which], across = turned.across(which);
  const shown = across === 0 ? axes : [...axes].reverse();
  const logs = ["xaxis", "yaxis"].map((name) => /** @type {any} */ (over)._fullLayout[name].type === "log");
  const cell = cellAt(over, { sides: shown.map((/** @type {any} */ axis) => axis.values), logs }, event.clientX, event.clientY);
  if (cell) turned.point(which, across === 0 ? cell : [...cell].reverse());
}

/** @param {any} component @param {{cssUrl: string}} options */
function createEntry(component, options) {
  const root = document.createElement("div");
  root.className = "ov-player ov-turned";
  component.parentElement.append(root);
  const entry = /** @type {any} */ ({ root, component, charts: "" });
  const chartOf = (/** @type {number} */ i) => document.querySelectorAll(`.st-key-${CSS.escape(entry.charts)} .js-plotly-plot`)[i] ?? null;
  entry.turned = createTurnedFields({ root, chartOf, send: (values) => entry.component.setTriggerValue("turn", values) });
  entry.abort = new AbortController();
  document.addEventListener("pointermove", (event) => pointAt(entry.turned, chartOf, event), { signal: entry.abort.signal, passive: true });
  loadStyle(component.parentElement, options.cssUrl);
  return entry;
}

/**
 * @param {any} component  Streamlit's: data (bytes), parentElement, setTriggerValue
 * @param {{cssUrl: string}} options
 * @returns {() => void} cleanup
 */
export function fields(component, options) {
  const parent = component.parentElement;
  const data = unpacked(component.data);
  if (data.words) speak(data);
  const entry = entries.get(parent) ?? createEntry(component, options);
  entries.set(parent, entry);
  const token = {};
  Object.assign(entry, { component, token, charts: data.charts });
  entry.turned.take(data);
  return () => {
    if (entry.token !== token) return;
    entry.abort.abort();
    entry.turned.destroy();
    entry.root.remove();
    entries.delete(parent);
  };
}
