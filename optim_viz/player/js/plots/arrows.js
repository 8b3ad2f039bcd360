/** Arrows at the heads, and at a step that is pointed at. */
import { ARROWS, arrowLength, arrowVector, largestArrow } from "../numbers/arrows.js";
import { headAt } from "../numbers/paths.js";

/**
 * The arrows of one run at one of its rows.
 * @param {CanvasRenderingContext2D} context
 * @param {any} view  whose `aim` turns a vector at a row into px
 * @param {any} app
 * @param {import("./stage.js").Look} look
 * @param {number} row
 * @param {{x: number, y: number}} tail  px
 * @param {typeof ARROWS} kinds
 */
export function drawArrowsOf(context, view, app, look, row, tail, kinds) {
  const track = app.model.tracks.find((/** @type {any} */ one) => one.id === look.id);
  for (const kind of kinds) {
    const vector = arrowVector(track, view.panel, kind.name, row);
    if (!vector) continue;
    const sizes = (view.largest[look.id] ??= {});
    const largest = (sizes[kind.name] ??= largestArrow(track, view.panel, kind.name));
    const length = arrowLength(Math.hypot(vector[0], vector[1]), largest);
    const [dx, dy] = view.aim(track, row, vector);
    const size = Math.hypot(dx, dy);
    if (!(size > 0) || !length) continue;
    drawArrow(context, tail.x, tail.y, (dx / size) * length, (dy / size) * length,
      { color: look.color, edge: app.theme.background, width: kind.width, dash: kind.dash });
  }
}

/**
 * The arrows that were chosen, at every head; and all that there are at the step under the pointer.
 * @param {CanvasRenderingContext2D} context @param {any} view @param {any} app
 * @param {import("./stage.js").Look[]} looks @param {number} at
 */
export function drawArrows(context, view, app, looks, at) {
  const kinds = ARROWS.filter((kind) => app.arrows.has(kind.name));
  for (const look of looks) {
    const path = view.stage.paths.get(look.id);
    const head = kinds.length && path ? headAt(path, Math.min(at, path.end)) : null;
    if (head) drawArrowsOf(context, view, app, look, head.row, head, kinds);
    if (path && app.hover?.id === look.id && app.hover.row <= path.end) {
      drawArrowsOf(context, view, app, look, app.hover.row, { x: path.xs[app.hover.row], y: path.ys[app.hover.row] }, ARROWS);
    }
  }
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {number} x @param {number} y  the tail
 * @param {number} dx @param {number} dy  to the tip, px
 * @param {{color: string, edge: string, width: number, dash: number[]}} style
 */
export function drawArrow(context, x, y, dx, dy, style) {
  const size = 3.5 + style.width * 1.6;
  const angle = Math.atan2(dy, dx);
  const [tx, ty] = [x + dx, y + dy];
  const corner = (/** @type {number} */ turn) => [tx - size * Math.cos(angle + turn), ty - size * Math.sin(angle + turn)];
  const [a, b] = [corner(0.45), corner(-0.45)];
  for (const pass of ["edge", "color"]) {
    const stroke = pass === "edge" ? style.edge : style.color;
    context.strokeStyle = context.fillStyle = stroke;
    context.lineWidth = style.width + (pass === "edge" ? 2.5 : 0);
    context.lineJoin = "round";
    context.setLineDash(pass === "edge" ? [] : style.dash);
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(tx - dx * 0.08, ty - dy * 0.08);
    context.stroke();
    context.setLineDash([]);
    context.beginPath();
    context.moveTo(tx, ty);
    context.lineTo(a[0], a[1]);
    context.lineTo(b[0], b[1]);
    context.closePath();
    if (pass === "edge") context.stroke();
    context.fill();
  }
}
