/** Runs scenes' live parts on the engine and gives the columns back, in node (scenes on standard input) and in a page. */

/** @param {(programOf: (name: string) => any) => any} createEngine @param {any[]} scenes  of {live, programs} */
export function runAll(createEngine, scenes) {
  return scenes.map(({ live, programs }) => {
    const engine = createEngine((name) => programs[name]);
    return live.runs.map((run) => {
      const { columns, status, statusFrom } = engine.runOne(live, run);
      // JSON has no word for what is not finite.
      const said = Object.entries(columns).map(([name, values]) => [name, Array.from(values, (value) => (Number.isFinite(value) ? value : String(value)))]);
      return { status, statusFrom, columns: Object.fromEntries(said) };
    });
  });
}

if (globalThis.process?.argv[1]?.endsWith("engine.js")) {
  const { createEngine } = await import("../../optim_viz/player/js/engine/runs.js");
  const { readFileSync } = await import("node:fs");
  console.log(JSON.stringify(runAll(createEngine, JSON.parse(readFileSync(0, "utf8")))));
}
