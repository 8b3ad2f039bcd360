"""The matrix task on the page Network: its controls, then its runs asked for, watched, shown and shared."""

from __future__ import annotations

import math
from collections.abc import Callable

import streamlit as st

from optim_viz.experiments.budgets import within
from optim_viz.experiments.fair_matrix import GRID, NEAR, fair_matrix
from optim_viz.experiments.fairness import ON_NETWORK, Fair
from optim_viz.experiments.jobs import Job, Line
from optim_viz.experiments.links import Query
from optim_viz.export.origin import origin
from optim_viz.figures.results_table import matrix_results
from optim_viz.language import N_, together, tr
from optim_viz.network import matrix_task, train
from optim_viz.network.matrix_runs import MatrixTask
from optim_viz.optimizers.schedules import long_warm_ups
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player.matrix_scenes import matrix_task as scene_of
from optim_viz.player.matrix_scenes import told
from optim_viz.spec import MatrixSpec
from optim_viz.ui import progress
from optim_viz.ui.optimizer_controls import fill_optimizers, optimizers
from optim_viz.ui.page import address, plain, timed, write_link
from optim_viz.ui.player import show
from optim_viz.ui.share import share
from optim_viz.ui.surface_controls import fairness
from optim_viz.ui.widgets import choices, show_results

CONDITIONS = [10.0**power for power in range(int(math.log10(matrix_task.MAX_CONDITION)) + 1)]
#: Seconds between two looks at a run that goes on.
LOOK = 0.4
_KEY = "matrix"
#: Runs of a page that a look may take.
PAGES = 2


def fill_matrix(asked: Fair[MatrixSpec]) -> None:
    """Set the widgets of Network to a matrix task."""
    spec = asked.spec
    values = {
        "condition": spec.condition,
        "rows": spec.shape[0],
        "columns": spec.shape[1],
        "steps": spec.steps,
        "seed": spec.seed,
        "seeds": spec.seeds,
        "fair": asked.mode,
    }
    st.session_state.update({f"network.{key}": value for key, value in values.items()})
    fill_optimizers("network", spec.optimizers)


def controls(name: str) -> Callable[[], Fair[MatrixSpec]]:
    """Show the controls of the matrix task; return a function that checks them and gives what is asked for."""
    condition = st.select_slider(
        tr("Commonest key to rarest"), choices(f"{name}.condition", CONDITIONS), key=f"{name}.condition",
        format_func=lambda value: f"{value:,.6g}",
        help=tr("How many times as often the commonest key is asked for as the rarest; 1: all equally often."),
    )  # fmt: skip
    left, right = st.columns(2)
    rows = left.number_input(tr("Value length"), key=f"{name}.rows", step=1)
    columns = right.number_input(tr("Keys"), key=f"{name}.columns", step=1)
    steps = st.number_input(tr("Steps"), key=f"{name}.steps", step=50)
    seed = st.number_input(tr("Seed"), key=f"{name}.seed", step=1)
    seeds = st.slider(
        tr("Seeds"),
        1,
        train.MAX_SEEDS,
        key=f"{name}.seeds",
        help=tr("Runs of each optimizer, on as many sets of pairs."),
    )
    mode = fairness(name, ON_NETWORK, N_("{count} trials as long as the run that is shown.", count=GRID + NEAR))
    specs = optimizers(name, {}, {}, limit=train.MAX_OPTIMIZERS, mode=mode, kinds=OPTIMIZERS, place="network")
    return lambda: within(Fair(matrix_task.check(specs, condition, (rows, columns), steps, seed, seeds), mode))


@st.cache_resource
def _line() -> Line:
    return Line(fair_matrix)


def ask(asked: Fair[MatrixSpec]) -> Job:
    """Return the job of what is asked for."""
    return progress.ask(_KEY, _line(), asked)


def watch(job: Job, query: Query) -> None:
    """Show a job: progress while it goes on, its runs after that. `query` is its link."""
    st.fragment(_view, run_every=LOOK if job.active else None)(job, query)


@timed(PAGES)
def _view(job: Job, query: Query) -> None:
    if progress.over(_KEY, job):
        st.rerun()  # the last look: from now on nothing polls
    # Places of their own: the picture before stays until there is a new one.
    above, picture = st.container(), st.container()
    with above:
        if job.active:
            progress.bar(_KEY, _line(), job, N_("Running"), N_("runs"))
        else:
            progress.ended(_KEY, job, N_("What was recorded until then is shown."), N_("Run again"))
    write_link("network", query)
    found = runs_of(job) or st.session_state.get("app.last_matrix")
    if found is None:
        return
    st.session_state["app.last_matrix"] = found
    with picture:
        show(scene_of(found), key="matrix-player", origin=origin(found.spec, address()))
    _said(job, found)


def _said(job: Job, found: MatrixTask) -> None:
    """What stands below the picture: what was asked, how rates were chosen, and a table."""
    left = N_(
        "On the left is what is still to be learned in every direction of the matrix; the largest is drawn thick."
    )
    st.caption(tr(together([N_("{asked}.", asked=told(found.spec)), left])))
    if job.result and job.result.sentence:
        st.caption(tr(job.result.sentence))
    for said in long_warm_ups(found.spec.optimizers, found.steps):
        st.caption(plain(tr(said)))
    show_results(matrix_results(found), digits=3)


def runs_of(job: Job) -> MatrixTask | None:
    """What came of a job, or None where nothing has yet."""
    return job.result.runs if job.result else None


def share_task(job: Job) -> None:
    """Offer the link of a job and, once it is over, its files."""
    share("network", None if job.active else runs_of(job))
