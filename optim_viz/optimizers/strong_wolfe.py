"""torch's line search on Python floats: how far to go along a direction, so that the strong Wolfe conditions hold.

The same operations in the same order as torch.optim.lbfgs._strong_wolfe, which was ported from Mark Schmidt's minFunc.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import NamedTuple

import numpy as np

Pair = tuple[float, float]

#: The share of the loss that the first slope promises and a length must gain; how flat it must be there, beside that.
ARMIJO, CURVATURE = 1e-4, 0.9


class Trial(NamedTuple):
    """What is seen at a length along the direction."""

    length: float
    loss: float
    gradient: Pair
    slope: float  # along the direction


def dot(a: Pair, b: Pair) -> float:
    """The product of two pairs."""
    return a[0] * b[0] + a[1] * b[1]


def over(a: float, b: float) -> float:
    """The quotient as torch has it: by 0 it is inf or nan.

    >>> over(1.0, 2.0), over(-1.0, 0.0), over(0.0, 0.0)
    (0.5, -inf, nan)
    """
    if b:
        return a / b
    with np.errstate(all="ignore"):
        return float(np.divide(a, b))


def strong_wolfe(
    trial: Callable[[float], Trial], start: Trial, length: float, widest: float, tolerance_change: float, looks: int
) -> tuple[Trial, int]:
    """Return the trial that the search ends with, and how often it looked: at most `looks` times after the first.

    `trial` looks at a length; `start` is the trial of length 0; `length` is the first to try; `widest`, the direction's
    larger part. The search also ends between two trials that are `tolerance_change` apart.

    Reference: Nocedal & Wright, Numerical Optimization, algorithms 3.5 and 3.6 (2006).
    """
    ends, done, spent = _bracket(trial, start, trial(length), looks)
    low = 0 if ends[0].loss <= ends[-1].loss else len(ends) - 1
    hesitant = False
    while not done and spent < looks and not abs(ends[1].length - ends[0].length) * widest < tolerance_change:
        length, hesitant = _between(ends, hesitant)
        new, spent = trial(length), spent + 1
        high = 1 - low
        if _too_high(new, start) or new.loss >= ends[low].loss:
            ends[high] = new
            low = 0 if ends[0].loss <= ends[1].loss else 1
            continue
        done = _flat_enough(new, start)
        if not done and new.slope * (ends[high].length - ends[low].length) >= 0:
            ends[high] = ends[low]
        ends[low] = new
    return ends[low], spent + 1


def _too_high(new: Trial, start: Trial) -> bool:
    return new.loss > start.loss + ARMIJO * new.length * start.slope


def _flat_enough(new: Trial, start: Trial) -> bool:
    return abs(new.slope) <= -CURVATURE * start.slope


def _bracket(trial: Callable[[float], Trial], start: Trial, new: Trial, looks: int) -> tuple[list[Trial], bool, int]:
    """Two trials that a good length lies between, or one that is good; whether it is; and how often it looked."""
    before = start
    for spent in range(looks):
        if _too_high(new, start) or (spent > 1 and new.loss >= before.loss):
            return [before, new], False, spent
        if _flat_enough(new, start):
            return [new], True, spent
        if new.slope >= 0:
            return [before, new], False, spent
        nearest, furthest = new.length + 0.01 * (new.length - before.length), new.length * 10
        before, new = new, trial(_lowest(before, new, nearest, furthest))
    return [start, new], False, looks


def _between(ends: list[Trial], hesitant: bool) -> tuple[float, bool]:
    """The next length to look at, kept off the ends where the last one was near them, too; and whether it is near."""
    low, high = sorted(end.length for end in ends)
    length = _lowest(ends[0], ends[1], low, high)
    margin = 0.1 * (high - low)
    near = min(high - length, length - low) < margin
    if near and (hesitant or length >= high or length <= low):
        return (high - margin if abs(length - high) < abs(length - low) else low + margin), False
    return length, near


def _lowest(a: Trial, b: Trial, least: float, most: float) -> float:
    """Where the cubic through both trials is lowest, from `least` to `most`; their middle where it is nowhere."""
    d1 = a.slope + b.slope - over(3 * (a.loss - b.loss), a.length - b.length)
    square = d1 * d1 - a.slope * b.slope
    if not square >= 0:
        return (least + most) / 2.0
    root = math.sqrt(square)
    first, last = (a, b) if a.length <= b.length else (b, a)
    share = over(last.slope + root - d1, last.slope - first.slope + 2 * root)
    return min(max(last.length - (last.length - first.length) * share, least), most)
