"""The pictures of the Tune page; a click on one opens that run on the page that plays it."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Hashable
from typing import Any, NoReturn

import streamlit as st

from optim_viz.experiments import study, study_runs
from optim_viz.experiments.jobs import Job, Jobs
from optim_viz.experiments.links import Query
from optim_viz.experiments.study import Study, training_of
from optim_viz.experiments.study_links import write_run, write_training
from optim_viz.experiments.study_runs import Found, Pictures
from optim_viz.export import study_pictures
from optim_viz.export.study_table import STUDY_EXPORTS, StudyResult
from optim_viz.figures import maps, rate_curves
from optim_viz.network.rate_sweep import TrainSweep
from optim_viz.sweeps.basins import Basins
from optim_viz.sweeps.sweep import Sweep
from optim_viz.ui import progress
from optim_viz.ui.share import File, Parcel, give

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
    return study_pictures.figures(asked, found, st.context.theme.type == "dark")


def _clicked(figure: Any, key: str) -> list[Any] | None:
    """Draw a figure; return the customdata of the point that was clicked, if one was."""
    event = st.plotly_chart(figure, key=key, on_select="rerun", selection_mode="points", config=BARE)
    points = [point for point in event.selection.points if point.get("customdata")]
    return list(points[0]["customdata"]) if points else None


def _open(page: str, query: Query) -> NoReturn:
    st.switch_page(f"pages/{page}", query_params=query)


def _summary(asked: Study, found: Found) -> None:
    st.dataframe(study_pictures.summary(asked, found), hide_index=True, width="stretch")


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
    st.caption(maps.sentence(results[0], asked.measure))


def _basins(asked: Study, results: tuple[Basins, ...]) -> None:
    figures = _figures(asked, results)
    for i, column in enumerate(st.columns(len(figures))):
        with column:
            place = _clicked(figures[i], f"tune-basins-{i}")
        if place is not None:
            _open("compare.py", write_run(study.one_run(results[i].spec, (place[0], place[1]))))
    st.html(study_pictures.words(asked, results))
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

#: Seconds that a page waits for its picture; between two looks of that wait; between two looks at longer work.
WAIT, BLINK, LOOK = 1.5, 0.01, 0.6
_KEY = "study"


@st.cache_resource
def _lines() -> dict[bool, Jobs]:
    """Two lines, so that nobody's map waits for another's trainings."""
    return {False: Jobs(study_runs.run_pictures), True: Jobs(study_runs.run_trainings)}


def _line(study: Study) -> Jobs:
    return _lines()[study.view == "network"]


def ask(study: Study) -> Job:
    """Return the job of a study, after a short wait."""
    spec: Hashable = training_of(study) if study.view == "network" else study_runs.pictures(study)
    job = progress.ask(_KEY, _line(study), spec)
    until = time.monotonic() + WAIT
    while job.active and time.monotonic() < until:
        time.sleep(BLINK)
    return job


def watch(study: Study, job: Job, draw: Callable[[TrainSweep | None], None]) -> None:
    """Show how far a job is, and draw what is done of trainings, until it is over; then run the page again."""
    if job.active:
        progress.watched(_KEY, job)
        st.fragment(_look, run_every=LOOK)(study, job, draw)
        return
    kept = "What was done until then is shown." if study.view == "network" else "What is shown was there before."
    progress.ended(_KEY, job, kept, "Run again")


def _look(study: Study, job: Job, draw: Callable[[TrainSweep | None], None]) -> None:
    if progress.over(_KEY, job):
        st.rerun()
    if job.active:
        progress.bar(_KEY, _line(study), job, "Running", "jobs")
        if study.view == "network":
            told = job.progress  # looked at once: the job takes it away when it ends
            draw(told.so_far if told else None)
