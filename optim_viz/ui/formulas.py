"""What each optimizer of a comparison does, in a formula, a sentence and its source."""

from __future__ import annotations

import streamlit as st

from optim_viz.descent import method_name
from optim_viz.optimizers import OPTIMIZERS
from optim_viz.schedules import SCHEDULES
from optim_viz.spec import OptimizerSpec
from optim_viz.trajectory import Comparison


def formulas(runs: Comparison) -> None:
    """Show the update rule of every run, folded away under the player."""
    with st.expander("Update rules", icon=":material/function:", type="compact"):
        for run in runs:
            st.markdown(f"**{_plain(run.label)}** &ensp; {method_name(runs.spec, run.spec)}")
            _formula(run.spec)


def _formula(spec: OptimizerSpec) -> None:
    row = OPTIMIZERS[spec.kind]
    st.latex(row.latex)
    st.caption(f"{row.problem} {row.paper}, {row.year}.")
    if spec.schedule:
        schedule = SCHEDULES[spec.schedule.kind]
        st.latex(schedule.latex)
        st.caption(f"{schedule.title}: {schedule.problem} {schedule.reference}.")


def _plain(text: str) -> str:
    """A visitor's own label, with nothing that Markdown would read."""
    return "".join(c if c.isalnum() or c in " _-.,=" else " " for c in text).replace("_", r"\_")
