"""A study: what the Tune page is asked for, as one frozen value, and the axes that it goes over."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from optim_viz.language import N_
from optim_viz.optimizers import trials
from optim_viz.optimizers.clipping import CLIPPING
from optim_viz.optimizers.cycled import cycled_of
from optim_viz.optimizers.packages import is_of_package
from optim_viz.optimizers.specs import hyperparameter, knobs_of, with_values
from optim_viz.spec import (
    DescentSpec,
    Hyperparameter,
    OptimizerSpec,
    SpecError,
    Surface,
    SweepSpec,
    nearest,
    number,
    quoted,
)
from optim_viz.sweeps.sweep import STARTS
from optim_viz.sweeps.tuning import second_knob

MEASURES = {"loss": N_("Final loss"), "steps": N_("Steps to arrive")}
MAX_EPOCHS = 5
LOW, HIGH = 1e-12, 1e6


@dataclass(frozen=True)
class Axis:
    """One axis of a map: a hyperparameter, or x or y of the start, and the values at its ends."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Study:
    """What the Tune page is asked for; `view` is a row of VIEWS."""

    view: str
    descent: DescentSpec
    resolution: int
    seeds: int = 1
    rates: tuple[float, float] = (1e-5, 10.0)  # the ends of the learning rates that curves go over
    which: int = 0  # the optimizer whose map it is
    x: Axis = Axis("lr", 1e-3, 1.0)
    y: Axis = Axis("momentum", 0.0, 0.99)
    measure: str = "loss"
    tolerance: float = 1e-3
    epochs: int = 1

    @property
    def mapped(self) -> OptimizerSpec:
        """The optimizer whose map it is."""
        return self.descent.optimizers[min(self.which, len(self.descent.optimizers) - 1)]


def axis_names(spec: OptimizerSpec) -> list[str]:
    """Return what a map of an optimizer may have as axes: its numbers, the bounds of clipping, x and y.

    What its schedule cycles is none of them.

    >>> from optim_viz import optimizer
    >>> axis_names(optimizer("sgd"))
    ['lr', 'weight_decay', 'clip_norm', 'clip_value', 'x', 'y']
    """
    known = (*knobs_of(spec.kind), *CLIPPING)
    knobs = [h.name for h in known if h.scale in ("log", "linear")]
    return [*(name for name in knobs if name != cycled_of(spec)), *STARTS]


def is_log(spec: OptimizerSpec, name: str) -> bool:
    """Whether an axis is logarithmic: that of a hyperparameter whose slider is."""
    return name not in STARTS and hyperparameter(spec.kind, name).scale == "log"


def values(spec: OptimizerSpec, axis: Axis, count: int) -> np.ndarray:
    """Return the values of an optimizer's axis, float64 [count]."""
    return (np.geomspace if is_log(spec, axis.name) else np.linspace)(axis.low, axis.high, count)


def whole_axis(spec: OptimizerSpec, surface: Surface, name: str) -> Axis:
    """Return the axis of a hyperparameter over all of its slider, or of x or y over the region drawn."""
    if name in STARTS:
        ends = surface.bounds[2 * STARTS.index(name) :][:2]
        return Axis(name, *ends)
    knob = hyperparameter(spec.kind, name)
    if is_of_package(spec.kind):
        return Axis(name, *(_allowed(spec, knob, float(end)) for end in (knob.low, knob.high)))
    # An end that may not be reached itself is kept off by a hundredth.
    open_end = knob.open_low and knob.scale == "linear" and knob.low <= knob.minimum
    low = knob.low + 0.01 if open_end else knob.low
    return Axis(name, float(low), float(knob.high))


def _allowed(spec: OptimizerSpec, knob: Hyperparameter, end: float) -> float:
    """An end of a package's axis, or what lies a hundredth inside it, or the default: the first that its class takes.

    No signature says what a class allows, so it is tried.
    """
    inside = 0.99 * end + 0.01 * float(knob.default)
    tried = (value for value in (end, inside) if not trials.refusal(with_values(spec, {knob.name: value}), "surface"))
    return next(tried, float(knob.default))


def natural_axes(spec: OptimizerSpec, surface: Surface) -> tuple[Axis, Axis]:
    """Return the axes a map opens with: the learning rate, if there is one, and momentum, beta1 or what comes next.

    >>> from optim_viz import optimizer
    >>> from optim_viz.surfaces.table import SURFACES
    >>> [axis.name for axis in natural_axes(optimizer("adam"), SURFACES["quadratic"])]
    ['lr', 'beta1']
    """
    names = axis_names(spec)
    first = "lr" if "lr" in names else names[0]
    second = next(name for name in (second_knob(spec), *names) if name not in (None, first))
    return whole_axis(spec, surface, first), whole_axis(spec, surface, second)


def check_axis(spec: OptimizerSpec, name: str, low: object, high: object) -> Axis:
    """Return an axis whose ends rise, or raise a SpecError."""
    if name not in axis_names(spec):
        raise SpecError(
            "{kind} has no axis {name}; {hint}", kind=spec.kind, name=quoted(name), hint=nearest(name, axis_names(spec))
        )
    a, b = number(low, N_("{name} from", name=name)), number(high, N_("{name} to", name=name))
    if not a < b or (is_log(spec, name) and a <= 0.0):
        log = N_("The axis {name} must rise from one number above 0 to a larger one; got {low:g} to {high:g}.",
                 name=quoted(name), low=a, high=b)  # fmt: skip
        linear = N_("The axis {name} must rise from one number to a larger one; got {low:g} to {high:g}.",
                    name=quoted(name), low=a, high=b)  # fmt: skip
        raise SpecError(log if is_log(spec, name) else linear)
    for end in (a, b) if is_of_package(spec.kind) and name not in STARTS else ():
        if error := trials.refusal(with_values(spec, {name: end}), "surface"):
            raise error
    return Axis(name, a, b)


def check_rates(low: object, high: object) -> tuple[float, float]:
    """Return the ends of the learning rates, or raise a SpecError."""
    a, b = number(low, N_("learning rates from")), number(high, N_("learning rates to"))
    if not LOW <= a < b <= HIGH:
        raise SpecError(
            "Learning rates must rise, within {low:g} to {high:g}; got {first:g} to {last:g}.",
            low=LOW,
            high=HIGH,
            first=a,
            last=b,
        )
    return a, b


def one_run(spec: SweepSpec, cell: tuple[int, ...]) -> DescentSpec:
    """Return the comparison that shows one cell of a sweep: its optimizer with those values, from that start."""
    named = spec.values_at(cell)
    start = (named.pop("x", spec.start[0]), named.pop("y", spec.start[1]))
    single = with_values(spec.optimizer, named)
    return DescentSpec(spec.surface, (single,), start, spec.steps, spec.noise, spec.batch_size, spec.seed)
