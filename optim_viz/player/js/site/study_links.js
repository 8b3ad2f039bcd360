/**
 * A study as a link and back, key for key as Python's optim_viz.experiments.study_links has it: tests hold the two to the
 * same text.
 *
 * @typedef {import("./study.js").Study} Study
 */
import { t } from "../basics/words.js";
import { Refusal, oneOf, parsed, quoted, rowOf, unknown, wholeWithin } from "./checks.js";
import { LINK_KEYS, floatText, leftOut, read } from "./links.js";
import { checkAxis, fitting, mappedOf, sameAxes } from "./study.js";

/** A study has pictures of its own: how the surface is drawn is Compare's. */
const { drawn: _, ...KEYS } = LINK_KEYS;

/** @typedef {{read: (tables: any, study: Study, texts: string[]) => Study, write: (study: Study) => string}} Key */

/** The key of an axis. @param {"x"|"y"} key @returns {Key} */
function axisKey(key) {
  return {
    read(tables, study, texts) {
      const found = fitting(tables, study), parts = String(texts.at(-1)).split("~");
      if (parts.length !== 3) throw new Refusal(t("{count} values joined by ~ are needed; got {text}.", { count: 3, text: quoted(texts.at(-1)) }));
      return { ...found, [key]: checkAxis(tables, mappedOf(found), parts) };
    },
    write: (study) => [study[key].name, floatText(study[key].low), floatText(study[key].high)].join("~"),
  };
}

/** A share of the way. @param {unknown} text */
function checkTolerance(text) {
  const share = parsed(text);
  if (share > 0 && share < 1) return share;
  throw new Refusal(t("tolerance must be above 0 and below 1; got {text}.", { text: quoted(text) }));
}

/** Keys of a view's own, read and written in this order. @type {Record<string, Key>} */
const OWN = {
  n: {
    read: (tables, study, texts) => ({ ...study, resolution: wholeWithin(texts.at(-1), "n", 2, tables.tune.views[study.view].resolutions.at(-1)) }),
    write: (study) => String(study.resolution),
  },
  seeds: {
    read: (tables, study, texts) => ({ ...study, seeds: wholeWithin(texts.at(-1), "seeds", 1, tables.tune.views[study.view].seeds) }),
    write: (study) => String(study.seeds),
  },
  which: {
    read: (_, study, texts) => ({ ...study, which: wholeWithin(texts.at(-1), "which", 0, study.descent.optimizers.length - 1) }),
    write: (study) => String(study.which),
  },
  x: axisKey("x"),
  y: axisKey("y"),
  measure: {
    read(tables, study, texts) {
      const measure = String(texts.at(-1));
      rowOf(tables.tune.measures, measure, t("measure"));
      return { ...study, measure };
    },
    write: (study) => study.measure,
  },
  tol: { read: (_, study, texts) => ({ ...study, tolerance: checkTolerance(texts.at(-1)) }), write: (study) => floatText(study.tolerance) },
};
/** Keys of the app's other views. */
const ELSEWHERE = ["rates", "epochs"];

/** What a view opens with. @param {any} tables @param {string} view @returns {Study} */
export function opens(tables, view) {
  const query = new URLSearchParams(tables.tune.views[view].opens);
  const surface = String(query.get("f"));
  const blank = { surface, start: tables.surfaces[surface].start, batch: null, optimizers: [] };
  return readKeys(tables, query, /** @type {any} */ ({ view, descent: blank, which: 0, seeds: 1 }), []);
}

/** A study with the axes that its view opens with, or those of its optimizer if that has others. @param {any} tables @param {Study} first @param {Study} study */
const withOwnAxes = (tables, first, study) => fitting(tables, { ...study, x: first.x, y: first.y });

/** What is said of a key that a view is without. @param {any} view */
const hasNone = (view) => t("the view '{tab}' has none.", { tab: view.tab });

/** What the keys of a link make of a study. @param {any} tables @param {URLSearchParams} query @param {Study} study @param {string[]} notes @param {Set<string>} [skipped] */
function readKeys(tables, query, study, notes, skipped = new Set()) {
  const view = tables.tune.views[study.view];
  const descent = read(KEYS, tables, query, study.descent, notes, skipped);
  const there = Object.fromEntries(Object.entries(OWN).map(([key, row]) => [key, view.keys.includes(key) ? row : {
    ...row, read() { throw new Refusal(hasNone(view)); },
  }]));
  const found = fitting(tables, read(there, tables, query, { ...study, descent }, notes));
  const same = found.view === "map" && sameAxes(found); // one was dropped, or both are given alike
  if (!same) return found;
  notes.push(t("The map's own axes are shown: {error}", { error: same }));
  return withOwnAxes(tables, opens(tables, found.view), found);
}

/** Which view a link means; of those that need the app, a sentence. @param {any} tables @param {URLSearchParams} query @param {string[]} notes */
function viewOf(tables, query, notes) {
  const { views, elsewhere } = tables.tune;
  const [first] = Object.keys(views), [silent] = Object.keys(elsewhere);
  const asked = query.get("view") ?? ([...query.keys()].length ? silent : first);
  if (Object.hasOwn(views, asked)) return { view: asked, here: true };
  const known = Object.hasOwn(elsewhere, asked);
  notes.push(known ? t("The view '{tab}' needs the app; '{shown}' is shown instead.", { tab: elsewhere[asked], shown: views[first].tab })
    : t("The link's {key} was dropped: {error}", { key: "view", error: unknown(t("view"), asked, Object.keys(views)) }));
  return { view: first, here: !known };
}

/**
 * The study that a link describes, what its view opens with where it is silent, and a sentence for what was dropped.
 * @param {any} tables @param {string} search  the link from its "?" on
 * @returns {{study: Study, notes: string[]}}
 */
export function readStudy(tables, search) {
  const query = new URLSearchParams(search);
  /** @type {string[]} */
  const notes = [];
  const { view, here } = viewOf(tables, query, notes);
  if (!here) for (const key of ELSEWHERE) query.delete(key);
  const first = opens(tables, view);
  const left = leftOut(tables, query, first.descent.surface);
  notes.push(...left.notes);
  const known = ["view", "lang", ...Object.keys(KEYS), "fair", ...tables.parameters, ...Object.keys(OWN), ...ELSEWHERE];
  for (const key of new Set(query.keys())) {
    if (!known.includes(key)) notes.push(t("The link's {key} is unknown here; {hint}", { key: quoted(key), hint: oneOf(["view", ...tables.tune.views[view].keys]) }));
    else if (ELSEWHERE.includes(key)) notes.push(t("The link's {key} was dropped: {error}", { key, error: hasNone(tables.tune.views[view]) }));
  }
  return { study: readKeys(tables, query, first, notes, new Set(left.own ? ["f", "box", "start", "batch"] : [])), notes };
}

/** The query of a study, from its "?" on: its view, and all that is not as that opens. @param {any} tables @param {Study} study */
export function writeStudy(tables, study) {
  const first = opens(tables, study.view), { keys } = tables.tune.views[study.view];
  const descent = keys.includes("start") ? study.descent : { ...study.descent, start: tables.surfaces[study.descent.surface].start };
  const { x, y } = withOwnAxes(tables, first, study), known = { ...first, x, y };
  const pairs = Object.entries(KEYS).filter(([, row]) => !row.silent(descent, first.descent, tables))
    .flatMap(([key, row]) => row.write(tables, descent).map((text) => [key, text]));
  const own = Object.entries(OWN).filter(([key, row]) => keys.includes(key) && row.write(study) !== row.write(known))
    .map(([key, row]) => [key, row.write(study)]);
  return `?${[["view", study.view], ...pairs, ...own].map(([key, text]) => `${key}=${encodeURIComponent(text)}`).join("&")}`;
}
