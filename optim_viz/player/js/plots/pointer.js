/** Pointer over the panels: hover anywhere; on a plane, click or drag moves the start. */

import { shownAt } from "../basics/clock.js";

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
  const look = (/** @type {PointerEvent} */ event) => {
    if (event.buttons && event.pointerType === "mouse") return;
    const point = view.pointAt(event.clientX, event.clientY);
    const found = point ? view.nearest(point) : null;
    const seen = found && !(app.model.waits && found.row > shownAt(app.clock));
    app.setHover(seen ? { id: found.id, row: found.row } : null, event.clientX, event.clientY);
    onPoint?.(point);
  };
  view.host.addEventListener("pointermove", look, options);
  view.host.addEventListener("pointerdown", look, options);
  view.host.addEventListener("pointerleave", () => {
    app.setHover(null, 0, 0);
    onPoint?.(null);
  }, options);
}

/**
 * A click on a curve moves the playhead there.
 * @param {any} app
 * @param {any} view  has host, pointAt, rowAt
 */
export function wireSeek(app, view) {
  let [x, y] = [0, 0];
  const options = { signal: app.signal, capture: true };
  view.host.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => { [x, y] = [event.clientX, event.clientY]; }, options);
  view.host.addEventListener("pointerup", (/** @type {PointerEvent} */ event) => {
    if (event.button !== 0 || Math.hypot(event.clientX - x, event.clientY - y) > SLIP) return;
    const point = view.pointAt(event.clientX, event.clientY);
    const row = point ? view.rowAt(point.left) : -1;
    if (row >= 0) app.stop(row);
  }, options);
}

/**
 * The wheel zooms only once the player has been touched (or with Ctrl): a page that is scrolled past it scrolls on.
 * @param {any} app
 * @param {HTMLElement} host
 */
export function wireWheel(app, host) {
  host.addEventListener("wheel", (event) => {
    if (event.ctrlKey || event.metaKey || app.root.contains(document.activeElement) || !canScroll(app.root)) return;
    event.stopPropagation();
  }, { signal: app.signal, capture: true, passive: true });
}

/** Whether anything around an element scrolls. @param {Element} start */
function canScroll(start) {
  for (let node = /** @type {any} */ (start.parentNode); node; node = node.parentNode ?? node.host) {
    if (!(node instanceof Element) || node.scrollHeight <= node.clientHeight + 1) continue;
    if (node === document.documentElement || /auto|scroll/.test(getComputedStyle(node).overflowY)) return true;
  }
  return false;
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
    if (event.button !== 0 || !app.canPick() || !view.view.panel.pick) return;
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
