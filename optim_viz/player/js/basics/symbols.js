/** Markers and dashes, the same on the canvas, in the legend and (by their names) in Plotly. Pure shapes. */

/** @param {number} count @param {number} turn @param {number} [inner] radius of every second corner */
function ringPoints(count, turn, inner) {
  const corners = inner ? count * 2 : count;
  return Array.from({ length: corners }, (_, i) => {
    const radius = inner && i % 2 ? inner : 1;
    const angle = turn + (i * 2 * Math.PI) / corners;
    return [radius * Math.cos(angle), radius * Math.sin(angle)];
  });
}

/** @param {number} arm half the width of an arm of the cross */
function crossPoints(arm) {
  const a = arm;
  return [[-a, -1], [a, -1], [a, -a], [1, -a], [1, a], [a, a], [a, 1], [-a, 1], [-a, a], [-1, a], [-1, -a], [-a, -a]];
}

/** @param {number[][]} points @param {number} angle */
function turnPoints(points, angle) {
  const [c, s] = [Math.cos(angle), Math.sin(angle)];
  return points.map(([x, y]) => [x * c - y * s, x * s + y * c]);
}

const UP = -Math.PI / 2;

/** Outlines in a unit circle, y down, by Plotly's symbol names. @type {Record<string, number[][]>} */
const SHAPES = {
  circle: ringPoints(28, 0),
  square: [[-0.85, -0.85], [0.85, -0.85], [0.85, 0.85], [-0.85, 0.85]],
  diamond: ringPoints(4, 0).map(([x, y]) => [x * 1.12, y * 1.12]),
  cross: crossPoints(0.36),
  x: turnPoints(crossPoints(0.36), Math.PI / 4),
  "triangle-up": ringPoints(3, UP).map(([x, y]) => [x * 1.15, y * 1.15 + 0.15]),
  "triangle-down": ringPoints(3, -UP).map(([x, y]) => [x * 1.15, y * 1.15 - 0.15]),
  "triangle-left": ringPoints(3, Math.PI).map(([x, y]) => [x * 1.15 + 0.15, y * 1.15]),
  "triangle-right": ringPoints(3, 0).map(([x, y]) => [x * 1.15 - 0.15, y * 1.15]),
  pentagon: ringPoints(5, UP),
  hexagon: ringPoints(6, 0),
  hexagon2: ringPoints(6, UP),
  octagon: ringPoints(8, UP / 4),
  star: ringPoints(5, UP, 0.48).map(([x, y]) => [x * 1.18, y * 1.18]),
  hexagram: ringPoints(6, UP, 0.58).map(([x, y]) => [x * 1.1, y * 1.1]),
  "star-diamond": ringPoints(4, UP, 0.5).map(([x, y]) => [x * 1.2, y * 1.2]),
  "star-square": ringPoints(4, UP / 2, 0.6).map(([x, y]) => [x * 1.2, y * 1.2]),
  hourglass: [[-0.85, -0.95], [0.85, -0.95], [-0.85, 0.95], [0.85, 0.95]],
  bowtie: [[-0.95, -0.85], [0.95, 0.85], [0.95, -0.85], [-0.95, 0.85]],
};

/**
 * The outline of a marker; an unknown name is a circle.
 * @param {string} name
 * @returns {number[][]}
 */
export function symbolPoints(name) {
  return SHAPES[name] ?? SHAPES[String(name).replace(/-(open|dot)+$/g, "").replace(/-open$/, "")] ?? SHAPES.circle;
}

/** @param {string} name @param {number} size @param {number} cx @param {number} cy */
export function symbolPath(name, size, cx, cy) {
  const points = symbolPoints(name).map(([x, y]) => `${(cx + x * size).toFixed(2)} ${(cy + y * size).toFixed(2)}`);
  return `M${points.join("L")}Z`;
}

/** Lengths of dashes and gaps in units of the line's width. @type {Record<string, number[]>} */
const DASHES = {
  solid: [], dot: [1.1, 1.6], dash: [3.6, 2.2], longdash: [7, 2.6], dashdot: [4, 1.8, 1.1, 1.8],
  longdashdot: [7, 2, 1.1, 2],
};

/**
 * @param {string} name
 * @param {number} width
 * @returns {number[]} for setLineDash and stroke-dasharray
 */
export function dashPattern(name, width) {
  return (DASHES[name] ?? DASHES.solid).map((length) => length * Math.max(width, 1.5));
}

/**
 * @param {CanvasRenderingContext2D} context
 * @param {string} name
 * @param {number} x
 * @param {number} y
 * @param {number} size  radius, px
 * @param {{fill: string, edge: string, edgeWidth?: number}} style
 */
export function drawSymbol(context, name, x, y, size, style) {
  context.beginPath();
  for (const [dx, dy] of symbolPoints(name)) context.lineTo(x + dx * size, y + dy * size);
  context.closePath();
  context.lineJoin = "round";
  context.lineWidth = style.edgeWidth ?? 1.5;
  context.strokeStyle = style.edge;
  context.stroke();
  context.fillStyle = style.fill;
  context.fill();
}

/**
 * A minimum: a full star for one that no other undercuts, an empty one for the others.
 * @param {CanvasRenderingContext2D} context @param {number} x @param {number} y @param {boolean} lowest
 * @param {{text: string, background: string}} theme
 */
export function drawMinimum(context, x, y, lowest, { text, background }) {
  drawSymbol(context, "star", x, y, 6.5, { fill: text, edge: background, edgeWidth: 3 });
  if (!lowest) drawSymbol(context, "star", x, y, 3.4, { fill: background, edge: background, edgeWidth: 1 });
}
