"""How a run ended: from its points, losses and the surface's gradient and curvature to an Outcome."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.spec import Surface
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.minima import stationary
from optim_viz.surfaces.trajectory import Outcome

#: A run has reached a minimum when it ends this close to it, in units of the drawn region's diagonal ...
REACHED_DISTANCE = 1e-3
#: ... and at most this share of the start's excess loss above it.
REACHED_LOSS = 1e-3
#: A run has come to rest when over its last tenth it stays in a box this small, in units of the region's diagonal.
RESTING = 1e-3
#: The same share of the diagonal, for a run that hardly moves although it stands on a slope.
CRAWLING = 1e-4
#: A run swings when over its last WINDOW steps it turns back so often that it nets less than this share of its path.
SWING, WINDOW = 0.25, 60
#: The share of its whole change of loss that a swinging run must still gain to be moving on.
PROGRESS = 1e-3


def judge(surface: Surface, points: np.ndarray, losses: np.ndarray) -> dict[str, Any]:
    """Return outcome, outcome_step and minimum for a run on `surface`.

    Reached: at the last step within REACHED_DISTANCE (of the diagonal) of a known minimum and within REACHED_LOSS of
    the start's excess over its loss; the step named is the first from which the run never left that neighbourhood.
    A known minimum that another undercuts, or one found by Newton's method where a run came to rest, is a local one.
    """
    last = len(losses) - 1
    finite = np.isfinite(losses)
    if not finite.all():
        return {"outcome": Outcome.DIVERGED, "outcome_step": int(np.argmin(finite))}
    known = [(m, _arrival(surface, points, losses, m)) for m in surface.minima]
    for minimum, step in known:
        if step is not None:
            best = minimum in surface.global_minima
            return _at(Outcome.REACHED if best else Outcome.LOCAL, step, minimum[:2])
    if not surface.contains(points[-1]):
        return {"outcome": Outcome.LEFT, "outcome_step": _first_of_the_last(~surface.contains(points.T))}
    return _at_rest(surface, points, losses) or {"outcome": _motion(surface, points, losses), "outcome_step": last}


def _at(outcome: Outcome, step: int, place: tuple[float, float]) -> dict[str, Any]:
    return {"outcome": outcome, "outcome_step": step, "minimum": place}


def _arrival(
    surface: Surface, points: np.ndarray, losses: np.ndarray, minimum: tuple[float, float, float]
) -> int | None:
    """The step from which the run stays at `minimum`, or None."""
    near = at_minimum(surface, minimum, points.T, losses, losses[0])
    return _first_of_the_last(near) if near[-1] else None


def at_minimum(
    surface: Surface, minimum: tuple[float, float, float], points: np.ndarray, losses: np.ndarray, first: Any
) -> np.ndarray:
    """Whether points [2, n] with these losses, of runs that began at loss `first`, are at `minimum`, bool [n]."""
    x, y, value = minimum
    near = np.hypot(points[0] - x, points[1] - y) <= REACHED_DISTANCE * surface.diagonal
    return near & (losses - value <= REACHED_LOSS * np.maximum(np.abs(first - value), 1e-12))


def _first_of_the_last(there: np.ndarray) -> int:
    """The row from which all are True."""
    elsewhere = np.flatnonzero(~there)
    return int(elsewhere[-1]) + 1 if elsewhere.size else 0


def resting_rows(rows: int) -> int:
    """How many of a run's rows say whether it is at rest: its last tenth, but at least two."""
    return max(rows // 10, 2)


def _at_rest(surface: Surface, points: np.ndarray, losses: np.ndarray) -> dict[str, Any] | None:
    """The outcome of a run whose last tenth stays in one spot, if gradient and curvature say what that spot is."""
    tail = points[-resting_rows(len(points)) :]
    if np.hypot(*np.ptp(tail, axis=0)) > RESTING * surface.diagonal:
        return None
    place, curvatures = (found[:, 0] for found in stationary(compiled(surface), points[-1][:, None]))
    if not np.hypot(*(place - points[-1])) <= REACHED_DISTANCE * surface.diagonal:  # nor if there is none: NaN
        return None
    near = np.hypot(*(points - place).T) <= (REACHED_DISTANCE + RESTING) * surface.diagonal
    step = _first_of_the_last(near)
    where = (float(place[0]), float(place[1]))
    if curvatures[0] < 0 < curvatures[1]:
        return _at(Outcome.SADDLE, step, where)
    if curvatures[0] <= 0:
        return None
    value = float(compiled(surface).values(*place[:, None])[0])
    scale = REACHED_LOSS * max(abs(losses[0] - value), 1e-12)
    # Of a typed function nothing is known: its minimum is simply one.
    best = not surface.minima or value <= surface.minima[0][2] + scale
    return _at(Outcome.REACHED if best else Outcome.LOCAL, step, where)


def _motion(surface: Surface, points: np.ndarray, losses: np.ndarray) -> Outcome:
    """Still moving, hardly moving, or oscillating: told from the last steps."""
    tail = points[-min(WINDOW, len(points)) :]
    moves = np.diff(tail, axis=0)
    path, net = float(np.hypot(*moves.T).sum()), float(np.hypot(*(tail[-1] - tail[0])))
    if path <= CRAWLING * surface.diagonal:
        return Outcome.STALLED if len(tail) == WINDOW else Outcome.MOVING
    turns = float(((moves[1:] * moves[:-1]).sum(1) < 0).mean()) if len(moves) > 1 else 0.0
    half = len(tail) // 2
    ends = losses[-half:].mean(), losses[-2 * half : -half].mean()
    stuck = ends[1] - ends[0] <= max(0.05 * np.ptp(losses[-2 * half :]), PROGRESS * np.ptp(losses))
    return Outcome.OSCILLATING if net <= SWING * path and turns >= 0.1 and stuck else Outcome.MOVING
