"""ov.between: loss and accuracy on the straight line between the ends of two recordings."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.language import N_, together
from optim_viz.network.module_loss import Given, Loss, ModuleLoss
from optim_viz.network.plane import BATCHNORM, EXAMPLES
from optim_viz.network.recording import gathered
from optim_viz.spec import SpecError, one_of, quoted, whole


@dataclass(frozen=True, eq=False)
class Segment:
    """Loss and accuracy from one end point to another: of the weights (1 - t) * first + t * second."""

    labels: tuple[str, str]
    t: np.ndarray  # float64 [n], 0 to 1
    losses: np.ndarray  # float64 [n]; inf where it is no finite number
    accuracies: np.ndarray  # float64 [n], 0 to 1; NaN where none was asked for
    distance: float  # between the end points
    examples: int  # that the losses are means of; 0 where that is not known
    batchnorm: str  # a row of BATCHNORM, or "" without one

    @property
    def barrier(self) -> float:
        """By how much the loss rises above the straight line between the losses of the ends; at least 0."""
        line = (1 - self.t) * self.losses[0] + self.t * self.losses[-1]
        return float(np.max(self.losses - line, initial=0.0))

    @property
    def caption(self) -> str:
        """What the segment shows, in words."""
        told = N_(
            "The loss over {examples} on the straight line from the last weights of {first} to those of {second}, "
            "{distance:.3g} apart. It rises by up to {barrier:.3g} above the line between its ends.",
            examples=N_(EXAMPLES["examples" if self.examples else "the data"], count=self.examples),
            first=self.labels[0],
            second=self.labels[1],
            distance=self.distance,
            barrier=self.barrier,
        )
        return together(
            [told, N_(BATCHNORM[self.batchnorm].sentence, run=self.labels[0])] if self.batchnorm else [told]
        )

    def __repr__(self) -> str:
        return f"<Segment {self.labels[0]!r} to {self.labels[1]!r}: {len(self.t)} points, barrier {self.barrier:.3g}>"


def between(
    first: Any,
    second: Any,
    *,
    loss: Loss | None = None,
    data: Any = None,
    accuracy: Callable[[Callable[..., Any], Any], Any] | None = None,
    points: int = 51,
    batchnorm: str = "batch",
) -> Segment:
    """Return the loss (and the accuracy) on the straight line between the ends of two recordings.

    Problem: did two trainings end in one valley, or is there a wall between them?
    Formula: loss((1 - t) * w1 + t * w2) for t from 0 to 1; the barrier is the most by which it exceeds
    (1 - t) * loss(w1) + t * loss(w2). A plane through three ends: `ov.project([a, b, c], kind="ends", ...)`.

    Arguments: `first` and `second`, what `ov.record` or `ov.load` returned; `loss`, `data` and `batchnorm` as in
    `ov.project`; `accuracy`, as `loss`, but a share from 0 to 1; `points`, 3 to 1,001.
    Raises SpecError, one sentence that names the value and what is allowed.

    >>> import torch
    >>> from optim_viz.network.recorder import record
    >>> a, b = (record(torch.nn.Linear(2, 1)) for _ in range(2))
    >>> s = between(a, b, loss=lambda call, x: call(x).square().mean(), data=torch.ones(4, 2), points=5)
    >>> s.t.tolist(), s.losses.shape
    ([0.0, 0.25, 0.5, 0.75, 1.0], (5,))

    Reference: Frankle, Dziugaite, Roy & Carbin, Linear Mode Connectivity and the Lottery Ticket Hypothesis (2020).
    """
    runs = gathered([first, second])
    asked = Given(loss, data, one_of(batchnorm, BATCHNORM, "batchnorm"))
    if not (accuracy is None or callable(accuracy)):
        raise SpecError("accuracy is a function of call and batch, as loss is; got {value}.", value=quoted(accuracy))
    t = np.linspace(0.0, 1.0, whole(points, "points", 3, 1001))
    ends = [run.snapshot(-1) for run in runs]
    losses = ModuleLoss(runs.module, runs.runs[0].weights, runs.runs[0].statistics, asked)

    def at(i: int) -> np.ndarray:
        """Exactly the ends themselves at both ends."""
        return ends[0] * np.float32(1 - t[i]) + ends[1] * np.float32(t[i])

    shares = losses.at(at, len(t), accuracy) if accuracy is not None else np.full(len(t), np.nan)
    return Segment(
        labels=(runs.labels[0], runs.labels[1]),
        t=t,
        losses=losses.at(at, len(t)),
        accuracies=shares,
        distance=float(np.linalg.norm(ends[0].astype(float) - ends[1])),
        examples=losses.examples,
        batchnorm=losses.said,
    )
