"""The learning rate that drops on a plateau: torch's ReduceLROnPlateau (mode "min").

It runs on numbers or on arrays. A rate is asked for before its step's gradient is, so the rate of step t follows from
the losses of the points before it, as in the usual loop: loss, backward, optimizer.step(), scheduler.step(loss).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator, Mapping, Sequence
from types import SimpleNamespace
from typing import Any

import numpy as np

from optim_viz.spec import ScheduleSpec

_FLOATS = SimpleNamespace(maximum=max, where=lambda condition, a, b: a if condition else b)


def after(xp: Any, values: Mapping[str, Any], loss: Any, state: Sequence[Any]) -> tuple[Any, ...]:
    """Return what follows from a step's loss: (best loss, bad steps, steps left to cool, *rates) from those before.

    >>> values = {"factor": 0.1, "patience": 0, "threshold": 0, "threshold_abs": False, "cooldown": 2}
    >>> after(_FLOATS, values | {"min_lr": 0, "eps": 0}, 2.0, (1.0, 0, 0, 0.5))
    (1.0, 0, 2, 0.05)
    """
    best, bad, cooling, *rates = state
    better = loss < (best - values["threshold"] if values["threshold_abs"] else best * (1.0 - values["threshold"]))
    best, bad = xp.where(better, loss, best), xp.where(better, 0, bad + 1)
    cools = cooling > 0
    bad, cooling = xp.where(cools, 0, bad), xp.where(cools, cooling - 1, cooling)
    drop = bad > values["patience"]
    cooling, bad = xp.where(drop, values["cooldown"], cooling), xp.where(drop, 0, bad)
    lower = [xp.maximum(rate * values["factor"], values["min_lr"]) for rate in rates]
    drops = [drop & (rate - new > values["eps"]) for rate, new in zip(rates, lower, strict=True)]
    return best, bad, cooling, *(xp.where(d, new, rate) for d, new, rate in zip(drops, lower, rates, strict=True))


class PlateauRates:
    """The rates of one run (or, with arrays, of many), to be iterated while `see` is told each step's loss.

    `lanes` are the base rates: the optimizer's own, then x's and y's. Iterating again gives the same rates again and
    then goes on, so that a run can be taken up where it broke off.
    """

    def __init__(self, spec: ScheduleSpec, lanes: tuple[Any, Any, Any], steps: int) -> None:
        self.values: dict[str, Any] = dict(spec.values)
        self.xp: Any = np if any(isinstance(lane, np.ndarray) for lane in lanes) else _FLOATS
        self.lanes: Any = lanes
        self.steps, self.seen = steps, 0
        self.best, self.bad, self.cooling = math.inf, 0, 0
        self.given: list[tuple[Any, ...]] = []

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for step in range(self.steps):
            if step == len(self.given):
                self.given.append(tuple(self.lanes))
            _, x, y = self.given[step]
            yield x, y

    def __len__(self) -> int:
        return self.steps

    def see(self, t: int, loss: Any) -> None:
        """Take the loss at step t's point into account, once."""
        if t <= self.seen:
            return
        state = self.best, self.bad, self.cooling, *self.lanes
        self.seen = t
        self.best, self.bad, self.cooling, *self.lanes = after(self.xp, self.values, loss, state)

    def watching(self, gradient: Callable[..., Any], value: Callable[..., Any]) -> Callable[..., Any]:
        """Return `gradient` as an oracle that also looks at the full loss `value`."""

        def oracle(t: int, x: Any, y: Any) -> Any:
            self.see(t, value(t, x, y))
            return gradient(t, x, y)

        return oracle

    def base_rates(self, count: int) -> np.ndarray:
        """The optimizer's own rate, float64 [count]: row i for the step from point i, the last one repeated."""
        rates = [lanes[0] for lanes in self.given] + [self.lanes[0]] * (count - len(self.given))
        return np.array(rates[:count], float)
