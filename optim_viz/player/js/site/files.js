/** What a page of the site fetches: JSON and numbers from its data folder, each once; and plotly.js. */
import { loadPlotly } from "../app/plotly.js";
import { t } from "../basics/words.js";

/** @param {string} root  the data folder's address, with a slash at its end */
export function createFiles(root) {
  /** @type {Map<string, Promise<any>>} */
  const kept = new Map();

  /** @param {string} path @param {(answer: Response) => Promise<any>} take */
  function once(path, take) {
    let found = kept.get(path);
    if (!found) {
      found = fetch(new URL(path, root)).then((answer) => {
        if (!answer.ok) throw new Error(t("{path} could not be loaded ({status}).", { path, status: answer.status }));
        return take(answer);
      });
      found.catch(() => kept.delete(path)); // asked again, it may come
      kept.set(path, found);
    }
    return found;
  }
  return {
    json: (/** @type {string} */ path) => once(path, (answer) => answer.json()),
    numbers: (/** @type {string} */ path) => once(path, (answer) => answer.arrayBuffer()),
  };
}

/** The data folder of this page; `words` are JSON in its language: that of the code has no folder of its own. */
export function filesOfPage() {
  const { files: root, language } = /** @type {Record<string, string>} */ (document.body.dataset);
  const files = createFiles(new URL(`${root}/`, document.baseURI).href);
  return { ...files, words: (/** @type {string} */ path) => files.json(language === "en" ? path : `${language}/${path}`) };
}

/** plotly.js for this page's charts, and the whole of it once it is wanted: what a player is made with. */
export function plotlyOfPage() {
  const library = (/** @type {"flat"|"whole"} */ name) =>
    loadPlotly(new URL(/** @type {string} */ (document.body.dataset[name]), document.baseURI).href);
  return { flat: library("flat"), whole: () => library("whole") };
}
