"""The parts of the page Compare: its controls, and below the player what each optimizer does."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import streamlit as st

from optim_viz.experiments.budgets import within
from optim_viz.experiments.fairness import FAIRNESS, Fair, FairRuns
from optim_viz.experiments.turned import turned
from optim_viz.language import N_, tr
from optim_viz.optimizers.clipping import LATEX
from optim_viz.optimizers.cycled import first_values
from optim_viz.optimizers.packages import about, is_of_package
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import DescentSpec, OptimizerSpec, SpecError
from optim_viz.surfaces import descent
from optim_viz.surfaces.descent import method_name
from optim_viz.surfaces.trajectory import Comparison
from optim_viz.ui.optimizer_controls import fill_optimizers, optimizers, set_optimizers
from optim_viz.ui.page import plain
from optim_viz.ui.sessions import note_error
from optim_viz.ui.surface_controls import STEPS, batch_size, fairness, own_values, weights_of, where
from optim_viz.ui.widgets import choices


def fill_descent(asked: Fair[DescentSpec]) -> None:
    """Set the widgets of Compare to what is asked for."""
    spec = asked.spec
    values = {
        "surface": spec.surface.name,  # OWN is one of them
        "batch": spec.batch_size or 0,
        "fair": asked.mode,
        **_numbers(spec),
        **own_values(spec.surface),
    }
    st.session_state.update({f"compare.{key}": value for key, value in values.items()})
    fill_optimizers("compare", spec.optimizers)


def _numbers(spec: DescentSpec) -> dict[str, float | str]:
    """What is turned in the player: the numbers of the whole comparison, and how it is drawn."""
    x, y = spec.start
    own: dict[str, float | str] = {
        "steps": spec.steps,
        "noise": spec.noise,
        "seed": spec.seed,
        "x": x,
        "y": y,
        "drawn": spec.drawn,
    }
    return {**own, **dict(spec.surface.parameters)}


def comparison(name: str, suggested: Mapping[str, float]) -> Callable[[], Fair[DescentSpec]]:
    """Show the controls of a comparison; return a function that checks them and gives what is asked for.

    They choose; what is played with stands under the picture: start, noise, seed and the numbers of every optimizer.
    """
    make_surface, row = where(name, played=True)
    steps = st.select_slider(
        tr("Steps"), choices(f"{name}.steps", STEPS), key=f"{name}.steps", format_func=lambda v: f"{v:,}"
    )
    batch = batch_size(name, row)
    mode = fairness(name, FAIRNESS, N_("the same number of trials on the run that is shown."))
    specs = optimizers(name, suggested, weights_of(row), played=True, mode=mode, place="surface")
    x, y, noise, seed, drawn = (st.session_state[f"{name}.{key}"] for key in ("x", "y", "noise", "seed", "drawn"))
    return lambda: within(
        Fair(descent.check(make_surface(), specs, (x, y), int(steps), noise, batch, seed, drawn), mode)
    )


def turn(name: str, shown: FairRuns[DescentSpec, Comparison], values: Any) -> None:
    """Numbers were turned in the player: set the widgets to them, or say what is wrong with them."""
    try:
        asked = turned(shown.asked, shown.runs.spec, values)
    except SpecError as error:
        st.error(plain(tr(str(error))), icon=":material/error:")
        note_error()
        return
    spec = asked.spec
    st.session_state.update({f"{name}.{key}": value for key, value in _numbers(spec).items()})
    st.session_state[f"{name}.fair"] = asked.mode
    set_optimizers(name, spec.optimizers)


def formulas(runs: Comparison) -> None:
    """Show the update rule of every run, folded away under the player."""
    folded = st.expander(
        tr("Update rules"), icon=":material/function:", type="compact", key="compare.rules", on_change="rerun"
    )
    if not folded.open:
        return  # formulas of eight rules are half of what a run of the page would send
    with folded:
        for run in runs:
            st.markdown(f"**{plain(run.label)}** &ensp; {tr(method_name(runs.spec, run.spec))}")
            _formula(run.spec)


def _formula(spec: OptimizerSpec) -> None:
    for name, latex in LATEX.items():
        if name in dict(spec.clip):
            st.latex(latex)
    if is_of_package(spec.kind):
        st.caption(plain(f"{about(spec.kind)} {tr('It is stepped by torch on the server, with no formula of ours.')}"))
    else:
        row = OPTIMIZERS[spec.kind]
        st.latex(row.latex)
        if on := row.settings_on(first_values(spec)):
            st.caption(plain(tr("Added to this rule: {settings}", settings=on)))
        st.caption(f"{tr(row.problem)} {row.paper}, {row.year}.")
    if spec.schedule:
        schedule = SCHEDULES[spec.schedule.kind]
        st.latex(schedule.latex)
        st.caption(f"{tr(schedule.title)}: {tr(schedule.problem)} {schedule.reference}.")
