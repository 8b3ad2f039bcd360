"""Compare: optimizers side by side on a surface of two weights."""

import streamlit as st

from optim_viz import links, ui
from optim_viz.fairness import Fair, fair_run
from optim_viz.player import mount, scenes
from optim_viz.presets import PRESETS
from optim_viz.surfaces import compiled

DEFAULT = Fair(PRESETS["valley"].spec)

ui.start_page("compare")
notes = ui.linked("compare", DEFAULT, links.fairly(links.read_descent), ui.fill_descent)
with st.sidebar:
    asked = ui.comparison("compare", {"adam": 0.05})
shown = ui.guarded("compare", lambda: fair_run(asked()))
ui.show_notes(notes)
if shown:
    runs = shown.runs
    ui.write_link("compare", links.write_fairly(links.write_descent, shown.asked, DEFAULT))
    with st.container(key="page-head"):
        st.title(runs.surface.title, anchor=False)
        st.markdown(f"$f(x, y) = {compiled(runs.surface).latex}$ &ensp; {runs.surface.story}")
        ui.share("compare", runs)
        ui.presets(shown.asked)
    mount.show(scenes.compare(runs), key="compare-player", on_pick=lambda: ui.pick("compare", "compare-player"))
    if shown.sentence:
        st.caption(shown.sentence)
    ui.formulas(runs)
