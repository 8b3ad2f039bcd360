/** The plane panel: header with its switches, and the plane from above (2-D) or as a landscape (3-D). */
import { ARROWS } from "./arrows.js";
import { element, setText } from "./dom.js";
import { createFlat } from "./flat.js";
import { formatNumber, formatPoint } from "./format.js";
import { wireHover, wirePick, wireWheel } from "./pointer.js";
import { gridValue } from "./relief.js";
import { createSpace } from "./space.js";

/** @param {any} app */
function arrowsMenu(app) {
  const boxes = ARROWS.map((kind) => {
    const box = /** @type {HTMLInputElement} */ (element("input", { type: "checkbox", "data-arrow": kind.name }));
    box.addEventListener("change", () => app.setArrow(kind.name, box.checked), { signal: app.signal });
    return element("label", { title: kind.title }, [box, element("span", { text: kind.label })]);
  });
  const hint = element("p", { class: "ov-hint", text: "True directions; lengths on a log scale." });
  return element("details", { class: "ov-menu" }, [
    element("summary", { class: "ov-quiet", text: "arrows", title: "Arrows at the heads" }),
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
  return { buttons, element: element("div", { class: "ov-switch", role: "group", "aria-label": "View" }, buttons) };
}

/** What can be done here, in a few words. @param {any} panel */
function hintOf(panel) {
  return panel.pick ? "click or drag: move the start" : "scroll to zoom";
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

/**
 * @param {HTMLElement} parent
 * @param {any} app
 */
export function createPlane(parent, app) {
  const state = /** @type {any} */ ({ panel: null, view: "", key: null, flat: null, space: null });
  const heading = element("h3", { class: "ov-title" });
  const where = element("span", { class: "ov-where" });
  const choice = viewSwitch((view) => { show(view); });
  const menu = arrowsMenu(app);
  const reset = element("button", { type: "button", class: "ov-quiet", text: "reset view", hidden: true, title: "Show the whole plane (or double click)" });
  parent.append(element("div", { class: "ov-panel-head" }, [heading, where, element("span", { class: "ov-grow" }), reset, menu, choice.element]));
  const body = element("div", { class: "ov-views" });
  parent.append(body);

  function makeFlat() {
    const flat = createFlat(body, app);
    const view = /** @type {any} */ (flat.view);
    const handle = element("div", { class: "ov-handle", title: "Drag to move the start" });
    flat.host.append(handle);
    view.onPlaced = () => {
      if (reset.hidden === flat.zoomed()) reset.hidden = !reset.hidden;
      placeHandle(handle, view, app);
    };
    wireHover(app, flat, (point) => {
      const height = point && state.panel.grid ? gridValue(state.panel.grid, point.x, point.y) : NaN;
      const value = Number.isNaN(height) ? "" : `  f = ${formatNumber(height, 4)}`;
      setText(where, point ? formatPoint(point.x, point.y, 3) + value : hintOf(state.panel));
    });
    wireWheel(app, flat.host);
    wirePick(app, flat, handle);
    return flat;
  }

  function makeSpace() {
    const space = createSpace(body, app);
    wireHover(app, space);
    wireWheel(app, space.host);
    return space;
  }

  async function show(/** @type {string} */ view) {
    const changed = state.view !== view;
    state.view = view;
    choice.buttons.forEach((button) => button.setAttribute("aria-pressed", String(button.dataset.view === view)));
    if (view === "3d") state.space ??= makeSpace();
    else state.flat ??= makeFlat();
    if (state.flat) state.flat.host.hidden = view !== "2d";
    if (state.space) state.space.host.hidden = view !== "3d";
    menu.hidden = view !== "2d";
    if (view !== "2d") reset.hidden = true;
    setText(where, view === "2d" ? hintOf(state.panel) : "drag to turn, scroll to zoom");
    if (changed) current().resize();
    await current().update(state.panel);
    app.ask();
  }
  const current = () => (state.view === "3d" ? state.space : state.flat);
  reset.addEventListener("click", () => state.flat.resetZoom(), { signal: app.signal });

  return {
    get host() { return current().host; },
    get view() { return state.view; },
    show,
    async update(/** @type {any} */ panel) {
      const view = state.key === app.model.key ? state.view : panel.view ?? "2d";
      state.key = app.model.key;
      state.panel = panel;
      setText(heading, panel.title ?? "");
      choice.element.hidden = !panel.grid;
      await show(view);
    },
    refresh: () => show(state.view),
    draw: (/** @type {number} */ at) => current()?.draw(at),
    stale: () => current()?.stale(),
    resize: () => current()?.resize(),
    pixelOf: (/** @type {string} */ id, /** @type {number} */ row) => current()?.pixelOf(id, row),
    destroy() {
      state.flat?.destroy();
      state.space?.destroy();
    },
  };
}
