/** The lessons without a server: words, pictures and verdicts come as files, a lesson's link is that of the app. */
import { element, setText } from "../basics/dom.js";
import { filesOfPage, plotlyOfPage } from "./files.js";
import { formulaText } from "./formula.js";
import { blobNames } from "../numbers/scene.js";
import { inLanguage, linkWithin, say, saying, spot } from "./page.js";
import { mount } from "../app/main.js";
import { t } from "../basics/words.js";

/** @typedef {{slug: string, title: string, pictures: number}} Row */
/** @typedef {{slug: string, run: number}} Place  the number of the picture, from 1 on, or TOGETHER */

/** All pictures beside each other: their number, and how a link has it. */
const [TOGETHER, ALL] = [0, "all"];

/** Where a link leads, and what of it was dropped. @param {Row[]} rows @param {string} search @returns {{place: Place, notes: string[]}} */
export function readPlace(rows, search) {
  const query = new URLSearchParams(search);
  const notes = [];
  const wanted = query.get("lesson");
  const row = rows.find((one) => one.slug === (wanted ?? rows[0].slug));
  if (!row) return { place: { slug: rows[0].slug, run: 1 }, notes: [t("There is no lesson {name}; the first one is shown.", { name: `'${String(wanted).slice(0, 60)}'` })] };
  if (query.get("run") === ALL) return { place: { slug: row.slug, run: TOGETHER }, notes };
  const run = Number(query.get("run") ?? 1);
  const known = Number.isInteger(run) && run >= 1 && run <= row.pictures;
  if (!known) notes.push(t("The link's run was dropped: {lesson} has pictures 1 to {last}.", { lesson: row.slug, last: row.pictures }));
  return { place: { slug: row.slug, run: known ? run : 1 }, notes };
}

/** @param {Place} place */
export function writePlace({ slug, run }) {
  return `?lesson=${encodeURIComponent(slug)}${run === 1 ? "" : `&run=${run === TOGETHER ? ALL : run}`}`;
}

/** Whether something held, in a word and a sentence. @param {boolean} holds @param {string} yes @param {string} no @param {string} sentence */
function finding(holds, yes, no, sentence) {
  return [element("strong", { class: holds ? "holds" : "fails", text: holds ? `✓ ${yes}` : `✗ ${no}` }), document.createTextNode(` ${sentence}`)];
}

/** Before a guess is made, what would answer the question is not there. @param {boolean} guessed */
function hold(guessed) {
  for (const name of ["look-part", "measured-part", "limit-part"]) spot(name).hidden = !guessed;
  spot("held").hidden = guessed;
}

/** What may be guessed; once an answer is chosen, whether it is what was measured. @param {any} prediction @param {() => void} onGuess */
function drawGuess({ question, answers, measured }, onGuess) {
  setText(spot("guess-question"), question);
  spot("guess-reply").replaceChildren();
  const buttons = answers.map((/** @type {any} */ answer) => element("button", { type: "button", text: answer.text, "aria-pressed": "false" }));
  buttons.forEach((/** @type {HTMLButtonElement} */ button, /** @type {number} */ i) => button.addEventListener("click", () => {
    for (const other of buttons) other.setAttribute("aria-pressed", String(other === button));
    const { right, reply } = answers[i];
    spot("guess-reply").replaceChildren(...finding(right, reply, reply, measured));
    onGuess();
  }));
  const shown = element("button", { type: "button", id: "guess-shown", text: t("Show me") });
  shown.addEventListener("click", () => { setText(spot("guess-reply"), measured); onGuess(); });
  spot("guess-answers").replaceChildren(...buttons, shown);
}

/** All that is read. @param {any} words @param {() => void} onGuess */
function drawWords(words, onGuess) {
  for (const name of ["claim", "text", "look", "question", "answer"]) setText(spot(name), words[name]);
  drawGuess(words.prediction, onGuess);
  setText(spot("source"), t("Source: {source}.", { source: words.source }));
  spot("measured").replaceChildren(...finding(words.measured.holds, t("The claim holds."), t("The claim does not hold here."), words.measured.sentence));
  setText(spot("limit"), words.limit.text);
  spot("limit-measured").replaceChildren(...finding(words.limit.holds, t("Measured too."), t("Not seen here."), words.limit.sentence));
  spot("optimizers").replaceChildren(...words.optimizers.map((/** @type {any} */ row) => element("details", {}, [
    element("summary", { text: row.title }), element("p", {}, [element("code", { text: row.formula })]), element("pre", { text: row.code, tabindex: "0" }),
  ])));
  /** @type {HTMLDetailsElement} */ (spot("answer-fold")).open = false;
  document.title = `${words.title} · optim-viz`;
}

/** What stands around a picture. @param {any} picture */
function drawCaption(picture) {
  setText(spot("caption"), [picture.caption, picture.seed].filter(Boolean).join(" "));
  setText(spot("drawn-function"), picture.function && formulaText(picture.function, picture.weights));
  setText(spot("plane"), picture.plane);
  spot("open").replaceChildren(...(picture.query ? [element("a", { href: `index.html?${picture.query}`, text: t("Open in {page}", { page: t("Compare") }) })] : []), element("span", { text: picture.left }));
}

/** @param {Row[]} rows @param {ReturnType<typeof filesOfPage>} files @param {ReturnType<typeof plotlyOfPage>} plotly */
function createLessons(rows, files, plotly) {
  const list = /** @type {HTMLSelectElement} */ (spot("lesson"));
  list.replaceChildren(...rows.map((row, i) => element("option", { value: row.slug, text: `${i + 1}. ${row.title}` })));
  list.addEventListener("change", () => go({ slug: list.value, run: 1 }));
  let turn = 0;
  /** @type {any} */
  let player = null;
  /** Until one has guessed, a picture waits at its start. @type {Set<string>} */
  const guessed = new Set();

  const placeLink = (/** @type {Place} */ place, /** @type {Record<string, any>} */ attributes) => linkWithin(writePlace(place), attributes, () => go(place));

  /** @param {Place} place */
  function drawPlace(place) {
    const here = rows.findIndex((row) => row.slug === place.slug);
    list.value = place.slug;
    const links = [["back", t("Back"), here - 1], ["next", t("Next"), here + 1]].map(([id, text, to]) => {
      const row = rows[Number(to)];
      return row ? placeLink({ slug: row.slug, run: 1 }, { id, text, class: "turn" }) : element("span", { id, text, class: "turn", "aria-disabled": "true" });
    });
    spot("back").replaceWith(links[0]);
    spot("next").replaceWith(links[1]);
  }

  /** @param {Place} place */
  async function show(place) {
    const mine = ++turn;
    drawPlace(place);
    const words = await files.words(`lessons/${place.slug}.json`);
    if (mine !== turn) return;
    /** @type {() => void} */
    let play = () => {};
    drawWords(words, () => { guessed.add(place.slug); hold(true); play(); });
    hold(guessed.has(place.slug));
    const runs = words.pictures.map((/** @type {any} */ _, /** @type {number} */ i) => (i + 1) % words.pictures.length);
    const picture = words.pictures[runs.indexOf(place.run)];
    spot("pictures").replaceChildren(...words.pictures.map((/** @type {any} */ one, /** @type {number} */ i) =>
      placeLink({ slug: place.slug, run: runs[i] }, { text: one.tab, "aria-current": runs[i] === place.run && "true" })));
    drawCaption(picture);
    const scene = await files.words(`lessons/${place.slug}/${picture.name}.json`);
    const names = blobNames(scene);
    const numbers = await Promise.all(names.map((name) => files.numbers(`blobs/${name}.bin`)));
    const figures = await plotly.flat;
    if (mine !== turn) return;
    const blobs = new Map(names.map((name, i) => [name, numbers[i]]));
    const next = () => ({ scene: { ...scene, origin: location.href, waits: !guessed.has(place.slug) }, blobs });
    play = () => { if (mine === turn) player.update(next()); };
    if (player) await player.update(next());
    else player = mount(spot("player"), { ...next(), plotly: figures, wholePlotly: plotly.whole });
  }

  /** @param {Place} place */
  function go(place) {
    if (writePlace(place) !== location.search) history.pushState(null, "", writePlace(place));
    say([]);
    saying(show(place));
    if (spot("claim").getBoundingClientRect().top < 0) window.scrollTo({ top: 0 });
  }

  function read() {
    const { place, notes } = readPlace(rows, location.search);
    say(notes);
    saying(show(place));
  }
  window.addEventListener("popstate", read);
  read();
}

const lessonFiles = filesOfPage(), plotlyHere = plotlyOfPage();
inLanguage(lessonFiles).then(() => lessonFiles.words("lessons.json")).then((rows) => createLessons(rows, lessonFiles, plotlyHere), (error) => say([error.message]));
