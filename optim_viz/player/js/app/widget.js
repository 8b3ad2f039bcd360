/** The player in a notebook, as anywidget asks for it: one `render`, told by a model what to show. */
import { decoded } from "./carried_story.js";
import { mount } from "./main.js";
import { readTheme } from "../basics/theme.js";

const page = /** @type {any} */ (globalThis);

/**
 * A module of its own for a library that would otherwise look for a loader, or for a page's globals. plotly.js as its
 * makers publish it asks for `module`; that for the plane declares a variable, which is this module's own.
 * @param {BlobPart} bytes
 */
async function loaded(bytes) {
  const parts = ["const module = { exports: {} }, define = undefined;\n", bytes, "\nexport default 'react' in module.exports ? module.exports : Plotly;"];
  const url = URL.createObjectURL(new Blob(parts, { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

/**
 * plotly.js, "flat" or "whole": the kernel is asked for it once a page, however many players there are.
 * @param {any} model @param {string} name
 */
function plotlyOf(model, name) {
  const known = (page.__ovNotebook ??= {});
  known[name] ??= new Promise((resolve) => {
    const take = () => {
      const bytes = model.get(name);
      if (!bytes?.byteLength) return;
      model.off(`change:${name}`, take);
      resolve(loaded(bytes));
    };
    model.on(`change:${name}`, take);
    model.set("wanted", name);
    model.save_changes();
    take();
  });
  return known[name];
}

/** Resolves once an element has a place on the page: a notebook fills it first. @param {HTMLElement} element */
function placed(element) {
  return new Promise((resolve) => {
    const seen = new ResizeObserver(() => {
      if (!element.isConnected || !element.clientWidth) return;
      seen.disconnect();
      resolve(null);
    });
    seen.observe(element);
  });
}

/** @param {{model: any, el: HTMLElement}} options */
export function render({ model, el }) {
  const root = document.createElement("div");
  el.append(root);
  let player = /** @type {any} */ (null), gone = false;
  const begin = async () => {
    const [plotly] = await Promise.all([plotlyOf(model, "flat"), placed(el)]);
    if (gone) return;
    const theme = readTheme(root);
    root.style.setProperty("--ov-text", theme.text);
    root.style.setProperty("--ov-back", theme.background);
    player = mount(root, { ...decoded(JSON.parse(model.get("story"))), plotly, wholePlotly: () => plotlyOf(model, "whole") });
  };
  begin();
  return () => {
    gone = true;
    player?.destroy();
  };
}
