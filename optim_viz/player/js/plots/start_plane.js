/** A small plane below a map: the surface from above, and the start of every run, which can be dragged. */
import { createFields } from "../engine/fields.js";
import { element, vector } from "../basics/dom.js";
import { createOnce } from "../basics/driver.js";
import { formatPoint } from "../basics/format.js";
import { symbolPath } from "../basics/symbols.js";
import { parseColor, readTheme, watchTheme } from "../basics/theme.js";
import { makeRelief } from "../numbers/relief.js";
import { wirePick } from "./pointer.js";

/** Points a side, and shades: few enough for their borders to be read as contour lines. */
const SIZE = 64, SHADES = 14;
const [WIDTH, HEIGHT] = [240, 180];
/** Digits of a start that is dragged to. */
const DIGITS = 6;

/** Points of a grid over a region, rows from the bottom, as x, y, x, y, ... @param {number[]} bounds @param {number} size */
export function gridPoints([x0, x1, y0, y1], size) {
  const at = (/** @type {number} */ low, /** @type {number} */ high, /** @type {number} */ i) => low + ((high - low) * i) / (size - 1);
  return Float64Array.from({ length: 2 * size * size }, (_, k) => (k % 2 ? at(y0, y1, (k - 1) / 2 / size | 0) : at(x0, x1, (k / 2) % size)));
}

/** Colours along a scale, as bytes. @param {[number, string][]} scale @param {number} count */
function shadesOf(scale, count) {
  const stops = scale.map(([at, color]) => ({ at, color: /** @type {number[]} */ (parseColor(color)) }));
  return Array.from({ length: count }, (_, k) => {
    const part = k / (count - 1), after = Math.max(1, stops.findIndex((stop) => stop.at >= part));
    const [a, b] = [stops[after - 1], stops[after]];
    const share = (part - a.at) / (b.at - a.at);
    return [0, 1, 2].map((i) => Math.round(a.color[i] + share * (b.color[i] - a.color[i]))).concat(255);
  });
}

/** The surface as pixels, the top row first. @param {Float64Array} losses @param {boolean} log @param {[number, string][]} scale */
export function planePixels(losses, log, scale) {
  const relief = makeRelief(losses, log ? "log" : "linear"), shades = shadesOf(scale, SHADES);
  const pixels = new Uint8ClampedArray(4 * losses.length);
  losses.forEach((loss, cell) => {
    const height = (relief.height(loss) - relief.low) / (relief.high - relief.low);
    const shade = Number.isFinite(height) ? Math.min(SHADES - 1, Math.max(0, Math.floor(height * SHADES))) : SHADES - 1;
    pixels.set(shades[shade], 4 * ((SIZE - 1 - Math.floor(cell / SIZE)) * SIZE + (cell % SIZE)));
  });
  return pixels;
}

/** @param {{root: HTMLElement, values(): any, change(change: (values: any) => void): void, rest(): void, hold(on: boolean): void}} turned */
export function createStartPlane(turned) {
  const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { width: SIZE, height: SIZE }));
  const marks = vector("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
  const handle = element("div", { class: "ov-handle" });
  const host = element("div", { class: "ov-start-plane", role: "img", tabindex: "-1", hidden: true, title: "Drag the start" }, [canvas, marks, handle]);
  /** @type {any} */
  let field = null, programs = {};
  let drawn = "";

  const pixel = (/** @type {number[]} */ [x, y]) => {
    const [x0, x1, y0, y1] = field.surface.bounds;
    return [((x - x0) / (x1 - x0)) * WIDTH, (1 - (y - y0) / (y1 - y0)) * HEIGHT];
  };

  function drawSurface() {
    const now = { ...field, surface: { ...field.surface, parameters: turned.values().parameters } }, theme = readTheme(turned.root);
    const signature = JSON.stringify([now.surface.program, now.surface.parameters, now.surface.bounds, theme.mode]);
    if (signature === drawn) return;
    drawn = signature;
    const losses = createFields((name) => programs[name]).losses(now, gridPoints(now.surface.bounds, SIZE));
    const pixels = /** @type {any} */ (planePixels(losses, field.log, theme.scale));
    /** @type {any} */ (canvas.getContext("2d")).putImageData(new ImageData(pixels, SIZE, SIZE), 0, 0);
  }

  function drawMarks() {
    const { start } = turned.values(), [x, y] = pixel(start);
    const best = field.surface.minima.slice(0, field.surface.best).map((/** @type {number[]} */ minimum) => {
      const [mx, my] = pixel(minimum);
      return vector("path", { class: "ov-star", d: symbolPath("star", 5, mx, my) });
    });
    marks.replaceChildren(...best, vector("circle", { class: "ov-start", cx: x, cy: y, r: 6 }));
    handle.style.transform = `translate(${(x / WIDTH) * host.clientWidth}px, ${(y / HEIGHT) * host.clientHeight}px)`;
    host.setAttribute("aria-label", `Every run starts at ${formatPoint(start[0], start[1])}`);
  }

  const once = createOnce(() => {
    if (!field || host.hidden || !host.isConnected) return;
    drawSurface();
    drawMarks();
  });
  const abort = new AbortController();
  const app = {
    signal: abort.signal, canPick: () => true, ghost: /** @type {any} */ (null),
    pick(/** @type {{x: number, y: number, phase: string}} */ { x, y, phase }) {
      turned.hold(phase === "drag");
      app.ghost = phase === "drag" ? { x, y } : null;
      turned.change((values) => { values.start = [x, y].map((value) => Number(value.toPrecision(DIGITS))); });
      if (phase !== "drag") turned.rest();
    },
  };
  wirePick(app, {
    host, view: { panel: { pick: true } }, zoomed: () => false, resetZoom() {},
    pointAt(/** @type {number} */ clientX, /** @type {number} */ clientY) {
      const box = host.getBoundingClientRect(), [x0, x1, y0, y1] = field.surface.bounds;
      const [u, v] = [(clientX - box.left) / box.width, 1 - (clientY - box.top) / box.height];
      return u >= 0 && u <= 1 && v >= 0 && v <= 1 ? { x: x0 + u * (x1 - x0), y: y0 + v * (y1 - y0) } : null;
    },
  }, handle);
  // Whoever drags has the keyboard here, for Ctrl+Z.
  host.addEventListener("pointerdown", () => host.focus({ preventScroll: true }), { signal: abort.signal });
  const unwatch = watchTheme(turned.root, once.ask);

  return {
    element: host,
    /** Takes what a picture is computed from: where the start is no axis, it can be dragged. @param {any} data */
    update(data) {
      [field] = data.fields;
      programs = data.programs;
      host.hidden = data.view !== "map" || field.axes.some((/** @type {any} */ axis) => axis.name === "x" || axis.name === "y");
      once.ask();
    },
    draw: once.ask,
    destroy() {
      abort.abort();
      once.cancel();
      unwatch();
    },
  };
}
