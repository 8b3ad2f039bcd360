/**
 * A track in pixels, and how to stroke a stretch of it. Pure but for the canvas context passed in.
 *
 * @typedef {object} Path
 * @property {Float64Array} xs
 * @property {Float64Array} ys  NaN: no point here
 * @property {boolean} joined  whether the line goes on over rows without a point
 * @property {Float64Array} along  length of the line so far, px, so that dashes go on where they stopped
 * @property {Uint8Array|null} hidden  1 where something lies in front (3-D)
 * @property {number} end  last row
 */

import { roomFor } from "../basics/room.js";

/** No segment counts for more: a run that flew off would otherwise make dashes without end. */
const LONGEST = 4000;
/** Steps of less than NEAR add nothing but work; a line may lie OFF beside the points that it stands for, px. */
const NEAR = 1, OFF = 0.2;

/**
 * @param {Float64Array} xs
 * @param {Float64Array} ys
 * @param {number} end
 * @param {{hidden?: Uint8Array|null, joined?: boolean, spare?: Path}} [options]  `spare` is a path that nobody needs any more
 * @returns {Path}
 */
export function makePath(xs, ys, end, options = {}) {
  const { hidden = null, joined = true, spare } = options;
  const along = roomFor(spare?.along, Math.max(0, end + 1));
  let [px, py, total] = [NaN, NaN, 0];
  for (let i = 0; i <= end; i++) {
    const [x, y] = [xs[i], ys[i]];
    if (x === x && y === y) {
      if (px === px) total += Math.min(LONGEST, Math.sqrt((x - px) * (x - px) + (y - py) * (y - py)));  // hypot is slow
      [px, py] = [x, y];
    }
    along[i] = total;
  }
  return { xs, ys, along, hidden, joined, end };
}

/**
 * The last row at or before `row` that has a point; -1 when there is none.
 * @param {Path} path
 * @param {number} row
 */
export function pointBefore(path, row) {
  for (let i = Math.min(row, path.end); i >= 0; i--) {
    if (path.xs[i] === path.xs[i] && path.ys[i] === path.ys[i]) return i;
  }
  return -1;
}

/**
 * Where the head is at a playhead that may lie between two rows.
 * @param {Path} path
 * @param {number} at
 * @returns {{x: number, y: number, row: number}|null}
 */
export function headAt(path, at) {
  const row = pointBefore(path, Math.floor(at));
  if (row < 0) return null;
  const [x, y] = [path.xs[row], path.ys[row]];
  const part = at - row;
  const next = row + 1;
  if (part <= 0 || part >= 1 || next > path.end || !(path.xs[next] === path.xs[next] && path.ys[next] === path.ys[next])) {
    return { x, y, row };
  }
  return { x: x + part * (path.xs[next] - x), y: y + part * (path.ys[next] - y), row };
}

/**
 * The part of a segment inside a box, or null (Liang-Barsky).
 * @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1
 * @param {[number, number, number, number]} box  left, top, right, bottom
 * @returns {[number, number, number, number]|null}
 */
export function clipSegment(x0, y0, x1, y1, box) {
  const [dx, dy] = [x1 - x0, y1 - y0];
  let [low, high] = [0, 1];
  const sides = [[-dx, x0 - box[0]], [dx, box[2] - x0], [-dy, y0 - box[1]], [dy, box[3] - y0]];
  for (const [p, q] of sides) {
    if (p === 0) {
      if (q < 0) return null;
      continue;
    }
    const t = q / p;
    if (p < 0) low = Math.max(low, t);
    else high = Math.min(high, t);
    if (low > high) return null;
  }
  return [x0 + low * dx, y0 + low * dy, x0 + high * dx, y0 + high * dy];
}

/** @param {number} x @param {number} y @param {number[]} box */
function insideBox(x, y, box) {
  return x >= box[0] && x <= box[2] && y >= box[1] && y <= box[3];
}

/**
 * Draws lines, with one long line for many that go the same way: less than OFF beside any of their ends, and never
 * past a turn back. A canvas takes its time for every line (Sklansky and Gonzalez 1980, cone intersection).
 * @param {CanvasRenderingContext2D} context
 * @param {[number, number, number, number]} box
 */
function createPen(context, box) {
  let [x0, y0, x1, y1] = [0, 0, 0, 0];  // the long line so far
  let [leftX, leftY, rightX, rightY] = [0, 0, 0, 0];  // the directions between which it may go on
  let waits = false, down = false;

  function flush() {
    if (waits) down = traceSegment(context, x0, y0, x1, y1, box, down);
    [x0, y0, waits] = [x1, y1, false];
  }
  /** Whether a line to here passes near every end so far. @param {number} dx @param {number} dy */
  function goesOn(dx, dy) {
    const [ux, uy] = [x1 - x0, y1 - y0];
    return leftX * dy <= leftY * dx && rightX * dy >= rightY * dx && dx * ux + dy * uy >= ux * ux + uy * uy;
  }
  return {
    flush,
    /** @param {number} x @param {number} y */
    move(x, y) {
      flush();
      [x0, y0, x1, y1, down] = [x, y, x, y, false];
    },
    /** Whether the end of the last line is so near that one to here could not be seen. @param {number} x @param {number} y */
    near: (x, y) => (waits || down) && Math.abs(x - x1) + Math.abs(y - y1) < NEAR,
    /** @param {number} x @param {number} y */
    line(x, y) {
      const on = waits && goesOn(x - x0, y - y0);
      if (!on) flush();
      const [dx, dy] = [x - x0, y - y0];
      const sine = Math.min(1, OFF / Math.sqrt(dx * dx + dy * dy)), cosine = Math.sqrt(1 - sine * sine);
      const [lx, ly, rx, ry] = [dx * cosine - dy * sine, dx * sine + dy * cosine, dx * cosine + dy * sine, dy * cosine - dx * sine];
      if (!on || leftX * ly < leftY * lx) [leftX, leftY] = [lx, ly];
      if (!on || rightX * ry > rightY * rx) [rightX, rightY] = [rx, ry];
      [x1, y1, waits] = [x, y, true];
    },
  };
}

/**
 * Adds rows from..to of a path to the context's current path; far-off parts are cut, since a canvas is slow with them.
 * @param {CanvasRenderingContext2D} context
 * @param {Path} path
 * @param {number} from
 * @param {number} to
 * @param {[number, number, number, number]} box
 * @param {number} [want]  only points that are hidden (1) or not (0)
 */
export function tracePath(context, path, from, to, box, want = -1) {
  const { xs, ys, hidden } = path, pen = createPen(context, box);
  let previous = path.joined ? pointBefore(path, from) : from;
  let on = false;
  for (let i = from + (previous === from ? 1 : 0); i <= Math.min(to, path.end); i++) {
    const [x, y] = [xs[i], ys[i]];
    if (!(x === x && y === y)) {
      on = on && path.joined;
      if (!path.joined) previous = -1;
      continue;
    }
    if (previous < 0 || (want >= 0 && hidden && hidden[i] !== want)) { previous = i; on = false; continue; }
    if (on && i < to && pen.near(x, y)) continue;
    if (!on) pen.move(xs[previous], ys[previous]);
    pen.line(x, y);
    on = true;
    previous = i;
  }
  pen.flush();
}

/**
 * One segment, cut to the box; tells whether the pen is at its end.
 * @param {CanvasRenderingContext2D} context
 * @param {number} x0 @param {number} y0 @param {number} x1 @param {number} y1
 * @param {[number, number, number, number]} box
 * @param {boolean} pen
 */
function traceSegment(context, x0, y0, x1, y1, box, pen) {
  if (insideBox(x0, y0, box) && insideBox(x1, y1, box)) {
    if (!pen) context.moveTo(x0, y0);
    context.lineTo(x1, y1);
    return true;
  }
  const cut = clipSegment(x0, y0, x1, y1, box);
  if (cut) {
    context.moveTo(cut[0], cut[1]);
    context.lineTo(cut[2], cut[3]);
  }
  return false;
}

/**
 * The point of any path that is nearest to a pixel.
 * @param {Map<string, Path>} paths
 * @param {number} x
 * @param {number} y
 * @param {number} reach  px
 * @param {number} [wide]  weight of a sideways distance
 * @returns {{id: string, row: number, distance: number}|null}
 */
export function nearestPoint(paths, x, y, reach, wide = 1) {
  let best = null;
  let least = reach * reach;
  for (const [id, path] of paths) {
    for (let i = 0; i <= path.end; i++) {
      const dx = (path.xs[i] - x) * wide;
      const dy = path.ys[i] - y;
      const distance = dx * dx + dy * dy;
      if (distance < least) { least = distance; best = { id, row: i, distance: 0 }; }
    }
  }
  if (best) best.distance = Math.sqrt(least);
  return best;
}
