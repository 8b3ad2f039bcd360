"""Lessons: claims about optimizers, each seen, measured, and shown where it stops holding."""

import streamlit as st

import optim_viz  # noqa: F401 - whole, before any part of it: two sessions that import parts at once get halves
from optim_viz.lessons import links
from optim_viz.ui import lessons as parts
from optim_viz.ui import page

page.start_page("lessons")
notes = page.linked("lessons", links.DEFAULT, links.read_lesson, parts.fill_lesson)
page.show_notes(notes)
text, drawn = st.columns([3, 7], gap="medium")
with text, st.container(key="lessons-text"):
    row = parts.choose_lesson()
    parts.read_aloud(row)
    look = st.container()
with drawn, st.container(key="lessons-drawn"):
    place, corner = parts.choose_picture(row)
    page.write_link("lessons", links.write_lesson(place))
    guessed = parts.predict(row)
    with look:
        parts.point_out(row, guessed)
    found = parts.picture(row, place, guessed)
    with corner:
        parts.share_picture(place, found)
with st.container(key="lessons-rest"):
    if guessed:
        parts.judge(row)
    parts.deeper(row)
