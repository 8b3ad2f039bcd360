/** A small plane below a map or basins: the surface from above, the start of every run, which can be dragged, and one run. */
import { createFields } from "../engine/fields.js";
import { element, vector } from "../basics/dom.js";
import { createOnce } from "../basics/driver.js";
import { formatPoint } from "../basics/format.js";
import { symbolPath } from "../basics/symbols.js";
import { t } from "../basics/words.js";
import { parseColor, readTheme, watchTheme } from "../basics/theme.js";
import { bandPixels, gridPoints, shadesOf } from "../numbers/bands.js";
import { makeRelief } from "../numbers/relief.js";
import { wirePick } from "./pointer.js";

/** Points a side, and bands. */
const SIZE = 64, SHADES = 14;
const [WIDTH, HEIGHT] = [240, 180];
/** Digits of a start that is dragged to. */
const DIGITS = 6;
/** Px beyond the plane to which a path is drawn: SVG has trouble with what is very far away. */
const BEYOND = 1000;

/** @param {{root: HTMLElement, values(): any, change(change: (values: any) => void): void, rest(): void, hold(on: boolean): void}} turned */
export function createStartPlane(turned) {
  const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { width: WIDTH, height: HEIGHT }));
  const marks = vector("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, "aria-hidden": "true" });
  const handle = element("div", { class: "ov-handle" });
  const host = element("div", { class: "ov-start-plane", role: "img", tabindex: "-1", hidden: true }, [canvas, marks, handle]);
  /** @type {any} */
  let field = null, programs = {};
  let drawn = "", movable = false;
  /** @type {{x: Float64Array, y: Float64Array}|null} */
  let run = null;

  const pixel = (/** @type {number[]} */ [x, y]) => {
    const [x0, x1, y0, y1] = field.surface.bounds;
    return [((x - x0) / (x1 - x0)) * WIDTH, (1 - (y - y0) / (y1 - y0)) * HEIGHT];
  };

  function drawSurface() {
    const now = { ...field, surface: { ...field.surface, parameters: turned.values().parameters } }, theme = readTheme(turned.root);
    const signature = JSON.stringify([now.surface.program, now.surface.parameters, now.surface.bounds, theme.mode]);
    if (signature === drawn) return;
    drawn = signature;
    const { bounds } = now.surface, losses = createFields((name) => programs[name]).losses(now, gridPoints(bounds, SIZE, SIZE));
    const grid = { hash: "", nx: SIZE, ny: SIZE, values: Float32Array.from(losses), bounds };
    const colors = { shades: shadesOf(theme.scale, SHADES), line: /** @type {number[]} */ (parseColor(theme.line)) };
    const pixels = bandPixels(grid, makeRelief(losses, field.log ? "log" : "linear"), colors, bounds, canvas.width, canvas.height);
    /** @type {any} */ (canvas.getContext("2d")).putImageData(new ImageData(pixels, canvas.width, canvas.height), 0, 0);
  }

  /** The run as a path with a head, twice, so that it is seen on light and on dark. */
  function drawnRun() {
    if (!run) return [];
    const places = [];
    for (let i = 0; i < run.x.length; i++) {
      const [x, y] = pixel([run.x[i], run.y[i]]);
      if (!(Math.abs(x) < BEYOND && Math.abs(y) < BEYOND)) break;
      places.push(`${x.toFixed(1)},${y.toFixed(1)}`);
    }
    if (!places.length) return [];
    const [x, y] = places[places.length - 1].split(",");
    return [
      ...["ov-run-under", "ov-run"].map((name) => vector("path", { class: name, d: `M${places.join("L")}` })),
      vector("circle", { class: "ov-run-head", cx: x, cy: y, r: 4 }),
    ];
  }

  function drawMarks() {
    const start = run ? [run.x[0], run.y[0]] : turned.values().start, [x, y] = pixel(start);
    const best = field.surface.minima.slice(0, field.surface.best).map((/** @type {number[]} */ minimum) => {
      const [mx, my] = pixel(minimum);
      return vector("path", { class: "ov-star", d: symbolPath("star", 5, mx, my) });
    });
    const from = movable || run ? [vector("circle", { class: "ov-start", cx: x, cy: y, r: movable ? 6 : 4 })] : [];
    marks.replaceChildren(...best, ...drawnRun(), ...from);
    handle.style.transform = `translate(${(x / WIDTH) * host.clientWidth}px, ${(y / HEIGHT) * host.clientHeight}px)`;
    host.setAttribute("aria-label", movable ? t("Every run starts at {place}", { place: formatPoint(start[0], start[1]) }) : t("The surface from above"));
  }

  const once = createOnce(() => {
    if (!field || host.hidden || !host.isConnected) return;
    drawSurface();
    drawMarks();
  });
  const abort = new AbortController();
  const app = {
    signal: abort.signal, canPick: () => movable, ghost: /** @type {any} */ (null),
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
      movable = data.view === "map" && !field.axes.some((/** @type {any} */ axis) => axis.name === "x" || axis.name === "y");
      handle.hidden = !movable;
      host.hidden = false;
      host.title = movable ? t("Drag to move the start") : "";
      once.ask();
    },
    draw: once.ask,
    /** Draws one run, or none. @param {any} columns */
    show(columns) {
      run = columns;
      once.ask();
    },
    destroy() {
      abort.abort();
      once.cancel();
      unwatch();
    },
  };
}
