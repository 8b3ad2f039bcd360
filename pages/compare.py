"""Compare: optimizers side by side on a surface of two weights."""

from functools import partial

import streamlit as st

import optim_viz  # noqa: F401 - whole, before any part of it: two sessions that import parts at once get halves
from optim_viz.experiments.budgets import affordable
from optim_viz.experiments.fairness import fair_run
from optim_viz.experiments.openings import COMPARE, read_compare, write_compare
from optim_viz.experiments.presets import PRESETS
from optim_viz.export.origin import origin
from optim_viz.language import tr
from optim_viz.optimizers.schedules import long_warm_ups
from optim_viz.player import scenes
from optim_viz.surfaces.compiled import compiled
from optim_viz.ui import compare, page, player, share
from optim_viz.ui.first_pictures import KnownLink
from optim_viz.ui.presets import presets
from optim_viz.ui.surface_controls import note_constant

page.start_page("compare")
notes = page.linked("compare", COMPARE, affordable(read_compare), compare.fill_descent)
with st.sidebar:
    asked = compare.comparison("compare", {"adam": 0.05})
shown = page.guarded("compare", lambda: fair_run(asked()))
page.show_notes(notes)
if shown:
    runs = shown.runs
    query = write_compare(shown.asked)
    page.write_link("compare", query)
    with st.container(key="page-head"):
        st.title(tr(runs.surface.title), anchor=False)
        st.markdown(f"${runs.surface.called} = {compiled(runs.surface).latex}$ &ensp; {tr(runs.surface.story)}")
        share.share("compare", runs)
        captioned = presets("compare", PRESETS, shown.asked, compare.fill_descent)
    note_constant(runs.surface)
    player.show(
        scenes.compare(runs), key="compare-player", origin=origin(runs.spec, page.address()),
        on_turn=partial(compare.turn, "compare", shown), link=KnownLink("compare", query, captioned),
    )  # fmt: skip
    if shown.sentence:
        st.caption(tr(shown.sentence))
    for said in long_warm_ups(runs.spec.optimizers, runs.spec.steps):
        st.caption(page.plain(tr(said)))
    compare.formulas(runs)
