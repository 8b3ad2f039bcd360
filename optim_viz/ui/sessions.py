"""The sessions of a server: runs of their pages are logged, and the work of one that is gone is let go.

Another page of the app is the same session: work goes on and is found again. A closed tab or a lost connection is not;
it has some seconds to come back, because a connection may break for a moment.
"""

from __future__ import annotations

import contextlib
import functools
import logging
import threading
import time
from collections.abc import Callable, Iterable, Iterator
from typing import Any

import streamlit as st
from streamlit import runtime
from streamlit.runtime.scriptrunner import get_script_run_ctx

from optim_viz import log
from optim_viz.experiments import jobs
from optim_viz.experiments.budgets import evaluations_of
from optim_viz.experiments.memory import Settled
from optim_viz.settings import limit
from optim_viz.spec import DescentSpec, MatrixSpec, NetworkSpec
from optim_viz.ui.turns import Turns

#: Pages that are run at once: Python runs one at a time anyway, and a crowd of threads costs more than it gives.
AT_ONCE = 2
#: Seconds between two looks at who is there.
LOOK = 1.0
_ERRORS = "app.errors"


@contextlib.contextmanager
def logged() -> Iterator[None]:
    """Log the run of a page: which page, what it showed, how long it took, and how many sentences or errors came of it.

    The looks that a page takes at work in progress are not logged; the work itself is, when it is over.
    """
    began, failed = time.perf_counter(), None
    forget_errors()
    try:
        yield
    except Exception as error:
        failed = error
        raise
    finally:
        page = st.session_state.get("app.page", "")
        fields: dict[str, Any] = {"page": page, **_cost(st.session_state.get(f"link.{page}.good"))}
        fields |= {"ms": round(1000 * (time.perf_counter() - began), 1), "errors": errors_said()}
        level = logging.ERROR if failed else logging.INFO
        log.event("request", level, error=failed, **fields | ({"failed": type(failed).__name__} if failed else {}))


@functools.cache
def turns() -> Turns:
    """The turns of this process's pages."""
    return Turns(AT_ONCE, limit("turn_seconds"))


def _cost(shown: Any) -> dict[str, int]:
    """Runs and steps (of L-BFGS, gradients) of what a page shows, where that is one experiment."""
    for name in ("asked", "spec", "spec"):  # a comparison, a job, what was asked for, the experiment
        shown = getattr(shown, name, shown)
    if not isinstance(shown, (DescentSpec, NetworkSpec, MatrixSpec)):
        return {}
    seeds = getattr(shown, "seeds", 1)
    return {"runs": len(shown.optimizers) * seeds, "steps": evaluations_of(shown)}


def forget_errors() -> None:
    """A run begins."""
    st.session_state[_ERRORS] = 0


def note_error() -> None:
    """A sentence about bad input is shown in this run."""
    st.session_state[_ERRORS] = errors_said() + 1


def errors_said() -> int:
    """How many such sentences there are so far."""
    return int(st.session_state.get(_ERRORS, 0))


def claim_work() -> None:
    """Work that this session asks for is its own from now on, and is let go when its browser is gone."""
    context = get_script_run_ctx()
    if context is not None and runtime.exists():
        st.session_state["app.owner"] = context.session_id
        _watch_over_sessions()


@functools.cache
def _watch_over_sessions() -> None:
    threading.Thread(target=_watch, name="optim-viz presence", daemon=True).start()


def _watch() -> None:
    absences, here = Absences(limit("patience_seconds")), runtime.get_instance().is_active_session
    settled = Settled()
    while True:
        try:
            settled.look()
            for owner in absences.gone(jobs.owners(), here, time.monotonic()):
                log.event("session gone")
                jobs.let_go(owner)
            jobs.watch()
        except Exception as error:  # noqa: BLE001 - whatever it was, somebody must go on looking
            log.event("presence", logging.ERROR, error=error)
        time.sleep(LOOK)


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
