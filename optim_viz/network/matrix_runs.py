"""What the matrix task gives back: MatrixRun (one optimizer, one seed) and MatrixTask (all of them)."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.network.by_seed import BySeed
from optim_viz.network.training import TrainingOutcome
from optim_viz.spec import MatrixSpec, OptimizerSpec

if TYPE_CHECKING:
    import pandas as pd


@dataclass(frozen=True, eq=False)
class MatrixRun:
    """One optimizer's run from one seed: row i is after i steps, k = min(shape). float64 throughout.

    From the step at which a run diverged on, losses and singular values are inf. Those of an optimizer with train()
    and eval() (schedule-free) are of the weights of eval().
    """

    spec: OptimizerSpec
    label: str
    seed: int
    losses: np.ndarray  # [steps + 1]
    lrs: np.ndarray  # [steps taken], the learning rate of the step
    spectrum: np.ndarray  # [steps + 1, k], singular values of the weights, the largest first
    errors: np.ndarray  # [steps + 1, k], those of the weights less the target: what is still to be learned
    weights: np.ndarray  # [m, n], the last that were finite
    outcome: TrainingOutcome
    outcome_step: int

    @property
    def status(self) -> str:
        """The outcome in a few words, with its step."""
        return self.outcome.at(self.outcome_step)


@dataclass(frozen=True, eq=False)
class MatrixTask(BySeed[MatrixRun]):
    """Runs of several optimizers on the same pairs, in the order asked for."""

    spec: MatrixSpec
    runs: tuple[MatrixRun, ...]  # seed after seed, in each the optimizers in order

    @property
    def steps(self) -> int:
        """Steps of a whole run."""
        return self.spec.steps

    def __repr__(self) -> str:
        return f"<MatrixTask of {', '.join(self.labels)}: {self.steps} steps>"

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per optimizer, seed and step; of singular values the ends alone."""
        import pandas as pd

        return pd.concat([_frame(run) for run in self.runs], ignore_index=True)


def _frame(run: MatrixRun) -> pd.DataFrame:
    import pandas as pd

    rows = len(run.losses)
    return pd.DataFrame(
        {
            "optimizer": run.label,
            "seed": run.seed,
            "step": np.arange(rows),
            "loss": run.losses,
            "lr": np.append(run.lrs, np.full(rows - len(run.lrs), np.nan)),
            "largest_error": run.errors[:, 0],
            "smallest_error": run.errors[:, -1],
            "largest_singular_value": run.spectrum[:, 0],
            "smallest_singular_value": run.spectrum[:, -1],
        }
    )
