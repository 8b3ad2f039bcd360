"""The engine in the browser beside the one in Python: every rule x every surface x three schedules, 1,000 steps.

    python benchmarks/parity.py [--steps 1000]

Prints how many runs are the same bits, how many stay within 1e-9, and how many part; of those, whether Python's own run
parts from itself as well when its points are rounded otherwise after every step. In node and in Chromium.
"""

from __future__ import annotations

import argparse
import base64
import json
import sys
from collections import Counter
from pathlib import Path
from typing import Any

sys.path.insert(0, str(Path(__file__).parents[1]))

from browsing import browser

import optim_viz as ov
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player.standalone import modules
from optim_viz.surfaces import descent
from optim_viz.surfaces.table import SURFACES
from tests.parity import SCRIPT, compare, in_node, rounding_decides, scene_of

PLANS = (None, "onecycle", "plateau")
PAGE = """<!doctype html><script type="importmap">{map}</script><script type="module">
import {{ createEngine }} from "optim-viz/engine/runs.js";
import {{ runAll }} from "{script}";
window.runAll = (scenes) => runAll(createEngine, scenes);
</script>"""


def in_chromium(scenes: list[Any]) -> list[Any]:
    """The engine's answers in Chromium."""
    script = f"data:text/javascript;base64,{base64.b64encode(SCRIPT.read_bytes()).decode()}"
    with browser() as chromium:
        page = chromium.new_page()
        page.set_content(PAGE.format(map=json.dumps({"imports": modules("engine/runs.js")}), script=script))
        page.wait_for_function("() => Boolean(window.runAll)")
        return [answer for scene in scenes for answer in page.evaluate("(one) => window.runAll([one])", scene)]


def main() -> None:
    """Run all of them in both and print a line for each."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--steps", type=int, default=1000)
    steps = parser.parse_args().steps
    rules = [kind for kind, row in OPTIMIZERS.items() if row.rule]
    pairs = []
    for name in SURFACES:
        for plan in PLANS:
            chosen = [ov.optimizer(kind, lr=0.05, schedule=plan and ov.schedule(plan)) for kind in rules]
            pairs.append(scene_of(descent.check(name, chosen, steps=steps)))
    scenes = [scene for _, scene in pairs]
    print("| in | runs | same bits | within 1e-9 | part | of these, Python parts from itself | other words |")
    print("|---|---|---|---|---|---|---|")
    for where, run_all in (("node", in_node), ("Chromium", in_chromium)):
        counted: Counter[str] = Counter()
        for (runs, _), answers in zip(pairs, run_all(scenes), strict=True):
            for run, answer in zip(runs, answers, strict=True):
                kind, _ = compare(run, answer)
                counted[kind] += 1
                if kind == "apart":
                    counted["itself"] += rounding_decides(runs.spec, run.spec, run)
                else:
                    counted["words"] += answer["status"] != run.status
        kinds = [counted[kind] for kind in ("same", "close", "apart")]
        cells = (where, sum(kinds), *kinds, counted["itself"], counted["words"])
        print("|", *(f"{cell} |" for cell in cells), flush=True)


if __name__ == "__main__":
    main()
