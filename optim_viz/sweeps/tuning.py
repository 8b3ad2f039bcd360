"""Tuning: each optimizer at its own best, all on the same budget."""

from __future__ import annotations

import threading
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.language import N_, together
from optim_viz.optimizers.specs import has_rule, with_values
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import DescentSpec, OptimizerSpec, Surface, SweepSpec, flag, unique_labels, whole
from optim_viz.surfaces import descent
from optim_viz.surfaces.descent import AnyOptimizer
from optim_viz.sweeps import sweep
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
    """What `optim_viz.tune` is asked for: the comparison as it is set, and how to tune it."""

    descent: DescentSpec
    seeds: int = 1
    momentum: bool = False

    @property
    def trials(self) -> int:
        """Runs of each optimizer (per seed): as set, the first round and the second."""
        return 1 + (GRID * len(SHARES) + NEAR * NEAR_SHARES if self.momentum else GRID + NEAR)


@dataclass(frozen=True, eq=False)
class Tuning:
    """Every optimizer as set and at its best. Scores are final full losses, medians over the seeds."""

    spec: TuneSpec
    optimizers: tuple[OptimizerSpec, ...]  # tuned, in the order asked for; those without a rule as they were
    before: tuple[float, ...]  # scores as set; NaN where there is no rule
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
        """The labels of those that were not tuned: they have no rule, or a cancel came first."""
        return tuple(label for label in self.labels if label not in self.curves)

    @property
    def sentence(self) -> str:
        """What was done, in words: values, budget and metric."""
        told = [f"{n} {_told(n, self)}" for n in self.labels if n in self.curves]
        knobs = N_("learning rate × momentum (beta1)") if self.spec.momentum else N_("learning rate")
        seeds = self.spec.seeds if self.spec.descent.noise or self.spec.descent.batch_size else 1
        text = N_(
            "Each at its own best: {values}. {trials} trials each ({knobs}: a log grid from {low:g} to {high:g}, then "
            "around the best, and the values as set), {steps:,} steps as shown, lowest full loss after the last "
            "step{over}; of equals the one that arrives first.",
            values=", ".join(told) or N_("none tuned"), trials=self.trials, knobs=knobs, low=LOW, high=HIGH,
            steps=self.spec.descent.steps, over=N_(", median over {seeds} seeds", seeds=seeds) if seeds > 1 else "",
        )  # fmt: skip
        if not self.untouched:
            return text
        why = N_("tuning was cancelled") if self.cancelled else N_("it runs one trial after the other")
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
                    row |= {f"{name}_before": old[name], name: new[name]}
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
) -> Tuning:
    """Tune every optimizer's learning rate on the same budget, for a comparison of each at its own best.

    Problem: with values picked by hand, a comparison shows who was tuned better, not which optimizer is.
    Formula: lr* = argmin of the median over seeds of loss(theta_steps), over a log grid of 37 from 1e-7 to 100, then 16
    within one grid step of the best, and the values as set; of equal scores the run that arrives first wins.

    Arguments: `surface` to `seed` as ov.descend has them, the run that is to be shown; `seeds`, 1 to 100, scored with
    the draws of seed, seed + 1, ... where anything is drawn; `momentum`, whether momentum (or beta1) is tuned as well:
    6 values on the grid, then 5 around the best (an optimizer without one tries as many more learning rates);
    `progress`, called with the share done in this thread; `cancel`, an event that ends tuning soon, leaving the rest as
    set. L-BFGS and factories, which run one trial after the other, stay as set, and the sentence says so.
    Raises SpecError, one sentence that names the value and what is allowed.

    >>> from optim_viz import optimizer
    >>> t = tune("quadratic", [optimizer("sgd", lr=1e-3), optimizer("adam")], steps=100)
    >>> round(t.optimizers[0]["lr"], 2), t.trials, t.after[0] < 1e-9 < t.before[0]
    (0.18, 54, True)

    Reference: Choi et al., On Empirical Comparisons of Optimizers for Deep Learning (2019).
    """
    return run(check(surface, optimizers, start, steps, noise, batch_size, seed, seeds, momentum), progress, cancel)


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
) -> TuneSpec:
    """Return the arguments of `tune` as a checked, frozen spec, or raise a SpecError."""
    base = descent.check(surface, optimizers, start, steps, noise, batch_size, seed)
    return TuneSpec(base, whole(seeds, "seeds", 1, MAX_SEEDS), flag(momentum, "momentum"))


def run(
    spec: TuneSpec, progress: Callable[[float], None] | None = None, cancel: threading.Event | None = None
) -> Tuning:
    """Run a checked spec."""
    cancel, all_ = cancel or threading.Event(), spec.descent.optimizers
    tuned, before, after = list(all_), [np.nan] * len(all_), [np.nan] * len(all_)
    curves: dict[str, tuple[np.ndarray, np.ndarray]] = {}
    for i, (optimizer, label) in enumerate(zip(all_, unique_labels(all_), strict=True)):
        if progress is not None:
            progress(i / len(all_))
        if cancel.is_set():
            break
        if has_rule(optimizer):
            search = _Search(spec, optimizer, cancel)
            best = search.best()
            if cancel.is_set():
                break
            tuned[i], before[i], after[i], curves[label] = best, search.before, search.after, search.curve()
    if progress is not None and not cancel.is_set():
        progress(1.0)
    return Tuning(spec, tuple(tuned), tuple(before), tuple(after), curves, cancel.is_set())


def second_knob(optimizer: OptimizerSpec) -> str | None:
    """The name of what tuning calls momentum, if the optimizer has one that may be tuned."""
    names = [name for name in SECOND if name in optimizer.hyperparameters]
    return names[0] if names else None


class _Search:
    """The trials of one optimizer, in rounds."""

    def __init__(self, spec: TuneSpec, optimizer: OptimizerSpec, cancel: threading.Event) -> None:
        self.spec, self.optimizer, self.cancel = spec, optimizer, cancel
        self.second = second_knob(optimizer) if spec.momentum else None
        self.trials: list[tuple[float, float, float, float]] = []  # score, steps to arrive, lr, second knob
        self.before = self.after = np.nan

    def best(self) -> OptimizerSpec:
        """Run all rounds; return the optimizer with the values of the best trial."""
        share = float(self.optimizer[self.second]) if self.second else 0.0
        self._round(np.array([float(self.optimizer["lr"])]), np.array([share]))
        self.before = self.trials[0][0]
        many = len(SHARES) if self.spec.momentum and not self.second else 1
        self._round(np.geomspace(LOW, HIGH, GRID * many), self._shares(SHARES))
        _, _, lr, share = min(self.trials)
        ratio = (HIGH / LOW) ** (1.0 / (GRID * many - 1))
        many = NEAR_SHARES if many > 1 else 1
        near = np.geomspace(lr / ratio, lr * ratio, NEAR * many)
        # In 1 / (1 - momentum), the number of steps it remembers, equal factors are equal changes.
        memory = np.geomspace(0.5, 2.0, NEAR_SHARES) / (1.0 - share)
        self._round(near, self._shares(np.maximum(1.0 - 1.0 / memory, 0.0)))
        self.after, _, lr, share = min(self.trials)
        return with_values(self.optimizer, {"lr": lr} | ({self.second: share} if self.second else {}))

    def _shares(self, values: Sequence[float] | np.ndarray) -> np.ndarray:
        """Values of the second knob that the optimizer accepts."""
        if not self.second:
            return np.zeros(1)
        knob = next(h for h in OPTIMIZERS[self.optimizer.kind].hyperparameters if h.name == self.second)
        open_low = knob.open_low or self.optimizer.hyperparameters.get("nesterov")
        return np.maximum(values, 0.01 if open_low else 0.0)

    def _round(self, lrs: np.ndarray, shares: np.ndarray) -> None:
        axes = [("lr", tuple(lrs.tolist()))]
        if self.second:
            axes.append((self.second, tuple(shares.tolist())))
        d = self.spec.descent
        trials = SweepSpec(
            d.surface, self.optimizer, tuple(axes), d.start, d.steps, d.noise, d.batch_size, d.seed, self.spec.seeds
        )
        result = sweep.run(trials, None, self.cancel)
        cells = np.meshgrid(lrs, shares, indexing="ij")
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
