"""Which task the page Network shows: the digits' MLP, or one matrix."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import streamlit as st

from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.openings import LEARNS, MATRIX, NETWORK, OnNetwork
from optim_viz.language import N_, tr
from optim_viz.spec import MatrixSpec
from optim_viz.ui.matrix import fill_matrix
from optim_viz.ui.network import fill_network

_KEY = "network.task"
#: What a link leaves out.
OPENING: OnNetwork = NETWORK
#: A task -> as people read it, what it opens with, and what sets its widgets.
TASKS: dict[str, tuple[str, Fair[Any], Callable[[Fair[Any]], None]]] = {
    "digits": (N_("Digits"), LEARNS, fill_network),
    "matrix": (N_("One matrix"), MATRIX, fill_matrix),
}


def fill(asked: OnNetwork) -> None:
    """Set the page's widgets to what is asked for, of whichever task."""
    task = "matrix" if isinstance(asked.spec, MatrixSpec) else "digits"
    st.session_state[_KEY] = task
    TASKS[task][2](asked)


def choose() -> str:
    """Show the choice of the task; another than before begins as it opens."""
    task = st.segmented_control(
        tr("Task"), list(TASKS), key=_KEY, required=True, on_change=_begin, format_func=lambda name: tr(TASKS[name][0]),
        help=tr("One matrix shows what two weights cannot: what Muon, Shampoo and SOAP are for."),
    )  # fmt: skip
    return str(task)


def _begin() -> None:
    fill(TASKS[st.session_state[_KEY]][1])
