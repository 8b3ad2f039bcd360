"""Tune: what learning rates and other settings do, over all of their values at once."""

import streamlit as st

import optim_viz  # noqa: F401 - whole, before any part of it: two sessions that import parts at once get halves
from optim_viz.experiments.budgets import affordable
from optim_viz.experiments.study_links import read_study, write_study
from optim_viz.experiments.study_views import FIRST
from optim_viz.language import tr
from optim_viz.ui import page
from optim_viz.ui.surface_controls import note_constant
from optim_viz.ui.tune import fill_study, study_controls, study_view
from optim_viz.ui.tune_views import share_study, show_study

page.start_page("tune")
notes = page.linked("tune", FIRST.opens, affordable(read_study), fill_study)
head = st.container(key="page-head")
view = study_view()
with st.sidebar:
    asked = study_controls(view)
checked = page.guarded("tune", asked)
page.show_notes(notes)
if checked:
    page.write_link("tune", write_study(checked.study))
    with head:
        st.title(tr(checked.title), anchor=False)
        st.markdown(tr(checked.invitation))
        if "f" in checked.view.keys:
            note_constant(checked.study.descent.surface)
    drawn = show_study(checked)
    with head:
        share_study(checked, drawn)
