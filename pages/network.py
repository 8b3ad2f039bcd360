"""Network: optimizers side by side on an MLP that reads handwritten digits."""

import streamlit as st

import optim_viz as ov
from optim_viz import links, network, ui
from optim_viz.fairness import ON_NETWORK, Fair

PRESET = (
    ov.optimizer("sgd", lr=0.01),
    ov.optimizer("momentum", lr=0.01, momentum=0.9),
    ov.optimizer("adam", lr=1e-3),
)
DEFAULT = Fair(network.check(PRESET, epochs=3))

ui.start_page("network")
notes = ui.linked("network", DEFAULT, links.fairly(links.read_network, ON_NETWORK), ui.fill_network, ui.LOOKS)
with st.sidebar:
    asked = ui.training("network", {"sgd": 0.01, "momentum": 0.01})
head = st.container(key="page-head")
with head:
    st.title("An MLP on handwritten digits", anchor=False)
    st.markdown("Every optimizer starts from the same weights and sees the same batches of 28 x 28 pixels.")
job = ui.guarded("network", lambda: ui.ask(asked()))
ui.show_notes(notes)
if job:
    with head:
        ui.share_training(job)
    ui.watch(job, links.write_fairly(links.write_network, job.spec, DEFAULT))
