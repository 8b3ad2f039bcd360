"""One run of a rule that looks at loss and gradient as often as it likes at every step, on Python floats."""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from optim_viz.looks import look
from optim_viz.optimizers.lbfgs import ClosureStep
from optim_viz.optimizers.strong_wolfe import Pair

Found = tuple[np.ndarray, np.ndarray, dict[str, np.ndarray], np.ndarray]


def closure_run(
    step: ClosureStep,
    see: Callable[[int, float, float], tuple[float, Pair]],
    lrs: Iterable[tuple[float, float]],
    start: Pair,
    steps: int,
) -> Found:
    """Return points and gradients [steps + 1, 2], state and gradient evaluations; NaN from where nothing is finite.

    `see` gives the loss and the gradient of step t at a point; `lrs`, the rates of x and y, which are one.
    """
    shape = (steps + 1, 2)
    points, gradients, evaluations = np.full(shape, np.nan), np.full(shape, np.nan), np.zeros(steps + 1, int)
    state: dict[str, np.ndarray] = {}
    points[0], point, memory = start, start, None
    for t, (lr, _) in enumerate(lrs, 1):
        seen: list[Pair] = []

        def at(point: Pair, t: int = t, seen: list[Pair] = seen) -> tuple[float, Pair]:
            look()
            loss, gradient = see(t, *point)
            seen.append(gradient)
            return loss, gradient

        point, memory = step(at, lr, point, memory)
        points[t], gradients[t - 1], evaluations[t:] = point, seen[0], evaluations[t - 1] + len(seen)
        for name, pair in memory.state.items():
            state.setdefault(name, np.full(shape, np.nan))[t] = pair
        if not np.isfinite(point).all():
            break
    return points, gradients, state, evaluations
