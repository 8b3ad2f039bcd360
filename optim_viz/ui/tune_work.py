"""A study in the background: what is quick is waited for, the rest is watched, can be cancelled, and is found again."""

from __future__ import annotations

import time
from collections.abc import Callable, Hashable

import streamlit as st

from optim_viz import study_runs
from optim_viz.jobs import Job, Jobs
from optim_viz.network_sweep import TrainSweep
from optim_viz.study import Study, training_of
from optim_viz.ui import progress

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
