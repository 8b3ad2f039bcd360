/** The player bar: step back, play, step forward, scrubber, speed, loop, video, full screen. */
import { SPEEDS, frameOf, lastFrame } from "../basics/clock.js";
import { element, icon, setText } from "../basics/dom.js";
import { formatNumber } from "../basics/format.js";
import { later, t } from "../basics/words.js";

/**
 * @param {keyof typeof import("../basics/dom.js")["icon"] | any} name
 * @param {string} label
 * @param {string} [extra]
 */
export function iconButton(name, label, extra = "") {
  return element("button", { type: "button", class: `ov-icon ${extra}`, "aria-label": label, title: label }, [icon(name)]);
}

function speedSelect() {
  const options = SPEEDS.map((speed) => element("option", { value: speed, text: `${speed}×`, selected: speed === 1 }));
  return /** @type {HTMLSelectElement} */ (element("select", { class: "ov-speed", "aria-label": t("Playing speed"), title: t("Playing speed") }, options));
}

/**
 * "step 132 / 500", or with the values that the frames stand for; "step 132 of 20,000" where the rest is yet to come.
 * @param {import("../numbers/scene.js").Model} model
 * @param {number} frame
 */
export function frameLabel(model, frame) {
  const values = model.frameValues;
  const name = (/** @type {number} */ i) => (values ? formatNumber(values[i], 6) : String(i));
  return `${model.frameTitle} ${name(frame)} ${model.frameTotal || `/ ${name(model.frames - 1)}`}`;
}

const RECORD = later("Record a video");

/** While a video is recorded the bar says how far it is, and its button ends it. @param {any} app @param {any} parts */
function drawRecording(app, parts) {
  const on = String(Boolean(app.recording));
  if (parts.record.getAttribute("aria-pressed") !== on) {
    const text = app.recording ? t("Cancel the recording") : t(RECORD);
    parts.record.setAttribute("aria-pressed", on);
    parts.record.setAttribute("aria-label", text);
    parts.record.title = text;
  }
  if (app.recording) setText(parts.label, t("recording {share} %", { share: Math.round(100 * app.recording.share) }));
}

/** @param {any} app @param {any} parts */
function wireControls(app, parts) {
  const on = (/** @type {HTMLElement} */ node, /** @type {string} */ name, /** @type {(event: any) => void} */ job) =>
    node.addEventListener(name, job, { signal: app.signal });
  on(parts.play, "click", () => app.togglePlay());
  on(parts.back, "click", () => app.step(-1));
  on(parts.forward, "click", () => app.step(1));
  on(parts.loop, "click", () => app.setLoop(!app.clock.loop));
  on(parts.speed, "change", () => app.setSpeed(Number(parts.speed.value)));
  on(parts.record, "click", () => app.toggleRecording());
  on(parts.full, "click", () => app.toggleFullScreen());
  on(parts.scrub, "input", () => app.seek(Number(parts.scrub.value)));
}

/**
 * @param {any} app
 * @returns {{element: HTMLElement, draw(): void}}
 */
export function createControls(app) {
  const parts = {
    back: iconButton("back", t("One step back")), play: iconButton("play", t("Play"), "ov-play"),
    forward: iconButton("forward", t("One step forward")),
    scrub: /** @type {HTMLInputElement} */ (element("input", { type: "range", class: "ov-scrub", min: 0, max: 1, step: 1, value: 0, "aria-label": t("Playhead") })),
    label: element("span", { class: "ov-frame" }), speed: speedSelect(), loop: iconButton("loop", t("Loop")),
    record: iconButton("record", t(RECORD)), full: iconButton("full", t("Full screen")),
  };
  parts.record.hidden = !app.canRecord;
  const bar = element("div", { class: "ov-bar", role: "group", "aria-label": t("Player") }, Object.values(parts));
  wireControls(app, parts);
  let playing = /** @type {boolean|null} */ (null);

  function draw() {
    const { clock, model } = app;
    const frame = frameOf(clock);
    const end = lastFrame(clock);
    if (parts.scrub.max !== String(end)) parts.scrub.max = String(end);
    if (parts.scrub.value !== String(frame)) parts.scrub.value = String(frame);
    parts.scrub.style.setProperty("--ov-part", `${end ? (100 * Math.min(clock.at, end)) / end : 0}%`);
    const text = frameLabel(model, frame);
    if (!app.recording) setText(parts.label, text);
    drawRecording(app, parts);
    if (!clock.playing) parts.scrub.setAttribute("aria-valuetext", text);
    parts.loop.setAttribute("aria-pressed", String(clock.loop));
    parts.speed.value = String(clock.speed);
    if (playing !== clock.playing) {
      playing = clock.playing;
      parts.play.replaceChildren(icon(playing ? "pause" : "play"));
      parts.play.setAttribute("aria-label", playing ? t("Pause") : t("Play"));
      parts.play.title = playing ? t("Pause (Space)") : t("Play (Space)");
    }
  }
  return { element: bar, draw };
}
