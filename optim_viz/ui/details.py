"""Below the network's player: one view of the training at a time, so that the page stays light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from optim_viz import digits, network_figures, network_tables, plane_figures
from optim_viz.landscape import Plane
from optim_viz.training import Training


@dataclass(frozen=True)
class Shown:
    """What the views are made of; `frame` is where the playhead rests, if it does."""

    training: Training
    plane: Plane | None
    frame: int | None

    @property
    def dark(self) -> bool:
        """Whether the page is dark."""
        return st.context.theme.type == "dark"


def details(training: Training, plane: Plane | None, frame: Any) -> None:
    """Show the chosen view of a training that is over."""
    views = [name for name, (_, wanted) in VIEWS.items() if wanted(training, plane)]
    chosen = st.segmented_control(
        "View", views, key="network.view", default="Results", label_visibility="collapsed"
    )  # fmt: skip
    _say_dead_outputs(training)
    if chosen in VIEWS:
        VIEWS[chosen][0](Shown(training, plane, frame if isinstance(frame, int) else None))


def _say_dead_outputs(training: Training) -> None:
    """Say what the last ReLU costs: digits that a network can no longer name."""
    dead = {run.label: int(run.dead_outputs[-1]) for run in map(training.__getitem__, training.labels)}
    if any(dead.values()):
        counts = ", ".join(f"{label}: {count} of 10" for label, count in dead.items() if count)
        st.info(
            f"Outputs that are 0 for every test digit ({counts}). The ReLU after the last layer clips them at 0 and "
            "lets no gradient back, so these digits are lost to the network. Switch it off to see the difference.",
            icon=":material/info:",
        )


def _results(shown: Shown) -> None:
    st.dataframe(network_tables.results(shown.training), hide_index=True, width="stretch")


def _seeds(shown: Shown) -> None:
    for what in ("test_accuracies", "losses"):
        st.plotly_chart(network_figures.bands(shown.training, what, dark=shown.dark), key=f"network-bands-{what}")


def _layers(shown: Shown) -> None:
    st.plotly_chart(network_figures.layer_health(shown.training, dark=shown.dark), key="network-layers")
    if shown.training.spec.final_relu:
        st.plotly_chart(network_figures.dead_outputs(shown.training, dark=shown.dark), key="network-dead")


def _gauges(shown: Shown) -> None:
    if shown.plane:
        chart = plane_figures.gauges(shown.plane, shown.training, dark=shown.dark)
        st.plotly_chart(chart, key="network-gauges")


def _readings(shown: Shown) -> None:
    """What a network reads, at the evaluation before the playhead."""
    label = st.segmented_control("Run", shown.training.labels, default=shown.training.labels[0], key="network.run")
    run = shown.training[label or shown.training.labels[0]]
    step = shown.training.steps if shown.frame is None else shown.frame + 1
    row = max(0, int(np.searchsorted(run.eval_steps, step, side="right")) - 1)
    data = digits.load(shown.training.spec.data)
    st.caption("As of the last evaluation before the playhead; move it to see another.")
    left, right = st.columns(2)
    left.plotly_chart(network_tables.confusion(run, row, data.test_y, dark=shown.dark), key="network-confusion")
    strip = network_tables.misread(run, row, data.test_x, data.test_y, dark=shown.dark)
    right.plotly_chart(strip, key="network-misread")


#: Name of a view -> how it is drawn, and when there is something to see.
VIEWS: dict[str, tuple[Callable[[Shown], None], Callable[[Training, Plane | None], bool]]] = {
    "Results": (_results, lambda training, plane: True),
    "Seeds": (_seeds, lambda training, plane: training.spec.seeds > 1),
    "Layers": (_layers, lambda training, plane: True),
    "Plane": (_gauges, lambda training, plane: plane is not None),
    "What it reads": (_readings, lambda training, plane: True),
}
