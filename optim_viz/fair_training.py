"""The fairness switch on the network: every optimizer tuned on the same trainings, then trained as shown."""

from __future__ import annotations

import dataclasses
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from optim_viz import network, network_sweep
from optim_viz.fairness import ON_NETWORK, RULES, Fair, check_fairness
from optim_viz.network_sweep import TrainSweep, TrainSweepSpec
from optim_viz.spec import NetworkSpec, OptimizerSpec, unique_labels
from optim_viz.sweeps import with_values
from optim_viz.training import Progress, Training

#: The first round: two learning rates a decade. The second: as many again, within one step of the best.
LOW, HIGH, GRID, NEAR = 1e-4, 1.0, 9, 4
#: Runs that a trial is scored over, where the training shown has several seeds.
SEEDS = 3


@dataclass(frozen=True)
class Tuned:
    """How far tuning is, before the training that is shown begins."""

    fraction: float  # of the trials, 0 to 1
    seconds: float  # since the start

    @property
    def seconds_left(self) -> float:
        """An estimate for the rest of the trials; inf before the first is done."""
        return self.seconds * (1 / self.fraction - 1) if self.fraction else np.inf


@dataclass(frozen=True, eq=False)
class FairTraining:
    """What came of a Fair training, and the sentence that says what was done; no training where a cancel came first."""

    asked: Fair[NetworkSpec]
    training: Training | None
    sentence: str


def fair_train(
    asked: Fair[NetworkSpec], report: Callable[[Tuned | Progress], None], cancel: threading.Event
) -> FairTraining:
    """Train with learning rates chosen as asked, reporting trials first and then the training.

    Problem: "Adam is faster" at learning rates picked by hand; this gives every optimizer the same number of trials.
    Formula: lr* = argmin of the median over seeds of the test loss after the last step, over 9 learning rates from
    1e-4 to 1 (a log grid), then 4 within one grid step of the best.
    Arguments: `asked`, a checked training and one of ON_NETWORK; `report`, called about ten times a
    second; `cancel`, an event that ends it soon. Raises SpecError for another key.

    Reference: Choi et al., On Empirical Comparisons of Optimizers for Deep Learning (2019).
    """
    spec, mode = asked.spec, check_fairness(asked.mode, ON_NETWORK)
    optimizers, sentence = RULES[mode](spec.optimizers) if mode in RULES else _tune(spec, report, cancel)
    if mode not in RULES and cancel.is_set():
        return FairTraining(asked, None, sentence)
    return FairTraining(asked, network.run(dataclasses.replace(spec, optimizers=optimizers), report, cancel), sentence)


def _tune(
    spec: NetworkSpec, report: Callable[[Tuned], None], cancel: threading.Event
) -> tuple[tuple[OptimizerSpec, ...], str]:
    """Return every optimizer at its best learning rate, and the sentence."""
    seeds, began = min(spec.seeds, SEEDS), time.perf_counter()
    trials = dataclasses.replace(spec, seeds=seeds)
    share = GRID / (GRID + NEAR)

    def told(low: float, width: float) -> Callable[[float], None]:
        return lambda part: report(Tuned(low + width * part, time.perf_counter() - began))

    first = network_sweep.run(TrainSweepSpec(trials, _rates(LOW, HIGH, GRID)), None, told(0.0, share), cancel)
    step = (HIGH / LOW) ** (1.0 / (GRID - 1))
    chosen = []
    for i, optimizer in enumerate(spec.optimizers):
        if cancel.is_set():
            return spec.optimizers, "Cancelled while learning rates were tuned."
        best = first.best[first.labels[i]]
        alone = dataclasses.replace(trials, optimizers=(optimizer,))
        near = TrainSweepSpec(alone, _rates(best / step**0.6, best * step**0.6, NEAR))
        width = (1.0 - share) / len(spec.optimizers)
        second = network_sweep.run(near, None, told(share + i * width, width), cancel)
        chosen.append(with_values(optimizer, {"lr": min(_scores(first, i) + _scores(second, 0))[1]}))
    labels = unique_labels(spec.optimizers)
    values = ", ".join(f"{label} lr {o['lr']:.2g}" for label, o in zip(labels, chosen, strict=True))
    over = f", median over {seeds} seeds" if seeds > 1 else ""
    length = f"{spec.epochs} epoch{'s' * (spec.epochs > 1)}"
    return tuple(chosen), (
        f"Each at its own best: {values}. {GRID + NEAR} trainings each (learning rate: a log grid from {LOW:g} to "
        f"{HIGH:g}, then around the best), {length} as shown, lowest test loss after the last step{over}."
    )


def _rates(low: float, high: float, count: int) -> tuple[float, ...]:
    return tuple(float(f"{lr:.3g}") for lr in np.geomspace(low, high, count))


def _scores(sweep: TrainSweep, row: int) -> list[tuple[float, float]]:
    return list(zip(sweep.final_loss[row].tolist(), sweep.lrs.tolist(), strict=True))
