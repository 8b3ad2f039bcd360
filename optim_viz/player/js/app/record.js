/**
 * Records the run as a video, in the browser: each frame is drawn as film.js says, and a MediaRecorder encodes as it goes.
 * MP4 where the browser can write it, WebM elsewhere.
 */
import { lastFrame, pauseClock } from "../basics/clock.js";
import { element } from "../basics/dom.js";
import { carried } from "./carried.js";
import { FRAMES_PER_SECOND, createBackdrop, drawFilm, filmPlayheads } from "./film.js";
import { t } from "../basics/words.js";

const BITS_PER_SECOND = 6_000_000;
/** Milliseconds that a frame is shown. */
const FRAME = 1000 / FRAMES_PER_SECOND;
/** Milliseconds for the encoder's last frames: Chromium throws away those that it still has when it is stopped. */
const LAST = 300;

/** By preference; the first that the browser can write. */
const TYPES = ["video/mp4;codecs=avc1.640028", "video/mp4", "video/webm;codecs=vp9", "video/webm"];

/**
 * @param {(type: string) => boolean} supported
 * @returns {string} "" where there is none
 */
export function videoType(supported) {
  return TYPES.find(supported) ?? "";
}

/** @param {string} type */
export function videoSuffix(type) {
  return type.startsWith("video/mp4") ? ".mp4" : ".webm";
}

/** Whether this browser can record at all. */
export function canRecord() {
  const able = typeof MediaRecorder === "function" && "captureStream" in HTMLCanvasElement.prototype;
  return able && videoType((type) => MediaRecorder.isTypeSupported(type)) !== "";
}

/**
 * A canvas that is encoded: `take` hands over the picture as it stands, `finish` gives the file.
 * @param {HTMLCanvasElement} canvas
 * @param {string} origin
 */
function createEncoder(canvas, origin) {
  const stream = canvas.captureStream(0);
  const track = /** @type {any} */ (stream.getVideoTracks()[0]);
  const mimeType = videoType((type) => MediaRecorder.isTypeSupported(type));
  const recorder = new MediaRecorder(stream, { mimeType, videoBitsPerSecond: BITS_PER_SECOND });
  const parts = /** @type {Blob[]} */ ([]);
  recorder.addEventListener("dataavailable", (event) => { if (event.data.size) parts.push(event.data); });
  const ended = new Promise((resolve, reject) => {
    recorder.addEventListener("stop", resolve);
    recorder.addEventListener("error", (event) => reject(/** @type {any} */ (event).error ?? new Error("the encoder stopped")));
  });
  recorder.start();
  return {
    suffix: videoSuffix(mimeType),
    take: () => track.requestFrame(),
    hold: (/** @type {boolean} */ on) => { if (recorder.state !== "inactive") recorder[on ? "pause" : "resume"](); },
    async finish() {
      if (recorder.state !== "inactive") recorder.stop();
      await ended;
      track.stop();
      return new Blob([...parts, carried(mimeType, origin)], { type: mimeType.split(";")[0] });
    },
  };
}

/** The next display frame on which a frame of the video is due. @param {number} due @returns {Promise<number>} */
function untilDue(due) {
  return new Promise((resolve) => {
    const look = (/** @type {number} */ now) => (now >= due ? resolve(now) : requestAnimationFrame(look));
    requestAnimationFrame(look);
  });
}

/** @param {Blob} file @param {string} name */
function download(file, name) {
  const link = /** @type {HTMLAnchorElement} */ (element("a", { href: URL.createObjectURL(file), download: name }));
  link.click();
  setTimeout(() => URL.revokeObjectURL(link.href), 60_000);
}

/**
 * Films the whole run; null when it was cancelled, or when the run that was filmed is no longer the one shown.
 * @param {any} app @param {{cancelled: boolean, share: number}} recording
 */
async function film(app, recording) {
  const { model } = app;
  const backdrop = await createBackdrop(app);
  const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { width: backdrop.canvas.width, height: backdrop.canvas.height }));
  const context = canvas.getContext("2d");
  const playheads = filmPlayheads(lastFrame(app.clock), app.clock.duration / app.clock.speed);
  const encoder = createEncoder(canvas, model.origin);
  const onHide = () => encoder.hold(document.hidden);
  document.addEventListener("visibilitychange", onHide);
  const over = () => recording.cancelled || app.destroyed || app.model !== model || app.clock.playing;
  let due = performance.now();
  for (let i = 0; i < playheads.length && !over(); i++) {
    const now = await untilDue(due);
    // A slow machine gives a slower video with all its frames, rather than one with gaps: late is not made up for,
    // because two frames that are asked for before the browser has painted would be one.
    due = Math.max(due + FRAME, now + FRAME / 2);
    if (over()) break;
    app.clock = { ...app.clock, at: playheads[i] };
    drawFilm(context, backdrop, app, playheads[i]);
    encoder.take();
    recording.share = (i + 1) / playheads.length;
    app.controls.draw();
  }
  document.removeEventListener("visibilitychange", onHide);
  const whole = !over();
  if (whole) await untilDue(due + LAST);
  const file = await encoder.finish();
  return whole ? { file, name: `optim-viz${encoder.suffix}`, frames: playheads.length } : null;
}

/**
 * Starts a recording, or cancels the one that goes on.
 * @param {any} app
 */
export async function toggleRecording(app) {
  if (app.recording) {
    app.recording.cancelled = true;
    return;
  }
  const before = app.clock.at;
  app.setClock(pauseClock(app.clock));
  app.recording = { cancelled: false, share: 0 };
  app.root.dataset.recording = "true";
  try {
    const result = await film(app, app.recording);
    if (result) download(result.file, result.name);
    app.problem.hidden = true;
  } catch (error) {
    app.problem.hidden = false;
    app.problem.textContent = t("The video could not be recorded: {error}", { error: /** @type {Error} */ (error).message });
  }
  app.recording = null;
  delete app.root.dataset.recording;
  if (!app.destroyed) app.setClock(app.clock.playing ? app.clock : { ...app.clock, at: Math.min(before, lastFrame(app.clock)) });
}
