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
import { gathered, labelsOf, sceneOf, turnedAsked } from "./scene.js";
import { mount } from "../app/main.js";
import { readLink, writeLink } from "./links.js";

const spot = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Says something, or nothing. @param {string[]} sentences */
function say(sentences) {
  spot("notes").hidden = !sentences.length;
  spot("notes").replaceChildren(...sentences.map((text) => element("p", { text })));
}

/** The experiments that are worth watching; the one that is shown says what to watch for. @param {any} tables @param {Asked} first @param {(query: string) => void} open */
function createPresets(tables, first, open) {
  const whole = (/** @type {string} */ query) => writeLink(tables, readLink(tables, query, first).asked);
  const links = tables.presets.map((/** @type {any} */ row) => {
    const link = element("a", { href: `?${row.query}`, text: row.title });
    link.addEventListener("click", (event) => {
      if (event.ctrlKey || event.metaKey || event.shiftKey) return;
      event.preventDefault();
      open(`?${row.query}`);
    });
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
  spot("rules").replaceChildren(...asked.optimizers.flatMap(({ kind, schedule }, i) => {
    const row = tables.optimizers[kind];
    const plan = schedule ? ` ${tables.schedules[schedule.kind].title}: ${tables.schedules[schedule.kind].problem}` : "";
    return [element("dt", { text: labels[i] }), element("dd", {}, [element("code", { text: row.formula }), element("p", { text: `${row.problem} ${row.paper}, ${row.year}.${plan}` })])];
  }));
}

/** @param {any} tables @param {Asked} asked */
function drawHead(tables, asked) {
  const surface = tables.surfaces[asked.surface];
  setText(spot("title"), surface.title);
  setText(spot("function"), formulaText(surface.expression));
  setText(spot("story"), surface.story);
  document.title = `${surface.title} · optim-viz`;
}

/** What the page does, once its tables are there. @param {any} tables @param {ReturnType<typeof filesOfPage>} files @param {any} plotly */
function createPage(tables, files, plotly) {
  const first = readLink(tables, `?${tables.presets[0].query}`, /** @type {any} */ ({})).asked;
  const address = (/** @type {Asked} */ next) => writeLink(tables, next, first);
  /** @type {Map<string, any>} */
  const programs = new Map();
  const engine = createEngine((name) => programs.get(name));
  let asked = first, turn = 0;
  /** @type {any} */
  let player = null;
  /** @type {Asked|null} */
  let drawn = null; // what the player shows: a knob that was turned meanwhile is of no use to another comparison
  const form = createForm(spot("form"), tables, (next) => { player?.app.live.rest(); choose(next(asked)); });
  const markPreset = createPresets(tables, first, (query) => choose(readLink(tables, query, first).asked));

  /** Shows what is asked for; what was asked before and comes later is not shown. */
  async function show() {
    const mine = ++turn;
    form.draw(asked);
    drawHead(tables, asked);
    drawRules(tables, asked);
    markPreset(asked);
    const parts = await gathered(files, tables, asked);
    const figures = await plotly;
    if (mine !== turn) return;
    for (const [name, program] of Object.entries(parts.programs)) programs.set(name, program);
    const next = sceneOf(tables, asked, parts, engine.runOne, location.href);
    drawn = asked;
    if (player) await player.update(next);
    else player = mount(spot("player"), { ...next, plotly: figures, onTurn: (values) => { if (drawn === asked) choose(turnedAsked(asked, values)); } });
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
    if (address(asked) !== location.search) history.pushState(null, "", address(asked) || location.pathname);
    shown();
  }

  function shown() {
    show().catch((error) => { say([error.message]); console.error(error); });
  }

  function read() {
    const { asked: found, notes } = readLink(tables, location.search, first);
    asked = found;
    say(notes);
    shown();
  }
  window.addEventListener("popstate", read);
  read();
}

const filesHere = filesOfPage();
filesHere.json("catalogue.json").then((tables) => createPage(tables, filesHere, plotlyOfPage()), (error) => say([error.message]));
