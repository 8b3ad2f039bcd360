/** Points in space to pixels, and what hides them. Pure: matrices and numbers in, numbers out. */

/** Column-major 4 x 4, as WebGL has them. @param {ArrayLike<number>} a @param {ArrayLike<number>} b @returns {Float64Array} a times b */
export function multiplyMatrices(a, b) {
  const product = new Float64Array(16);
  for (let column = 0; column < 4; column++) {
    for (let row = 0; row < 4; row++) {
      let sum = 0;
      for (let k = 0; k < 4; k++) sum += a[k * 4 + row] * b[column * 4 + k];
      product[column * 4 + row] = sum;
    }
  }
  return product;
}

/**
 * @param {{projection: ArrayLike<number>, view: ArrayLike<number>, model: ArrayLike<number>}} camera
 * @returns {Float64Array}
 */
export function cameraMatrix(camera) {
  return multiplyMatrices(camera.projection, multiplyMatrices(camera.view, camera.model));
}

/**
 * @param {ArrayLike<number>} m
 * @param {number} x @param {number} y @param {number} z
 * @param {number} width @param {number} height
 * @returns {[number, number]|null} px from the top left; null behind the camera
 */
export function projectPoint(m, x, y, z, width, height) {
  const w = m[3] * x + m[7] * y + m[11] * z + m[15];
  if (!(w > 1e-9)) return null;
  const u = (m[0] * x + m[4] * y + m[8] * z + m[12]) / w;
  const v = (m[1] * x + m[5] * y + m[9] * z + m[13]) / w;
  return [((1 + u) / 2) * width, ((1 - v) / 2) * height];
}

/**
 * Where the camera is: the point that view x model sends to the origin (Cramer's rule on the upper 3 x 3).
 * @param {{view: ArrayLike<number>, model: ArrayLike<number>}} camera
 * @returns {[number, number, number]}
 */
export function cameraEye(camera) {
  const m = multiplyMatrices(camera.view, camera.model);
  const column = (/** @type {number} */ k) => [m[k * 4], m[k * 4 + 1], m[k * 4 + 2]];
  const [a, b, c, d] = [column(0), column(1), column(2), column(3).map((value) => -value)];
  const det = (/** @type {number[]} */ p, /** @type {number[]} */ q, /** @type {number[]} */ r) =>
    p[0] * (q[1] * r[2] - q[2] * r[1]) - q[0] * (p[1] * r[2] - p[2] * r[1]) + r[0] * (p[1] * q[2] - p[2] * q[1]);
  const whole = det(a, b, c);
  return [det(d, b, c) / whole, det(a, d, c) / whole, det(a, b, d) / whole];
}

/**
 * @typedef {object} Terrain  heights on a uniform grid over the unit square
 * @property {number} nx
 * @property {number} ny
 * @property {Float64Array} heights  0 .. 1, row-major, NaN: a hole
 */

/**
 * Height between grid points, u and v in 0 .. 1; NaN outside or at a hole.
 * @param {Terrain} terrain @param {number} u @param {number} v
 */
export function terrainHeight(terrain, u, v) {
  const { nx, ny, heights } = terrain;
  const [x, y] = [u * (nx - 1), v * (ny - 1)];
  if (!(x >= 0 && y >= 0 && x <= nx - 1 && y <= ny - 1)) return NaN;
  const i = Math.min(nx - 2, x | 0);
  const j = Math.min(ny - 2, y | 0);
  const [a, b, at] = [x - i, y - j, j * nx + i];
  return (1 - b) * ((1 - a) * heights[at] + a * heights[at + 1]) + b * ((1 - a) * heights[at + nx] + a * heights[at + nx + 1]);
}

/** A ray must pass a surface by this much, in units of the whole height, before it counts as beyond it. */
const CLEAR = 0.012;
const SAMPLES = 64;

/**
 * Whether the terrain lies between a point on it and the eye: walking to the eye, the ray is first on one side of the
 * terrain and later on the other. All in unit coordinates.
 * @param {Terrain} terrain
 * @param {number} u @param {number} v @param {number} h
 * @param {number[]} eye
 */
export function hiddenByTerrain(terrain, u, v, h, eye) {
  const [du, dv, dh] = [eye[0] - u, eye[1] - v, eye[2] - h];
  // Only the way to the edge of the square matters, or to where the ray is above everything.
  const reach = (/** @type {number} */ from, /** @type {number} */ by) => (by > 0 ? (1 - from) / by : by < 0 ? -from / by : Infinity);
  const far = Math.min(1, reach(u, du), reach(v, dv), dh > 0 ? (1.02 - h) / dh : Infinity);
  let side = 0;
  for (let k = 1; k <= SAMPLES; k++) {
    const t = (far * k) / SAMPLES;
    const gap = h + t * dh - terrainHeight(terrain, u + t * du, v + t * dv);
    if (!(Math.abs(gap) > CLEAR)) continue;
    if (side && Math.sign(gap) !== side) return true;
    side = Math.sign(gap);
  }
  // A ray that ends below everything never came out.
  return side < 0 && eye[2] > 1;
}
