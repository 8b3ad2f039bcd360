"""Sweeps: one optimizer under many hyperparameters or from many starts at once, as one batch."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.language import N_
from optim_viz.optimizers.clipping import CLIPPING
from optim_viz.optimizers.cycled import cycled_of
from optim_viz.optimizers.own import OWN, WRITE
from optim_viz.optimizers.specs import knobs
from optim_viz.progress import Unfinished
from optim_viz.spec import (
    LARGEST,
    OptimizerSpec,
    SpecError,
    Surface,
    SweepSpec,
    as_float,
    hooks,
    nearest,
    number,
    parts,
    quoted,
    unique_labels,
    whole,
)
from optim_viz.surfaces import descent
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.descent import AnyOptimizer
from optim_viz.sweeps import groups
from optim_viz.sweeps.backends import Backend
from optim_viz.sweeps.batch import Ends
from optim_viz.sweeps.cells import cell_values
from optim_viz.sweeps.halton import Halton

if TYPE_CHECKING:
    import pandas as pd


#: Runs of one sweep, all seeds together: their results take 35 bytes each.
MAX_RUNS, MAX_SEEDS = 4_000_000, 100
#: The axes that are no hyperparameters.
STARTS = ("x", "y")


@dataclass(frozen=True, eq=False)
class Sweep:
    """The runs of a sweep. Arrays have one dimension per axis of the spec, in the order asked for."""

    spec: SweepSpec
    losses: np.ndarray  # float64 [seeds, *shape], the full loss after the last step; inf where a run overflowed
    steps_to: np.ndarray  # float64 [*shape], median over seeds of the first step within the tolerance; inf: never
    done: np.ndarray  # bool [*shape], False only where a cancel came first (there losses are inf)
    cancelled: bool = False

    def __repr__(self) -> str:
        axes = " x ".join(f"{len(values)} {name}" for name, values in self.spec.axes)
        kinds = ", ".join(dict.fromkeys(one.kind for one in self.spec.optimizers or (self.spec.optimizer,)))
        return f"<Sweep of {kinds} on {self.spec.surface.name}: {axes}>"

    @property
    def axes(self) -> dict[str, np.ndarray]:
        """The values of each axis, float64, by name; of the optimizers their labels."""
        return {name: np.array(self._read(name, values)) for name, values in self.spec.axes}

    def _read(self, name: str, values: Sequence[float]) -> list[Any]:
        """Values of an axis as people read them."""
        if name != groups.OPTIMIZER:
            return list(values)
        labels = unique_labels(self.spec.optimizers)
        return [labels[int(i)] for i in values]

    @functools.cached_property
    def final_loss(self) -> np.ndarray:
        """The median over seeds of the final loss, float64 [*shape]; inf where at least half of the seeds diverged."""
        return np.median(self.losses, axis=0)

    @property
    def diverged(self) -> np.ndarray:
        """Where numbers overflowed (for at least half of the seeds), bool [*shape]: what ov.descend calls diverged."""
        return np.isinf(self.final_loss) & self.done

    @property
    def diverging(self) -> np.ndarray:
        """Where a run ends no better off than it began: diverged, or on its way there at a loss above the start's."""
        return ((self.final_loss > self.start_loss) | self.diverged) & self.done

    @functools.cached_property
    def start_loss(self) -> np.ndarray:
        """The loss at each cell's start, float64 [*shape]."""
        starts, _ = cell_values(self.spec, np.arange(self.spec.cells))
        return compiled(self.spec.surface).values(*starts.T).reshape(self.spec.shape)

    def best_cell(self, measure: str = "loss") -> tuple[int, ...]:
        """The cell of the lowest final "loss", or of the fewest "steps" to arrive; of equals the other one decides.

        One that diverges is named only where all do.
        """
        loss, steps = self.final_loss, self.steps_to
        keys = ((steps, loss) if measure == "loss" else (loss, steps)) + (self.diverging | ~self.done,)
        first = np.lexsort([key.ravel() for key in keys])[0]
        return tuple(int(i) for i in np.unravel_index(first, self.spec.shape))

    @property
    def best_index(self) -> tuple[int, ...]:
        """The cell of the lowest final loss, as `best_cell` has it."""
        return self.best_cell()

    @property
    def best(self) -> dict[str, Any]:
        """The axis values of the best cell, and its "loss" (inf where every run diverged)."""
        cell = self.best_cell()
        values = {name: self._read(name, [value])[0] for name, value in self.spec.values_at(cell).items()}
        return {**values, "loss": float(self.final_loss[cell])}

    def optimizer(self, *cell: int) -> OptimizerSpec:
        """The optimizer of one cell, ready for ov.descend."""
        values = self.spec.values_at(cell)
        return groups.placed(self.spec, {name: value for name, value in values.items() if name not in STARTS}).optimizer

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per cell and seed."""
        import pandas as pd

        sides = [self._read(name, values) for name, values in self.spec.axes]
        cells = zip(*sides, strict=True) if self.spec.paired else itertools.product(*sides)
        rows = [(seed, *cell) for seed, cell in itertools.product(self.spec.each_seed, cells)]
        frame = pd.DataFrame(rows, columns=["seed", *(name for name, _ in self.spec.axes)])
        frame["final_loss"] = self.losses.ravel()
        frame["median_loss"] = np.broadcast_to(self.final_loss, self.losses.shape).ravel()
        frame["median_steps_to"] = np.broadcast_to(self.steps_to, self.losses.shape).ravel()
        return frame


def sweep(
    surface: str | Surface,
    optimizer: AnyOptimizer | Sequence[AnyOptimizer],
    axes: Mapping[str, Sequence[float] | np.ndarray] | Halton,
    start: tuple[float, float] | None = None,
    steps: int = 300,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
    seeds: int = 1,
    tolerance: float = 1e-3,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    executor: Executor | None = None,
) -> Sweep:
    """Run an optimizer under every combination of some hyperparameters, all at once.

    Problem: one run says how an optimizer does at one learning rate; what it does over all of them is another matter.
    Formula: for every cell of the grid, loss(theta_steps) with theta_{t+1} = theta_t - update(gradient(theta_t)).

    Arguments: `surface`, `start`, `steps`, `noise` and `batch_size` as ov.descend has them; `optimizer`, one as
    ov.descend takes it (its schedule and lr_scale hold in every cell), or several, which are the first axis then,
    "optimizer"; those without a rule run one after the other, a millisecond a step; `axes`, {name: values}, each name a
    hyperparameter of every optimizer (a number or a switch), "clip_norm" or "clip_value", "x" or "y" of the start,
    "noise", or a setting of its
    schedule such as "schedule.gamma"; or what ov.halton returns, points instead of a grid; `seed` of the draws, `seeds`
    1 to 100: as many runs of every cell, with the draws of seed, seed + 1, ...; `tolerance`, above 0 and below 1: a run
    has arrived at the first step at which its excess over the lowest known loss is at most this share of the start's;
    `progress`, called with the share done about ten times a second in this thread; `cancel`, an event that ends the
    sweep soon, keeping the blocks done; `executor`, any concurrent.futures.Executor, such as a ProcessPoolExecutor or
    that of a dask.distributed Client (left out: threads here), with the same bits.
    Raises SpecError, one sentence that names the value and what is allowed, and Unfinished, whose so_far has what was
    done, where the executor is lost. A diverged run is inf, not an error. For more runs see ov.sweep_to.

    >>> from optim_viz import optimizer
    >>> s = sweep("quadratic", optimizer("momentum"), {"lr": [0.01, 0.1, 1.0], "momentum": [0.0, 0.5]}, start=(1, 1))
    >>> s.final_loss.shape, s.best["lr"], s.best["momentum"], s.diverging[:, 0].tolist()
    ((3, 2), 0.1, 0.5, [False, False, True])

    Reference: Bergstra & Bengio, Random Search for Hyper-Parameter Optimization (2012); Goh, Why Momentum Really Works
    (2017).
    """
    spec = check(surface, optimizer, axes, start, steps, noise, batch_size, seed, seeds, tolerance)
    return run(spec, *hooks(progress, cancel, executor))


def tolerance_of(value: object) -> float:
    """Return the share of the way at which a run has arrived, above 0 and below 1, or raise a SpecError that says so.

    >>> tolerance_of("1e-3")
    0.001
    """
    share = as_float(value)
    if share is None or not 0.0 < share < 1.0:
        raise SpecError("tolerance must be above 0 and below 1; got {text}.", text=quoted(value))
    return share


def check(
    surface: str | Surface,
    optimizer: AnyOptimizer | Sequence[AnyOptimizer],
    axes: Mapping[str, Sequence[float] | np.ndarray],
    start: tuple[float, float] | None = None,
    steps: int = 300,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
    seeds: int = 1,
    tolerance: float = 1e-3,
    most: int = MAX_RUNS,
) -> SweepSpec:
    """Return the arguments of `sweep` as a checked, frozen spec, or raise a SpecError."""
    base = descent.check(surface, optimizer, start, steps, noise, batch_size, seed)
    single, several = base.optimizers[0], base.optimizers if len(base.optimizers) > 1 else ()
    if not isinstance(axes, Mapping) or not axes:
        raise SpecError(
            "A sweep's axes are names and their values, such as {{'lr': [0.01, 0.1]}}; got {axes}.", axes=quoted(axes)
        )
    paired = isinstance(axes, Halton)
    if paired and several:
        raise SpecError("Points are of one optimizer; got {count}: call it once for each.", count=len(several))
    given = _points(single, axes) if isinstance(axes, Halton) else axes
    checked = tuple((str(name), _axes(base.optimizers, str(name), values)) for name, values in given.items())
    if several:
        checked = ((groups.OPTIMIZER, tuple(map(float, range(len(several))))), *checked)
    share = tolerance_of(tolerance)
    many = whole(seeds, "seeds", 1, MAX_SEEDS)
    asked = base.surface, single, checked, base.start, base.steps, base.noise, base.batch_size, base.seed
    spec = SweepSpec(*asked, many, share, paired, several)
    if spec.cells * many > most:
        raise SpecError(
            "This sweep has {count:,} runs; at most {most:,}{hint}.",
            count=spec.cells * many,
            most=most,
            hint=N_(", and more with ov.sweep_to, which writes them to files") if most == MAX_RUNS else "",
        )
    _check_corners(spec)
    return spec


def _points(spec: OptimizerSpec, axes: Halton) -> dict[str, list[float]]:
    """The values of axes that are points."""
    logs = {name: groups.log_axis(name, spec) for name in axes}
    for name, (low, _) in axes.ranges:
        if name in groups.switches(spec) or name in groups.settings(spec):
            raise SpecError("{name} takes a few values: it can be an axis of a grid, not of points.", name=name)
        if logs[name] and low <= 0.0:
            raise SpecError("{name} is spread by its logarithm: its range must begin above 0.", name=name)
    return axes.points(logs)


def _axes(specs: Sequence[OptimizerSpec], name: str, values: Any) -> tuple[float, ...]:
    """The values of an axis, which all optimizers must have."""
    items = _items(name, values)
    first = _axis(specs[0], name, items)
    for other in specs[1:]:
        _axis(other, name, items)
    return first


def _items(name: str, values: Any) -> tuple[Any, ...]:
    """What an axis is given, as Python's own numbers and texts; tensors, too, be they on a GPU or with gradients."""
    try:
        items = tuple(map(_bare, values if isinstance(values, list | tuple) else parts(_bare(values), MAX_RUNS)))
        if any(isinstance(item, list | tuple) for item in items):
            raise TypeError("of more than one dimension")
    except (TypeError, ValueError):
        raise SpecError(
            "The axis {name} must be a list of numbers; got {values}.", name=quoted(name), values=quoted(values)
        ) from None
    if not 1 <= len(items) <= MAX_RUNS:
        raise SpecError(
            "The axis {name} must be a list of 1 to {most:,} numbers; got {count} of them.",
            name=quoted(name),
            most=MAX_RUNS,
            count=len(items),
        )
    return items


def _bare(value: Any) -> Any:
    """A number or a text as it is; of what is an array, or may be one, its lists."""
    if isinstance(value, int | float | str):
        return value
    return value.tolist() if hasattr(value, "tolist") else np.asarray(value).tolist()


def _axis(spec: OptimizerSpec, name: str, items: Sequence[Any]) -> tuple[float, ...]:
    """The values of one axis, each checked for itself."""
    if name in STARTS:
        return tuple(number(item, N_("start {name}", name=name)) for item in items)
    if name == groups.NOISE:
        return tuple(number(item, "noise", 0.0, LARGEST) for item in items)
    known = {h.name: h for h in (*knobs(spec), *CLIPPING)} | groups.settings(spec)
    called = spec.label if spec.kind == OWN else spec.kind
    if name == "lr" and spec.kind == OWN and "lr" not in known:
        raise SpecError("{label} takes no lr: {write}.", label=quoted(called), write=WRITE)
    if name not in known:
        raise SpecError(
            "{kind} has no axis {name}; {hint}",
            kind=called,
            name=quoted(name),
            hint=nearest(name, [*known, *STARTS, groups.NOISE]),
        )
    if name == cycled_of(spec):
        raise SpecError("{run}: its schedule cycles {name}, so it cannot be an axis.", run=called, name=name)
    return tuple(float(known[name].check(item, called)) for item in items)


def _check_corners(spec: SweepSpec) -> None:
    """Check what must hold together at the ends of all axes: such rules are inequalities, so that is enough."""
    ends = [values if name == groups.OPTIMIZER else tuple({min(values), max(values)}) for name, values in spec.axes]
    for corner in itertools.product(*ends):
        values = dict(zip((name for name, _ in spec.axes), corner, strict=True))
        place = (values.pop("x", spec.start[0]), values.pop("y", spec.start[1]))
        descent.check_start(spec.surface, place)
        groups.placed(spec, values)


def run(
    spec: SweepSpec,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    executor: Executor | None = None,
    backend: Backend | None = None,
) -> Sweep:
    """Run a checked spec."""
    try:
        return _swept(spec, groups.run_all(spec, progress, cancel, backend, executor))
    except Unfinished as cut:
        raise Unfinished(str(cut), _swept(spec, cut.so_far)) from cut


def _swept(spec: SweepSpec, ends: Ends) -> Sweep:
    shape = spec.shape
    losses, done = ends.losses.reshape(spec.seeds, *shape), np.all(ends.done, axis=0).reshape(shape)
    steps_to = np.median(ends.steps_to, axis=0).reshape(shape)
    return Sweep(spec, losses, steps_to, done, not done.all())
