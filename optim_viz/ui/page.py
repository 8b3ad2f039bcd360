"""The frame around every page: its place in the app, its link, and what it says when something is wrong.

A link is read into a spec, the spec fills the widgets, the widgets give the next spec, and that one writes the link.
"""

from __future__ import annotations

import contextlib
import functools
import re
import sys
import threading
import time
from collections.abc import Callable, Iterator, Sequence
from contextvars import ContextVar
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import streamlit as st

from optim_viz import log, looks
from optim_viz.experiments.links import Query
from optim_viz.language import N_, together, tr
from optim_viz.optimizers import packages, trials
from optim_viz.optimizers.packages import installed, is_of_package
from optim_viz.optimizers.specs import optimizer
from optim_viz.places import APP
from optim_viz.settings import limit, log_level
from optim_viz.spec import SpecError
from optim_viz.ui import languages, sessions
from optim_viz.ui.sessions import errors_said, note_error
from optim_viz.ui.turns import Busy
from optim_viz.ui.view_choices import ViewChoice, fill_view_choices, without

ASSETS = Path(__file__).parent / "assets"
#: Seconds that one thread may keep Python to itself while others wait: a fifth of the usual, because most of a page is
#: short work between waits, and would wait that long each time beside one session that computes.
SWITCH = 0.001

#: The most sentences about a link that are shown.
MAX_NOTES = 10

Spec = TypeVar("Spec")
T = TypeVar("T")


@functools.cache
def asset(name: str) -> str:
    """Return one of our own files of HTML, CSS or JavaScript."""
    return (ASSETS / name).read_text("utf-8")


@dataclass(frozen=True)
class PageRow:
    """One page of the app."""

    path: str
    title: str
    icon: str
    default: bool = False


PAGES = (
    PageRow("compare.py", N_("Compare"), ":material/show_chart:", default=True),
    PageRow("network.py", N_("Network"), ":material/neurology:"),
    PageRow("tune.py", N_("Tune"), ":material/tune:"),
    PageRow("stress.py", N_("Stress"), ":material/leaderboard:"),
    PageRow("lessons.py", N_("Lessons"), ":material/school:"),
)


def title_of(name: str) -> str:
    """What the page of a file is called, such as Compare for "compare"."""
    return next(row.title for row in PAGES if row.path == f"{name}.py")


def navigation() -> Any:
    """Build the app's pages; returns Streamlit's current page."""
    return st.navigation(
        [st.Page(APP / "pages" / p.path, title=tr(p.title), icon=p.icon, default=p.default) for p in PAGES],
        position="top",
    )


def start_app() -> None:
    """What frame.py does before its page runs: page settings, and a mark that it has run in this session."""
    icon = str(ASSETS / "icon.png")
    st.set_page_config(page_title="optim-viz", page_icon=icon, layout="wide", initial_sidebar_state="auto")
    languages.follow_link()
    try:
        log.start(log_level())
    except SpecError as error:  # the server's own settings are wrong: no page can be shown
        st.error(tr(str(error)), icon=":material/error:")
        st.stop()
    sys.setswitchinterval(SWITCH)
    _warm_up()
    sessions.claim_work()
    st.session_state["app.started"] = True


@functools.cache
def _warm_up() -> None:
    """What only the first page of a server would wait for, sympy above all, is no part of that page's own time.

    pandas is imported whole before anything is drawn: plotly takes what it finds of it in sys.modules, be it half of it
    that another session's thread has begun to import.
    """
    import pandas  # noqa: F401

    from optim_viz.surfaces.compiled import compiled
    from optim_viz.surfaces.table import SURFACES

    compiled(SURFACES["quadratic"])


def start_page(name: str) -> None:
    """First line of a page: on a cold deep link Streamlit runs a page without frame.py, so start over through it."""
    if "app.started" not in st.session_state:
        start_app()
        navigation()
        st.rerun()
    sessions.forget_errors()
    st.html(f"<style>{asset('page.css')}</style>")
    languages.switch()
    st.session_state["app.arrived"] = st.session_state.get("app.page") != name
    st.session_state["app.page"] = name


#: When the run of a page that is under way must have ended: one number, which may be put off.
_until: ContextVar[list[float]] = ContextVar("until")


@contextlib.contextmanager
def untimed() -> Iterator[None]:
    """What is run inside is no part of a page's time: a package that a server imports once."""
    began = time.monotonic()
    try:
        yield
    finally:
        if until := _until.get(None):
            until[0] += time.monotonic() - began


@contextlib.contextmanager
def timed(pages: int = 1) -> Iterator[None]:
    """What is run inside has the time of so many runs of a page, and ends where its visitor is gone or has asked anew.

    What does not end well ends in its sentence. The run then stops, and Streamlit keeps its widgets as they are.
    """
    seconds = pages * limit("page_seconds")
    until = [time.monotonic() + seconds]
    script = threading.get_ident()

    def answer() -> None:
        if time.monotonic() > until[0]:
            raise SpecError(
                "This takes longer than the {seconds} s that this server has for it: fewer steps, "
                "optimizers or trials will do.",
                seconds=seconds,
            )
        if threading.get_ident() == script:
            st.session_state.get("app.page")  # Streamlit stops here a script that is no longer wanted

    before = _until.set(until)
    try:
        with looks.answering(answer):
            yield
    except SpecError as error:
        st.error(plain(tr(str(error))), icon=":material/error:")
        if isinstance(error, Busy):
            st.button(tr("Try again"), icon=":material/refresh:")
        else:
            note_error()
        st.stop()
    finally:
        _until.reset(before)


def read_query() -> Query:
    """The link's query, every key with all its values."""
    return {key: st.query_params.get_all(key) for key in st.query_params}


def address() -> str:
    """The app's own address as the visitor's browser has it; "" where that is not known."""
    url = (st.context.url or "").partition("?")[0].rstrip("/")
    root, _, last = url.rpartition("/")
    return root if last in {Path(row.path).stem for row in PAGES} else url


def _widgets(name: str) -> dict[str, object]:
    """The values of a page's widgets as they are now."""
    state = st.session_state.to_dict()  # at once: by itself each key makes Streamlit gather all of them
    return {str(key): value for key, value in state.items() if str(key).startswith(f"{name}.")}


def _touched(name: str) -> bool:
    """Whether a widget changed since the last run: the browser's query may then be older than what was written."""
    before, now = st.session_state.get(f"link.{name}.widgets", {}), _widgets(name)
    return any(now[key] != value for key, value in before.items() if key in now)


def linked(
    name: str,
    default: Spec,
    read: Callable[[Query, Spec], tuple[Spec, list[str]]],
    fill: Callable[[Spec], None],
    view_choices: Sequence[ViewChoice] = (),
) -> list[str]:
    """Fill a page's widgets from its link when there is a new one; return what was dropped.

    Coming back from another page, whose link is not ours, the page is filled as it was left.
    """
    query, known = read_query(), st.session_state.get(f"link.{name}.query")
    arrived = st.session_state["app.arrived"]
    if known is not None and not arrived and (query == known or _touched(name)):
        return st.session_state[f"link.{name}.notes"]
    if arrived and known is not None and not languages.without_language(query):
        query = known
    if any(is_of_package(text) for texts in query.values() for text in texts) and installed():
        with untimed(), st.spinner(tr("Loading pytorch-optimizer ...")):
            # What is tried once is fast from then on: the package, torch itself, and the first step.
            trials.refusal(optimizer(packages.FIRST), "surface")
    spec, notes = read(languages.without_language(without(query, view_choices)), default)
    fill(spec)
    notes = notes + fill_view_choices(name, query, view_choices)
    st.session_state[f"link.{name}.notes"] = notes
    st.session_state[f"link.{name}.query"] = query
    return notes


def write_link(name: str, query: Query) -> None:
    """Show `query` in the address bar, where it is not there already."""
    query = query | languages.in_link()
    if query != read_query():
        st.query_params.from_dict(query)
    st.session_state[f"link.{name}.query"] = query
    st.session_state[f"link.{name}.widgets"] = _widgets(name)


def show_notes(notes: Sequence[str]) -> None:
    """Say what was dropped from a link: the first of it, where there is much."""
    if notes:
        beyond = len(notes) - MAX_NOTES
        more = N_("There are {count:,} more.", count=beyond) if beyond > 0 else ""
        said = [N_("Part of this link could not be used."), *notes[:MAX_NOTES], more]
        st.warning(plain(tr(together(filter(None, said)))), icon=":material/link_off:")


def guarded(name: str, make: Callable[[], T]) -> T | None:
    """Return `make()`; on bad input show its sentence and return what was made last, so that nothing shown is lost.

    A whole page, named without a dot, is silent where a part of it has said what is wrong: it would speak of what was
    typed there before.
    """
    try:
        st.session_state[f"link.{name}.good"] = make()
    except SpecError as error:
        if "." in name or not errors_said():
            st.error(plain(tr(str(error))), icon=":material/error:")
        note_error()
    return st.session_state.get(f"link.{name}.good")


_MARKS = re.compile(r"([\\`*~$\[\]]|(?<![^\W_])_|_(?![^\W_])|(?<=:)(?=//))")


def plain(text: str) -> str:
    """Return `text` so that it is shown as it is: no picture, no link, no formula, no emphasis comes of it.

    >>> print(plain("![x](https://a.b) is *not* a function"))
    !\\[x\\](https:\\//a.b) is \\*not\\* a function
    """
    return _MARKS.sub(r"\\\1", text)
