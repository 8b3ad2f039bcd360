/** Where the knobs are: those of the whole comparison in a row of their own, those of a run beside its name. */
import { element, setText } from "../basics/dom.js";
import { formatNumber } from "../basics/format.js";
import { createKnob } from "./knobs.js";
import { placesPanel } from "../numbers/scene.js";
import { later, t } from "../basics/words.js";
import { cycledName } from "../engine/pieces.js";

/** Shown at once, of a rule and of a schedule; the other numbers of a run fold away. @type {Record<string, Set<string>>} */
const FIRST = {
  values: new Set(["lr", "momentum", "beta1", "beta2", "alpha", "rho"]),
  schedule_values: new Set(["step_size", "gamma", "milestone1", "milestone2", "T_max", "T_0", "T_mult", "power", "step_size_up", "eta_min", "start_factor", "end_factor", "total_iters", "warmup", "pct_start", "div_factor", "factor", "patience"]),
};
/** Those that are shown at once where they are set, as nothing else says that they are. */
const ONCE_SET = new Set(["clip_norm", "clip_value"]);
const SEEDS = 2 ** 32 - 1;

/** The knobs of the whole comparison: how each is read and written in the values. @param {any} live @param {string[]} names  of the two weights, or of the one that a curve is drawn over */
export function sharedKnobs(live, names) {
  const { bounds, parameters } = live.surface;
  const start = names.map((name, i) => ({
    knob: { name, low: bounds[2 * i], high: bounds[2 * i + 1], scale: "linear", text: later("Where every run starts.") },
    get: (/** @type {any} */ values) => values.start[i], set: (/** @type {any} */ values, /** @type {number} */ value) => { values.start[i] = value; },
  }));
  const plain = (/** @type {any} */ knob) => ({
    knob, get: (/** @type {any} */ values) => values[knob.name], set: (/** @type {any} */ values, /** @type {number} */ value) => { values[knob.name] = value; },
  });
  const letters = Object.keys(parameters).map((name) => ({
    knob: { name, low: -10, high: 10, minimum: -1e6, maximum: 1e6, scale: "linear", text: later("A number of the function.") },
    get: (/** @type {any} */ values) => values.parameters[name], set: (/** @type {any} */ values, /** @type {number} */ value) => { values.parameters[name] = value; },
  }));
  return [
    ...start, ...letters,
    plain({ name: "steps", called: later("steps"), low: 10, high: 2000, minimum: 1, maximum: 5000, scale: "int", text: later("Steps of every run.") }),
    plain({ name: "noise", called: later("noise"), low: 0, high: 5, minimum: 0, maximum: 1e6, scale: "linear", text: later("Standard deviation of the noise added to every gradient.") }),
    plain({ name: "seed", called: later("seed"), low: 0, high: 100, minimum: 0, maximum: SEEDS, scale: "int", text: later("Of all draws.") }),
  ];
}

/** The numbers of a run, those of its rule, less what its schedule cycles, and those of its schedule. @param {any} rule @param {any} schedule  programs @param {Record<string, number>} values  the run's own @returns {{knob: any, where: "values"|"schedule_values", first: boolean}[]} */
export function ownKnobs(rule, schedule, values) {
  const first = (/** @type {string} */ name, /** @type {string} */ where) => FIRST[where].has(name) || (ONCE_SET.has(name) && values[name] > 0);
  const of = (/** @type {any[]} */ knobs, /** @type {"values"|"schedule_values"} */ where) => knobs.map((knob) => ({ knob, where, first: first(knob.name, where) }));
  const cycle = cycledName({ rule, schedule });
  return [...of(rule.knobs.filter((/** @type {any} */ knob) => knob.name !== cycle), "values"), ...of(schedule.knobs, "schedule_values")];
}

/** A knob that comes after another is hidden while both are 0. @template {{element: HTMLElement, draw(): void}} T @param {T} made @param {any} knob @param {() => Record<string, number>} values @returns {T} */
export function onceAsked(made, knob, values) {
  if (!knob.after) return made;
  const draw = () => {
    const now = values();
    made.element.hidden = !now[knob.name] && !now[knob.after];
    made.draw();
  };
  return { ...made, draw };
}

/** What a run's schedule is called beside its numbers, those that can be turned or not; "" where the rate stays. @param {string} schedule  its program's name */
export function planName(schedule) {
  const kind = schedule.split(" ")[1];
  return kind === "constant" ? "" : kind;
}

/** Which coordinates have rates of their own: "x: lr × 2". @param {number[]|undefined} scale */
export function scaleWords(scale = []) {
  return scale.flatMap((factor, i) => (factor === 1 ? [] : [`${"xy"[i]}: lr × ${formatNumber(factor)}`])).join(", ");
}

/** The knobs of a run in order: the first of its rule, the rest behind a button, its schedule's under its name. @param {{element: HTMLElement, where: string, first: boolean}[]} made @param {string} label @param {string} schedule  its program's name */
export function ordered(made, label, schedule) {
  const of = (/** @type {string} */ where) => made.filter((one) => one.first && one.where === where).map((one) => one.element);
  const [own, planned] = [of("values"), of("schedule_values")], more = made.filter((one) => !one.first).map((one) => one.element);
  const name = planName(schedule), plan = name ? [element("span", { class: "ov-hint", text: name })] : [];
  return [...own, ...(own.length || planned.length ? folded(more, label) : more), ...(plan.length ? [element("span", { class: "ov-more" }, [...plan, ...planned])] : [])];
}

/** Knobs that fold away behind a button. @param {HTMLElement[]} nodes @param {string} label */
function folded(nodes, label) {
  if (!nodes.length) return [];
  const rest = element("span", { class: "ov-more", hidden: true }, nodes);
  const button = element("button", { type: "button", class: "ov-quiet", "aria-expanded": "false", "aria-label": t("More numbers of {run}", { run: label }), text: "…" });
  button.addEventListener("click", () => {
    rest.hidden = !rest.hidden;
    button.setAttribute("aria-expanded", String(!rest.hidden));
  });
  return [button, rest];
}

/** @param {any} app */
export function createTurning(app) {
  const complaint = element("span", { class: "ov-complaint", role: "alert" });
  const host = element("div", { class: "ov-shared", role: "group", "aria-label": t("Start, steps and noise"), hidden: true });
  /** @type {Map<string, {draw(): void}[]>} */
  const drawn = new Map();
  let signature = "";

  const use = (/** @type {string} */ label, /** @type {(values: any) => number} */ get, /** @type {(values: any, value: number) => void} */ set) => ({
    label, get: () => get(app.live.seen()),
    set: (/** @type {number} */ value) => {
      setText(complaint, ""); // it was of a number typed before
      app.live.change((/** @type {any} */ values) => set(values, value));
    },
    rest: () => app.live.rest(), hold: (/** @type {boolean} */ on) => app.live.hold(on),
    complain: (/** @type {string} */ sentence) => setText(complaint, sentence),
  });

  /** The knobs beside a run's name; null where there is nothing to turn. @param {any} track */
  function ofRun(track) {
    const run = app.live.run(track.id);
    if (!run) return null;
    const waits = app.live.computable(run) ? null : element("span", { class: "ov-hint", text: t("follows when you let go") });
    if (run.program === null) return element("span", { class: "ov-knobs" }, [waits]);
    const made = ownKnobs(app.live.program(run.program), app.live.program(run.schedule), run.values).map(({ knob, where, first }) => {
      const find = (/** @type {any} */ values) => values.runs.find((/** @type {any} */ one) => one.id === track.id)[where];
      const made = createKnob(knob, use(`${track.label}: ${knob.name}`, (values) => find(values)[knob.name], (values, value) => { find(values)[knob.name] = value; }));
      return { first, where, ...onceAsked(made, knob, () => find(app.live.seen())) };
    });
    drawn.set(track.id, made);
    const scaled = scaleWords(run.scale);
    return element("span", { class: "ov-knobs" }, [...ordered(made, track.label, run.schedule), scaled ? element("span", { class: "ov-hint", text: scaled }) : null, waits]);
  }

  function update() {
    const live = app.live.live();
    host.hidden = !live;
    for (const id of drawn.keys()) if (id && !app.live.run(id)) drawn.delete(id); // a run that is gone
    const places = placesPanel(app.model.panels);
    const next = JSON.stringify(live && [live.surface.bounds, Object.keys(live.surface.parameters), places?.kind, places?.x_title]);
    if (next === signature) return;
    signature = next;
    if (!live) return;
    const names = [places?.x_title ?? "x", places?.y_title ?? "y"].slice(0, places?.kind === "profile" ? 1 : 2);
    const made = sharedKnobs(live, names)
      .map(({ knob, get, set }) => createKnob(knob, use(knob.called ? t(knob.called) : knob.name, get, set)));
    drawn.set("", made);
    host.replaceChildren(element("span", { class: "ov-hint", text: t("start") }), ...made.map((one) => one.element), complaint);
  }

  return {
    element: host, ofRun, update,
    draw() { if (app.live.there()) for (const knobs of drawn.values()) for (const one of knobs) one.draw(); },
  };
}
