"""One lesson on the page: what is read, its pictures, the measured verdict, and what to try next."""

from __future__ import annotations

import functools
from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

import streamlit as st

from optim_viz.export.origin import origin
from optim_viz.language import N_, tr
from optim_viz.lessons import links, pictures, results, table
from optim_viz.lessons.lesson import Experiment, Lesson, Result, Verdict
from optim_viz.lessons.links import Place
from optim_viz.lessons.predictions import PREDICTIONS, reply
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.places import APP
from optim_viz.player.scenes import Scene
from optim_viz.spec import DescentSpec, SpecError
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.trajectory import Comparison
from optim_viz.ui import player
from optim_viz.ui.languages import in_link
from optim_viz.ui.page import address, plain, timed, title_of
from optim_viz.ui.share import give, share

#: Runs of a page that what a lesson shows and measures may take: it is always the same, and kept.
PAGES = 5
#: What stands for all that would answer the question.
HELD = N_("What to look at, and what was measured, is shown once you have guessed.")
_SLUGS = list(table.LESSONS)
_NUMBER = {slug: number for number, slug in enumerate(_SLUGS, 1)}


def fill_lesson(place: Place) -> None:
    """Set the page's widgets to a place."""
    st.session_state["lessons.slug"] = place.lesson
    st.session_state["lessons.run"] = place.run


def _go(step: int = 0) -> None:
    """Turn the page by `step` lessons, to the first picture there."""
    there = _NUMBER[st.session_state["lessons.slug"]] - 1 + step
    fill_lesson(Place(_SLUGS[min(max(there, 0), len(_SLUGS) - 1)]))


def choose_lesson() -> Lesson:
    """Show Back, the list of lessons, and Next; return the lesson that is open."""
    here = _NUMBER[st.session_state["lessons.slug"]]
    # These buttons' keys are not the page's: one that was pressed would count as touched, and hide the browser's Back.
    with st.container(horizontal=True, wrap=False, vertical_alignment="center", key="lessons-turn"):
        st.button(tr("Back"), key="lessons-back", on_click=_go, args=(-1,), disabled=here == 1)
        slug = st.selectbox(
            tr("Lesson"), _SLUGS, key="lessons.slug", label_visibility="collapsed", on_change=_go, required=True,
            format_func=lambda slug: f"{_NUMBER[slug]}. {tr(table.LESSONS[slug].title)}",
        )  # fmt: skip
        st.button(tr("Next"), key="lessons-next", on_click=_go, args=(1,), disabled=here == len(_SLUGS), type="primary")
    return table.lesson(str(slug))


def read_aloud(row: Lesson) -> None:
    """Show the claim, the text, and its source."""
    st.title(tr(row.claim), anchor=False)
    st.markdown(tr(row.text))
    st.caption(tr("Source: {source}.", source=row.source))


def point_out(row: Lesson, guessed: bool) -> None:
    """Show what to look at; before a guess is made it would answer the question."""
    if guessed:
        st.markdown(tr("**What to look at.** {look}", look=N_(row.look)))
    else:
        st.caption(tr(HELD))


def choose_picture(row: Lesson) -> tuple[Place, Any]:
    """Show the pictures of a lesson by name; return where the reader is, and room beside the names."""
    numbers = (*range(1, len(links.shown(row)) + 1), links.TOGETHER)
    with st.container(horizontal=True, horizontal_alignment="distribute", vertical_alignment="center"):
        run = st.segmented_control(
            tr("Picture"), numbers, key="lessons.run", label_visibility="collapsed", required=True,
            format_func=lambda number: tr(links.tab(row, number)),
        )  # fmt: skip
        room = st.container(width="content")
    return Place(row.slug, 1 if run is None else int(run)), room


@functools.lru_cache(maxsize=64)
def _drawn(experiment: Experiment) -> Result:
    """What the player draws: the first seed. Lessons are few and never change, so results are kept."""
    return results.result(replace(experiment, seeds=1))


@functools.cache
def _verdict(slug: str) -> Verdict:
    return results.verdict(table.lesson(slug))


@functools.cache
def _measured_prediction(slug: str) -> tuple[int, str]:
    """Which answer is right, and by which numbers."""
    return PREDICTIONS[slug].measure(results.results(table.lesson(slug)))


@timed(PAGES)
def predict(row: Lesson) -> bool:
    """Ask what will be seen; once an answer is chosen, say whether it is what was measured. Return whether to tell it.

    It is told to those who guess, and to those who would rather be shown.
    """
    asked, told = PREDICTIONS[row.slug], f"lessons.{row.slug}.told"
    with st.container(key="lessons-guess", gap="xsmall"):
        chosen = st.pills(
            tr("**Guess first.** {question}", question=N_(asked.question)), range(len(asked.answers)),
            key=f"lessons.{row.slug}.guess", format_func=lambda i: tr(asked.answers[i][0]),
        )  # fmt: skip
        if chosen is None and not st.session_state.get(told):
            st.button(tr("Show me"), key=f"{told}.now", type="tertiary", on_click=_tell, args=(told,))
            return False
        try:
            right, numbers = _measured_prediction(row.slug)
        except SpecError as error:
            st.error(plain(tr(str(error))), icon=":material/error:")
            return True
        if chosen is None:
            st.markdown(tr(numbers))
            return True
        sign = ":green[:material/check_circle:" if chosen == right else ":red[:material/cancel:"
        st.markdown(f"{sign} **{tr(reply(asked, right, chosen))}**] {tr(numbers)}")
    return True


def _tell(key: str) -> None:
    st.session_state[key] = True


def _caption(experiment: Experiment) -> str:
    """What a picture shows, the function that is drawn, and which of several seeds."""
    spec = experiment.spec
    called = f"f({', '.join(pictures.weights(experiment))})"
    formula = f"${called} = {compiled(spec.surface).latex}$" if isinstance(spec, DescentSpec) else ""
    parts = (tr("{caption}.", caption=N_(experiment.caption)), formula, tr(pictures.drawn_seed(experiment)))
    return " &ensp; ".join(part for part in parts if part)


def _play(drawn: Scene, guessed: bool, link: str) -> None:
    """Show the player; until a guess is made it stands at its start, and nothing of what comes is to be seen."""
    with st.container(key="lessons-picture"):
        player.show(replace(drawn, data=drawn.data | {"waits": not guessed}), key="lessons-player", origin=link)


@timed(PAGES)
def picture(row: Lesson, place: Place, guessed: bool) -> Result | None:
    """Show a picture: its caption, the player, and the link to where it can be changed. Return what is drawn.

    All pictures beside each other are nobody's result.
    """
    if place.run == links.TOGETHER:
        _all_pictures(row, place, guessed)
        return None
    experiment = links.shown(row)[place.run - 1]
    try:
        found = _drawn(experiment)
    except SpecError as error:
        st.error(plain(tr(str(error))), icon=":material/error:")
        return None
    st.markdown(_caption(experiment))
    _play(pictures.scene(found, f"lesson {row.slug} {experiment.name}"), guessed, origin(experiment.spec, address()))
    if found.plane:
        st.caption(tr(found.plane.caption))
    page, query = links.opened(experiment)
    with st.container(horizontal=True, vertical_alignment="center"):
        st.page_link(
            APP / "pages" / f"{page}.py", label=tr("Open in {page}", page=title_of(page)),
            query_params=query | in_link(), icon=":material/open_in_new:",
        )  # fmt: skip
        st.caption(tr(links.left_behind(experiment)))
    return found


def _all_pictures(row: Lesson, place: Place, guessed: bool) -> None:
    """Show all pictures of a lesson under one playhead."""
    try:
        found = [_drawn(experiment) for experiment in links.shown(row)]
    except SpecError as error:
        st.error(plain(tr(str(error))), icon=":material/error:")
        return
    st.markdown(tr(pictures.ALL))
    link = f"{address()}/lessons?{urlencode(links.write_lesson(place), doseq=True)}"
    _play(pictures.together(row, found), guessed, link)


def share_picture(place: Place, found: Result | None) -> None:
    """Offer the link of a picture, and its files as Compare or Network would."""
    if place.run == links.TOGETHER:
        give("lessons", None, N_("This link opens all pictures beside each other; for files, choose one of them."))
        return
    if found is None:
        give("lessons", None, N_("This picture could not be drawn, so there are no files of it."))
        return
    runs = pictures.named(found.shown) if isinstance(found.shown, Comparison) else found.shown
    share("lessons", runs, lambda: found.plane, f"{place.lesson}-{found.experiment.name}".replace("_", "-"))


@timed(PAGES)
def judge(row: Lesson) -> None:
    """Show what was measured: does the claim hold, and where does it stop?"""
    with st.spinner(tr("Measuring ...")):
        try:
            found = _verdict(row.slug)
        except SpecError as error:
            st.error(plain(tr(str(error))), icon=":material/error:")
            return
    claim, limit = st.columns(2, gap="medium")
    with claim:
        st.subheader(tr("Measured"), anchor=False)
        _finding(found.holds, N_("The claim holds."), N_("The claim does not hold here."), found.sentence)
    with limit:
        st.subheader(tr("Where it stops"), anchor=False)
        st.markdown(tr(row.limit.text))
        _finding(found.limit_holds, N_("Measured too."), N_("Not seen here."), found.limit_sentence)


def _finding(holds: bool, yes: str, no: str, sentence: str) -> None:
    sign = f":green[:material/check_circle: **{tr(yes)}**]" if holds else f":red[:material/cancel: **{tr(no)}**]"
    st.markdown(f"{sign} {tr(sentence)}")


def deeper(row: Lesson) -> None:
    """Show the question with its answer folded, and the formulas beside the code."""
    question, code = st.columns(2, gap="medium")
    with question:
        st.subheader(tr("Try it"), anchor=False)
        st.markdown(tr(row.question))
        with st.expander(tr("Answer"), key=f"lessons.{row.slug}.answer"):
            st.markdown(tr(row.answer))
    with code:
        st.subheader(tr("Formulas beside the code"), anchor=False)
        for kind in row.optimizers:
            part = st.expander(OPTIMIZERS[kind].title, key=f"lessons.{row.slug}.{kind}", on_change="rerun")
            if part.open:
                with part:
                    st.latex(OPTIMIZERS[kind].latex)
                    st.code(results.code(kind, row.between), language="python")
