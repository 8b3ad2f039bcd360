/**
 * Compare without a server: what is asked for stands in the address, is computed here and shown by the player. Whatever
 * comes to rest, a knob or a choice, is a new entry of the browser's history.
 *
 * @typedef {import("./checks.js").Asked} Asked
 */
import { Refusal, checkAsked } from "./checks.js";
import { createForm } from "./form.js";
import { createEngine } from "../engine/runs.js";
import { element, setText } from "../basics/dom.js";
import { filesOfPage, plotlyOfPage } from "./files.js";
import { formulaText } from "./formula.js";
import { gathered, isOf, labelsOf, sceneOf, turnedAsked } from "./scene.js";
import { mount } from "../app/main.js";
import { settingsOn } from "../numbers/template.js";
import { t } from "../basics/words.js";
import { inLanguage, linkWithin, say, saying, spot } from "./page.js";
import { readLink, writeLink } from "./links.js";

/** The experiments that are worth watching; the one that is shown says what to watch for. @param {any} tables @param {Asked} first @param {(query: string) => void} open */
function createPresets(tables, first, open) {
  const whole = (/** @type {string} */ query) => writeLink(tables, readLink(tables, query, first).asked);
  const links = tables.presets.map((/** @type {any} */ row) => {
    const link = linkWithin(`?${row.query}`, { text: row.title }, () => open(`?${row.query}`));
    return { row, link, query: whole(row.query) };
  });
  spot("presets").replaceChildren(...links.map((/** @type {any} */ one) => one.link));
  return (/** @type {Asked} */ asked) => {
    const query = writeLink(tables, asked);
    const now = links.find((/** @type {any} */ one) => one.query === query);
    for (const one of links) {
      if (one === now) one.link.setAttribute("aria-current", "true");
      else one.link.removeAttribute("aria-current");
    }
    setText(spot("watch"), now?.row.text ?? "");
  };
}

/** Each run's rule and what it is for. @param {any} tables @param {Asked} asked */
function drawRules(tables, asked) {
  const labels = labelsOf(asked.optimizers);
  spot("rules").replaceChildren(...asked.optimizers.flatMap(({ kind, schedule, values }, i) => {
    const row = tables.optimizers[kind];
    const plan = schedule ? ` ${tables.schedules[schedule.kind].title}: ${tables.schedules[schedule.kind].problem}` : "";
    const settings = settingsOn({ columns: {}, inspector: { hyperparameters: values } }, row.added, 0);
    const added = settings ? element("p", { text: t("Added to this rule: {settings}", { settings }) }) : null;
    return [element("dt", { text: labels[i] }), element("dd", {}, [element("code", { text: row.formula }), added, element("p", { text: `${row.problem} ${row.paper}, ${row.year}.${plan}` })])];
  }));
}

/** @param {any} tables @param {Asked} asked */
function drawHead(tables, asked) {
  const surface = tables.surfaces[asked.surface];
  setText(spot("title"), surface.title);
  setText(spot("function"), formulaText(surface.expression, surface.weights.slice(0, surface.alone ? 1 : 2)));
  setText(spot("story"), surface.story);
  document.title = `${surface.title} · optim-viz`;
}

/**
 * The picture: computed here, shown by the player.
 * @param {any} tables @param {ReturnType<typeof filesOfPage>} files @param {ReturnType<typeof plotlyOfPage>} plotly
 * @param {(values: any) => void} onTurn  told what was turned by hand in the comparison that is shown
 */
function createPicture(tables, files, plotly, onTurn) {
  /** @type {Map<string, any>} */
  const programs = new Map();
  const engine = createEngine((name) => programs.get(name));
  let turn = 0;
  /** @type {any} */
  let player = null;
  return {
    /** Lets what is being turned come to rest. */
    rest: () => player?.app.live.rest(),
    /** Shows a comparison, unless another was asked for before its files came. @param {Asked} asked */
    async show(asked) {
      const mine = ++turn;
      const parts = await gathered(files, tables, asked);
      const figures = await plotly.flat;
      if (mine !== turn) return;
      for (const [name, program] of Object.entries(parts.programs)) programs.set(name, program);
      const next = sceneOf(tables, asked, parts, engine, location.href);
      if (player) await player.update(next);
      else player = mount(spot("player"), { ...next, plotly: figures, wholePlotly: plotly.whole, onTurn });
    },
  };
}

/** What the page does, once its tables are there. @param {any} tables @param {ReturnType<typeof filesOfPage>} files @param {ReturnType<typeof plotlyOfPage>} plotly */
function createPage(tables, files, plotly) {
  const first = readLink(tables, `?${tables.presets[0].query}`, /** @type {any} */ ({})).asked;
  let asked = first;
  const picture = createPicture(tables, files, plotly, (values) => { if (isOf(asked, values)) choose(turnedAsked(asked, values)); });
  const form = createForm(spot("form"), tables, (next) => { picture.rest(); choose(next(asked)); });
  const markPreset = createPresets(tables, first, (query) => choose(readLink(tables, query, first).asked));

  function show() {
    form.draw(asked);
    drawHead(tables, asked);
    drawRules(tables, asked);
    markPreset(asked);
    saying(picture.show(asked));
  }

  /** Something was chosen or turned: it is checked, goes into the history, and is shown. @param {Asked} wanted */
  function choose(wanted) {
    try {
      asked = checkAsked(tables, wanted);
      say([]);
    } catch (error) {
      if (!(error instanceof Refusal)) throw error;
      say([error.message]);
    }
    const link = writeLink(tables, asked, first);
    if (link !== location.search) history.pushState(null, "", link || location.pathname);
    show();
  }

  function read() {
    const { asked: found, notes } = readLink(tables, location.search, first);
    asked = found;
    say(notes);
    show();
  }
  window.addEventListener("popstate", read);
  read();
}

const filesHere = filesOfPage(), plotlyHere = plotlyOfPage();
inLanguage(filesHere).then(() => filesHere.words("catalogue.json")).then((tables) => createPage(tables, filesHere, plotlyHere), (error) => say([error.message]));
