"""The VIEWS table, one row a view of Tune; and a study checked by its view's row: what it runs, its cost, its words."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from optim_viz.experiments.fairness import epochs_told
from optim_viz.experiments.singles_cost import check_singles, check_trainings, singles
from optim_viz.experiments.study import MAX_EPOCHS, MEASURES, Study, axis_names, check_rates, natural_axes, values
from optim_viz.experiments.study_runs import RunSweep, Work, run_trainings
from optim_viz.language import N_
from optim_viz.network import rate_sweep, train
from optim_viz.network.rate_sweep import TrainSweepSpec
from optim_viz.optimizers.specs import looks, optimizer, takes_lr
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.settings import limit
from optim_viz.spec import DescentSpec, OptimizerSpec, SpecError, SweepSpec, one_of, unique_labels, whole
from optim_viz.surfaces import descent
from optim_viz.sweeps import basins, sweep
from optim_viz.sweeps.tuning import second_knob

SAME_AXES = N_("The two axes of a map must differ; both are {name!r}.")
#: Sweeps by the label of whatever they sweep over.
Sweeps = Mapping[str, SweepSpec | TrainSweepSpec]


@dataclass(frozen=True)
class View:
    """One row: what a view of Tune opens with, what it shows, and how it is run.

    `keys` are those of a link that the view shows. `title` and `sentence` are templates of CheckedStudy's.
    """

    name: str  # as the link writes it
    tab: str  # as people read it
    points: str  # what `resolution` counts, in words
    resolutions: tuple[int, ...]
    opens: Study  # something that it teaches at a glance
    keys: tuple[str, ...]
    title: str
    sentence: str
    sweeps: Callable[[Study], Sweeps]  # checked
    run_sweep: RunSweep
    optimizers: int = 6  # the most that it shows
    seeds: int = 25  # the most runs of each
    budget: str = "sweep_steps"  # what bounds the steps of all runs: two cores take 25 million a second
    trains: bool = False  # trainings take their time: they wait in a line of their own, and those done are drawn
    page: str = N_("Compare")  # where one point is played

    @property
    def place(self) -> str:
        """Where its optimizers run, one of trials.PLACES."""
        return "network" if self.trains else "surface"


@dataclass(frozen=True)
class CheckedStudy:
    """A study that can be run, with all that its view's row makes of it."""

    study: Study
    labels: tuple[str, ...]  # one a sweep
    work: Work
    cost: int  # optimizer steps, all runs together
    title: str
    sentence: str  # says what a point of the picture is
    invitation: str  # the same, where a click on a point plays it

    @property
    def view(self) -> View:
        """The row of the study's view."""
        return VIEWS[self.study.view]

    @property
    def slow(self) -> bool:
        """Whether its runs take their time, one after the other: then those done are shown if it ends early."""
        return self.view.trains or bool(singles(dict(zip(self.labels, self.work.specs, strict=True))))


def shown(study: Study) -> dict[str, OptimizerSpec]:
    """Return the optimizers that the view has room for, by label."""
    specs = study.descent.optimizers[: VIEWS[study.view].optimizers]
    return dict(zip(unique_labels(specs), specs, strict=True))


def _with_rates(study: Study) -> dict[str, OptimizerSpec]:
    """Of the optimizers shown, those that take a learning rate; SpecError where there is none."""
    specs = shown(study)
    if not any(map(takes_lr, specs.values())):
        raise SpecError(
            "This picture goes over learning rates, and {names} takes none; a map goes over other numbers.",
            names=", ".join(specs),
        )
    return {label: spec for label, spec in specs.items() if takes_lr(spec)}


def _sweep(study: Study, spec: OptimizerSpec, axes: dict[str, np.ndarray], tolerance: float = 1e-3) -> SweepSpec:
    d = study.descent
    return sweep.check(d.surface, spec, axes, d.start, d.steps, d.noise, d.batch_size, d.seed, study.seeds, tolerance)


def _rate_sweeps(study: Study) -> dict[str, SweepSpec]:
    lrs = np.geomspace(*study.rates, study.resolution)
    return {label: _sweep(study, spec, {"lr": lrs}) for label, spec in _with_rates(study).items()}


def _map_sweep(study: Study) -> dict[str, SweepSpec]:
    axes = {axis.name: values(study.mapped, axis, study.resolution) for axis in (study.x, study.y)}
    all_ = study.descent.optimizers
    label = unique_labels(all_)[min(study.which, len(all_) - 1)]  # of equal ones, too
    return {label: _sweep(study, study.mapped, axes, study.tolerance)}


def _basin_sweeps(study: Study) -> dict[str, SweepSpec]:
    d = study.descent
    rest = (study.resolution, d.steps, d.noise, d.batch_size, d.seed)
    return {label: basins.check(d.surface, spec, *rest) for label, spec in shown(study).items()}


def _train_sweep(study: Study) -> dict[str, TrainSweepSpec]:
    lrs = [float(f"{lr:.3g}") for lr in np.geomspace(*study.rates, study.resolution)]
    bare = [
        replace(spec, lr_scale=()) for spec in _with_rates(study).values()
    ]  # factors on x and y mean nothing to layers
    return {"": rate_sweep.check(bare, lrs, study.epochs, study.seeds, seed=study.descent.seed)}


_LEARNING = (optimizer("sgd"), optimizer("momentum"), optimizer("adam"))
_TUNED = (optimizer("sgd", lr=0.01), optimizer("momentum", lr=0.01), optimizer("adam", lr=0.1))
_RUN = ("f", "box", "steps", "noise", "seed", "batch", "o", "n")
_ROWS = (
    View(
        name="rates",
        tab=N_("Learning rate"),
        points=N_("Learning rates tried"),
        resolutions=(31, 61, 121, 241),
        opens=Study("rates", descent.check("rosenbrock", _LEARNING), 121),
        keys=(*_RUN, "start", "seeds", "rates"),
        title=N_("Learning rates on {surface}"),
        sentence=N_("Every point is a whole run of {steps}{median}.{play}{left_out}"),
        sweeps=_rate_sweeps,
        run_sweep=sweep.run,
    ),
    View(
        name="map",
        tab=N_("Map"),
        points=N_("Cells a side"),
        resolutions=(16, 32, 64, 128, 256),
        opens=Study("map", descent.check("quadratic", optimizer("momentum"), steps=50), 64),
        keys=(*_RUN, "start", "seeds", "which", "x", "y", "measure", "tol"),
        title=N_("{mapped} on {surface}"),
        sentence=N_("Every cell is a whole run of {steps}{median}.{play}"),
        sweeps=_map_sweep,
        run_sweep=sweep.run,
    ),
    View(
        name="basins",
        tab=N_("Basins"),
        points=N_("Starts a side"),
        resolutions=(32, 64, 96, 128, 256),
        opens=Study("basins", descent.check("himmelblau", _TUNED, steps=300), 96),
        keys=_RUN,
        title=N_("Basins of {surface}"),
        sentence=N_("Every start has the colour of the minimum that a run of {steps} from it reaches.{play}"),
        sweeps=_basin_sweeps,
        run_sweep=basins.run,
        optimizers=4,
    ),
    View(
        name="network",
        tab=N_("Network"),
        points=N_("Learning rates tried"),
        resolutions=(5, 9, 13, 17),
        opens=Study("network", descent.check("rosenbrock", _LEARNING), 9, rates=(1e-4, 1.0)),
        keys=("seed", "o", "n", "seeds", "rates", "epochs"),
        title=N_("Learning rates on the digits' MLP"),
        sentence=N_(
            "Every point is a whole training of {epochs}: {trainings} trainings, {cost:,} {unit}{most}.{play}{left_out}"
        ),
        sweeps=_train_sweep,
        run_sweep=run_trainings,
        optimizers=4,
        seeds=train.MAX_SEEDS,
        budget="sweep_training_steps",
        trains=True,
        page=N_("Network"),
    ),
)
VIEWS: dict[str, View] = {row.name: row for row in _ROWS}
FIRST = _ROWS[0]


def check(study: Study) -> CheckedStudy:
    """Return `study` with what its view makes of it, or raise a SpecError that names what is wrong.

    >>> check(VIEWS["basins"].opens).title
    'Basins of Himmelblau'
    """
    view = VIEWS[one_of(study.view, VIEWS, N_("view"))]
    one_of(study.measure, MEASURES, N_("measure"))
    whole(study.resolution, "resolution", 2, view.resolutions[-1])
    whole(study.seeds, "seeds", 1, view.seeds)
    whole(study.epochs, "epochs", 1, MAX_EPOCHS)
    whole(study.which, "which", 0, 100)
    check_rates(*study.rates)
    if "x" in view.keys and study.x.name == study.y.name:
        raise SpecError(SAME_AXES, name=study.x.name)
    sweeps = view.sweeps(study)
    cost, most = sum(spec.steps_in_all for spec in sweeps.values()), limit(view.budget)
    if cost > most:
        raise SpecError(
            "This picture takes {cost:,} steps; at most {most:,}. Fewer points, steps or seeds will do.",
            cost=cost,
            most=most,
        )
    work = Work(tuple(sweeps.values()), view.run_sweep, _seconds(study, sweeps))
    return CheckedStudy(study, tuple(sweeps), work, cost, *_words(study, cost, most))


def _seconds(study: Study, sweeps: Sweeps) -> int:
    """How long a study may run, 0 where its steps alone bound it: those of a rule all take about as long."""
    points, (first, *_) = VIEWS[study.view].points, sweeps.values()
    if isinstance(first, TrainSweepSpec):
        return check_trainings(study, first, points)
    return check_singles(study, sweeps, points)


def _title(spec: OptimizerSpec) -> str:
    """What an optimizer is called in a title."""
    return OPTIMIZERS[spec.kind].title if spec.kind in OPTIMIZERS else spec.label


def _words(study: Study, cost: int, most: int) -> tuple[str, str, str]:
    """A study's title and the sentence below it, where nothing can be clicked and where a point can."""
    d, view = study.descent, VIEWS[study.view]
    swept = _with_rates(study) if "rates" in view.keys else shown(study)
    left = dict.fromkeys(_title(o) for o in shown(study).values() if o not in swept.values())
    unit = N_("steps") if all(looks(o) == 1 for o in swept.values()) else N_("gradient evaluations")
    words = {
        "surface": d.surface.title,
        "mapped": _title(study.mapped),
        "steps": N_("{count:,} steps", count=d.steps),
        "median": N_(", the median of {seeds}", seeds=study.seeds)
        if study.seeds > 1 and (d.noise or d.batch_size)
        else "",
        "epochs": epochs_told(study.epochs),
        "trainings": study.resolution * len(swept) * study.seeds,
        "cost": cost,
        "unit": unit,
        "left_out": N_(" Left out is {names}: it takes no learning rate.", names=", ".join(left)) if left else "",
    }
    clicked = {
        "most": N_(" of at most {most:,}", most=most),
        "play": N_(" Click one to play it in {page}.", page=view.page),
    }
    still = dict.fromkeys(clicked, "")
    title, said = N_(view.title, **words), view.sentence
    return title, N_(said, **words, **still), N_(said, **words, **clicked)


def seen(study: Study) -> DescentSpec:
    """Return the comparison that is swept as far as the view shows it; the rest is as it opens with."""
    keys, d = VIEWS[study.view].keys, study.descent
    if "f" not in keys:
        return replace(VIEWS[study.view].opens.descent, optimizers=d.optimizers, seed=d.seed)
    return d if "start" in keys else replace(d, start=d.surface.start)


def fitting(study: Study) -> Study:
    """Return `study` with axes that the optimizer of its map has, where its view is one."""
    if "x" not in VIEWS[study.view].keys or {study.x.name, study.y.name} <= {*axis_names(study.mapped)}:
        return study
    x, y = natural_axes(study.mapped, study.descent.surface)
    return replace(study, x=x, y=y)


def turned_to(study: Study, name: str) -> Study:
    """Return what another view opens with after `study`: its own, unless something was set; that goes along."""
    before, view = VIEWS[study.view], VIEWS[name]
    if study == before.opens:
        return view.opens
    rates = study.rates if before.trains == view.trains else view.opens.rates
    seeds = min(study.seeds, view.seeds)
    changed = replace(study, view=name, resolution=view.opens.resolution, rates=rates, seeds=seeds)
    if "x" in view.keys and {study.x.name, study.y.name} - {*axis_names(study.mapped)}:
        with_two = [i for i, o in enumerate(study.descent.optimizers) if second_knob(o)]
        changed = replace(changed, which=with_two[0] if with_two else 0)
    return fitting(changed)
