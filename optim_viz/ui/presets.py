"""A page's row of experiments worth watching: one click loads one, and the one that is shown says what to watch for."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from urllib.parse import urlencode

import streamlit as st

from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.presets import Experiment, Preset, matching
from optim_viz.language import tr
from optim_viz.ui.languages import in_link
from optim_viz.ui.view_choices import set_view


def presets(
    page: str,
    rows: Mapping[str, Preset[Experiment]],
    shown: Fair[Experiment],
    fill: Callable[[Fair[Experiment]], None],
) -> bool:
    """Show a page's presets; `shown` is what is asked for now, and `fill` sets the page's widgets to another.

    Return whether a sentence stands below them: it does where `shown` is one of them.
    """
    now = matching(shown.spec, rows) if not shown.mode else None
    key = f"preset.{page}"
    st.session_state[key] = now.name if now else None
    with st.container(key=f"{page}-presets", gap="xsmall"):
        st.pills(
            tr("Experiments"), list(rows), key=key, on_change=partial(_load, page, rows, fill),
            label_visibility="collapsed", format_func=lambda name: tr(rows[name].title),
        )  # fmt: skip
        if now:
            query = urlencode({"lesson": now.lesson, **in_link()}, doseq=True)
            more = f" [{tr('The lesson on it')}](lessons?{query})" if now.lesson else ""
            st.caption(tr(now.text) + more)
    return bool(now)


def _load(page: str, rows: Mapping[str, Preset[Experiment]], fill: Callable[[Fair[Experiment]], None]) -> None:
    row = rows.get(st.session_state[f"preset.{page}"])
    if row:
        fill(Fair(row.spec))
    if row and row.view:
        set_view(page, row.view)
