"""The sharpness of a training on the page Network: asked for, watched while it is measured, drawn, and given away."""

from __future__ import annotations

import streamlit as st

from optim_viz.experiments import sharpness_runs
from optim_viz.experiments.jobs import Job, Line
from optim_viz.export.table import EXPORTS, as_csv, harmless
from optim_viz.figures import results_table
from optim_viz.figures.sharpness import sharpness
from optim_viz.language import N_, tr
from optim_viz.network.curvature import Sharpness
from optim_viz.network.training import Training
from optim_viz.spec import SpecError
from optim_viz.ui import progress
from optim_viz.ui.page import plain

#: Seconds between two looks at a measurement that goes on.
LOOK = 0.6
_KEY = "sharpness"


@st.cache_resource
def _line() -> Line:
    """A line of its own: nobody's training waits for it."""
    return Line(sharpness_runs.run)


def show_sharpness(training: Training) -> None:
    """Have the sharpness measured, and show it: as far as it is known, while that goes on."""
    try:
        job = progress.ask(_KEY, _line(), sharpness_runs.asked(training))
    except SpecError as error:
        st.error(plain(tr(str(error))), icon=":material/error:")
        return
    if job.active:
        progress.watched(_KEY, job)
    st.fragment(_look, run_every=LOOK if job.active else None)(job)


def _look(job: Job) -> None:
    if progress.over(_KEY, job):
        st.rerun()  # the last look: from now on nothing polls
    told = job.progress  # looked at once: the job takes it away when it ends
    if job.active:
        progress.bar(_KEY, _line(), job, N_("Measuring sharpness"), N_("measurements"))
    else:
        progress.ended(_KEY, job, N_("What was measured until then is shown."), N_("Measure again"))
    found = job.result.found if job.result else told.so_far() if told else None
    if found is not None:
        draw_sharpness(found)
    if job.result and job.result.sentence:
        st.caption(tr(job.result.sentence))
    if job.result:
        give_sharpness(job.result.found)


def draw_sharpness(found: Sharpness) -> None:
    """Show the largest eigenvalues over steps with their edges, what they are, and their table."""
    st.plotly_chart(sharpness(found, dark=st.context.theme.type == "dark"), key="network-sharpness")
    st.caption(plain(tr(found.caption)))
    table = harmless(results_table.curved(found))
    st.dataframe(table, hide_index=True, width="stretch", placeholder=tr("not known"))


def give_sharpness(found: Sharpness) -> None:
    """Offer every number of it as a table."""
    row = EXPORTS["csv"]
    st.download_button(
        tr(row.title), lambda: as_csv(found.to_frame()), f"optim-viz-sharpness{row.suffix}", row.mime,
        key="network-sharpness.csv", on_click="ignore", type="tertiary", icon=":material/download:",
    )  # fmt: skip
