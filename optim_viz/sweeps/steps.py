"""Many runs at once on NumPy arrays, or on torch tensors: the way of sweeps, maps and basins."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from optim_viz.optimizers.rules import Step
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import OptimizerSpec
from optim_viz.surfaces.compiled import Compiled
from optim_viz.surfaces.oracles import Oracle, noisy

#: (function, examples of its arguments, places of its results) -> the function, faster
Record = Callable[[Callable[..., Any], Sequence[Any], Sequence[Any]], Callable[..., Any]]


def array_steps(
    functions: Compiled,
    optimizer: OptimizerSpec,
    starts: Any,
    lrs: Iterable[tuple[Any, Any]],
    changed: Mapping[str, Any] | None = None,
    noise: np.ndarray | None = None,
    oracle: Oracle | None = None,
    xp: Any = np,
) -> Iterator[tuple[Any, Any, tuple[Any, ...]]]:
    """Run one optimizer from many starts at once; yield (gradient, theta, state) of every step.

    `starts` is float64 [n, 2]; `changed` replaces hyperparameters by float64 [n], one value a run; `lrs` gives the
    rates of x and y of every step, each a number or float64 [n]; `oracle` is the gradient that the steps see, the
    full one if left out. `xp` is np, or backends.py's namespace with tensors for all arrays. Every array yielded
    is [2, n], x in row 0, fresh at every step. Overflow becomes inf and NaN.
    """
    values = {**optimizer.hyperparameters, **(changed or {})}
    row = OPTIMIZERS[optimizer.kind]
    step, gradient = row.step_with(values, xp), noisy(oracle or functions.gradient, noise)
    theta = xp.ascontiguousarray(starts.T)
    state: tuple[Any, ...] = ()
    for t, (lrx, lry) in enumerate(lrs, 1):
        with np.errstate(all="ignore"):
            g = _rows(xp, theta, *gradient(t, theta[0], theta[1]))
            same = lrx is lry or (isinstance(lrx, float) and lrx == lry)
            lr = lrx if same else _rows(xp, theta, lrx, lry)
            if t == 1:
                state = tuple(filled(xp, theta, first) for first in row.initial_state(values, lr))
            theta, state = step(t, lr, theta, g, state)
        yield g, theta, state


def reused_steps(
    gradient: Oracle,
    optimizer: OptimizerSpec,
    starts: Any,
    lrs: Iterable[tuple[Any, Any]],
    changed: Mapping[str, Any],
    seen: Callable[[Oracle], Oracle],
    xp: Any,
    record: Record,
) -> Iterator[tuple[Any, Any]]:
    """Run as array_steps does, bit for bit, but in the same memory at every step; yield (gradient, theta).

    `seen` makes the oracle out of the full gradient; `record` is numpy_code.py's, or one that returns the function
    that it is given. Each array that is yielded is overwritten by the next step.
    """
    values = {**optimizer.hyperparameters, **changed}
    row = OPTIMIZERS[optimizer.kind]
    step = _flat(row.step_with(values, xp))
    theta = filled(xp, xp.ascontiguousarray(starts.T), starts.T)
    g = xp.empty_like(theta)
    parts, at = (g[0], g[1]), (theta[0], theta[1])
    oracle = seen(record(gradient, (1, *at), parts))
    state: Sequence[Any] = ()
    for t, (lrx, lry) in enumerate(lrs, 1):
        with np.errstate(all="ignore"):
            for part, slope in zip(parts, oracle(t, *at), strict=True):
                if slope is not part:
                    part[:] = slope
            lr = lrx if lrx is lry else _rows(xp, theta, lrx, lry)
            if t == 1:
                state = [filled(xp, theta, first) for first in row.initial_state(values, lr)]
            if t == 2:
                step = record(step, (t, lr, theta, g, *state), (theta, *state))
            here, *state = step(t, lr, theta, g, *state)
            if here is not theta:
                theta, at = here, (here[0], here[1])
            if t == 1:  # which is another step than the rest: it may make g itself a state, or a state a number
                state = [filled(xp, kept, kept) if len(np.shape(kept)) else kept for kept in state]
        yield g, theta


def _flat(step: Step) -> Callable[..., tuple[Any, ...]]:
    """Return a rule's step as a function of (t, lr, theta, g, *state) that returns (theta, *state)."""

    def flat(t: Any, lr: Any, theta: Any, g: Any, *state: Any) -> tuple[Any, ...]:
        theta, new = step(t, lr, theta, g, state)
        return (theta, *new)

    return flat


def _rows(xp: Any, like: Any, x: Any, y: Any) -> Any:
    """Return [2, n] with rows x and y, each a number or [n]: several times faster than stacking what was broadcast."""
    both = xp.empty_like(like)
    both[0], both[1] = x, y
    return both


def filled(xp: Any, like: Any, value: Any) -> Any:
    """Return a new array of the shape of `like` with `value`, a number or an array, in it."""
    whole = xp.empty_like(like)
    whole[:] = value
    return whole
