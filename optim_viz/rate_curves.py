"""Learning-rate curves as values: the loss at every learning rate, the best of them, and where an optimizer is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.lowest import lowest
from optim_viz.network_sweep import TrainSweep
from optim_viz.spec import unique_labels
from optim_viz.sweeps import Sweep

if TYPE_CHECKING:
    import pandas as pd

#: A learning rate is good when its loss is within this factor of the best one's: on a surface, on the network.
NEAR, NEAR_TRAINED = 10.0, 1.1
#: The loss of a network that guesses among ten digits.
GUESSING = math.log(10.0)


@dataclass(frozen=True, eq=False)
class Curve:
    """What one optimizer makes of every learning rate. Arrays are float64 [n] unless said otherwise."""

    label: str
    kind: str
    lrs: np.ndarray
    loss: np.ndarray  # median over seeds, above the lowest known loss; inf where runs overflowed
    low: np.ndarray  # first quartile over seeds
    high: np.ndarray  # third quartile
    lost: np.ndarray  # bool [n], ends no better off than it began
    best: int  # the number of the best learning rate
    near: float = NEAR  # the factor within which a learning rate is good

    @property
    def seeds_differ(self) -> bool:
        """Whether there is a band to be drawn."""
        return not np.array_equal(self.low, self.high)

    @property
    def good(self) -> tuple[float, float]:
        """The learning rates around the best whose loss is within `near` times the best one's."""
        fine = (self.loss <= self.near * max(self.loss[self.best], 1e-300)) & ~self.lost
        first = last = self.best
        while first > 0 and fine[first - 1]:
            first -= 1
        while last + 1 < len(fine) and fine[last + 1]:
            last += 1
        return float(self.lrs[first]), float(self.lrs[last])

    @property
    def lost_from(self) -> float | None:
        """The first learning rate above the best at which the optimizer is lost, if there is one."""
        above = np.flatnonzero(self.lost & (np.arange(len(self.lrs)) > self.best))
        return float(self.lrs[above[0]]) if above.size else None

    @property
    def lost_ranges(self) -> list[tuple[float, float]]:
        """The stretches of learning rates at which it is lost, as (first, last), half a grid step wider on each side.

        A run that goes up only by chance, one learning rate in the middle of good ones, is a stretch too.
        """
        half = math.sqrt(self.lrs[1] / self.lrs[0]) if len(self.lrs) > 1 else 1.0
        edges = np.flatnonzero(np.diff(np.r_[False, self.lost, False].astype(int)))
        pairs = zip(edges[::2], edges[1::2], strict=True)
        return [(float(self.lrs[a] / half), float(self.lrs[b - 1] * half)) for a, b in pairs]


def of_sweeps(results: Sequence[Sweep]) -> list[Curve]:
    """Return the curves of sweeps over "lr", in order.

    >>> from optim_viz import optimizer, sweep
    >>> s = sweep("quadratic", optimizer("sgd"), {"lr": [0.01, 0.1, 0.5]})
    >>> curve = of_sweeps([s])[0]
    >>> float(curve.lrs[curve.best]), curve.lost_from
    (0.1, 0.5)
    """
    labels = unique_labels(result.spec.optimizer for result in results)
    curves = []
    for label, s in zip(labels, results, strict=True):
        floor = lowest(s.spec.surface)
        low, high = _quartiles(s.losses, 0)
        loss = np.maximum(s.final_loss - floor, 0.0)
        low, high = np.maximum(low - floor, 0.0), np.maximum(high - floor, 0.0)
        kind = s.spec.optimizer.kind
        curves.append(Curve(label, kind, s.axes["lr"], loss, low, high, s.diverging, s.best_index[0]))
    return curves


def of_trainings(result: TrainSweep) -> list[Curve]:
    """Return the curves of a sweep on the network, each learning rate with the seeds that are done of it, if any."""
    curves = []
    for i, (label, spec) in enumerate(zip(result.labels, result.spec.network.optimizers, strict=True)):
        kept = np.flatnonzero(result.done[i].any(axis=-1))
        if not kept.size:
            continue
        losses = np.where(result.done[i, kept], result.losses[i, kept], np.nan)
        loss, (low, high) = np.nanmedian(losses, axis=-1), _quartiles(losses, -1)
        best = int(loss.argmin())
        # Below the best rate a network merely has not learnt yet; above it one at or over guessing is lost.
        lost = ~np.isfinite(loss) | ((loss >= GUESSING) & (np.arange(len(kept)) > best))
        curves.append(Curve(label, spec.kind, result.lrs[kept], loss, low, high, lost, best, NEAR_TRAINED))
    return curves


def _quartiles(losses: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """First and third quartile, leaving out NaN; of two infinities the mean is one too, without a warning."""
    low, high = np.nanquantile(losses, (0.25, 0.75), axis=axis, method="nearest")
    return low, high


def table(curves: Sequence[Curve], what: str, lost: str) -> pd.DataFrame:
    """Return a frame, one row per curve: the best learning rate, its loss, how wide the good range is, where it ends.

    `what` names the loss, `lost` what happens where the optimizer is lost.
    """
    import pandas as pd

    rows = []
    for curve in curves:
        low, high = curve.good
        ends_at = curve.lost_from
        rows.append({
            "Optimizer": curve.label,
            "Best learning rate": f"{curve.lrs[curve.best]:.2g}",
            what: f"{curve.loss[curve.best]:.2g}",
            f"Within {curve.near:g} times that": f"{low:.2g} to {high:.2g} (a factor of {high / low:.2g})",
            lost.capitalize(): f"from {ends_at:.2g}" if ends_at is not None else "nowhere in this range",
        })  # fmt: skip
    return pd.DataFrame(rows)
