/** Numbers as people read them: few significant digits, a true minus sign, no noise. */

/**
 * @param {number} value
 * @param {number} [digits] significant digits
 * @returns {string}
 */
export function formatNumber(value, digits = 3) {
  if (value === undefined || value === null || Number.isNaN(value)) return "–";
  if (!Number.isFinite(value)) return value > 0 ? "∞" : "−∞";
  if (value === 0) return "0";
  // Rounded first: what reads 0.001 must not become 1e-3 because it is a hair less.
  const rounded = Number(value.toPrecision(digits));
  const size = Math.abs(rounded);
  let text;
  if (size < 1e-3 || Math.abs(value) >= 99999.5) {
    text = value.toExponential(digits - 1).replace(/\.?0+e/, "e").replace("e+", "e");
  } else {
    text = String(size >= 10 ** digits ? Math.round(value) : rounded);
  }
  return text.replace(/-/g, "−");
}

const RAISED = Object.fromEntries([..."0123456789-"].map((sign, i) => [sign, [..."⁰¹²³⁴⁵⁶⁷⁸⁹⁻"][i]]));

/** "10⁻³". @param {number} power  a whole number */
export function powerOfTen(power) {
  return `10${[...String(power)].map((sign) => RAISED[sign]).join("")}`;
}

/**
 * A point as "(1.2, −0.5)".
 * @param {number} x
 * @param {number} y
 * @param {number} [digits]
 */
export function formatPoint(x, y, digits = 4) {
  return `(${formatNumber(x, digits)}, ${formatNumber(y, digits)})`;
}

/**
 * A point of a plane, its weights by their names where these are not those of the axes of any plane; of a curve its x.
 * @param {{kind?: string, named?: boolean, x_title?: string, y_title?: string}} panel
 * @param {number} x
 * @param {number} y
 * @param {number} [digits]
 */
export function formatWeights(panel, x, y, digits = 4) {
  if (panel.kind === "profile") return `${panel.x_title} = ${formatNumber(x, digits)}`;
  return panel.named ? `${panel.x_title} = ${formatNumber(x, digits)}, ${panel.y_title} = ${formatNumber(y, digits)}` : formatPoint(x, y, digits);
}

/**
 * Plotly reads a few tags in its labels; a title that came from a person is shown as typed.
 * @param {string} text
 */
export function plotlyText(text) {
  return String(text ?? "").replace(/&/g, "&amp;").replace(/</g, "&lt;").replace(/>/g, "&gt;");
}

/**
 * A number as Python's format "g" writes it, which statuses from there have.
 * @param {number} value
 * @param {number} digits  significant ones
 */
export function general(value, digits) {
  if (!Number.isFinite(value)) return Number.isNaN(value) ? "nan" : value > 0 ? "inf" : "-inf";
  const [mantissa, power] = value.toExponential(digits - 1).split("e");
  const exponent = Number(power);
  if (exponent >= -4 && exponent < digits) return trimmed(value.toFixed(digits - 1 - exponent));
  return `${trimmed(mantissa)}e${exponent < 0 ? "-" : "+"}${String(Math.abs(exponent)).padStart(2, "0")}`;
}

/** @param {string} text */
const trimmed = (text) => (text.includes(".") ? text.replace(/\.?0+$/, "") : text);

/** Thousands in groups of three, as in "12,000.5"; "0,050" has none, as no number so grouped begins with 0. */
const GROUPED = /^[+-]?[1-9]\d{0,2}(,\d{3})+(\.\d*)?(e[+-]?\d+)?$/i;

/**
 * The number that a person typed, with commas as they are meant: thousands, or one for the decimal point. NaN for what is none.
 * @param {string} text
 */
export function typedNumber(text) {
  const typed = text.trim().replaceAll("−", "-");
  if (!/^[+-]?[\d.,]+(e[+-]?\d+)?$/i.test(typed)) return NaN;
  return Number(GROUPED.test(typed) ? typed.replaceAll(",", "") : typed.includes(".") ? typed : typed.replace(",", "."));
}
