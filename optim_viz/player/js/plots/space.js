/**
 * The plane as a landscape: Plotly draws the surface and its axes, our canvases the trails, through the camera that
 * Plotly uses. That camera is not public; without it the trails become Plotly's own lines, updated a few times a second.
 */
import { element, setText } from "../basics/dom.js";
import { plotlyText } from "../basics/format.js";
import { drawHoverMarks, visibleLooks } from "../basics/looks.js";
import { drawArrows } from "./arrows.js";
import { makePath } from "../numbers/paths.js";
import { PLOT_CONFIG, colourBar, onMoved, plotLayout } from "./plot.js";
import { cameraEye, cameraMatrix, hiddenByTerrain, projectPoint, terrainHeight } from "../numbers/project.js";
import { finerGrid, makeRelief, reliefRows } from "../numbers/relief.js";
import { drawFaint, placeStage, renderStage } from "./stage.js";
import { drawMinimum } from "../basics/symbols.js";
import { createView, localPoint, nearestVisible, plotOnce, viewMethods } from "./view.js";
import { t } from "../basics/words.js";

/** Trails lie this much above the surface, in units of its height, as a drawn line would. */
const LIFT = 0.004;
/** What is hidden by less than this counts as seen: a trail in a narrow valley would flicker otherwise. */
const PEEK = 0.06;
/** Without a camera: at most this often, ms. */
const SLOW = 120;

/**
 * The surface in unit coordinates.
 * @param {any} panel
 */
function makeTerrain(panel) {
  const grid = finerGrid(panel.grid);
  const relief = makeRelief(grid.values, panel.scale);
  const rows = reliefRows(grid, relief);
  const heights = new Float64Array(grid.nx * grid.ny);
  const span = relief.high - relief.low;
  rows.forEach((row, j) => row.forEach((value, i) => { heights[j * grid.nx + i] = (value - relief.low) / span; }));
  return { grid, relief, rows, span, nx: grid.nx, ny: grid.ny, heights };
}

/** @param {any} theme @param {string} title @param {object} extra */
function spaceAxis(theme, title, extra) {
  return {
    title: { text: plotlyText(title), font: { size: 12, color: theme.muted } }, tickfont: { size: 10, color: theme.muted },
    gridcolor: theme.grid, linecolor: theme.grid, zeroline: false, showbackground: false, showspikes: false, ...extra,
  };
}

/** @param {any} panel @param {any} terrain @param {any} theme */
function surfaceTrace(panel, terrain, theme) {
  const { grid, relief, rows } = terrain;
  const [x0, x1, y0, y1] = grid.bounds;
  const along = (/** @type {number} */ from, /** @type {number} */ to, /** @type {number} */ count) =>
    Float64Array.from({ length: count }, (_, i) => from + (i * (to - from)) / (count - 1));
  const still = { show: false, highlight: false };
  return {
    type: "surface", x: along(x0, x1, grid.nx), y: along(y0, y1, grid.ny), z: rows, hoverinfo: "skip",
    colorscale: theme.relief, cmin: relief.low, cmax: relief.high, cauto: false, colorbar: colourBar(panel, relief, theme),
    contours: {
      x: still, y: still,
      z: { show: true, highlight: false, start: relief.low, end: relief.high, size: (relief.high - relief.low) / 16, width: 1, color: theme.ridge },
    },
    lighting: { ambient: 0.82, diffuse: 0.35, specular: 0.04, roughness: 0.9, fresnel: 0.02 }, lightposition: { x: -400, y: -900, z: 2000 },
  };
}

/** How much higher than wide the plot is, beside its colour bar. @param {{width: number, height: number}} layout */
const tall = (layout) => Math.max(1, (1.3 * layout.height) / Math.max(1, layout.width - 62));

/** High enough to look into valleys, and as near as the shape of the plot allows. @param {{width: number, height: number}} layout */
function firstCamera(layout) {
  const away = 1.0 * tall(layout);
  return { eye: { x: 0.85 * away, y: -1.05 * away, z: 1.32 * away }, center: { x: 0, y: 0, z: -0.14 } };
}

/** @param {any} panel @param {any} app @param {any} view */
function spaceFigure(panel, app, view) {
  const { theme } = app;
  const { relief, span } = view.terrain;
  const [x0, x1, y0, y1] = panel.bounds;
  const longest = Math.max(x1 - x0, y1 - y0), [across, up] = panel.equal ? [(x1 - x0) / longest, (y1 - y0) / longest] : [1, 1];
  const ticks = { tickvals: relief.ticks.map((/** @type {any} */ t) => t.at), ticktext: relief.ticks.map((/** @type {any} */ t) => t.text) };
  const layout = plotLayout(theme, view.host, { uirevision: app.model.key, margin: { l: 0, r: 62, t: 0, b: 0 } });
  Object.assign(layout, {
    scene: {
      uirevision: app.model.key, dragmode: "turntable", hovermode: false, aspectmode: "manual", aspectratio: { x: 1.1 * across, y: 1.1 * up, z: 0.6 * Math.min(1.6, tall(layout)) },
      camera: firstCamera(layout),
      xaxis: spaceAxis(theme, panel.x_title ?? panel.x, { range: [x0, x1] }),
      yaxis: spaceAxis(theme, panel.y_title ?? panel.y, { range: [y0, y1] }),
      // Its name stands at the colour bar, which has the same ticks; beside the axis it would take a third of the room.
      zaxis: spaceAxis(theme, "", { range: [relief.low, relief.high + span * 0.02], ...ticks }),
    },
  });
  const config = { ...PLOT_CONFIG, plotGlPixelRatio: Math.min(2, Math.max(1.5, window.devicePixelRatio || 1)) };
  return { traces: [surfaceTrace(panel, view.terrain, theme), ...view.lines], layout, config };
}

/** Plotly's camera, or null if this Plotly keeps it elsewhere. @param {any} gd */
function cameraOf(gd) {
  const scene = gd._fullLayout?.scene?._scene;
  const camera = scene?.glplot?.cameraParams;
  const whole = [camera?.model, camera?.view, camera?.projection, scene?.dataScale].every((part) => part?.length >= 3);
  return whole ? { ...camera, scale: scene.dataScale } : null;
}

/** The camera as text: has it moved? @param {any} camera */
function cameraSign(camera) {
  return [camera.model, camera.view, camera.projection].map((matrix) => Array.from(matrix).join()).join(";");
}

/**
 * Points of a track on the surface, in unit coordinates; NaN off the plane.
 * @param {any} track @param {any} panel @param {any} terrain
 */
function unitTrack(track, panel, terrain) {
  const [x0, x1, y0, y1] = panel.bounds;
  const [xs, ys] = [track.columns[panel.x], track.columns[panel.y]];
  const count = Math.max(0, track.end + 1);
  const [u, v, h] = [new Float64Array(count), new Float64Array(count), new Float64Array(count)];
  for (let i = 0; i < count; i++) {
    u[i] = (xs[i] - x0) / (x1 - x0);
    v[i] = (ys[i] - y0) / (y1 - y0);
    h[i] = terrainHeight(terrain, u[i], v[i]) + LIFT;
  }
  return { u, v, h };
}

/** From unit coordinates to px, through the camera. @param {any} view @param {any} camera */
function projector(view, camera) {
  const matrix = cameraMatrix(camera);
  const { terrain, panel } = view;
  const [x0, x1, y0, y1] = panel.bounds;
  const size = view.gd._fullLayout.scene._scene.container.getBoundingClientRect();
  const host = view.host.getBoundingClientRect();
  const [left, top] = [size.left - host.left, size.top - host.top];
  return (/** @type {number} */ u, /** @type {number} */ v, /** @type {number} */ h) => {
    const pixel = projectPoint(matrix, (x0 + u * (x1 - x0)) * camera.scale[0], (y0 + v * (y1 - y0)) * camera.scale[1],
      (terrain.relief.low + h * terrain.span) * camera.scale[2], size.width, size.height);
    return pixel ? [pixel[0] + left, pixel[1] + top] : [NaN, NaN];
  };
}

/** How far along the surface the direction of an arrow is measured, in unit coordinates. */
const AIM = 0.01;

/**
 * A direction at a row of a track, along the surface, in px; NaN off the plane.
 * @param {any} view @param {any} track @param {number} row @param {[number, number]} vector
 */
function aimAlong(view, track, row, [x, y]) {
  const [x0, x1, y0, y1] = view.panel.bounds;
  const { u, v, h } = view.units[track.id];
  const [du, dv] = [x / (x1 - x0), y / (y1 - y0)];
  const [a, b] = [u[row] + (AIM * du) / Math.hypot(du, dv), v[row] + (AIM * dv) / Math.hypot(du, dv)];
  const [from, to] = [view.pixel(u[row], v[row], h[row]), view.pixel(a, b, terrainHeight(view.terrain, a, b) + LIFT)];
  return [to[0] - from[0], to[1] - from[1]];
}

/** The eye in unit coordinates. @param {any} view @param {any} camera */
function unitEye(view, camera) {
  const eye = cameraEye(camera);
  const { terrain, panel } = view;
  const [x0, x1, y0, y1] = panel.bounds;
  return [(eye[0] / camera.scale[0] - x0) / (x1 - x0), (eye[1] / camera.scale[1] - y0) / (y1 - y0),
    (eye[2] / camera.scale[2] - terrain.relief.low) / terrain.span];
}

/** New camera or new numbers: all pixels anew. @param {any} view @param {any} app @param {any} camera */
function placeSpace(view, app, camera) {
  const { stage, host, terrain, panel } = view;
  placeStage(stage, { left: 0, top: 0, width: host.clientWidth, height: host.clientHeight });
  view.pixel = projector(view, camera);
  const eye = unitEye(view, camera);
  stage.paths.clear();
  for (const track of app.model.tracks) {
    if (!track.columns[panel.x] || !track.columns[panel.y]) continue;
    const { u, v, h } = (view.units[track.id] ??= unitTrack(track, panel, terrain));
    const [xs, ys, hidden] = [new Float64Array(u.length), new Float64Array(u.length), new Uint8Array(u.length)];
    for (let i = 0; i < u.length; i++) {
      [xs[i], ys[i]] = h[i] === h[i] ? view.pixel(u[i], v[i], h[i]) : [NaN, NaN];
      // A point that moved less than a pixel shares its neighbour's fate.
      const near = i > 0 && Math.abs(xs[i] - xs[i - 1]) + Math.abs(ys[i] - ys[i - 1]) < 1;
      hidden[i] = near ? hidden[i - 1] : Number(hiddenByTerrain(terrain, u[i], v[i], h[i] + PEEK, eye));
    }
    stage.paths.set(track.id, makePath(xs, ys, track.end, { hidden, joined: false }));
  }
  view.ready = true;
}

/** @param {any} view @param {any} app */
function drawSummits(view, app) {
  const context = view.stage.trail.getContext("2d");
  const [x0, x1, y0, y1] = view.panel.bounds;
  (view.panel.minima ?? []).forEach((/** @type {number[]} */ [x, y], /** @type {number} */ i) => {
    const [u, v] = [(x - x0) / (x1 - x0), (y - y0) / (y1 - y0)];
    const [left, top] = view.pixel(u, v, terrainHeight(view.terrain, u, v) + LIFT);
    if (left === left) drawMinimum(context, left, top, view.panel.lowest?.[i] ?? true, app.theme);
  });
}

/** Without a camera: the trails as Plotly's own lines. @param {any} view @param {any} app @param {number} at */
function drawSlow(view, app, at) {
  if (performance.now() - view.slowAt < SLOW && app.clock.playing) return;
  view.slowAt = performance.now();
  const { terrain, panel } = view;
  const columns = /** @type {any} */ ({ x: [], y: [], z: [], visible: [] });
  for (const track of app.model.tracks) {
    const { u, h } = (view.units[track.id] ??= unitTrack(track, panel, terrain));
    const count = Math.min(Math.floor(at) + 1, u.length);
    columns.x.push(Array.from(track.columns[panel.x].slice(0, count)));
    columns.y.push(Array.from(track.columns[panel.y].slice(0, count)));
    columns.z.push(Array.from(h.slice(0, count), (/** @type {number} */ value) => terrain.relief.low + value * terrain.span));
    columns.visible.push(!app.hidden.has(track.id));
  }
  view.plotly.restyle(view.gd, columns, app.model.tracks.map((/** @type {any} */ _, /** @type {number} */ i) => i + 1));
}

/** @param {any} view @param {any} app @param {number} at */
function drawSpace(view, app, at) {
  if (!view.terrain || !view.gd._fullLayout) return;
  const camera = cameraOf(view.gd);
  if (!camera) { if (view.lines.length) drawSlow(view, app, at); return; }
  const sign = cameraSign(camera) + view.host.clientWidth + view.host.clientHeight;
  if (sign !== view.sign) {
    view.sign = sign;
    placeSpace(view, app, camera);
  }
  const looks = visibleLooks(app);
  renderStage(view.stage, {
    at, looks, edge: app.theme.background,
    held: app.holding,
    under: (some, from) => {
      if (!app.model.waits) drawFaint(view.stage, some, { from });
      drawSummits(view, app);
    },
    before: (context) => drawArrows(context, view, app, looks, at),
    after: (context) => drawHoverMarks(context, view.stage, app, looks),
  });
}

/**
 * While the camera may be moving (a drag, the wheel, the first drawing) each display frame looks whether it has.
 * @param {any} view @param {any} app
 */
function followCamera(view, app) {
  let left = 0;
  const look = () => {
    const camera = !app.destroyed && !view.host.hidden && cameraOf(view.gd);
    if (camera && cameraSign(camera) + view.host.clientWidth + view.host.clientHeight !== view.sign) { left = 40; app.ask(); }
    if (--left > 0 && !app.destroyed) requestAnimationFrame(look);
  };
  return () => {
    const idle = left <= 0;
    left = 40;
    if (idle) requestAnimationFrame(look);
  };
}

/** Whether this browser can draw in 3-D at all. */
export function canDrawSpace() {
  const context = document.createElement("canvas").getContext("webgl");
  context?.getExtension("WEBGL_lose_context")?.loseContext();
  return Boolean(context);
}

/** Stand-ins for the trails, only when there is no camera to project with. @param {any} app */
function slowLines(app) {
  return app.model.tracks.map((/** @type {any} */ track) => ({
    type: "scatter3d", mode: "lines", x: [], y: [], z: [], hoverinfo: "skip",
    line: { color: track.color[app.theme.mode], width: 5, dash: track.dash },
  }));
}

/** Gets the library that draws in space; says so while it comes, and where it does not. @param {any} view @param {any} app */
async function hasLibrary(view, app) {
  if (view.plotly) return true;
  setText(view.message, t("The 3-D view is being loaded."));
  try {
    view.plotly = await app.wholePlotly();
    view.message.remove();
  } catch {
    setText(view.message, t("The 3-D view could not be loaded. The 2-D view shows the same runs."));
  }
  return Boolean(view.plotly) && !app.destroyed;
}

/**
 * @param {HTMLElement} parent
 * @param {any} app
 */
export function createSpace(parent, app) {
  const view = /** @type {any} */ (Object.assign(createView(parent), { terrain: null, units: {}, sign: "", lines: [], slowAt: 0, pixel: null, largest: {}, message: element("p", { class: "ov-message" }) }));
  view.aim = (/** @type {any} */ track, /** @type {number} */ row, /** @type {[number, number]} */ vector) => aimAlong(view, track, row, vector);
  view.host.classList.add("ov-space");
  const follow = followCamera(view, app);
  for (const name of ["pointermove", "pointerdown", "wheel"]) view.host.addEventListener(name, follow, { signal: app.signal, passive: true });
  view.host.append(view.message);
  if (!canDrawSpace()) view.host.replaceChildren(element("p", { class: "ov-message", text: t("This browser cannot draw in 3-D (no WebGL). The 2-D view shows the same runs.") }));

  async function update(/** @type {any} */ next) {
    if (!view.gd.isConnected || !await hasLibrary(view, app)) return;
    // A landscape takes Plotly too long to follow: it stays until what is turned rests.
    const panel = next.grid?.passing && view.panel ? { ...next, grid: view.panel.grid, surface: view.panel.surface } : next;
    if (view.panel?.grid.hash !== panel.grid.hash || view.panel.scale !== panel.scale) view.terrain = makeTerrain(panel);
    Object.assign(view, { panel, units: {}, sign: "", largest: {} });
    const { grid, minima, ...rest } = panel;
    const plot = () => plotOnce(view, app, [rest, view.lines.length], () => spaceFigure(panel, app, view), (gd) => onMoved(gd, follow));
    await plot();
    if (app.destroyed) return;
    if (!cameraOf(view.gd)) {
      view.lines = slowLines(app);
      await plot();
    }
    follow();
    app.ask();
  }
  return {
    ...viewMethods(view, app), update,
    draw: (/** @type {number} */ at) => drawSpace(view, app, at),
    pointAt: (/** @type {number} */ x, /** @type {number} */ y) => localPoint(view, x, y),
    nearest: (/** @type {any} */ point) => nearestVisible(view, app, point, 14),
  };
}
