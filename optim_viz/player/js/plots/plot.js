/** What all Plotly plots of the player have in common: axes, margins, config, and pixels of values. */
import { plotlyText } from "../basics/format.js";

/** @typedef {import("../basics/theme.js").Theme} Theme */

export const PLOT_CONFIG = {
  displayModeBar: false, displaylogo: false, responsive: false, doubleClick: false, showTips: false,
  scrollZoom: true, showAxisDragHandles: false,
};

/**
 * @param {Theme} theme
 * @param {string} title
 * @param {object} [extra]
 */
export function axisStyle(theme, title, extra = {}) {
  return {
    title: { text: plotlyText(title), standoff: 8, font: { size: 12, color: theme.muted } },
    tickfont: { size: 11, color: theme.muted }, gridcolor: theme.grid, zeroline: false, ticks: "outside", ticklen: 4,
    tickcolor: theme.grid, linecolor: theme.grid, showline: true, exponentformat: "power", minexponent: 4, minorloglabels: "complete",
    autorange: false, ...extra,
  };
}

/**
 * @param {Theme} theme
 * @param {HTMLElement} host
 * @param {object} extra
 */
export function plotLayout(theme, host, extra) {
  return {
    width: Math.max(160, host.clientWidth), height: Math.max(140, host.clientHeight),
    paper_bgcolor: "rgba(0,0,0,0)", plot_bgcolor: "rgba(0,0,0,0)", font: { family: theme.font, color: theme.text, size: 12 },
    showlegend: false, hovermode: false, dragmode: false, separators: ".\u2009", ...extra,
  };
}

/**
 * A narrow colour bar whose ticks show true values, whatever scale the colours have.
 * @param {any} panel
 * @param {import("../numbers/relief.js").Relief} relief
 * @param {Theme} theme
 */
export function colourBar(panel, relief, theme) {
  return {
    thickness: 8, xpad: 8, ypad: 0, outlinewidth: 0, len: 1, ticks: "", tickvals: relief.ticks.map((tick) => tick.at),
    ticktext: relief.ticks.map((tick) => tick.text), tickfont: { size: 10, color: theme.muted },
    title: { text: plotlyText(panel.z_title ?? ""), side: "right", font: { size: 11, color: theme.muted } },
  };
}

/**
 * The plot area inside the plot, px.
 * @param {any} gd
 * @returns {import("./stage.js").Box}
 */
export function plotArea(gd) {
  const { xaxis, yaxis } = gd._fullLayout;
  return { left: xaxis._offset, top: yaxis._offset, width: xaxis._length, height: yaxis._length };
}

/**
 * From a value on an axis to px from the plot area's left (or top). The range is read, not Plotly's own d2p, because
 * that one lags behind while the wheel zooms.
 * @param {any} axis
 * @returns {(value: number) => number}
 */
export function axisPixels(axis) {
  const [from, to] = axis.range;
  const upright = axis._id.startsWith("y");
  const scale = ((upright ? -1 : 1) * axis._length) / (to - from);
  const zero = upright ? axis._length : 0;
  return axis.type === "log" ? (v) => zero + (Math.log10(v) - from) * scale : (v) => zero + (v - from) * scale;
}

/**
 * @param {any} axis
 * @returns {(pixel: number) => number}
 */
export function axisValues(axis) {
  const upright = axis._id.startsWith("y");
  const [from, to] = axis.range;
  return (pixel) => {
    const part = (upright ? axis._length - pixel : pixel) / axis._length;
    const value = from + part * (to - from);
    return axis.type === "log" ? 10 ** value : value;
  };
}

/**
 * Runs a job whenever Plotly has moved its axes or camera.
 * @param {any} gd
 * @param {() => void} job
 */
export function onMoved(gd, job) {
  for (const name of ["plotly_relayout", "plotly_relayouting", "plotly_afterplot"]) gd.on(name, job);
}
