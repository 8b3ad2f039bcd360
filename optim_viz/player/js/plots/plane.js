/** The plane panel: header with its switches, and the plane from above (2-D) or as a landscape (3-D). */
import { ARROWS } from "../numbers/arrows.js";
import { element, setText } from "../basics/dom.js";
import { createFlat } from "./flat.js";
import { formatNumber, formatWeights } from "../basics/format.js";
import { wireHover, wirePick, wireWheel } from "./pointer.js";
import { gridValue } from "../numbers/relief.js";
import { createSpace } from "./space.js";
import { t } from "../basics/words.js";

/** @param {any} app */
function arrowsMenu(app) {
  const boxes = ARROWS.map((kind) => {
    const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", "data-arrow": kind.name }));
    box.addEventListener("change", () => app.setArrow(kind.name, box.checked), { signal: app.signal });
    return element("label", { title: t(kind.title) }, [box, element("span", { text: t(kind.label) })]);
  });
  const hint = element("p", { class: "ov-hint", text: t("True directions; lengths on a log scale.") });
  return element("details", { class: "ov-menu" }, [
    element("summary", { class: "ov-quiet", text: t("arrows"), title: t("Arrows at the heads") }),
    element("div", { class: "ov-pop" }, [...boxes, hint]),
  ]);
}

/** @param {(view: string) => void} onChoose */
function viewSwitch(onChoose) {
  const buttons = ["2d", "3d"].map((name) => {
    const button = element("button", { type: "button", class: "ov-quiet", "data-view": name, text: name === "2d" ? "2-D" : "3-D" });
    button.addEventListener("click", () => onChoose(name));
    return button;
  });
  return { buttons, element: element("div", { class: "ov-switch", role: "group", "aria-label": t("View") }, buttons) };
}

/** Hints beside each other, none of them broken. @param {string[]} hints */
const told = (hints) => hints.map((hint) => hint.replaceAll(" ", "\u00a0")).join("  ");

/** What can be done here, in a few words. @param {any} panel */
function hintOf(panel) {
  const stars = panel.lowest?.includes(false) ? [t("★ lowest"), t("☆ local")] : [];
  return told([...stars, ...(panel.pick ? [t("drag the start")] : []), t("Ctrl+wheel to zoom")]);
}

/** Puts the handle that fingers drag over the start of the first visible run. @param {HTMLElement} handle @param {any} view @param {any} app */
function placeHandle(handle, view, app) {
  const track = app.model.tracks.find((/** @type {any} */ one) => !app.hidden.has(one.id) && one.end >= 0);
  const path = track && view.stage.paths.get(track.id);
  const { box } = view.stage;
  const [x, y] = path ? [path.xs[0], path.ys[0]] : [-1, -1];
  handle.hidden = !(x >= 0 && y >= 0 && x <= box.width && y <= box.height) || !view.panel.pick;
  handle.style.transform = `translate(${box.left + x}px, ${box.top + y}px)`;
}

/** The view from above, with its handle, hover and picking. @param {any} plane @param {any} app */
function makeFlat(plane, app) {
  const flat = createFlat(plane.body, app);
  const view = /** @type {any} */ (flat.view);
  const handle = element("div", { class: "ov-handle", title: t("Drag to move the start") });
  flat.host.append(handle);
  view.onPlaced = () => {
    if (plane.reset.hidden === flat.zoomed()) plane.reset.hidden = !plane.reset.hidden;
    placeHandle(handle, view, app);
  };
  wireHover(app, flat, (point) => {
    const height = point && plane.panel.grid ? gridValue(plane.panel.grid, point.x, point.y) : NaN;
    const value = Number.isNaN(height) ? "" : `  f = ${formatNumber(height, 4)}`;
    setText(plane.where, point ? told([formatWeights(plane.panel, point.x, point.y, 3) + value]) : hintOf(plane.panel));
  });
  wireWheel(app, flat.host);
  wirePick(app, flat, handle);
  return flat;
}

/** @param {any} plane @param {any} app */
function makeSpace(plane, app) {
  const space = createSpace(plane.body, app);
  wireHover(app, space);
  wireWheel(app, space.host);
  return space;
}

/** @param {any} plane */
function currentView(plane) {
  return plane.view === "3d" ? plane.space : plane.flat;
}

/**
 * Shows the plane in one of its views; each is made when it is first wanted.
 * @param {any} plane @param {any} app @param {string} view
 */
async function showView(plane, app, view) {
  const changed = plane.view !== view;
  plane.view = view;
  plane.choice.buttons.forEach((/** @type {HTMLElement} */ button) => button.setAttribute("aria-pressed", String(button.dataset.view === view)));
  if (view === "3d") plane.space ??= makeSpace(plane, app);
  else plane.flat ??= makeFlat(plane, app);
  if (plane.flat) plane.flat.host.hidden = view !== "2d";
  if (plane.space) plane.space.host.hidden = view !== "3d";
  if (view !== "2d") plane.reset.hidden = true;
  setText(plane.where, view === "2d" ? hintOf(plane.panel) : told([t("drag to turn"), t("Ctrl+wheel to zoom")]));
  if (changed) currentView(plane).resize();
  await currentView(plane).update(plane.panel);
  app.ask();
}

/** Header and body of the panel. @param {HTMLElement} parent @param {any} app */
function buildPlane(parent, app) {
  const plane = /** @type {any} */ ({
    panel: null, view: "", key: null, flat: null, space: null, menu: arrowsMenu(app), body: element("div", { class: "ov-views" }),
    heading: element("h2", { class: "ov-title" }), where: element("span", { class: "ov-where" }),
    choice: viewSwitch((view) => { showView(plane, app, view); }),
    reset: element("button", { type: "button", class: "ov-quiet", text: t("reset view"), hidden: true, title: t("Show the whole plane (or double click)") }),
  });
  const grow = element("span", { class: "ov-grow" });
  parent.append(element("div", { class: "ov-panel-head" }, [plane.heading, plane.where, grow, plane.reset, plane.menu, plane.choice.element]), plane.body);
  plane.reset.addEventListener("click", () => plane.flat.resetZoom(), { signal: app.signal });
  return plane;
}

/**
 * @param {HTMLElement} parent
 * @param {any} app
 */
export function createPlane(parent, app) {
  const plane = buildPlane(parent, app);
  return {
    get host() { return currentView(plane).host; },
    get view() { return plane.view; },
    show: (/** @type {string} */ view) => showView(plane, app, view),
    async update(/** @type {any} */ panel) {
      const view = plane.key === app.model.key && plane.view ? plane.view : panel.view ?? "2d";
      Object.assign(plane, { key: app.model.key, panel });
      setText(plane.heading, panel.title ?? "");
      plane.choice.element.hidden = !panel.grid || panel.small;
      plane.menu.hidden = Boolean(panel.small);
      await showView(plane, app, panel.grid ? view : "2d");
    },
    refresh: () => showView(plane, app, plane.view),
    draw: (/** @type {number} */ at) => currentView(plane)?.draw(at),
    stale: () => currentView(plane)?.stale(),
    resize: () => currentView(plane)?.resize(),
    pixelOf: (/** @type {string} */ id, /** @type {number} */ row) => currentView(plane)?.pixelOf(id, row),
    destroy() {
      plane.flat?.destroy();
      plane.space?.destroy();
    },
  };
}
