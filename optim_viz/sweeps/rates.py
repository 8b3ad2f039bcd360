"""The learning rates of every step of a block of runs, on its device."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from optim_viz.optimizers.plateau import PlateauRates
from optim_viz.optimizers.schedule_row import Rate
from optim_viz.optimizers.schedules import SCHEDULES, rate_of
from optim_viz.spec import OptimizerSpec

#: Steps of rates made at once.
AHEAD = 64


def rates_of(optimizer: OptimizerSpec, steps: int, lrs: Any, runs: int, put: Callable[[np.ndarray], Any]) -> Any:
    """Return the rates of x and y at every step, each a number or, where `lrs` is float64 [runs], an array as long.

    A schedule that watches the losses gives its PlateauRates, which are told them.

    >>> from optim_viz import optimizer, schedule
    >>> plan = schedule("exponential", gamma=0.5)
    >>> [float(x) for x, _ in rates_of(optimizer("sgd", lr=1.0, schedule=plan), 3, None, 1, np.asarray)]
    [1.0, 0.5, 0.25]
    """
    plan = optimizer.schedule
    base = float(optimizer["lr"]) if lrs is None else lrs
    sx, sy = optimizer.factor("x"), optimizer.factor("y")
    lanes = (base * sx, base * sx if sx == sy else base * sy)
    if plan is None:
        x, y = lanes if lrs is None else map(put, lanes)  # type: ignore[arg-type]
        return itertools.repeat((x, x if sx == sy else y), steps)
    if SCHEDULES[plan.kind].rate is None:
        full = [np.broadcast_to(np.asarray(lane, float), (runs,)) for lane in (base, *lanes)]
        return PlateauRates(plan, (full[0], full[1], full[2]), steps)
    planned = _planned(rate_of(plan), lanes, steps, sx == sy)
    return planned if lrs is None else _moved(planned, put)


def _planned(rate: Rate, lanes: tuple[Any, Any], steps: int, same: bool) -> Iterator[tuple[Any, Any]]:
    """The rates of x and y under a schedule, a few steps at a time: all at once would not fit for many runs."""
    for first in range(0, steps, AHEAD):
        step = np.arange(first, min(first + AHEAD, steps))
        with np.errstate(all="ignore"):
            x, y = (rate(step.reshape(-1, *(1,) * np.ndim(lane)), lane, steps) for lane in lanes)
        yield from ((a, a) for a in x) if same else zip(x, y, strict=True)


def _moved(rates: Iterator[tuple[Any, Any]], put: Callable[[np.ndarray], Any]) -> Iterator[tuple[Any, Any]]:
    for x, y in rates:
        moved = put(x)
        yield moved, moved if x is y else put(y)


def as_seen(rates: PlateauRates) -> Iterator[tuple[Any, Any]]:
    """The rates as they stand; iterating over PlateauRates itself would keep those of every step."""
    for _ in range(rates.steps):
        yield rates.lanes[1:]
