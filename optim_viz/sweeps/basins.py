"""Basins: which minimum a run comes to rest at, for every start of a grid over the region."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.optimizers.specs import as_specs
from optim_viz.progress import Unfinished
from optim_viz.spec import SpecError, Surface, SweepSpec, hooks, whole
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.descent import AnyOptimizer
from optim_viz.surfaces.minima import stationary
from optim_viz.surfaces.outcome import REACHED_DISTANCE, RESTING, at_minimum
from optim_viz.surfaces.surface import as_surface
from optim_viz.sweeps import batch, sweep
from optim_viz.sweeps.batch import Ends
from optim_viz.sweeps.cells import cell_values

if TYPE_CHECKING:
    import pandas as pd


MAX_RESOLUTION = 1024
#: Minima told apart, known and found.
MAX_MINIMA = 256
#: Runs at rest whose minimum is looked for at once: a few arrays of their neighbours are 100 MB.
AT_ONCE = 1 << 17
#: The label of a start from which no minimum is reached.
LOST = -1


@dataclass(frozen=True, eq=False)
class Basins:
    """Where the runs from a grid of starts come to rest; of a function of x alone, in x: its minima have y = 0."""

    spec: SweepSpec
    labels: np.ndarray  # int64 [n, n], row = y, column = x: the row of `minima` reached, or LOST
    minima: np.ndarray  # float64 [k, 3]: x, y, loss; the surface's known ones first, then others by share
    losses: np.ndarray  # float64 [n, n], the loss after the last step; inf where a run overflowed
    done: np.ndarray  # bool [n, n], False only where a cancel came first (there labels are LOST, losses inf)
    cancelled: bool = False

    def __repr__(self) -> str:
        starts = " x ".join(map(str, self.labels.shape))
        return f"<Basins of {self.spec.optimizer.kind} on {self.spec.surface.name}: {starts} starts>"

    @property
    def x(self) -> np.ndarray:
        """The x of each column, float64 [n]."""
        return np.array(self.spec.axes[1][1])

    @property
    def y(self) -> np.ndarray:
        """The y of each row, float64 [n]."""
        return np.array(self.spec.axes[0][1])

    @property
    def shares(self) -> np.ndarray:
        """The share of all starts that reaches each minimum, float64 [k]."""
        return np.bincount(self.labels[self.labels >= 0], minlength=len(self.minima)) / self.labels.size

    @property
    def lost(self) -> float:
        """The share of starts from which no minimum is reached: diverged, left the region, or not at rest at one."""
        return float(np.mean(self.labels == LOST))

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per start; where no minimum is reached its columns are NaN."""
        import pandas as pd

        y, x = np.meshgrid(self.y, self.x, indexing="ij")
        reached = np.vstack([self.minima, np.full((1, 3), np.nan)])[self.labels.ravel()]  # LOST is the last row
        columns = {"x": x.ravel(), "y": y.ravel(), "label": self.labels.ravel(), "final_loss": self.losses.ravel()}
        columns |= {name: reached[:, i] for i, name in enumerate(("minimum_x", "minimum_y", "minimum_loss"))}
        return pd.DataFrame(columns)


def basins(
    surface: str | Surface,
    optimizer: AnyOptimizer,
    resolution: int = 128,
    steps: int = 300,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    executor: Executor | None = None,
) -> Basins:
    """Run an optimizer from every start of a grid over the region, all at once, and say where each comes to rest.

    Problem: where there are several minima, the start and the optimizer decide which one is found.
    Formula: the label of start s is the minimum m with |theta_steps(s) - m| <= 0.001 of the region's diagonal, as
    ov.descend's "reached" and "stuck in a local minimum" have it; of a function of x alone in x, as there.

    Arguments: `surface` and `optimizer` as ov.sweep has them; `resolution`, 2 to 1,024 starts a side; `steps`, `noise`,
    `batch_size` and `seed` as ov.descend has them; `progress`, `cancel` and `executor` as ov.sweep has them (what a
    cancel cuts off counts as lost).
    Raises SpecError, one sentence that names the value and what is allowed.

    >>> from optim_viz import optimizer
    >>> b = basins("himmelblau", optimizer("sgd", lr=0.01), resolution=16)
    >>> b.labels.shape, len(b.minima), b.lost
    ((16, 16), 4, 0.0)

    Reference: Nusse & Yorke, Basins of Attraction (1996).
    """
    spec = check(surface, optimizer, resolution, steps, noise, batch_size, seed)
    return run(spec, *hooks(progress, cancel, executor))


def check(
    surface: str | Surface,
    optimizer: AnyOptimizer,
    resolution: int = 128,
    steps: int = 300,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
) -> SweepSpec:
    """Return the arguments of `basins` as a checked, frozen spec of a sweep over y and x, or raise a SpecError."""
    surface = as_surface(surface)
    n = whole(resolution, "resolution", 2, MAX_RESOLUTION)
    x0, x1, y0, y1 = surface.bounds
    axes = {"y": np.linspace(y0, y1, n), "x": np.linspace(x0, x1, n)}
    if (count := len(as_specs(optimizer))) > 1:
        raise SpecError("Basins are of one optimizer; got {count}: call it once for each.", count=count)
    return sweep.check(surface, optimizer, axes, None, steps, noise, batch_size, seed)


def run(
    spec: SweepSpec,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    executor: Executor | None = None,
) -> Basins:
    """Run a checked spec of `check`."""
    try:
        return _labelled(spec, batch.run_all(spec, False, progress, cancel, executor=executor))
    except Unfinished as cut:
        raise Unfinished(str(cut), _labelled(spec, cut.so_far)) from cut


def _labelled(spec: SweepSpec, ends: Ends) -> Basins:
    line, there = _of_x(spec, ends) if spec.surface.alone else (spec, ends)
    labels, minima = _known(line, there)
    labels, minima = _found(line, there, labels, minima)
    shape = spec.shape
    losses, done = ends.losses[0].reshape(shape), ends.done[0].reshape(shape)
    return Basins(spec, labels.reshape(shape), minima, losses, done, not done.all())


def _of_x(spec: SweepSpec, ends: Ends) -> tuple[SweepSpec, Ends]:
    """What is asked and found of a function of x alone, on the line y = 0, as outcome.py judges a single run there."""
    x0, x1, _, _ = spec.surface.bounds
    surface = dataclasses.replace(spec.surface, bounds=(x0, x1, 0.0, 0.0))
    points = np.stack([ends.points[0], np.zeros_like(ends.points[1])])
    return dataclasses.replace(spec, surface=surface), dataclasses.replace(ends, points=points)


def _known(spec: SweepSpec, ends: Ends) -> tuple[np.ndarray, np.ndarray]:
    """Label the runs that end at one of the surface's known minima: near enough in place and in loss."""
    surface, points, losses = spec.surface, ends.points[:, 0], ends.losses[0]
    starts, _ = cell_values(spec, np.arange(spec.cells))
    first = compiled(surface).values(*starts.T)
    labels = np.full(spec.cells, LOST)
    for i, minimum in reversed(list(enumerate(surface.minima))):
        labels[at_minimum(surface, minimum, points, losses, first)] = i
    return labels, np.array(surface.minima, float).reshape(-1, 3)


def _found(spec: SweepSpec, ends: Ends, labels: np.ndarray, minima: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Label the runs at rest elsewhere in the region by the minima next to them, the most frequent ones first."""
    surface, points = spec.surface, ends.points[:, 0]
    open_ = np.flatnonzero((labels == LOST) & surface.contains(points) & (ends.spread[0] <= RESTING * surface.diagonal))
    parts = [_minima(surface, points[:, open_[i : i + AT_ONCE]]) for i in range(0, len(open_), AT_ONCE)]
    places = np.hstack([np.empty((2, 0)), *parts])
    open_, places = open_[np.isfinite(places[0])], places[:, np.isfinite(places[0])]
    radius, found = REACHED_DISTANCE * surface.diagonal, list(minima)
    for i in _crowds(places, radius):
        here = places[:, i]
        label = next((k for k, known in enumerate(found) if np.hypot(*(known[:2] - here)) <= radius), len(found))
        if labels[open_[i]] != LOST or label == MAX_MINIMA:
            continue
        same = (np.hypot(*(places.T - here).T) <= radius) & (labels[open_] == LOST)
        labels[open_[same]] = label
        if label == len(found):
            found.append(np.array([*here, compiled(surface).values(*here[:, None])[0]]))
    return _by_share(labels, np.array(found).reshape(-1, 3), len(minima))


def _minima(surface: Surface, points: np.ndarray) -> np.ndarray:
    """The minimum (x, y) next to each of `points` [2, n], as near as a run at rest must be; NaN where there is none."""
    places, curvatures = stationary(compiled(surface), points, surface.alone)
    near = (curvatures[0] > 0) & (np.hypot(*(places - points)) <= REACHED_DISTANCE * surface.diagonal)
    return np.where(near, places, np.nan)


def _crowds(points: np.ndarray, width: float) -> np.ndarray:
    """The number of one point in each square of a grid, those in the fullest squares first."""
    column, row = np.round(points / width)
    _, first, counts = np.unique(column + 1j * row, return_index=True, return_counts=True)
    return first[np.argsort(-counts, kind="stable")]


def _by_share(labels: np.ndarray, minima: np.ndarray, known: int) -> tuple[np.ndarray, np.ndarray]:
    """Put the minima after the known ones in the order of how many runs reach them."""
    counts = np.bincount(labels[labels >= 0], minlength=len(minima))
    order = np.r_[:known, known + np.argsort(-counts[known:], kind="stable")]
    places = np.append(np.argsort(order), LOST)  # LOST stays LOST
    return places[labels], minima[order]
