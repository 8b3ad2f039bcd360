"""optim-viz: the app's entry point. Run it with `streamlit run app.py`."""

from optim_viz.ui import page, sessions

page.start_app()
with sessions.logged(), page.timed(), sessions.turns().turn():
    page.navigation().run()
