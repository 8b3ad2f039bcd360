"""Stress: every optimizer tuned on every surface on the same budget, and who wins where."""

import streamlit as st

import optim_viz  # noqa: F401 - whole, before any part of it: two sessions that import parts at once get halves
from optim_viz.experiments.stress_links import OPENS, read_stress, write_stress
from optim_viz.language import tr
from optim_viz.ui import page
from optim_viz.ui import stress as parts

page.start_page("stress")
notes = page.linked("stress", OPENS, read_stress, parts.fill_stress)
head = st.container(key="page-head")
page.show_notes(notes)
steps = parts.choose_horizon()
page.write_link("stress", write_stress(steps))
found = parts.show_stress(steps)
with head:
    st.title(tr(parts.TITLE), anchor=False)
    st.markdown(page.plain(tr(parts.sentences(found))))
    parts.share_stress(found, steps)
