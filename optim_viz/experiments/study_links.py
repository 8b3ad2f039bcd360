"""A study as a link and back, and the links from its pictures to the pages that show one run."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import replace
from typing import Any

from optim_viz.experiments import study as studies
from optim_viz.experiments.links import Query, read_descent, write_descent, write_network
from optim_viz.experiments.study import MEASURES, PRESETS, VIEWS, Axis, Study
from optim_viz.network.rate_sweep import Task, TrainSweepSpec
from optim_viz.spec import DescentSpec, SpecError, nearest, number, whole

FIRST = next(iter(VIEWS))


def _ends(text: str, count: int) -> list[str]:
    parts = text.split("~")
    if len(parts) != count:
        raise SpecError(f"{count} values joined by ~ are needed; got {text!r}.")
    return parts


def _one_of(table: Mapping[str, Any], text: str) -> str:
    if text not in table:
        raise SpecError(f"Unknown {text!r}; {nearest(text, table)}")
    return text


def _axis(study: Study, text: str) -> Axis:
    return studies.check_axis(study.mapped, *_ends(text, 3))


def _tolerance(text: str) -> float:
    share = number(text, "tolerance")
    if not 0.0 < share < 1.0:
        raise SpecError(f"tolerance must be above 0 and below 1; got {text!r}.")
    return share


#: Key of a link -> field of a Study, how it is read, how it is written. Read in this order.
_KEYS: dict[str, tuple[str, Callable[[Study, str], Any], Callable[[Any], str]]] = {
    "n": ("resolution", lambda s, text: whole(text, "n", 2, VIEWS[s.view][2][-1]), str),
    "seeds": ("seeds", lambda s, text: whole(text, "seeds", 1, studies.MAX_SEEDS), str),
    "rates": ("rates", lambda s, text: studies.check_rates(*_ends(text, 2)), lambda ends: "~".join(map(repr, ends))),
    "which": ("which", lambda s, text: whole(text, "which", 0, len(s.descent.optimizers) - 1), str),
    "x": ("x", _axis, lambda axis: f"{axis.name}~{axis.low!r}~{axis.high!r}"),
    "y": ("y", _axis, lambda axis: f"{axis.name}~{axis.low!r}~{axis.high!r}"),
    "measure": ("measure", lambda s, text: _one_of(MEASURES, text), str),
    "tol": ("tolerance", lambda s, text: _tolerance(text), repr),
    "epochs": ("epochs", lambda s, text: whole(text, "epochs", 1, studies.MAX_EPOCHS), str),
}
#: The keys of each view.
_SHOWN = {
    "rates": ("n", "seeds", "rates"),
    "map": ("n", "seeds", "which", "x", "y", "measure", "tol"),
    "basins": ("n",),
    "network": ("n", "seeds", "rates", "epochs"),
}


def read_study(query: Mapping[str, list[str]], default: Study) -> tuple[Study, list[str]]:
    """Return the study that a link's query describes, the view's preset where it is silent, and what was dropped."""
    notes: list[str] = []
    if "view" in query:
        try:
            default = PRESETS[_one_of(VIEWS, query["view"][-1])]
        except SpecError as error:
            notes.append(f"The link's view was dropped: {error}")
    elsewhere = {key: texts for key, texts in query.items() if key not in _KEYS and key != "view"}
    asked, dropped = read_descent(elsewhere, default.descent)
    study, shown = replace(default, descent=asked), _SHOWN[default.view]
    for key, (field, read, _) in _KEYS.items():
        try:
            if key in query and key not in shown:
                raise SpecError(f"the view {VIEWS[default.view][0]!r} has none.")
            if key in query:
                study = replace(study, **{field: read(study, query[key][-1])})
        except SpecError as error:
            dropped.append(f"The link's {key} was dropped: {error}")
        if key == "which" and key in shown:  # the axes that follow, and those left out, are those of this optimizer
            study = studies.fitting(study)
    return studies.fitting(study) if "which" in shown else study, notes + dropped


def write_study(study: Study, whole: bool = False) -> Query:
    """Return the query of a study; what its view does not show stays out, and unless it is `whole`, what equals its
    preset."""
    preset = PRESETS[study.view]
    asked = study.descent
    if study.view == "network":
        asked = replace(preset.descent, optimizers=asked.optimizers, seed=asked.seed)
    if study.view == "basins":
        asked = replace(asked, start=asked.surface.start)
    query = {"view": [study.view]} if study.view != FIRST or whole else {}
    query |= write_run(asked) if whole else write_descent(asked, preset.descent)
    silent = replace(studies.fitting(replace(preset, descent=study.descent, which=study.which)), which=preset.which)
    for key in _SHOWN[study.view]:
        field, _, write = _KEYS[key]
        if whole or getattr(study, field) != getattr(silent, field):
            query[key] = [write(getattr(study, field))]
    return query


def write_run(spec: DescentSpec) -> Query:
    """Return the query with which Compare shows exactly `spec`, whatever Compare opens with: nothing stays out."""
    nothing = replace(spec, surface=replace(spec.surface, name=""), optimizers=(), steps=0, noise=-1.0, seed=-1)
    return write_descent(spec, nothing)


def write_training(spec: TrainSweepSpec, task: Task) -> Query:
    """Return the query with which Network shows one training of a sweep."""
    single = spec.training(task)
    nothing = replace(
        single, optimizers=(), epochs=0, batch_size=0, hidden=(), final_relu=not single.final_relu, seed=-1, seeds=0
    )
    return write_network(single, nothing)
