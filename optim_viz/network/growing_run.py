"""What a run on the network leaves behind while it runs: arrays that grow, and views of them that stay."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.network.mlp import Layout
from optim_viz.network.training import NO_PREDICTION, TrainingOutcome, TrainingRun
from optim_viz.spec import OptimizerSpec

if TYPE_CHECKING:
    from torch import Tensor


#: At most this many snapshots of a run are kept ...
MAX_SNAPSHOTS = 51
#: ... and fewer when the snapshots of all runs together would take more memory than this.
MAX_SNAPSHOT_BYTES = 128 * 2**20


def evaluation_steps(epochs: int, steps_per_epoch: int) -> np.ndarray:
    """The steps at which the network is evaluated: four times in the first epoch, then twice an epoch; int64.

    >>> evaluation_steps(2, 100)
    array([  0,  25,  50,  75, 100, 150, 200])
    """
    epoch = np.append([0.0, 0.25, 0.5, 0.75], np.arange(2, 2 * epochs + 1) / 2)
    return np.unique((epoch * steps_per_epoch).round().astype(int))


def snapshot_steps(steps: int, size: int, runs: int) -> np.ndarray:
    """The steps at which weights are kept, evenly spread, as many as the caps allow: int64, from 0 to the last step.

    >>> len(snapshot_steps(625, 297_710, runs=3)), len(snapshot_steps(625, 2_000_000, runs=6))
    (51, 5)
    """
    allowed = MAX_SNAPSHOT_BYTES // (runs * size * np.dtype(np.float16).itemsize)
    count = min(MAX_SNAPSHOTS, max(3, allowed), steps + 1)
    return np.linspace(0, steps, count).round().astype(int)


class GrowingRun:
    """The growing arrays of one run, named as TrainingRun names them; rows before a counter never change again."""

    def __init__(
        self,
        spec: OptimizerSpec,
        label: str,
        seed: int,
        layout: Layout,
        start: np.ndarray,
        eval_steps: np.ndarray,
        snapshot_steps: np.ndarray,
        test_digits: int,
    ) -> None:
        steps, rows, layers = int(eval_steps[-1]), len(eval_steps), len(layout.shapes)
        self.spec, self.label, self.seed, self.start = spec, label, seed, start
        self.eval_steps, self.snapshot_steps = eval_steps, snapshot_steps
        self.moves = np.empty((len(snapshot_steps), layout.size), np.float16)
        self.losses, self.lrs = np.full(steps, np.inf), np.full(steps, np.nan)
        self.evaluations = {
            "test_losses": np.full(rows, np.inf),
            "test_accuracies": np.zeros(rows),
            "predictions": np.full((rows, test_digits), NO_PREDICTION, np.uint8),
            "dead_outputs": np.zeros(rows, int),
            "gradient_norms": np.full((rows, layers), np.nan),
            "update_ratios": np.full((rows, layers), np.nan),
            "gradient_evaluations": np.zeros(rows, int),
            "seconds": np.zeros(rows),
        }
        self.done = self.evaluated = self.kept = 0
        self.outcome, self.outcome_step = TrainingOutcome.RUNNING, 0

    def step(self, loss: float, lr: float) -> None:
        """Write down a step."""
        self.losses[self.done], self.lrs[self.done] = loss, lr
        self.done += 1

    def evaluation(self, **values: Any) -> None:
        """Write down an evaluation, as far as it is known."""
        for name, value in values.items():
            self.evaluations[name][self.evaluated] = value
        self.evaluated += 1

    def step_norms(self, step: int, gradient_norms: Any, update_ratios: Any) -> None:
        """Add to the evaluation at `step` what the step from it was like."""
        row = np.searchsorted(self.eval_steps, step)
        self.evaluations["gradient_norms"][row] = gradient_norms
        self.evaluations["update_ratios"][row] = update_ratios

    def snapshot(self, step: int, weights: Tensor) -> None:
        """Keep the weights at `step`, float32 [size]; none any more once float16 cannot hold how far they moved."""
        import torch

        if self.snapshot_steps[self.kept] != step:
            return
        # In torch, whose conversion to float16 is many times faster than NumPy's.
        row = torch.from_numpy(self.moves[self.kept])
        row.copy_(weights.cpu().sub_(torch.from_numpy(self.start)))
        self.kept += bool(torch.isfinite(row.sum(dtype=torch.float32)))

    def end(self, outcome: TrainingOutcome) -> None:
        """Close the run; what a diverged run did not reach counts as loss inf, accuracy 0 and no prediction."""
        self.outcome, self.outcome_step = outcome, self.done
        if outcome is TrainingOutcome.DIVERGED:
            self.done, self.evaluated = len(self.losses), len(self.eval_steps)

    def view(self) -> TrainingRun:
        """The run so far; copies nothing."""
        running = self.outcome is TrainingOutcome.RUNNING
        done, evaluated, kept = self.done, self.evaluated, self.kept
        return TrainingRun(
            spec=self.spec,
            label=self.label,
            seed=self.seed,
            losses=self.losses[:done],
            lrs=self.lrs[:done],
            eval_steps=self.eval_steps[:evaluated],
            snapshot_steps=self.snapshot_steps[:kept],
            start=self.start,
            moves=self.moves[:kept],
            outcome=self.outcome,
            outcome_step=done if running else self.outcome_step,
            **{name: rows[:evaluated] for name, rows in self.evaluations.items()},
        )
