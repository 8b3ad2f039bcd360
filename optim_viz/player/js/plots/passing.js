/**
 * The contour map of a surface whose letters are being turned: drawn by ourselves over Plotly's, which takes ten times as
 * long and has its turn once they rest.
 */
import { element } from "../basics/dom.js";
import { parseColor } from "../basics/theme.js";
import { bandPixels, shadesOf } from "../numbers/bands.js";
import { makeRelief } from "../numbers/relief.js";
import { axisValues, plotArea } from "./plot.js";

/** Pixels at most: more are drawn larger. */
const MOST = 160000;

/** @param {HTMLElement} host  of the plot @param {Element} above  what it is drawn below */
export function createPassing(host, above) {
  const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { class: "ov-passing", "aria-hidden": "true", hidden: true }));
  host.insertBefore(canvas, above);

  /** Its colour bar is not that of the surface that is shown. @param {any} gd @param {boolean} on */
  function barShown(gd, on) {
    for (const bar of gd.querySelectorAll(".infolayer .colorbar")) bar.style.visibility = on ? "" : "hidden";
  }

  return {
    /** Draws a panel's grid where it is a passing one. @param {any} gd @param {any} panel @param {import("../basics/theme.js").Theme} theme @param {number} levels */
    draw(gd, panel, theme, levels) {
      const on = Boolean(panel.grid?.passing);
      if (canvas.hidden && !on) return;
      canvas.hidden = !on;
      barShown(gd, !on);
      if (!on) return;
      const box = plotArea(gd), { xaxis, yaxis } = gd._fullLayout;
      const part = Math.min(1, Math.sqrt(MOST / (box.width * box.height)));
      const [width, height] = [box.width, box.height].map((side) => Math.max(1, Math.round(part * side)));
      const [x, y] = [axisValues(xaxis), axisValues(yaxis)];
      const line = /** @type {number[]} */ (parseColor(theme.line));
      const relief = makeRelief(panel.grid.values, panel.scale), colors = { shades: shadesOf(theme.scale, levels), line };
      const pixels = bandPixels(panel.grid, relief, colors, [x(0), x(box.width), y(box.height), y(0)], width, height);
      Object.assign(canvas, { width, height });
      canvas.style.background = theme.background;
      Object.assign(canvas.style, { left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px` });
      /** @type {any} */ (canvas.getContext("2d")).putImageData(new ImageData(pixels, width, height), 0, 0);
    },
  };
}
