"""A pure function from a Plane to the plotly figure that says how far to trust it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from optim_viz.figures.style import dress, log_axis, span
from optim_viz.figures.training import line, looks, span_of_steps
from optim_viz.language import N_, tr
from optim_viz.network.recording import Recordings, gathered
from optim_viz.network.training import Training

if TYPE_CHECKING:
    from optim_viz.network.plane import Plane

#: Whether it is a training, whose loss has a unit -> the loss of weights, that of their projection, and the axis.
_WORDS = {
    True: (N_("own loss %{y:.4g} nats"), N_("loss on the plane %{y:.4g} nats"), N_("loss (nats)")),
    False: (N_("own loss %{y:.4g}"), N_("loss on the plane %{y:.4g}"), N_("loss")),
}


def gauges(plane: Plane, training: Training | Recordings, dark: bool = False, legend: bool = True) -> go.Figure:
    """Return what the plane keeps from us, in three panels: distance from it, own and plane loss, explained variance.

    Problem: a path on a PCA plane looks smooth and low whatever happened; these say how much of it is true.
    Formula: |w - projection| / |w - origin|; loss at w and at its projection; share of the variance beside a random
    walk's with as many snapshots.
    Arguments: `plane`, what `project` returned for `training`, a training or recordings; `dark`, for a dark page;
    `legend`, whether to show one.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network.project import project
    >>> from optim_viz.network.train import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> len(gauges(project(t, resolution=5, digits=100), t).data)
    5

    Reference: Antognini & Sohl-Dickstein, PCA of High Dimensional Random Walks (2018).
    """
    training = training if isinstance(training, Training) else gathered(training)
    titles = (
        tr("Distance from the plane"),
        tr("Loss: line, at the weights;<br>points, on the plane"),
        tr("Explained variance"),
    )
    figure = make_subplots(1, 3, subplot_titles=titles, horizontal_spacing=0.09, column_widths=[0.36, 0.36, 0.28])
    every = looks(training, dark)
    own_words, plane_words, unit = _WORDS[isinstance(training, Training)]
    for label in (label for label in plane.labels if label in every):
        look, steps = every[label], plane.snapshot_steps[label]
        figure.add_trace(line(look, steps, 100 * plane.distances[label], tr("%{y:.1f} % off the plane")), 1, 1)
        own = {"mode": "lines", "showlegend": False}
        figure.add_trace(line(look, steps, plane.true_losses[label], tr(own_words), **own), 1, 2)
        marker = {**look["marker"], "symbol": look["marker"]["symbol"] + "-open", "size": 5, "maxdisplayed": 0}
        points = {"mode": "markers", "showlegend": False, "marker": marker, "opacity": 0.8}
        figure.add_trace(line(look, steps, plane.plane_losses[label], tr(plane_words), **points), 1, 2)
    for trace in _shares(plane, dark):
        figure.add_trace(trace, 1, 3)
    for column in (1, 2):
        figure.update_xaxes(title=tr("step"), range=span_of_steps(training), col=column)
    figure.update_yaxes(title=tr("of the distance to its centre (%)"), range=[0, 103], col=1)
    figure.update_yaxes(log_axis(*span([*plane.true_losses.values(), *plane.plane_losses.values()]), 0.03), col=2)
    figure.update_yaxes(title=tr(unit), col=2)
    figure.update_yaxes(title=tr("share of the variance (%)"), range=[0, 103], col=3)
    figure.update_layout(barmode="stack", bargap=0.35).update_annotations(font={"size": 12})
    return dress(figure, tr("How far to trust the plane"), 340, dark, legend).update_layout(margin_t=70 + 30 * legend)


def _shares(plane: Plane, dark: bool) -> list[go.Bar]:
    """Two stacked bars, the snapshots' shares and a random walk's, axis upon axis."""
    both = 100 * np.stack([plane.explained_variance, plane.random_walk], 1)
    names = [
        f"{name}<br>{total:.3g} %"
        for name, total in zip((tr("these runs"), tr("random walk")), both.sum(0), strict=True)
    ]
    colors = ("#7da2e0", "#4a6fae") if dark else ("#34558b", "#7f9fcf")
    return [
        go.Bar(
            x=names, y=both[i], name=tr("axis {number}", number=i + 1), showlegend=False,
            marker={"color": color, "line": {"width": 0}},
            text=[tr("axis {number}", number=i + 1) if share >= 8 else "" for share in both[i]], textposition="inside",
            insidetextanchor="middle", textangle=0,
            hovertemplate=tr("axis {number}: %{{y:.3g}} % of the variance", number=i + 1) + "<extra></extra>",
        )
        for i, color in enumerate(colors)
    ]  # fmt: skip
