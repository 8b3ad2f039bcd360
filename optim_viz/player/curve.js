/** A number against the step (the loss, say): Plotly's axes, our canvases; linear or logarithmic. */
import { element, setText } from "./dom.js";
import { makePath, nearestPoint } from "./paths.js";
import { drawHoverMarks, visibleLooks } from "./looks.js";
import { PLOT_CONFIG, axisPixels, axisStyle, onMoved, plotArea, plotLayout } from "./plot.js";
import { curveRange } from "./range.js";
import { createStage, drawFaint, placeStage, renderStage } from "./stage.js";
import { visiblePaths } from "./flat.js";

/** @param {any} panel @param {any} app @param {HTMLElement} host @param {boolean} log @param {any} range */
function curveLayout(panel, app, host, log, range) {
  const revision = `${app.model.key}/${log}`;
  return plotLayout(app.theme, host, {
    uirevision: revision, margin: { l: 62, r: 14, t: 8, b: 44 }, dragmode: "zoom",
    xaxis: axisStyle(app.theme, panel.x_title ?? app.model.frameTitle, { range: range.x, uirevision: revision }),
    yaxis: axisStyle(app.theme, panel.y_title ?? panel.y, {
      range: range.y, type: log ? "log" : "linear", uirevision: revision, dtick: log ? range.decades : undefined,
    }),
  });
}

/**
 * One track in px. On a log axis a loss of zero lies on the floor rather than nowhere.
 * @param {any} track @param {any} panel @param {string} column @param {any} view
 */
function curvePath(track, panel, column, view) {
  const values = track.columns[column];
  if (!values) return null;
  const steps = panel.x ? track.columns[panel.x] : null;
  const count = Math.min(values.length, steps?.length ?? values.length);
  const [xs, ys] = [new Float64Array(count), new Float64Array(count)];
  const floor = view.log ? 10 ** (view.range.y[0] - 1) : 0;
  for (let i = 0; i < count; i++) {
    xs[i] = view.px(steps ? steps[i] : i);
    ys[i] = Number.isFinite(values[i]) ? view.py(view.log ? Math.max(values[i], floor) : values[i]) : NaN;
  }
  let end = Math.min(count - 1, track.end);
  while (end >= 0 && !Number.isFinite(ys[end])) end--;
  return makePath(xs, ys, end);
}

/** A thin upright line at the playhead, or at the hovered step. */
function drawRule(context, stage, x, color) {
  context.beginPath();
  context.moveTo(Math.round(x) + 0.5, 0);
  context.lineTo(Math.round(x) + 0.5, stage.box.height);
  context.lineWidth = 1;
  context.strokeStyle = color;
  context.stroke();
}

/** x in px of a row that any path has. */
function ruleAt(stage, at) {
  let longest = null;
  for (const path of stage.paths.values()) if (!longest || path.end > longest.end) longest = path;
  if (!longest || longest.end < 0) return NaN;
  const row = Math.min(Math.floor(at), longest.end);
  const next = Math.min(row + 1, longest.end);
  return longest.xs[row] + (Math.min(at, longest.end) - row) * (longest.xs[next] - longest.xs[row]);
}

/**
 * @param {HTMLElement} parent
 * @param {any} app
 */
export function createCurve(parent, app) {
  const toggle = element("button", { class: "ov-quiet", type: "button", title: "Logarithmic or linear axis" });
  const heading = element("h3", { class: "ov-title" });
  const header = element("div", { class: "ov-panel-head" }, [heading, element("span", { class: "ov-grow" }), toggle]);
  const gd = /** @type {any} */ (element("div", { class: "ov-gd" }));
  const host = element("div", { class: "ov-plot" }, [gd]);
  parent.append(header, host);
  const stage = createStage(host);
  const view = /** @type {any} */ ({ host, gd, stage, panel: null, signature: "", log: null, ready: false, raw: new Map() });
  toggle.addEventListener("click", () => { view.log = !view.log; update(view.panel); }, { signal: app.signal });
  gd.addEventListener("dblclick", () => resetZoom(), { signal: app.signal });

  function place() {
    if (!gd._fullLayout?.xaxis?._length) return;
    view.px = axisPixels(gd._fullLayout.xaxis);
    view.py = axisPixels(gd._fullLayout.yaxis);
    placeStage(stage, plotArea(gd));
    stage.paths.clear();
    view.raw.clear();
    for (const track of app.model.tracks) {
      const path = curvePath(track, view.panel, view.panel.y, view);
      const raw = view.panel.raw ? curvePath(track, view.panel, view.panel.raw, view) : null;
      if (path) stage.paths.set(track.id, path);
      if (raw) view.raw.set(track.id, raw);
    }
    view.ready = true;
    app.ask();
  }

  async function update(/** @type {any} */ panel) {
    if (view.log === null || view.key !== app.model.key) view.log = Boolean(panel.log);
    view.key = app.model.key;
    view.panel = panel;
    view.range = curveRange(panel, app.model, view.log);
    setText(heading, panel.title ?? "");
    setText(toggle, view.log ? "log" : "linear");
    toggle.setAttribute("aria-label", `${panel.title}: axis is ${view.log ? "logarithmic" : "linear"}; switch`);
    const { theme } = app;
    const signature = JSON.stringify([app.model.key, panel, view.log, view.range, theme.mode, theme.text, theme.background, theme.font]);
    if (signature !== view.signature) {
      view.signature = signature;
      const first = !gd._fullLayout;
      gd.setAttribute("aria-label", panel.alt ?? panel.title ?? "");
      const traces = [{ type: "scatter", x: [], y: [], hoverinfo: "skip" }];
      await app.plotly.react(gd, traces, curveLayout(panel, app, host, view.log, view.range), { ...PLOT_CONFIG, scrollZoom: false });
      if (app.destroyed) return;
      if (first) onMoved(gd, place);
    }
    place();
  }

  function drawUnder(/** @type {any[]} */ looks) {
    if (view.raw.size) drawFaint({ ...stage, paths: view.raw }, looks, { alpha: 0.22, width: 1 });
    drawFaint(stage, looks);
  }

  function draw(/** @type {number} */ at) {
    if (!view.ready) return;
    const looks = visibleLooks(app);
    renderStage(stage, {
      at, looks, edge: app.theme.background, under: () => drawUnder(looks),
      before: (context) => {
        drawRule(context, stage, ruleAt(stage, at), app.theme.grid);
        if (app.hover) drawRule(context, stage, ruleAt(stage, app.hover.row), app.theme.muted);
      },
      after: (context) => drawHoverMarks(context, stage, app, looks),
    });
  }

  function resetZoom() {
    app.plotly.relayout(gd, { "xaxis.range": view.range.x, "yaxis.range": view.range.y });
  }

  function pointAt(/** @type {number} */ clientX, /** @type {number} */ clientY) {
    const rect = host.getBoundingClientRect();
    const [left, top] = [clientX - rect.left - stage.box.left, clientY - rect.top - stage.box.top];
    const inside = view.ready && left >= 0 && top >= 0 && left <= stage.box.width && top <= stage.box.height;
    return inside ? { left, top } : null;
  }

  return {
    view, host, update, draw, pointAt, resetZoom,
    // Sideways counts more: along a curve the step is what the pointer means.
    nearest: (/** @type {any} */ point) => nearestPoint(visiblePaths(stage, app), point.left, point.top, 28, 2),
    stale: () => { stage.stale = true; },
    refresh: () => update(view.panel),
    resize() {
      if (!gd._fullLayout || !host.clientWidth) return;
      const [width, height] = [host.clientWidth, host.clientHeight];
      if (gd._fullLayout.width !== width || gd._fullLayout.height !== height) app.plotly.relayout(gd, { width, height });
    },
    pixelOf(/** @type {string} */ id, /** @type {number} */ row) {
      const path = stage.paths.get(id);
      const rect = host.getBoundingClientRect();
      return path && { x: rect.left + stage.box.left + path.xs[row], y: rect.top + stage.box.top + path.ys[row] };
    },
    destroy: () => app.plotly.purge(gd),
  };
}
