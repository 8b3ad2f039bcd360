"""The pictures of the Tune page: asked for, watched while they are made, and drawn. A click opens one run's page."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from typing import Any, NamedTuple

import streamlit as st

from optim_viz.experiments import study_runs
from optim_viz.experiments.jobs import Job, Line
from optim_viz.experiments.study_runs import Found
from optim_viz.experiments.study_views import CheckedStudy
from optim_viz.export.study_table import STUDY_EXPORTS, StudyResult
from optim_viz.export.table import harmless
from optim_viz.language import N_, spoken, tr
from optim_viz.ui import progress
from optim_viz.ui.go import go
from optim_viz.ui.page import address, plain, timed, untimed
from optim_viz.ui.sessions import turns
from optim_viz.ui.share import File, Parcel, give
from optim_viz.ui.tune_fields import CHARTS, show_fields

#: The pictures are clicked, not panned: no bar of buttons over them.
BARE = {"displayModeBar": False}
IMAGES = N_(
    "PNG and SVG: the web page has a button for each below every picture, as only a browser draws these charts."
)
#: Seconds that a page waits for its picture; between two looks of that wait; between two looks at longer work.
WAIT, BLINK, LOOK = 1.5, 0.01, 0.6
_KEY = "study"


def show_study(asked: CheckedStudy) -> StudyResult | None:
    """Run what is asked for and draw it; until it is there, the picture before stays. Return what is drawn.

    Trainings take their time: from the first that is done, the curve grows in its place. Of these, and of runs that
    go one after the other, what was done is shown where they end early.
    """
    job, trains = _ask(asked), asked.view.trains
    kept: dict[str, StudyResult] = st.session_state.setdefault("study.pictures", {})
    before = kept.get(asked.view.name)
    _watch(asked, job, functools.partial(_growing, asked, before))
    known = before is not None and before.asked == asked and before.found is job.result
    if not job.active and _whole(job, asked.slow) and not known:
        kept[asked.view.name] = StudyResult(asked, job.result, address())
    drawn = kept.get(asked.view.name)
    if drawn and not (job.active and trains):
        _draw(drawn, drawn.asked == asked)
    return drawn


def share_study(asked: CheckedStudy, drawn: StudyResult | None) -> None:
    """Offer the link of what is asked for and, once that is drawn, its files."""
    parcel = functools.partial(_parcel, drawn) if drawn is not None and drawn.asked == asked else None
    give("tune", parcel, N_("Files can be had once the picture is there."))


def _parcel(drawn: StudyResult) -> Parcel:
    files = tuple(
        File(row, functools.partial(row.write, drawn), bool if row.name == "html" else drawn.check_rows)
        for row in STUDY_EXPORTS.values()
    )
    return Parcel(drawn.name, files, IMAGES)


@st.cache_resource
def _line(slow: bool) -> Line:
    """Two lines, so that nobody's map waits for another's trainings, or runs that go one after the other."""
    return Line(study_runs.run)


def _ask(asked: CheckedStudy) -> Job:
    """The job of a study, after a short wait."""
    job = progress.ask(_KEY, _line(asked.slow), asked.work)
    until = time.monotonic() + WAIT
    with untimed(), turns().left():
        while job.active and time.monotonic() < until:
            time.sleep(BLINK)
    return job


def _watch(asked: CheckedStudy, job: Job, grow: Callable[[Found | None], None]) -> None:
    """Show how far a job is, and draw what is done of trainings, until it is over; then run the page again."""
    if job.active:
        progress.watched(_KEY, job)
        st.fragment(_look, run_every=LOOK)(asked, job, grow)
        return
    kept = N_("What was done until then is shown.") if asked.slow else N_("What is shown was there before.")
    progress.ended(_KEY, job, kept, N_("Run again"))


@timed()
def _look(asked: CheckedStudy, job: Job, grow: Callable[[Found | None], None]) -> None:
    if progress.over(_KEY, job):
        st.rerun()
    if job.active:
        progress.bar(_KEY, _line(asked.slow), job, N_("Running"), N_("jobs"))
        if asked.view.trains:
            told = job.progress  # looked at once: the job takes it away when it ends
            grow(told.so_far() if told else None)


def _whole(job: Job, slow: bool) -> bool:
    """Whether there is something to be drawn: of sweeps all, of what takes its time whatever was done."""
    if slow:
        return any(one.done.any() for one in job.result or ())
    return job.result is not None and not job.cancel.is_set()


def _growing(asked: CheckedStudy, before: StudyResult | None, so_far: Found | None) -> None:
    shown = StudyResult(asked, so_far) if so_far else before
    if shown:
        (chart,) = _charts(shown)
        st.plotly_chart(chart, key="tune-growing", config=BARE)


def _charts(drawn: StudyResult) -> list[Any]:
    return drawn.pictures.charts(drawn.asked.study, drawn.found, st.context.theme.type == "dark")


class _Shown(NamedTuple):
    """What is shown of a result: charts, a sentence in lines, a legend in HTML, and a table if there is one."""

    charts: list[Any]
    sentence: str
    legend: str
    table: Any


def _shown(drawn: StudyResult) -> _Shown:
    """What is shown of a result: made once, as long as result, colours and language stay; to make it takes most of a
    run of the page."""
    kept = st.session_state.setdefault("study.shown", {})
    key = (drawn, st.context.theme.type, spoken())
    before, shown = kept.get(drawn.asked.view.name, (None, None))
    if before is None or before[0] is not drawn or before[1:] != key[1:]:
        pictures, found = drawn.pictures, drawn.found
        legend = pictures.legend(found) if pictures.legend is not None else ""
        sentence = pictures.sentence(drawn.asked.study, found)
        shown = _Shown(_charts(drawn), sentence, legend, pictures.table(found))
        kept[drawn.asked.view.name] = key, shown
    return shown


def _draw(drawn: StudyResult, current: bool) -> None:
    """The charts side by side, and below them what can be turned and whatever the view has."""
    view, shown = drawn.asked.view, _shown(drawn)
    with st.container(key=CHARTS):
        columns = st.columns(len(shown.charts))
    for i, column in enumerate(columns):
        with column:
            place = _clicked(shown.charts[i], f"tune-{view.name}-{i}")
        if place is not None:
            go(view.page, drawn.pictures.played(drawn.found, i, place))
    show_fields(drawn, current)
    if shown.sentence:
        st.caption(plain(tr(shown.sentence)).replace("\n", "  \n"))
    if shown.legend:
        st.html(shown.legend)
    if shown.table is not None:
        st.dataframe(harmless(shown.table), hide_index=True, width="stretch")


def _clicked(figure: Any, key: str) -> list[Any] | None:
    """Draw a figure; return the customdata of the point that was clicked, if one was."""
    event = st.plotly_chart(figure, key=key, on_select="rerun", selection_mode="points", config=BARE)
    points = [point for point in event.selection.points if point.get("customdata")]
    return list(points[0]["customdata"]) if points else None
