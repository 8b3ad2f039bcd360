/**
 * The learning rate over the steps: a panel of its own where a run has a schedule, and the places where its curve can be
 * pinched. The formulas are those of Python's optimizers.rates, solved for the number that a place sets.
 *
 * @typedef {{v: Record<string, number>, on: string[], lr: number, total: number}} Context  a schedule's numbers and switches that are on, the run's rate and steps
 * @typedef {[string, (value: number, context: Context) => number]} Sets  a number, from where the place is dragged to
 * @typedef {object} Place
 * @property {(context: Context) => number} step
 * @property {(context: Context) => number} rate
 * @property {Sets} [x]  what a step sets
 * @property {Sets} [y]  what a rate sets; "lr" is the run's own
 * @property {(context: Context) => boolean} [there]
 */
import { t } from "../basics/words.js";

/** @type {(value: number) => number} */
const itself = (value) => value;
/** @type {Place} */
const START = { step: () => 0, rate: ({ lr }) => lr, y: ["lr", itself] };

/** The numbers of milestones, as many as a schedule may have. */
const MILESTONES = Array.from({ length: 1000 }, (_, i) => i + 1);

/** How many milestones of a run come no later than one of them. @param {Context} context @param {number} k */
const passed = ({ v }, k) => Object.entries(v).filter(([name, step]) => /^milestone\d+$/.test(name) && step > 0 && step <= v[`milestone${k}`]).length;

/** @param {number} k @returns {Place} */
const milestone = (k) => ({
  step: ({ v }) => v[`milestone${k}`], rate: (context) => context.lr * context.v.gamma ** passed(context, k), there: ({ v }) => v[`milestone${k}`] > 0,
  x: [`milestone${k}`, (step) => Math.max(step, 1)], y: ["gamma", (rate, context) => (rate / context.lr) ** (1 / passed(context, k))],
});

/** Share of lr that a cycle's first peak is at. @param {Context} context */
const firstPeak = ({ v, on }) => 1 / v.div_factor + (1 - 1 / v.div_factor) * (on.includes("triangular2") ? 1 : v.gamma ** v.step_size_up);

/** The places of each schedule; one that watches the loss has none. @type {Record<string, Place[]>} */
const PLACES = {
  step: [START, { step: ({ v }) => v.step_size, rate: ({ v, lr }) => lr * v.gamma, x: ["step_size", itself], y: ["gamma", (rate, { lr }) => rate / lr] }],
  multistep: [START, ...MILESTONES.map(milestone)],
  exponential: [START, {
    step: ({ total }) => Math.ceil(total / 4), rate: ({ v, lr, total }) => lr * v.gamma ** Math.ceil(total / 4),
    y: ["gamma", (rate, { lr, total }) => (rate / lr) ** (1 / Math.ceil(total / 4))],
  }],
  cosine: [START, { step: ({ v, total }) => v.T_max || total, rate: ({ v }) => v.eta_min, x: ["T_max", (step) => Math.max(step, 1)], y: ["eta_min", itself] }],
  cosine_restarts: [START, { step: ({ v }) => v.T_0, rate: ({ lr }) => lr, x: ["T_0", itself], y: ["lr", itself] }],
  polynomial: [START, { step: ({ v, total }) => v.total_iters || total, rate: () => 0, x: ["total_iters", (step) => Math.max(step, 1)] }],
  linear: [
    { step: () => 0, rate: ({ v, lr }) => lr * v.start_factor, y: ["start_factor", (rate, { lr }) => rate / lr] },
    { step: ({ v, total }) => v.total_iters || total, rate: ({ v, lr }) => lr * v.end_factor, x: ["total_iters", (step) => Math.max(step, 1)], y: ["end_factor", (rate, { lr }) => rate / lr] },
  ],
  warmup_cosine: [
    { step: () => 0, rate: ({ v, lr }) => lr * v.start_factor, y: ["start_factor", (rate, { lr }) => rate / lr] },
    { step: ({ v }) => v.warmup, rate: ({ lr }) => lr, x: ["warmup", itself], y: ["lr", itself] },
    { step: ({ total }) => total, rate: ({ v }) => v.eta_min, y: ["eta_min", itself] },
  ],
  cyclic: [
    { step: () => 0, rate: ({ v, lr }) => lr / v.div_factor, y: ["div_factor", (rate, { lr }) => lr / rate] },
    { step: ({ v }) => v.step_size_up, rate: (context) => context.lr * firstPeak(context), x: ["step_size_up", itself], y: ["lr", (rate, context) => rate / firstPeak(context)] },
  ],
  onecycle: [
    { step: () => 0, rate: ({ v, lr }) => lr / v.div_factor, y: ["div_factor", (rate, { lr }) => lr / rate] },
    { step: ({ v, total }) => v.pct_start * total - 1, rate: ({ lr }) => lr, x: ["pct_start", (step, { total }) => (step + 1) / total], y: ["lr", itself] },
  ],
};

/** A run's schedule, by its program's name. @param {{schedule?: string}} run */
const kindOf = ({ schedule }) => String(schedule ?? "").split(" ")[1] ?? "constant";

/** The switches that are on in a run's schedule, by its program's name. @param {{schedule?: string}} run */
const switchesOf = ({ schedule }) => String(schedule ?? "").split(" ").slice(2);

/** What the places of a run's curve depend on. @param {any} run @param {number} total @returns {Context} */
const contextOf = (run, total) => ({ v: run.schedule_values, on: switchesOf(run), lr: run.values.lr, total });

/** The places where a run's curve can be pinched: each with its number, and where it is now. @param {any} run @param {number} total  steps */
export function placesOf(run, total) {
  const context = contextOf(run, total);
  return (PLACES[kindOf(run)] ?? []).flatMap((place, number) => (place.there?.(context) === false ? [] : [{ number, step: place.step(context), rate: place.rate(context) }]));
}

/** A value that a knob may have, near to one; null where there is none. @param {any} knob @param {number} value */
export function fitted(knob, value) {
  const [low, high] = [knob.minimum ?? knob.low, knob.maximum ?? knob.high];
  const fine = 10 ** (Math.floor(Math.log10(knob.high - knob.low)) - 4); // of what is not turned by shares of itself
  const near = knob.scale === "int" ? Math.round(value) : knob.scale === "log" ? Number(value.toPrecision(3)) : Number((Math.round(value / fine) * fine).toPrecision(8));
  if (!Number.isFinite(near) || (knob.open_low && near <= low) || (knob.open_high && near >= high)) return null;
  return Math.min(Math.max(near, low), high);
}

/**
 * The numbers of a run once one of its places is dragged: those that may not be so stay.
 * @param {any} run @param {number} total @param {number} number  the place's @param {{step: number, rate: number}} to @param {{rule: any[], schedule: any[]}} knobs
 * @returns {{values: Record<string, number>, schedule_values: Record<string, number>}}
 */
export function pinched(run, total, number, to, knobs) {
  const context = contextOf(run, total), { x, y } = PLACES[kindOf(run)][number];
  const [values, schedule_values] = [{ ...run.values }, { ...run.schedule_values }];
  for (const [sets, value] of /** @type {[Sets|undefined, number][]} */ ([[x, to.step], [y, to.rate]])) {
    if (!sets) continue;
    const [name, of] = sets, own = name === "lr";
    const knob = (own ? knobs.rule : knobs.schedule).find((one) => one.name === name), next = knob && fitted(knob, of(value, context));
    if (typeof next === "number") (own ? values : schedule_values)[name] = next;
  }
  return { values, schedule_values };
}

/** The panel of the learning rate, closed until it is asked for, where a run that computes has a schedule. @param {any} scene @returns {any[]} */
export function ratePanels({ live, tracks, frame_title: title }) {
  const planned = (live?.runs ?? []).filter((/** @type {any} */ run) => kindOf(run) !== "constant");
  if (!planned.length || !tracks.some((/** @type {any} */ track) => track.columns?.lr)) return [];
  const names = tracks.map((/** @type {any} */ track) => track.label).join(", ");
  return [{
    id: "rate", kind: "curve", title: t("Learning rate"), short: t("rate"), x: null, y: "lr", x_title: title ?? t("step"), y_title: t("learning rate"),
    log: false, rising: true, closed: true, pinch: true, alt: t("Learning rate by step of {names}", { names }),
  }];
}
