"""One run on Python floats: the fastest way for a handful of runs."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import numpy as np

from optim_viz.looks import looked
from optim_viz.optimizers.cycled import cycled, first_values
from optim_viz.optimizers.plateau import PlateauRates
from optim_viz.optimizers.rules import Step
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import OptimizerSpec
from optim_viz.surfaces.float_loop import loop
from optim_viz.surfaces.oracles import Oracle

#: What Python floats raise where NumPy gives inf or nan.
FLOAT_ERRORS = (OverflowError, ZeroDivisionError, ValueError)
Row = tuple[Any, ...]  # the gradient used (x, y), then after the step: x, y, state of x, state of y


def forgiving(floats: Callable[..., Any], arrays: Callable[..., Any]) -> Callable[[int, float, float], Any]:
    """Return a function of (t, x, y) on floats as one that goes on with NumPy scalars where floats raise.

    >>> forgiving(lambda t, x, y: x / y, lambda t, x, y: x / y)(1, 1.0, 0.0)
    np.float64(inf)
    """

    def function(t: int, x: float, y: float) -> Any:
        try:
            return floats(t, x, y)
        except FLOAT_ERRORS:
            with np.errstate(all="ignore"):
                return arrays(t, np.float64(x), np.float64(y))

    return function


def float_rows(
    optimizer: OptimizerSpec,
    oracles: tuple[Oracle, Oracle],
    lrs: list[tuple[float, float]] | PlateauRates,
    start: tuple[float, float],
) -> list[Row]:
    """Run one optimizer on Python floats; where those raise, go on with NumPy scalars until nothing is finite.

    `oracles` are the gradient on floats and on NumPy values; `lrs` the rates of x and y, the same each time it is
    iterated. Row 0 is the start.
    """
    name, cycle = cycled(optimizer, len(lrs)) or ("", None)
    values = first_values(optimizer)
    row = OPTIMIZERS[optimizer.kind]
    first = next(iter(lrs))
    fresh: Row = (0.0, 0.0, *start, *row.initial_state(values, first[0]), *row.initial_state(values, first[1]))
    rows: list[Row] = [fresh]
    steps = looked(lrs)
    try:
        # Rules treat their first step apart, so it is taken by itself; the others run in one traced loop.
        lr = next(steps)
        rows.append(single_row(oracles[0], row.step_with(values), 1, lr, fresh))
        without_lr = tuple(pair for pair in values.items() if pair[0] != "lr")
        traced = loop(optimizer.kind, without_lr, not optimizer.lr_scale, name)
        traced(oracles[0], steps, rows.append, 2, len(lrs) - 1, cycle, *rows[1][2:])
    except FLOAT_ERRORS:
        rest = looked(itertools.islice(lrs, len(rows) - 1, None))
        if cycle is None:
            each = itertools.repeat(row.step_with(values, np))
        else:
            each = (row.step_with({**values, name: value}, np) for value in cycle[len(rows) - 1 :].tolist())  # type: ignore[assignment]
        rows += _scalar_rows(oracles[1], each, rest, rows)
    return rows


def single_row(gradient: Oracle, step: Step, t: int, lr: tuple[float, float], before: Row) -> Row:
    """One step from row `before`."""
    _, _, x, y, *state = before
    half = len(state) // 2
    gx, gy = gradient(t, x, y)
    x, sx = step(t, lr[0], x, gx, tuple(state[:half]))
    y, sy = step(t, lr[1], y, gy, tuple(state[half:]))
    return gx, gy, x, y, *sx, *sy


def _scalar_rows(
    gradient: Oracle, steps: Iterable[Step], lrs: Iterable[tuple[float, float]], rows: list[Row]
) -> Iterator[Row]:
    """Go on after `rows` with NumPy scalars, which overflow to inf, until a point or gradient is not finite."""
    row = tuple(map(np.float64, rows[-1]))
    with np.errstate(all="ignore"):
        for t, (lr, step) in enumerate(zip(lrs, steps, strict=False), len(rows)):
            row = single_row(gradient, step, t, lr, row)
            yield row
            if not np.isfinite(row[:4]).all():
                return


def columns(
    rows: list[Row], steps: int, names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Turn rows into points, gradients and state arrays of steps + 1 rows, NaN where a run ended early."""
    width, done = 4 + 2 * len(names), len(rows)
    table = np.full((steps + 2, width), np.nan)
    flat = itertools.chain.from_iterable(rows)
    table[:done] = np.fromiter(flat, float, done * width).reshape(done, width)
    states = table[:-1, 4:].reshape(steps + 1, 2, len(names))
    return table[:-1, 2:4].copy(), table[1:, :2].copy(), {n: states[:, :, i].copy() for i, n in enumerate(names)}
