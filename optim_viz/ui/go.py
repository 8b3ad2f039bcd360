"""Going to another page of the app with an experiment, so that Back returns to where it was opened."""

from __future__ import annotations

from collections.abc import Callable, Mapping, Sequence
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from optim_viz.ui.languages import in_link
from optim_viz.ui.page import PAGES, asset

_TURN = "app.goes"


@st.cache_resource
def _goer() -> Callable[..., Any]:
    return st.components.v2.component("optim_viz_go", html="<span></span>", js=asset("go.js"))


def go(title: str, query: Mapping[str, str | Sequence[str]]) -> None:
    """Open the page called `title` with the link's `query`."""
    row = next(row for row in PAGES if row.title == title)
    turn = st.session_state[_TURN] = st.session_state.get(_TURN, 0) + 1
    path = "" if row.default else row.path.removesuffix(".py")
    _goer()(key="app.go", data={"path": path, "query": urlencode({**query, **in_link()}, doseq=True), "turn": turn})
