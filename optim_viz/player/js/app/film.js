/**
 * The pictures of a video: what Plotly drew is painted once, the canvases of trails and heads over it for each frame.
 */
import { frameLabel } from "../words/controls.js";
import { element } from "../basics/dom.js";
import { namedOnce, visibleLooks } from "../basics/looks.js";
import { openPanels } from "../plots/panels.js";
import { dashPattern, drawSymbol } from "../basics/symbols.js";

export const FRAMES_PER_SECOND = 30;
/** How long the end stays in the picture, seconds. */
const FILM_REST = 1;
/** Air around the picture, and the height of a row of names, px. */
const PAD = 16;
const ROW = 24;

/** Video codecs halve the colours' resolution, so both sides are even. @param {number} size */
export function evenSize(size) {
  return Math.max(2, 2 * Math.round(size / 2));
}

/**
 * The playhead at each frame of the video: from the first step to the last, and a rest there.
 * @param {number} last
 * @param {number} seconds  that the run takes
 * @returns {number[]}
 */
export function filmPlayheads(last, seconds) {
  const moving = last > 0 ? Math.max(1, Math.round(seconds * FRAMES_PER_SECOND)) : 0;
  const film = Array.from({ length: moving }, (_, i) => (i / moving) * last);
  return [...film, ...Array(FILM_REST * FRAMES_PER_SECOND).fill(last)];
}

/**
 * Names from left to right, in as many rows as they need.
 * @param {number[]} widths
 * @param {number} room
 * @returns {{left: number, row: number}[]}
 */
export function flowRows(widths, room) {
  let [left, row] = [0, 0];
  return widths.map((width) => {
    if (left && left + width > room) [left, row] = [0, row + 1];
    const place = { left, row };
    left += width;
    return place;
  });
}

/** The picture's font at a size. @param {any} app @param {number} size @param {string} [weight] */
const fontOf = (app, size, weight = "") => `${weight} ${size}px ${app.theme.font}`.trim();

/**
 * The legend's entries, measured.
 * @param {CanvasRenderingContext2D} context @param {any} app @param {number} room
 */
function legendPlaces(context, app, room) {
  context.font = fontOf(app, 13);
  const named = namedOnce(app.model);
  const shown = visibleLooks(app).flatMap((look) => {
    const track = named.find((one) => one.id === look.id);
    return track ? [{ look, label: track.name }] : [];
  });
  const places = flowRows(shown.map(({ label }) => 42 + context.measureText(label).width + 20), room);
  return shown.map((entry, i) => ({ ...entry, ...places[i] }));
}

/** @param {CanvasRenderingContext2D} context @param {any} app @param {any[]} legend */
function drawLegend(context, app, legend) {
  for (const { look, label, left, row } of legend) {
    const [x, y] = [PAD + left, PAD + row * ROW + ROW / 2];
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(x + 34, y);
    Object.assign(context, { strokeStyle: look.color, lineWidth: 2.4 });
    context.setLineDash(dashPattern(look.dash, 2));
    context.stroke();
    context.setLineDash([]);
    drawSymbol(context, look.marker, x + 17, y, 5, { fill: look.color, edge: app.theme.background, edgeWidth: 3 });
    Object.assign(context, { fillStyle: app.theme.text, font: fontOf(app, 13), textBaseline: "middle" });
    context.fillText(label, x + 42, y);
  }
}

/**
 * A line cut, with an ellipsis, to the room that it has.
 * @param {string} text
 * @param {number} room
 * @param {(text: string) => number} widthOf
 */
export function cutToRoom(text, room, widthOf) {
  let kept = text.length;
  while (kept > 0 && widthOf(kept < text.length ? `${text.slice(0, kept)}\u2026` : text) > room) kept--;
  return kept < text.length ? `${text.slice(0, kept)}\u2026` : text;
}

/** Where the film comes from, at its foot. @param {CanvasRenderingContext2D} context @param {any} app @param {any} size */
function drawOrigin(context, app, size) {
  Object.assign(context, { fillStyle: app.theme.muted, font: fontOf(app, 10), textBaseline: "middle" });
  const line = cutToRoom(app.model.origin, size.width - 2 * PAD, (text) => context.measureText(text).width);
  context.fillText(line, PAD, size.height - PAD / 2 - 2);
}

/**
 * Where each open panel lies in the video: as on the page, below the legend.
 * @param {any} app @param {number} top
 */
function panelPlaces(app, top) {
  const grid = app.grid.getBoundingClientRect();
  return openPanels(app).map((panel) => {
    const host = panel.host;
    const rect = host.getBoundingClientRect();
    const heading = host.closest(".ov-panel").querySelector(".ov-title");
    const title = heading.getBoundingClientRect();
    const place = (/** @type {DOMRect} */ r) => ({ left: PAD + r.left - grid.left, top: top + r.top - grid.top, width: r.width, height: r.height });
    return { panel, host, box: place(rect), title: { ...place(title), text: heading.textContent } };
  });
}

/** What Plotly drew of a panel. @param {any} app @param {any} place @param {number} ratio */
async function plotImage(app, place, ratio) {
  const { width, height } = place.box;
  const image = /** @type {HTMLImageElement} */ (element("img"));
  const gd = place.host.querySelector(".js-plotly-plot");
  const plotly = gd._fullLayout.scene ? await app.wholePlotly() : app.plotly;
  image.src = await plotly.toImage(gd, { format: "png", width, height, scale: ratio });
  await image.decode();
  return image;
}

/**
 * Everything that stands still, painted once.
 * @param {any} app
 */
export async function createBackdrop(app) {
  const canvas = /** @type {HTMLCanvasElement} */ (element("canvas"));
  const context = canvas.getContext("2d");
  const ratio = Math.min(2, Math.max(1, window.devicePixelRatio || 1));
  const room = app.grid.clientWidth;
  const legend = legendPlaces(context, app, room);
  const top = PAD + (legend.length ? legend[legend.length - 1].row + 1 : 0) * ROW + 4;
  const places = panelPlaces(app, top);
  const images = await Promise.all(places.map((place) => plotImage(app, place, ratio)));
  const bottom = Math.max(top, ...places.map(({ box }) => box.top + box.height));
  const size = { width: room + 2 * PAD, height: bottom + ROW + PAD };
  Object.assign(canvas, { width: evenSize(size.width * ratio), height: evenSize(size.height * ratio) });
  context.setTransform(canvas.width / size.width, 0, 0, canvas.height / size.height, 0, 0);
  context.fillStyle = app.theme.background;
  context.fillRect(0, 0, size.width, size.height);
  drawLegend(context, app, legend);
  places.forEach(({ box, title }, i) => {
    context.drawImage(images[i], box.left, box.top, box.width, box.height);
    Object.assign(context, { fillStyle: app.theme.text, font: fontOf(app, 14, "600"), textBaseline: "middle" });
    context.fillText(title.text, title.left, title.top + title.height / 2);
  });
  drawOrigin(context, app, size);
  return { canvas, places, size };
}

/**
 * One frame: backdrop, trails and heads at the playhead, and which step it is.
 * @param {CanvasRenderingContext2D} context @param {any} backdrop @param {any} app @param {number} at
 */
export function drawFilm(context, backdrop, app, at) {
  const { canvas, places, size } = backdrop;
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(canvas, 0, 0);
  context.setTransform(canvas.width / size.width, 0, 0, canvas.height / size.height, 0, 0);
  for (const { panel, host, box } of places) {
    panel.draw(at);
    for (const layer of host.querySelectorAll("canvas.ov-canvas")) {
      const { left, top, width, height } = layer.style;
      context.drawImage(layer, box.left + parseFloat(left), box.top + parseFloat(top), parseFloat(width), parseFloat(height));
    }
  }
  Object.assign(context, { fillStyle: app.theme.muted, font: fontOf(app, 13), textBaseline: "middle", textAlign: "end" });
  context.fillText(frameLabel(app.model, Math.floor(at + 1e-6)), size.width - PAD, size.height - PAD - ROW / 2 + 6);
  context.textAlign = "start";
}
