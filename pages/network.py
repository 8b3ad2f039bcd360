"""Network: optimizers side by side on an MLP that reads handwritten digits."""

from functools import partial

import streamlit as st

import optim_viz as ov  # whole, before any part of it: two sessions that import parts at once get halves
from optim_viz.experiments import links
from optim_viz.experiments.fairness import Fair
from optim_viz.network import train
from optim_viz.ui import network as parts
from optim_viz.ui import page

PRESET = (
    ov.optimizer("sgd", lr=0.01),
    ov.optimizer("momentum", lr=0.01, momentum=0.9),
    ov.optimizer("adam", lr=1e-3),
)
DEFAULT = Fair(train.check(PRESET, epochs=3))

page.start_page("network")
read = partial(links.read, links.FAIR_TRAINING)
notes = page.linked("network", DEFAULT, read, parts.fill_network, parts.VIEW_CHOICES)
with st.sidebar:
    asked = parts.training("network", {"sgd": 0.01, "momentum": 0.01})
head = st.container(key="page-head")
with head:
    st.title("An MLP on handwritten digits", anchor=False)
    st.markdown("Every optimizer starts from the same weights and sees the same batches of 28 x 28 pixels.")
job = page.guarded("network", lambda: parts.ask(asked()))
page.show_notes(notes)
if job:
    with head:
        parts.share_training(job)
    parts.watch(job, links.write(links.FAIR_TRAINING, job.spec, DEFAULT))
