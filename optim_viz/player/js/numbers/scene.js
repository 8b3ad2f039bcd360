/**
 * A scene is plain JSON that names its numbers; the numbers come beside it, in float32 blobs.
 * Here the two are checked and put together. Pure: no DOM.
 *
 * @typedef {{x: Float32Array}} Columns
 * @typedef {object} Track
 * @property {string} id
 * @property {string} label
 * @property {string} name  what the legend calls it; runs of one name and look are shown and hidden together
 * @property {{light: string, dark: string}} color
 * @property {string} dash
 * @property {string} marker
 * @property {string} status  how the run ended, in words
 * @property {number} statusFrom  the frame from which the status is true
 * @property {Record<string, Float32Array>} columns
 * @property {Record<string, ArrayLike<number>>|null} digits  the same with all their digits, once these are known
 * @property {number|null} toldEnd  the last row of these
 * @property {number} end  the last row that can be drawn (-1: none)
 * @property {object|null} inspector
 *
 * @typedef {object} Grid
 * @property {string} hash
 * @property {number} nx
 * @property {number} ny
 * @property {Float32Array} values  row-major [ny][nx]
 * @property {number[]} bounds  [x0, x1, y0, y1]
 *
 * @typedef {object} Model
 * @property {string} key
 * @property {number} frames
 * @property {string} frameTitle
 * @property {number[]|null} frameValues
 * @property {string} frameTotal  of how many steps in all, in words, where those to come are not there yet; else ""
 * @property {boolean} autoplay
 * @property {boolean} waits  whether it stands at its start and shows nothing of what comes, until it is played
 * @property {boolean} reportRest  whether the page wants to know where the playhead comes to rest
 * @property {number} duration
 * @property {string} origin  the link that a video carries; "" for none
 * @property {Track[]} tracks
 * @property {any[]} panels  those that are drawn, as in the scene, a plane's `grid` added
 * @property {any[]} every  all panels: of a function of x alone one is a curve, one a map
 * @property {import("../engine/runs.js").Live|null} live  what its runs are computed from, where that can be done here
 * @property {string} hash  names of all blobs used, joined
 */
import { t } from "../basics/words.js";
import { ratePanels } from "./schedules.js";

/** Those panels that are drawn now: of a curve and a map of the same function one, where both are there. @param {any[]} panels @param {any} live */
export function drawnPanels(panels, live) {
  if (!live) return panels;
  const wanted = live.surface.alone && !live.drawn ? "curve" : "map";
  return panels.filter((panel) => (panel.shape ?? wanted) === wanted);
}

/** The columns that say where a run is on a panel; none on one that shows no places. @param {any} panel @returns {string[]} */
export function coordinatesOf(panel) {
  return panel.kind === "plane" ? [panel.x, panel.y] : panel.kind === "profile" ? [panel.x] : [];
}

/** The panel that shows where runs are. @param {any[]} panels @param {any} [track]  one of those runs */
export function placesPanel(panels, track) {
  return panels.find((panel) => coordinatesOf(panel).some((name) => !track || track.columns[name]));
}

/**
 * What a panel is called where there is little room.
 * @param {any} panel
 */
export function shortTitle(panel) {
  return panel.short ?? (panel.kind === "plane" ? t("surface") : String(panel.title ?? panel.id).split(/[,(:，（：]/)[0].toLowerCase());
}

/** The scene format that this player reads. */
export const SCENE_VERSION = 1;

/**
 * Every blob that a scene names, once each, in order of appearance.
 * @param {any} scene
 * @returns {string[]}
 */
export function blobNames(scene) {
  const names = new Set();
  for (const track of scene.tracks ?? []) if (track.blob) names.add(track.blob);
  for (const panel of scene.panels ?? []) if (panel.surface?.blob) names.add(panel.surface.blob);
  if (scene.live) names.add(scene.live.programs);
  return [...names];
}

/**
 * @param {any} scene
 * @param {{has(name: string): boolean}} blobs
 * @returns {string[]} the blobs that are named but not there yet
 */
export function missingBlobs(scene, blobs) {
  return blobNames(scene).filter((name) => !blobs.has(name));
}

/**
 * Throws, with a sentence, when a scene cannot be drawn.
 * @param {any} scene
 */
export function checkScene(scene) {
  if (!scene || typeof scene !== "object") throw new Error("The scene is not an object.");
  if (scene.version !== SCENE_VERSION) {
    throw new Error(`The scene has version ${scene.version}; this player reads version ${SCENE_VERSION}.`);
  }
  if (!(scene.frames >= 1)) throw new Error("A scene needs at least one frame.");
  if (!Array.isArray(scene.tracks) || !Array.isArray(scene.panels)) {
    throw new Error("A scene needs lists of tracks and panels.");
  }
}

/**
 * @param {ArrayBuffer} blob
 * @param {[number, number, number?]} place  offset and count, in floats; times: one number that stands for so many rows
 * @param {string} what
 * @returns {Float32Array}
 */
function columnOf(blob, place, what) {
  const [offset, count, times] = place;
  if ((offset + count) * 4 > blob.byteLength) throw new Error(`${what} reaches past the end of its blob.`);
  const column = new Float32Array(blob, offset * 4, count);
  return times ? new Float32Array(times).fill(column[0]) : column;
}

/**
 * The columns that tell where a track still is: its point on a plane, or else its curves.
 * @param {any[]} panels
 * @param {Record<string, Float32Array>} columns
 */
function leadingColumns(panels, columns) {
  const planes = panels.filter((panel) => panel.kind === "plane");
  const names = planes.length ? planes.flatMap((panel) => [panel.x, panel.y]) : [];
  return names.map((name) => columns[name]).filter(Boolean);
}

/**
 * The last row before the first number that is not finite; curves alone may have gaps, so there the last finite row.
 * @param {any[]} panels
 * @param {Record<string, Float32Array>} columns
 */
export function lastRow(panels, columns) {
  const leading = leadingColumns(panels, columns);
  if (leading.length) {
    const count = Math.min(...leading.map((column) => column.length));
    for (let i = 0; i < count; i++) if (!leading.every((column) => Number.isFinite(column[i]))) return i - 1;
    return count - 1;
  }
  let last = -1;
  for (const panel of panels) {
    const column = columns[panel.y];
    if (!column) continue;
    for (let i = column.length - 1; i > last; i--) if (Number.isFinite(column[i])) last = i;
  }
  return last;
}

/**
 * @param {any} track
 * @param {any} scene
 * @param {Map<string, ArrayBuffer>} blobs
 * @returns {Track}
 */
function decodeTrack(track, scene, blobs) {
  /** @type {Record<string, Float32Array>} */
  const columns = {};
  for (const [name, place] of Object.entries(track.columns ?? {})) {
    // What was computed on this page is there as it is.
    columns[name] = ArrayBuffer.isView(place) ? /** @type {any} */ (place) : columnOf(/** @type {any} */ (blobs.get(track.blob)), /** @type {any} */ (place), `${track.label}: ${name}`);
  }
  const end = Math.min(lastRow(scene.panels, columns), scene.frames - 1);
  const color = typeof track.color === "string" ? { light: track.color, dark: track.color } : track.color;
  return {
    id: String(track.id), label: String(track.label), name: String(track.name ?? track.label), color, dash: track.dash ?? "solid",
    marker: track.marker ?? "circle", status: track.status ?? "", statusFrom: track.status_from ?? end,
    columns, digits: null, toldEnd: null, end, inspector: track.inspector ?? null,
  };
}

/**
 * @param {any} panel
 * @param {Map<string, ArrayBuffer>} blobs
 */
function decodePanel(panel, blobs) {
  if (!panel.surface) return { ...panel, grid: null };
  const { blob, nx, ny, offset = 0 } = panel.surface;
  const values = columnOf(blobs.get(blob), [offset, nx * ny], `${panel.title}: surface`);
  return { ...panel, grid: { hash: blob, nx, ny, values, bounds: panel.bounds } };
}

/**
 * @param {any} scene
 * @param {Map<string, ArrayBuffer>} blobs  all those named must be there
 * @returns {Model}
 */
export function decodeScene(scene, blobs) {
  checkScene(scene);
  const missing = missingBlobs(scene, blobs);
  if (missing.length) throw new Error(`Numbers are missing: ${missing.join(", ")}.`);
  const every = [...scene.panels, ...ratePanels(scene)].map((panel) => decodePanel(panel, blobs));
  return {
    key: String(scene.key ?? ""), frames: Math.floor(scene.frames), frameTitle: scene.frame_title ?? "step",
    frameValues: scene.frame_values ?? null, frameTotal: scene.frame_total ?? "", autoplay: scene.autoplay !== false, waits: Boolean(scene.waits), duration: scene.duration || 6,
    reportRest: Boolean(scene.report_rest), origin: String(scene.origin ?? ""),
    tracks: scene.tracks.map((track) => decodeTrack(track, scene, blobs)),
    panels: drawnPanels(every, scene.live), every,
    live: scene.live ?? null, hash: blobNames(scene).join("+"),
  };
}
