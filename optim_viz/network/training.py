"""What training gives back: TrainingRun (one optimizer, one seed) and Training (all of them)."""

from __future__ import annotations

import enum
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.language import N_
from optim_viz.network.by_seed import BySeed
from optim_viz.spec import NetworkSpec, OptimizerSpec, one_of

if TYPE_CHECKING:
    import pandas as pd

#: In `predictions`: the network had diverged and predicted nothing.
NO_PREDICTION = 255


class TrainingOutcome(enum.Enum):
    """How a run ended; the values are the messages that people read."""

    FINISHED = N_("finished")
    RUNNING = N_("still running")
    CANCELLED = N_("cancelled")
    DIVERGED = N_("diverged: its loss is no longer a number")

    @property
    def short(self) -> str:
        """The same in a word or two."""
        return N_("diverged") if self is TrainingOutcome.DIVERGED else self.value

    def at(self, step: int) -> str:
        """The same with its step."""
        if self is TrainingOutcome.FINISHED:
            return N_("finished {step:,} steps", step=step)
        return N_("{ended} at step {step:,}", ended=self.short, step=step)


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """One optimizer's run from one seed. `steps` were taken, the network was evaluated k times, m snapshots were kept.

    From the step at which a run diverged on, losses are inf, accuracies 0 and predictions NO_PREDICTION.
    Evaluations and snapshots of an optimizer with train() and eval() (schedule-free) are of the weights of eval().
    Gradient norms and update ratios in row i belong to the step taken from evaluation i; the last row, from which no
    step was taken, is NaN.
    """

    spec: OptimizerSpec
    label: str
    seed: int
    losses: np.ndarray  # float64 [steps], mean cross-entropy of the mini-batch, before the step
    lrs: np.ndarray  # float64 [steps], the learning rate of the step
    eval_steps: np.ndarray  # int64 [k], how many steps had been taken
    test_losses: np.ndarray  # float64 [k], mean cross-entropy over all test digits
    test_accuracies: np.ndarray  # float64 [k], 0 to 1
    predictions: np.ndarray  # uint8 [k, test digits]
    dead_outputs: np.ndarray  # int64 [k], outputs of the last ReLU that are 0 for every test digit
    gradient_norms: np.ndarray  # float64 [k, layers]
    update_ratios: np.ndarray  # float64 [k, layers], |change of the weights| / |weights|
    gradient_evaluations: np.ndarray  # int64 [k], of mini-batches so far: one a step, but for L-BFGS
    seconds: np.ndarray  # float64 [k], time spent on steps (not on evaluations) so far
    snapshot_steps: np.ndarray  # int64 [m]
    start: np.ndarray  # float32 [weights]
    moves: np.ndarray  # float16 [m, weights], the snapshots less the start
    outcome: TrainingOutcome
    outcome_step: int

    def weights(self, snapshot: int) -> np.ndarray:
        """The weights of a snapshot, float32 [weights]: the start, and a move rounded to 11 bits."""
        import torch  # converts float16 many times faster than NumPy

        return self.start + torch.from_numpy(self.moves[snapshot]).float().numpy()

    @property
    def status(self) -> str:
        """The outcome in a few words, with its step."""
        return self.outcome.at(self.outcome_step)

    @property
    def final_accuracy(self) -> float:
        """Test accuracy of the last evaluation, 0 to 1; NaN before the first."""
        return float(self.test_accuracies[-1]) if len(self.test_accuracies) else np.nan

    @property
    def best_accuracy(self) -> float:
        """Highest test accuracy of any evaluation, 0 to 1; NaN before the first."""
        return float(self.test_accuracies.max()) if len(self.test_accuracies) else np.nan

    @property
    def seconds_per_step(self) -> float:
        """Mean time of a step, in seconds, evaluations left out; NaN where none was timed."""
        timed = int(np.argmax(self.seconds)) if len(self.seconds) else 0  # after a divergence none is
        return float(self.seconds[timed] / self.eval_steps[timed]) if timed else np.nan

    def reached(self, accuracy: float = 0.9) -> tuple[int, float] | None:
        """Steps and seconds to the first evaluation with at least this test accuracy; None when it never came."""
        above = np.flatnonzero(self.test_accuracies >= accuracy)
        if not above.size:
            return None
        return int(self.eval_steps[above[0]]), float(self.seconds[above[0]])


@dataclass(frozen=True, eq=False)
class Band:
    """Median and quartiles over the seeds, row by row; only the rows that every seed has."""

    steps: np.ndarray  # int64 [n]
    low: np.ndarray  # float64 [n], the lower quartile
    median: np.ndarray  # float64 [n]
    high: np.ndarray  # float64 [n], the upper quartile
    seeds: int


HUGE = 1e300
#: What a band can be drawn of, and which steps its rows stand for.
BANDS = {"losses": None, "test_losses": "eval_steps", "test_accuracies": "eval_steps"}


@dataclass(frozen=True, eq=False)
class Training(BySeed[TrainingRun]):
    """Runs of several optimizers from the same weights on the same batches, in the order asked for."""

    spec: NetworkSpec
    runs: tuple[TrainingRun, ...]  # seed after seed, in each the optimizers in order
    steps: int  # of a whole run
    seconds: float  # from start to end, all runs together
    digest: str = ""  # of the digits, where they are those of a file

    def __repr__(self) -> str:
        return f"<Training of {', '.join(self.labels)}: {self.steps} steps>"

    def band(self, label: str, what: str = "test_accuracies") -> Band:
        """Return median and quartiles over the seeds of "losses", "test_losses" or "test_accuracies"."""
        one_of(what, BANDS, "band")
        runs = self.seeds(label)
        columns = [getattr(run, what) for run in runs]
        rows = min(len(column) for column in columns)
        axis = BANDS[what]
        steps = getattr(runs[0], axis)[:rows] if axis else np.arange(rows)
        # A huge number stands for inf: between two infs there is no quantile.
        values = np.minimum([c[:rows] for c in columns], HUGE)
        low, median, high = np.quantile(values, [0.25, 0.5, 0.75], axis=0)
        low, median, high = (np.where(v > HUGE / 1e9, np.inf, v) for v in (low, median, high))
        return Band(steps, low, median, high, len(runs))

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per optimizer, seed and step; test columns are NaN in between."""
        import pandas as pd

        return pd.concat([_frame(run) for run in self.runs], ignore_index=True)


def _frame(run: TrainingRun) -> pd.DataFrame:
    import pandas as pd

    rows = max(len(run.losses), int(run.eval_steps[-1]) if len(run.eval_steps) else 0) + 1
    frame = pd.DataFrame({"optimizer": run.label, "seed": run.seed, "step": np.arange(rows)})
    for name, values in (("loss", run.losses), ("lr", run.lrs)):
        frame[name] = np.append(values, np.full(rows - len(values), np.nan))
    for name, values in (("test_loss", run.test_losses), ("test_accuracy", run.test_accuracies)):
        frame[name] = np.nan
        frame.loc[run.eval_steps, name] = values
    return frame


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Return the mean of the last `window` values at every row, fewer at the beginning; inf once one is not finite.

    Sums run within blocks of `window` rows, never over all: what comes after a huge value is not lost to rounding.

    >>> smooth(np.array([1.0, 1e30, 3.0, 5.0, np.inf, 5.0]), 2).tolist()
    [1.0, 5e+29, 5e+29, 4.0, inf, inf]
    """
    broken = np.flatnonzero(~np.isfinite(values))
    count = int(broken[0]) if broken.size else len(values)
    blocks = np.zeros((-(-count // window), window))
    blocks.flat[:count] = values[:count]
    rows = np.arange(count)
    first = np.maximum(rows - window + 1, 0)
    with np.errstate(over="ignore"):  # losses near the largest float: their sum is infinite
        to_here, from_here = blocks.cumsum(1).ravel()[:count], blocks[:, ::-1].cumsum(1)[:, ::-1].ravel()
        # A window that fills one block is all in to_here.
        sums = to_here + np.where(first % window, from_here[first], 0.0)
    return np.append(sums / np.minimum(rows + 1, window), np.full(len(values) - count, np.inf))
