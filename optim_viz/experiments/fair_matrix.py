"""The fairness switch on the matrix task, where a trial is a run of tenths of a second."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import replace

import numpy as np

from optim_viz.experiments.fairness import ON_NETWORK, RULES, Chosen, Fair, FairRuns, fairly, round_rates
from optim_viz.language import N_
from optim_viz.network import matrix_task
from optim_viz.network.matrix_runs import MatrixTask
from optim_viz.optimizers.specs import takes_lr, with_values
from optim_viz.progress import Progress
from optim_viz.spec import MatrixSpec, OptimizerSpec, unique_labels

#: The learning rates tried: two a decade, then as many again within one step of the best; and the seeds of a trial.
LOW, HIGH, GRID, NEAR, SEEDS = 1e-3, 100.0, 11, 4, 3


def fair_matrix(
    asked: Fair[MatrixSpec], report: Callable[[Progress], None], cancel: threading.Event
) -> FairRuns[MatrixSpec, MatrixTask | None]:
    """Run the matrix task with learning rates chosen as asked, reporting trials first and then the runs.

    Problem: who wins at learning rates picked by hand says more of the hand than of the optimizers.
    Formula: lr* = argmin of the median over seeds of the last loss, over 11 learning rates from 1e-3 to 100 (a log
    grid), then 4 within one grid step of the best.
    Arguments: `asked`, a checked task and one of ON_NETWORK; `report`, called about ten times a second; `cancel`, an
    event that ends it soon. Raises SpecError for another key.

    Reference: Choi et al., On Empirical Comparisons of Optimizers for Deep Learning (2019).
    """
    spec, sentence = fairly(asked, ON_NETWORK, lambda: _tuned(asked.spec, report, cancel))
    stopped = asked.mode not in RULES and cancel.is_set()
    return FairRuns(asked, None if stopped else matrix_task.run(spec, report, cancel), sentence)


def _tuned(spec: MatrixSpec, report: Callable[[Progress], None], cancel: threading.Event) -> Chosen:
    """Every optimizer that has a learning rate at its best."""
    began, seeds = time.perf_counter(), min(spec.seeds, SEEDS)
    able = tuple(filter(takes_lr, spec.optimizers))
    count, done = len(able) * (GRID + NEAR), 0

    def score(one: OptimizerSpec, lr: float) -> tuple[float, float]:
        nonlocal done
        if cancel.is_set():
            return np.inf, lr
        trial = replace(spec, optimizers=(with_values(one, {"lr": lr}),), seeds=seeds)
        losses = [run.losses[-1] for run in matrix_task.run(trial, None, cancel)]
        done += 1
        report(Progress(done / count, time.perf_counter() - began))
        return float(np.median(losses)), lr

    chosen = []
    for one in able:
        first = [score(one, lr) for lr in round_rates(LOW, HIGH, GRID)]
        best, step = min(first)[1], (HIGH / LOW) ** (1.0 / (GRID - 1))
        near = [score(one, lr) for lr in round_rates(best / step**0.6, best * step**0.6, NEAR)]
        chosen.append(with_values(one, {"lr": min(first + near)[1]}))
    values = ", ".join(f"{label} lr {o['lr']:.2g}" for label, o in zip(unique_labels(able), chosen, strict=True))
    over, found = N_(", median over {seeds} seeds", seeds=seeds) if seeds > 1 else "", iter(chosen)
    return tuple(next(found) if takes_lr(o) else o for o in spec.optimizers), N_(
        "Each at its own best: {values}. {trials} trials each (learning rate: a log grid from {low:g} to {high:g}, "
        "then around the best), {steps:,} steps as shown, lowest loss after the last step{over}.",
        values=values, trials=GRID + NEAR, low=LOW, high=HIGH, steps=spec.steps, over=over,
    )  # fmt: skip
