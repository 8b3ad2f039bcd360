"""A pure function from a Segment to a plotly figure: loss and, where it was asked for, accuracy between two ends."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from optim_viz.figures.notebook import NotebookFigure
from optim_viz.figures.style import dress, note
from optim_viz.language import tr
from optim_viz.network.between import Segment

#: Line and marker of the loss, of the straight line between its ends, and of the accuracy, on light and dark pages.
_COLORS = {"loss": ("#0072B2", "#56B4E9"), "line": ("#7a808a", "#9aa0aa"), "accuracy": ("#009E73", "#3fd0a4")}


def segment(found: Segment, dark: bool = False) -> go.Figure:
    """Return loss, the straight line between its ends, and accuracy, from one end point to the other.

    Problem: see whether two trainings ended in one valley.
    Arguments: `found`, what `between` returned; `dark`, for a dark page.

    >>> import torch
    >>> from optim_viz.network.between import between
    >>> from optim_viz.network.recorder import record
    >>> a, b = (record(torch.nn.Linear(2, 1)) for _ in range(2))
    >>> len(segment(between(a, b, loss=lambda call, x: call(x).square().mean(), data=torch.ones(4, 2))).data)
    2

    Reference: Frankle, Dziugaite, Roy & Carbin, Linear Mode Connectivity and the Lottery Ticket Hypothesis (2020).
    """
    told = bool(np.isfinite(found.accuracies).any())
    figure = make_subplots(1, 1 + told, horizontal_spacing=0.12)
    shown = np.where(np.isfinite(found.losses), found.losses, np.nan)
    line = (1 - found.t) * shown[0] + found.t * shown[-1]
    figure.add_trace(_curve(found.t, line, tr("straight line"), "line", dark, "dot", tr("line %{y:.4g}")), 1, 1)
    figure.add_trace(_curve(found.t, shown, tr("loss"), "loss", dark, "solid", tr("loss %{y:.4g}")), 1, 1)
    if told:
        percent = 100 * found.accuracies
        figure.add_trace(
            _curve(found.t, percent, tr("accuracy"), "accuracy", dark, "dash", tr("%{y:.2f} % correct")), 1, 2
        )
        figure.update_yaxes(title=tr("correct (%)"), col=2)
    if not np.isfinite(shown).any():
        note(figure, tr("The loss is no finite number anywhere between these ends."))
    first, second = found.labels
    way = tr("share of the way from {first} to {second}", first=first, second=second)
    figure.update_xaxes(title=way, range=[-0.03, 1.03])
    figure.update_yaxes(title=tr("loss"), col=1)
    title = tr("Between {first} and {second}: barrier {barrier:.3g}", first=first, second=second, barrier=found.barrier)
    if found.batchnorm:
        title += f" (BatchNorm: {found.batchnorm})"
    return NotebookFigure(dress(figure, title, 340, dark, legend=True).update_layout(margin_t=74))


def _curve(t: np.ndarray, values: np.ndarray, name: str, color: str, dark: bool, dash: str, hover: str) -> go.Scatter:
    shade = _COLORS[color][dark]
    return go.Scatter(
        x=t, y=values, name=name, mode="lines", line={"color": shade, "dash": dash, "width": 2},
        hovertemplate="t = %{x:.2f}<br>" + hover + "<extra></extra>",
    )  # fmt: skip
