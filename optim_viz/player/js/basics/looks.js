/** How tracks look now: theme colour, dash, marker; hidden ones left out. */

/**
 * @param {any} app
 * @returns {import("../plots/stage.js").Look[]}
 */
export function visibleLooks(app) {
  return app.model.tracks
    .filter((/** @type {any} */ track) => !app.hidden.has(track.id))
    .map((/** @type {any} */ track) => ({
      id: track.id, color: track.color[app.theme.mode], dash: track.dash, marker: track.marker,
    }));
}

/** The runs that are shown and hidden with one: those of its name and look. @param {any} model @param {any} track @returns {any[]} */
export function companions(model, track) {
  const look = (/** @type {any} */ { name, color, dash, marker }) => JSON.stringify([name, color, dash, marker]);
  return model.tracks.filter((/** @type {any} */ other) => look(other) === look(track));
}

/** One run of each name and look. @param {any} model @returns {any[]} */
export function namedOnce(model) {
  return model.tracks.filter((/** @type {any} */ track) => companions(model, track)[0] === track);
}

/**
 * Everything that the names and swatches of tracks depend on: while it stays, nothing of them needs to be made anew.
 * @param {any} app
 * @returns {string}
 */
export function looksSignature(app) {
  const names = app.model.tracks.map((/** @type {any} */ track) =>
    [track.id, track.label, track.color, track.dash, track.marker, app.hidden.has(track.id)]);
  return JSON.stringify([app.theme.mode, app.theme.background, names]);
}

/**
 * The same step in every panel: a dot on each path at the hovered frame, a ring on the hovered one.
 * @param {CanvasRenderingContext2D} context
 * @param {import("../plots/stage.js").Stage} stage
 * @param {any} app
 * @param {import("../plots/stage.js").Look[]} looks
 */
export function drawHoverMarks(context, stage, app, looks) {
  const hover = app.hover;
  if (!hover) return;
  for (const look of looks) {
    const path = stage.paths.get(look.id);
    if (!path || hover.row > path.end) continue;
    const [x, y] = [path.xs[hover.row], path.ys[hover.row]];
    if (!(x === x && y === y)) continue;
    const main = look.id === hover.id;
    context.beginPath();
    context.arc(x, y, main ? 8 : 4, 0, 2 * Math.PI);
    context.lineWidth = main ? 4.5 : 2.5;
    context.strokeStyle = app.theme.background;
    context.stroke();
    context.lineWidth = main ? 2.2 : 1.5;
    context.strokeStyle = look.color;
    context.stroke();
  }
}
