/** A surface's heights as bands of colour with lines between them, pixel by pixel, as a contour map is drawn. Pure. */
import { parseColor } from "../basics/theme.js";
import { finerGrid } from "./relief.js";

/** How much of a pixel a line covers. */
const THIN = 0.7;

/** Points of a grid over a region, rows from the bottom, as x, y, x, y, ... @param {number[]} bounds @param {number} nx @param {number} ny */
export function gridPoints([x0, x1, y0, y1], nx, ny) {
  const points = new Float64Array(2 * nx * ny);
  for (let j = 0, at = 0; j < ny; j++) for (let i = 0; i < nx; i++) {
    points[at++] = x0 + ((x1 - x0) * i) / (nx - 1);
    points[at++] = y0 + ((y1 - y0) * j) / (ny - 1);
  }
  return points;
}

/** Colours along a scale, as bytes. @param {[number, string][]} scale @param {number} count */
export function shadesOf(scale, count) {
  const stops = scale.map(([at, color]) => ({ at, color: /** @type {number[]} */ (parseColor(color)) }));
  return Array.from({ length: count }, (_, k) => {
    const part = k / (count - 1), after = Math.max(1, stops.findIndex((stop) => stop.at >= part));
    const [a, b] = [stops[after - 1], stops[after]];
    const share = (part - a.at) / (b.at - a.at);
    return [0, 1, 2].map((i) => Math.round(a.color[i] + share * (b.color[i] - a.color[i])));
  });
}

/** Places between grid points for some pixels: the point before, or -1 outside, and how far on. @param {number} from @param {number} to @param {number} low @param {number} high @param {number} points @param {number} pixels */
function placesOf(from, to, low, high, points, pixels) {
  const before = new Int32Array(pixels).fill(-1), share = new Float64Array(pixels);
  for (let k = 0; k < pixels; k++) {
    const place = ((from + ((to - from) * (k + 0.5)) / pixels - low) / (high - low)) * (points - 1);
    if (!(place >= 0 && place <= points - 1)) continue;
    before[k] = Math.min(Math.floor(place), points - 2);
    share[k] = place - before[k];
  }
  return { before, share };
}

/** Four bytes of a colour as one number, as this machine has them in memory. @param {number[]} color */
const packed = (color) => new Uint32Array(Uint8ClampedArray.of(color[0], color[1], color[2], 255).buffer)[0];

/**
 * @param {import("./scene.js").Grid} grid
 * @param {import("./relief.js").Relief} relief
 * @param {{shades: number[][], line: number[]}} colors  of the bands from low to high; of the lines, with how much they cover
 * @param {number[]} shown  x and y at the picture's left, right, bottom and top
 * @param {number} width @param {number} height  px
 * @returns {Uint8ClampedArray<ArrayBuffer>} the top row first; clear where there is no value
 */
export function bandPixels(grid, relief, { shades, line }, shown, width, height) {
  const { nx, ny, values, bounds } = finerGrid(grid), scale = shades.length / (relief.high - relief.low), top = shades.length - 1e-9;
  const bands = Float64Array.from(values, (value) => Math.min(Math.max((relief.height(value) - relief.low) * scale, 0), top));
  const xs = placesOf(shown[0], shown[1], bounds[0], bounds[1], nx, width), ys = placesOf(shown[3], shown[2], bounds[2], bounds[3], ny, height);
  const fills = Uint32Array.from(shades, packed);
  const edges = Uint32Array.from(shades, (shade) => packed(shade.map((value, k) => value + line[3] * THIN * (line[k] - value))));
  const pixels = new Uint32Array(width * height), above = new Int32Array(width).fill(-1);
  for (let row = 0; row < height; row++) {
    const first = ys.before[row] * nx, up = ys.share[row];
    let left = -1;
    for (let column = 0; column < width; column++) {
      const i = first + xs.before[column], right = xs.share[column];
      const lower = bands[i] + right * (bands[i + 1] - bands[i]), upper = bands[i + nx] + right * (bands[i + nx + 1] - bands[i + nx]);
      const place = lower + up * (upper - lower);
      const band = first >= 0 && xs.before[column] >= 0 && place >= 0 ? place | 0 : -1; // not of what is no number
      if (band >= 0) pixels[row * width + column] = (left >= 0 && left !== band) || (above[column] >= 0 && above[column] !== band) ? edges[band] : fills[band];
      left = above[column] = band;
    }
  }
  return new Uint8ClampedArray(pixels.buffer);
}
