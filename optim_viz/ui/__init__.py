"""The Streamlit side: the only package below the pages, besides the player's mount, that imports streamlit."""

from optim_viz.ui.controls import comparison, fill_descent, fill_optimizers, optimizers, pick
from optim_viz.ui.page import guarded, linked, navigation, show_notes, start_app, start_page, write_link

__all__ = [
    "comparison",
    "fill_descent",
    "fill_optimizers",
    "guarded",
    "linked",
    "navigation",
    "optimizers",
    "pick",
    "show_notes",
    "start_app",
    "start_page",
    "write_link",
]
