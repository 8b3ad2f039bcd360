"""Network: optimizers side by side on an MLP that reads handwritten digits, one matrix, or a visitor's network."""

import streamlit as st

import optim_viz  # noqa: F401 - whole, before any part of it: two sessions that import parts at once get halves
from optim_viz.experiments.openings import read_network, write_network
from optim_viz.experiments.presets import MATRIX_PRESETS, NETWORK_PRESETS
from optim_viz.language import tr
from optim_viz.player.matrix_scenes import TITLE
from optim_viz.ui import matrix, page, recordings, tasks
from optim_viz.ui import network as parts
from optim_viz.ui.presets import presets


def digits() -> None:
    """The built-in network: its training as the link and the controls say."""
    with st.sidebar:
        asked = parts.training("network", {"sgd": 0.01, "momentum": 0.01})
    head = st.container(key="page-head")
    with head:
        st.title(tr("An MLP on handwritten digits"), anchor=False)
        st.markdown(tr("Every optimizer starts from the same weights and sees the same batches of 28 x 28 pixels."))
    job = page.guarded("network", lambda: parts.ask(asked()))
    page.show_notes(notes)
    if job:
        with head:
            parts.share_training(job)
            presets("network", NETWORK_PRESETS, job.spec, parts.fill_network)
        parts.watch(job, write_network(job.spec))


def one_matrix() -> None:
    """The matrix task, likewise."""
    with st.sidebar:
        asked = matrix.controls("network")
    head = st.container(key="page-head")
    with head:
        st.title(tr(TITLE), anchor=False)
        st.markdown(
            tr("Every optimizer fills one matrix, from zero, so that it gives each key its value; some keys are rare.")
        )
    job = page.guarded("matrix", lambda: matrix.ask(asked()))
    page.show_notes(notes)
    if job:
        with head:
            matrix.share_task(job)
            presets("matrix", MATRIX_PRESETS, job.spec, matrix.fill_matrix)
        matrix.watch(job, write_network(job.spec))


page.start_page("network")
if opened := recordings.now():
    with st.sidebar:
        recordings.opener()
    recordings.watch(opened)
else:
    notes = page.linked("network", tasks.OPENING, read_network, tasks.fill, parts.VIEW_CHOICES)
    with st.sidebar:
        task = tasks.choose()
    {"digits": digits, "matrix": one_matrix}[task]()
