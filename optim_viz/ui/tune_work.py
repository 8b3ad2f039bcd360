"""A study in the background: what is quick is waited for, the rest is watched, can be cancelled, and is found again."""

from __future__ import annotations

import time
import uuid
from collections.abc import Hashable

import streamlit as st

from optim_viz import study_runs
from optim_viz.jobs import Job, Jobs, JobState
from optim_viz.study import Study, training_of

#: Seconds that a page waits for its picture; between two looks of that wait; between two looks at longer work.
WAIT, BLINK, LOOK = 1.5, 0.01, 0.6
_STOPPED, _WATCHED = "study.stopped", "study.watched"


@st.cache_resource
def _lines() -> dict[bool, Jobs]:
    """Two lines, so that nobody's map waits for another's trainings."""
    return {False: Jobs(study_runs.run_pictures), True: Jobs(study_runs.run_trainings)}


def _owner() -> str:
    return st.session_state.setdefault("app.owner", uuid.uuid4().hex)


def _line(study: Study) -> Jobs:
    return _lines()[study.view == "network"]


def ask(study: Study) -> Job:
    """Return the job of a study, after a short wait; one that the visitor cancelled stays so until asked for anew."""
    spec: Hashable = training_of(study) if study.view == "network" else study_runs.pictures(study)
    stopped: Job | None = st.session_state.get(_STOPPED)
    if stopped is not None and stopped.spec == spec:
        return stopped
    st.session_state[_STOPPED] = None
    job = _line(study).ask(spec, _owner())
    until = time.monotonic() + WAIT
    while job.active and time.monotonic() < until:
        time.sleep(BLINK)
    return job


def watch(study: Study, job: Job) -> None:
    """Show how far a job is, until it is over; then run the page again."""
    if job.active:
        st.session_state[_WATCHED] = job
        st.fragment(_look, run_every=LOOK)(study, job)
    elif job.state is JobState.FAILED:
        st.error(job.error, icon=":material/error:")
    elif job.state is JobState.CANCELLED:
        with st.container(horizontal=True, vertical_alignment="center"):
            done = (
                "What was done until then is shown." if study.view == "network" else "What is shown was there before."
            )
            st.info(f"Cancelled. {done}", icon=":material/cancel:")
            st.button("Run again", key="study.again", on_click=_again)


def _look(study: Study, job: Job) -> None:
    if not job.active:
        if st.session_state.get(_WATCHED) is job:
            st.session_state[_WATCHED] = None
            st.rerun()
        return
    share, text = 0.0, "Starting ..."
    if job.state is JobState.WAITING:
        text = f"Waiting: {_line(study).place(job)} jobs come before this one."
    elif job.progress and job.progress.fraction > 0.01:
        share, text = job.progress.fraction, f"Running, about {job.progress.seconds_left:.0f} s left"
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(share, 1.0), text=text)
        st.button("Cancel", key="study.cancel", icon=":material/stop:", on_click=_cancel, args=(study, job))


def _cancel(study: Study, job: Job) -> None:
    st.session_state[_STOPPED] = job
    _line(study).let_go(_owner())


def _again() -> None:
    st.session_state[_STOPPED] = None
