"""Under a map or basins: the numbers that are fixed in it, to be turned while the browser computes the picture."""

from __future__ import annotations

import functools
import json
from typing import Any

import streamlit as st

from optim_viz.experiments.turned import turned_study
from optim_viz.export.study_table import StudyResult
from optim_viz.player.fields import fields
from optim_viz.spec import SpecError, SweepSpec
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
    if drawn.pictures.live is None:
        return
    if current:
        st.session_state[ANSWERED] = st.session_state.get(TURNS, 0)
    dark = st.context.theme.type == "dark"
    data = packed(drawn, dark, st.session_state.get(ANSWERED, 0))
    _component()(key=KEY, data=data, on_turn_change=functools.partial(_turned, drawn))


def packed(drawn: StudyResult, dark: bool, answered: int) -> bytes:
    """Return what the browser computes a picture from: JSON behind its length, then what Python found, as float32.

    Components take bytes only as a whole, not beside or in JSON.
    """
    study, live = drawn.asked.study, drawn.pictures.live
    if live is None:
        raise ValueError(f"A browser cannot compute the view {study.view}.")
    pairs = zip(drawn.asked.labels, drawn.asked.work.specs, strict=True)
    specs = {label: spec for label, spec in pairs if isinstance(spec, SweepSpec)}
    found, programs = fields(specs, watch=study.view == "map")
    pictures, cells = zip(*live(study, drawn.found, dark), strict=True)
    data = {
        "view": study.view, "answered": answered, "fields": found, "programs": programs, "charts": CHARTS,
        "key": f"{study.view} {study.descent.surface.name} {study.descent.surface.expression} {drawn.asked.labels}",
        "pictures": pictures,
    }  # fmt: skip
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)  # floats begin at a multiple of their size
    return len(text).to_bytes(4, "little") + text + b"".join(exact.tobytes() for exact in cells)


def _turned(drawn: StudyResult) -> None:
    """Numbers were turned: set the widgets to them, or say what is wrong with them."""
    values = st.session_state[KEY].turn
    if not values:
        return
    st.session_state[TURNS] = count_of(values)
    try:
        set_study(turned_study(drawn.asked.study, drawn.asked.labels, values))
    except SpecError as error:
        st.error(plain(str(error)), icon=":material/error:")
        note_error()
