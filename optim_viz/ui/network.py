"""The parts of the page Network: its controls; then a training that is asked for, watched, shown and shared."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any
from weakref import WeakKeyDictionary

import streamlit as st

from optim_viz.experiments.budgets import train_within, within
from optim_viz.experiments.fairness import ON_NETWORK, Fair
from optim_viz.experiments.jobs import Job, Line
from optim_viz.experiments.links import Query
from optim_viz.experiments.memory import give_back
from optim_viz.export.origin import origin
from optim_viz.language import N_, tr
from optim_viz.network import train, uploads
from optim_viz.network.plane import KINDS, Plane
from optim_viz.network.project import project
from optim_viz.network.training import Training
from optim_viz.optimizers.schedules import long_warm_ups
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player.network_scenes import network as scene_of
from optim_viz.settings import limit
from optim_viz.spec import NetworkSpec, SpecError
from optim_viz.ui import progress, recordings
from optim_viz.ui.network_views import DETAIL, details
from optim_viz.ui.optimizer_controls import fill_optimizers, optimizers
from optim_viz.ui.page import address, plain, timed, write_link
from optim_viz.ui.player import show
from optim_viz.ui.share import share
from optim_viz.ui.surface_controls import fairness
from optim_viz.ui.view_choices import ViewChoice, choose, with_view_choices
from optim_viz.ui.widgets import choices

BATCHES = [8, 16, 32, 64, 128, 256, 512]
#: Seconds between two looks at a training that goes on.
LOOK = 0.6
PLANE = ViewChoice(
    "plane", {"pca": N_("PCA of the paths"), "random": N_("Random directions"), "none": N_("No plane")}, "pca"
)
#: What of Network's page is in the link beside the experiment.
VIEW_CHOICES = (PLANE, DETAIL)
_KEY = "network"
#: Runs of a page that a plane of weights may take.
PLANE_PAGES = 5


def fill_network(asked: Fair[NetworkSpec]) -> None:
    """Set the widgets of Network to what is asked for."""
    spec = asked.spec
    values = {
        "epochs": spec.epochs,
        "batch": spec.batch_size,
        "hidden": ", ".join(map(str, spec.hidden)),
        "relu": spec.final_relu,
        "seed": spec.seed,
        "seeds": spec.seeds,
        "fair": asked.mode,
    }
    st.session_state.update({f"network.{key}": value for key, value in values.items()})
    fill_optimizers("network", spec.optimizers)


def training(name: str, suggested: Mapping[str, float]) -> Callable[[], Fair[NetworkSpec]]:
    """Show the controls of a training; return a function that checks them and gives what is asked for."""
    epochs = st.slider(tr("Epochs"), 1, max(10, st.session_state[f"{name}.epochs"]), key=f"{name}.epochs")
    batch = st.select_slider(tr("Batch size"), choices(f"{name}.batch", BATCHES), key=f"{name}.batch")
    relu = st.toggle(
        tr("ReLU after the last layer"), key=f"{name}.relu",
        help=tr("As in the source material. It clips the logits at 0, and that visibly hurts."),
    )  # fmt: skip
    hidden = st.text_input(
        tr("Hidden layers"), key=f"{name}.hidden", help=tr("Sizes between 784 pixels and 10 digits.")
    )
    sizes: tuple[Any, ...] = tuple(part.strip() for part in hidden.split(",") if part.strip())
    seed = st.number_input(tr("Seed"), key=f"{name}.seed", step=1)
    seeds = st.slider(
        tr("Seeds"), 1, train.MAX_SEEDS, key=f"{name}.seeds",
        help=tr("Runs of each optimizer, from as many first weights and orders of the batches."),
    )  # fmt: skip
    mode = fairness(name, ON_NETWORK, N_("13 trainings as long as the one that is shown: that takes a while."))
    data = _own_digits(name)
    recordings.opener()
    layers = {layer: layer for layer in (f"layer.{i}" for i in range(len(sizes) + 1))}
    specs = optimizers(
        name, suggested, layers, limit=train.MAX_OPTIMIZERS, mode=mode, kinds=OPTIMIZERS, place="network"
    )
    return lambda: within(Fair(train.check(specs, epochs, int(batch), sizes, relu, seed, seeds, data), mode))


def _own_digits(name: str) -> str:
    """The visitor's own digits, checked and kept as a file; "" for the shipped ones."""
    with st.expander(tr("Your own digits"), type="compact"):
        files = st.file_uploader(
            tr("One .npz with x and y, or two IDX files"), key=f"{name}.files", accept_multiple_files=True,
            help=tr("28x28 grey levels and their digits: x uint8 [n, 784], y [n]. Links never carry them."),
        )  # fmt: skip
        if not files:
            return ""
        try:
            size = sum(file.size for file in files)
            if size > limit("upload_mb") * 2**20:
                raise SpecError(
                    "{size:.0f} MB are too much: at most {most} MB of digits.",
                    size=size / 2**20,
                    most=limit("upload_mb"),
                )
            return uploads.keep({file.name: file.getvalue() for file in files})
        except SpecError as error:
            st.error(plain(tr("{error} The shipped digits are used.", error=str(error))), icon=":material/error:")
            return ""


@st.cache_resource
def _line() -> Line:
    return Line(train_within)


def ask(asked: Fair[NetworkSpec]) -> Job:
    """Return the job of what is asked for."""
    return progress.ask(_KEY, _line(), asked)


def watch(job: Job, query: Query) -> None:
    """Show a job: progress and growing curves while it goes on, everything about its result after that.

    `query` is the job's link, to which the way it is looked at is added.
    """
    st.fragment(_view, run_every=LOOK if job.active else None)(job, query)


@timed(PLANE_PAGES)
def _view(job: Job, query: Query) -> None:
    if progress.over(_KEY, job):
        st.rerun()  # the last look: from now on nothing polls
    # Places of their own: whatever comes above the player or goes, the picture before stays until there is a new one.
    above, picture = st.container(), st.container()
    with above:
        _progress(job)
    training, live = _so_far(job), job.active
    if training is None:
        # Nothing to see yet: the training before stays in view until there is.
        training, live = st.session_state.get("app.last_training"), False
    if training is None:
        write_link("network", with_view_choices("network", query, VIEW_CHOICES))
        return
    if not job.active:
        st.session_state["app.last_training"] = training
    with above:
        plane = None if live else _plane(training)
    with picture:
        player = show(
            scene_of(training, plane, live=live), key="network-player", origin=origin(training.spec, address())
        )
    if job.result and job.result.sentence:
        st.caption(tr(job.result.sentence))
    for said in () if live else long_warm_ups(training.spec.optimizers, max(len(run.losses) for run in training)):
        st.caption(plain(tr(said)))
    if plane:
        st.caption(tr(plane.caption))
    if not job.active:
        details(training, plane, player.get("frame"))
    write_link("network", with_view_choices("network", query, VIEW_CHOICES))


def _so_far(job: Job) -> Training | None:
    """The training of a job, or what is recorded of it up to now; None before its first step."""
    told = job.progress  # looked at once: the job takes it away when it ends
    training = job.result.runs if job.result else told.so_far() if told else None
    return training if training is not None and any(len(run.losses) for run in training.runs) else None


def _progress(job: Job) -> None:
    """The bar while a job goes on; how it ended, if not by being done."""
    if job.active:
        told = job.progress
        doing = N_("Training") if told and told.so_far() else N_("Tuning learning rates")
        progress.bar(_KEY, _line(), job, doing, N_("trainings"))
    else:
        progress.ended(_KEY, job, N_("What was recorded until then is shown."), N_("Train again"))


def _plane(training: Training) -> Plane | None:
    """The plane that the visitor chose, computed once for a training."""
    kind = choose(
        "network", PLANE, tr("Paths on a plane of weights"),
        help=tr("The weights are many; a plane through them can be drawn. The caption says how much of them it holds."),
    )  # fmt: skip
    try:
        return _project(training, kind) if kind in KINDS else None
    except SpecError as error:
        st.caption(plain(tr(str(error))))
        return None


@st.cache_resource
def _planes() -> WeakKeyDictionary[Training, dict[str, Plane]]:
    """Planes by training, for as long as the training itself is kept."""
    return WeakKeyDictionary()


def _project(training: Training, kind: str) -> Plane:
    planes = _planes().setdefault(training, {})
    if kind not in planes:
        with st.spinner(tr("Computing the loss on the plane ...")):
            planes[kind] = project(training, kind)
            give_back()  # a plane passes through 100 MB
    return planes[kind]


def share_training(job: Job) -> None:
    """Offer the link of a job and, once it is over, its files, with the plane that is shown."""
    training = None if job.active else _so_far(job)

    def plane() -> Plane | None:
        return _planes().get(training, {}).get(st.session_state["view_choices.network"]["plane"])  # type: ignore[arg-type]

    share("network", training, plane)
