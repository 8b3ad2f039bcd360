/** What the optimizer does at the playhead, in its own numbers. */
import { element, setText } from "./dom.js";
import { formatNumber } from "./format.js";
import { swatch } from "./legend.js";
import { valueAt } from "./readout.js";
import { fillTemplate } from "./template.js";

/**
 * Rows below the formula: those that the scene names, then what the next step does to each coordinate.
 * @param {any} track
 * @param {any} plane  the plane panel, if any
 * @returns {{label: string, values: ((row: number) => number)[]}[]}
 */
export function inspectorRows(track, plane) {
  const named = (track.inspector?.rows ?? []).map((/** @type {any} */ row) => ({
    label: row.label, values: row.columns.map((/** @type {string} */ name) => (/** @type {number} */ i) => valueAt(track.columns[name], i)),
  }));
  const points = plane ? [track.columns[plane.x], track.columns[plane.y]] : [];
  if (!points[0] || !points[1]) return named;
  const step = (/** @type {Float32Array} */ column) => (/** @type {number} */ i) => (i < track.end ? column[i + 1] - column[i] : NaN);
  const rows = [{ label: "point θ", values: points.map((column) => (/** @type {number} */ i) => column[i]) }, ...named,
    { label: "step Δθ from here", values: points.map(step) }];
  const gradients = [track.columns.gx, track.columns.gy];
  if (gradients[0] && gradients[1]) {
    rows.push({ label: "effective rate −Δθ / g", values: points.map((column, k) => (/** @type {number} */ i) => -step(column)(i) / gradients[k][i]) });
  }
  return rows;
}

/** @param {any} app @param {any} track @param {any} plane */
function inspectorCard(app, track, plane) {
  const look = { color: track.color[app.theme.mode], dash: track.dash, marker: track.marker };
  const templates = [track.inspector.numbers ?? []].flat();
  const formulas = templates.map(() => element("div", { class: "ov-formula" }));
  const rows = inspectorRows(track, plane).map((row) => ({
    ...row, cells: row.values.map(() => element("td", { class: "ov-number" })),
  }));
  const wide = Math.max(...rows.map((row) => row.cells.length), 1);
  const body = rows.map((row) => {
    const cells = row.cells.length === 1 && wide > 1 ? [row.cells[0]] : row.cells;
    if (row.cells.length === 1) row.cells[0].setAttribute("colspan", String(wide));
    return element("tr", {}, [element("th", { scope: "row", text: row.label }), ...cells]);
  });
  const names = plane && wide > 1 ? [element("tr", {}, [element("td"), ...[plane.x_title ?? "x", plane.y_title ?? "y"].map((text) => element("th", { scope: "col", class: "ov-number", text }))])] : [];
  const card = element("section", { class: "ov-card", "data-inspect": track.id, "aria-label": `Inspector: ${track.label}` }, [
    element("h4", {}, [swatch(look, app.theme.background), element("span", { text: track.label })]),
    track.inspector.symbolic ? element("div", { class: "ov-symbolic", text: track.inspector.symbolic }) : null,
    ...formulas, element("table", {}, [element("tbody", {}, [...names, ...body])]),
  ]);
  return { track, templates, formulas, rows, card };
}

/**
 * @param {any} app
 * @returns {{element: HTMLElement, available(): boolean, update(): void, draw(frame: number): void}}
 */
export function createInspector(app) {
  const host = element("div", { class: "ov-inspector", hidden: true });
  /** @type {ReturnType<typeof inspectorCard>[]} */
  let cards = [];
  return {
    element: host,
    available: () => app.model.tracks.some((/** @type {any} */ track) => track.inspector),
    update() {
      const plane = app.model.panels.find((/** @type {any} */ panel) => panel.kind === "plane");
      cards = app.model.tracks.filter((/** @type {any} */ track) => track.inspector && !app.hidden.has(track.id))
        .map((/** @type {any} */ track) => inspectorCard(app, track, plane));
      host.replaceChildren(...cards.map((one) => one.card));
    },
    draw(frame) {
      for (const { track, templates, formulas, rows } of cards) {
        const row = Math.min(frame, track.end);
        formulas.forEach((node, i) => setText(node, fillTemplate(track, templates[i], row)));
        for (const { cells, values } of rows) cells.forEach((cell, i) => setText(cell, formatNumber(values[i](row), 4)));
      }
    },
  };
}
