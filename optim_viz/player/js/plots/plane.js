/** The plane panel: header with its switches, and the plane from above (2-D) or as a landscape (3-D). */
import { element, setText } from "../basics/dom.js";
import { createFlat } from "./flat.js";
import { formatNumber, formatWeights } from "../basics/format.js";
import { createHandle } from "./handle.js";
import { createHead, told } from "./head.js";
import { wireHover, wirePick, wireWheel } from "./pointer.js";
import { gridValue } from "../numbers/relief.js";
import { createSpace } from "./space.js";
import { t } from "../basics/words.js";

/** What can be done here, in a few words. @param {any} panel */
function hintOf(panel) {
  const stars = panel.lowest?.includes(false) ? [t("★ lowest"), t("☆ local")] : [];
  return told([...stars, ...(panel.pick ? [t("drag the start")] : []), t("Ctrl+wheel to zoom")]);
}

/** The view from above, with its handle, hover and picking. @param {any} plane @param {any} app */
function makeFlat(plane, app) {
  const flat = createFlat(plane.body, app);
  const view = /** @type {any} */ (flat.view);
  const handle = createHandle(app, view);
  view.onPlaced = () => {
    const { reset } = plane.head;
    if (reset.hidden === flat.zoomed()) reset.hidden = !reset.hidden;
    handle.place();
  };
  wireHover(app, flat, (point) => {
    const height = point && plane.panel.grid ? gridValue(plane.panel.grid, point.x, point.y) : NaN;
    const value = Number.isNaN(height) ? [] : [`f = ${formatNumber(height, 4)}`];
    setText(plane.head.where, point ? told([formatWeights(plane.panel, point.x, point.y, 3), ...value]) : hintOf(plane.panel));
  });
  wireWheel(app, flat.host);
  wirePick(app, flat, handle.element);
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
  plane.head.draw(plane.panel, view);
  if (view === "3d") plane.space ??= makeSpace(plane, app);
  else plane.flat ??= makeFlat(plane, app);
  if (plane.flat) plane.flat.host.hidden = view !== "2d";
  if (plane.space) plane.space.host.hidden = view !== "3d";
  if (view !== "2d") plane.head.reset.hidden = true;
  setText(plane.head.where, view === "2d" ? hintOf(plane.panel) : told([t("drag to turn"), t("Ctrl+wheel to zoom")]));
  if (changed) currentView(plane).resize();
  await currentView(plane).update(plane.panel);
  app.ask();
}

/** Header and body of the panel. @param {HTMLElement} parent @param {any} app */
function buildPlane(parent, app) {
  const plane = /** @type {any} */ ({ panel: null, view: "", key: null, flat: null, space: null, body: element("div", { class: "ov-views" }) });
  const choose = (/** @type {string} */ view) => (view === "curve" ? app.setDrawn("") : showView(plane, app, view));
  plane.head = createHead(app, "arrows", choose, () => plane.flat.resetZoom(), () => {
    const equal = !plane.panel.equal, live = app.live.live();
    if (live) app.setDrawn(equal ? "equal" : live.surface.alone ? "map" : "");
    else showView(Object.assign(plane, { equal, panel: { ...plane.panel, equal } }), app, plane.view);
  });
  parent.append(plane.head.element, plane.body);
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
      const view = plane.key === app.model.key && plane.view ? plane.view : app.comesAs ?? panel.view ?? "2d";
      const own = plane.key === app.model.key && !app.live.there() && plane.equal !== undefined; // chosen here
      Object.assign(plane, { key: app.model.key, panel: own ? { ...panel, equal: plane.equal } : panel });
      app.comesAs = null;
      setText(plane.head.heading, panel.title ?? "");
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
