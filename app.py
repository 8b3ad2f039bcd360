"""optim-viz: the app's entry point. Run it with `streamlit run app.py`."""

from optim_viz import ui

ui.start_app()
with ui.logged():
    ui.navigation().run()
