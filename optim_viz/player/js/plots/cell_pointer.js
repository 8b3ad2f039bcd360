/** A picture of cells that can be asked: pointed at, gone through by the arrow keys, opened by a click or Enter. */
import { element } from "../basics/dom.js";
import { axisPixels, axisValues, plotArea } from "./plot.js";

/**
 * @typedef {object} Cells
 * @property {number[][]} sides  values from left to right, and from the bottom up
 * @property {boolean[]} logs  whether each is on a logarithmic axis
 */

/** The place of the nearest of values that go one way; -1 beyond their cells. @param {number[]} values @param {boolean} log @param {number} value */
export function placeAmong(values, log, value) {
  const of = log ? Math.log : Number, at = of(value), last = values.length - 1;
  const away = (/** @type {number} */ i) => Math.abs(of(values[i]) - at);
  const place = values.reduce((best, _, i) => (away(i) < away(best) ? i : best), 0);
  if (!last || (place > 0 && place < last)) return place;
  const beside = place ? last - 1 : 1;
  return away(place) <= Math.abs(of(values[place]) - of(values[beside])) / 2 ? place : -1;
}

/** Where a cell begins and ends on an axis, px. @param {any} axis @param {number[]} values @param {boolean} log @param {number} i */
function cellPixels(axis, values, log, i) {
  const to = axisPixels(axis), of = log ? Math.log : Number, back = log ? Math.exp : Number;
  const half = (of(values[values.length - 1]) - of(values[0])) / (values.length - 1) / 2, middle = of(values[i]);
  const [a, b] = [to(back(middle - half)), to(back(middle + half))];
  return [Math.max(0, Math.min(a, b)), Math.min(axis._length, Math.max(a, b))];
}

/**
 * The cell at a place on the page, by its places from the left and from the bottom; null beyond all cells.
 * @param {any} gd  Plotly's element @param {Cells|null} cells @param {number} clientX @param {number} clientY
 */
export function cellAt(gd, cells, clientX, clientY) {
  if (!cells || !gd?._fullLayout) return null;
  const box = gd.getBoundingClientRect(), area = plotArea(gd), { xaxis, yaxis } = gd._fullLayout;
  const [left, top] = [clientX - box.left - area.left, clientY - box.top - area.top];
  if (left < 0 || top < 0 || left > area.width || top > area.height) return null;
  const found = [axisValues(xaxis)(left), axisValues(yaxis)(top)].map((value, i) => placeAmong(cells.sides[i], cells.logs[i], value));
  return found.includes(-1) ? null : found;
}

/** @type {Record<string, [number, number]>} */
const KEYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, 1], ArrowDown: [0, -1] };
/** Cells that Page Up, or an arrow with Shift, goes over. */
const FAR = 8;

/**
 * @param {HTMLElement} host  of Plotly's element, which can have the focus
 * @param {{gd(): any, cells(): Cells|null, show(cell: number[]|null, at: {x: number, y: number}): void, open(cell: number[], aside: boolean): void}} use
 *   `show` is told the cell, its places from the left and from the bottom, and where on the page it is
 */
export function createCellPointer(host, use) {
  const mark = element("div", { class: "ov-cell", hidden: true });
  host.append(mark);
  /** @type {number[]|null} */
  let here = null;

  /** @param {number[]|null} cell */
  function show(cell) {
    const cells = use.cells(), gd = use.gd();
    here = cell && cells?.sides.every((values, i) => cell[i] < values.length) ? cell : null;
    mark.hidden = !here;
    if (!here || !cells) return use.show(null, { x: 0, y: 0 });
    const area = plotArea(gd), { xaxis, yaxis } = gd._fullLayout, at = here;
    const [[left, right], [top, bottom]] = [xaxis, yaxis].map((axis, i) => cellPixels(axis, cells.sides[i], cells.logs[i], at[i]));
    const box = gd.getBoundingClientRect(), own = host.getBoundingClientRect();
    const [x, y] = [box.left - own.left + area.left + left, box.top - own.top + area.top + top];
    Object.assign(mark.style, { left: `${x}px`, top: `${y}px`, width: `${right - left}px`, height: `${bottom - top}px` });
    use.show(here, { x: own.left + x + (right - left) / 2, y: own.top + y });
  }

  host.addEventListener("pointermove", (event) => { if (event.pointerType === "mouse") show(cellAt(use.gd(), use.cells(), event.clientX, event.clientY)); });
  host.addEventListener("pointerleave", (event) => { if (event.pointerType === "mouse") show(null); });
  let touched = false; // Plotly makes clicks of its own, which do not say by what
  host.addEventListener("pointerdown", (event) => { touched = event.pointerType === "touch"; }, { capture: true });
  host.addEventListener("click", (event) => {
    const cell = cellAt(use.gd(), use.cells(), event.clientX, event.clientY);
    show(cell);
    // A finger cannot point without pressing: what it presses is said, and opened from there.
    if (cell && !touched) use.open(cell, event.ctrlKey || event.metaKey);
  });
  host.addEventListener("keydown", (event) => {
    const cells = use.cells();
    if (!cells || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.key === "Enter" && here) use.open(here, false);
    else if (event.key === "Escape") show(null);
    else if (KEYS[event.key]) {
      const by = event.shiftKey ? FAR : 1, from = here ?? cells.sides.map((values) => values.length >> 1);
      show(from.map((place, i) => Math.min(cells.sides[i].length - 1, Math.max(0, place + (here ? by * KEYS[event.key][i] : 0)))));
    } else return;
    event.preventDefault();
  });
  return {
    /** The picture is another: what was pointed at may be gone. */
    refresh: () => show(here),
  };
}
