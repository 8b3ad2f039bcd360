/**
 * A comparison as a link and back, key for key as Python's optim_viz.experiments.links has it: tests hold the two to the
 * same text. What a page without a server cannot show is left out, and said in a sentence.
 *
 * @typedef {import("./checks.js").Asked} Asked
 * @typedef {import("./checks.js").Choice} Choice
 */
import { Refusal, checkBatch, checkChoice, checkDrawn, checkPlan, checkStart, numberWithin, quoted, wholeWithin } from "./checks.js";
import { t } from "../basics/words.js";

/** A float as Python writes it, so that both write the same link. @param {number} value */
export function floatText(value) {
  const size = Math.abs(value);
  if (value !== 0 && (size < 1e-4 || size >= 1e16)) return value.toExponential().replace(/e([+-])(\d)$/, "e$10$2");
  return Number.isInteger(value) ? `${Object.is(value, -0) ? "-0" : value}.0` : String(value);
}

/** @param {any} row  a hyperparameter's @param {number|boolean} value */
const valueText = (row, value) => (row.scale === "bool" || row.scale === "int" ? String(value) : floatText(Number(value)));

/** The pairs of values that are not at their defaults. @param {any[]} rows @param {Record<string, any>} values @param {string} [before] */
function changedPairs(rows, values, before = "") {
  return rows.filter((row) => values[row.name] !== row.default).flatMap((row) => [before + row.name, valueText(row, values[row.name])]);
}

/** The sign that parts are joined by, and the one that escapes; an address escapes the rest. @param {string} text */
const escapedLabel = (text) => text.replace(/%/g, "%25").replace(/~/g, "%7E");

/** An optimizer as text. @param {any} tables @param {Choice} choice */
export function writeChoice(tables, choice) {
  const parts = [choice.kind, ...changedPairs(tables.optimizers[choice.kind].hyperparameters, choice.values)];
  if (choice.scale) parts.push("scale", ...choice.scale.map(floatText));
  if (choice.schedule) {
    const { kind, values } = choice.schedule;
    parts.push("s", kind, ...changedPairs(tables.schedules[kind].hyperparameters, values, "s."));
  }
  if (choice.label) parts.push("label", escapedLabel(choice.label));
  return parts.join("~");
}

/** @param {string} text */
function unescaped(text) {
  try {
    return decodeURIComponent(text);
  } catch {
    return text;
  }
}

/** What a pair of a link changes in an optimizer's options. @param {any} tables @param {any} options @param {string} name @param {string[]} taken */
function withPair(tables, options, name, taken) {
  const { schedule, values } = options;
  if (name === "scale") return { ...options, scale: taken };
  if (name === "label") return { ...options, label: unescaped(taken[0]) };
  if (name === "s") return { ...options, schedule: checkPlan(tables, taken[0], {}) };
  if (name.startsWith("s.") && schedule) return { ...options, schedule: checkPlan(tables, schedule.kind, { ...schedule.values, [name.slice(2)]: taken[0] }) };
  return { ...options, values: { ...values, [name]: unescaped(taken[0]) } };
}

/** What a schedule is called that only the app has: one that is typed, or with more milestones than the site's; "" of others. @param {any} tables @param {string} kind @param {string[]} pairs  its settings */
function beyondSite(tables, kind, pairs) {
  if (Object.hasOwn(tables.typed, kind)) return tables.typed[kind];
  const row = Object.hasOwn(tables.schedules, kind) ? tables.schedules[kind] : null;
  const more = pairs.some((name) => /^s\.milestone\d+$/.test(name) && !row?.hyperparameters.some((/** @type {any} */ one) => `s.${one.name}` === name));
  return row && row.numbered && more ? row.title : "";
}

/** The optimizer that a text names, null where it names none. @param {any} tables @param {string} text @param {string[]} notes  sentences are added */
export function readChoice(tables, text, notes) {
  const [kind, ...pairs] = text.split("~");
  if (Object.hasOwn(tables.elsewhere, kind)) {
    notes.push(t("{optimizer} is left out: it needs the app.", { optimizer: tables.elsewhere[kind] }));
    return null;
  }
  if (Object.hasOwn(tables.refused, kind)) {
    notes.push(tables.refused[kind]);
    return null;
  }
  if (!Object.hasOwn(tables.optimizers, kind)) {
    notes.push(t("Unknown optimizer {kind}; {hint}", { kind: quoted(kind), hint: t("choose one of {names}.", { names: Object.keys(tables.optimizers).join(", ") }) }));
    return null;
  }
  let options = /** @type {any} */ ({ values: {} });
  for (let at = 0; at < pairs.length; ) {
    const name = pairs[at];
    const width = name === "scale" ? 2 : 1;
    const taken = pairs.slice(at + 1, at + 1 + width);
    at += 1 + width;
    if (name === "s") {
      let end = at;
      while (pairs[end]?.startsWith("s.")) end += 2;
      const beyond = beyondSite(tables, String(taken[0]), pairs.slice(at, end));
      if (beyond) {
        notes.push(t("{optimizer} is left out: it needs the app.", { optimizer: beyond }));
        at = end;
        continue;
      }
    }
    try {
      if (taken.length < width) throw new Refusal(t("The link gives {kind} no value for {name}.", { kind, name: quoted(name) }));
      const next = withPair(tables, options, name, taken);
      checkChoice(tables, kind, next);
      options = next;
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      notes.push(t("The default is used: {error}", { error: error.message }));
    }
  }
  return checkChoice(tables, kind, options);
}

/** @param {any} tables @param {Asked} asked @param {string[]} texts @param {string[]} notes */
function readChoices(tables, asked, texts, notes) {
  const most = tables.limits.optimizers;
  if (texts.length > most) notes.push(t("The link names {count} optimizers; the first {most} are shown.", { count: texts.length, most }));
  /** @type {string[]} */
  const said = [];
  const found = texts.slice(0, most).map((text) => readChoice(tables, text, said)).filter((choice) => choice !== null);
  notes.push(...new Set(said)); // what is wrong with two of them alike is said once
  return found.length ? { ...asked, optimizers: found } : asked;
}

/** @param {any} tables @param {Asked} asked @param {string[]} texts @param {string[]} notes */
function readSteps(tables, asked, texts, notes) {
  const most = tables.limits.steps;
  const steps = wholeWithin(texts.at(-1), "steps", 1, 100_000);
  if (steps > most) notes.push(t("A page runs at most {most} steps; {steps} were asked for.", { most: most.toLocaleString("en"), steps: steps.toLocaleString("en") }));
  return { ...asked, steps: Math.min(steps, most) };
}

/** @typedef {(tables: any, asked: Asked, texts: string[], notes: string[]) => Asked} Reader */
/** @typedef {{read: Reader, write: (tables: any, asked: Asked) => string[], silent: (asked: Asked, other: Asked|null, tables: any) => boolean}} Key */

/** @param {(asked: Asked) => unknown} part */
const unchanged = (part) => (/** @type {Asked} */ asked, /** @type {Asked|null} */ other) => other !== null && JSON.stringify(part(asked)) === JSON.stringify(part(other));

/** Whether a reader who knows the surface knows the start. @param {Asked} asked @param {Asked|null} other @param {any} tables */
function startsThere(asked, other, tables) {
  const known = other?.surface === asked.surface ? other.start : tables.surfaces[asked.surface].start;
  return asked.start.every((value, i) => value === known[i]);
}

/** Keys are read and written in this order. @type {Record<string, Key>} */
export const LINK_KEYS = {
  f: {
    read: (tables, asked, texts) => ({ ...asked, surface: String(texts.at(-1)), start: tables.surfaces[String(texts.at(-1))].start, batch: null }),
    write: (_, asked) => [asked.surface], silent: unchanged((asked) => asked.surface),
  },
  box: {
    read: (_, asked) => asked, // of a function that is known here the link has the same one
    write: (tables, asked) => [tables.surfaces[asked.surface].bounds.map(floatText).join("~")],
    silent: (asked, other, tables) => !tables.surfaces[asked.surface].file || asked.surface === other?.surface,
  },
  start: {
    read: (tables, asked, texts) => ({ ...asked, start: checkStart(tables.surfaces[asked.surface], String(texts.at(-1)).split("~")) }),
    write: (_, asked) => [asked.start.map(floatText).join("~")], silent: startsThere,
  },
  steps: { read: readSteps, write: (_, asked) => [String(asked.steps)], silent: unchanged((asked) => asked.steps) },
  noise: {
    read: (tables, asked, texts) => ({ ...asked, noise: numberWithin(texts.at(-1), "noise", 0, tables.limits.largest) }),
    write: (_, asked) => [floatText(asked.noise)], silent: unchanged((asked) => asked.noise),
  },
  seed: {
    read: (tables, asked, texts) => ({ ...asked, seed: wholeWithin(texts.at(-1), "seed", 0, tables.limits.seeds - 1) }),
    write: (_, asked) => [String(asked.seed)], silent: unchanged((asked) => asked.seed),
  },
  batch: {
    read: (tables, asked, texts) => ({ ...asked, batch: checkBatch(tables.surfaces[asked.surface], texts.at(-1)) }),
    write: (_, asked) => [String(asked.batch)], silent: (asked) => asked.batch === null,
  },
  drawn: {
    read: (tables, asked, texts) => ({ ...asked, drawn: checkDrawn(tables.surfaces[asked.surface], String(texts.at(-1))) }),
    write: (_, asked) => [asked.drawn ?? ""], silent: (asked, other) => (asked.drawn ?? "") === (other?.drawn ?? ""),
  },
  o: { read: readChoices, write: (tables, asked) => asked.optimizers.map((choice) => writeChoice(tables, choice)), silent: unchanged((asked) => asked.optimizers) },
};

/** @param {string|undefined} typed @param {string} surface  that is shown instead */
function ownFunction(typed, surface) {
  if (!typed) return t("A function of your own is left out: it needs the app; {surface} is shown instead.", { surface });
  return t("A function of your own, {typed}, is left out: it needs the app; {surface} is shown instead.", { typed: quoted(typed), surface });
}

/** What of a link needs the app, as sentences; `own` is whether its surface does. @param {any} tables @param {URLSearchParams} query @param {string} instead */
export function leftOut(tables, query, instead) {
  const typed = query.getAll("f").at(-1);
  const row = typed !== undefined && Object.hasOwn(tables.surfaces, typed) ? tables.surfaces[typed] : null;
  const box = query.getAll("box").at(-1)?.split("~").map(Number);
  const same = row?.file && box ? box.every((end, i) => end === row.bounds[i]) : !row?.file && !box; // a preset's function goes with its box
  const own = (typed !== undefined && !row) || !same || tables.parameters.some((/** @type {string} */ key) => query.has(key));
  const notes = own ? [ownFunction(typed, tables.surfaces[instead].title)] : [];
  if (query.get("fair")) notes.push(t("Learning rates tuned by one rule for all are left out: that needs the app; those of the link are shown."));
  return { own, notes };
}

/**
 * What the keys of a link make of a value, one after the other; what cannot be read is dropped, and said.
 * @template T
 * @param {Record<string, {read: (tables: any, value: T, texts: string[], notes: string[]) => T}>} keys
 * @param {any} tables @param {URLSearchParams} query @param {T} value @param {string[]} notes @param {Set<string>} [skipped]
 */
export function read(keys, tables, query, value, notes, skipped = new Set()) {
  let made = value;
  for (const [key, row] of Object.entries(keys)) {
    if (!query.has(key) || skipped.has(key)) continue;
    try {
      made = row.read(tables, made, query.getAll(key), notes);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      notes.push(t("The link's {key} was dropped: {error}", { key, error: error.message }));
    }
  }
  return made;
}

/**
 * The comparison that a link describes, `other` where it is silent, and a sentence for what was dropped.
 * @param {any} tables  the catalogue @param {string} search  the link from its "?" on @param {Asked} other
 * @returns {{asked: Asked, notes: string[]}}
 */
export function readLink(tables, search, other) {
  const query = new URLSearchParams(search);
  const { own, notes } = leftOut(tables, query, other.surface);
  const skipped = new Set(own ? ["f", "box", "start", "batch", "drawn"] : []);
  const known = new Set([...Object.keys(LINK_KEYS), "fair", "lang", ...tables.parameters]);
  for (const key of new Set(query.keys())) {
    if (!known.has(key)) notes.push(t("The link's {key} is unknown here; {hint}", { key: quoted(key), hint: t("choose one of {names}.", { names: Object.keys(LINK_KEYS).join(", ") }) }));
  }
  return { asked: read(LINK_KEYS, tables, query, other, notes, skipped), notes };
}

/**
 * The query of a comparison, from its "?" on: all that a reader with `other` must be told, or any reader.
 * @param {any} tables @param {Asked} asked @param {Asked|null} [other]
 */
export function writeLink(tables, asked, other = null) {
  const pairs = Object.entries(LINK_KEYS).filter(([, row]) => !row.silent(asked, other, tables))
    .flatMap(([key, row]) => row.write(tables, asked).map((text) => `${key}=${encodeURIComponent(text)}`));
  return pairs.length ? `?${pairs.join("&")}` : "";
}
