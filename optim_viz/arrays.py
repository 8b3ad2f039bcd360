"""Many runs at once on NumPy arrays, or on torch tensors: the way of sweeps, maps and basins."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any

import numpy as np

from optim_viz.compiling import Compiled
from optim_viz.optimizers import OPTIMIZERS
from optim_viz.oracles import Oracle, noisy
from optim_viz.spec import OptimizerSpec


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
    full one if left out. `xp` is np, or optim_viz.tensors' namespace with tensors for all arrays. Every array yielded
    is [2, n], x in row 0, fresh at every step. Overflow becomes inf and NaN.
    """
    values = {**optimizer.hyperparameters, **(changed or {})}
    row = OPTIMIZERS[optimizer.kind]
    step, gradient = row.build(values, xp), noisy(oracle or functions.gradient, noise)
    theta = xp.ascontiguousarray(starts.T)
    state: tuple[Any, ...] = ()
    for t, (lrx, lry) in enumerate(lrs, 1):
        with np.errstate(all="ignore"):
            g = _rows(xp, theta, *gradient(t, theta[0], theta[1]))
            same = lrx is lry or (isinstance(lrx, float) and lrx == lry)
            lr = lrx if same else _rows(xp, theta, lrx, lry)
            if t == 1:
                state = tuple(_filled(xp, theta, first) for first in row.fresh(values, lr))
            theta, state = step(t, lr, theta, g, state)
        yield g, theta, state


def _rows(xp: Any, like: Any, x: Any, y: Any) -> Any:
    """Return [2, n] with rows x and y, each a number or [n]: several times faster than stacking what was broadcast."""
    both = xp.empty_like(like)
    both[0], both[1] = x, y
    return both


def _filled(xp: Any, like: Any, value: Any) -> Any:
    whole = xp.empty_like(like)
    whole[:] = value
    return whole
