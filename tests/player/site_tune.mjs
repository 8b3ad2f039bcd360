// Reads studies' links as the site's Tune does: {tables, queries, folder} in; of each link what is asked for, its notes, its
// link, its fields and, where `draw` is set, its charts and what is said of them, and the link of its last cell's run.
import { readFileSync } from "node:fs";
import { createPool } from "../../optim_viz/player/js/engine/pool.js";
import { mapSentence } from "../../optim_viz/player/js/numbers/map.js";
import { minimaNames, sharesOf } from "../../optim_viz/player/js/numbers/named_minima.js";
import { writeLink } from "../../optim_viz/player/js/site/links.js";
import { programsFor } from "../../optim_viz/player/js/site/scene.js";
import { checkStudy, costOf, fieldsOf, oneRun, sweptOf } from "../../optim_viz/player/js/site/study.js";
import { chartsOf, theoryOf } from "../../optim_viz/player/js/site/study_charts.js";
import { readStudy, writeStudy } from "../../optim_viz/player/js/site/study_links.js";

const { tables, queries, folder, draw } = JSON.parse(readFileSync(0, "utf8"));
const json = async (/** @type {string} */ path) => JSON.parse(readFileSync(`${folder}/${path}`, "utf8")), files = { json, words: json };
const pool = createPool(0);

async function told(query) {
  const { study, notes } = readStudy(tables, query), link = writeStudy(tables, study);
  checkStudy(tables, study);
  const swept = sweptOf(tables, study);
  const asked = { ...study.descent, optimizers: swept.map((one) => one.choice) };
  const { programs, runs } = await programsFor(files, tables, asked, swept.map((one) => one.label));
  const fields = fieldsOf(tables, study, runs), last = fields.length - 1;
  const cell = fields[last].axes.map(({ values }) => values.length - 1);
  const run = writeLink(tables, oneRun(study, swept[last].choice, fields[last], cell));
  const said = { notes, link, cost: costOf(tables, study), fields, run };
  if (!draw) return said;
  pool.know(programs);
  const found = await pool.run(fields), charts = chartsOf(tables, study, fields, found, false);
  return {
    ...said, charts: charts.map(({ traces, picture, words, layout, alt }) => ({ traces, picture, layout, alt, words: words(0) })),
    sentence: study.view === "map" ? mapSentence(fields[0], found[0], study.measure, theoryOf(tables, study)) : "",
    shares: charts.map(({ labels, minima }) => labels && sharesOf(labels, minima.length)), names: minimaNames(charts[0].minima ?? []),
  };
}

const found = [];
for (const query of queries) {
  try {
    found.push(await told(query));
  } catch (error) {
    if (error.constructor.name !== "Refusal") throw error;
    found.push({ refused: error.message });
  }
}
console.log(JSON.stringify(found));
