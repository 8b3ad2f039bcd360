"""What a run of the script cost, as one line of the log."""

from __future__ import annotations

import contextlib
import logging
import threading
import time
from collections.abc import Iterator
from typing import Any

import streamlit as st

from optim_viz import log
from optim_viz.budgets import steps_of
from optim_viz.spec import DescentSpec, NetworkSpec

_SAID = "app.said"
#: Pages that are run at once: Python runs one at a time anyway, and a crowd of threads that take turns costs more than
#: it gives. One that waited too long runs all the same: nobody may hold up the others for good.
_TURNS = threading.BoundedSemaphore(2)
_TURN_SECONDS = 5.0


def note_error() -> None:
    """A sentence about bad input is shown in this run."""
    st.session_state[_SAID] = st.session_state.get(_SAID, 0) + 1


@contextlib.contextmanager
def _turn() -> Iterator[None]:
    taken = _TURNS.acquire(timeout=_TURN_SECONDS)
    try:
        yield
    finally:
        if taken:
            _TURNS.release()


@contextlib.contextmanager
def logged() -> Iterator[None]:
    """Log the run of a page: which page, what it showed, how long it took, and how many sentences or errors came of it.

    The looks that a page takes at work in progress are not logged; the work itself is, when it is over.
    """
    began, failed = time.perf_counter(), None
    st.session_state[_SAID] = 0
    try:
        with _turn():
            yield
    except Exception as error:
        failed = error
        raise
    finally:
        page = st.session_state.get("app.page", "")
        fields: dict[str, Any] = {"page": page, **_cost(st.session_state.get(f"link.{page}.good"))}
        fields |= {"ms": round(1000 * (time.perf_counter() - began), 1), "errors": st.session_state.get(_SAID, 0)}
        level = logging.ERROR if failed else logging.INFO
        log.event("request", level, error=failed, **fields | ({"failed": type(failed).__name__} if failed else {}))


def _cost(shown: Any) -> dict[str, int]:
    """Runs and steps of what a page shows, where that is one experiment."""
    for name in ("asked", "spec", "spec"):  # a comparison, a job, what was asked for, the experiment
        shown = getattr(shown, name, shown)
    if not isinstance(shown, (DescentSpec, NetworkSpec)):
        return {}
    seeds = getattr(shown, "seeds", 1)
    return {"runs": len(shown.optimizers) * seeds, "steps": steps_of(shown)}
