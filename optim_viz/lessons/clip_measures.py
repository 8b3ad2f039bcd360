"""What is measured of gradients that are clipped, or that should have been; each is a number, as in measures."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.lessons.lesson import Measure, Results
from optim_viz.lessons.measures import OfRun
from optim_viz.surfaces.compiled import compiled


def _norms(run: Any) -> np.ndarray:
    """The norm of the gradient that every step used."""
    return np.hypot(*run.gradients[:-1].T)


def steepest(run: Any) -> float:
    """The norm of the longest gradient that a step used."""
    return float(_norms(run).max())


def first_norm(run: Any) -> float:
    """The norm of the first step's gradient."""
    return float(_norms(run)[0])


def last_norm(run: Any) -> float:
    """The norm of the last step's gradient."""
    return float(_norms(run)[-1])


def step_at_steepest(run: Any) -> float:
    """Which step, counted from 1, used the longest gradient."""
    return float(np.argmax(_norms(run)) + 1)


def move_at_steepest(axis: int) -> OfRun:
    """How far a coordinate moved in the step with the longest gradient."""
    return lambda run: float(np.abs(np.diff(run.points[:, axis]))[np.argmax(_norms(run))])


def longest_move(run: Any) -> float:
    """The length of the longest step, from point to point."""
    return float(np.hypot(*np.diff(run.points, axis=0).T).max())


def beyond(axis: int, far: float) -> OfRun:
    """Whether a coordinate was ever farther than that from its start."""
    return lambda run: float(np.abs(run.points[:, axis] - run.points[0, axis]).max() > far)


def remembered(axis: int) -> OfRun:
    """What Adam divides a coordinate's step by at the end, but for its bias: the root of its mean squared gradient."""
    return lambda run: float(np.sqrt(run.state["exp_avg_sq"][-1, axis]))


def height(name: str) -> Measure:
    """How high the plane of an experiment's picture is."""

    def span(results: Results) -> float:
        _, _, low, high = results[name].comparisons[0].surface.bounds
        return high - low

    return span


def off_the_cut(name: str, label: str, bound: float) -> Measure:
    """How far a run's gradients ever are from the surface's own, the longer ones of them shortened to `bound`."""

    def farthest(results: Results) -> float:
        surface = results[name].comparisons[0].surface
        gaps = []
        for run in results[name].runs(label):
            own = compiled(surface).gradients(*run.points[:-1].T)
            gaps.append(np.abs(run.gradients[:-1].T - own * np.minimum(1.0, bound / np.hypot(*own))).max())
        return float(max(gaps))

    return farthest
