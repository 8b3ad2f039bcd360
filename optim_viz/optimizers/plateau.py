"""The learning rate that drops on a plateau: torch's ReduceLROnPlateau (mode "min", threshold "rel").

It runs on numbers or on arrays. A rate is asked for before its step's gradient is, so the rate of step t follows from
the losses of the points before it, as in the usual loop: loss, backward, optimizer.step(), scheduler.step(loss).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from types import SimpleNamespace
from typing import Any

import numpy as np

from optim_viz.spec import ScheduleSpec

_FLOATS = SimpleNamespace(maximum=max, where=lambda condition, a, b: a if condition else b)


class PlateauRates:
    """The rates of one run (or, with arrays, of many), to be iterated while `see` is told each step's loss.

    `lanes` are the base rates: the optimizer's own, then x's and y's. Iterating again gives the same rates again and
    then goes on, so that a run can be taken up where it broke off.
    """

    def __init__(self, spec: ScheduleSpec, lanes: tuple[Any, Any, Any], steps: int) -> None:
        self.values: dict[str, Any] = dict(spec.values)
        self.xp: Any = np if any(isinstance(lane, np.ndarray) for lane in lanes) else _FLOATS
        self.lanes, self.steps, self.seen = lanes, steps, 0
        self.best, self.bad, self.cooling = math.inf, 0, 0
        self.given: list[tuple[Any, ...]] = []

    def __iter__(self) -> Iterator[tuple[Any, Any]]:
        for step in range(self.steps):
            if step == len(self.given):
                self.given.append(self.lanes)
            yield self.given[step][1:]

    def __len__(self) -> int:
        return self.steps

    def see(self, t: int, loss: Any) -> None:
        """Take the loss at step t's point into account, once."""
        if t <= self.seen:
            return
        self.seen, where, values = t, self.xp.where, self.values
        better = loss < self.best * (1.0 - values["threshold"])
        self.best = where(better, loss, self.best)
        self.bad = where(better, 0, self.bad + 1)
        cooling = self.cooling > 0
        self.bad = where(cooling, 0, self.bad)
        self.cooling = where(cooling, self.cooling - 1, self.cooling)
        drop = self.bad > values["patience"]
        self.cooling = where(drop, values["cooldown"], self.cooling)
        self.bad = where(drop, 0, self.bad)
        self.lanes = tuple(self._lower(drop, lane) for lane in self.lanes)

    def _lower(self, drop: Any, lane: Any) -> Any:
        new = self.xp.maximum(lane * self.values["factor"], self.values["min_lr"])
        return self.xp.where(drop & (lane - new > self.values["eps"]), new, lane)

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
