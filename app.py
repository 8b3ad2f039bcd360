"""optim-viz: the app's entry point. Run it with `streamlit run app.py`."""

import streamlit as st
from starlette.middleware import Middleware

from optim_viz.ui.first_page import FirstPage
from optim_viz.ui.head_start import HeadStart
from optim_viz.ui.kept_files import KeptFiles

app = st.App("frame.py", middleware=[Middleware(FirstPage), Middleware(HeadStart), Middleware(KeptFiles)])
