"""The matrix task: Muon, SOAP, Shampoo, AdamW and momentum, each at its own best learning rate, printed.

    python benchmarks/matrix_task.py [--steps 100] [--conditions 1 100 10000] [--shape 16 16]

All start from the same zeros on the same pairs, without weight decay, and their rates fall linearly to 0. Each has the
same grid of learning rates on seeds 0 to 4, the lowest median final loss wins; the table is of seeds 10 to 14, which
no choice has seen. A best rate at an edge of the grid is marked: beyond it may lie a better one.
"""

from __future__ import annotations

import argparse
import time
from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

import optim_viz as ov
from optim_viz.network import matrix_task
from optim_viz.spec import MatrixSpec, OptimizerSpec

RATES = tuple(float(f"{lr:.3g}") for lr in np.geomspace(1e-3, 100.0, 16))
KINDS = ("muon", "pytorch_optimizer.SOAP", "pytorch_optimizer.Shampoo", "adamw", "momentum")
TUNED_ON, SHOWN_ON, SEEDS = 0, 10, 5
FALLING = ov.schedule("linear", start_factor=1.0, end_factor=0.0, total_iters=0)


@dataclass(frozen=True)
class Tuned:
    """An optimizer at its best rate: its final losses on fresh seeds."""

    spec: OptimizerSpec
    losses: np.ndarray  # [seeds]
    at_edge: bool

    @property
    def row(self) -> str:
        """A line of the table."""
        edge = "  edge of the grid" if self.at_edge else ""
        low, high = self.losses.min(), self.losses.max()
        median = np.median(self.losses)
        return f"{self.spec.label:10s} {median:10.2e} {low:10.2e} to {high:8.2e}   lr {self.spec['lr']:<6g}{edge}"


def made(kind: str, lr: float) -> OptimizerSpec:
    """One optimizer of the table, without weight decay where it has one."""
    decay = {} if kind == "momentum" else {"weight_decay": 0.0}
    label = kind.rpartition(".")[2]
    return ov.optimizer(kind, lr=lr, schedule=FALLING, label=label, **decay)


def tuned(kind: str, condition: float, shape: tuple[int, int], steps: int) -> Tuned:
    """Return an optimizer at the best rate of the grid."""

    def losses(lr: float, seed: int) -> np.ndarray:
        spec = MatrixSpec((made(kind, lr),), condition, shape, steps, seed, SEEDS)
        return np.array([run.losses[-1] for run in matrix_task.run(spec)])

    best = min(RATES, key=lambda lr: np.median(losses(lr, TUNED_ON)))
    return Tuned(made(kind, best), losses(best, SHOWN_ON), best in (RATES[0], RATES[-1]))


def main(argv: Iterable[str] | None = None) -> None:
    """Print the table."""
    asked = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    asked.add_argument("--steps", type=int, default=100)
    asked.add_argument("--conditions", type=float, nargs="+", default=[1.0, 1e2, 1e4])
    asked.add_argument("--shape", type=int, nargs=2, default=[16, 16])
    asked.add_argument("--kinds", nargs="+", default=KINDS)
    given = asked.parse_args(argv)
    for condition in given.conditions:
        began = time.perf_counter()
        print(f"\ncondition {condition:g}, {given.shape[0]} x {given.shape[1]}, {given.steps} steps")
        print(f"{'':10s} {'median':>10s} {'lowest':>10s}    highest   best of {len(RATES)} rates")
        for kind in given.kinds:
            print(tuned(kind, condition, tuple(given.shape), given.steps).row, flush=True)
        print(f"({time.perf_counter() - began:.0f} s)")


if __name__ == "__main__":
    main()
