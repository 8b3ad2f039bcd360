/** The panels of a scene: made when they come, taken down when they go, shown and hidden by their switches. */
import { createCurve } from "./curve.js";
import { element } from "../basics/dom.js";
import { createFit } from "./fit.js";
import { createPlane } from "./plane.js";
import { createProfile } from "./profile.js";
import { wireHover, wireSeek } from "./pointer.js";
import { shortTitle } from "../numbers/scene.js";
import { t } from "../basics/words.js";

/** How each kind of panel is made. A new kind is a new row. */
const PANELS = {
  plane: createPlane,
  fit: createFit,
  profile: createProfile,
  curve(/** @type {HTMLElement} */ parent, /** @type {any} */ app) {
    const curve = createCurve(parent, app);
    wireHover(app, curve);
    wireSeek(app, curve);
    return curve;
  },
};

/** Panels that are new are made, those that are gone are taken down, the rest stay as they are. @param {any} app */
export function matchPanels(app) {
  const wanted = app.model.panels.filter((/** @type {any} */ panel) => PANELS[panel.kind]);
  for (const [id, entry] of app.panels) {
    if (wanted.some((/** @type {any} */ panel) => panel.id === id && panel.kind === entry.kind)) continue;
    const focused = entry.section.contains(document.activeElement);
    entry.panel.destroy();
    entry.section.remove();
    if (focused) app.root.focus({ preventScroll: true }); // the keyboard stays here
    app.panels.delete(id);
  }
  for (const panel of wanted) {
    if (!app.panels.has(panel.id)) {
      if (panel.closed) app.closed.add(panel.id);
      const section = element("section", { class: "ov-panel", "data-panel": panel.id, "data-kind": panel.kind });
      app.panels.set(panel.id, { kind: panel.kind, section, panel: PANELS[panel.kind](section, app) });
    }
    const { section } = app.panels.get(panel.id);
    section.setAttribute("aria-label", panel.alt ?? panel.title ?? panel.id);
  }
  // Moving an element, even to where it is, makes the browser lay it out again.
  const order = wanted.map((/** @type {any} */ panel) => app.panels.get(panel.id).section);
  if (order.some((/** @type {Element} */ section, /** @type {number} */ i) => app.grid.children[i] !== section)) app.grid.append(...order);
}

/** One button a panel, and one for the inspector: what is open. @param {any} app */
export function updateSwitches(app) {
  const entries = app.model.panels.filter((/** @type {any} */ panel) => PANELS[panel.kind])
    .map((/** @type {any} */ panel) => ({ id: panel.id, title: shortTitle(panel) }));
  if (app.inspector.available()) entries.push({ id: "inspector", title: t("inspector") });
  const signature = JSON.stringify([entries, [...app.closed]]);
  if (signature === app.switched) return;
  app.switched = signature;
  app.switches.hidden = entries.length < 2;
  app.switches.replaceChildren(...entries.map((/** @type {any} */ entry) => {
    const open = !app.closed.has(entry.id);
    const button = element("button", { type: "button", class: "ov-quiet", "aria-pressed": String(open), "data-switch": entry.id, text: entry.title });
    button.addEventListener("click", () => app.togglePanel(entry.id));
    return button;
  }));
  for (const [id, { section }] of app.panels) section.hidden = app.closed.has(id);
  app.inspector.element.hidden = app.closed.has("inspector") || !app.inspector.available();
  app.grid.toggleAttribute("data-small", app.model.panels.some((/** @type {any} */ panel) => panel.small));
  app.grid.dataset.open = String([...app.panels.keys()].filter((id) => !app.closed.has(id)).length);
}

/** @param {any} app */
export function openPanels(app) {
  return [...app.panels].filter(([id]) => !app.closed.has(id)).map(([, entry]) => entry.panel);
}
