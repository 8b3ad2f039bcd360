/** Runs scenes' live parts on the engine and gives the columns back, in node (scenes of a line, line by line) and in a page. */

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
  const { createInterface } = await import("node:readline");
  for await (const line of createInterface({ input: process.stdin })) {
    let answer;
    try {
      answer = { runs: runAll(createEngine, JSON.parse(line)) };
    } catch (error) {
      answer = { error: String(error.stack) };
    }
    console.log(JSON.stringify(answer));
  }
}
