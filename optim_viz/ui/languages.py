"""The language of a visitor: that of the link, else the one chosen before, else the browser's; and the switch."""

from __future__ import annotations

import streamlit as st
from streamlit.runtime.scriptrunner import get_script_run_ctx

from optim_viz import language
from optim_viz.experiments.links import Query
from optim_viz.language import LANGUAGES, OWN

#: The key in links. It is there once a language was chosen: a link that says nothing opens in its reader's.
KEY = "lang"
_CHOSEN = "app.language"


def visitors() -> str:
    """The language of whoever this script runs for, kept for the thread that it runs in."""
    if get_script_run_ctx() is None:
        return OWN
    spoken = st.session_state.get(_CHOSEN) or language.of_locale(st.context.locale)
    language.speak(spoken)
    return spoken


language.ask(visitors)


def follow_link() -> None:
    """Speak the language that the page's link asks for, if any, and else go on as before."""
    asked = st.query_params.get(KEY)
    if asked in LANGUAGES:
        st.session_state[_CHOSEN] = asked
    visitors()


def of_request(query: Query, accepted: str) -> str:
    """Return the language of who asks for a page and has not been here: the link's, else the browser's first.

    >>> of_request({"lang": ["zh"]}, "en"), of_request({}, "zh-CN,zh;q=0.9,en;q=0.8"), of_request({}, "")
    ('zh', 'zh', 'en')
    """
    asked = query.get(KEY, [""])[-1]
    return asked if asked in LANGUAGES else language.of_locale(accepted.partition(",")[0])


def in_link() -> Query:
    """What links of ours carry of the language."""
    chosen = st.session_state.get(_CHOSEN)
    return {KEY: [chosen]} if chosen else {}


def without_language(query: Query) -> Query:
    """The part of a query that is a page's own."""
    return {key: texts for key, texts in query.items() if key != KEY}


def switch() -> None:
    """Show the other languages by their own names; one click, and the page is told in that one."""
    others = {key: name for key, name in LANGUAGES.items() if key != language.spoken()}
    with st.container(key="app-language", horizontal=True, width="content"):
        for key, name in others.items():
            st.button(name, key=f"app.language.{key}", on_click=_choose, args=(key,), type="tertiary")


def _choose(key: str) -> None:
    """The page's widgets are filled anew, from a link that is new: their choices have other words now."""
    st.session_state[_CHOSEN] = st.query_params[KEY] = key
    language.speak(key)
