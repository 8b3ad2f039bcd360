"""What is measured on the single steps of a run on a surface; each is a number of one run, as in measures."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.lessons.measures import OfRun


def _lengths(run: Any, axis: int) -> np.ndarray:
    """How far a coordinate moved in every step."""
    return np.abs(np.diff(run.points[:, axis]))


def off_the_rule(run: Any) -> float:
    """How far any step ever is from plain descent's: minus the learning rate times the gradient where it starts."""
    return float(np.abs(np.diff(run.points, axis=0) + run.spec["lr"] * run.gradients[:-1]).max())


def downhill(run: Any) -> float:
    """The share of the steps, 0 to 1, that lower the loss."""
    return float(np.mean(np.diff(run.losses) < 0))


def uphill(run: Any) -> float:
    """The share of the steps, 0 to 1, that raise the loss."""
    return float(np.mean(np.diff(run.losses) > 0))


def shortening(axis: int) -> OfRun:
    """The share of the steps, from the second on, that are shorter than the one before."""
    return lambda run: float(np.mean(np.diff(_lengths(run, axis)) < 0))


def lengthening(axis: int) -> OfRun:
    """The share of the steps, from the second on, that are longer than the one before."""
    return lambda run: float(np.mean(np.diff(_lengths(run, axis)) > 0))


def longest(axis: int, first: int = 0) -> OfRun:
    """The longest move of a coordinate in a step; `first`: in one of so many first steps."""
    return lambda run: float(_lengths(run, axis)[: first or None].max())


def shortest(axis: int, first: int = 0) -> OfRun:
    """The shortest move of a coordinate in a step; `first`: in one of so many first steps."""
    return lambda run: float(_lengths(run, axis)[: first or None].min())


def steepest(axis: int) -> OfRun:
    """The step, counted from 1, that starts where the slope along a coordinate is the steepest of the run."""
    return lambda run: float(np.argmax(np.abs(run.gradients[:-1, axis])) + 1)


def longest_step(axis: int) -> OfRun:
    """Which step, counted from 1, is the longest."""
    return lambda run: float(np.argmax(_lengths(run, axis)) + 1)


def rate_grows(run: Any) -> float:
    """The share of the steps, from the second on, in which a coordinate's rate grows: its move over its gradient.

    Moves that are all rounding say nothing of a rate.
    """
    moves = np.abs(np.diff(run.points, axis=0))
    with np.errstate(divide="ignore", invalid="ignore"):
        rates = np.where(moves > 1e-9, moves / np.abs(run.gradients[:-1]), np.nan)
        return float(np.mean((rates[1:] > rates[:-1] * (1 + 1e-6)).any(axis=1)))


def bend(run: Any) -> float:
    """How far a run ever is from the straight line through its start and (0, 0)."""
    x, y = run.points.T
    return float(np.abs(x * y[0] - y * x[0]).max() / np.hypot(x[0], y[0]))
