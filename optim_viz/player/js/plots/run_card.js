/** What is told of one run below the plane that it is drawn on: its numbers in words, and its loss over its steps. */
import { element, setText, vector } from "../basics/dom.js";
import { formatNumber } from "../basics/format.js";
import { t } from "../basics/words.js";

const [WIDTH, HEIGHT] = [240, 64];
/** Room for the digits at the left, and between a curve and the edge, px. */
const [LEFT, EDGE] = [44, 6];
/** A curve has a point for each of its pixels at most: the largest loss of those that share one. */
const POINTS = WIDTH - LEFT - EDGE;

/**
 * The losses as an SVG path, and what its lowest and highest places mean; on a log axis where all are above 0.
 * @param {ArrayLike<number>} losses @param {number} width @param {number} height
 * @returns {{path: string, low: number, high: number, log: boolean}|null}
 */
export function lossPath(losses, width, height) {
  const all = Array.from(losses), end = all.findIndex((loss) => !Number.isFinite(loss)), seen = end < 0 ? all : all.slice(0, end);
  if (!seen.length) return null;
  let [low, high] = [Infinity, -Infinity];
  for (const loss of seen) [low, high] = [Math.min(low, loss), Math.max(high, loss)];
  const log = low > 0, of = log ? Math.log : Number, span = of(high) - of(low) || 1;
  const step = Math.max(1, Math.ceil(seen.length / POINTS));
  const places = [];
  for (let from = 0; from < seen.length; from += step) {
    const most = Math.max(...seen.slice(from, from + step));
    places.push(`${((from / Math.max(1, all.length - 1)) * width).toFixed(1)},${((1 - (of(most) - of(low)) / span) * height).toFixed(1)}`);
  }
  return { path: `M${places.join("L")}`, low, high, log };
}

export function createRunCard() {
  const words = element("p", { class: "ov-hint", role: "status" });
  const curve = vector("svg", { viewBox: `0 0 ${WIDTH} ${HEIGHT}`, class: "ov-run-loss" });
  const host = element("div", { class: "ov-run-card" }, [words, curve]);

  return {
    element: host,
    /** Shows a run, or what to do to see one. @param {{places: string, columns: any, status: string}|null} run */
    show(run) {
      if (!run) {
        setText(words, window.matchMedia("(pointer: coarse)").matches ? t("Tap a cell: its run is drawn here.") : t("Point at a cell: its run is drawn here."));
        curve.replaceChildren();
        for (const name of ["role", "aria-label"]) curve.removeAttribute(name);
        return;
      }
      const { places, columns: { loss }, status } = run, drawn = lossPath(loss, POINTS, HEIGHT - 2 * EDGE);
      setText(words, t("{places}: {status}, loss {loss}", { places, status, loss: formatNumber(loss[loss.length - 1], 3) }));
      curve.setAttribute("role", "img");
      curve.setAttribute("aria-label", t("Loss over {steps} steps", { steps: loss.length - 1 }));
      if (!drawn) return curve.replaceChildren();
      const text = (/** @type {number} */ value, /** @type {number} */ y) => Object.assign(vector("text", { x: LEFT - 6, y, "text-anchor": "end", "dominant-baseline": "middle" }), { textContent: formatNumber(value, 2) });
      const line = vector("path", { class: "ov-run-line", d: drawn.path, transform: `translate(${LEFT} ${EDGE})` });
      return curve.replaceChildren(text(drawn.high, EDGE + 3), text(drawn.low, HEIGHT - EDGE - 3), line);
    },
  };
}
