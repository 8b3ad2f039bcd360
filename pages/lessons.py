"""Lessons: claims about optimizers, each seen, measured, and shown where it stops holding."""

import streamlit as st

from optim_viz import lesson_links, ui
from optim_viz.ui import lessons as parts

ui.start_page("lessons")
notes = ui.linked("lessons", lesson_links.DEFAULT, lesson_links.read_lesson, parts.fill_lesson)
ui.show_notes(notes)
text, drawn = st.columns([3, 7], gap="medium")
with text, st.container(key="lessons-text"):
    row = parts.choose_lesson()
    parts.read_aloud(row)
with drawn, st.container(key="lessons-drawn"):
    place, corner = parts.choose_picture(row)
    ui.write_link("lessons", lesson_links.write_lesson(place))
    found = parts.picture(row, place)
    with corner:
        parts.share_picture(place, found)
with st.container(key="lessons-rest"):
    parts.judge(row)
    parts.deeper(row)
