"""The level place next to the end of a run, by Newton's method, and whether it is a minimum: flat directions are none.

The Hessian is exact (sympy's second derivatives), or of a long typed function by differences of its exact gradient.
Where it does not say, because a direction is flat or nearly so, the losses around the place do.
"""

from __future__ import annotations

import enum
from dataclasses import dataclass

import numpy as np

from optim_viz.spec import Surface
from optim_viz.surfaces.compiled import Compiled, compiled
from optim_viz.surfaces.minima import hessian
from optim_viz.surfaces.second import second_derivatives

#: A direction is flat where its curvature is at most this share of the other's.
FLAT = 1e-6
#: Where the steeper direction is within this share of `reach`, Newton's method is there, and may follow the other one.
SETTLED = 1e-6
#: Newton's method ends after so many moves: it takes 6, and 60 where the curvature vanishes, too (x^4).
MOVES = 100
#: A slope along a flat direction, and a loss below the place's, that count as none: in units of what the steeper
#: direction has at a distance of `reach`.
NOTHING = 1e-9
#: On a function of x alone a curvature counts where it makes this share of what the losses differ at that distance.
CURVED = 1e-3
#: Points around a place that are looked at.
AROUND = 64


class Kind(enum.Enum):
    """What lies around a level place."""

    MINIMUM = "higher ground on all sides"
    VALLEY = "higher ground, and ground as high: one of many minima"
    PLAIN = "nothing but ground as high"
    SADDLE = "higher ground and lower"


@dataclass(frozen=True)
class Level:
    """A place without slope."""

    place: tuple[float, float]
    value: float
    kind: Kind


def level_place(surface: Surface, point: np.ndarray, reach: float) -> Level | None:
    """Find the minimum or saddle within `reach` of `point`; None where there is none, and at a maximum.

    >>> from optim_viz import surface
    >>> level_place(surface("(x*y - 1)^2"), np.array([2.0, 0.5]), 0.01).kind
    <Kind.VALLEY: 'higher ground, and ground as high: one of many minima'>
    """
    functions, exact = compiled(surface), second_derivatives(surface)
    here = np.array(point, float)
    for _ in range(MOVES):
        slope = functions.gradients(*here)
        matrix = hessian(functions, here) if exact is None else exact(*here)
        if not (np.isfinite(slope).all() and np.isfinite(matrix).all()):
            return None
        curvatures, directions = np.linalg.eigh(matrix)
        with np.errstate(all="ignore"):  # next to no curvature at all, a move is not finite
            move, settled = _move(curvatures, directions.T @ slope, reach)
            if move is None:
                return None
            here = here + directions @ move
        if not np.hypot(*(here - point)) <= reach:
            return None
        if settled:
            return (_told_of_x if surface.alone else _told)(functions, here, curvatures, reach)
    return None


def _move(curvatures: np.ndarray, slopes: np.ndarray, reach: float) -> tuple[np.ndarray | None, bool]:
    """Newton's move in the directions of the Hessian, and whether it is the last; None where a slope stays.

    On the slope of a valley the curvature along it says nothing of its floor, so the steeper direction comes first.
    """
    steep = int(np.abs(curvatures).argmax())
    soft, most = 1 - steep, float(np.abs(curvatures[steep]))
    move = np.zeros(2)
    if most > 0.0:
        move[steep] = -slopes[steep] / curvatures[steep]
    if np.abs(move[steep]) > SETTLED * reach:
        return move, False
    if np.abs(curvatures[soft]) > FLAT * most:
        move[soft] = -slopes[soft] / curvatures[soft]
        return move, bool(np.abs(move[soft]) <= SETTLED * reach)
    level = np.abs(slopes[soft]) <= NOTHING * most * reach and (most > 0.0 or slopes[steep] == 0.0)
    return (move if level else None), True


def _told(functions: Compiled, place: np.ndarray, curvatures: np.ndarray, reach: float) -> Level | None:
    """What kind of place it is: as its curvatures say, or, where one is flat, the losses around it."""
    x, y = (float(v) if abs(v) > NOTHING * reach else 0.0 for v in place)
    here, value = (x, y), float(functions.values(*place))
    low, high = float(curvatures[0]), float(curvatures[1])
    if min(abs(low), abs(high)) > FLAT * max(abs(low), abs(high)):
        return None if high < 0.0 else Level(here, value, Kind.MINIMUM if low > 0.0 else Kind.SADDLE)
    angles = np.linspace(0.0, 2.0 * np.pi, AROUND, endpoint=False)
    around = functions.values(*(place[:, None] + reach * np.stack([np.cos(angles), np.sin(angles)])))
    if not np.isfinite(around).all() or around.max() < value:
        return None
    if np.ptp(around) == 0.0:
        return Level(here, value, Kind.PLAIN)
    lower = value - around.min() > NOTHING * np.abs(around - value).max()
    return Level(here, value, Kind.SADDLE if lower else Kind.VALLEY)


def _told_of_x(functions: Compiled, place: np.ndarray, curvatures: np.ndarray, reach: float) -> Level | None:
    """What kind of place it is on a function of x alone, as the losses to its left and right say.

    Where the curvature accounts for a part of them, however narrow the place is, it says so itself.
    """
    x = float(place[0]) if abs(place[0]) > SETTLED * reach else 0.0
    value = float(functions.values(*place))
    sides = functions.values(place[0] + reach * np.array([-1.0, 1.0]), place[[1, 1]]) - value
    if not np.isfinite(sides).all():
        return None
    curvature = float(curvatures[np.abs(curvatures).argmax()])
    if abs(curvature) * reach**2 > CURVED * np.abs(sides).max():
        sides = np.full(2, curvature)
    some = NOTHING * np.abs(sides).max()
    higher, lower = bool(sides.max() > some), bool(sides.min() < -some)
    if lower:
        return Level((x, 0.0), value, Kind.SADDLE) if higher else None
    return Level((x, 0.0), value, Kind.MINIMUM if higher else Kind.PLAIN)
