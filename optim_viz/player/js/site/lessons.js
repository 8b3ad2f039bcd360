/** The lessons without a server: words, pictures and verdicts come as files, a lesson's link is that of the app. */
import { element, setText } from "../basics/dom.js";
import { filesOfPage, plotlyOfPage } from "./files.js";
import { formulaText } from "./formula.js";
import { blobNames } from "../numbers/scene.js";
import { mount } from "../app/main.js";

/** @typedef {{slug: string, title: string, pictures: number}} Row */
/** @typedef {{slug: string, run: number}} Place */

const part = (/** @type {string} */ id) => /** @type {HTMLElement} */ (document.getElementById(id));

/** Where a link leads, and what of it was dropped. @param {Row[]} rows @param {string} search @returns {{place: Place, notes: string[]}} */
export function readPlace(rows, search) {
  const query = new URLSearchParams(search);
  const notes = [];
  const wanted = query.get("lesson");
  const row = rows.find((one) => one.slug === (wanted ?? rows[0].slug));
  if (!row) return { place: { slug: rows[0].slug, run: 1 }, notes: [`There is no lesson '${String(wanted).slice(0, 60)}'; the first one is shown.`] };
  const run = Number(query.get("run") ?? 1);
  const known = Number.isInteger(run) && run >= 1 && run <= row.pictures;
  if (!known) notes.push(`The link's run was dropped: ${row.slug} has pictures 1 to ${row.pictures}.`);
  return { place: { slug: row.slug, run: known ? run : 1 }, notes };
}

/** @param {Place} place */
export function writePlace({ slug, run }) {
  return `?lesson=${encodeURIComponent(slug)}${run === 1 ? "" : `&run=${run}`}`;
}

/** A link inside this page. @param {Record<string, any>} attributes @param {Place} place @param {(place: Place) => void} go */
function placeLink(attributes, place, go) {
  const link = element("a", { href: writePlace(place), ...attributes });
  link.addEventListener("click", (event) => {
    if (event.ctrlKey || event.metaKey || event.shiftKey) return;
    event.preventDefault();
    go(place);
  });
  return link;
}

/** Whether something held, in a word and a sentence. @param {boolean} holds @param {string} yes @param {string} no @param {string} sentence */
function finding(holds, yes, no, sentence) {
  return [element("strong", { class: holds ? "holds" : "fails", text: holds ? `✓ ${yes}` : `✗ ${no}` }), document.createTextNode(` ${sentence}`)];
}

/** All that is read. @param {any} words */
function drawWords(words) {
  for (const name of ["claim", "text", "look", "question", "answer"]) setText(part(name), words[name]);
  setText(part("source"), `Source: ${words.source}.`);
  part("measured").replaceChildren(...finding(words.measured.holds, "The claim holds.", "The claim does not hold here.", words.measured.sentence));
  setText(part("limit"), words.limit.text);
  part("limit-measured").replaceChildren(...finding(words.limit.holds, "Measured too.", "Not seen here.", words.limit.sentence));
  part("optimizers").replaceChildren(...words.optimizers.map((/** @type {any} */ row) => element("details", {}, [
    element("summary", { text: row.title }), element("p", {}, [element("code", { text: row.formula })]), element("pre", { text: row.code, tabindex: "0" }),
  ])));
  /** @type {HTMLDetailsElement} */ (part("answer-fold")).open = false;
  document.title = `${words.title} · optim-viz`;
}

/** What stands around a picture. @param {any} picture */
function drawCaption(picture) {
  setText(part("caption"), [picture.caption, picture.seed].filter(Boolean).join(" "));
  setText(part("drawn-function"), picture.function && formulaText(picture.function));
  setText(part("plane"), picture.plane);
  part("open").replaceChildren(...(picture.query ? [element("a", { href: `index.html?${picture.query}`, text: "Open in Compare" })] : []), element("span", { text: picture.left }));
}

/** @param {Row[]} rows @param {ReturnType<typeof filesOfPage>} files @param {Promise<any>} plotly */
function createLessons(rows, files, plotly) {
  const list = /** @type {HTMLSelectElement} */ (part("lesson"));
  list.replaceChildren(...rows.map((row, i) => element("option", { value: row.slug, text: `${i + 1}. ${row.title}` })));
  list.addEventListener("change", () => go({ slug: list.value, run: 1 }));
  let turn = 0;
  /** @type {any} */
  let player = null;

  /** @param {Place} place */
  function drawPlace(place) {
    const here = rows.findIndex((row) => row.slug === place.slug);
    list.value = place.slug;
    const links = [["back", "Back", here - 1], ["next", "Next", here + 1]].map(([id, text, to]) => {
      const row = rows[Number(to)];
      return row ? placeLink({ id, text, class: "turn" }, { slug: row.slug, run: 1 }, go) : element("span", { id, text, class: "turn", "aria-disabled": "true" });
    });
    part("back").replaceWith(links[0]);
    part("next").replaceWith(links[1]);
  }

  /** @param {Place} place */
  async function show(place) {
    const mine = ++turn;
    drawPlace(place);
    const words = await files.json(`lessons/${place.slug}.json`);
    if (mine !== turn) return;
    drawWords(words);
    const picture = words.pictures[place.run - 1];
    part("pictures").replaceChildren(...words.pictures.map((/** @type {any} */ one, /** @type {number} */ i) =>
      placeLink({ text: one.tab, "aria-current": i + 1 === place.run && "true" }, { slug: place.slug, run: i + 1 }, go)));
    drawCaption(picture);
    const scene = await files.json(`lessons/${place.slug}/${picture.name}.json`);
    const names = blobNames(scene);
    const numbers = await Promise.all(names.map((name) => files.numbers(`blobs/${name}.bin`)));
    const figures = await plotly;
    if (mine !== turn) return;
    const next = { scene: { ...scene, origin: location.href }, blobs: new Map(names.map((name, i) => [name, numbers[i]])) };
    if (player) await player.update(next);
    else player = mount(part("player"), { ...next, plotly: figures });
  }

  /** @param {string[]} sentences */
  function say(sentences) {
    part("notes").hidden = !sentences.length;
    part("notes").replaceChildren(...sentences.map((text) => element("p", { text })));
  }

  /** @param {Place} place @param {string[]} notes */
  function shown(place, notes) {
    say(notes);
    show(place).catch((error) => { say([error.message]); console.error(error); });
  }

  /** @param {Place} place */
  function go(place) {
    if (writePlace(place) !== location.search) history.pushState(null, "", writePlace(place));
    shown(place, []);
    if (part("claim").getBoundingClientRect().top < 0) window.scrollTo({ top: 0 });
  }

  function read() {
    const { place, notes } = readPlace(rows, location.search);
    shown(place, notes);
  }
  window.addEventListener("popstate", read);
  read();
}

const lessonFiles = filesOfPage();
lessonFiles.json("lessons.json").then((rows) => createLessons(rows, lessonFiles, plotlyOfPage()), (error) => setText(part("claim"), error.message));
