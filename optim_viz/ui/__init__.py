"""The Streamlit side: the only package below the pages, besides the player's mount, that imports streamlit."""

from optim_viz.ui.controls import comparison, fill_descent, fill_network, pick, training
from optim_viz.ui.formulas import formulas
from optim_viz.ui.page import guarded, linked, navigation, show_notes, start_app, start_page, write_link
from optim_viz.ui.requests import logged
from optim_viz.ui.share import presets, share
from optim_viz.ui.work import LOOKS, ask, share_training, watch

__all__ = [
    "LOOKS",
    "ask",
    "comparison",
    "fill_descent",
    "fill_network",
    "formulas",
    "guarded",
    "linked",
    "logged",
    "navigation",
    "pick",
    "presets",
    "share",
    "share_training",
    "show_notes",
    "start_app",
    "start_page",
    "training",
    "watch",
    "write_link",
]
