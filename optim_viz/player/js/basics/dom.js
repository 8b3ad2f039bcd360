/** Small helpers around the DOM. Text always goes in as text, never as markup. */

/**
 * Makes an element.
 * @param {string} tag
 * @param {Record<string, any>} [attributes] `class`, `text`, aria-*, ...; null and false are left out
 * @param {(Node|null)[]} [children]
 * @returns {HTMLElement}
 */
export function element(tag, attributes = {}, children = []) {
  const node = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) {
    if (value === null || value === undefined || value === false) continue;
    if (name === "text") node.textContent = value;
    else node.setAttribute(name, value === true ? "" : String(value));
  }
  node.append(...children.filter((child) => child !== null));
  return node;
}

/**
 * Makes an SVG element.
 * @param {string} tag
 * @param {Record<string, any>} [attributes]
 * @param {Node[]} [children]
 * @returns {SVGElement}
 */
export function vector(tag, attributes = {}, children = []) {
  const node = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) node.setAttribute(name, String(value));
  node.append(...children);
  return node;
}

/** Path data of the icons, on a 16 x 16 grid, drawn with currentColor. */
const ICONS = {
  play: "M4.5 2.6v10.8a.6.6 0 0 0 .92.5l8.3-5.4a.6.6 0 0 0 0-1l-8.3-5.4a.6.6 0 0 0-.92.5z",
  pause: "M4 2.5h2.6v11H4zM9.4 2.5H12v11H9.4z",
  back: "M3 3h1.8v10H3zM13 3.4v9.2L6 8z",
  forward: "M11.2 3H13v10h-1.8zM3 3.4v9.2L10 8z",
  loop: "M11.2 1.2 14 4l-2.8 2.8V5H5a1.6 1.6 0 0 0-1.6 1.6V8H1.8V6.6A3.2 3.2 0 0 1 5 3.4h6.2zM4.8 14.8 2 12l2.8-2.8V11H11a1.6 1.6 0 0 0 1.6-1.6V8h1.6v1.4a3.2 3.2 0 0 1-3.2 3.2H4.8z",
  record: "M8 1.4a6.6 6.6 0 1 1 0 13.2A6.6 6.6 0 0 1 8 1.4zm0 1.6a5 5 0 1 0 0 10A5 5 0 0 0 8 3zm0 2.2a2.8 2.8 0 1 1 0 5.6 2.8 2.8 0 0 1 0-5.6z",
  full: "M2 2h4.5v1.6H3.6v2.9H2zM9.5 2H14v4.5h-1.6V3.6H9.5zM2 9.5h1.6v2.9h2.9V14H2zM12.4 9.5H14V14H9.5v-1.6h2.9z",
};

/**
 * @param {keyof typeof ICONS} name
 * @returns {SVGElement}
 */
export function icon(name) {
  const path = vector("path", { d: ICONS[name], fill: "currentColor" });
  return vector("svg", { viewBox: "0 0 16 16", width: 16, height: 16, "aria-hidden": "true" }, [path]);
}

/**
 * Sets text only when it differs: writing the same text would still cost a layout.
 * @param {Node} node
 * @param {string} text
 */
export function setText(node, text) {
  if (node.textContent === text) return;
  const only = node.firstChild;
  if (only?.nodeType === Node.TEXT_NODE && !only.nextSibling) only.nodeValue = text;  // a new node would be a new box
  else node.textContent = text;
}
