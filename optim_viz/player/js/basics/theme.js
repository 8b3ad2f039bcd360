/**
 * Colours from the page: whatever theme the app has, light or dark, the picture takes its background, text and accent.
 *
 * @typedef {object} Theme
 * @property {"light"|"dark"} mode
 * @property {string} text
 * @property {string} muted
 * @property {string} grid
 * @property {string} rule  the line at the playhead
 * @property {string} background
 * @property {string} accent
 * @property {string} font
 * @property {[number, string][]} scale  of the surface
 * @property {[number, string][]} relief  of the surface in 3-D
 * @property {string} line  contour lines
 * @property {string} ridge  contour lines in 3-D
 */

/**
 * @param {string} color  rgb(...), rgba(...) or #hex
 * @returns {[number, number, number, number]|null}
 */
export function parseColor(color) {
  const text = String(color).trim();
  const hex = /^#([0-9a-f]{3,8})$/i.exec(text)?.[1];
  if (hex) {
    const wide = hex.length < 6 ? [...hex].map((c) => c + c).join("") : hex;
    const part = (/** @type {number} */ i) => parseInt(wide.slice(i, i + 2), 16);
    return [part(0), part(2), part(4), wide.length === 8 ? part(6) / 255 : 1];
  }
  const numbers = /^rgba?\(([^)]+)\)$/.exec(text)?.[1].split(/[\s,/]+/).filter(Boolean).map(Number);
  return numbers && numbers.length >= 3 ? [numbers[0], numbers[1], numbers[2], numbers[3] ?? 1] : null;
}

/** Relative luminance, 0 black .. 1 white. @param {number[]} color */
export function luminance(color) {
  const [r, g, b] = color.slice(0, 3).map((c) => {
    const part = c / 255;
    return part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4;
  });
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

/** A colour between two, opaque: WebGL axes do not know transparency. @param {number[]} color @param {number[]} under @param {number} part */
export function mixColors(color, under, part) {
  const [r, g, b] = [0, 1, 2].map((i) => Math.round(under[i] + part * (color[i] - under[i])));
  return `rgb(${r}, ${g}, ${b})`;
}

const LIGHT = {
  scale: [[0, "#fdfdfb"], [0.3, "#e9eff3"], [0.6, "#cbd9e4"], [0.85, "#a9c0d3"], [1, "#8fabc4"]],
  relief: [[0, "#f4f6f4"], [0.3, "#d5e1e9"], [0.6, "#a9c2d6"], [0.85, "#7fa0be"], [1, "#6488ab"]],
  line: "rgba(62, 92, 122, 0.34)",
  ridge: "#8aa3bb",
};
const DARK = {
  scale: [[0, "#0b0e14"], [0.3, "#141c28"], [0.6, "#1f2d3f"], [0.85, "#2c4059"], [1, "#395270"]],
  relief: [[0, "#141b26"], [0.3, "#203047"], [0.6, "#2f4868"], [0.85, "#416088"], [1, "#5277a4"]],
  line: "rgba(150, 180, 212, 0.24)",
  ridge: "#4a678b",
};

/**
 * The colour behind an element: its own, or that of the nearest ancestor that has one.
 * @param {Element} start
 * @returns {[number, number, number, number]}
 */
function backgroundBehind(start) {
  for (let node = /** @type {any} */ (start); node; node = node.parentNode ?? node.host) {
    if (!(node instanceof Element)) continue;
    const color = parseColor(getComputedStyle(node).backgroundColor);
    if (color && color[3] > 0.5) return color;
  }
  return [255, 255, 255, 1];
}

/**
 * @param {HTMLElement} root
 * @returns {Theme}
 */
export function readTheme(root) {
  const style = getComputedStyle(root);
  const variable = (/** @type {string} */ name) => style.getPropertyValue(name).trim();
  const background = parseColor(variable("--st-background-color")) ?? backgroundBehind(root);
  const mode = luminance(background) > 0.25 ? "light" : "dark";
  const text = parseColor(variable("--st-text-color")) ?? (mode === "light" ? [38, 43, 51, 1] : [232, 236, 242, 1]);
  return {
    mode, text: mixColors(text, background, 1), muted: mixColors(text, background, 0.72),
    grid: mixColors(text, background, 0.12), rule: mixColors(text, background, 0.34), background: mixColors(background, background, 1), accent: variable("--st-primary-color") || "#0b6bcb",
    font: variable("--st-font") || style.fontFamily || "system-ui, sans-serif",
    .../** @type {any} */ (mode === "light" ? LIGHT : DARK),
  };
}

/** @param {Theme} a @param {Theme} b */
export function sameTheme(a, b) {
  return a.mode === b.mode && a.text === b.text && a.background === b.background && a.accent === b.accent && a.font === b.font;
}

/**
 * Calls back when the page's colours change, however they are changed: a hidden element takes the page's colours with a
 * transition of one millisecond, and the end of that transition is the news. No polling.
 * @param {HTMLElement} root
 * @param {() => void} onChange
 * @returns {() => void} stops watching
 */
export function watchTheme(root, onChange) {
  const probe = document.createElement("div");
  probe.className = "ov-probe";
  probe.setAttribute("aria-hidden", "true");
  root.append(probe);
  probe.addEventListener("transitionend", onChange);
  const media = window.matchMedia("(prefers-color-scheme: dark)");
  media.addEventListener("change", onChange);
  const observer = new MutationObserver(onChange);
  for (const node of [document.documentElement, document.body]) {
    observer.observe(node, { attributes: true, attributeFilter: ["class", "style", "data-theme"] });
  }
  return () => {
    observer.disconnect();
    media.removeEventListener("change", onChange);
    probe.remove();
  };
}
