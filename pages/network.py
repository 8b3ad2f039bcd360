"""Network: optimizers side by side on an MLP that reads handwritten digits, or on a visitor's own network."""

import streamlit as st

import optim_viz  # noqa: F401 - whole, before any part of it: two sessions that import parts at once get halves
from optim_viz.experiments.openings import NETWORK, read_network, write_network
from optim_viz.experiments.presets import NETWORK_PRESETS
from optim_viz.language import tr
from optim_viz.ui import network as parts
from optim_viz.ui import page, recordings
from optim_viz.ui.presets import presets


def digits() -> None:
    """The built-in network: its training as the link and the controls say."""
    notes = page.linked("network", NETWORK, read_network, parts.fill_network, parts.VIEW_CHOICES)
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


page.start_page("network")
if opened := recordings.now():
    with st.sidebar:
        recordings.opener()
    recordings.watch(opened)
else:
    digits()
