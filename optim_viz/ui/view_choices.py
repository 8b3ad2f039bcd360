"""Choices of how a result is looked at: they are in the link, but no part of the experiment."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from optim_viz.experiments.links import Query
from optim_viz.language import N_, tr
from optim_viz.spec import nearest, quoted


@dataclass(frozen=True)
class ViewChoice:
    """One such choice: its key in the link and in the session, its options, and the one that stays out of the link."""

    key: str
    options: Mapping[str, str]  # as the link writes it -> as people read it
    default: str


def without(query: Query, view_choices: Sequence[ViewChoice]) -> Query:
    """The part of a query that is the experiment."""
    keys = {choice.key for choice in view_choices}
    return {key: texts for key, texts in query.items() if key not in keys}


def fill_view_choices(name: str, query: Query, view_choices: Sequence[ViewChoice]) -> list[str]:
    """Set a page's view choices from its link; return a sentence for each that was dropped."""
    chosen: dict[str, str] = {}
    notes: list[str] = []
    for choice in view_choices:
        value = query.get(choice.key, [choice.default])[-1]
        if value not in choice.options:
            notes.append(
                N_(
                    "The link's {key} {value} is unknown; {hint}",
                    key=choice.key,
                    value=quoted(value),
                    hint=nearest(value, filter(None, choice.options)),
                )
            )
            value = choice.default
        chosen[choice.key] = value
        st.session_state.pop(f"{name}.{choice.key}", None)
    st.session_state[f"view_choices.{name}"] = chosen
    return notes


def choose(
    name: str, choice: ViewChoice, label: str, options: Sequence[str] | None = None, help: str | None = None
) -> str:
    """Show the widget of a view choice, with some of its options or all; return what is chosen.

    What was chosen is kept while the widget is not on the page, and when it is clicked away.
    """
    chosen: dict[str, str] = st.session_state[f"view_choices.{name}"]
    key, shown = f"{name}.{choice.key}", list(choice.options if options is None else options)
    if st.session_state.get(key) not in shown:  # None too: a widget that was away for a while comes back empty
        st.session_state[key] = chosen[choice.key] if chosen[choice.key] in shown else choice.default
    value = st.segmented_control(
        label, shown, key=key, format_func=lambda option: tr(choice.options[option]), help=help,
        label_visibility="visible" if help else "collapsed",
    )  # fmt: skip
    if value is not None:
        chosen[choice.key] = value
    return chosen[choice.key]


def set_view(name: str, value: str) -> None:
    """Set a page's choice that is called "view", of those that it offers, before its widget is shown."""
    st.session_state[f"view_choices.{name}"]["view"] = st.session_state[f"{name}.view"] = value


def with_view_choices(name: str, query: Query, view_choices: Sequence[ViewChoice]) -> Query:
    """Return `query` and whatever is not looked at in the default way."""
    chosen: dict[str, str] = st.session_state[f"view_choices.{name}"]
    return query | {choice.key: [chosen[choice.key]] for choice in view_choices if chosen[choice.key] != choice.default}
