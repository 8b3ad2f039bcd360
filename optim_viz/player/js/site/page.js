/** What the pages of the site have: places by their names, sentences for the reader, links that stay on the page. */
import { element } from "../basics/dom.js";
import { speak } from "../basics/words.js";

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

/**
 * Speaks the page's language. A link that asks for the other one is followed there; without a word in it the browser's is
 * taken for whoever comes from elsewhere. The links to the other language keep what is shown.
 * @param {ReturnType<typeof import("./files.js").filesOfPage>} files
 */
export async function inLanguage(files) {
  const here = document.body.dataset.language;
  const others = /** @type {HTMLAnchorElement[]} */ ([...document.querySelectorAll("a.language")]);
  const asked = new URLSearchParams(location.search).get("lang") ?? (fromElsewhere() ? navigator.language.split("-")[0] : here);
  const there = others.find((link) => link.lang === asked);
  if (there && asked !== here) {
    location.replace(there.href + location.search + location.hash);
    return new Promise(() => {}); // nothing more is done here
  }
  for (const link of others) link.addEventListener("click", () => { link.search = location.search.replace(/([?&])lang=[^&]*&?/, "$1").replace(/[?&]$/, ""); });
  if (here !== "en") speak(await files.words("words.json"));
}

/** Whether a visitor did not come from another page of the site. */
const fromElsewhere = () => !document.referrer || new URL(document.referrer).origin !== location.origin;

/** Does a job, and says what went wrong with it. @param {Promise<void>} job */
export function saying(job) {
  job.catch((error) => { say([error.message]); console.error(error); });
}
