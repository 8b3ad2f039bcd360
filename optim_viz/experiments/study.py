"""A study: what the Tune page is asked for, as one frozen value, and the sweeps that it stands for."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from optim_viz.network import digits, rate_sweep
from optim_viz.network.rate_sweep import TrainSweepSpec
from optim_viz.optimizers.specs import has_rule, hyperparameter, optimizer, with_values
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.settings import limit
from optim_viz.spec import DescentSpec, OptimizerSpec, SpecError, Surface, SweepSpec, nearest, number, whole
from optim_viz.surfaces import descent
from optim_viz.sweeps import basins, sweep
from optim_viz.sweeps.sweep import STARTS
from optim_viz.sweeps.tuning import second_knob

#: Name of a view -> what people read, the most optimizers it shows, and how many points a side it may have.
VIEWS: dict[str, tuple[str, int, tuple[int, ...]]] = {
    "rates": ("Learning rate", 6, (31, 61, 121, 241)),
    "map": ("Map", 6, (16, 32, 64, 128, 256)),
    "basins": ("Basins", 4, (32, 64, 96, 128, 256)),
    "network": ("Network", 4, (5, 9, 13, 17)),
}
MEASURES = {"loss": "Final loss", "steps": "Steps to arrive"}
MAX_SEEDS, MAX_EPOCHS = 25, 5
#: What bounds the steps of all runs of a picture: two cores take 25 million a second, or 500 of trainings.
BUDGET, NETWORK_BUDGET = "sweep_steps", "sweep_training_steps"
LOW, HIGH = 1e-12, 1e6


@dataclass(frozen=True)
class Axis:
    """One axis of a map: a hyperparameter, or x or y of the start, and the values at its ends."""

    name: str
    low: float
    high: float


@dataclass(frozen=True)
class Study:
    """What the Tune page is asked for."""

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
    def shown(self) -> tuple[OptimizerSpec, ...]:
        """The optimizers that the view has room for."""
        return self.descent.optimizers[: VIEWS[self.view][1]]

    @property
    def swept(self) -> tuple[OptimizerSpec, ...]:
        """Of the optimizers shown, those whose runs on a surface are one batch."""
        return tuple(o for o in self.shown if has_rule(o))

    @property
    def mapped(self) -> OptimizerSpec:
        """The optimizer whose map it is."""
        return self.descent.optimizers[min(self.which, len(self.descent.optimizers) - 1)]


def axis_names(spec: OptimizerSpec) -> list[str]:
    """Return what a map of an optimizer may have as axes: its hyperparameters that are numbers, x and y.

    >>> axis_names(optimizer("sgd"))
    ['lr', 'weight_decay', 'x', 'y']
    """
    knobs = [h.name for h in OPTIMIZERS[spec.kind].hyperparameters if h.scale in ("log", "linear")]
    return [*knobs, *STARTS]


def is_log(spec: OptimizerSpec, name: str) -> bool:
    """Whether an axis is logarithmic: that of a hyperparameter whose slider is."""
    return name not in STARTS and hyperparameter(spec.kind, name).scale == "log"


def whole_axis(spec: OptimizerSpec, surface: Surface, name: str) -> Axis:
    """Return the axis of a hyperparameter over all of its slider, or of x or y over the region drawn."""
    if name in STARTS:
        ends = surface.bounds[2 * STARTS.index(name) :][:2]
        return Axis(name, *ends)
    knob = hyperparameter(spec.kind, name)
    # An end that may not be reached itself is kept off by a hundredth.
    open_end = knob.open_low and knob.scale == "linear" and knob.low <= knob.minimum
    low = knob.low + 0.01 if open_end else knob.low
    return Axis(name, float(low), float(knob.high))


def natural_axes(spec: OptimizerSpec, surface: Surface) -> tuple[Axis, Axis]:
    """Return the axes a map opens with: the learning rate, and momentum, beta1 or whatever comes next.

    >>> from optim_viz.surfaces.table import SURFACES
    >>> [axis.name for axis in natural_axes(optimizer("adam"), SURFACES["quadratic"])]
    ['lr', 'beta1']
    """
    second = second_knob(spec) or next(name for name in axis_names(spec) if name != "lr")
    return whole_axis(spec, surface, "lr"), whole_axis(spec, surface, second)


def fitting(study: Study) -> Study:
    """Return `study` with axes that the optimizer of its map has."""
    names = axis_names(study.mapped)
    if study.x.name in names and study.y.name in names:
        return study
    x, y = natural_axes(study.mapped, study.descent.surface)
    return replace(study, x=x, y=y)


def check_axis(spec: OptimizerSpec, name: str, low: object, high: object) -> Axis:
    """Return an axis whose ends rise, or raise a SpecError."""
    if name not in axis_names(spec):
        raise SpecError(f"{spec.kind} has no axis {name!r}; {nearest(name, axis_names(spec))}")
    a, b = number(low, f"{name} from"), number(high, f"{name} to")
    if not a < b or (is_log(spec, name) and a <= 0.0):
        above = " above 0" if is_log(spec, name) else ""
        raise SpecError(f"The axis {name!r} must rise from one number{above} to a larger one; got {a:g} to {b:g}.")
    return Axis(name, a, b)


def check_rates(low: object, high: object) -> tuple[float, float]:
    """Return the ends of the learning rates, or raise a SpecError."""
    a, b = number(low, "learning rates from"), number(high, "learning rates to")
    if not LOW <= a < b <= HIGH:
        raise SpecError(f"Learning rates must rise, within {LOW:g} to {HIGH:g}; got {a:g} to {b:g}.")
    return a, b


def check(study: Study) -> Study:
    """Return `study` if it can be run, or raise a SpecError that names what is wrong."""
    if study.view not in VIEWS:
        raise SpecError(f"Unknown view {study.view!r}; {nearest(study.view, VIEWS)}")
    if study.measure not in MEASURES:
        raise SpecError(f"Unknown measure {study.measure!r}; {nearest(study.measure, MEASURES)}")
    whole(study.resolution, "resolution", 2, VIEWS[study.view][2][-1])
    whole(study.seeds, "seeds", 1, MAX_SEEDS)
    whole(study.epochs, "epochs", 1, MAX_EPOCHS)
    whole(study.which, "which", 0, 100)
    check_rates(*study.rates)
    if study.view == "map" and study.x.name == study.y.name:
        raise SpecError(f"The two axes of a map must differ; both are {study.x.name!r}.")
    cost, most = cost_of(study), limit(NETWORK_BUDGET if study.view == "network" else BUDGET)
    if cost > most:
        raise SpecError(f"This picture takes {cost:,} steps; at most {most:,}. Fewer points, steps or seeds will do.")
    return study


def cost_of(study: Study) -> int:
    """How many optimizer steps a study takes, all its runs together."""
    if study.view == "network":
        spec = training_of(study)
        return len(spec.tasks) * spec.network.epochs * steps_per_epoch(spec)
    return sum(one.steps_in_all for one in sweeps_of(study))


def steps_per_epoch(spec: TrainSweepSpec) -> int:
    """Steps of one epoch."""
    return math.ceil(len(digits.load(spec.network.data).train_y) / spec.network.batch_size)


def values(axis: Axis, log: bool, count: int) -> np.ndarray:
    """The values of an axis, float64 [count]."""
    return np.geomspace(axis.low, axis.high, count) if log else np.linspace(axis.low, axis.high, count)


def sweeps_of(study: Study) -> tuple[SweepSpec, ...]:
    """Return the checked sweeps of a study on a surface: one, or one an optimizer."""
    d, n = study.descent, study.resolution
    some = study.swept or study.shown  # if all must be left out, the check says why
    if study.view == "basins":
        return tuple(basins.check(d.surface, o, n, d.steps, d.noise, d.batch_size, d.seed) for o in some)
    rest = (d.start, d.steps, d.noise, d.batch_size, d.seed, study.seeds)
    if study.view == "map":
        spec = study.mapped
        axes = {axis.name: values(axis, is_log(spec, axis.name), n) for axis in (study.x, study.y)}
        return (sweep.check(d.surface, spec, axes, *rest, study.tolerance),)
    lrs = np.geomspace(*study.rates, n)
    return tuple(sweep.check(d.surface, o, {"lr": lrs}, *rest) for o in some)


def training_of(study: Study) -> TrainSweepSpec:
    """Return the checked sweep of a study on the network."""
    lrs = [float(f"{lr:.3g}") for lr in np.geomspace(*study.rates, study.resolution)]
    bare = tuple(replace(o, lr_scale=()) for o in study.shown)  # factors on x and y mean nothing to layers
    return rate_sweep.check(bare, lrs, study.epochs, study.seeds, seed=study.descent.seed)


def _preset(view: str, surface: str, specs: tuple[OptimizerSpec, ...], steps: int, points: int) -> Study:
    return Study(view, descent.check(surface, specs, steps=steps), points)


_LEARNING = (optimizer("sgd"), optimizer("momentum"), optimizer("adam"))
#: What each view opens with: something that it teaches at a glance.
PRESETS: dict[str, Study] = {
    "rates": _preset("rates", "rosenbrock", _LEARNING, 500, 121),
    "map": _preset("map", "quadratic", (optimizer("momentum"),), 50, 64),
    "basins": _preset(
        "basins",
        "himmelblau",
        (optimizer("sgd", lr=0.01), optimizer("momentum", lr=0.01), optimizer("adam", lr=0.1)),
        300,
        96,
    ),
    "network": replace(_preset("network", "rosenbrock", _LEARNING, 500, 9), rates=(1e-4, 1.0)),
}


def turned_to(study: Study, view: str) -> Study:
    """Return what another view opens with after `study`: its preset, unless something was set; that goes along."""
    preset = PRESETS[view]
    if study == PRESETS[study.view]:
        return preset
    trained = "network" in (study.view, view)
    changed = replace(study, view=view, resolution=preset.resolution, rates=preset.rates if trained else study.rates)
    if view == "map" and {study.x.name, study.y.name} - set(axis_names(study.mapped)):
        with_two = [i for i, o in enumerate(study.descent.optimizers) if second_knob(o)]
        changed = replace(changed, which=with_two[0] if with_two else 0)
    return fitting(changed)


def headline(study: Study, clicked: bool = True) -> tuple[str, str]:
    """Return the title of a picture and the sentence that says what a point of it is.

    `clicked` is whether a click on a point does something where the picture stands.

    >>> headline(PRESETS["basins"])[0]
    'Basins of Himmelblau'
    """
    d = study.descent
    steps, play = f"{d.steps:,} steps", " Click one to play it in Compare." if clicked else ""
    seeds = f", the median of {study.seeds}" if study.seeds > 1 and (d.noise or d.batch_size) else ""
    left = dict.fromkeys(OPTIMIZERS[o.kind].title for o in study.shown if o not in study.swept)
    out = f" Left out is {', '.join(left)}: torch runs it, one run after the other." if left else ""
    if study.view == "network":
        count, epochs = len(training_of(study).tasks), f"{study.epochs} epoch{'s' * (study.epochs > 1)}"
        budget = f" of at most {limit(NETWORK_BUDGET):,}. Click one to play it in Network." if clicked else "."
        return "Learning rates on the digits' MLP", (
            f"Every point is a whole training of {epochs}: {count} trainings, {cost_of(study):,} steps{budget}"
        )
    titles = {
        "rates": (f"Learning rates on {d.surface.title}", f"Every point is a whole run of {steps}{seeds}.{play}{out}"),
        "map": (
            f"{OPTIMIZERS[study.mapped.kind].title} on {d.surface.title}",
            f"Every cell is a whole run of {steps}{seeds}.{play}",
        ),
        "basins": (
            f"Basins of {d.surface.title}",
            f"Every start has the colour of the minimum that a run of {steps} from it reaches.{play}{out}",
        ),
    }
    return titles[study.view]


def one_run(spec: SweepSpec, cell: tuple[int, ...]) -> DescentSpec:
    """Return the comparison that shows one cell of a sweep: its optimizer with those values, from that start."""
    named = {name: axis[i] for (name, axis), i in zip(spec.axes, cell, strict=True)}
    start = (named.pop("x", spec.start[0]), named.pop("y", spec.start[1]))
    single = with_values(spec.optimizer, named)
    return DescentSpec(spec.surface, (single,), start, spec.steps, spec.noise, spec.batch_size, spec.seed)
