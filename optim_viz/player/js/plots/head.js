/** What stands above a picture of the surface: its name, what can be done there, and its switches. */
import { ARROWS } from "../numbers/arrows.js";
import { element } from "../basics/dom.js";
import { t } from "../basics/words.js";

/** Hints beside each other, none of them broken. @param {string[]} hints */
export const told = (hints) => hints.map((hint) => hint.replaceAll(" ", "\u00a0")).join("  ");

/** @param {any} app @param {"arrows"|"curveArrows"} those */
function arrowsMenu(app, those) {
  const onCurve = those === "curveArrows"; // there the slope is a line that touches
  const boxes = ARROWS.map(({ name, title, label }) => {
    const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", "data-arrow": name }));
    box.addEventListener("change", () => app.setArrow(those, name, box.checked), { signal: app.signal });
    return { box, row: element("label", { title: t(title) }, [box, element("span", { text: onCurve && name === "gradient" ? t("thin line: slope") : t(label) })]) };
  });
  const hint = element("p", { class: "ov-hint", hidden: onCurve, text: t("True directions; lengths on a log scale.") });
  const menu = element("details", { class: "ov-menu" }, [
    element("summary", { class: "ov-quiet", text: t("arrows"), title: t("Arrows at the heads") }),
    element("div", { class: "ov-pop" }, [...boxes.map(({ row }) => row), hint]),
  ]);
  return { menu, draw() { ARROWS.forEach((kind, i) => { boxes[i].box.checked = app[those].has(kind.name); }); } };
}

/** The ways of looking, and what they are called. @type {Record<string, string>} */
const VIEWS = { curve: "curve", "2d": "2-D", "3d": "3-D" };

/** @param {(view: string) => void} onChoose */
function viewSwitch(onChoose) {
  const buttons = Object.entries(VIEWS).map(([name, text]) => {
    const button = element("button", { type: "button", class: "ov-quiet", "data-view": name, text: name === "curve" ? t("curve") : text });
    button.addEventListener("click", () => onChoose(name));
    return button;
  });
  return { buttons, element: element("div", { class: "ov-switch", role: "group", "aria-label": t("View") }, buttons) };
}

/** Axes of which one unit is as long as another, or each as long as there is room. @param {() => void} onEqual */
function equalSwitch(onEqual) {
  const title = t("One unit of x as long as one of y: steps of plain descent then stand at right angles to the contours");
  const button = element("button", { type: "button", class: "ov-quiet", "data-equal": "", "aria-label": t("equal axes"), title }, [
    element("span", { class: "ov-long", text: t("equal axes") }), element("span", { class: "ov-brief", text: "1:1" }),
  ]);
  button.addEventListener("click", onEqual);
  return button;
}

/**
 * @param {any} app @param {"arrows"|"curveArrows"} those  which arrows it switches @param {(view: string) => void} onChoose @param {() => void} onReset @param {() => void} onEqual
 */
export function createHead(app, those, onChoose, onReset, onEqual) {
  const heading = element("h2", { class: "ov-title" }), where = element("span", { class: "ov-where" });
  const reset = element("button", { type: "button", class: "ov-quiet", text: t("reset view"), hidden: true, title: t("Show the whole plane (or double click)") });
  const arrows = arrowsMenu(app, those), views = viewSwitch(onChoose), equal = equalSwitch(onEqual);
  reset.addEventListener("click", onReset, { signal: app.signal });
  const grow = element("span", { class: "ov-grow" });
  const host = element("div", { class: "ov-panel-head" }, [heading, where, grow, reset, equal, arrows.menu, views.element]);
  return {
    element: host, heading, where, reset,
    /** @param {any} panel @param {string} view  the way it is looked at now */
    draw(panel, view) {
      const live = app.live.live(), alone = Boolean(live?.surface.alone), flat = view === "curve";
      arrows.draw();
      arrows.menu.hidden = Boolean(panel.small) || (flat && !live);
      equal.hidden = flat || Boolean(panel.small) || panel.shape !== "map"; // the axes of other planes are no x and y
      equal.setAttribute("aria-pressed", String(Boolean(panel.equal)));
      views.element.hidden = panel.small || (flat ? !alone : !panel.grid);
      for (const button of views.buttons) {
        button.hidden = button.dataset.view === "curve" && !alone;
        button.setAttribute("aria-pressed", String(button.dataset.view === view));
      }
      host.toggleAttribute("data-bare", arrows.menu.hidden && views.element.hidden);
    },
  };
}
