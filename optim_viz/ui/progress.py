"""Work in the background as a page shows it: whose it is, how far it is, its end, and the buttons for that.

`key` is the page's prefix of the buttons; what is remembered stands under "work.", as no widget of the page.
"""

from __future__ import annotations

import uuid
from collections.abc import Hashable

import streamlit as st

from optim_viz.experiments.jobs import Job, JobState, Line
from optim_viz.language import N_, together, tr
from optim_viz.progress import about
from optim_viz.ui.page import plain


def owner() -> str:
    """Return the name by which this session's work is known."""
    return st.session_state.setdefault("app.owner", uuid.uuid4().hex)


def ask(key: str, line: Line, spec: Hashable) -> Job:
    """Return the job of `spec` in `line`.

    One that came to its end, or that the visitor cancelled, is the page's own until it is asked for another or anew.
    """
    mine: Job | None = st.session_state.get(f"work.{key}.job")
    stopped = st.session_state.get(f"work.{key}.stopped", False)
    if mine is not None and mine.spec == spec and (stopped or mine.state in (JobState.FINISHED, JobState.FAILED)):
        line.let_go(owner())  # its result is here
        return mine
    job = line.ask(spec, owner())
    st.session_state[f"work.{key}.job"], st.session_state[f"work.{key}.stopped"] = job, False
    return job


def bar(key: str, line: Line, job: Job, doing: str, many: str) -> None:
    """Show how far an active job is, with the button that ends it.

    `doing` is what it does and `many` what jobs like it are called: "Training" and "trainings".
    """
    share, text, told = 0.0, tr("Starting ..."), job.progress  # looked at once: the job takes it away when it ends
    still = line.still()
    if job.state is JobState.WAITING:
        first = N_("Waiting: {count} {many} come before this one.", count=line.place(job), many=many)
        text = tr(together([first, N_("The first has not moved for {time}.", time=about(still))] if still else [first]))
    elif still:
        text = tr("{doing}: nothing has moved for {time}", doing=doing, time=about(still))
    elif told and told.fraction > 0.01:
        share = told.fraction
        text = tr("{doing}, about {seconds:.0f} s left", doing=doing, seconds=told.seconds_left)
    ending = job.cancel.is_set()
    with st.container(horizontal=True, vertical_alignment="center"):
        st.progress(min(share, 1.0), text=tr("Cancelling ...") if ending else text)
        st.button(
            tr("Cancel"), key=f"{key}.cancel", icon=":material/stop:",
            on_click=_cancel, args=(key, line), disabled=ending,
        )  # fmt: skip


def ended(key: str, job: Job, shown: str, again: str) -> None:
    """Say how a job ended if not by being done: its error, or that it was cancelled, what is `shown`, and a button."""
    if job.state is JobState.FINISHED:
        return
    with st.container(horizontal=True, vertical_alignment="center"):
        if job.state is JobState.FAILED:
            said = together([job.error, shown]) if job.result else job.error
            st.error(plain(tr(said)), icon=":material/error:")
        else:
            st.info(tr("Cancelled. {shown}", shown=shown), icon=":material/cancel:")
        st.button(tr(again), key=f"{key}.again", on_click=_again, args=(key,))


def watched(key: str, job: Job) -> None:
    """Remember that the page looks at a job that goes on."""
    st.session_state[f"work.{key}.watched"] = job


def over(key: str, job: Job) -> bool:
    """Look at a job; whether it has ended since the last look: then, once, the whole page is to be run again."""
    active, before = job.active, st.session_state.get(f"work.{key}.watched")
    st.session_state[f"work.{key}.watched"] = job if active else None
    return not active and before is job


def _cancel(key: str, line: Line) -> None:
    st.session_state[f"work.{key}.stopped"] = True
    line.let_go(owner())


def _again(key: str) -> None:
    st.session_state[f"work.{key}.job"] = None
