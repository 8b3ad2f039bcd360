"""A pure function from a MatrixTask to a plotly figure: loss, and the singular values of the error, over steps."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from optim_viz.figures.notebook import NotebookFigure
from optim_viz.figures.style import dress, log_axis, span
from optim_viz.figures.training import line, looks
from optim_viz.language import tr
from optim_viz.network.matrix_runs import MatrixTask


def matrix_task(found: MatrixTask, dark: bool = False) -> go.Figure:
    """Return the loss of the first seed's runs and, beside it, what is still to be learned in every direction.

    Problem: see which directions an optimizer leaves behind.
    Formula: the singular values of W less the target, one faint line each, the largest drawn thick.
    Arguments: `found`, what `ov.matrix_task` returned; `dark`, for a dark page.

    >>> from optim_viz.network.matrix_task import matrix_task as measured
    >>> len(matrix_task(measured(["adam", "sgd"], shape=(2, 3), steps=5)).data)
    6

    Reference: Jordan et al., Muon: An optimizer for hidden layers in neural networks (2024).
    """
    titles = tr("Loss"), tr("Singular values of the error")
    figure = make_subplots(1, 2, horizontal_spacing=0.1, subplot_titles=titles)
    every = looks(found, dark)
    for label in found.labels:
        run, look = found[label], every[label]
        steps = np.arange(len(run.losses))
        thin = {"mode": "lines", "opacity": 0.45, "line": look["line"] | {"width": 1}, "showlegend": False}
        figure.add_trace(line(look, steps, run.losses, tr("loss") + " %{y:.4g}"), 1, 1)
        for i, values in enumerate(run.errors.T):
            more = thin if i else {"showlegend": False}
            figure.add_trace(line(look, steps, values, tr("singular value") + " %{y:.4g}", **more), 1, 2)
    figure.update_yaxes(log_axis(*span([run.losses for run in found]), 0.03), col=1)
    figure.update_yaxes(rangemode="tozero", col=2)
    figure.update_xaxes(title=tr("step")).update_annotations(font={"size": 12})
    rows, columns = found.spec.shape
    title = tr(
        "The matrix task: {rows} x {columns}, condition {condition:g}",
        rows=rows, columns=columns, condition=found.spec.condition,
    )  # fmt: skip
    return NotebookFigure(dress(figure, title, 360, dark, legend=True).update_layout(margin_t=90))
