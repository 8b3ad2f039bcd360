"""The engine on surfaces: update rules run on Python floats (a few runs) or on NumPy arrays (many runs at once)."""

from __future__ import annotations

import itertools
from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from optim_viz.optimizers import OPTIMIZERS, Step
from optim_viz.spec import (
    DescentSpec,
    OptimizerSpec,
    SpecError,
    Surface,
    number,
    unique_labels,
    whole,
)
from optim_viz.surfaces import Compiled, compiled
from optim_viz.surfaces import surface as find_surface
from optim_viz.tracing import loop
from optim_viz.trajectory import Comparison, Trajectory, judge

MAX_STEPS = 100_000
#: What Python floats raise where NumPy gives inf or nan.
FLOAT_ERRORS = (OverflowError, ZeroDivisionError, ValueError)

Oracle = Callable[[int, Any, Any], tuple[Any, Any]]  # (t, x, y) -> the gradient that step t uses
Row = tuple[Any, ...]  # the gradient used (x, y), then after the step: x, y, state of x, state of y


def descend(
    surface: str | Surface,
    optimizers: Sequence[OptimizerSpec] | OptimizerSpec,
    start: tuple[float, float] | None = None,
    steps: int = 500,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
) -> Comparison:
    """Run optimizers from the same start on a surface and return their trajectories side by side.

    Problem: see, step for step, what torch.optim would do on a loss of two weights.
    Formula: theta_{t+1} = theta_t - update(gradient(theta_t)), with each optimizer's own update.

    Arguments: `surface`, a name or what optim_viz.surface returns; `optimizers`, one spec or several; `start`, (x, y)
    inside the region drawn, the surface's own if left out; `steps`, 1 to 100,000; `noise`, standard deviation (in units
    of the gradient) of seeded Gaussian noise added to every gradient, the same draws for every optimizer;
    `batch_size`, examples per mini-batch on a finite-sum surface; `seed`, of all draws.
    Raises SpecError, one sentence that names the value and what is allowed. Divergence is an Outcome, not an error.

    >>> from optim_viz import optimizer
    >>> c = descend("quadratic", [optimizer("sgd", lr=0.1)], start=(1.0, 1.0), steps=100)
    >>> c["sgd"].status
    'reached (0, 0) at step 47'

    Reference: Bottou, Curtis & Nocedal, Optimization Methods for Large-Scale Machine Learning (2018).
    """
    return run(check(surface, optimizers, start, steps, noise, batch_size, seed))


def check(
    surface: str | Surface,
    optimizers: Sequence[OptimizerSpec] | OptimizerSpec,
    start: tuple[float, float] | None = None,
    steps: int = 500,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
) -> DescentSpec:
    """Return the arguments of `descend` as a checked, frozen spec, or raise a SpecError."""
    surface = surface if isinstance(surface, Surface) else find_surface(surface)
    specs = (optimizers,) if isinstance(optimizers, OptimizerSpec) else tuple(optimizers)
    if not specs:
        raise SpecError("Choose at least one optimizer.")
    for spec in specs:
        _check_scale(spec)
    if number(noise, "noise") < 0:
        raise SpecError(f"noise must be at least 0; got {noise!r}.")
    return DescentSpec(
        surface,
        specs,
        check_start(surface, start),
        whole(steps, "steps", 1, MAX_STEPS),
        float(noise),
        batch_size,
        whole(seed, "seed", 0, 2**32 - 1),
    )


def check_start(surface: Surface, start: Any) -> tuple[float, float]:
    """Return `start` as two floats inside the surface's bounds, or raise a SpecError."""
    if start is None:
        return surface.start
    x0, x1, y0, y1 = surface.bounds
    try:
        x, y = start
    except (TypeError, ValueError):
        raise SpecError(f"start must be two numbers (x, y); got {start!r}.") from None
    point = (number(x, "start x"), number(y, "start y"))
    if not surface.contains(point):
        raise SpecError(
            f"start ({point[0]:g}, {point[1]:g}) lies outside the plane drawn: x must be from {x0:g} to {x1:g} "
            f"and y from {y0:g} to {y1:g}."
        )
    return point


def _check_scale(spec: OptimizerSpec) -> None:
    scale = spec.lr_scale
    if scale is not None and not (len(scale) == 2 and all(isinstance(s, float) for s in scale)):
        raise SpecError(f"{spec.kind}: lr_scale on a surface is two factors, one for x and one for y; got {scale!r}.")


def run(spec: DescentSpec) -> Comparison:
    """Run a checked spec."""
    labels = unique_labels(spec.optimizers)
    return Comparison(spec, tuple(_run_one(spec, o, label) for o, label in zip(spec.optimizers, labels, strict=True)))


def _run_one(spec: DescentSpec, optimizer: OptimizerSpec, label: str) -> Trajectory:
    """One run on Python floats, from spec to trajectory."""
    functions = compiled(spec.surface)
    names = OPTIMIZERS[optimizer.kind].state_names(optimizer.hyperparameters)
    noise = draws(spec)
    oracles = (noisy(functions.float_gradient, noise), noisy(functions.gradient, noise))
    rows = float_rows(optimizer, oracles, rates(optimizer, spec.steps), spec.start)
    points, gradients, state = _columns(rows, spec.start, spec.steps, names)
    gradients[-1] = functions.gradients(*points[-1])
    losses = functions.values(*points.T)
    _mask(points, gradients, state, losses)
    lrs = np.array(rates(optimizer, spec.steps + 1, scaled=False))[:, 0]
    return Trajectory(optimizer, label, points, losses, gradients, state, lrs, **judge(spec.surface, points, losses))


def draws(spec: DescentSpec) -> np.ndarray | None:
    """The noise of every step, float64 [steps, 2], the same for every optimizer; None without noise."""
    if spec.noise == 0.0:
        return None
    return np.random.default_rng(spec.seed).normal(0.0, spec.noise, (spec.steps, 2))


def noisy(gradient: Oracle, noise: np.ndarray | None) -> Oracle:
    """Return `gradient` with row t - 1 of `noise` added at step t."""
    if noise is None:
        return gradient
    table = noise.tolist()

    def oracle(t: int, x: Any, y: Any) -> tuple[Any, Any]:
        gx, gy = gradient(t, x, y)
        nx, ny = table[t - 1]
        return gx + nx, gy + ny

    return oracle


def rates(optimizer: OptimizerSpec, steps: int, scaled: bool = True) -> list[tuple[float, float]]:
    """The learning rate of x and of y for every step."""
    lr = float(optimizer["lr"])
    sx, sy = optimizer.lr_scale if scaled and optimizer.lr_scale else (1.0, 1.0)
    return [(lr * float(sx), lr * float(sy))] * steps  # type: ignore[arg-type]


def float_rows(
    optimizer: OptimizerSpec,
    oracles: tuple[Oracle, Oracle],
    lrs: Iterable[tuple[float, float]],
    start: tuple[float, float],
) -> list[Row]:
    """Run one optimizer on Python floats; where those raise, go on with NumPy scalars until nothing is finite.

    `oracles` are the gradient on floats and on NumPy values.
    """
    values = optimizer.hyperparameters
    row = OPTIMIZERS[optimizer.kind]
    kept = len(row.state_names(values))
    fresh: Row = (0.0, 0.0, *start, *(0.0,) * (2 * kept))
    rows: list[Row] = []
    steps = iter(lrs)
    try:
        # Rules treat their first step apart, so it is taken by itself; the others run in one traced loop.
        lr = next(steps)
        rows.append(_single_row(oracles[0], row.build(values), 1, lr, fresh))
        without_lr = tuple(pair for pair in optimizer.values if pair[0] != "lr")
        loop(optimizer.kind, without_lr)(oracles[0], steps, rows.append, 2, *rows[0][2:])
    except FLOAT_ERRORS:
        rest = itertools.islice(lrs, len(rows), None)
        rows += _scalar_rows(oracles[1], row.build(values, np), rest, rows or [fresh], len(rows))
    return rows


def _single_row(gradient: Oracle, step: Step, t: int, lr: tuple[float, float], before: Row) -> Row:
    """One step from row `before`."""
    _, _, x, y, *state = before
    half = len(state) // 2
    gx, gy = gradient(t, x, y)
    x, sx = step(t, lr[0], x, gx, tuple(state[:half]))
    y, sy = step(t, lr[1], y, gy, tuple(state[half:]))
    return gx, gy, x, y, *sx, *sy


def _scalar_rows(
    gradient: Oracle, step: Step, lrs: Iterable[tuple[float, float]], rows: list[Row], done: int
) -> Iterator[Row]:
    """Go on after `rows` with NumPy scalars, which overflow to inf, until a point or gradient is not finite."""
    row = tuple(map(np.float64, rows[-1]))
    with np.errstate(all="ignore"):
        for t, lr in enumerate(lrs, done + 1):
            row = _single_row(gradient, step, t, lr, row)
            yield row
            if not np.isfinite(row[:4]).all():
                return


def _columns(
    rows: list[Row], start: tuple[float, float], steps: int, names: tuple[str, ...]
) -> tuple[np.ndarray, np.ndarray, dict[str, np.ndarray]]:
    """Turn rows into points, gradients and state arrays of steps + 1 rows, NaN where a run ended early."""
    width, done = 4 + 2 * len(names), len(rows)
    table = np.full((steps + 2, width), np.nan)
    flat = itertools.chain.from_iterable(rows)
    table[1 : done + 1] = np.fromiter(flat, float, done * width).reshape(done, width)
    table[0], table[0, 2:4] = 0.0, start
    states = table[:-1, 4:].reshape(steps + 1, 2, len(names))
    return table[:-1, 2:4].copy(), table[1:, :2].copy(), {n: states[:, :, i].copy() for i, n in enumerate(names)}


def array_steps(
    functions: Compiled,
    optimizer: OptimizerSpec,
    starts: np.ndarray,
    lrs: Iterable[tuple[Any, Any]],
    changed: Mapping[str, np.ndarray] | None = None,
    noise: np.ndarray | None = None,
) -> Iterator[tuple[np.ndarray, np.ndarray, tuple[Any, ...]]]:
    """Run one optimizer from many starts at once on NumPy arrays; yield (gradient, theta, state) of every step.

    `starts` is float64 [n, 2]; `changed` replaces hyperparameters by float64 [n], one value a run; every array
    yielded is [2, n], x in row 0. Overflow becomes inf and NaN. The arrays yielded are fresh at every step.
    """
    values = {**optimizer.hyperparameters, **(changed or {})}
    row = OPTIMIZERS[optimizer.kind]
    step, gradient = row.build(values, np), noisy(functions.gradient, noise)
    theta = np.array(starts, float).T
    state: tuple[Any, ...] = tuple(np.zeros_like(theta) for _ in row.state_names(optimizer.hyperparameters))
    for t, (lrx, lry) in enumerate(lrs, 1):
        with np.errstate(all="ignore"):
            g = np.stack([np.broadcast_to(part, theta.shape[1:]) for part in gradient(t, theta[0], theta[1])])
            lr = lrx if lrx is lry else np.stack(np.broadcast_arrays(lrx, lry)).reshape(2, -1)
            theta, state = step(t, lr, theta, g, state)
        yield g, theta, state


def _mask(points: np.ndarray, gradients: np.ndarray, state: dict[str, np.ndarray], losses: np.ndarray) -> None:
    """From the first row that is not finite on, write NaN (losses: inf): after that nothing means anything."""
    sound = np.isfinite(losses) & np.isfinite(points).all(1) & np.isfinite(gradients).all(1)
    if not sound.all():
        first = int(np.argmin(sound))
        points[first:] = gradients[first:] = np.nan
        losses[first:] = np.inf
        for values in state.values():
            values[first:] = np.nan
