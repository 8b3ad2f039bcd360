"""The engine on surfaces: runs of several optimizers from one start, from checked spec to trajectories."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.optimizers.clipping import clipping
from optim_viz.optimizers.cycled import first_values
from optim_viz.optimizers.plateau import PlateauRates
from optim_viz.optimizers.rules import FLOATS
from optim_viz.optimizers.schedules import SCHEDULES, check_schedules, schedule_rates
from optim_viz.optimizers.specs import as_specs
from optim_viz.optimizers.table import ON_SURFACES, OPTIMIZERS, not_on_surfaces
from optim_viz.spec import (
    COORDINATES,
    DRAWN,
    LARGEST,
    SEEDS,
    DescentSpec,
    OptimizerSpec,
    SpecError,
    Surface,
    number,
    one_of,
    parts,
    quoted,
    unique_labels,
    whole,
)
from optim_viz.surfaces.closure_run import closure_run
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.float_run import columns, float_rows, forgiving
from optim_viz.surfaces.oracles import Oracle, batch_losses, oracles
from optim_viz.surfaces.outcome import judge
from optim_viz.surfaces.surface import as_surface, dataset
from optim_viz.surfaces.trajectory import Comparison, RawRun, Trajectory

MAX_STEPS = 100_000
#: What ov.optimizer returns, a name of OPTIMIZERS, or any callable params -> torch.optim.Optimizer.
AnyOptimizer = OptimizerSpec | str | Callable[..., Any]


def descend(
    surface: str | Surface,
    optimizers: Sequence[AnyOptimizer] | AnyOptimizer,
    start: tuple[float, float] | float | None = None,
    steps: int = 500,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
    drawn: str = "",
) -> Comparison:
    """Run optimizers from the same start on a surface and return their trajectories side by side.

    Problem: see, step for step, what torch.optim would do on a loss of two weights, all in float64 (docs/equal.md).
    Formula: theta_{t+1} = theta_t - update(gradient(theta_t)), with each optimizer's own update.

    Arguments: `surface`, a name or what optim_viz.surface returns; `optimizers`, one spec or several, names of
    OPTIMIZERS (at torch's defaults), or torch.optim.Optimizer factories (params -> optimizer), each stepped as its own
    documentation asks; `start`, (x, y) inside the region drawn, of a function of x alone also x, the surface's own
    if left out; `steps`, 1 to 100,000;
    `noise`, 0 to 1,000,000, standard deviation (in units of the gradient) of seeded Gaussian noise added to every
    gradient, the same draws for every optimizer;
    `batch_size`, examples per mini-batch on a finite-sum surface; `seed`, of all draws; `drawn`, how pictures of
    it are: "" (a function of x alone as a curve), "map" (as a map even so) or "equal" (a map, x and y on one scale).
    Raises SpecError, one sentence that names the value and what is allowed. Divergence is an Outcome, not an error.

    >>> from optim_viz import optimizer
    >>> c = descend("quadratic", [optimizer("sgd", lr=0.1)], start=(1.0, 1.0), steps=100)
    >>> c["sgd"].status
    'reached (0, 0) at step 47'

    Reference: Bottou, Curtis & Nocedal, Optimization Methods for Large-Scale Machine Learning (2018).
    """
    return run(check(surface, optimizers, start, steps, noise, batch_size, seed, drawn))


def check(
    surface: str | Surface,
    optimizers: Sequence[AnyOptimizer] | AnyOptimizer,
    start: tuple[float, float] | float | None = None,
    steps: int = 500,
    noise: float = 0.0,
    batch_size: int | None = None,
    seed: int = 0,
    drawn: str = "",
) -> DescentSpec:
    """Return the arguments of `descend` as a checked, frozen spec, or raise a SpecError."""
    surface = as_surface(surface)
    specs = as_specs(optimizers)
    if not specs:
        raise SpecError("Choose at least one optimizer.")
    for spec in specs:
        if spec.factory is None and spec.kind not in ON_SURFACES:
            raise SpecError(not_on_surfaces(OPTIMIZERS[spec.kind]))
        _check_scale(spec)
    count = whole(steps, "steps", 1, MAX_STEPS)
    check_schedules(specs, count)
    return DescentSpec(
        surface,
        specs,
        check_start(surface, start),
        count,
        number(noise, "noise", 0.0, LARGEST),
        None if batch_size is None else whole(batch_size, "batch_size", 1, len(dataset(surface))),
        whole(seed, "seed", 0, SEEDS - 1),
        check_drawn(surface, drawn),
    )


def check_drawn(surface: Surface, drawn: object) -> str:
    """Return `drawn`, one of DRAWN, or raise a SpecError; what is a map anyway is not asked to be one."""
    if isinstance(drawn, str) and not drawn:
        return ""
    asked = one_of(drawn, filter(None, DRAWN), N_("way of drawing"))
    return "" if asked == "map" and not surface.alone else asked


def check_start(surface: Surface, start: Any) -> tuple[float, float]:
    """Return `start` as two floats inside the surface's bounds, or raise a SpecError."""
    if start is None:
        return surface.start
    x0, x1, y0, y1 = surface.bounds
    try:
        given = (start,) if isinstance(start, int | float) else parts(start)
        x, y = (*given, surface.start[1]) if surface.alone and len(given) == 1 else given
    except (TypeError, ValueError):
        raise SpecError("start must be two numbers (x, y); got {start}.", start=quoted(start)) from None
    point = (number(x, N_("start x")), number(y, N_("start y")))
    if not surface.contains(point):
        raise SpecError(
            "start ({x:g}, {y:g}) lies outside the plane drawn: x must be from {x0:g} to {x1:g} "
            "and y from {y0:g} to {y1:g}.",
            x=point[0],
            y=point[1],
            x0=x0,
            x1=x1,
            y0=y0,
            y1=y1,
        )
    return point


def _check_scale(spec: OptimizerSpec) -> None:
    if not spec.lr_scale:
        return
    if spec.factory is not None or OPTIMIZERS[spec.kind].rule is None:
        raise SpecError(
            "{run} has one learning rate for all: lr_scale cannot be used with it.", run=spec.label or spec.kind
        )
    scale = dict(spec.lr_scale)
    if tuple(scale) != COORDINATES:
        raise SpecError(
            "{kind}: lr_scale on a surface is two factors, one for x and one for y; got {scale}.",
            kind=spec.kind,
            scale=quoted(scale),
        )


#: What torch's SGD is called where nothing is drawn, and where something is.
_METHODS = {
    "sgd": (N_("gradient descent"), "SGD"),
    "momentum": (N_("gradient descent with momentum"), N_("SGD with momentum")),
    "nesterov": (N_("gradient descent with Nesterov momentum"), N_("SGD with Nesterov momentum")),
}


def method_name(spec: DescentSpec, optimizer: OptimizerSpec) -> str:
    """What a run is to be called in a text: plain gradient descent is SGD only where something is drawn.

    >>> from optim_viz import optimizer
    >>> method_name(check("quadratic", optimizer("sgd")), optimizer("sgd"))
    'gradient descent'
    """
    stochastic = spec.noise > 0.0 or spec.batch_size not in (None, _examples(spec.surface))
    if optimizer.factory is not None or OPTIMIZERS[optimizer.kind].torch_class != "SGD":
        return optimizer.label if optimizer.factory is not None else OPTIMIZERS[optimizer.kind].title
    plain, drawn = _METHODS.get(optimizer.kind, _METHODS["sgd"])
    return drawn if stochastic else plain


def _examples(surface: Surface) -> int:
    return len(dataset(surface)) if surface.data else 0


def run(spec: DescentSpec) -> Comparison:
    """Run a checked spec."""
    labels = unique_labels(spec.optimizers)
    return Comparison(spec, tuple(_run_one(spec, o, label) for o, label in zip(spec.optimizers, labels, strict=True)))


def _run_one(spec: DescentSpec, optimizer: OptimizerSpec, label: str) -> Trajectory:
    if optimizer.factory is None:
        raw = _on_floats(spec, optimizer)
    else:
        from optim_viz.surfaces.torch_run import through_torch  # torch takes 1.8 s to import: only where it is needed

        raw = through_torch(spec, optimizer)
    return finished(spec, optimizer, label, raw)


def finished(spec: DescentSpec, optimizer: OptimizerSpec, label: str, raw: RawRun) -> Trajectory:
    """Return a run as its engine has left it, with its losses and how it ended."""
    points, gradients, state, lrs, evaluations = raw
    functions = compiled(spec.surface)
    gradients[-1] = functions.gradients(*points[-1])
    losses = functions.values(*points.T)
    _mask(points, gradients, state, losses)
    ended = judge(spec.surface, points, losses)
    return Trajectory(optimizer, label, points, losses, gradients, state, lrs, evaluations, **ended)


def _on_floats(spec: DescentSpec, optimizer: OptimizerSpec) -> RawRun:
    """One run on Python floats."""
    floats, arrays = oracles(spec)
    floats, arrays = clipping(optimizer, floats, FLOATS), clipping(optimizer, arrays, np)
    watched = _watched(optimizer, spec.steps)
    if watched is None:
        lrs, pairs = rates(optimizer, spec.steps)
        *found, evaluations = _with_rates(spec, optimizer, (floats, arrays), pairs)
    else:
        functions = compiled(spec.surface)
        pair = (watched.watching(floats, functions.float_value), watched.watching(arrays, functions.value))
        *found, evaluations = _with_rates(spec, optimizer, pair, watched)
        lrs = watched.base_rates(spec.steps + 1)
    points, gradients, state = found
    return points, gradients, state, lrs, evaluations


def _with_rates(
    spec: DescentSpec,
    optimizer: OptimizerSpec,
    gradients: tuple[Oracle, Oracle],
    lrs: list[tuple[float, float]] | PlateauRates,
) -> Any:
    """Points, gradients, state and gradient evaluations of one run whose learning rates are known."""
    row, values = OPTIMIZERS[optimizer.kind], first_values(optimizer)
    if row.closure_rule is None:
        rows = float_rows(optimizer, gradients, lrs, spec.start)
        return *columns(rows, spec.steps, row.state_names(values)), np.arange(spec.steps + 1)
    gradient, loss = forgiving(*gradients), forgiving(*batch_losses(spec))

    def see(t: int, x: float, y: float) -> tuple[float, tuple[float, float]]:
        gx, gy = gradient(t, x, y)
        return float(loss(t, x, y)), (float(gx), float(gy))

    own = {name: value for name, value in values.items() if name != "lr"}
    return closure_run(row.closure_rule(**own), see, lrs, spec.start, spec.steps)


def _watched(optimizer: OptimizerSpec, steps: int) -> PlateauRates | None:
    """The rates that watch the losses, where the optimizer's schedule is of that kind."""
    schedule = optimizer.schedule
    if schedule is None or SCHEDULES[schedule.kind].rate is not None:
        return None
    return PlateauRates(schedule, _lanes(optimizer), steps)


def _scales(optimizer: OptimizerSpec) -> tuple[float, float]:
    return optimizer.factor("x"), optimizer.factor("y")


def has_own_rates(optimizer: OptimizerSpec) -> bool:
    """Whether x or y has a learning rate of its own: a factor on the optimizer's."""
    return _scales(optimizer) != (1.0, 1.0)


def _lanes(optimizer: OptimizerSpec) -> tuple[float, float, float]:
    """The base rates: the optimizer's own, x's and y's."""
    lr, (sx, sy) = float(optimizer["lr"]), _scales(optimizer)
    return lr, lr * sx, lr * sy


def rates(optimizer: OptimizerSpec, steps: int) -> tuple[np.ndarray, list[tuple[float, float]]]:
    """The optimizer's own learning rate, float64 [steps + 1], and those of x and of y for every step."""
    lr, x, y = lanes = _lanes(optimizer)
    if optimizer.schedule is None:
        return np.full(steps + 1, lr), [(x, y)] * steps
    own, *both = schedule_rates(optimizer.schedule, np.array(lanes), steps + 1, steps).T
    return own, list(zip(*(lane[:-1].tolist() for lane in both), strict=True))


def rates_apart(run: Trajectory) -> np.ndarray | None:
    """The learning rates of x and of y in a run, float64 [steps + 1, 2]; None where they are the optimizer's own."""
    optimizer, rows = run.spec, len(run.lrs)
    if not has_own_rates(optimizer):
        return None
    lanes = np.array(_lanes(optimizer))
    watched = _watched(optimizer, rows)
    if watched is not None:
        return np.array([rates for rates, _ in zip(watched, _told(watched, run.losses), strict=True)])
    if optimizer.schedule is None:
        return np.tile(lanes[1:], (rows, 1))
    return schedule_rates(optimizer.schedule, lanes, rows, rows - 1)[:, 1:]


def _told(watched: PlateauRates, losses: np.ndarray) -> Iterator[None]:
    """Tell a schedule a run's losses one by one, as long as they are finite."""
    for t, loss in enumerate(losses.tolist(), 1):
        if np.isfinite(loss):
            watched.see(t, loss)
        yield


def _mask(points: np.ndarray, gradients: np.ndarray, state: dict[str, np.ndarray], losses: np.ndarray) -> None:
    """From the first row that is not finite on, write NaN (losses: inf): after that nothing means anything."""
    sound = np.isfinite(losses) & np.isfinite(points).all(1) & np.isfinite(gradients).all(1)
    if not sound.all():
        first = int(np.argmin(sound))
        points[first:] = gradients[first:] = np.nan
        losses[first:] = np.inf
        for values in state.values():
            values[first:] = np.nan
