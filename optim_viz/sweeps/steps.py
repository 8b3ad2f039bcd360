"""The steps of a block of runs, on NumPy arrays or on torch tensors, in memory that is used again at every step."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from optim_viz.optimizers import clipping
from optim_viz.optimizers.cycled import first_values
from optim_viz.optimizers.row import Optimizer
from optim_viz.optimizers.rules import flat
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import OptimizerSpec
from optim_viz.surfaces.oracles import Oracle
from optim_viz.sweeps.placed import Rewrite


def reused_steps(
    gradient: Oracle,
    optimizer: OptimizerSpec,
    starts: Any,
    lrs: Iterable[tuple[Any, Any]],
    changed: Mapping[str, Any],
    seen: Callable[[Oracle], Oracle],
    xp: Any,
    rewrite: Rewrite,
    clip: tuple[Any, Any] | None = None,
    cycle: tuple[str, np.ndarray] | None = None,
) -> Iterator[tuple[Any, Any]]:
    """Run one optimizer from many starts at once, in the same memory at every step; yield (gradient, theta).

    `starts` is float64 [n, 2]; `lrs` gives the rates of x and y of every step, each a number or float64 [n]; `changed`
    replaces hyperparameters by float64 [n], one value a run; `seen` makes the oracle out of the full gradient; `xp`
    and `rewrite` are a backend's; `clip`, the bounds on gradients, each a number or float64 [n]; `cycle` is what
    optimizers.cycled has. What is yielded is [2, n], x in row 0, and overwritten by the next step. Overflow becomes inf
    and NaN.
    """
    name, numbers = cycle or ("", np.empty(0))
    values = {**first_values(optimizer), **changed}
    row = OPTIMIZERS[optimizer.kind]
    step = _step_of(row, values, xp, name)
    theta = filled(xp, xp.ascontiguousarray(starts.T), starts.T)
    g = xp.empty_like(theta)
    parts, at = (g[0], g[1]), (theta[0], theta[1])
    oracle = seen(rewrite(gradient, (1, *at), parts))
    clipped = rewrite(clipping.clip(xp), (*parts, *clip), parts) if clip else None
    state: Sequence[Any] = ()
    for t, (lrx, lry) in enumerate(lrs, 1):
        with np.errstate(all="ignore"):
            _write(parts, oracle(t, *at))
            if clip and clipped:
                _write(parts, clipped(*parts, *clip))
            lr = rate_of_rows(xp, theta, lrx, lry)
            if t == 1:
                state = [filled(xp, theta, first) for first in row.initial_state(values, lr)]
            now = (float(numbers[t - 1]),) if cycle else ()
            if t == 2:
                step = rewrite(step, (t, lr, theta, g, *state, *now), (theta, *state))
            here, *state = step(t, lr, theta, g, *state, *now)
            if here is not theta:
                theta, at = here, (here[0], here[1])
            if t == 1:  # which is another step than the rest: it may make g itself a state, or a state a number
                state = [filled(xp, kept, kept) if len(np.shape(kept)) else kept for kept in state]
        yield g, theta


def _write(parts: tuple[Any, Any], values: Iterable[Any]) -> None:
    """Put two arrays or numbers where they are not yet."""
    for part, value in zip(parts, values, strict=True):
        if value is not part:
            part[:] = value


def _step_of(row: Optimizer, values: dict[str, Any], xp: Any, cycled: str) -> Callable[..., Any]:
    """The update (t, lr, theta, g, *state) -> (theta, *state); the value of what is `cycled` comes behind the state."""
    if not cycled:
        return flat(row.step_with(values, xp))
    return lambda *given: flat(row.step_with({**values, cycled: given[-1]}, xp))(*given[:-1])


def rate_of_rows(xp: Any, like: Any, x: Any, y: Any) -> Any:
    """Return the rates of x and y, each a number or [n], as a rule takes them: one for both, or [2, n] like `like`.

    Several times faster than stacking what was broadcast.
    """
    if x is y:
        return x
    both = xp.empty_like(like)
    both[0], both[1] = x, y
    return both


def filled(xp: Any, like: Any, value: Any) -> Any:
    """Return a new array of the shape of `like` with `value`, a number or an array, in it."""
    whole = xp.empty_like(like)
    whole[:] = value
    return whole
