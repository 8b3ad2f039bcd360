/** Pointer over the panels: hover anywhere; on a plane, click or drag moves the start. */

/** A press that moves less than this is a click, px. */
const SLIP = 4;

/**
 * Hover: the nearest path point within reach marks its step in every panel.
 * @param {any} app
 * @param {any} view  has host, pointAt, nearest
 * @param {(point: any) => void} [onPoint]  told the point under the pointer, null when it leaves
 */
export function wireHover(app, view, onPoint) {
  const options = { signal: app.signal };
  view.host.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (event.buttons && event.pointerType === "mouse") return;
    const point = view.pointAt(event.clientX, event.clientY);
    const found = point ? view.nearest(point) : null;
    app.setHover(found ? { id: found.id, row: found.row } : null, event.clientX, event.clientY);
    onPoint?.(point);
  }, options);
  view.host.addEventListener("pointerleave", () => {
    app.setHover(null, 0, 0);
    onPoint?.(null);
  }, options);
}

/**
 * Click or drag sets the start. A finger drags only from the start's own handle, so that it can still scroll the page.
 * @param {any} app
 * @param {any} view  has host, pointAt, zoomed, resetZoom
 * @param {HTMLElement} handle
 */
export function wirePick(app, view, handle) {
  /** @type {{id: number, x: number, y: number, moved: boolean}|null} */
  let press = null;
  let waiting = 0;
  const options = { signal: app.signal };

  function send(/** @type {PointerEvent} */ event, /** @type {string} */ phase) {
    const point = view.pointAt(event.clientX, event.clientY);
    if (point) app.pick({ x: point.x, y: point.y, phase });
    else if (phase === "end" && app.ghost) app.pick({ ...app.ghost, phase });
  }
  view.host.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0 || !app.canPick()) return;
    if (event.target !== handle && !view.pointAt(event.clientX, event.clientY)) return;
    press = { id: event.pointerId, x: event.clientX, y: event.clientY, moved: false };
    if (event.pointerType === "mouse" || event.target === handle) view.host.setPointerCapture(event.pointerId);
  }, options);
  view.host.addEventListener("pointermove", (/** @type {PointerEvent} */ event) => {
    if (!press || event.pointerId !== press.id) return;
    if (Math.hypot(event.clientX - press.x, event.clientY - press.y) > SLIP) press.moved = true;
    const drags = event.pointerType === "mouse" || view.host.hasPointerCapture(event.pointerId);
    if (press.moved && drags) send(event, "drag");
  }, options);
  view.host.addEventListener("pointerup", (/** @type {PointerEvent} */ event) => {
    if (!press || event.pointerId !== press.id) return;
    const { moved } = press;
    press = null;
    if (moved) { if (app.ghost) send(event, "end"); return; }
    // While zoomed, a click may be the first half of the double click that resets the view: it waits a moment.
    clearTimeout(waiting);
    waiting = window.setTimeout(() => send(event, "click"), view.zoomed() ? 260 : 0);
  }, options);
  view.host.addEventListener("pointercancel", () => { press = null; }, options);
  view.host.addEventListener("dblclick", () => {
    clearTimeout(waiting);
    if (view.zoomed()) view.resetZoom();
  }, options);
}
