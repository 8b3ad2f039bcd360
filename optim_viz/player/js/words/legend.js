/** One row of names: swatch, label; a click hides the track in every panel at once. */
import { element, vector } from "../basics/dom.js";
import { looksSignature, namedOnce } from "../basics/looks.js";
import { dashPattern, symbolPath } from "../basics/symbols.js";
import { t } from "../basics/words.js";

/**
 * A little line with the track's colour, dash and marker.
 * @param {{color: string, dash: string, marker: string}} look
 * @param {string} edge
 */
export function swatch(look, edge) {
  const line = vector("line", {
    x1: 1, x2: 33, y1: 8, y2: 8, stroke: look.color, "stroke-width": 2.4,
    "stroke-dasharray": dashPattern(look.dash, 2).join(" ") || "none",
  });
  const mark = vector("path", {
    d: symbolPath(look.marker, 5, 17, 8), fill: look.color, stroke: edge, "stroke-width": 2, "paint-order": "stroke",
  });
  return vector("svg", { class: "ov-swatch", viewBox: "0 0 34 16", width: 34, height: 16, "aria-hidden": "true" }, [line, mark]);
}

/** A run's name, which a person may have typed: what is too long is cut, and all of it is told where the pointer rests. @param {string} text @param {string} [title]  "" where something around it has one */
export function runName(text, title = text) {
  return element("span", { class: "ov-name", text, ...(title ? { title } : {}) });
}

/**
 * @param {any} app
 * @returns {{element: HTMLElement, update(): void}}
 */
export function createLegend(app) {
  const list = element("div", { class: "ov-legend", role: "group", "aria-label": t("Runs: press one to hide or show it") });

  let drawn = "";

  function update() {
    const signature = looksSignature(app);
    if (signature === drawn) return;
    drawn = signature;
    const focused = list.contains(document.activeElement) ? document.activeElement?.getAttribute("data-track") : null;
    list.replaceChildren(...namedOnce(app.model).map((/** @type {any} */ track) => {
      const shown = !app.hidden.has(track.id);
      const look = { color: track.color[app.theme.mode], dash: track.dash, marker: track.marker };
      const button = element("button", {
        type: "button", class: "ov-entry", "aria-pressed": String(shown), "data-track": track.id,
        title: shown ? t("Hide {run}", { run: track.name }) : t("Show {run}", { run: track.name }),
      }, [swatch(look, app.theme.background), runName(track.name, "")]);
      button.addEventListener("click", () => app.toggleTrack(track.id));
      return button;
    }));
    if (focused !== null) {
      const again = [...list.children].find((child) => child.getAttribute("data-track") === focused);
      /** @type {HTMLElement|undefined} */ (again)?.focus();
    }
  }
  return { element: list, update };
}
