/** The player: one playhead for every panel. `mount` is all that a page needs. */
import { addActions, listenToPage, listenToPeople } from "./actions.js";
import { createClock, frameOf, lastFrame, pauseClock, playClock, resizeClock, seekClock, shownAt, tickClock } from "../basics/clock.js";
import { createControls } from "../words/controls.js";
import { element } from "../basics/dom.js";
import { createDriver, createOnce } from "../basics/driver.js";
import { createTooltip } from "../words/hover.js";
import { createInspector } from "../words/inspector.js";
import { createLegend } from "../words/legend.js";
import { matchPanels, openPanels, updateSwitches } from "../plots/panels.js";
import { createReadout } from "../words/readout.js";
import { createLive } from "./live.js";
import { decodeScene } from "../numbers/scene.js";
import { readTheme } from "../basics/theme.js";
import { createTurning } from "../words/turning.js";
import { speak, t } from "../basics/words.js";

/** Numbers in the tables change at most this often while playing: faster cannot be read. */
const READ_EVERY = 0.1;

/** How long the playhead stands still before it counts as resting, ms. */
const REST = 300;

/**
 * What every part of the player shares.
 * @param {HTMLElement} root
 * @param {any} options
 */
function createApp(root, options) {
  const abort = new AbortController();
  return /** @type {any} */ ({
    root, plotly: options.plotly, wholePlotly: options.wholePlotly ?? (() => options.plotly), onTurn: options.onTurn ?? null, holding: false, onRest: options.onRest ?? null, rested: null, abort, signal: abort.signal, destroyed: false,
    model: null, theme: readTheme(root), clock: createClock({ speed: options.state?.speed ?? 1, loop: Boolean(options.state?.loop) }),
    hidden: new Set(), closed: new Set(), arrows: new Set(), curveArrows: new Set(["gradient", "step"]), hover: null, ghost: null, panels: new Map(),
    stats: { frames: 0, seconds: 0 }, lastRead: 0,
  });
}

/** @param {any} app */
function layOut(app) {
  app.live = createLive(app);
  app.knobs = createTurning(app);
  app.legend = createLegend(app);
  app.controls = createControls(app);
  app.readout = createReadout(app);
  app.inspector = createInspector(app);
  app.tooltip = createTooltip(app);
  app.switches = element("div", { class: "ov-switches", role: "group", "aria-label": t("Shown panels") });
  app.grid = element("div", { class: "ov-panels" });
  app.problem = element("p", { class: "ov-problem", role: "alert", hidden: true });
  app.root.classList.add("ov-player");
  app.root.setAttribute("tabindex", "0");
  app.root.setAttribute("role", "group");
  app.root.setAttribute("aria-label", t("Player. Space plays, arrow keys step, Home and End jump."));
  app.root.replaceChildren(
    app.problem, element("div", { class: "ov-top" }, [app.legend.element, app.switches]), app.grid, app.controls.element,
    app.knobs.element, app.readout.element, app.inspector.element, app.tooltip.element,
  );
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
  tellRest(app, frame);
}

/**
 * Once the playhead has come to rest somewhere new, whoever listens is told; the end is where it is taken to be until then.
 * @param {any} app @param {number} frame
 */
function tellRest(app, frame) {
  clearTimeout(app.restTimer);
  if (!app.onRest || !app.model.reportRest || app.clock.playing || frame === (app.rested ?? app.model.frames - 1)) return;
  app.restTimer = setTimeout(() => { app.rested = frame; app.onRest(frame); }, REST);
}

/**
 * Nothing rests while the hands are elsewhere on the page: Streamlit sends what is told within one turn of the page
 * as one message, to the part of the page that the first of it belongs to, and the other would be lost.
 * @param {any} app
 */
function restWithThePage(app) {
  for (const kind of ["pointerup", "keyup", "change"]) {
    window.addEventListener(kind, () => { if (app.model) tellRest(app, frameOf(app.clock)); }, { capture: true, signal: app.signal });
  }
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
  app.drawn = () => once.cancel();
  app.setClock = (/** @type {any} */ clock) => {
    app.clock = clock;
    if (clock.playing) driver.start();
    else { driver.stop(); app.ask(); }
  };
  app.halt = () => { driver.stop(); once.cancel(); };
}

/** Whether whoever looks wants nothing to move by itself. */
const stillWanted = () => window.matchMedia("(prefers-reduced-motion: reduce)").matches;

/** A scene with another key is another story: all choices start over. @param {any} app @param {any} model @param {any} state */
function startOver(app, model, state) {
  app.hidden.clear();
  app.closed = new Set(["inspector", ...model.panels.filter((/** @type {any} */ panel) => panel.closed).map((/** @type {any} */ panel) => panel.id)]);
  const playing = state?.playing ?? (model.autoplay && !model.waits && !stillWanted() && model.frames > 1);
  const at = state?.frame ?? (playing || model.waits ? 0 : model.frames - 1);
  return { ...app.clock, frames: model.frames, duration: model.duration, at, playing };
}

/** What waited at its start plays, once it need not wait; where nothing is to move, its end is shown. @param {any} clock */
function start(clock) {
  if (clock.at > 0 || clock.playing) return clock;
  return stillWanted() ? seekClock(clock, lastFrame(clock)) : playClock(clock);
}

/** @param {any} app @param {any} scene @param {Map<string, ArrayBuffer>} blobs @param {any} [state] */
async function showScene(app, scene, blobs, state) {
  const model = decodeScene(scene, blobs);
  if (app.live.take(model, blobs)) await showModel(app, model, state);
  else if (!app.model) throw new Error(t("There is nothing to draw."));
}

/** Shows what is decoded, or was computed here. @param {any} app @param {any} model @param {any} [state] */
async function showModel(app, model, state) {
  app.theme = readTheme(app.root);
  app.root.dataset.theme = app.theme.mode;
  await showTracks(app, model, state);
}

/** The same, but for what does not change while something is turned by hand. @param {any} app @param {any} model @param {any} [state] */
async function showTracks(app, model, state) {
  const fresh = !app.model || app.model.key !== model.key;
  const told = !fresh && app.model.waits && !model.waits;
  const resized = fresh ? startOver(app, model, state) : resizeClock(app.clock, model.frames, model.duration);
  const clock = told ? start(resized) : resized;
  app.halt();
  Object.assign(app, { model, clock, hover: null });
  app.tooltip.hide();
  matchPanels(app);
  app.legend.update();
  app.knobs.update();
  app.readout.update();
  app.inspector.update();
  app.knobs.draw();
  updateSwitches(app);
  await Promise.all(model.panels.filter((/** @type {any} */ panel) => app.panels.has(panel.id))
    .map((/** @type {any} */ panel) => app.panels.get(panel.id).panel.update(panel)));
  if (app.destroyed || app.model !== model) return;
  app.setClock(app.clock);
  drawAll(app);
  app.drawn();
  Object.assign(app.root.dataset, { ready: app.root.closest(".ov-early") ? "early" : "true", sceneKey: model.key, drawnHash: model.hash });
}

/**
 * A scene that cannot be drawn says so and leaves the last picture.
 * @param {any} app @param {any} scene @param {Map<string, ArrayBuffer>} blobs @param {any} [state]
 */
async function tryScene(app, scene, blobs, state) {
  try {
    await showScene(app, scene, blobs, state);
    app.problem.hidden = true;
  } catch (error) {
    app.problem.hidden = false;
    app.problem.textContent = t("This could not be drawn: {error}", { error: /** @type {Error} */ (error).message });
    console.error(error);
  }
}

/**
 * Puts a player into an element, in the language that its scene brings.
 * @param {HTMLElement} root
 * @param {object} options
 * @param {any} options.scene
 * @param {Map<string, ArrayBuffer>} options.blobs
 * @param {any} options.plotly  with charts in the plane
 * @param {() => any} [options.wholePlotly]  one that draws in space too, or a promise of it, if `plotly` does not
 * @param {((values: any) => void)|null} [options.onTurn]  told what has been turned by hand, once it rests
 * @param {((frame: number) => void)|null} [options.onRest]  told the frame at which the playhead comes to rest
 * @param {{frame?: number, playing?: boolean, speed?: number, loop?: boolean}} [options.state]
 */
export function mount(root, options) {
  if (options.scene.words) speak(options.scene);
  const app = createApp(root, options);
  drive(app);
  addActions(app);
  app.showModel = (/** @type {any} */ model) => showTracks(app, model);
  layOut(app);
  listenToPeople(app);
  listenToPage(app);
  if (app.onRest) restWithThePage(app);
  const instance = {
    app, language: options.scene.language,
    shown: tryScene(app, options.scene, options.blobs, options.state),
    update(/** @type {any} */ next) { instance.shown = tryScene(app, next.scene, next.blobs); return instance.shown; },
    destroy() {
      app.destroyed = true;
      app.halt();
      app.live.destroy();
      clearTimeout(app.restTimer);
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
