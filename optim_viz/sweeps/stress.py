"""Stress: every optimizer tuned on every surface on the same budget, who wins where, and how far that holds."""

from __future__ import annotations

import functools
import itertools
import threading
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.executor import SCHEDULER_LOST, completed, outcome
from optim_viz.language import N_, together
from optim_viz.optimizers.specs import has_rule, with_values
from optim_viz.optimizers.specs import optimizer as optimizer_spec
from optim_viz.optimizers.table import WITH_RULE
from optim_viz.progress import Unfinished
from optim_viz.spec import DescentSpec, OptimizerSpec, SpecError, Surface, hooks, parts, quoted, unique_labels, whole
from optim_viz.surfaces import descent
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.descent import MAX_STEPS, AnyOptimizer
from optim_viz.surfaces.minima import lowest
from optim_viz.surfaces.surface import as_surface
from optim_viz.surfaces.table import SURFACES
from optim_viz.sweeps import tuning
from optim_viz.sweeps.backends import machine_backend
from optim_viz.sweeps.tuning import GRID, NEAR, TuneSpec

if TYPE_CHECKING:
    import pandas as pd

#: After how many steps it is asked who is ahead.
HORIZONS = (100, 1000)
#: Two runs that have both come this near, as a share of the start's excess loss, are level.
LEVEL = 1e-12
#: Chance of two equal optimizers being told apart by their mean ranks.
ERROR = 0.05
#: Result of one tuning: the final loss as set and tuned, the learning rate chosen.
Cell = tuple[float, float, float]
Task = tuple[int, int, int]  # the numbers of surface, horizon and optimizer


@dataclass(frozen=True)
class StressSpec:
    """What `optim_viz.stress` is asked for."""

    optimizers: tuple[OptimizerSpec, ...]
    surfaces: tuple[Surface, ...]
    horizons: tuple[int, ...] = HORIZONS

    @property
    def shape(self) -> tuple[int, int, int]:
        """How many surfaces, horizons and optimizers there are."""
        return len(self.surfaces), len(self.horizons), len(self.optimizers)

    @property
    def trials(self) -> int:
        """Runs of each optimizer on each surface, for each horizon."""
        return 1 + GRID + NEAR

    @property
    def steps_in_all(self) -> int:
        """Optimizer steps, all runs together."""
        return len(self.surfaces) * len(self.optimizers) * self.trials * sum(self.horizons)

    def cells(self) -> Iterator[TuneSpec]:
        """All cells, in the order of the table's rows."""
        return (self.tuned((i, h, k)) for i, h, k in itertools.product(*map(range, self.shape)))

    def tuned(self, task: Task) -> TuneSpec:
        """One cell, as ov.tune would be asked for it."""
        surface, horizon, optimizer = (self.surfaces[task[0]], self.horizons[task[1]], self.optimizers[task[2]])
        return TuneSpec(DescentSpec(surface, (optimizer,), surface.start, horizon))


@dataclass(frozen=True, eq=False)
class Stress:
    """Every optimizer tuned on every surface. Arrays are float64 [surfaces, horizons, optimizers]."""

    spec: StressSpec
    before: np.ndarray  # final losses as set; NaN where a cancel came first
    after: np.ndarray  # final losses tuned
    lrs: np.ndarray  # the learning rates chosen

    @property
    def cancelled(self) -> bool:
        """Whether a cancel came before all was done."""
        return bool(np.isnan(self.after).any())

    @property
    def labels(self) -> tuple[str, ...]:
        """The optimizers' labels, as ov.descend gives them."""
        return unique_labels(self.spec.optimizers)

    @property
    def ranked(self) -> np.ndarray:
        """Which surfaces are ranked, bool [surfaces]: those with a minimum; elsewhere who runs off farthest wins."""
        return np.array([bool(surface.minima) for surface in self.spec.surfaces])

    @functools.cached_property
    def _left(self) -> np.ndarray:
        """What is left of the start's excess loss over the lowest known, negative below it; NaN where none is known."""
        left = np.full(self.after.shape, np.nan)
        for i in np.flatnonzero(self.ranked):
            surface, best = self.spec.surfaces[i], lowest(self.spec.surfaces[i])
            start = float(compiled(surface).values(*np.array(surface.start)[:, None])[0]) - best
            left[i] = (self.after[i] - best) / start
        return left

    @functools.cached_property
    def shares(self) -> np.ndarray:
        """What is left of the start's excess loss over the lowest known, at least LEVEL; NaN where none is known."""
        return np.maximum(self._left, LEVEL)

    @functools.cached_property
    def below(self) -> np.ndarray:
        """Which end under the lowest known loss by more than rounding: runs that left the box, bool."""
        return self._left < -LEVEL

    @functools.cached_property
    def ranks(self) -> np.ndarray:
        """The place of each among the optimizers, 1 the best, equals sharing the mean; NaN as in `shares`."""
        from scipy.stats import rankdata

        return np.asarray(rankdata(self.shares, axis=-1, nan_policy="propagate"))

    @property
    def mean_ranks(self) -> np.ndarray:
        """The mean over the ranked surfaces, float64 [horizons, optimizers]."""
        return self._over_ranked(np.mean, self.ranks)

    @property
    def median_shares(self) -> np.ndarray:
        """The median of `shares` over the ranked surfaces, float64 [horizons, optimizers]."""
        return self._over_ranked(np.median, self.shares)

    def _over_ranked(self, of: Callable[..., Any], values: np.ndarray) -> np.ndarray:
        """What `of` makes of the values on the ranked surfaces, NaN where there are none."""
        known = values[self.ranked]
        return np.asarray(of(known, axis=0)) if len(known) else np.full(values.shape[1:], np.nan)

    @property
    def wins(self) -> np.ndarray:
        """On how many surfaces nobody is ahead of it, int64 [horizons, optimizers]."""
        shares = self.shares[self.ranked]
        return np.asarray((shares <= shares.min(axis=-1, keepdims=True)).sum(axis=0))

    @functools.cached_property
    def difference(self) -> float:
        """Nemenyi's critical difference: mean ranks that are nearer tell no two optimizers apart at the 5 % level."""
        from scipy.stats import studentized_range

        k, n = len(self.spec.optimizers), int(self.ranked.sum())
        if k < 2 or n < 1:
            return float("inf")
        return float(studentized_range.ppf(1 - ERROR, k, np.inf) / np.sqrt(2) * np.sqrt(k * (k + 1) / (6 * n)))

    def optimizer(self, surface: int, horizon: int, optimizer: int) -> OptimizerSpec:
        """The tuned optimizer of one cell, ready for ov.descend."""
        return with_values(self.spec.optimizers[optimizer], {"lr": self.lrs[surface, horizon, optimizer]})

    @property
    def sentence(self) -> str:
        """What was done, in words."""
        return N_(
            "{optimizers} optimizers on {surfaces} surfaces, each from the surface's own start with its learning rate "
            "tuned by {trials} trials of as many steps as are shown. What counts is the full loss after the last step, "
            "as a share of the start's, both above the lowest known; below {level:g} all are level. A rank is a place "
            "among the optimizers; those that are level have the mean of their places: eight that share the first have "
            "4.5.",
            optimizers=len(self.spec.optimizers), surfaces=len(self.spec.surfaces), trials=self.spec.trials,
            level=LEVEL,
        )  # fmt: skip

    @property
    def caution(self) -> str:
        """What the table does not say."""
        said = [
            N_(
                "Mean ranks that differ by less than {difference:.1f} tell no two optimizers apart (Nemenyi's critical "
                "difference at 5 %).",
                difference=self.difference,
            ),
            N_(
                "These are surfaces of two weights, without noise, from one start each: who wins here need not win on "
                "a network. Only the learning rate is tuned, to the best of this budget; all else is as set, such as "
                "AdamW's weight decay, which holds it off every minimum that is not at (0, 0)."
            ),
            N_(
                "Where runs are chaotic, as on Ackley and Rastrigin, rounding chooses: another processor rounds "
                "otherwise and may find another learning rate and another loss there."
            ),
        ]
        off = [surface.title for surface in self.spec.surfaces if not surface.minima]
        if off:
            said.append(
                N_(
                    "{names} are not ranked: without a minimum, whoever runs off farthest wins.",
                    names=together(off, "{before}, {after}"),
                )
            )
        return together(said)

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per surface, horizon and optimizer; rank NaN where none is ranked."""
        import pandas as pd

        names = [surface.name for surface in self.spec.surfaces]
        rows = list(itertools.product(names, self.spec.horizons, self.labels))
        frame = pd.DataFrame(rows, columns=["surface", "steps", "optimizer"])
        for name in ("lr", "before", "after", "share", "rank"):
            frame[name] = getattr(self, _COLUMNS.get(name, name)).ravel()
        return frame

    def summary(self) -> pd.DataFrame:
        """Return a pandas DataFrame, one row per optimizer: mean rank and wins after each horizon, best last first."""
        import pandas as pd

        columns: dict[str, Any] = {"optimizer": self.labels}
        for h, steps in enumerate(self.spec.horizons):
            columns[f"mean_rank_{steps}"] = self.mean_ranks[h]
            columns[f"wins_{steps}"] = self.wins[h]
            columns[f"median_share_{steps}"] = self.median_shares[h]
        frame = pd.DataFrame(columns)
        return frame.sort_values(f"mean_rank_{self.spec.horizons[-1]}", kind="stable", ignore_index=True)


#: Columns of the table that are called otherwise than what they hold.
_COLUMNS = {"lr": "lrs", "share": "shares", "rank": "ranks"}


def stress(
    optimizers: Sequence[AnyOptimizer] | AnyOptimizer | None = None,
    surfaces: Iterable[str | Surface] | None = None,
    horizons: Sequence[int] = HORIZONS,
    executor: Executor | None = None,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
) -> Stress:
    """Tune every optimizer on every surface on the same budget, and rank them after few steps and after many.

    Problem: an optimizer that wins one comparison may lose the next; only many tasks on one budget say who wins where.
    Formula: for each surface, horizon T and optimizer the loss(theta_T) at the learning rate that ov.tune chooses for
    T steps; the rank among the optimizers of its share (loss - lowest) / (loss at the start - lowest).

    Arguments: `optimizers`, as ov.tune has them, each with a rule (all of OPTIMIZERS that have one, with torch's
    defaults, if left out); `surfaces`, names or what ov.surface returns (all of SURFACES if left out); `horizons`, one
    or more numbers of steps, 1 to 100,000; `executor`, any concurrent.futures.Executor, such as a
    ProcessPoolExecutor (left out: this thread); `progress`, called with the share done in this thread; `cancel`, an
    event that ends it soon, leaving NaN.
    Raises SpecError, one sentence that names the value and what is allowed, and Unfinished where the executor is lost.

    >>> s = stress(["sgd", "adam"], ["quadratic", "rosenbrock"], horizons=[50])
    >>> s.after.shape, s.wins.tolist(), s.summary().optimizer.tolist()
    ((2, 1, 2), [[1, 1]], ['sgd', 'adam'])

    Reference: Schmidt, Schneider & Hennig, Descending through a Crowded Valley (2021); Demsar, Statistical Comparisons
    of Classifiers over Multiple Data Sets (2006).
    """
    return run(check(optimizers, surfaces, horizons), *hooks(progress, cancel, executor))


def check(
    optimizers: Sequence[AnyOptimizer] | AnyOptimizer | None = None,
    surfaces: Iterable[str | Surface] | None = None,
    horizons: Sequence[int] = HORIZONS,
) -> StressSpec:
    """Return the arguments of `stress` as a checked, frozen spec, or raise a SpecError."""
    given = all_rules() if optimizers is None else optimizers
    names: Any = SURFACES if surfaces is None else surfaces
    try:
        several = (names,) if isinstance(names, str) else tuple(names)
    except TypeError:  # one, or an array of no dimension
        several = (names,)
    found = tuple(map(as_surface, several))
    try:
        steps = tuple(whole(one, "horizons", 1, MAX_STEPS) for one in parts(horizons))
    except TypeError:
        raise SpecError(
            "horizons are numbers of steps, such as (100, 1000); got {value}.", value=quoted(horizons)
        ) from None
    if not found or not steps:
        raise SpecError("A stress test needs at least one surface and one horizon.")
    for surface in found:
        specs = descent.check(surface, given).optimizers
    for one in specs:
        if not has_rule(one):
            raise SpecError(
                "{run} cannot be tuned on this budget: it runs one trial after the other. A stress test takes "
                "optimizers with an elementwise rule, such as {names}.",
                run=one.label or one.kind,
                names=", ".join(WITH_RULE),
            )
    return StressSpec(specs, found, steps)


def all_rules() -> tuple[OptimizerSpec, ...]:
    """Return every optimizer that has a rule, at torch's defaults."""
    return tuple(map(optimizer_spec, WITH_RULE))


def run(
    spec: StressSpec,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    executor: Executor | None = None,
    known: Mapping[TuneSpec, Cell] | None = None,
) -> Stress:
    """Run a checked spec; what is `known` is not run again."""
    cancel, found = cancel or threading.Event(), np.full((3, *spec.shape), np.nan)
    open_: dict[tuple[int, int], list[Task]] = {}
    for i, h, k in itertools.product(*map(range, spec.shape)):
        task = (i, h, k)
        cell = (known or {}).get(spec.tuned(task))
        if cell is None:
            open_.setdefault((i, h), []).append(task)
        else:
            found[:, i, h, k] = cell
    # The longest first, so that nobody waits for one of them in the end.
    groups = sorted(open_.values(), key=lambda group: -spec.horizons[group[0][1]])
    for group, cells in _cells(spec, groups, progress, cancel, executor):
        for (i, h, k), cell in zip(group, cells, strict=False):
            found[:, i, h, k] = cell
    result = Stress(spec, *found)
    if result.cancelled and not cancel.is_set():
        raise _unfinished(spec, SCHEDULER_LOST)
    return result


def _unfinished(spec: StressSpec, why: str) -> Unfinished:
    return Unfinished(N_("The stress test was not done when {why}.", why=why), spec)


def _cells(
    spec: StressSpec,
    groups: list[list[Task]],
    progress: Callable[[float], None] | None,
    cancel: threading.Event,
    executor: Executor | None,
) -> Iterable[tuple[list[Task], list[Cell]]]:
    """The cells of each group, wherever they are run."""

    def asked(group: list[Task]) -> tuple[Any, ...]:
        return tune_all, tuple(spec.tuned(task) for task in group)

    if executor is not None:
        queue = iter(groups)
        for group, future in completed(executor, asked, queue, progress, cancel):
            yield group, outcome(future, lambda why: _unfinished(spec, why))
        return
    for done, group in enumerate(groups):
        if progress is not None:
            progress(done / len(groups))
        yield group, tune_all(asked(group)[1], cancel)
    if progress is not None and not cancel.is_set():
        progress(1.0)


def tune_all(specs: tuple[TuneSpec, ...], cancel: threading.Event | None = None) -> list[Cell]:
    """Tune several optimizers in machine code, which every one after the first shares most of; after a cancel fewer."""
    found: list[Cell] = []
    for spec in specs:
        tuned = tuning.run(spec, None, cancel, machine_backend)
        if tuned.cancelled:
            break
        found.append((tuned.before[0], tuned.after[0], float(tuned.optimizers[0]["lr"])))
    return found
