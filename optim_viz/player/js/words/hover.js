/** The tooltip: which run, which step, where, how high. */
import { ARROWS, arrowVector } from "../numbers/arrows.js";
import { element, setText } from "../basics/dom.js";
import { formatNumber, formatPoint, formatWeights } from "../basics/format.js";
import { valueAt } from "./readout.js";
import { exactly } from "../numbers/digits.js";
import { coordinatesOf, shortTitle } from "../numbers/scene.js";
import { t } from "../basics/words.js";

/** As many lines as there can be. */
const MOST = 10;

/**
 * The lines of the tooltip.
 * @param {import("../numbers/scene.js").Model} model
 * @param {{id: string, row: number}} hover
 * @returns {string[]}
 */
export function hoverLines(model, hover) {
  const track = model.tracks.find((one) => one.id === hover.id);
  if (!track) return [];
  const value = model.frameValues ? formatNumber(model.frameValues[hover.row], 6) : String(hover.row);
  const lines = [track.label, `${model.frameTitle} ${value}`];
  for (const panel of model.panels) {
    const places = coordinatesOf(panel);
    if (!places.length || !places.every((name) => track.columns[name])) continue;
    lines.push(t("at {place}", { place: formatWeights(panel, exactly(track)[panel.x][hover.row], exactly(track)[panel.y][hover.row]) }));
    for (const { name, label } of ARROWS) {
      const vector = arrowVector(track, panel, name, hover.row);
      if (vector) lines.push(`${t(label)} ${places.length > 1 ? formatPoint(vector[0], vector[1], 3) : formatNumber(vector[0], 3)}`);
    }
  }
  for (const panel of model.panels) {
    if (panel.kind !== "curve" || !track.columns[panel.y]) continue;
    lines.push(`${shortTitle(panel)} ${formatNumber(valueAt(exactly(track)[panel.told ?? panel.y], hover.row), 4)}`);
  }
  return lines;
}

/**
 * @param {any} app
 * @returns {{element: HTMLElement, show(clientX: number, clientY: number, lines: string[], color: string): void, hide(): void}}
 */
export function createTooltip(app) {
  const lines = Array.from({ length: MOST }, () => element("div"));
  const box = element("div", { class: "ov-tip", "aria-hidden": "true", hidden: true }, lines);
  return {
    element: box,
    show(clientX, clientY, texts, color) {
      lines.forEach((line, i) => {
        setText(line, texts[i] ?? "");
        line.hidden = !texts[i];
      });
      box.hidden = false;
      box.style.setProperty("--ov-tip", color);
      const rect = app.root.getBoundingClientRect();
      const left = Math.min(clientX - rect.left + 14, rect.width - box.offsetWidth - 4);
      const above = clientY - rect.top - box.offsetHeight - 12;
      box.style.transform = `translate(${Math.max(4, left)}px, ${above > 0 ? above : clientY - rect.top + 16}px)`;
    },
    hide() { if (!box.hidden) box.hidden = true; },
  };
}
