"""Tune: what learning rates and other settings do, over all of their values at once."""

import streamlit as st

from optim_viz.experiments.study import PRESETS, headline
from optim_viz.experiments.study_links import FIRST, read_study, write_study
from optim_viz.ui import page
from optim_viz.ui.tune import fill_study, study_controls, study_view
from optim_viz.ui.tune_views import share_study, show_study

page.start_page("tune")
notes = page.linked("tune", PRESETS[FIRST], read_study, fill_study)
head = st.container(key="page-head")
view = study_view()
with st.sidebar:
    asked = study_controls(view)
study = page.guarded("tune", asked)
page.show_notes(notes)
if study:
    page.write_link("tune", write_study(study))
    with head:
        title, sentence = headline(study)
        st.title(title, anchor=False)
        st.markdown(sentence)
    drawn = show_study(study)
    with head:
        share_study(study, drawn)
