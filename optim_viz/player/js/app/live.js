/**
 * A scene that computes: what is turned by hand (numbers, start, steps, noise, seed) gives new tracks in the same frame.
 * Once it rests, whoever listens is told all values at once and answers with a scene of his own; until then his older
 * answers are not drawn, so that the picture never jumps back.
 */
import { createOnce } from "../basics/driver.js";
import { createPast, namesOf } from "../basics/past.js";
import { unpacked } from "../engine/program.js";
import { createEngine } from "../engine/runs.js";
import { gridPoints } from "../numbers/bands.js";
import { withDigits } from "../numbers/digits.js";
import { withHeights } from "../numbers/profile.js";
import { gridHeights } from "../numbers/relief.js";
import { drawnPanels, lastRow } from "../numbers/scene.js";

/** How long everything must stand still before it counts as resting, ms. */
const REST = 350;
/** Does a job when the browser is idle. @param {() => void} job */
const later = (job) => (globalThis.requestIdleCallback ?? setTimeout)(job);

/** @typedef {import("../engine/runs.js").Live} Live */

/** What can be turned, as a value of its own. @param {Live} live */
export function turnable(live) {
  return structuredClone({
    start: live.start, steps: live.steps, noise: live.noise, seed: live.seed, drawn: live.drawn ?? "", parameters: live.surface.parameters,
    runs: live.runs.map(({ id, values, schedule_values }) => ({ id, values, schedule_values })),
  });
}

/** The same to be looked at only: nothing is copied. @param {Live} live */
function seen(live) {
  return { start: live.start, steps: live.steps, noise: live.noise, seed: live.seed, drawn: live.drawn, parameters: live.surface.parameters, runs: live.runs };
}

/** A live part with other values. @param {Live} live @param {any} values @returns {Live} */
function turnedTo(live, values) {
  const { parameters, runs, ...rest } = values;
  return {
    ...live, ...rest, surface: { ...live.surface, parameters },
    runs: live.runs.map((run, i) => ({ ...run, values: runs[i].values, schedule_values: runs[i].schedule_values })),
  };
}

/** What a run depends on: it is computed again only when this changes. @param {Live} live @param {any} run */
function signatureOf(live, run) {
  return JSON.stringify([live.programs, live.start, live.steps, live.noise, live.noise ? live.seed : 0, live.batch ? live.seed : 0, live.surface.parameters, run]);
}

/** @param {any} app */
export function createLive(app) {
  /** @type {Map<string, any>} */
  const programs = new Map();
  const engine = createEngine((name) => programs.get(name));
  /** @type {{live: Live, base: any, tracks: Map<string, {signature: string, track: any, older: any}>}|null} */
  let now = null;
  const past = createPast();
  let sent = 0, pending = false, resting = 0;
  /** The surface that was computed last. @type {{name: string, values: Float32Array|null}} */
  let ground = { name: "", values: null };
  const once = createOnce(show);

  /** Whether a run can be computed here. @param {any} run */
  const computable = (run) => Boolean(programs.get(run.program)?.step);

  /** The track of a run, computed if it must be. @param {any} run @param {any} track */
  function trackOf(run, track) {
    const { live, tracks, base } = /** @type {any} */ (now);
    if (!computable(run)) return track;
    const signature = signatureOf(live, run);
    const kept = tracks.get(run.id);
    if (kept?.signature === signature) return kept.track;
    // What is drawn now may still be needed; what it took the place of is not.
    const { columns, status, statusFrom } = engine.runOne(live, run, kept?.older);
    const made = {
      ...track, columns, digits: null, toldEnd: null, status, statusFrom, end: Math.min(lastRow(base.every, columns), live.steps),
      inspector: track.inspector && { ...track.inspector, hyperparameters: { ...track.inspector.hyperparameters, ...run.values } },
    };
    tracks.set(run.id, { signature, track: made, older: kept?.track.columns });
    return made;
  }

  /** A curve with the heights that its function's letters give now, and room for the start. @param {any} panel @param {any} run @param {boolean} same */
  function curveNow(panel, run, same) {
    const { live } = /** @type {any} */ (now), [x, y] = live.start, [x0, x1] = panel.bounds;
    if (same || !run) return withHeights(panel, panel.heights, x);
    const points = gridPoints([x0, x1, y, y], panel.heights.length, 1);
    return { ...withHeights(panel, engine.lossesAt(live, run, points), x), minima: [] };
  }

  /** A plane's panel with the surface as its letters are now: in passing, while they are turned or Python's is to come. @param {any} panel */
  function panelOf(panel) {
    const { live, base } = /** @type {any} */ (now), run = live.runs.find(computable);
    const letters = JSON.stringify(live.surface.parameters), own = JSON.stringify(base.live.surface.parameters);
    if (panel.kind === "profile") return curveNow(panel, run, letters === own);
    if (panel.kind !== "plane" || !panel.pick) return panel;
    const shaped = { ...panel, equal: live.drawn === "equal" };
    if (!panel.grid || !run || letters === own) return shaped;
    const { grid, surface } = panel, name = [live.surface.program, panel.bounds, letters].join(" ");
    if (ground.name !== name) ground = { name, values: gridHeights(engine.lossesAt(live, run, gridPoints(grid.bounds, grid.nx, grid.ny))) };
    const passing = pending || app.holding || Boolean(app.onTurn);
    return { ...shaped, minima: [], surface: { ...surface, blob: name }, grid: { ...grid, hash: name, values: ground.values, passing } };
  }

  /** Gives a track that was sent the digits of what was computed. @param {any} model @param {any} track @param {any} columns */
  function sharpen(model, track, columns) {
    track.digits = withDigits(track.columns, columns);
    track.toldEnd = Math.min(lastRow(model.every, track.digits), model.live.steps);
  }

  /** Numbers that were computed here before they came keep their digits. @param {any} model @param {Map<string, any>|undefined} tracks */
  function remember(model, tracks) {
    model.tracks.forEach((/** @type {any} */ track, /** @type {number} */ i) => {
      const run = model.live.runs[i], kept = tracks?.get(run.id);
      if (kept?.signature === signatureOf(model.live, run)) sharpen(model, track, kept.track.columns);
    });
  }

  /** Computes what has changed and has it drawn. */
  function show() {
    if (!now || app.destroyed) return;
    const { live, base } = now;
    const began = performance.now();
    const panels = drawnPanels(base.every, live).map(panelOf);
    const tracks = base.tracks.map((/** @type {any} */ track, /** @type {number} */ i) => trackOf(live.runs[i], track));
    app.stats.computed = performance.now() - began;
    app.showModel({ ...base, panels, tracks, frames: live.steps + 1, live });
  }

  /**
   * Makes the machines while nothing else is done, one at a time: the first turn is then as quick as the others. What
   * they compute has the digits that were not sent, and these are told from then on.
   * @param {any} base
   */
  function warmUp(base, i = 0) {
    if (app.destroyed || now?.base !== base) return;
    if (i === base.tracks.length) { app.ask(); return; }
    const run = base.live.runs[i], track = base.tracks[i];
    if (computable(run) && !track.digits && track.columns.loss instanceof Float32Array) sharpen(base, track, engine.runOne(base.live, run).columns);
    else if (computable(run)) engine.machineOf(base.live, run);
    later(() => warmUp(base, i + 1));
  }

  /** @param {any} values */
  function turn(values) {
    if (!now) return;
    now.live = turnedTo(now.live, values);
    pending = true;
    once.ask();
    clearTimeout(resting);
    resting = window.setTimeout(rest, REST);
  }

  function rest() {
    if (!now || app.destroyed || app.holding) return;
    clearTimeout(resting);
    pending = false;
    const values = turnable(now.live);
    if (!past.note(values)) return;
    if (app.onTurn) app.onTurn({ ...values, n: ++sent });
    else once.ask(); // nobody answers: what was shown in passing is shown for good
  }

  return {
    computable,
    /** Whether there are runs that only the server can make. */
    waits: () => Boolean(now && !now.live.runs.every(computable)),
    /** Whether there is anything to turn. */
    there: () => now !== null,
    values: () => now && turnable(now.live),
    /** The values, not to be changed. */
    seen: () => now && seen(now.live),
    /** What a run is computed from. @param {string} id */
    run: (id) => now?.live.runs.find((one) => one.id === id),
    /** A program, by its name. @param {string} name */
    program: (name) => programs.get(name),
    live: () => now?.live,
    turn,
    rest,
    /** A hand holds a knob, or the start: nothing rests until it lets go; then the axes follow once more. @param {boolean} on */
    hold(on) {
      if (app.holding && !on) once.ask();
      app.holding = on;
    },
    /** Changes a part of the values. @param {(values: any) => void} change */
    change(change) {
      if (!now) return;
      const values = turnable(now.live);
      change(values);
      turn(values);
    },
    /** Goes back to the values before. */
    undo() {
      const before = past.back();
      if (!before) return;
      turn(before);
      rest();
    },
    /**
     * Takes a scene; whether it is to be drawn as it is.
     * @param {any} model @param {Map<string, ArrayBuffer>} blobs
     */
    take(model, blobs) {
      const fresh = !now || now.base.key !== model.key;
      if (!model.live) {
        now = null;
        past.clear();
        return true;
      }
      if (!fresh && (pending || app.holding || (model.live.answered ?? sent) < sent)) return false;
      const packed = JSON.parse(new TextDecoder().decode(blobs.get(model.live.programs)));
      for (const [name, program] of Object.entries(unpacked(packed))) programs.set(name, program);
      remember(model, now?.tracks);
      now = { live: model.live, base: model, tracks: new Map() };
      const values = turnable(model.live);
      if (fresh || namesOf(past.last()) !== namesOf(values)) past.clear();
      past.note(values);
      later(() => warmUp(model));
      return true;
    },
    destroy() {
      clearTimeout(resting);
      once.cancel();
    },
  };
}
