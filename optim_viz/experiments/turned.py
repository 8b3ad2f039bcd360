"""A comparison with what was turned by hand in the browser: its values, checked like any that are typed.

They come from a page that anybody can change, so that nothing of them is taken for granted.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import replace
from typing import Any

from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.study import Study
from optim_viz.language import N_
from optim_viz.optimizers.clipping import CLIPPING
from optim_viz.optimizers.schedules import schedule
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import DescentSpec, OptimizerSpec, ScheduleSpec, SpecError, Surface, quoted, unique_labels
from optim_viz.surfaces import descent
from optim_viz.surfaces.surface import surface


def turned(asked: Fair[DescentSpec], shown: DescentSpec, values: Any) -> Fair[DescentSpec]:
    """Return what is asked for now: `asked`, which is shown as `shown`, with the numbers `values` of the player.

    Whoever turns a learning rate that was chosen by a rule for all takes it into his own hand: then the comparison is
    as set, with the rates that were shown.

    Arguments: `values`, what the player sends: start, steps, noise, seed, parameters, and the numbers of every run.
    Raises SpecError where anything is missing or out of its range.

    >>> from optim_viz import optimizer
    >>> spec = descent.check("quadratic", optimizer("sgd", lr=0.1), steps=20)
    >>> runs = [{"id": "sgd", "values": {"lr": 0.2}, "schedule_values": {}}]
    >>> given = {"start": [1, 1], "steps": 30, "noise": 0, "seed": 0, "parameters": {}, "runs": runs}
    >>> turned(Fair(spec), spec, given).spec.optimizers[0]["lr"]
    0.2
    """
    given = _mapping(values, N_("The player's values"))
    runs = given.get("runs")
    if not isinstance(runs, list) or len(runs) != len(shown.optimizers):
        raise SpecError("The player has other optimizers than this page: got {runs}.", runs=quoted(runs))
    mine = [_optimizer(spec, _mapping(run, N_("A run"))) for spec, run in zip(shown.optimizers, runs, strict=True)]
    ruled = asked.mode and mine == list(shown.optimizers)
    spec = descent.check(
        _surface(asked.spec.surface, _mapping(given.get("parameters", {}), "parameters")),
        asked.spec.optimizers if ruled else mine,
        given.get("start"),
        given.get("steps", shown.steps),
        given.get("noise", shown.noise),
        shown.batch_size,
        given.get("seed", shown.seed),
        given.get("drawn", shown.drawn),
    )
    return Fair(spec, asked.mode if ruled else "")


def turned_study(study: Study, labels: Sequence[str], values: Any) -> Study:
    """Return a study with the numbers `values` that were turned under its picture, which runs the optimizers `labels`.

    Raises SpecError where anything is missing or out of its range.

    >>> from optim_viz.experiments.study_views import VIEWS
    >>> runs = [{"id": "momentum", "values": {"dampening": 0.1}}]
    >>> given = {"start": [1, 2], "steps": 60, "noise": 0, "seed": 0, "parameters": {}, "runs": runs}
    >>> turned_study(VIEWS["map"].opens, ["momentum"], given).descent.optimizers[0]["dampening"]
    0.1
    """
    given = _mapping(values, N_("The player's values"))
    runs = given.get("runs")
    if not isinstance(runs, list) or len(runs) != len(labels):
        raise SpecError("The picture has other optimizers than this page: got {runs}.", runs=quoted(runs))
    named, all_ = dict(zip(labels, runs, strict=True)), study.descent.optimizers
    whole = {**given, "runs": [named.get(label, {}) for label in unique_labels(all_)]}
    return replace(study, descent=turned(Fair(study.descent), study.descent, whole).spec)


def _mapping(value: Any, what: str) -> Mapping[str, Any]:
    if not isinstance(value, Mapping):
        raise SpecError("{what} must be names with numbers; got {value}.", what=what, value=quoted(value))
    return value


def _surface(now: Surface, parameters: Mapping[str, Any]) -> Surface:
    """A typed function with other parameters."""
    if not now.parameters:
        return now
    kept = {name: parameters.get(name, value) for name, value in now.parameters}
    return surface(now.expression, bounds=now.bounds, **kept)


def _optimizer(now: OptimizerSpec, run: Mapping[str, Any]) -> OptimizerSpec:
    """One optimizer with other numbers; one that the player cannot run stays as it is."""
    if not run.get("values"):
        return now
    numbers = _mapping(run["values"], N_("The numbers of a run"))
    before = {row.name: 0.0 for row in CLIPPING} | dict(now.clip) | now.hyperparameters
    own = {name: numbers.get(name, value) for name, value in before.items()}
    plan = _schedule(now.schedule, _mapping(run.get("schedule_values", {}), N_("The numbers of a schedule")))
    made = optimizer(now.kind, schedule=plan, label=now.label, **own)
    return replace(made, lr_scale=now.lr_scale)


def _schedule(now: ScheduleSpec | None, numbers: Mapping[str, Any]) -> ScheduleSpec | None:
    return now and schedule(now.kind, **{name: numbers.get(name, value) for name, value in now.values})
