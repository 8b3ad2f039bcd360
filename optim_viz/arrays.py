"""Many runs at once on NumPy arrays: the way of sweeps, maps and basins."""

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
    starts: np.ndarray,
    lrs: Iterable[tuple[Any, Any]],
    changed: Mapping[str, np.ndarray] | None = None,
    noise: np.ndarray | None = None,
    oracle: Oracle | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray, tuple[Any, ...]]]:
    """Run one optimizer from many starts at once on NumPy arrays; yield (gradient, theta, state) of every step.

    `starts` is float64 [n, 2]; `changed` replaces hyperparameters by float64 [n], one value a run; `lrs` gives the
    rates of x and y of every step, each a number or float64 [n]; `oracle` is the gradient that the steps see, the
    full one if left out. Every array yielded is [2, n], x in row 0, fresh at every step. Overflow becomes inf and NaN.
    """
    values = {**optimizer.hyperparameters, **(changed or {})}
    row = OPTIMIZERS[optimizer.kind]
    step, gradient = row.build(values, np), noisy(oracle or functions.gradient, noise)
    theta = np.array(starts, float).T
    state: tuple[Any, ...] = ()
    for t, (lrx, lry) in enumerate(lrs, 1):
        with np.errstate(all="ignore"):
            g = np.stack([np.broadcast_to(part, theta.shape[1:]) for part in gradient(t, theta[0], theta[1])])
            lr = lrx if lrx is lry else np.stack(np.broadcast_arrays(lrx, lry)).reshape(2, -1)
            if t == 1:
                state = tuple(np.broadcast_to(first, theta.shape) for first in row.fresh(values, lr))
            theta, state = step(t, lr, theta, g, state)
        yield g, theta, state
