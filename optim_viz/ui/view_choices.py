"""Choices of how a result is looked at: they are in the link, but no part of the experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from optim_viz.experiments.links import Query
from optim_viz.spec import nearest


@dataclass(frozen=True)
class Look:
    """One such choice: its key in the link and in the session, its options, and the one that stays out of the link."""

    key: str
    options: Mapping[str, str]  # as the link writes it -> as people read it
    default: str


def without(query: Query, looks: Sequence[Look]) -> Query:
    """The part of a query that is the experiment."""
    keys = {look.key for look in looks}
    return {key: texts for key, texts in query.items() if key not in keys}


def fill_looks(name: str, query: Query, looks: Sequence[Look]) -> list[str]:
    """Set a page's looks from its link; return a sentence for each that was dropped."""
    chosen, notes = {}, []
    for look in looks:
        value = query.get(look.key, [look.default])[-1]
        if value not in look.options:
            notes.append(f"The link's {look.key} {value!r} is unknown; {nearest(value, filter(None, look.options))}")
            value = look.default
        chosen[look.key] = value
        st.session_state.pop(f"{name}.{look.key}", None)
    st.session_state[f"looks.{name}"] = chosen
    return notes


def choose(name: str, look: Look, label: str, options: Sequence[str] | None = None, help: str | None = None) -> str:
    """Show the widget of a look, with some of its options or all; return what is chosen.

    What was chosen is kept while the widget is not on the page, and when it is clicked away.
    """
    chosen: dict[str, str] = st.session_state[f"looks.{name}"]
    key, shown = f"{name}.{look.key}", list(look.options if options is None else options)
    if st.session_state.get(key) not in shown:  # None too: a widget that was away for a while comes back empty
        st.session_state[key] = chosen[look.key] if chosen[look.key] in shown else look.default
    value = st.segmented_control(
        label, shown, key=key, format_func=look.options.__getitem__, help=help,
        label_visibility="visible" if help else "collapsed",
    )  # fmt: skip
    if value is not None:
        chosen[look.key] = value
    return chosen[look.key]


def with_looks(name: str, query: Query, looks: Sequence[Look]) -> Query:
    """Return `query` and whatever is not looked at in the default way."""
    chosen: dict[str, str] = st.session_state[f"looks.{name}"]
    return query | {look.key: [chosen[look.key]] for look in looks if chosen[look.key] != look.default}
