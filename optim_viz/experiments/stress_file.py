"""The stored stress test: the page draws it at once, and a command makes it again.

python -m optim_viz stress --out optim_viz/data/stress.csv        # less than a minute on two cores
"""

from __future__ import annotations

import csv
import functools
from pathlib import Path

from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.surfaces.table import SURFACES
from optim_viz.sweeps import stress
from optim_viz.sweeps.stress import Cell, Stress, StressSpec
from optim_viz.sweeps.tuning import TuneSpec

FILE = Path(__file__).parents[1] / "data" / "stress.csv"


def stored() -> dict[TuneSpec, Cell]:
    """Return what the file holds of optimizers and surfaces that there still are."""
    found: dict[TuneSpec, Cell] = {}
    with FILE.open(encoding="utf-8") as file:
        for row in csv.DictReader(file):
            kind, surface = row["optimizer"], row["surface"]
            if kind in OPTIMIZERS and surface in SURFACES:
                (spec,) = stress.check(kind, surface, [int(row["steps"])]).cells()
                found[spec] = (float(row["before"]), float(row["after"]), float(row["lr"]))
    return found


@functools.cache
def whole() -> Stress:
    """Return the stress test of all optimizers on all surfaces; what the file lacks is run."""
    return stress.run(stress.check(), known=stored())


def missing(spec: StressSpec) -> list[TuneSpec]:
    """Return the cells that the file lacks."""
    known = stored()
    return [cell for cell in spec.cells() if cell not in known]
