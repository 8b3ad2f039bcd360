/** The language of the page: its messages by their English, which the page's data bring. English needs none. */

/** @type {Record<string, string>} */
let words = {};

/**
 * From now on everything is told in a language.
 * @param {{language?: string, words?: Record<string, string>}} page
 */
export function speak(page) {
  words = page.words ?? {};
  if (globalThis.document && page.language) document.documentElement.lang = page.language;
}

/**
 * A message in the language of the page, with the values that stand in braces in it; how Python writes a number there,
 * as in {steps:,}, is for Python alone. `docs/make_words.py` finds
 * the messages in the sources, so each is one literal in double quotes.
 * @param {string} message
 * @param {Record<string, string|number>} [values]
 */
export function t(message, values) {
  const told = Object.hasOwn(words, message) ? words[message] : message;
  return values ? told.replace(/\{(\w+)(?:[!:][^{}]*)?\}/g, (whole, name) => (Object.hasOwn(values, name) ? String(values[name]) : whole)) : told;
}

/** A message that is told later, by t. @param {string} message */
export const later = (message) => message;
