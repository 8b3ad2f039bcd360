/** What people and the page can do to the player: its verbs, its keys, and what it listens to. */
import { lastFrame, pauseClock, playClock, seekClock, stepClock } from "../basics/clock.js";
import { asksBack } from "../basics/past.js";
import { createOnce } from "../basics/driver.js";
import { companions } from "../basics/looks.js";
import { hoverLines } from "../words/hover.js";
import { openPanels, updateSwitches } from "../plots/panels.js";
import { canRecord, toggleRecording } from "./record.js";
import { readTheme, sameTheme, watchTheme } from "../basics/theme.js";

/** A start as a link has it. @param {number} value */
const rounded = (value) => Number(value.toPrecision(6));

/** Everything that people can do. @param {any} app */
export function addActions(app) {
  const staleAll = () => { for (const { panel } of app.panels.values()) panel.stale(); app.ask(); };
  Object.assign(app, {
    togglePlay: () => app.setClock(app.clock.playing ? pauseClock(app.clock) : playClock(app.clock)),
    seek: (/** @type {number} */ frame) => app.setClock(seekClock(app.clock, frame)),
    stop: (/** @type {number} */ frame) => app.setClock(seekClock(pauseClock(app.clock), frame)),
    step: (/** @type {number} */ by) => app.setClock(stepClock(app.clock, by)),
    setSpeed: (/** @type {number} */ speed) => app.setClock({ ...app.clock, speed }),
    setLoop: (/** @type {boolean} */ loop) => app.setClock({ ...app.clock, loop }),
    /** @param {"arrows"|"curveArrows"} those  on planes, or on a curve @param {string} name @param {boolean} on */
    setArrow(those, name, on) {
      if (on) app[those].add(name);
      else app[those].delete(name);
      app.ask();
    },
    toggleTrack(/** @type {string} */ id) {
      const turn = app.hidden.has(id) ? "delete" : "add";
      for (const track of companions(app.model, app.model.tracks.find((/** @type {any} */ one) => one.id === id))) app.hidden[turn](track.id);
      app.legend.update();
      app.readout.update();
      app.inspector.update();
      staleAll();
    },
    togglePanel(/** @type {string} */ id) {
      if (!app.closed.delete(id)) app.closed.add(id);
      updateSwitches(app);
      for (const panel of openPanels(app)) panel.resize();
      app.ask();
    },
    toggleFullScreen() {
      if (document.fullscreenElement) document.exitFullscreen();
      else app.root.requestFullscreen?.();
    },
    canRecord: canRecord(),
    toggleRecording: () => toggleRecording(app),
    /** Has the surface drawn as a curve, or as a map on equal axes or not. @param {string} drawn */
    setDrawn(drawn) {
      app.live.change((/** @type {any} */ values) => { values.drawn = drawn; });
      app.live.rest();
    },
    canPick: () => app.live.there(),
    pick(/** @type {any} */ pick) {
      app.live.hold(pick.phase === "drag");
      app.ghost = app.holding ? { x: pick.x, y: pick.y } : null;
      app.live.change((/** @type {any} */ values) => { values.start = [rounded(pick.x), rounded(pick.y)]; });
      if (!app.holding) app.live.rest();
    },
    setHover(/** @type {any} */ hover, /** @type {number} */ x, /** @type {number} */ y) {
      const same = hover?.id === app.hover?.id && hover?.row === app.hover?.row;
      app.hover = hover;
      const track = hover && app.model.tracks.find((/** @type {any} */ one) => one.id === hover.id);
      if (track) app.tooltip.show(x, y, hoverLines(app.model, hover), track.color[app.theme.mode]);
      else app.tooltip.hide();
      if (!same) app.ask();
    },
  });
}

/** @type {Record<string, (app: any, far: boolean) => void>} */
const KEYS = {
  " ": (app) => app.togglePlay(),
  ArrowLeft: (app, far) => app.step(far ? -10 : -1),
  ArrowRight: (app, far) => app.step(far ? 10 : 1),
  Home: (app) => app.seek(0),
  End: (app) => app.seek(lastFrame(app.clock)),
};

/** @param {any} app */
function closeMenus(app) {
  for (const menu of app.root.querySelectorAll("details[open]")) menu.open = false;
}

/** @param {any} app */
export function listenToPeople(app) {
  app.root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    app.root.classList.remove("ov-pointer");
    if (event.key === "Escape") closeMenus(app);
    const target = /** @type {HTMLElement} */ (event.target);
    if (asksBack(event) && app.live.there()) {
      event.preventDefault();
      app.live.undo();
    }
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    if (target.matches(".ov-readout") && target.scrollWidth > target.clientWidth && event.key.startsWith("Arrow")) return;
    if (target.matches("select, input[type=checkbox]") || (event.key === " " && target.matches("button, summary"))) return;
    event.preventDefault();
    event.stopPropagation();
    KEYS[event.key](app, event.shiftKey);
  }, { signal: app.signal });
  app.root.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    // A press on the picture gives the player the keyboard, without scrolling to it and without the ring.
    app.root.classList.add("ov-pointer");
    if (!target.closest("button, input, select, summary, label, .ov-knob")) app.root.focus({ preventScroll: true });
    if (!target.closest(".ov-menu")) closeMenus(app);
  }, { signal: app.signal });
}

/** @param {any} app */
export function listenToPage(app) {
  const resized = createOnce(() => { for (const panel of openPanels(app)) panel.resize(); });
  app.resizer = new ResizeObserver(() => resized.ask());
  app.resizer.observe(app.grid);
  app.unwatch = watchTheme(app.root, () => app.refreshTheme());
  app.refreshTheme = () => {
    const theme = readTheme(app.root);
    if (sameTheme(theme, app.theme) || !app.model) return;
    app.theme = theme;
    app.root.dataset.theme = theme.mode;
    app.legend.update();
    app.readout.update();
    app.inspector.update();
    for (const { panel } of app.panels.values()) panel.refresh();
    app.ask();
  };
}
