/**
 * Two canvases over a Plotly plot: one keeps the trails and only ever gains segments, one has the heads and is cleared
 * every frame. So a frame costs a few short strokes, however long the paths are.
 *
 * @typedef {import("../numbers/paths.js").Path} Path
 * @typedef {{left: number, top: number, width: number, height: number}} Box
 * @typedef {{id: string, color: string, dash: string, marker: string}} Look
 * @typedef {(looks: Look[], from: number) => void} Under  what goes below the trails of some runs on a fresh canvas, from a row on
 * @typedef {object} Stage
 * @property {HTMLCanvasElement} trail
 * @property {HTMLCanvasElement} head
 * @property {Box} box  the plot area, in px of the container
 * @property {Map<string, Path>} paths
 * @property {Map<string, number>} painted  row up to which a trail is on the canvas
 * @property {boolean} stale  the trail canvas must be drawn anew
 * @property {number} apart  how far a step must go to get its dot, px
 * @property {{row: number, paths: Map<string, Path>}} before  what was drawn when it was last drawn anew
 * @property {{canvas: HTMLCanvasElement, key: any[], painted: Map<string, number>}|null} still  a picture of runs that stay
 */
import { element } from "../basics/dom.js";
import { headAt, tracePath } from "../numbers/paths.js";
import { dashPattern, drawSymbol } from "../basics/symbols.js";

const TRAIL_WIDTH = 2.4;
const HEAD_SIZE = 6;
const DOT = 2.7;
/** Steps that lie so far apart get a dot each, px: few in the whole picture, nearly all where it is zoomed. */
export const APART = { whole: 8, zoomed: 3 };

/** @param {HTMLElement} container @returns {Stage} */
export function createStage(container) {
  const trail = /** @type {HTMLCanvasElement} */ (element("canvas", { class: "ov-canvas", "aria-hidden": "true" }));
  const head = /** @type {HTMLCanvasElement} */ (element("canvas", { class: "ov-canvas", "aria-hidden": "true" }));
  container.append(trail, head);
  return { trail, head, box: { left: 0, top: 0, width: 0, height: 0 }, paths: new Map(), painted: new Map(), stale: true, apart: APART.whole, before: { row: -1, paths: new Map() }, still: null };
}

/**
 * Puts the canvases over the plot area, in the screen's own pixels (at most two for one).
 * @param {Stage} stage
 * @param {Box} box
 */
export function placeStage(stage, box) {
  stage.box = box;
  stage.stale = true;
  const ratio = Math.min(2, Math.max(1, window.devicePixelRatio || 1));
  for (const canvas of [stage.trail, stage.head]) {
    const [width, height] = [Math.max(1, Math.round(box.width * ratio)), Math.max(1, Math.round(box.height * ratio))];
    if (canvas.width !== width) canvas.width = width;
    if (canvas.height !== height) canvas.height = height;
    Object.assign(canvas.style, {
      left: `${box.left}px`, top: `${box.top}px`, width: `${box.width}px`, height: `${box.height}px`,
    });
    canvas.getContext("2d").setTransform(ratio, 0, 0, ratio, 0, 0);
  }
}

/** The next drawing starts over. @param {Stage} stage */
export function stalePaths(stage) {
  stage.stale = true;
}

/** What lies further out than this is not drawn. @param {Stage} stage @returns {[number, number, number, number]} */
export function stageReach(stage) {
  return [-60, -60, stage.box.width + 60, stage.box.height + 60];
}

/**
 * Whole paths, faint, under everything: where the runs will go.
 * @param {Stage} stage
 * @param {Look[]} looks
 * @param {{width?: number, alpha?: number, from?: number}} [style]  `from` is the first row that is drawn
 */
export function drawFaint(stage, looks, style = {}) {
  const context = stage.trail.getContext("2d");
  context.save();
  context.globalAlpha = style.alpha ?? 0.34;
  context.lineWidth = style.width ?? 1.25;
  context.lineJoin = "round";
  for (const look of looks) {
    const path = stage.paths.get(look.id);
    if (!path) continue;
    context.strokeStyle = look.color;
    context.beginPath();
    tracePath(context, path, style.from ?? 0, path.end, stageReach(stage));
    context.stroke();
  }
  context.restore();
}

/**
 * One stretch of a trail, its dashes in step with what came before; what is hidden behind the surface is dimmed.
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Look} look
 * @param {Path} path
 * @param {number} from
 * @param {number} to
 */
function strokeTrail(context, stage, look, path, from, to) {
  context.strokeStyle = look.color;
  context.lineWidth = TRAIL_WIDTH;
  context.lineJoin = "round";
  context.lineCap = look.dash === "solid" ? "round" : "butt";
  context.setLineDash(dashPattern(look.dash, TRAIL_WIDTH));
  context.lineDashOffset = path.along[from] ?? 0;
  for (const want of path.hidden ? [1, 0] : [-1]) {
    context.globalAlpha = want === 1 ? 0.28 : 1;
    context.beginPath();
    tracePath(context, path, from, to, stageReach(stage), want);
    context.stroke();
  }
  context.globalAlpha = 1;
  context.setLineDash([]);
}

/**
 * A dot for every step of a stretch that went far enough to be seen as one.
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {Look} look
 * @param {Path} path
 * @param {number} from
 * @param {number} to
 */
function dotSteps(context, stage, look, path, from, to) {
  const [left, top, right, bottom] = stageReach(stage);
  context.fillStyle = look.color;
  context.beginPath();
  for (let i = from + 1; i <= to; i++) {
    if (path.along[i] - path.along[i - 1] < stage.apart || path.hidden?.[i]) continue;
    const [x, y] = [path.xs[i], path.ys[i]];
    if (!(x > left && x < right && y > top && y < bottom)) continue;
    context.moveTo(x + DOT, y);
    context.arc(x, y, DOT, 0, 2 * Math.PI);
  }
  context.fill();
}

/** Draws the trails on from where they are to a row. @param {Stage} stage @param {number} row @param {Look[]} looks */
function extendTrails(stage, row, looks) {
  const context = stage.trail.getContext("2d");
  for (const look of looks) {
    const path = stage.paths.get(look.id);
    if (!path) continue;
    const from = stage.painted.get(look.id) ?? 0;
    const to = Math.min(row, path.end);
    // Less than a pixel waits (the head canvas shows it), so that slow parts do not become a row of dots.
    if (to <= from || path.along[to] - path.along[from] < 1) continue;
    strokeTrail(context, stage, look, path, from, to);
    dotSteps(context, stage, look, path, from, to);
    stage.painted.set(look.id, to);
  }
}

/** Puts one canvas on another, pixel for pixel. @param {HTMLCanvasElement} from @param {HTMLCanvasElement} to */
function copyCanvas(from, to) {
  const context = to.getContext("2d");
  context.save();
  context.setTransform(1, 0, 0, 1, 0, 0);
  context.drawImage(from, 0, 0);
  context.restore();
}

/**
 * Draws the runs that stay on an empty trail canvas: their picture is kept, so that a run of several that is turned by
 * hand costs the strokes of one.
 * @param {Stage} stage @param {number} row @param {Look[]} looks @param {Under} drawUnder
 */
function putStill(stage, row, looks, drawUnder) {
  const { trail, still } = stage;
  const key = [row, trail.width, trail.height, ...looks.flatMap((look) => [look.color, look.dash, stage.paths.get(look.id)])];
  if (still && still.key.length === key.length && key.every((part, i) => part === still.key[i])) {
    copyCanvas(still.canvas, trail);
    stage.painted = new Map(still.painted);
    return;
  }
  drawUnder(looks, 0);
  extendTrails(stage, row, looks);
  const canvas = /** @type {HTMLCanvasElement} */ (element("canvas", { width: trail.width, height: trail.height }));
  copyCanvas(trail, canvas);
  stage.still = { canvas, key, painted: new Map(stage.painted) };
}

/**
 * Brings the trail canvas up to the playhead. Going back, or a new view, draws it anew; where some paths are new and
 * others are not, those come first. While a hand moves them, what lies below their trails is left out.
 * @param {Stage} stage
 * @param {number} at
 * @param {Look[]} looks  visible tracks, in drawing order
 * @param {Under} drawUnder
 * @param {boolean} held
 */
function paintTrails(stage, at, looks, drawUnder, held) {
  const row = Math.floor(at + 1e-6);
  const back = looks.some((look) => (stage.painted.get(look.id) ?? 0) > row);
  if (stage.stale || back) {
    stage.trail.getContext("2d").clearRect(0, 0, stage.box.width, stage.box.height);
    stage.painted.clear();
    const [still, turned] = [true, false].map((stays) => looks.filter(({ id }) => (stage.paths.get(id) === stage.before.paths.get(id)) === stays));
    if (row === stage.before.row && still.length && turned.length) {
      putStill(stage, row, still, drawUnder);
      drawUnder(turned, held ? row : 0);
    } else {
      stage.still = null;
      drawUnder(looks, held && !still.length ? row : 0);
    }
    stage.before = { row, paths: new Map(stage.paths) };
    stage.stale = false;
  }
  extendTrails(stage, row, looks);
}

/**
 * A head that left the plot: a small triangle at the edge says which way.
 * @param {CanvasRenderingContext2D} context
 * @param {Stage} stage
 * @param {{x: number, y: number}} head
 * @param {Look} look
 * @param {string} edge
 */
function drawEscaped(context, stage, head, look, edge) {
  const { width, height } = stage.box;
  const x = Math.min(width - 8, Math.max(8, head.x));
  const y = Math.min(height - 8, Math.max(8, head.y));
  context.save();
  context.translate(x, y);
  context.rotate(Math.atan2(head.y - y, head.x - x) + Math.PI / 2);
  drawSymbol(context, "triangle-up", 0, 0, 6, { fill: look.color, edge });
  context.restore();
}

/** @param {Stage} stage @param {{x: number, y: number}} head */
function outsideStage(stage, head) {
  return head.x < -1 || head.y < -1 || head.x > stage.box.width + 1 || head.y > stage.box.height + 1;
}

/** A head, or, where it left the plot, which way it went. @param {CanvasRenderingContext2D} context @param {Stage} stage @param {{x: number, y: number}} head @param {Look} look @param {string} edge */
export function drawHead(context, stage, head, look, edge) {
  if (outsideStage(stage, head)) drawEscaped(context, stage, head, look, edge);
  else drawSymbol(context, look.marker, head.x, head.y, HEAD_SIZE, { fill: look.color, edge, edgeWidth: 3 });
}

/**
 * The heads, and the last bit of trail that leads to each.
 * @param {Stage} stage
 * @param {number} at
 * @param {Look[]} looks
 * @param {string} edge  colour of the outline around a head
 */
function paintHeads(stage, at, looks, edge) {
  const context = stage.head.getContext("2d");
  for (const look of looks) {
    const path = stage.paths.get(look.id);
    const head = path && headAt(path, Math.min(at, path.end));
    if (!head) continue;
    strokeTrail(context, stage, look, path, stage.painted.get(look.id) ?? 0, head.row);
    context.beginPath();
    context.setLineDash([]);
    const box = stageReach(stage);
    if (Math.abs(path.xs[head.row]) < 1e5 && Math.abs(head.x) < 1e5 && head.x > box[0] - 1e4) {
      context.moveTo(path.xs[head.row], path.ys[head.row]);
      context.lineTo(head.x, head.y);
      context.stroke();
    }
    context.globalAlpha = path.hidden?.[head.row] && !outsideStage(stage, head) ? 0.45 : 1;
    drawHead(context, stage, head, look, edge);
    context.globalAlpha = 1;
  }
}

/**
 * Draws the stage at a playhead.
 * @param {Stage} stage
 * @param {object} picture
 * @param {number} picture.at
 * @param {Look[]} picture.looks
 * @param {string} picture.edge
 * @param {Under} picture.under
 * @param {boolean} [picture.held]  whether a hand turns something
 * @param {(context: CanvasRenderingContext2D) => void} [picture.before]  below the heads, every frame
 * @param {(context: CanvasRenderingContext2D) => void} [picture.after]  above the heads, every frame
 */
export function renderStage(stage, picture) {
  paintTrails(stage, picture.at, picture.looks, picture.under, Boolean(picture.held));
  const context = stage.head.getContext("2d");
  context.clearRect(0, 0, stage.box.width, stage.box.height);
  picture.before?.(context);
  paintHeads(stage, picture.at, picture.looks, picture.edge);
  picture.after?.(context);
}
