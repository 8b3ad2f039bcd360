/**
 * A picture of cells over Plotly's own: in its place and below its lines and marks, for as long as numbers are turned.
 * Marks that belong to what was there before, and what is said under the pointer, are hidden for so long.
 */
import { vector } from "../basics/dom.js";

/** @param {() => any} chartOf  Plotly's element, or null while there is none */
export function createOverlay(chartOf) {
  const canvas = document.createElement("canvas");
  /** @type {SVGElement|null} */
  let image = null;
  /** @type {HTMLElement[]} */
  let hidden = [];
  let told = "";

  /** Hides what is drawn of the cells before, and those marks. @param {any} chart @param {string[]} stale */
  function hide(chart, stale) {
    for (const node of hidden) node.style.display = "";
    told = stale.join();
    const traces = (chart._fullData ?? []).filter((/** @type {any} */ trace) => trace.type === "scatter" && stale.some((name) => trace.name.startsWith(name)));
    const marks = traces.map((/** @type {any} */ trace) => chart.querySelector(`.scatterlayer .trace${CSS.escape(trace.uid)}`)).filter(Boolean);
    hidden = [...marks, ...chart.querySelectorAll(".heatmaplayer .hm, .hoverlayer")];
    for (const node of hidden) node.style.display = "none";
  }

  function clear() {
    image?.remove();
    image = null;
    for (const node of hidden) node.style.display = "";
    hidden = [];
  }

  return {
    clear,
    /**
     * @param {{pixels: Uint8ClampedArray<ArrayBuffer>, width: number, height: number}} picture @param {number} opacity
     * @param {string[]} stale  what the names of traces begin with that are no longer true
     */
    show({ pixels, width, height }, opacity, stale) {
      const chart = chartOf();
      const below = chart?.querySelector(".heatmaplayer .hm image:not(.ov-live)");
      if (!below) return clear();
      if (!image?.isConnected) {
        clear();
        image = vector("image", { class: "ov-live", preserveAspectRatio: "none", style: "image-rendering: pixelated" });
        below.closest(".heatmaplayer").append(image);
        hide(chart, stale);
      } else if (told !== stale.join()) hide(chart, stale);
      Object.assign(canvas, { width, height });
      /** @type {any} */ (canvas.getContext("2d")).putImageData(new ImageData(pixels, width, height), 0, 0);
      for (const name of ["x", "y", "width", "height"]) image.setAttribute(name, below.getAttribute(name));
      image.setAttribute("opacity", String(opacity));
      image.setAttribute("href", canvas.toDataURL());
    },
  };
}
