"""How a run ended: from its points, losses and the surface's gradient and curvature to an Outcome."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from optim_viz.spec import Surface
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.level import Kind, level_place
from optim_viz.surfaces.minima import lowest
from optim_viz.surfaces.trajectory import Outcome

#: A run has reached a minimum when it ends this close to it, in units of the drawn region's diagonal ...
REACHED_DISTANCE = 1e-3
#: ... and at most this share of the start's excess loss above it.
REACHED_LOSS = 1e-3
#: A run has come to rest when over its last tenth it stays in a box this small, in units of the region's diagonal.
RESTING = 1e-3
#: The same share of the diagonal, for a run that hardly moves although it stands on a slope.
CRAWLING = 1e-4
#: A run swings when it turns back in this share of its last WINDOW steps, and nets less than that of its path.
TURNS, SWING, WINDOW = 0.1, 0.25, 60
#: The share of its whole change of loss that a swinging run must still gain to be moving on.
PROGRESS = 1e-3
#: Its swing grows when it loses ground while its steps become longer: each one, or each third of them,
#: the last then by this factor over the first.
GROWTH = 1.2
#: A run that still moves may have landed where its slope is at most this share of the start's.
LEVELLED = 1e-2
#: What a level place of a kind is to a run: where its loss is the best known, and where it is not.
_OUTCOMES = {
    Kind.MINIMUM: (Outcome.REACHED, Outcome.LOCAL),
    Kind.VALLEY: (Outcome.REACHED, Outcome.LOCAL),
    Kind.PLAIN: (Outcome.REACHED, None),
    Kind.SADDLE: (Outcome.SADDLE, Outcome.SADDLE),
}


def judge(surface: Surface, points: np.ndarray, losses: np.ndarray) -> dict[str, Any]:
    """Return outcome, outcome_step and minimum for a run on `surface`.

    Reached: at the last step within REACHED_DISTANCE (of the diagonal) of a known minimum and within REACHED_LOSS of
    the start's excess over its loss; the step named is the first from which the run never left that neighbourhood.
    A minimum that is not known is looked for where the run came to rest, or where its slope is gone. One that the best
    known loss undercuts is a local one. On a function of x alone all of this is said of x, and a minimum is an (x,).
    """
    if not surface.alone:
        return _judged(surface, points, losses)
    x0, x1, _, _ = surface.bounds
    line = replace(surface, bounds=(x0, x1, 0.0, 0.0))
    found = _judged(line, points * (1.0, 0.0), losses)
    return found | {"minimum": found["minimum"][:1]} if "minimum" in found else found


def _judged(surface: Surface, points: np.ndarray, losses: np.ndarray) -> dict[str, Any]:
    last = len(losses) - 1
    finite = np.isfinite(losses)
    if not finite.all():
        broken = int(np.argmin(finite))
        return {"outcome": Outcome.DIVERGED if broken else Outcome.NOWHERE, "outcome_step": broken}
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
    """The outcome of a run that ends where the surface is level: at rest, or landed there by its last steps."""
    resting = np.hypot(*np.ptp(points[-resting_rows(len(points)) :], axis=0)) <= RESTING * surface.diagonal
    first, last = np.hypot(*compiled(surface).gradients(*points[[0, -1]].T))
    if not resting and not last <= LEVELLED * first:
        return None
    found = level_place(surface, points[-1], REACHED_DISTANCE * surface.diagonal)
    if found is None:
        return None
    if resting:
        near = np.hypot(*(points - found.place).T) <= (REACHED_DISTANCE + RESTING) * surface.diagonal
        step: int | None = _first_of_the_last(near)
    else:
        step = _arrival(surface, points, losses, (*found.place, found.value)) if found.kind is Kind.MINIMUM else None
    if step is None:
        return None
    best = found.value <= lowest(surface) + REACHED_LOSS * max(abs(losses[0] - found.value), 1e-12)
    outcome = _OUTCOMES[found.kind][0 if best else 1]
    return _at(outcome, step, found.place) if outcome else None


def _motion(surface: Surface, points: np.ndarray, losses: np.ndarray) -> Outcome:
    """Still moving, hardly moving, or oscillating: told from the last steps."""
    count = min(WINDOW, len(points))
    tail, lost = points[-count:], losses[-count:]
    moves = np.diff(tail, axis=0)
    path, net = float(np.hypot(*moves.T).sum()), float(np.hypot(*(tail[-1] - tail[0])))
    if path <= CRAWLING * surface.diagonal:
        return Outcome.STALLED if count == WINDOW or path == 0.0 else Outcome.MOVING
    turns = float(((moves[1:] * moves[:-1]).sum(1) < 0).mean()) if len(moves) > 1 else 0.0
    if turns < TURNS:
        return Outcome.MOVING
    if _rises(np.hypot(*moves.T), GROWTH) and _rises(lost, 1.0):
        return Outcome.GROWING
    half = count // 2
    ends = losses[-half:].mean(), losses[-2 * half : -half].mean()
    stuck = ends[1] - ends[0] <= max(0.05 * np.ptp(losses[-2 * half :]), PROGRESS * np.ptp(losses))
    return Outcome.OSCILLATING if net <= SWING * path and stuck else Outcome.MOVING


def _rises(values: np.ndarray, factor: float) -> bool:
    """Whether each value is above the one before, or each third's mean, and the last then `factor` times the first."""
    if len(values) < 3 or (np.diff(values) > 0.0).all():
        return len(values) >= 3
    first, second, third = (part.mean() for part in np.array_split(values, 3))
    return bool(first < second < third and third >= factor * first)
