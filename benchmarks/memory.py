"""What trainings leave behind: the memory of a process after each of several in a row, as the app's line runs them.

Every training is another experiment with another owner, who sees its result, has its plane drawn, and is gone; what
the C library then keeps of freed memory is given back, as the page does.
"""

from __future__ import annotations

import argparse
import gc
import os
import sys
import time

from browsing import held_memory

import optim_viz as ov
from optim_viz.experiments.fairness import Fair, fair_train
from optim_viz.experiments.jobs import JobState, Line
from optim_viz.experiments.memory import give_back
from optim_viz.network import train
from optim_viz.network.project import project

SPECS = [ov.optimizer("sgd", lr=0.01), ov.optimizer("momentum", lr=0.01), ov.optimizer("adam", lr=1e-3)]
#: MB that a training may leave behind, once those before have filled what is kept.
LEFT = 2.0


def main() -> int:
    """Train and print a line a training; 1 where memory grows."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--trainings", type=int, default=20, help="how many (default 20)")
    parser.add_argument("--epochs", type=int, default=3, help="of each (default 3, as the page opens)")
    asked = parser.parse_args()
    line, held = Line(fair_train), []
    print("| training | memory MB |\n|---|---|")
    for i in range(asked.trainings):
        spec = train.check(SPECS, epochs=asked.epochs, seed=i)
        job = line.ask(Fair(spec), f"visitor {i}")
        while job.active:
            time.sleep(0.05)
        if job.state is not JobState.FINISHED:
            raise SystemExit(job.error)
        line.let_go(f"visitor {i}")
        project(job.result.runs)
        del job
        gc.collect()
        give_back()
        held.append(held_memory(os.getpid()))
        print(f"| {i + 1} | {held[-1]:.0f} |", flush=True)
    half = len(held) // 2
    # What lies between two things in use comes and goes by tens of MB, so that two single trainings tell nothing.
    growth = (max(held[half:]) - max(held[:half])) / half
    print(f"the most of the second half beyond that of the first: {growth:.1f} MB a training (at most {LEFT:g})")
    return int(growth > LEFT)


if __name__ == "__main__":
    sys.exit(main())
