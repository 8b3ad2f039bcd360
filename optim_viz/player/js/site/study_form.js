/**
 * What is chosen on Tune beside the surface and the optimizers: the view, a map's axes and colours, how fine it is.
 *
 * @typedef {import("./study.js").Study} Study
 */
/** @typedef {import("./form.js").Change<Study>} Change */
import { element } from "../basics/dom.js";
import { typedNumber } from "../basics/format.js";
import { t } from "../basics/words.js";
import { numberOf } from "./checks.js";
import { chooser, textField } from "./form.js";
import { labelsOf } from "./scene.js";
import { axisNames, axisWords, fitting, mappedOf, turnedTo, wholeAxis } from "./study.js";
import { opens } from "./study_links.js";

const TOLERANCES = [1e-6, 1e-5, 1e-4, 1e-3, 1e-2, 1e-1], SEEDS = [1, 3, 5, 9, 15, 25];

/** Some values to choose from, and the one that is set. @param {readonly number[]} values @param {number} now */
const choices = (values, now) => [...new Set([...values, now])].sort((a, b) => a - b).map((value) => /** @type {[string, string]} */ ([String(value), value.toLocaleString("en", { maximumSignificantDigits: 3 })]));

/** One axis of a map: its name and its ends. @param {any} tables @param {Study} study @param {"x"|"y"} key @param {Change} change @param {Change} inPlace */
function axisFields(tables, study, key, change, inPlace) {
  const axis = study[key], choice = mappedOf(study), what = key === "x" ? t("Across") : t("Up");
  const names = axisNames(tables, choice).map((name) => /** @type {[string, string]} */ ([name, axisWords(name)]));
  const named = (/** @type {"low"|"high"} */ side, /** @type {string} */ name) => (side === "low" ? t("{name} from", { name }) : t("{name} to", { name }));
  const end = (/** @type {"low"|"high"} */ side, /** @type {string} */ words) => textField(`${key}-${side}`, words, String(axis[side]), { type: "text", inputmode: "decimal", required: true, "aria-label": t("{axis}, {end}", { axis: what, end: words }) }, (text) => {
    const typed = typedNumber(text), given = Number.isFinite(typed) ? typed : text; // refused as it was typed
    inPlace((now) => ({ ...now, [key]: { ...now[key], [side]: numberOf(given, named(side, now[key].name)) } }));
  });
  return [
    chooser(`${key}-name`, what, names, axis.name, (name) => change((now) => {
      const other = key === "x" ? "y" : "x", whole = wholeAxis(tables, mappedOf(now), now.descent.surface, name);
      // The name of the other axis: the two change places.
      return name === now[other].name ? { ...now, [key]: now[other], [other]: now[key] } : { ...now, [key]: whole };
    })),
    element("div", { class: "pair" }, [end("low", t("from")), end("high", t("to"))]),
  ];
}

/** The fields of a map. @param {any} tables @param {Study} study @param {Change} change @param {Change} inPlace */
function mapFields(tables, study, change, inPlace) {
  const { optimizers, noise, batch } = study.descent, labels = labelsOf(optimizers).map((label, i) => /** @type {[string, string]} */ ([String(i), label]));
  const measures = Object.entries(tables.tune.measures).map(([name, words]) => /** @type {[string, string]} */ ([name, String(words)]));
  const of = optimizers.length > 1 ? [chooser("which", t("Map of"), labels, String(Math.min(study.which, optimizers.length - 1)), (i) => change((now) => fitting(tables, { ...now, which: Number(i) })))] : [];
  const tolerance = study.measure === "steps" ? [chooser("tolerance", t("Arrived at this share of the way"), choices(TOLERANCES, study.tolerance), String(study.tolerance), (share) => inPlace((now) => ({ ...now, tolerance: Number(share) })))] : [];
  const seeds = noise > 0 || batch !== null ? [chooser("seeds", t("Runs of each cell, of which the median"), choices(SEEDS, study.seeds), String(study.seeds), (many) => inPlace((now) => ({ ...now, seeds: Number(many) })))] : [];
  return [
    ...of, ...axisFields(tables, study, "x", change, inPlace), ...axisFields(tables, study, "y", change, inPlace),
    chooser("measure", t("Colour"), measures, study.measure, (measure) => change((now) => ({ ...now, measure }))), ...tolerance, ...seeds,
  ];
}

/** @param {any} tables @returns {import("./form.js").Between<Study>} */
export function studyFields(tables) {
  const { views } = tables.tune;
  return {
    asked: (study) => study.descent,
    withAsked: (study, descent) => fitting(tables, { ...study, descent, which: Math.min(study.which ?? 0, descent.optimizers.length - 1) }),
    most: (study) => views[study.view].optimizers,
    shown: (study) => ({ ...study, descent: null, noise: study.descent.noise > 0 }),
    fields(study, change, inPlace) {
      const tabs = Object.entries(views).map(([name, row]) => /** @type {[string, string]} */ ([name, row.tab]));
      const turn = (/** @type {string} */ view) => change((now) => turnedTo(tables, now, opens(tables, view), JSON.stringify(now) === JSON.stringify(opens(tables, now.view))));
      const row = views[study.view];
      return {
        before: [chooser("view", t("View"), tabs, study.view, turn)],
        after: [
          chooser("n", row.points, choices(row.resolutions, study.resolution), String(study.resolution), (n) => inPlace((now) => ({ ...now, resolution: Number(n) }))),
          ...(study.view === "map" ? mapFields(tables, study, change, inPlace) : []),
        ],
      };
    },
  };
}
