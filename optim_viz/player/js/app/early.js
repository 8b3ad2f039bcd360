/**
 * The picture of a page whose server knows it already: it stands, and plays, where the page will have it, while Streamlit
 * starts. Streamlit's component finds it there and takes it over.
 */
import { element } from "../basics/dom.js";
import { mount } from "./main.js";
import { loadPlotly } from "./plotly.js";
import { loadStyle } from "./style.js";

/** @typedef {{root: HTMLElement, holder: HTMLElement, instance: any, gone: boolean, turned: any, component: any}} Early */

/** @type {Early|null} */
let waiting = null;

/** @param {string} text */
function bytesOf(text) {
  return Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
}

/** Shows the picture that the page's head names, if it names one. */
export function startEarly() {
  const link = /** @type {HTMLLinkElement|null} */ (document.getElementById("ov-early"));
  if (!link) return;
  const root = element("div", { id: "ov-picture" });
  const early = /** @type {Early} */ ({ root, holder: element("div", { class: "ov-early" }, [root]), instance: null, gone: false, turned: null, component: null });
  waiting = early;
  document.body.append(early.holder);
  const address = (/** @type {string} */ name) => new URL(/** @type {string} */ (link.dataset[name]), document.baseURI).href;
  const wanted = [fetch(link.href).then((answer) => answer.json()), loadPlotly(address("flat")), loadStyle(early.holder, address("css"))];
  // Without it, or where it is null, there is no early picture: the page shows its own, or says why it cannot.
  Promise.all(wanted).then(([picture, plotly]) => {
    if (!picture) early.holder.remove();
    else if (!early.gone) begin(early, picture, plotly, address("whole"));
  }, () => early.holder.remove());
}

/** @param {Early} early @param {any} picture @param {any} plotly @param {string} whole */
function begin(early, picture, plotly, whole) {
  early.holder.classList.toggle("ov-captioned", picture.captioned);
  const blobs = new Map(Object.entries(picture.blobs).map(([name, text]) => [name, bytesOf(text)]));
  early.instance = mount(early.root, {
    scene: picture.data, blobs, plotly, wholePlotly: () => loadPlotly(whole),
    onTurn: (values) => { early.turned = values; tellTurned(early); },
    onRest: (frame) => early.component?.setStateValue("frame", frame),
  });
}

/** What was turned before the page stood is told once it does. @param {Early} early */
export function tellTurned(early) {
  if (early.component && early.turned) early.component.setTriggerValue("turn", early.turned);
}

/** Where browsers can, as it is: with the focus, and a number that is half typed. @param {HTMLElement} root @param {any} parent */
function move(root, parent) {
  const focused = /** @type {HTMLElement|null} */ (root.contains(document.activeElement) ? document.activeElement : null);
  if (parent.moveBefore) parent.moveBefore(root, null);
  else parent.append(root);
  if (document.activeElement !== focused) focused?.focus();
  root.dataset.ready = "true";
}

/**
 * Moves the early picture into `parent`, for good; null where there is none that stands.
 * @param {HTMLElement} parent
 * @returns {Early|null}
 */
export function adoptEarly(parent) {
  const early = waiting;
  waiting = null;
  if (!early) return null;
  early.gone = true;
  if (early.instance) move(early.root, parent);
  early.holder.remove();
  return early.instance ? early : null;
}
