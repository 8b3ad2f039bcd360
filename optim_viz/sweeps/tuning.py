"""Tuning: each optimizer at its own best, all on the same budget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Executor
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.executor import SCHEDULER_LOST, completed, outcome
from optim_viz.language import N_, together
from optim_viz.optimizers.cycled import cycled_of
from optim_viz.optimizers.own import WRITE
from optim_viz.optimizers.specs import has_rule, hyperparameter, takes_lr, with_values
from optim_viz.progress import Unfinished
from optim_viz.spec import (
    DescentSpec,
    OptimizerSpec,
    SpecError,
    Surface,
    SweepSpec,
    flag,
    hooks,
    quoted,
    unique_labels,
    whole,
)
from optim_viz.surfaces import descent
from optim_viz.surfaces.descent import AnyOptimizer
from optim_viz.sweeps import sweep
from optim_viz.sweeps.backends import Backend, backend_for
from optim_viz.sweeps.halton import between, unit_points
from optim_viz.sweeps.sweep import MAX_SEEDS

if TYPE_CHECKING:
    import pandas as pd


#: The first round: four learning rates a decade. The second: as many around the best, within one step of the first.
LOW, HIGH, GRID, NEAR = 1e-7, 100.0, 37, 16
#: The second knob, where it is tuned as well: its values in the first round, and how many around the best then.
SHARES, NEAR_SHARES = (0.0, 0.5, 0.8, 0.9, 0.95, 0.99), 5
#: What the second knob is called, the first that an optimizer has.
SECOND = ("momentum", "beta1")


@dataclass(frozen=True)
class TuneSpec:
    """What `optim_viz.tune` is asked for: the comparison as it is set, and how to tune it.

    `singles` is whether those are tuned that run one trial after the other, which takes seconds each.
    """

    descent: DescentSpec
    seeds: int = 1
    momentum: bool = False
    halton: bool = False
    singles: bool = True

    def tuned(self, optimizer: OptimizerSpec) -> bool:
        """Whether an optimizer is tuned: it has a learning rate and, unless `singles` are wanted, a rule."""
        return has_rule(optimizer) or (self.singles and takes_lr(optimizer))

    @property
    def trials(self) -> int:
        """Runs of each optimizer (per seed): as set, the first round and the second."""
        return 1 + (GRID * len(SHARES) + NEAR * NEAR_SHARES if self.momentum else GRID + NEAR)


@dataclass(frozen=True, eq=False)
class Tuning:
    """Every optimizer as set and at its best. Scores are final full losses, medians over the seeds."""

    spec: TuneSpec
    optimizers: tuple[OptimizerSpec, ...]  # tuned, in the order asked for; those that are not as they were
    before: tuple[float, ...]  # scores as set; NaN where it was not tuned, or had no learning rate
    after: tuple[float, ...]  # scores tuned
    curves: dict[str, tuple[np.ndarray, np.ndarray]]  # {label: (lrs, scores)}, float64, lrs rising; best second knob
    cancelled: bool = False

    @property
    def trials(self) -> int:
        """Runs of each optimizer, per seed."""
        return self.spec.trials

    def __repr__(self) -> str:
        return f"<Tuning of {', '.join(self.labels)} on {self.spec.descent.surface.name}: {self.trials} trials each>"

    @property
    def labels(self) -> tuple[str, ...]:
        """The optimizers' labels, as ov.descend gives them."""
        return unique_labels(self.spec.descent.optimizers)

    @property
    def untouched(self) -> tuple[str, ...]:
        """The labels of those that were not tuned: they take no learning rate, or a cancel came first."""
        return tuple(label for label in self.labels if label not in self.curves)

    @property
    def sentence(self) -> str:
        """What was done, in words: values, budget and metric."""
        told = [f"{n} {_told(n, self)}" for n in self.labels if n in self.curves]
        knobs = N_("learning rate × momentum (beta1)") if self.spec.momentum else N_("learning rate")
        seeds = self.spec.seeds if self.spec.descent.noise or self.spec.descent.batch_size else 1
        text = N_(
            "Each at its own best: {values}. {trials} trials each ({knobs}: {points} from {low:g} to {high:g}, then "
            "around the best, and the values as set), {steps:,} steps as shown, lowest full loss after the last "
            "step{over}; of equals the one that arrives first.",
            values=", ".join(told) or N_("none tuned"), trials=self.trials, knobs=knobs, low=LOW, high=HIGH,
            points=N_("Halton points") if self.spec.halton else N_("a log grid"),
            steps=self.spec.descent.steps, over=N_(", median over {seeds} seeds", seeds=seeds) if seeds > 1 else "",
        )  # fmt: skip
        if not self.untouched:
            return text
        alone, without = N_("it runs one trial after the other"), N_("it takes no lr: {write}", write=WRITE)
        why = N_("tuning was cancelled") if self.cancelled else without if self.spec.singles else alone
        return together([text, N_("Left as set: {names} ({why}).", names=", ".join(self.untouched), why=why)])

    def to_frame(self) -> pd.DataFrame:
        """Return a pandas DataFrame, one row per optimizer: final losses before and after, and the values chosen."""
        import pandas as pd

        rows = []
        for i, (label, old, new) in enumerate(
            zip(self.labels, self.spec.descent.optimizers, self.optimizers, strict=True)
        ):
            row = {"optimizer": label, "before": self.before[i], "after": self.after[i]}
            for name in ("lr", *SECOND):
                if name in new.hyperparameters:
                    row |= {f"{name}_before": old.hyperparameters.get(name, np.nan), name: new[name]}
            rows.append(row)
        return pd.DataFrame(rows)


def _told(label: str, tuning: Tuning) -> str:
    spec = tuning.optimizers[tuning.labels.index(label)]
    names = ["lr", *([second] if tuning.spec.momentum and (second := second_knob(spec)) else [])]
    return " ".join(f"{name} {spec[name]:.2g}" for name in names)


def tune(
    surface: str | Surface,
    optimizers: Sequence[AnyOptimizer] | AnyOptimizer,
    start: tuple[float, float] | None = None,
    steps: int = 500,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
    seeds: int = 1,
    momentum: bool = False,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    executor: Executor | None = None,
    halton: bool = False,
) -> Tuning:
    """Tune every optimizer's learning rate on the same budget, for a comparison of each at its own best.

    Problem: with values picked by hand, a comparison shows who was tuned better, not which optimizer is.
    Formula: lr* = argmin of the median over seeds of loss(theta_steps), over a log grid of 37 from 1e-7 to 100, then 16
    within one grid step of the best, and the values as set; of equal scores the run that arrives first wins.

    Arguments: `surface` to `seed` as ov.descend has them, the run that is to be shown; `seeds`, 1 to 100, scored with
    the draws of seed, seed + 1, ... where anything is drawn; `momentum`, whether momentum (or beta1) is tuned as well:
    6 values on the grid, then 5 around the best (an optimizer without one tries as many more learning rates);
    `progress`, called with the share done in this thread; `cancel`, an event that ends tuning soon, leaving the rest as
    set; `executor`, any concurrent.futures.Executor, which tunes the optimizers beside each other (left out: here, one
    after the other), with the same bits; `halton`, whether as many Halton points take the place of the grids, so that
    every trial has a learning rate and a momentum of its own. L-BFGS, a package's classes and factories that take lr
    (lambda params, lr: ...) run one trial after the other: seconds each. What takes no lr stays as set, and the
    sentence says so; where nothing else is asked for, that is an error.
    Raises SpecError, one sentence that names the value and what is allowed, and Unfinished where the executor is lost.

    >>> from optim_viz import optimizer
    >>> t = tune("quadratic", [optimizer("sgd", lr=1e-3), optimizer("adam")], steps=100)
    >>> round(t.optimizers[0]["lr"], 2), t.trials, t.after[0] < 1e-9 < t.before[0]
    (0.18, 54, True)

    Reference: Choi et al., On Empirical Comparisons of Optimizers for Deep Learning (2019).
    """
    spec = check(surface, optimizers, start, steps, noise, batch_size, seed, seeds, momentum, halton)
    hooks(progress, cancel, executor)
    return run(spec, progress, cancel, executor=executor)


def check(
    surface: str | Surface,
    optimizers: Sequence[AnyOptimizer] | AnyOptimizer,
    start: tuple[float, float] | None = None,
    steps: int = 500,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
    seeds: int = 1,
    momentum: bool = False,
    halton: bool = False,
) -> TuneSpec:
    """Return the arguments of `tune` as a checked, frozen spec, or raise a SpecError."""
    base = descent.check(surface, optimizers, start, steps, noise, batch_size, seed)
    if not any(map(takes_lr, base.optimizers)):
        raise SpecError(
            "{label} takes no lr, so there is nothing to tune: {write}.",
            label=quoted(unique_labels(base.optimizers)[0]),
            write=WRITE,
        )
    return TuneSpec(base, whole(seeds, "seeds", 1, MAX_SEEDS), flag(momentum, "momentum"), flag(halton, "halton"))


#: What came of tuning one optimizer: it, its scores before and after, and its curve.
Tuned = tuple[OptimizerSpec, float, float, tuple[np.ndarray, np.ndarray]]
#: The backend that a sweep is computed with.
Choose = Callable[[SweepSpec], Backend]


def run(
    spec: TuneSpec,
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    choose: Choose = backend_for,
    executor: Executor | None = None,
) -> Tuning:
    """Run a checked spec."""
    cancel, all_ = cancel or threading.Event(), spec.descent.optimizers
    labels, tuned, before, after = unique_labels(all_), list(all_), [np.nan] * len(all_), [np.nan] * len(all_)
    curves: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for i, found in (_here if executor is None else _elsewhere)(spec, progress, cancel, choose, executor):
        tuned[i], before[i], after[i], curves[labels[i]] = found
    ordered = {label: curves[label] for label in labels if label in curves}  # others may be done in any order
    return Tuning(spec, tuple(tuned), tuple(before), tuple(after), ordered, cancel.is_set())


def _here(
    spec: TuneSpec,
    progress: Callable[[float], None] | None,
    cancel: threading.Event,
    choose: Choose,
    _: Executor | None,
) -> Iterator[tuple[int, Tuned]]:
    """Tune one optimizer after the other."""
    all_ = spec.descent.optimizers
    for i, optimizer in enumerate(all_):
        if progress is not None:
            progress(i / len(all_))
        if cancel.is_set():
            return
        if spec.tuned(optimizer) and (found := tune_one(spec, i, choose, cancel)) is not None:
            yield i, found
    if progress is not None and not cancel.is_set():
        progress(1.0)


def _elsewhere(
    spec: TuneSpec,
    progress: Callable[[float], None] | None,
    cancel: threading.Event,
    choose: Choose,
    executor: Executor | None,
) -> Iterator[tuple[int, Tuned]]:
    """Have the optimizers tuned by an executor."""
    tasks = [i for i, optimizer in enumerate(spec.descent.optimizers) if spec.tuned(optimizer)]
    done = 0

    def lost(why: str) -> Unfinished:
        return Unfinished(
            N_("{count} of {all} optimizers were tuned when {why}.", count=done, all=len(tasks), why=why), None
        )

    if executor is None:
        raise TypeError("there is nobody to tune")
    for i, future in completed(executor, lambda i: (tune_one, spec, i, choose), tasks, progress, cancel):
        if (found := outcome(future, lost)) is not None:
            done += 1
            yield i, found
    if done < len(tasks) and not cancel.is_set():
        raise lost(SCHEDULER_LOST)


def tune_one(spec: TuneSpec, i: int, choose: Choose, cancel: threading.Event | None = None) -> Tuned | None:
    """One task: tune the optimizer of this number; None after a cancel."""
    cancel = cancel or threading.Event()
    search = _Search(spec, spec.descent.optimizers[i], cancel, choose)
    best = search.best()
    return None if cancel.is_set() else (best, search.before, search.after, search.curve())


def second_knob(optimizer: OptimizerSpec) -> str | None:
    """The name of what tuning calls momentum, if the optimizer has one that may be tuned."""
    names = [name for name in SECOND if name in optimizer.hyperparameters and name != cycled_of(optimizer)]
    return names[0] if names else None


class _Search:
    """The trials of one optimizer, in rounds."""

    def __init__(
        self, spec: TuneSpec, optimizer: OptimizerSpec, cancel: threading.Event, choose: Choose = backend_for
    ) -> None:
        self.spec, self.optimizer, self.cancel, self.choose = spec, optimizer, cancel, choose
        self.second = second_knob(optimizer) if spec.momentum else None
        self.trials: list[tuple[float, float, float, float]] = []  # score, steps to arrive, lr, second knob
        self.before = self.after = np.nan

    def best(self) -> OptimizerSpec:
        """Run all rounds; return the optimizer with the values of the best trial."""
        share = float(self.optimizer[self.second]) if self.second else 0.0
        as_set = np.array([float(v) for name, v in self.optimizer.values if name == "lr"])  # a factory may have none
        many = len(SHARES) if self.spec.momentum else 1
        sides = 1 if self.second else many
        first = self._rates(LOW, HIGH, GRID * sides)
        if self.second:
            self._round(as_set, np.array([share]))
            self._points(LOW, HIGH, 1.0, 1.0 / (1.0 - SHARES[-1]), GRID, SHARES)
        else:  # one batch takes as long as one run
            self._round(np.concatenate([as_set, first]), np.zeros(1))
        self.before = self.trials[0][0] if len(as_set) else np.nan
        _, _, lr, share = min(self.trials)
        ratio = (HIGH / LOW) ** (1.0 / (GRID * sides - 1))
        if self.second:
            # In 1 / (1 - momentum), the number of steps it remembers, equal factors are equal changes.
            memory = np.geomspace(0.5, 2.0, NEAR_SHARES) / (1.0 - share)
            near = np.maximum(1.0 - 1.0 / memory, 0.0)
            self._points(lr / ratio, lr * ratio, memory[0], memory[-1], NEAR, near)
        else:
            self._round(self._rates(lr / ratio, lr * ratio, NEAR * (NEAR_SHARES if sides > 1 else 1)), np.zeros(1))
        self.after, _, lr, share = min(self.trials)
        return with_values(self.optimizer, {"lr": lr} | ({self.second: share} if self.second else {}))

    def _rates(self, low: float, high: float, count: int) -> np.ndarray:
        """Learning rates between two, evenly spread in their logarithms."""
        if self.spec.halton:
            return between(unit_points(1, count, self.spec.descent.seed)[:, 0], low, high, True)
        return np.geomspace(low, high, count)

    def _points(
        self, low: float, high: float, short: float, long: float, count: int, shares: Sequence[float] | np.ndarray
    ) -> None:
        """A round over both knobs: each of `count` learning rates with each of some shares, or as many points.

        The shares of the points remember `short` to `long` steps.
        """
        if not self.spec.halton:
            self._round(np.geomspace(low, high, count), self._shares(shares))
            return
        unit = unit_points(2, count * len(shares), self.spec.descent.seed)
        memory = between(unit[:, 1], short, long, True)
        lrs, found = between(unit[:, 0], low, high, True), np.maximum(1.0 - 1.0 / memory, 0.0)
        self._round(lrs, self._shares(found), paired=True)

    def _shares(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Values of the second knob that the optimizer accepts."""
        if not self.second:
            return np.zeros(1)
        knob = hyperparameter(self.optimizer.kind, self.second)
        open_low = knob.open_low or self.optimizer.hyperparameters.get("nesterov")
        return np.maximum(values, 0.01 if open_low else 0.0)

    def _round(self, lrs: np.ndarray, shares: np.ndarray, paired: bool = False) -> None:
        axes = [("lr", tuple(lrs.tolist()))]
        if self.second:
            axes.append((self.second, tuple(shares.tolist())))
        d = self.spec.descent
        trials = SweepSpec(
            d.surface, self.optimizer, tuple(axes), d.start, d.steps, d.noise, d.batch_size, d.seed, self.spec.seeds,
            paired=paired,
        )  # fmt: skip
        backend = self.choose(trials) if has_rule(self.optimizer) else None
        result = sweep.run(trials, None, self.cancel, None, backend)
        cells = (lrs, shares) if paired else np.meshgrid(lrs, shares, indexing="ij")
        columns = (result.final_loss, result.steps_to, *cells)
        self.trials += zip(*(np.ravel(column).tolist() for column in columns), strict=True)

    def curve(self) -> tuple[np.ndarray, np.ndarray]:
        """The best score at every learning rate tried, learning rates rising."""
        lrs = np.unique([lr for _, _, lr, _ in self.trials])
        scores = np.full(len(lrs), np.inf)
        for score, _, lr, _ in self.trials:
            i = np.searchsorted(lrs, lr)
            scores[i] = min(scores[i], score)
        return lrs, scores
