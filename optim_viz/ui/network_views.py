"""Below the network's player: one view of the training at a time, so that the page stays light."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import streamlit as st

from optim_viz.export.table import harmless
from optim_viz.figures import plane_gauges, readings, results_table, training_cost
from optim_viz.figures.training import bands, dead_outputs, layer_health
from optim_viz.language import N_, together, tr
from optim_viz.network import digits
from optim_viz.network.plane import Plane
from optim_viz.network.training import Training
from optim_viz.ui.network_sharpness import show_sharpness
from optim_viz.ui.view_choices import ViewChoice, choose
from optim_viz.ui.widgets import show_results


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
    views = [key for key, (_, _, wanted) in DETAILS.items() if wanted(training, plane)]
    chosen = choose("network", DETAIL, tr("View"), views)
    _say_dead_outputs(training)
    DETAILS[chosen][1](Shown(training, plane, frame if isinstance(frame, int) else None))


def _say_dead_outputs(training: Training) -> None:
    """Say what the last ReLU costs: digits that a network can no longer name."""
    dead = {run.label: int(run.dead_outputs[-1]) for run in map(training.__getitem__, training.labels)}
    if any(dead.values()):
        counts = together(
            (N_("{label}: {count} of 10", label=label, count=count) for label, count in dead.items() if count),
            "{before}, {after}",
        )
        st.info(
            tr(
                "Outputs that are 0 for every test digit ({counts}). The ReLU after the last layer clips "
                "them at 0 and lets no gradient back, so these digits are lost to the network. Switch it off "
                "to see the difference.",
                counts=counts,
            ),
            icon=":material/info:",
        )


def _results(shown: Shown) -> None:
    show_results(results_table.results(shown.training))


def _cost(shown: Shown) -> None:
    """What reaching a test loss costs: the same curves by steps, gradient evaluations and seconds."""
    st.plotly_chart(training_cost.curves(shown.training, dark=shown.dark), key="network-cost")
    lowest = min(float(np.min(shown.training[label].test_losses)) for label in shown.training.labels)
    target = st.number_input(
        tr("Target test loss (nats)"), 0.01, 10.0, max(round(1.25 * lowest, 2), 0.01), 0.05, key="network.target",
        help=tr("At first a quarter above the lowest that any of these runs saw."),
    )  # fmt: skip
    table = training_cost.to_target(shown.training, float(target))
    st.dataframe(harmless(table), hide_index=True, width="stretch", placeholder=tr("never"))


def _seeds(shown: Shown) -> None:
    for what in ("test_accuracies", "losses"):
        st.plotly_chart(bands(shown.training, what, dark=shown.dark), key=f"network-bands-{what}")


def _layers(shown: Shown) -> None:
    st.plotly_chart(layer_health(shown.training, dark=shown.dark), key="network-layers")
    if shown.training.spec.final_relu:
        st.plotly_chart(dead_outputs(shown.training, dark=shown.dark), key="network-dead")


def _gauges(shown: Shown) -> None:
    if shown.plane:
        chart = plane_gauges.gauges(shown.plane, shown.training, dark=shown.dark)
        st.plotly_chart(chart, key="network-gauges")


def _readings(shown: Shown) -> None:
    """What a network reads, at the evaluation before the playhead."""
    label = st.segmented_control(tr("Run"), shown.training.labels, default=shown.training.labels[0], key="network.run")
    run = shown.training[label or shown.training.labels[0]]
    step = shown.training.steps if shown.frame is None else shown.frame + 1
    row = max(0, int(np.searchsorted(run.eval_steps, step, side="right")) - 1)
    data = digits.loaded_for(shown.training)
    st.caption(tr("As of the last evaluation before the playhead where it rests; move it to see another."))
    left, right = st.columns(2)
    left.plotly_chart(readings.confusion(run, row, data.test_y, dark=shown.dark), key="network-confusion")
    strip = readings.misread(run, row, data.test_x, data.test_y, dark=shown.dark)
    right.plotly_chart(strip, key="network-misread")


def _sharpness(shown: Shown) -> None:
    show_sharpness(shown.training)


#: A view as the link writes it -> as people read it, how it is drawn, and when there is something to see.
DETAILS: dict[str, tuple[str, Callable[[Shown], None], Callable[[Training, Plane | None], bool]]] = {
    "results": (N_("Results"), _results, lambda training, plane: True),
    "seeds": (N_("Seeds"), _seeds, lambda training, plane: training.spec.seeds > 1),
    "cost": (N_("Cost"), _cost, lambda training, plane: True),
    "layers": (N_("Layers"), _layers, lambda training, plane: True),
    "gauges": (N_("Plane"), _gauges, lambda training, plane: plane is not None),
    "sharpness": (N_("Sharpness"), _sharpness, lambda training, plane: True),
    "reads": (N_("What it reads"), _readings, lambda training, plane: True),
}
DETAIL = ViewChoice("view", {key: title for key, (title, _, _) in DETAILS.items()}, "results")
