/** The style sheet of whatever this package shows on a page. */

/**
 * The style sheet, once for each document or shadow root.
 * @param {Element} parent
 * @param {string} url
 * @returns {Promise<void>}
 */
export function loadStyle(parent, url) {
  const home = parent.getRootNode();
  const target = home instanceof ShadowRoot ? home : document.head;
  const there = target.querySelector(`link[data-ov="${CSS.escape(url)}"]`);
  const link = /** @type {any} */ (there ?? document.createElement("link"));
  if (!there) {
    link.rel = "stylesheet";
    link.dataset.ov = url;
    link.loaded = new Promise((resolve) => { link.onload = link.onerror = () => resolve(undefined); });
    link.href = url;
    target.append(link);
  }
  return link.loaded ?? Promise.resolve();
}
