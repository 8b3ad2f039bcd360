"""Whose browser is still there: work whose visitors have all gone is let go, so that a dead session costs nothing.

Another page of the app is the same session: work goes on and is found again. A closed tab or a lost connection is not;
it has some seconds to come back, because a connection may break for a moment.
"""

from __future__ import annotations

import functools
import threading
import time
from collections.abc import Callable, Iterable

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from optim_viz import jobs, log
from optim_viz.settings import limit

#: Seconds between two looks at who is there.
LOOK = 1.0


class Absences:
    """Since when owners have been away."""

    def __init__(self, patience: float) -> None:
        self._patience = patience
        self._since: dict[str, float] = {}

    def gone(self, owners: Iterable[str], here: Callable[[str], bool], now: float) -> list[str]:
        """Return who of `owners` has been away for longer than the patience, at the time `now` in seconds.

        >>> absences = Absences(10.0)
        >>> [absences.gone(["a"], lambda owner: False, now) for now in (0.0, 9.0, 11.0)]
        [[], [], ['a']]
        """
        away = [owner for owner in owners if not here(owner)]
        self._since = {owner: self._since.get(owner, now) for owner in away}
        return [owner for owner, since in self._since.items() if now - since > self._patience]


def note() -> None:
    """Work that this session asks for is its own from now on, and is let go when its browser is gone."""
    context = get_script_run_ctx()
    if context is not None and runtime.exists():
        st.session_state["app.owner"] = context.session_id
        _watch_over_sessions()


@functools.cache
def _watch_over_sessions() -> None:
    threading.Thread(target=_watch, name="optim-viz presence", daemon=True).start()


def _watch() -> None:
    absences, server = Absences(limit("patience_seconds")), runtime.get_instance()
    while True:
        for owner in absences.gone(jobs.owners(), server.is_active_session, time.monotonic()):
            log.event("session gone")
            jobs.let_go(owner)
        time.sleep(LOOK)
