"""A study as a link and back: the keys of its comparison, and those of its views."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace

from optim_viz.experiments import links
from optim_viz.experiments.links import Key, Query, Table, field, inside, joined, parts
from optim_viz.experiments.study import MAX_EPOCHS, MEASURES, Study, check_axis, check_rates
from optim_viz.experiments.study_views import FIRST, SAME_AXES, VIEWS, fitting, seen
from optim_viz.language import N_
from optim_viz.optimizers import trials
from optim_viz.spec import SpecError, one_of, quoted, whole
from optim_viz.surfaces import descent
from optim_viz.sweeps.sweep import tolerance_of


def _ends(text: str, count: int) -> tuple[str, ...]:
    if len(parts(text)) != count:
        raise SpecError("{count} values joined by ~ are needed; got {text}.", count=count, text=quoted(text))
    return parts(text)


def _tolerance(_: Study, text: str) -> float:
    return tolerance_of(text)


def _axis(name: str) -> Key:
    """The row of an axis. It is read once both axes fit the optimizer whose map it is."""
    row = field(name, lambda s, text: check_axis(s.mapped, *_ends(text, 3)), lambda axis: joined(vars(axis).values()))
    return replace(row, read=lambda study, texts: row.read(fitting(study), texts))


def _of_views(key: str, row: Key) -> Key:
    """The row of a key that only some views have."""

    def read(study: Study, texts: list[str]) -> tuple[Study, list[str]]:
        if key not in VIEWS[study.view].keys:
            raise SpecError("the view '{tab}' has none.", tab=VIEWS[study.view].tab)
        return row.read(study, texts)

    return replace(row, read=read, silent=lambda s, d: key not in VIEWS[s.view].keys or row.silent(s, d))


def _optimizers() -> Key:
    """The row of the optimizers: which of a package's classes can be used depends on where the study's view runs."""
    rows = {place: inside("descent", links.optimizers(links.tried(descent.check, place))) for place in trials.PLACES}
    row = rows["surface"]
    return replace(row, read=lambda study, texts: rows[VIEWS[study.view].place].read(study, texts))


_OWN: Table = {
    "n": field("resolution", lambda s, text: whole(text, "n", 2, VIEWS[s.view].resolutions[-1])),
    "seeds": field("seeds", lambda s, text: whole(text, "seeds", 1, VIEWS[s.view].seeds)),
    "rates": field("rates", lambda _, text: check_rates(*_ends(text, 2)), joined),
    "which": field("which", lambda s, text: whole(text, "which", 0, len(s.descent.optimizers) - 1)),
    "x": _axis("x"),
    "y": _axis("y"),
    "measure": field("measure", lambda _, text: one_of(text, MEASURES, N_("measure"))),
    "tol": field("tolerance", _tolerance),
    "epochs": field("epochs", lambda _, text: whole(text, "epochs", 1, MAX_EPOCHS)),
}
#: Keys are read and written in the order of their rows.
STUDY: Table = {
    "view": Key(
        lambda _, texts: (VIEWS[one_of(texts[-1], VIEWS, N_("view"))].opens, []),
        lambda study: [study.view],
        lambda study, default: default is not None and study.view == FIRST.name,
    ),
    # A study has pictures of its own: how the surface is drawn is Compare's.
    **{key: inside("descent", row) for key, row in links.DESCENT.items() if key not in ("drawn", "o")},
    "o": _optimizers(),
    **{key: _of_views(key, row) for key, row in _OWN.items()},
}


def _with_own_axes(study: Study) -> Study:
    """The study with the axes that its view opens with, or those of its optimizer if that has others."""
    opens = VIEWS[study.view].opens
    return fitting(replace(study, x=opens.x, y=opens.y))


def read_study(query: Mapping[str, list[str]], default: Study) -> tuple[Study, list[str]]:
    """Return the study that a link's query describes, what its view opens with where it is silent, what was dropped."""
    study, notes = links.read(STUDY, query, default)
    study = fitting(study)
    if "x" in VIEWS[study.view].keys and study.x.name == study.y.name:  # one was dropped, or both are given alike
        notes.append(N_("The map's own axes are shown: {error}", error=N_(SAME_AXES, name=study.x.name)))
        study = _with_own_axes(study)
    return study, notes


def write_study(study: Study, whole: bool = False) -> Query:
    """Return the query of a study; unless it is `whole`, what its view opens with stays out.

    >>> write_study(replace(VIEWS["map"].opens, measure="steps"))
    {'view': ['map'], 'measure': ['steps']}
    """
    opens = VIEWS[study.view].opens
    axes = _with_own_axes(study)
    default = None if whole else replace(opens, x=axes.x, y=axes.y)
    return links.write(STUDY, replace(study, descent=seen(study)), default)
