"""A pure function from a Plane to the plotly figure of it: the loss on it, and the paths as seen from it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from optim_viz.figures.notebook import NotebookFigure
from optim_viz.figures.style import dress, log_words, span
from optim_viz.figures.ticks import log_ticks
from optim_viz.language import tr
from optim_viz.optimizers.styles import kinds_of, styles

if TYPE_CHECKING:
    from optim_viz.network.plane import Plane


def plane(found: Plane, dark: bool = False) -> go.Figure:
    """Return the loss on a plane of weights, as contours of its logarithm, with every run's snapshots from above.

    Problem: a plane without its player, for a notebook; its runs, played, are `ov.save(runs, path, plane)`.
    Arguments: `found`, what `ov.project` returned; `dark`, for a dark page.

    >>> import torch
    >>> from optim_viz.network.project import project
    >>> from optim_viz.network.recorder import record
    >>> rec = record(torch.nn.Linear(2, 1), "sgd")
    >>> rec.step(0.5)
    >>> seen = project(rec, "random", 5, loss=lambda call, x: call(x).square().mean(), data=torch.ones(4, 2))
    >>> [trace.type for trace in plane(seen).data]
    ['contour', 'scatter']

    Reference: Li, Xu, Taylor, Studer & Goldstein, Visualizing the Loss Landscape of Neural Nets (2018).
    """
    figure, hover = go.Figure(_ground(found)), tr("step %{customdata[0]:,}, own loss %{customdata[1]:.4g}")
    for label, look in zip(found.labels, styles(kinds_of(found.labels)), strict=True):
        a, b = found.coordinates[label].T
        told = np.stack([found.snapshot_steps[label], found.true_losses[label]], -1)
        line = {"color": look.dark if dark else look.light, "dash": look.dash, "width": 2}
        figure.add_scatter(
            x=a, y=b, name=label, mode="lines+markers", line=line, customdata=told,
            marker={"symbol": look.marker, "size": 6, "maxdisplayed": 14},
            hovertemplate=hover + "<extra>%{fullData.name}</extra>",
        )  # fmt: skip
    dress(figure, tr(found.title), 470, dark, legend=True)
    return NotebookFigure(figure.update_layout(hovermode="closest"))


def _ground(found: Plane) -> go.Contour:
    low, high = span([found.loss])
    ticks = log_ticks(*np.log10([low, max(high, 1.01 * low)]))
    bar: dict[str, Any] = {"tickvals": np.log10(ticks), "ticktext": log_words(ticks), "title": {"text": tr("loss")}}
    known = np.isfinite(found.loss) & (found.loss > 0)
    height = np.log10(np.where(known, found.loss, np.nan))
    return go.Contour(
        x=found.a, y=found.b, z=height, customdata=found.loss, colorscale="Viridis", colorbar=bar, ncontours=24,
        line={"width": 0.5}, hovertemplate=tr("loss %{customdata:.4g}") + "<extra></extra>",
    )  # fmt: skip
