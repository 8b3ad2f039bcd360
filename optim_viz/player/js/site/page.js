/** What the pages of the site have: places by their names, sentences for the reader, links that stay on the page. */
import { element } from "../basics/dom.js";

/** A place of the page. @param {string} id */
export const spot = (id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Says something, or nothing. @param {string[]} sentences */
export function say(sentences) {
  spot("notes").hidden = !sentences.length;
  spot("notes").replaceChildren(...sentences.map((text) => element("p", { text })));
}

/** A link that is followed without loading the page anew; in a tab of its own it opens as any other. @param {string} href @param {Record<string, any>} attributes @param {() => void} go */
export function linkWithin(href, attributes, go) {
  const link = element("a", { href, ...attributes });
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go();
  });
  return link;
}

/** Does a job, and says what went wrong with it. @param {Promise<void>} job */
export function saying(job) {
  job.catch((error) => { say([error.message]); console.error(error); });
}
