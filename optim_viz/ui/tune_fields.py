"""Under a map or basins: the numbers that are fixed in it, to be turned while the browser computes the picture."""

from __future__ import annotations

import functools
from typing import Any

import streamlit as st

from optim_viz.experiments.turned import turned_study
from optim_viz.export.live_fields import of_study
from optim_viz.export.study_table import StudyResult
from optim_viz.language import tr
from optim_viz.spec import SpecError
from optim_viz.ui.page import plain
from optim_viz.ui.player import component, count_of
from optim_viz.ui.sessions import note_error
from optim_viz.ui.tune import set_study

KEY, ANSWERED, TURNS = "tune-fields", "tune-fields.answered", "tune-fields.turns"
#: The container of the charts that the browser draws over.
CHARTS = "tune-charts"


@st.cache_resource
def _component() -> Any:
    return component("fields")


def show_fields(drawn: StudyResult, current: bool) -> None:
    """Show the numbers of a picture to be turned; `current` says whether it is what is asked for now."""
    if not drawn.live:
        return
    if current:
        st.session_state[ANSWERED] = st.session_state.get(TURNS, 0)
    dark = st.context.theme.type == "dark"
    data = of_study(drawn, dark, st.session_state.get(ANSWERED, 0), CHARTS)
    _component()(key=KEY, data=data, on_turn_change=functools.partial(_turned, drawn))


def _turned(drawn: StudyResult) -> None:
    """Numbers were turned: set the widgets to them, or say what is wrong with them."""
    values = st.session_state[KEY].turn
    if not values:
        return
    st.session_state[TURNS] = count_of(values)
    try:
        set_study(turned_study(drawn.asked.study, drawn.asked.labels, values))
    except SpecError as error:
        st.error(plain(tr(str(error))), icon=":material/error:")
        note_error()
