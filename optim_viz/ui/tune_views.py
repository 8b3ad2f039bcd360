"""The pictures of the Tune page; a click on one opens that run on the page that plays it."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any, NoReturn

import streamlit as st

from optim_viz import map_figures, rate_curves, study, study_figures
from optim_viz.basin_maps import Basins
from optim_viz.jobs import Job
from optim_viz.links import Query
from optim_viz.network_sweep import TrainSweep
from optim_viz.study import Study
from optim_viz.study_export import STUDY_EXPORTS, StudyResult
from optim_viz.study_runs import Found, Pictures
from optim_viz.sweeps import Sweep
from optim_viz.tune_links import write_run, write_training
from optim_viz.ui.share import File, Parcel, give
from optim_viz.ui.tune_work import ask, watch

#: The pictures are clicked, not panned: no bar of buttons over them.
BARE = {"displayModeBar": False}
IMAGES = "PNG and SVG: the web page has a button for each below every picture, as only a browser draws these charts."


def show_study(asked: Study) -> StudyResult | None:
    """Run what is asked for and draw it; until it is there, the picture before stays. Return what is drawn.

    Trainings take their time: from the first that is done, the curve grows in its place.
    """
    job = ask(asked)
    kept: dict[str, StudyResult] = st.session_state.setdefault("study.pictures", {})
    watch(asked, job, functools.partial(_growing, asked, kept.get(asked.view)))
    if not job.active and _whole(job):
        kept[asked.view] = StudyResult(asked, job.result)
    drawn = kept.get(asked.view)
    if drawn and not (job.active and asked.view == "network"):
        DRAW[asked.view](drawn.study, drawn.found)
    return drawn


def share_study(asked: Study, drawn: StudyResult | None) -> None:
    """Offer the link of what is asked for and, once that is drawn, its files."""
    parcel = functools.partial(_parcel, drawn) if drawn is not None and drawn.study == asked else None
    give("tune", parcel, "Files can be had once the picture is there.")


def _parcel(drawn: StudyResult) -> Parcel:
    files = tuple(
        File(row, functools.partial(row.write, drawn), bool if row.name == "html" else drawn.check_rows)
        for row in STUDY_EXPORTS.values()
    )
    return Parcel(drawn.name, files, IMAGES)


def _whole(job: Job) -> bool:
    """Whether there is something to be drawn: of sweeps all, of trainings whatever was done."""
    if isinstance(job.spec, Pictures):
        return job.result is not None and not job.cancel.is_set()
    return job.result is not None and bool(job.result.done.any())


def _figures(asked: Study, found: Found) -> list[Any]:
    return study_figures.figures(asked, found, st.context.theme.type == "dark")


def _clicked(figure: Any, key: str) -> list[Any] | None:
    """Draw a figure; return the customdata of the point that was clicked, if one was."""
    event = st.plotly_chart(figure, key=key, on_select="rerun", selection_mode="points", config=BARE)
    points = [point for point in event.selection.points if point.get("customdata")]
    return list(points[0]["customdata"]) if points else None


def _open(page: str, query: Query) -> NoReturn:
    st.switch_page(f"pages/{page}", query_params=query)


def _summary(asked: Study, found: Found) -> None:
    st.dataframe(study_figures.summary(asked, found), hide_index=True, width="stretch")


def _rates(asked: Study, results: tuple[Sweep, ...]) -> None:
    (figure,) = _figures(asked, results)
    place = _clicked(figure, "tune-rates")
    if place is not None:
        _open("compare.py", write_run(study.one_run(results[place[0]].spec, (place[1],))))
    _summary(asked, results)


def _map(asked: Study, results: tuple[Sweep, ...]) -> None:
    (figure,) = _figures(asked, results)
    place = _clicked(figure, "tune-map")
    if place is not None:
        _open("compare.py", write_run(study.one_run(results[0].spec, (place[0], place[1]))))
    st.caption(map_figures.sentence(results[0], asked.measure))


def _basins(asked: Study, results: tuple[Basins, ...]) -> None:
    figures = _figures(asked, results)
    for i, column in enumerate(st.columns(len(figures))):
        with column:
            place = _clicked(figures[i], f"tune-basins-{i}")
        if place is not None:
            _open("compare.py", write_run(study.one_run(results[i].spec, (place[0], place[1]))))
    st.html(study_figures.words(asked, results))
    _summary(asked, results)


def _network(asked: Study, result: TrainSweep) -> None:
    (figure,) = _figures(asked, result)
    place = _clicked(figure, "tune-network")
    if place is not None:
        curve = rate_curves.of_trainings(result)[place[0]]
        rate, row = result.spec.lrs.index(float(curve.lrs[place[1]])), result.labels.index(curve.label)
        _open("network.py", write_training(result.spec, (row, rate, 0)))
    _summary(asked, result)


def _growing(asked: Study, before: StudyResult | None, so_far: TrainSweep | None) -> None:
    shown = StudyResult(asked, so_far) if so_far else before
    if shown:
        (figure,) = _figures(shown.study, shown.found)
        st.plotly_chart(figure, key="tune-growing", config=BARE)


DRAW: dict[str, Callable[[Study, Any], None]] = {
    "rates": _rates, "map": _map, "basins": _basins, "network": _network,
}  # fmt: skip
