"""Points spread evenly over a box, beside grids: with as many runs, each axis is seen at many more values."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.spec import SEEDS, SpecError, number, parts, quoted, whole

#: Points at most, as many as a sweep has runs.
MOST = 4_000_000


@dataclass(frozen=True)
class Halton(Mapping[str, Any]):
    """What `optim_viz.halton` returns: a box, how many points there are in it, and the seed of their order.

    It stands for a sweep's axes: a mapping from names to the ends of ranges.
    """

    ranges: tuple[tuple[str, tuple[float, float]], ...]
    count: int
    seed: int

    def __getitem__(self, name: str) -> tuple[float, float]:
        return dict(self.ranges)[name]

    def __iter__(self) -> Iterator[str]:
        return iter(dict(self.ranges))

    def __len__(self) -> int:
        return len(self.ranges)

    def __hash__(self) -> int:
        return hash((self.ranges, self.count, self.seed))

    def points(self, logs: Mapping[str, bool]) -> dict[str, list[float]]:
        """The values of every axis, point by point; `logs` says which are spread by their logarithm."""
        unit = unit_points(len(self.ranges), self.count, self.seed)
        return {
            name: between(share, low, high, logs[name]).tolist()
            for (name, (low, high)), share in zip(self.ranges, unit.T, strict=True)
        }


def unit_points(dimensions: int, count: int, seed: int) -> np.ndarray:
    """Return points of the unit cube, float64 [count, dimensions], scrambled by a seed.

    >>> unit_points(2, 3, 0).shape
    (3, 2)
    """
    from scipy.stats import qmc

    return np.asarray(qmc.Halton(dimensions, scramble=True, rng=np.random.default_rng(seed)).random(count))


def between(share: np.ndarray, low: float, high: float, log: bool) -> np.ndarray:
    """Return the values at shares of the way from `low` to `high`, or from their logarithms.

    >>> between(np.array([0.0, 0.5]), 0.01, 1.0, True).round(3).tolist()
    [0.01, 0.1]
    """
    if log:
        return np.clip(np.exp(np.log(low) + share * (np.log(high) - np.log(low))), low, high)
    return np.clip(low + share * (high - low), low, high)


def halton(ranges: Mapping[str, tuple[float, float]], count: int, seed: int = 0) -> Halton:
    """Return axes for ov.sweep that are points of a box instead of the crossings of a grid.

    Problem: a grid of 64 runs over two hyperparameters sees 8 values of each, and where only one matters, 8 results;
    64 points of a Halton sequence see 64 values of each, as evenly.
    Formula: coordinate j of point i is the radical inverse of i in the j-th prime base, scrambled.

    Arguments: `ranges`, {name: (low, high)}, names as a sweep's axes have them; a hyperparameter whose slider is
    logarithmic, such as lr, is spread by its logarithm; `count`, 1 to 4,000,000 points; `seed` of the scrambling.
    The sweep's arrays then have one dimension, a cell a point. Raises SpecError.

    >>> from optim_viz import optimizer, sweep
    >>> s = sweep("quadratic", optimizer("momentum"), halton({"lr": (1e-3, 1.0), "momentum": (0.0, 0.99)}, 64))
    >>> s.final_loss.shape, len({*s.axes["lr"].tolist()}), s.best["loss"] < 1e-9
    ((64,), 64, True)

    Reference: Halton, Algorithm 247: Radical-Inverse Quasi-Random Point Sequence (1964); scipy.stats.qmc.
    """
    if not isinstance(ranges, Mapping) or not ranges:
        raise SpecError(
            "Ranges are names and their two ends, such as {{'lr': (0.001, 1)}}; got {ranges}.", ranges=quoted(ranges)
        )
    checked = tuple((str(name), _ends(str(name), ends)) for name, ends in ranges.items())
    return Halton(checked, whole(count, "count", 1, MOST), whole(seed, "seed", 0, SEEDS - 1))


def _ends(name: str, ends: Any) -> tuple[float, float]:
    try:
        low, high = parts(ends)
    except (TypeError, ValueError):
        raise SpecError("The range of {name} must be two numbers; got {ends}.", name=name, ends=quoted(ends)) from None
    a, b = number(low, N_("{name} from", name=name)), number(high, N_("{name} to", name=name))
    if not a < b:
        raise SpecError(
            "The range of {name} must rise from one number to a larger one; got {low:g} to {high:g}.",
            name=name,
            low=a,
            high=b,
        )
    return a, b
