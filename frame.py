"""The frame around every page, run at every visit and every change: its settings, the visitor's turn, the page."""

import optim_viz  # noqa: F401 - whole, before any part of it: two sessions that import parts at once get halves
from optim_viz.ui import page, sessions

page.start_app()
with sessions.logged(), page.timed(), sessions.turns().turn():
    page.navigation().run()
