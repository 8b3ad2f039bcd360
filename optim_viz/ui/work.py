"""A training on the page: asked for, watched while it goes on, cancelled, and shown."""

from __future__ import annotations

from weakref import WeakKeyDictionary

import streamlit as st

from optim_viz.fair_training import FairTraining, fair_train
from optim_viz.fairness import Fair
from optim_viz.jobs import Job, Jobs
from optim_viz.landscape import KINDS, Plane, project
from optim_viz.links import Query
from optim_viz.player import mount
from optim_viz.player.network_scenes import network as scene_of
from optim_viz.spec import NetworkSpec
from optim_viz.training import Progress, Training
from optim_viz.ui import progress
from optim_viz.ui.details import VIEW, details
from optim_viz.ui.looks import Look, choose, with_looks
from optim_viz.ui.page import write_link
from optim_viz.ui.share import share

#: Seconds between two looks at a training that goes on.
LOOK = 0.6
PLANE = Look("plane", {"pca": "PCA of the paths", "random": "Random directions", "none": "No plane"}, "pca")
#: What of Network's page is in the link beside the experiment.
LOOKS = (PLANE, VIEW)
_KEY = "network"


@st.cache_resource
def _line() -> Jobs:
    return Jobs(fair_train)


def ask(asked: Fair[NetworkSpec]) -> Job:
    """Return the job of what is asked for."""
    return progress.ask(_KEY, _line(), asked)


def share_training(job: Job) -> None:
    """Offer the link of a job and, once it is over, its files, with the plane that is shown."""
    training = None if job.active else _so_far(job)
    if training is not None and not any(len(run.losses) for run in training.runs):
        training = None

    def plane() -> Plane | None:
        return _planes().get(training, {}).get(st.session_state["looks.network"]["plane"])  # type: ignore[arg-type]

    share("network", training, plane)


def watch(job: Job, query: Query) -> None:
    """Show a job: progress and growing curves while it goes on, everything about its result after that.

    `query` is the job's link, to which the way it is looked at is added.
    """
    st.fragment(_view, run_every=LOOK if job.active else None)(job, query)


def _view(job: Job, query: Query) -> None:
    if progress.over(_KEY, job):
        st.rerun()  # the last look: from now on nothing polls
    _progress(job)
    training, live = _so_far(job), job.active
    if training is None or not any(len(run.losses) for run in training.runs):
        # Nothing to see yet: the training before stays in view until there is.
        training, live = st.session_state.get("app.last_training"), False
    if training is None:
        write_link("network", with_looks("network", query, LOOKS))
        return
    if not job.active:
        st.session_state["app.last_training"] = training
    plane = None if live else _plane(training)
    player = mount.show(scene_of(training, plane, live=live), key="network-player")
    if isinstance(job.result, FairTraining) and job.result.sentence:
        st.caption(job.result.sentence)
    if plane:
        st.caption(plane.caption)
    if not job.active:
        details(training, plane, player.get("frame"))
    write_link("network", with_looks("network", query, LOOKS))


def _so_far(job: Job) -> Training | None:
    """The training of a job, or what is recorded of it up to now."""
    if isinstance(job.result, FairTraining):
        return job.result.training
    return job.progress.so_far() if isinstance(job.progress, Progress) else None


def _progress(job: Job) -> None:
    """The bar while a job goes on; how it ended, if not by being done."""
    if job.active:
        doing = "Training" if isinstance(job.progress, Progress) else "Tuning learning rates"
        progress.bar(_KEY, _line(), job, doing, "trainings")
    else:
        progress.ended(_KEY, job, "What was recorded until then is shown.", "Train again")


def _plane(training: Training) -> Plane | None:
    """The plane that the visitor chose, computed once for a training."""
    kind = choose(
        "network", PLANE, "Paths on a plane of weights",
        help="The weights are many; a plane through them can be drawn. The caption says how much of them it holds.",
    )  # fmt: skip
    return _project(training, kind) if kind in KINDS else None


@st.cache_resource
def _planes() -> WeakKeyDictionary[Training, dict[str, Plane]]:
    """Planes by training, for as long as the training itself is kept."""
    return WeakKeyDictionary()


def _project(training: Training, kind: str) -> Plane:
    planes = _planes().setdefault(training, {})
    if kind not in planes:
        with st.spinner("Computing the loss on the plane ..."):
            planes[kind] = project(training, kind)
    return planes[kind]
