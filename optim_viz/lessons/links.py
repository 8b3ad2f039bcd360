"""A lesson as a link and back, and the links from a lesson's pictures to the pages where they can be changed.

A lesson's link is its name and the number of the picture: ?lesson=momentum&run=2, or all of them: &run=all
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from optim_viz.experiments import files
from optim_viz.experiments.links import Query
from optim_viz.language import N_, together
from optim_viz.lessons.lesson import Experiment, Lesson
from optim_viz.lessons.table import LESSONS, lesson
from optim_viz.spec import MatrixSpec, NetworkSpec, SpecError, nearest, quoted

_KEYS = ("lesson", "run")
#: What pictures are called whose names are put together.
_TABS = {"sgd_search": N_("sgd search")}


#: The number of what shows all pictures of a lesson beside each other, and what it is called in a link.
TOGETHER, _ALL = 0, "all"


@dataclass(frozen=True)
class Place:
    """Where a reader is: a lesson, and the number of its picture, from 1 on, or TOGETHER."""

    lesson: str
    run: int = 1


DEFAULT = Place(next(iter(LESSONS)))


def shown(row: Lesson) -> tuple[Experiment, ...]:
    """The experiments that a lesson shows, in order: its own, then those of its limit.

    >>> [experiment.name for experiment in shown(lesson("momentum"))]
    ['ravine', 'slope', 'zigzag', 'rings']
    """
    return (*row.experiments, *row.limit.experiments)


def write_lesson(place: Place) -> Query:
    """Return the query of a lesson; its first picture stays out.

    >>> write_lesson(Place("momentum", 2))
    {'lesson': ['momentum'], 'run': ['2']}
    """
    run = _ALL if place.run == TOGETHER else str(place.run)
    return {"lesson": [place.lesson]} | ({"run": [run]} if place.run != 1 else {})


def read_lesson(query: Mapping[str, list[str]], default: Place) -> tuple[Place, list[str]]:
    """Return the lesson that a link's query names, `default` where it is silent, and a sentence for what was dropped.

    >>> read_lesson({"lesson": ["momentum"], "run": ["7"]}, DEFAULT)[1]
    ["The link's run was dropped: momentum has pictures 1 to 4; got '7'."]
    """
    notes: list[str] = [
        N_("The link's {key} is unknown here; {hint}", key=quoted(key), hint=nearest(key, _KEYS))
        for key in query
        if key not in _KEYS
    ]
    slug = query.get("lesson", [default.lesson])[-1]
    try:
        row = lesson(slug)
    except SpecError as error:
        return default, [*notes, N_("The link's lesson was dropped: {error}", error=str(error))]
    run = query.get("run", ["1"])[-1]
    if run == _ALL:
        return Place(slug, TOGETHER), notes
    last = len(shown(row))
    if run not in map(str, range(1, last + 1)):
        said = N_("The link's run was dropped: {lesson} has pictures 1 to {last}; got {run}.",
                  lesson=slug, last=last, run=quoted(run))  # fmt: skip
        return Place(slug), [*notes, said]
    return Place(slug, int(run)), notes


def tab(row: Lesson, run: int) -> str:
    """Return the short name of a lesson's picture.

    >>> [tab(lesson("momentum"), number) for number in (1, 4, TOGETHER)]
    ['ravine', 'where it stops: rings', 'side by side']
    """
    if run == TOGETHER:
        return N_("side by side")
    experiment = shown(row)[run - 1]
    name = called(experiment)
    return N_("where it stops: {name}", name=name) if experiment in row.limit.experiments else name


def called(experiment: Experiment) -> str:
    """Return what a picture is called.

    >>> called(lesson("gradient-step")["too_far"])
    'too far'
    """
    return _TABS.get(experiment.name) or N_(experiment.name.replace("_", " "))


def opened(experiment: Experiment) -> tuple[str, Query]:
    """Return the page on which an experiment can be changed, "compare" or "network", and its query, in full.

    >>> opened(lesson("momentum")["slope"])[1]["o"]
    ['sgd~lr~0.01', 'momentum~lr~0.01']
    """
    page, query = files.link(experiment.spec)
    return page, query | ({"plane": [experiment.plane]} if experiment.plane not in ("", "pca") else {})


def left_behind(experiment: Experiment) -> str:
    """Return what the link of an experiment cannot carry, in a sentence; empty where it carries all that is drawn.

    >>> left_behind(lesson("bias-correction")["bowl"])
    '“adam, uncorrected” exists in this lesson only: the link opens the picture without it.'
    """
    if experiment.beside:
        names = together((f"“{optimizer.label}”" for optimizer in experiment.beside), "{before} and {after}")
        return N_("{names} exists in this lesson only: the link opens the picture without it.", names=names)
    if isinstance(experiment.spec, MatrixSpec):
        return N_("Here stored runs are shown; the link runs them again.")
    if isinstance(experiment.spec, NetworkSpec):
        return N_("Here a stored training is shown; the link trains it again.")
    return ""
