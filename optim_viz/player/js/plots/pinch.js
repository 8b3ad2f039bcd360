/** Handles on the curve of a learning rate: dragged, they set the numbers of the schedule. The knobs do the same by keys. */
import { t } from "../basics/words.js";
import { element } from "../basics/dom.js";
import { visibleLooks } from "../basics/looks.js";
import { pinched, placesOf } from "../numbers/schedules.js";
import { axisValues } from "./plot.js";

/** @param {any} view  the curve's @param {any} app */
export function createPinch(view, app) {
  const layer = element("div", { class: "ov-pinches", "aria-hidden": "true" });
  view.host.append(layer);
  /** @type {Map<string, HTMLElement>} */
  const handles = new Map();
  let held = "";

  /** @param {string} id  the run's @param {number} number  the place's @param {string} key */
  function made(id, number, key) {
    const handle = element("div", { class: "ov-pinch", title: t("Drag to pinch the schedule of {run}", { run: id }) });
    /** @type {((event: PointerEvent) => {step: number, rate: number})|null} what a place means: as it was when it was taken hold of, though the axes follow */
    let at = null;
    handle.addEventListener("pointerdown", (event) => {
      if (event.button !== 0) return;
      event.stopPropagation();
      handle.setPointerCapture(event.pointerId);
      const { xaxis, yaxis } = view.gd._fullLayout, [x, y] = [axisValues({ ...xaxis, range: [...xaxis.range] }), axisValues({ ...yaxis, range: [...yaxis.range] })];
      const { left, top } = view.stage.box;
      at = ({ clientX, clientY }) => {
        const box = view.host.getBoundingClientRect();
        return { step: x(clientX - box.left - left), rate: y(clientY - box.top - top) };
      };
      held = key;
      app.live.hold(true);
    });
    handle.addEventListener("pointermove", (event) => {
      if (!at) return;
      const to = at(event), run = app.live.run(id);
      const knobs = { rule: app.live.program(run.program).knobs, schedule: app.live.program(run.schedule).knobs };
      app.live.change((/** @type {any} */ values) => {
        const one = values.runs.find((/** @type {any} */ each) => each.id === id);
        Object.assign(one, pinched({ ...run, ...one }, values.steps, number, to, knobs));
      });
    });
    for (const kind of ["pointerup", "pointercancel"]) {
      handle.addEventListener(kind, () => {
        if (!at) return;
        at = null;
        held = "";
        app.live.hold(false);
        app.live.rest();
      });
    }
    layer.append(handle);
    return handle;
  }

  return {
    /** Puts the handles where the curves are now. */
    place() {
      const live = app.live.live(), { box } = view.stage, wanted = new Set();
      for (const look of visibleLooks(app)) {
        const run = app.live.run(look.id);
        if (!run?.program || !app.live.computable(run)) continue;
        for (const { number, step, rate } of placesOf(run, live.steps)) {
          const key = `${look.id} ${number}`, [x, y] = [view.px(step), view.py(rate)];
          if (key !== held && !(x >= -1 && x <= box.width + 1 && y >= -1 && y <= box.height + 1)) continue;
          wanted.add(key);
          if (!handles.has(key)) handles.set(key, made(look.id, number, key));
          const handle = /** @type {HTMLElement} */ (handles.get(key));
          handle.style.transform = `translate(${box.left + Math.min(Math.max(x, 0), box.width)}px, ${box.top + Math.min(Math.max(y, 0), box.height)}px)`;
          handle.style.setProperty("--ov-own", look.color);
        }
      }
      for (const [key, handle] of handles) if (!wanted.has(key)) { handle.remove(); handles.delete(key); }
    },
  };
}
