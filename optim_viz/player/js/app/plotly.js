/**
 * plotly.js, each of its files loaded once: the one with charts in the plane at first, the whole, three times as large,
 * when somebody looks at the first landscape.
 */
import { t } from "../basics/words.js";

const page = /** @type {any} */ (globalThis);

/**
 * The library at an address; whatever the page itself calls Plotly is left as it was.
 * @param {string} url
 * @returns {Promise<any>}
 */
export function loadPlotly(url) {
  const known = (page.__ovPlotly ??= {});
  known[url] ??= new Promise((resolve, reject) => {
    const early = [...document.scripts].find((script) => script.src === url);
    if (early && page.Plotly) return resolve(page.Plotly);
    const before = page.Plotly;
    const script = early ?? Object.assign(document.createElement("script"), { src: url });
    script.onload = () => {
      const ours = page.Plotly;
      if (before) page.Plotly = before;
      resolve(ours);
    };
    script.onerror = () => {
      delete known[url];
      script.remove();
      reject(new Error(t("plotly.js could not be loaded from {url}", { url })));
    };
    if (!early) document.head.append(script);
  });
  return known[url];
}
