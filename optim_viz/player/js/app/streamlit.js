/**
 * Streamlit's side of the player. Streamlit (components v2) calls these again, with the same parent element, whenever
 * the data or the theme changes, and calls the latest cleanup when the element goes. A call that was overtaken by a
 * newer one gets its cleanup called at once, so a cleanup only counts when it belongs to the latest call.
 */
import { element } from "../basics/dom.js";
import { adoptEarly, startEarly, tellTurned } from "./early.js";
import { mount } from "./main.js";
import { loadPlotly } from "./plotly.js";
import { createRegistry, holdBlob, readStore, releaseBlob } from "./registry.js";
import { loadStyle } from "./style.js";
import { missingBlobs } from "../numbers/scene.js";
import { speak, t } from "../basics/words.js";

const page = /** @type {any} */ (globalThis);
/** @type {WeakMap<Element, any>} */
const players = new WeakMap();
/** @type {WeakMap<Element, any>} */
const stores = new WeakMap();

/** @returns {import("./registry.js").Registry} */
function registryOfPage() {
  return (page.__ovBlobs ??= createRegistry());
}

/** @param {any} entry @param {string} text */
function showMessage(entry, text) {
  if (entry.instance) return;
  const message = document.createElement("p");
  message.className = "ov-message";
  message.textContent = text;
  entry.root.replaceChildren(message);
}

/** Draws the newest scene as soon as all its numbers are there; until then the last picture stays. @param {any} entry */
function drawWhenWhole(entry) {
  const { blobs } = registryOfPage();
  if (!entry.plotly || !entry.scene || entry.gone || missingBlobs(entry.scene, blobs).length) return;
  const scene = entry.scene;
  entry.scene = null;
  if (entry.instance && entry.instance.language !== scene.language) entry.instance = void entry.instance.destroy();
  if (entry.instance) entry.instance.update({ scene, blobs });
  else {
    entry.root.replaceChildren();
    entry.instance = mount(entry.root, {
      scene, blobs, plotly: entry.plotly, wholePlotly: () => loadPlotly(entry.whole), onTurn: (values) => entry.component.setTriggerValue("turn", values),
      onRest: (frame) => entry.component.setStateValue("frame", frame),
    });
  }
}

/** The page's first stop for the Tab key: past all its controls, to the picture. */
function offerSkip() {
  if (document.querySelector(".ov-skip")) return;
  const link = element("a", { class: "ov-skip", href: "#ov-picture", text: t("Skip to the picture") });
  link.addEventListener("click", (event) => {
    event.preventDefault();
    /** @type {HTMLElement|null} */ (document.querySelector(".ov-player"))?.focus();
  });
  document.body.prepend(link);
}

/** @param {any} component @param {{plotlyUrl: string, wholeUrl: string, cssUrl?: string}} options */
function createEntry(component, options) {
  const early = adoptEarly(component.parentElement);
  const root = early?.root ?? element("div", { id: "ov-picture" });
  if (!early) component.parentElement.append(root);
  offerSkip();
  const entry = /** @type {any} */ ({ root, component, scene: null, early, instance: early?.instance, plotly: null, whole: options.wholeUrl, gone: false });
  entry.listener = () => drawWhenWhole(entry);
  registryOfPage().listeners.add(entry.listener);
  const style = loadStyle(component.parentElement, options.cssUrl ?? new URL("../player.css", import.meta.url).href);
  Promise.all([loadPlotly(options.plotlyUrl), style]).then(([plotly]) => {
    entry.plotly = plotly;
    drawWhenWhole(entry);
  }, (error) => showMessage(entry, error.message));
  return entry;
}

/**
 * The component that is seen.
 * @param {any} component  Streamlit's: data (the scene), parentElement, setTriggerValue
 * @param {{plotlyUrl: string, wholeUrl: string, cssUrl?: string}} options
 * @returns {() => void} cleanup
 */
export function player(component, options) {
  const parent = component.parentElement;
  if (component.data.words) speak(component.data);
  const entry = players.get(parent) ?? createEntry(component, options);
  const first = !players.has(parent);
  players.set(parent, entry);
  const token = {};
  Object.assign(entry, { component, scene: component.data, token });
  if (entry.early) entry.early.component = component;
  if (entry.early && first) tellTurned(entry.early);
  drawWhenWhole(entry);
  entry.instance?.app.refreshTheme();
  return () => {
    if (entry.token !== token) return;
    entry.gone = true;
    registryOfPage().listeners.delete(entry.listener);
    entry.instance?.destroy();
    entry.root.remove();
    if (!document.getElementById("ov-picture")) document.querySelector(".ov-skip")?.remove();
    players.delete(parent);
  };
}

/**
 * A component that is not seen: it brings one blob.
 * @param {any} component
 * @returns {() => void} cleanup
 */
export function store(component) {
  const parent = component.parentElement;
  const registry = registryOfPage();
  const entry = stores.get(parent) ?? { name: null, bytes: null, token: null };
  stores.set(parent, entry);
  const token = {};
  entry.token = token;
  if (component.data && component.data !== entry.bytes) {
    const { name, blob } = readStore(component.data);
    entry.bytes = component.data;
    const before = entry.name;
    entry.name = name;
    holdBlob(registry, name, blob);
    if (before) releaseBlob(registry, before);
  }
  return () => {
    if (entry.token !== token) return;
    if (entry.name) releaseBlob(registry, entry.name);
    stores.delete(parent);
  };
}

if (globalThis.document) startEarly();
