"""The widget of one hyperparameter, made from its row in a table; and how a table of results is shown."""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

import streamlit as st

from optim_viz.export.table import harmless
from optim_viz.language import told, tr
from optim_viz.spec import Hyperparameter, Value

if TYPE_CHECKING:
    import pandas as pd


def show_results(table: pd.DataFrame, digits: int = 0) -> None:
    """Show a table of results: a dash where there is no number, room for how a run ended, as many digits if any."""
    columns: dict[str, Any] = {tr("status"): st.column_config.TextColumn(width="medium")}
    if digits:
        numbers = table.select_dtypes("float").columns
        columns |= {name: st.column_config.NumberColumn(format=f"%.{digits}g") for name in numbers}
    st.dataframe(harmless(table), hide_index=True, width="stretch", placeholder="–", column_config=columns)


def keep(key: str, value: object) -> None:
    """Set a widget's value before it is made, unless it has one."""
    if key not in st.session_state:
        st.session_state[key] = value


def choices(key: str, options: Sequence[float]) -> list[float]:
    """`options` and whatever else the widget `key` was ever set to in this session (a link may name any number)."""
    extra = st.session_state.setdefault(f"{key}.extra", set())
    value = st.session_state[key]
    if not any(math.isclose(value, o, rel_tol=1e-12) for o in options):
        extra.add(value)
    return sorted({*options, *extra})


@functools.cache
def log_steps(low: float, high: float) -> tuple[float, ...]:
    """Ten round numbers a decade from `low` to `high`.

    >>> log_steps(0.1, 1.0)
    (0.1, 0.125, 0.16, 0.2, 0.25, 0.32, 0.4, 0.5, 0.63, 0.8, 1.0)
    """
    decades = range(math.floor(math.log10(low)), math.ceil(math.log10(high)) + 1)
    steps = [float(f"{m}e{d}") for d in decades for m in (1, 1.25, 1.6, 2, 2.5, 3.2, 4, 5, 6.3, 8)]
    return tuple(s for s in steps if low * 0.999 <= s <= high * 1.001)


def words(options: Sequence[float]) -> dict[float, str]:
    """Return numbers as people read them: three digits, and more only where two would read alike.

    >>> words([0.0125, 0.0155051578]), words([0.0155, 0.0155051578])
    ({0.0125: '0.0125', 0.0155051578: '0.0155'}, {0.0155: '0.0155', 0.0155051578: '0.015505'})
    """
    for digits in (3, 5, 8, 17):
        told = {option: f"{option:.{digits}g}" for option in options}
        if len(set(told.values())) == len(told):
            break
    return told


def _log_slider(h: Hyperparameter, key: str, label: str) -> Value:
    options = choices(key, log_steps(h.low, h.high))
    current = st.session_state[key]
    # An equal number from the list, so that the widget finds its value among its options.
    st.session_state[key] = min(options, key=lambda option: abs(option - current))
    return float(
        st.select_slider(label, options, key=key, format_func=words(options).__getitem__, help=tr(h.text) or None)
    )


def _slider(h: Hyperparameter, key: str, label: str) -> Value:
    low, high = st.session_state.get(f"{key}.range", (float(h.low), float(h.high)))
    value = float(st.session_state[key])
    low, high = min(low, value), max(high, value)
    st.session_state[f"{key}.range"] = (low, high)
    st.session_state[key] = value
    digits = 4 if high < 1 and high > 0.999 else 3
    return float(
        st.slider(label, low, high, key=key, step=10.0**-digits, format=f"%.{digits}g", help=tr(h.text) or None)
    )


def _number(h: Hyperparameter, key: str, label: str) -> Value:
    return int(st.number_input(label, key=key, step=1, help=tr(h.text) or None))


def _text(h: Hyperparameter, key: str, label: str) -> Any:
    return st.text_input(label, key=key, help=tr(h.text) or None)


def _toggle(h: Hyperparameter, key: str, label: str) -> Value:
    return bool(st.toggle(label, key=key, help=tr(h.text) or None))


WIDGETS: dict[str, Callable[[Hyperparameter, str, str], Value]] = {
    "log": _log_slider,
    "linear": _slider,
    "int": _number,
    "bool": _toggle,
    "text": _text,
}


def hyperparameter(h: Hyperparameter, key: str, value: Value) -> Value:
    """Show the widget of one hyperparameter, at first with `value`; return its value now."""
    keep(key, value)
    return WIDGETS[h.scale](h, key, told(h.name))
