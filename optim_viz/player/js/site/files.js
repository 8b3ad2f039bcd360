/** What a page of the site fetches: JSON and numbers from its data folder, each once; and plotly.js, which loads beside it. */

/** @param {string} root  the data folder's address, with a slash at its end */
export function createFiles(root) {
  /** @type {Map<string, Promise<any>>} */
  const kept = new Map();

  /** @param {string} path @param {(answer: Response) => Promise<any>} take */
  function once(path, take) {
    let found = kept.get(path);
    if (!found) {
      found = fetch(new URL(path, root)).then((answer) => {
        if (!answer.ok) throw new Error(`${path} could not be loaded (${answer.status}).`);
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

/** The data folder of this page. */
export function filesOfPage() {
  return createFiles(new URL(`${document.body.dataset.files}/`, document.baseURI).href);
}

/** plotly.js, once its script has come. @returns {Promise<any>} */
export function plotlyOfPage() {
  const found = () => /** @type {any} */ (globalThis).Plotly;
  const script = /** @type {HTMLElement} */ (document.getElementById("plotly"));
  return new Promise((resolve, reject) => {
    if (found()) resolve(found());
    script.addEventListener("load", () => resolve(found()));
    script.addEventListener("error", () => reject(new Error("plotly.js could not be loaded.")));
  });
}
