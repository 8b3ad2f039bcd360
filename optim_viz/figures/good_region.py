"""The good region of a grid: the points around the best one that are nearly as good, and whether they hang together."""

from __future__ import annotations

import itertools
from dataclasses import dataclass

import numpy as np

#: What lies below this share of the largest value is rounding: one such value is as good as another.
ROUNDING = 1e-16


@dataclass(frozen=True, eq=False)
class Region:
    """The good points of a grid with any number of axes. Arrays are bool, of the grid's shape."""

    inside: np.ndarray  # the good points that hang together with the best one
    elsewhere: np.ndarray  # the good points that do not
    limit: float  # the largest value that is good
    rounding: bool  # whether the best value is mere rounding, so that `limit` is, too
    worse: float  # how many times the best of the best one's neighbours is worse; inf where none is alive
    falls: bool  # whether the best value lies far below what lines through its neighbours lead to

    @property
    def points(self) -> int:
        """How many good points hang together."""
        return int(self.inside.sum())

    @property
    def single(self) -> bool:
        """Whether the best point alone is good, though neighbours were tried on all its sides."""
        return self.points == 1 and not any(map(any, self.beyond))

    @property
    def dip(self) -> bool:
        """Whether the best point is a single dip; the tip of a valley narrower than the grid is none."""
        return self.single and self.falls

    @property
    def box(self) -> list[tuple[int, int]]:
        """Of each axis the numbers of the first point and the last of the region."""
        return [(int(places.min()), int(places.max())) for places in np.nonzero(self.inside)]

    @property
    def beyond(self) -> list[tuple[bool, bool]]:
        """Of each axis whether the region meets the grid's low end and its high end, so that it may go on there.

        An axis with one point has no ends.
        """
        sizes = zip(self.box, self.inside.shape, strict=True)
        return [(n > 1 and first == 0, n > 1 and last == n - 1) for (first, last), n in sizes]


def good_region(
    values: np.ndarray, best: tuple[int, ...], factor: float, lost: np.ndarray | None = None
) -> Region | None:
    """Return the region of values within `factor` times the one at `best`, none of them `lost`; None if that is lost.

    Points hang together with all that touch them, at corners, too.

    >>> region = good_region(np.array([90.0, 5.0, 1.0, 4.0, 90.0, 2.0]), (2,), 10.0)
    >>> region.box, region.single, region.beyond, np.flatnonzero(region.elsewhere).tolist()
    ([(1, 3)], False, [(False, False)], [5])
    >>> dip = good_region(np.array([40.0, 1.0, 50.0]), (1,), 10.0)
    >>> dip.dip, dip.worse
    (True, 40.0)
    """
    values = np.asarray(values, float)
    alive = np.isfinite(values) if lost is None else np.isfinite(values) & ~lost
    if not alive[best]:
        return None
    floor = max(ROUNDING * float(values[alive].max()), 1e-300)
    floored = np.where(alive, np.maximum(values, floor), np.inf)
    limit = factor * float(floored[best])
    good = floored <= limit
    inside = _together(good, best)
    around = np.zeros_like(good)
    around[tuple(slice(max(i - 1, 0), i + 2) for i in best)] = True
    around[best] = False
    worse = float(floored[around].min()) / float(floored[best]) if around.any() else np.inf
    falls = _expected(floored, best) > limit
    return Region(inside, good & ~inside, limit, bool(floored[best] == floor), worse, falls)


def steady(values: np.ndarray, lost: np.ndarray | None = None) -> tuple[int, ...] | None:
    """Return the point whose worst neighbour is the least bad, itself among them; None where all have a lost one.

    Where the best point is a single dip, this is one to rely on.

    >>> steady(np.array([9.0, 6.0, 5.0, 6.0, 80.0, 0.1, 80.0]))
    (2,)
    """
    bad = np.asarray(values, float).copy()
    bad[~np.isfinite(bad) if lost is None else ~np.isfinite(bad) | lost] = np.inf
    rimmed = np.pad(bad, 1, constant_values=-np.inf)
    windows = np.lib.stride_tricks.sliding_window_view(rimmed, (3,) * bad.ndim)
    worst = windows.max(axis=tuple(range(bad.ndim, 2 * bad.ndim)))
    at = np.unravel_index(int(worst.argmin()), bad.shape)
    return tuple(int(i) for i in at) if np.isfinite(worst[at]) else None


def stretches(marked: np.ndarray) -> list[tuple[int, int]]:
    """Return the first and the last number of every run of marks in a row.

    >>> stretches(np.array([True, True, False, True]))
    [(0, 1), (3, 3)]
    """
    edges = np.flatnonzero(np.diff(np.r_[False, marked, False].astype(int)))
    return [(int(a), int(b) - 1) for a, b in zip(edges[::2], edges[1::2], strict=True)]


def _expected(values: np.ndarray, best: tuple[int, ...]) -> float:
    """The greatest value that straight lines of logarithms, each through two points on one side, lead to at the best.

    At the tip of a valley no side leads far above it. Infinite where no side has two points.
    """
    found = []
    for move in itertools.product((-1, 0, 1), repeat=values.ndim):
        near, far = (tuple(i + k * m for i, m in zip(best, move, strict=True)) for k in (1, 2))
        inside = all(0 <= i < n for i, n in zip(far, values.shape, strict=True))
        if any(move) and inside and np.isfinite(values[near]) and np.isfinite(values[far]):
            found.append(float(values[near] * (values[near] / values[far])))
    return max(found, default=np.inf)


def _together(good: np.ndarray, best: tuple[int, ...]) -> np.ndarray:
    """The good points that a walk from the best one over good neighbours reaches, ring by ring."""
    shape = tuple(n + 2 for n in good.shape)  # a rim of bad points, so that no step leaves the grid
    rimmed = np.pad(good, 1).ravel()
    moves = np.array(list(itertools.product((-1, 0, 1), repeat=good.ndim)))
    offsets = moves @ np.array([int(np.prod(shape[axis + 1 :])) for axis in range(good.ndim)])
    seen = np.zeros_like(rimmed)
    ring = np.array([np.ravel_multi_index(tuple(i + 1 for i in best), shape)])
    seen[ring] = True
    while ring.size:
        next_to = (ring[:, None] + offsets).ravel()
        ring = np.unique(next_to[rimmed[next_to] & ~seen[next_to]])
        seen[ring] = True
    return seen.reshape(shape)[(slice(1, -1),) * good.ndim]
