/** What fingers drag the start by: over the start of the first run that is shown. */
import { element } from "../basics/dom.js";
import { t } from "../basics/words.js";

/** @param {any} app @param {any} view */
export function createHandle(app, view) {
  const handle = element("div", { class: "ov-handle", title: t("Drag to move the start") });
  view.host.append(handle);
  return {
    element: handle,
    place() {
      const track = app.model.tracks.find((/** @type {any} */ one) => !app.hidden.has(one.id) && one.end >= 0);
      const path = track && view.stage.paths.get(track.id);
      const { box } = view.stage;
      const [x, y] = path ? [path.xs[0], path.ys[0]] : [-1, -1];
      handle.hidden = !(x >= 0 && y >= 0 && x <= box.width && y <= box.height) || !view.panel.pick;
      handle.style.transform = `translate(${box.left + x}px, ${box.top + y}px)`;
    },
  };
}
