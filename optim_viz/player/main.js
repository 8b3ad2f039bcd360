/** The player: one playhead for every panel. `mount` is all that a page needs. */
import { createClock, frameOf, lastFrame, pauseClock, playClock, resizeClock, seekClock, shownAt, stepClock, tickClock } from "./clock.js";
import { createControls } from "./controls.js";
import { createCurve } from "./curve.js";
import { element } from "./dom.js";
import { createDriver, createOnce } from "./driver.js";
import { createTooltip, hoverLines } from "./hover.js";
import { createInspector } from "./inspector.js";
import { createLegend } from "./legend.js";
import { createPlane } from "./plane.js";
import { wireHover } from "./pointer.js";
import { createReadout } from "./readout.js";
import { decodeScene, shortTitle } from "./scene.js";
import { readTheme, sameTheme, watchTheme } from "./theme.js";

/** How each kind of panel is made. A new kind is a new row. */
const PANELS = {
  plane: createPlane,
  curve(/** @type {HTMLElement} */ parent, /** @type {any} */ app) {
    const curve = createCurve(parent, app);
    wireHover(app, curve);
    return curve;
  },
};

/** Numbers in the tables change at most this often while playing: faster cannot be read. */
const READ_EVERY = 0.1;

/**
 * What every part of the player shares.
 * @param {HTMLElement} root
 * @param {any} options
 */
function createApp(root, options) {
  const abort = new AbortController();
  return /** @type {any} */ ({
    root, plotly: options.plotly, onPick: options.onPick ?? null, abort, signal: abort.signal, destroyed: false,
    model: null, theme: readTheme(root), clock: createClock({ speed: options.state?.speed ?? 1, loop: Boolean(options.state?.loop) }),
    hidden: new Set(), closed: new Set(), arrows: new Set(), hover: null, ghost: null, panels: new Map(),
    stats: { frames: 0, seconds: 0 }, lastRead: 0,
  });
}

/** @param {any} app */
function layOut(app) {
  app.legend = createLegend(app);
  app.controls = createControls(app);
  app.readout = createReadout(app);
  app.inspector = createInspector(app);
  app.tooltip = createTooltip(app);
  app.switches = element("div", { class: "ov-switches", role: "group", "aria-label": "Shown panels" });
  app.grid = element("div", { class: "ov-panels" });
  app.root.classList.add("ov-player");
  app.root.setAttribute("tabindex", "0");
  app.root.setAttribute("role", "group");
  app.root.setAttribute("aria-label", "Player. Space plays, arrow keys step, Home and End jump.");
  app.root.replaceChildren(
    element("div", { class: "ov-top" }, [app.legend.element, app.switches]), app.grid, app.controls.element,
    app.readout.element, app.inspector.element, app.tooltip.element,
  );
}

/** Panels that are new are made, those that are gone are taken down, the rest stay as they are. @param {any} app */
function matchPanels(app) {
  const wanted = app.model.panels.filter((/** @type {any} */ panel) => PANELS[panel.kind]);
  for (const [id, entry] of app.panels) {
    if (wanted.some((/** @type {any} */ panel) => panel.id === id && panel.kind === entry.kind)) continue;
    entry.panel.destroy();
    entry.section.remove();
    app.panels.delete(id);
  }
  for (const panel of wanted) {
    if (!app.panels.has(panel.id)) {
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
function updateSwitches(app) {
  const entries = app.model.panels.filter((/** @type {any} */ panel) => PANELS[panel.kind])
    .map((/** @type {any} */ panel) => ({ id: panel.id, title: shortTitle(panel) }));
  if (app.inspector.available()) entries.push({ id: "inspector", title: "inspector" });
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
  app.grid.dataset.open = String([...app.panels.keys()].filter((id) => !app.closed.has(id)).length);
}

/** @param {any} app */
function openPanels(app) {
  return [...app.panels].filter(([id]) => !app.closed.has(id)).map(([, entry]) => entry.panel);
}

/** Draws everything at the playhead. @param {any} app @param {boolean} [read] whether the tables follow now */
function drawAll(app, read = true) {
  if (!app.model || app.destroyed) return;
  const at = shownAt(app.clock);
  const frame = frameOf(app.clock);
  for (const panel of openPanels(app)) panel.draw(at);
  app.controls.draw();
  if (read) {
    app.readout.draw(frame);
    if (!app.inspector.element.hidden) app.inspector.draw(frame);
  }
  app.root.dataset.frame = String(frame);
  app.root.dataset.playing = String(app.clock.playing);
}

/** @param {any} app */
function drive(app) {
  const once = createOnce(() => drawAll(app));
  const driver = createDriver((seconds) => {
    app.clock = tickClock(app.clock, seconds);
    app.stats.frames += 1;
    app.stats.seconds += seconds;
    app.lastRead += seconds;
    const read = app.lastRead >= READ_EVERY || !app.clock.playing;
    if (read) app.lastRead = 0;
    drawAll(app, read);
    if (!app.clock.playing) driver.stop();
  });
  app.ask = () => { if (!driver.running()) once.ask(); };
  app.setClock = (/** @type {any} */ clock) => {
    app.clock = clock;
    if (clock.playing) driver.start();
    else { driver.stop(); app.ask(); }
  };
  app.halt = () => { driver.stop(); once.cancel(); };
}

/** Everything that people can do. @param {any} app */
function addActions(app) {
  const staleAll = () => { for (const { panel } of app.panels.values()) panel.stale(); app.ask(); };
  Object.assign(app, {
    togglePlay: () => app.setClock(app.clock.playing ? pauseClock(app.clock) : playClock(app.clock)),
    seek: (/** @type {number} */ frame) => app.setClock(seekClock(app.clock, frame)),
    step: (/** @type {number} */ by) => app.setClock(stepClock(app.clock, by)),
    setSpeed: (/** @type {number} */ speed) => app.setClock({ ...app.clock, speed }),
    setLoop: (/** @type {boolean} */ loop) => app.setClock({ ...app.clock, loop }),
    setArrow(/** @type {string} */ name, /** @type {boolean} */ on) {
      if (on) app.arrows.add(name);
      else app.arrows.delete(name);
      app.ask();
    },
    toggleTrack(/** @type {string} */ id) {
      if (!app.hidden.delete(id)) app.hidden.add(id);
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
    canPick: () => Boolean(app.onPick),
    pick(/** @type {any} */ pick) {
      app.ghost = { x: pick.x, y: pick.y };
      app.ask();
      app.onPick?.(pick);
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
function listen(app) {
  app.root.addEventListener("keydown", (/** @type {KeyboardEvent} */ event) => {
    const target = /** @type {HTMLElement} */ (event.target);
    if (event.ctrlKey || event.metaKey || event.altKey || !KEYS[event.key]) return;
    if (target.matches("select, input[type=checkbox]") || (event.key === " " && target.matches("button, summary"))) return;
    event.preventDefault();
    event.stopPropagation();
    KEYS[event.key](app, event.shiftKey);
  }, { signal: app.signal });
  app.root.addEventListener("pointerdown", (/** @type {PointerEvent} */ event) => {
    // A press on the picture gives the player the keyboard, without scrolling to it.
    if (!(/** @type {HTMLElement} */ (event.target).closest("button, input, select, summary, label"))) app.root.focus({ preventScroll: true });
  }, { signal: app.signal });
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

/** A scene with another key is another story: all choices start over. @param {any} app @param {any} model @param {any} state */
function startOver(app, model, state) {
  app.hidden.clear();
  app.closed = new Set(["inspector", ...model.panels.filter((/** @type {any} */ panel) => panel.closed).map((/** @type {any} */ panel) => panel.id)]);
  const still = window.matchMedia("(prefers-reduced-motion: reduce)").matches;
  const playing = state?.playing ?? (model.autoplay && !still && model.frames > 1);
  const at = state?.frame ?? (playing ? 0 : model.frames - 1);
  return { ...app.clock, frames: model.frames, duration: model.duration, at, playing };
}

/** @param {any} app @param {any} scene @param {Map<string, ArrayBuffer>} blobs @param {any} [state] */
async function showScene(app, scene, blobs, state) {
  const model = decodeScene(scene, blobs);
  const fresh = !app.model || app.model.key !== model.key;
  const clock = fresh ? startOver(app, model, state) : resizeClock(app.clock, model.frames, model.duration);
  app.model = model;
  app.ghost = null;
  app.hover = null;
  app.tooltip.hide();
  app.theme = readTheme(app.root);
  app.root.dataset.theme = app.theme.mode;
  matchPanels(app);
  app.legend.update();
  app.readout.update();
  app.inspector.update();
  updateSwitches(app);
  app.clock = { ...clock, playing: false };
  await Promise.all(model.panels.filter((/** @type {any} */ panel) => app.panels.has(panel.id))
    .map((/** @type {any} */ panel) => app.panels.get(panel.id).panel.update(panel)));
  if (app.destroyed || app.model !== model) return;
  app.setClock(clock);
  drawAll(app);
  Object.assign(app.root.dataset, { ready: "true", sceneKey: model.key, drawnHash: model.hash });
}

/**
 * Puts a player into an element.
 * @param {HTMLElement} root
 * @param {object} options
 * @param {any} options.scene
 * @param {Map<string, ArrayBuffer>} options.blobs
 * @param {any} options.plotly
 * @param {((pick: {x: number, y: number, phase: string}) => void)|null} [options.onPick]
 * @param {{frame?: number, playing?: boolean, speed?: number, loop?: boolean}} [options.state]
 */
export function mount(root, options) {
  const app = createApp(root, options);
  drive(app);
  addActions(app);
  layOut(app);
  listen(app);
  const instance = {
    app,
    shown: showScene(app, options.scene, options.blobs, options.state),
    update(/** @type {any} */ next) { instance.shown = showScene(app, next.scene, next.blobs); return instance.shown; },
    destroy() {
      app.destroyed = true;
      app.halt();
      app.abort.abort();
      app.resizer.disconnect();
      app.unwatch();
      for (const { panel } of app.panels.values()) panel.destroy();
      root.replaceChildren();
      delete /** @type {any} */ (root).__ov;
    },
    seek: (/** @type {number} */ frame) => { app.seek(frame); drawAll(app); },
    play: () => app.setClock(playClock(app.clock)),
    pause: () => app.setClock(pauseClock(app.clock)),
    pixelOf: (/** @type {string} */ panel, /** @type {string} */ track, /** @type {number} */ frame) => app.panels.get(panel)?.panel.pixelOf(track, frame),
    frame: () => frameOf(app.clock),
    stats: () => ({ ...app.stats }),
  };
  /** @type {any} */ (root).__ov = instance;
  return instance;
}
