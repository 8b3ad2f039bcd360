"""The fairness switch: a comparison as it is set, or with learning rates chosen by one rule for all."""

from __future__ import annotations

import functools
import math
import threading
import time
from collections.abc import Callable, Iterable
from dataclasses import dataclass, replace
from typing import Generic, TypeVar

import numpy as np

from optim_viz.language import N_
from optim_viz.network import rate_sweep, train
from optim_viz.network.rate_sweep import TrainSweep, TrainSweepSpec
from optim_viz.network.training import Training
from optim_viz.optimizers.specs import optimizer, takes_lr, with_values
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.progress import Progress, Unfinished
from optim_viz.spec import DescentSpec, MatrixSpec, NetworkSpec, OptimizerSpec, one_of, unique_labels
from optim_viz.surfaces import descent
from optim_viz.surfaces.trajectory import Comparison
from optim_viz.sweeps import tuning
from optim_viz.sweeps.tuning import TuneSpec

#: How a link writes each way, and what people read.
FAIRNESS = {
    "": N_("as set"),
    "one": N_("one learning rate for all"),
    "torch": N_("torch's defaults"),
    "best": N_("each at its own best"),
    "best-momentum": N_("its own best, momentum too"),
}
#: The ways on the network, where trials are whole trainings: too slow to tune two hyperparameters.
ON_NETWORK = tuple(mode for mode in FAIRNESS if mode != "best-momentum")
#: The hyperparameters that a way chooses itself instead of taking them as they are set.
CHOSEN = {
    "": (),
    "one": ("lr",),  # but that of the first
    "torch": tuple(sorted({h.name for row in OPTIMIZERS.values() for h in row.hyperparameters})),
    "best": ("lr",),
    "best-momentum": ("lr", "momentum"),
}
#: Runs that a trial is scored over: where mini-batches or noise are drawn; where the training shown has several seeds.
SEEDS_ON_SURFACES, SEEDS_ON_NETWORK = 5, 3
#: The learning rates tried on the network. First two a decade, then as many again within one step of the best.
LOW, HIGH, GRID, NEAR = 1e-4, 1.0, 9, 4

Spec = TypeVar("Spec", DescentSpec, NetworkSpec, MatrixSpec)
Runs = TypeVar("Runs")
#: The optimizers with the learning rates that were chosen for them, and the sentence that says how.
Chosen = tuple[tuple[OptimizerSpec, ...], str]


@dataclass(frozen=True)
class Fair(Generic[Spec]):
    """A comparison as it is set, and the way in which its learning rates are to be chosen."""

    spec: Spec
    mode: str = ""


@dataclass(frozen=True, eq=False)
class FairRuns(Generic[Spec, Runs]):
    """What came of a Fair comparison, and the sentence that says how; no training where a cancel came first."""

    asked: Fair[Spec]
    runs: Runs
    sentence: str


def check_fairness(mode: str, ways: Iterable[str] = FAIRNESS) -> str:
    """Return `mode`, one of `ways`, or raise a SpecError that names the nearest.

    >>> check_fairness("best")
    'best'
    """
    return mode if mode == "" else one_of(mode, filter(None, ways), "fairness")


def one_rate(specs: tuple[OptimizerSpec, ...]) -> Chosen:
    """Return the optimizers with the first one's learning rate, and the sentence that says so."""
    first = next((spec for spec in specs if takes_lr(spec)), specs[0])
    lr = float(first.hyperparameters.get("lr", math.nan))
    label = dict(zip(specs, unique_labels(specs), strict=True))[first]
    return tuple(with_values(spec, {"lr": lr}) if takes_lr(spec) else spec for spec in specs), (
        N_(
            "One learning rate for all: {lr:g}, that of {label}, the first. As unfair as values picked by "
            "hand: the same number is a small step for one optimizer and a large one for another.",
            lr=lr,
            label=label,
        )
    )


def torch_defaults(specs: tuple[OptimizerSpec, ...]) -> Chosen:
    """Return the optimizers with every hyperparameter at torch's default, and the sentence that says so.

    What makes a row of OPTIMIZERS what it is (0.9 for momentum, which torch leaves at 0) stays as the row has it.
    """
    changed = tuple(with_values(spec, optimizer(spec.kind).hyperparameters) for spec in specs)
    labels = unique_labels(specs)
    pairs = zip(labels, changed, strict=True)
    values = ", ".join(f"{label} lr {spec['lr']:g}" for label, spec in pairs if takes_lr(spec))
    return changed, N_(
        "torch's defaults: {values}. Schedules and factors of single coordinates or layers stay as set.", values=values
    )


#: The ways that need no trial.
RULES: dict[str, Callable[[tuple[OptimizerSpec, ...]], Chosen]] = {
    "": lambda specs: (specs, ""),
    "one": one_rate,
    "torch": torch_defaults,
}


def fairly(asked: Fair[Spec], ways: Iterable[str], tune: Callable[[], Chosen]) -> tuple[Spec, str]:
    """The comparison with its learning rates chosen as asked, `tune` being what needs trials, and the sentence."""
    rule = RULES.get(check_fairness(asked.mode, ways))
    optimizers, sentence = rule(asked.spec.optimizers) if rule else tune()
    return replace(asked.spec, optimizers=optimizers), sentence


def fair_descent(spec: DescentSpec, mode: str) -> tuple[DescentSpec, str]:
    """Return the comparison with its learning rates chosen by `mode`, and the sentence that the page shows.

    Problem: who wins a comparison at values picked by hand says more of the hand than of the optimizers.
    Formula: see ov.tune for "best" (the same trials, steps and metric for all).
    Arguments: `spec`, a checked comparison; `mode`, a key of FAIRNESS. Raises SpecError for any other.

    >>> from optim_viz.surfaces.descent import check
    >>> fair, sentence = fair_descent(check("quadratic", [optimizer("sgd"), optimizer("adam")], steps=100), "best")
    >>> [round(o["lr"], 2) for o in fair.optimizers], sentence[:24]
    ([0.18, 0.1], 'Each at its own best: sg')

    Reference: Choi et al., On Empirical Comparisons of Optimizers for Deep Learning (2019).
    """
    drawn = spec.noise > 0.0 or spec.batch_size is not None
    shown = replace(spec, drawn="")
    trials = TuneSpec(shown, SEEDS_ON_SURFACES if drawn else 1, mode == "best-momentum", singles=False)
    return fairly(Fair(spec, mode), FAIRNESS, lambda: _tune_descent(trials))


@functools.lru_cache(maxsize=32)
def _tune_descent(spec: TuneSpec) -> Chosen:
    """Tuning takes tenths of a second: not again for every look at the same page."""
    tuned = tuning.run(spec)
    return tuned.optimizers, tuned.sentence


def fair_run(asked: Fair[DescentSpec]) -> FairRuns[DescentSpec, Comparison]:
    """Run a comparison with its learning rates chosen as asked."""
    spec, sentence = fair_descent(asked.spec, asked.mode)
    return FairRuns(asked, descent.run(spec), sentence)


def fair_train(
    asked: Fair[NetworkSpec], report: Callable[[Progress], None], cancel: threading.Event
) -> FairRuns[NetworkSpec, Training | None]:
    """Train with learning rates chosen as asked, reporting trials first and then the training with its runs so far.

    Problem: "Adam is faster" at learning rates picked by hand; this gives every optimizer the same number of trials.
    Formula: lr* = argmin of the median over seeds of the test loss after the last step, over 9 learning rates from
    1e-4 to 1 (a log grid), then 4 within one grid step of the best.
    Arguments: `asked`, a checked training and one of ON_NETWORK; `report`, called about ten times a
    second; `cancel`, an event that ends it soon. Raises SpecError for another key.

    Reference: Choi et al., On Empirical Comparisons of Optimizers for Deep Learning (2019).
    """
    try:
        spec, sentence = fairly(asked, ON_NETWORK, lambda: _tune_training(asked.spec, report, cancel))
    except Unfinished as cut:  # half of the trials choose nothing
        raise Unfinished(N_("Learning rates could not be tuned: {why}", why=str(cut)), None) from cut
    tuned = asked.mode not in RULES
    return FairRuns(asked, None if tuned and cancel.is_set() else train.run(spec, report, cancel), sentence)


def _tune_training(spec: NetworkSpec, report: Callable[[Progress], None], cancel: threading.Event) -> Chosen:
    """Every optimizer that has a learning rate at its best."""
    seeds, began = min(spec.seeds, SEEDS_ON_NETWORK), time.perf_counter()
    able = tuple(filter(takes_lr, spec.optimizers))
    if not able:
        return spec.optimizers, N_("As set: none of them takes a learning rate.")
    trials = replace(spec, optimizers=able, seeds=seeds)
    share = GRID / (GRID + NEAR)

    def told(low: float, width: float) -> Callable[[float], None]:
        return lambda part: report(Progress(low + width * part, time.perf_counter() - began))

    first = rate_sweep.run(TrainSweepSpec(trials, round_rates(LOW, HIGH, GRID)), None, told(0.0, share), cancel)
    step = (HIGH / LOW) ** (1.0 / (GRID - 1))
    chosen = []
    for i, one in enumerate(able):
        if cancel.is_set():
            return spec.optimizers, N_("Cancelled while learning rates were tuned.")
        best = first.best[first.labels[i]]
        alone = replace(trials, optimizers=(one,))
        near = TrainSweepSpec(alone, round_rates(best / step**0.6, best * step**0.6, NEAR))
        width = (1.0 - share) / len(able)
        second = rate_sweep.run(near, None, told(share + i * width, width), cancel)
        chosen.append(with_values(one, {"lr": min(_scores(first, i) + _scores(second, 0))[1]}))
    values = ", ".join(f"{label} lr {o['lr']:.2g}" for label, o in zip(unique_labels(able), chosen, strict=True))
    over, found = N_(", median over {seeds} seeds", seeds=seeds) if seeds > 1 else "", iter(chosen)
    return tuple(next(found) if takes_lr(o) else o for o in spec.optimizers), N_(
        "Each at its own best: {values}. {trials} trainings each (learning rate: a log grid from {low:g} to {high:g}, "
        "then around the best), {length} as shown, lowest test loss after the last step{over}.",
        values=values, trials=GRID + NEAR, low=LOW, high=HIGH, length=epochs_told(spec.epochs), over=over,
    )  # fmt: skip


def epochs_told(count: int) -> str:
    """Return a number of epochs in words.

    >>> epochs_told(1), epochs_told(2)
    ('1 epoch', '2 epochs')
    """
    return N_("1 epoch") if count == 1 else N_("{count} epochs", count=count)


def round_rates(low: float, high: float, count: int) -> tuple[float, ...]:
    """Return learning rates on a log grid, to three digits.

    >>> round_rates(0.01, 1.0, 3)
    (0.01, 0.1, 1.0)
    """
    return tuple(float(f"{lr:.3g}") for lr in np.geomspace(low, high, count))


def _scores(sweep: TrainSweep, row: int) -> list[tuple[float, float]]:
    return list(zip(sweep.final_loss[row].tolist(), sweep.lrs.tolist(), strict=True))
