"""What an experiment gives back: Trajectory (one run), Outcome (how it ended) and Comparison (runs side by side)."""

from __future__ import annotations

import enum
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any, ClassVar

import numpy as np

from optim_viz.language import N_
from optim_viz.spec import DescentSpec, OptimizerSpec, SpecError, Surface, nearest, quoted

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


class Outcome(enum.Enum):
    """How a run ended; the values are the messages that people read."""

    REACHED = N_("reached a minimum")
    LOCAL = N_("stuck in a local minimum")
    SADDLE = N_("stuck at a saddle")
    OSCILLATING = N_("oscillating")
    GROWING = N_("oscillating, and growing")
    STALLED = N_("hardly moving")
    MOVING = N_("still moving")
    LEFT = N_("left the region drawn")
    DIVERGED = N_("diverged: its numbers overflowed")
    NOWHERE = N_("starts where the function has no finite value")


#: The outcomes whose place or step is worth saying.
_STATUS = {
    Outcome.REACHED: N_("reached {place} at step {step}"),
    Outcome.LOCAL: N_("stuck in the local minimum {place} at step {step}"),
    Outcome.SADDLE: N_("stuck at the saddle {place} at step {step}"),
    Outcome.LEFT: N_("left the region at step {step}"),
    Outcome.DIVERGED: N_("diverged at step {step}"),
}


#: A run as its engine leaves it: points [steps + 1, 2], gradients [steps + 1, 2] (the last row still open), state, lrs
#: and gradient evaluations [steps + 1]; NaN where it ended early.
RawRun = tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], np.ndarray, np.ndarray]


@dataclass(frozen=True, eq=False)
class Trajectory:
    """One optimizer's run. Row i is the state of things at theta_i; row 0 is the start.

    From the row where a run diverged on, points, gradients and state are NaN and losses inf. The point of an optimizer
    with train() and eval() (schedule-free) is the one of eval(); its gradients are taken where it trains.
    """

    spec: OptimizerSpec
    label: str
    points: np.ndarray  # float64 [steps + 1, 2]
    losses: np.ndarray  # float64 [steps + 1], the full, noise-free loss
    gradients: np.ndarray  # float64 [steps + 1, 2], as used for the step from row i; last row: full gradient
    state: dict[str, np.ndarray]  # {torch's name: float64 [steps + 1, 2]}; row i is the state after step i
    lrs: np.ndarray  # float64 [steps + 1], the learning rate of the step from row i
    gradient_evaluations: np.ndarray  # int64 [steps + 1], before row i: one a step, but for L-BFGS and its like
    outcome: Outcome
    outcome_step: int  # the step at which the outcome came about
    minimum: tuple[float, ...] | None = None  # which minimum or saddle was reached; (x,) on a function of x alone

    @property
    def status(self) -> str:
        """The outcome in a few words, with its step."""
        words = _STATUS.get(self.outcome, self.outcome.value)
        return N_(words, place=_told_place(self.minimum), step=f"{self.outcome_step:,}")

    @property
    def final_loss(self) -> float:
        """Loss of the last row; inf for a run that diverged."""
        return float(self.losses[-1])


def _told_place(place: tuple[float, ...] | None) -> str:
    """A minimum in words, with the minus sign that numbers in tables and on axes have."""
    if not place:
        return N_("it")
    values = [f"{value + 0.0:.4g}".replace("-", "−") for value in place]
    return f"x = {values[0]}" if len(values) == 1 else f"({', '.join(values)})"


@dataclass(frozen=True, eq=False)
class Comparison:
    """Runs of several optimizers from the same start, in the order in which they were asked for."""

    spec: DescentSpec
    trajectories: tuple[Trajectory, ...]
    #: An animated plotly Figure, for notebooks. Given by optim_viz itself: what draws stands above what runs.
    figure: ClassVar[Callable[..., go.Figure]]

    @property
    def surface(self) -> Surface:
        """The surface that was descended."""
        return self.spec.surface

    @property
    def labels(self) -> tuple[str, ...]:
        """The runs' labels; the second "adam" is "adam 2"."""
        return tuple(run.label for run in self.trajectories)

    def __getitem__(self, label: str) -> Trajectory:
        for run in self.trajectories:
            if run.label == label:
                return run
        raise SpecError("No run is labelled {label}; {hint}", label=quoted(label), hint=nearest(label, self.labels))

    def __repr__(self) -> str:
        return f"<Comparison on {self.surface.name}: {', '.join(self.labels)}; {self.spec.steps} steps>"

    def __iter__(self) -> Iterator[Trajectory]:
        return iter(self.trajectories)

    def __len__(self) -> int:
        return len(self.trajectories)

    def to_frame(self) -> pd.DataFrame:
        """Return a tidy pandas DataFrame, one row per optimizer and step."""
        import pandas as pd

        return pd.concat([_frame(run) for run in self.trajectories], ignore_index=True)


def _frame(run: Trajectory) -> pd.DataFrame:
    import pandas as pd

    columns: dict[str, Any] = {
        "optimizer": run.label,
        "step": np.arange(len(run.losses)),
        "x": run.points[:, 0],
        "y": run.points[:, 1],
        "loss": run.losses,
        "gradient_x": run.gradients[:, 0],
        "gradient_y": run.gradients[:, 1],
        "lr": run.lrs,
        "gradient_evaluations": run.gradient_evaluations,
    }
    for name, values in run.state.items():
        columns |= {f"{name}_x": values[:, 0], f"{name}_y": values[:, 1]}
    return pd.DataFrame(columns)
