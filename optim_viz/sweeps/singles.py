"""Runs of optimizers without a rule (L-BFGS, a package's, one's own): one after the other, as ov.descend has them."""

from __future__ import annotations

import dataclasses
import math
from collections.abc import Callable

import numpy as np

from optim_viz.optimizers.specs import with_values
from optim_viz.optimizers.stepper import StrangerError
from optim_viz.spec import DescentSpec, SweepSpec
from optim_viz.surfaces import descent
from optim_viz.surfaces.minima import lowest
from optim_viz.surfaces.outcome import resting_rows
from optim_viz.surfaces.trajectory import Trajectory

#: The golden section: multiples of it lie apart from each other, however many there are.
GOLDEN = (math.sqrt(5.0) - 1.0) / 2.0


def single(spec: SweepSpec, number: int) -> DescentSpec:
    """Return the comparison that the run of a number is; axes that are no hyperparameters but x and y are set before.

    >>> from optim_viz import sweep, optimizer
    >>> single(sweep("quadratic", optimizer("lbfgs"), {"lr": [0.5, 1.0]}, steps=5).spec, 1).optimizers[0]["lr"]
    1.0
    """
    seed, cell = divmod(number, spec.cells)
    values = spec.values_at(tuple(int(i) for i in np.unravel_index(cell, spec.shape)))
    start = (values.pop("x", spec.start[0]), values.pop("y", spec.start[1]))
    made = (with_values(spec.optimizer, values),) if values else (spec.optimizer,)
    return dataclasses.replace(spec.of_seed(seed), optimizers=made, start=start)


def spread(numbers: range, cells: int) -> list[int]:
    """Return numbers of runs so that the first of them are spread over all cells, each with all its seeds.

    What is done when a sweep is cut off is then a coarse picture of the whole, and no corner of it. Cells follow each
    other at a golden section of them all, as near as a step can that comes to every one.

    >>> spread(range(8), 8)
    [0, 5, 2, 7, 4, 1, 6, 3]
    """
    step = round(cells * GOLDEN)
    while math.gcd(step, cells) != 1:
        step += 1
    back = pow(step, -1, cells)
    return sorted(numbers, key=lambda number: number % cells * back % cells)


class Singles:
    """The results of some runs, as arrays of [runs] (points: [2, runs]), and how one of them is made."""

    def __init__(self, spec: SweepSpec, watch: bool, first: int, runs: int) -> None:
        self.spec, self.watch, self.first, self.runs = spec, watch, first, runs
        self.losses, self.steps_to = np.full(runs, np.inf), np.full(runs, np.inf)
        self.points, self.spread = np.full((2, runs), np.nan), np.full(runs, np.nan)
        self.done = np.zeros(runs, bool)
        self.best = lowest(spec.surface) if watch else 0.0

    @property
    def fraction(self) -> float:
        """The share of the runs that is done."""
        return float(self.done.mean())

    def block(self, low: int, high: int, stopped: Callable[[], bool]) -> None:
        """Make the runs of numbers low to high - 1, unless they are stopped before.

        One that its optimizer ends on the way with an error of its numbers' is as good as diverged.
        """
        for number in range(low, high):
            if stopped():
                return
            i = number - self.first
            try:
                (run,) = descent.run(single(self.spec, number))
            except StrangerError as error:
                if not error.diverged:
                    raise
            else:
                self._write_down(i, run)
            self.done[i] = True

    def _write_down(self, i: int, run: Trajectory) -> None:
        losses, tail = run.losses, self.spec.steps + 1 - resting_rows(self.spec.steps + 1)
        self.losses[i], self.points[:, i] = losses[-1], run.points[-1]
        if not np.isfinite(losses[-1]):
            return
        self.spread[i] = np.hypot(*np.ptp(run.points[tail:], axis=0))
        arrived = losses <= self.best + self.spec.tolerance * (losses[0] - self.best)
        if self.watch and arrived.any():
            self.steps_to[i] = np.argmax(arrived)
