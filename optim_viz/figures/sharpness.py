"""A pure function from a Sharpness to a plotly figure: the largest eigenvalue over steps, and the edge of stability."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from optim_viz.figures.notebook import NotebookFigure
from optim_viz.figures.style import dress, log_axis, note, span
from optim_viz.figures.training import line, looks
from optim_viz.network.sharpness import Curvature, Sharpness

_TITLES = {False: "Largest eigenvalue of the Hessian", True: "The same, as an adaptive optimizer sees it"}


def sharpness(found: Sharpness, dark: bool = False) -> go.Figure:
    """Return the largest eigenvalue over steps and, dotted in the same colour, the edge above which steps swing wider.

    Problem: see a training come up to the edge of stability and stay there.
    Formula: 2 / lr, (2 + 2β) / lr with momentum; of adaptive optimizers, in a panel of its own, the preconditioned one.
    Arguments: `found`, what `ov.sharpness` returned; `dark`, for a dark page.

    >>> import torch
    >>> from optim_viz.network.recorder import record
    >>> from optim_viz.network.sharpness import sharpness as measured
    >>> model = torch.nn.Linear(1, 1)
    >>> rec = record(model, "sgd", optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    >>> rec.step(0.5)
    >>> found = measured(rec, loss=lambda call, x: call(x).square().mean(), data=torch.ones(4, 1))
    >>> [trace.name for trace in sharpness(found).data]
    ['sgd', 'edge: 2 / lr']

    Reference: Cohen, Kaur, Li, Kolter & Talwalkar, Gradient Descent on Neural Networks Typically Occurs at the Edge of
    Stability (2021).
    """
    panels = [False, True] if any(c.adaptive for c in found) else [False]
    figure = make_subplots(1, len(panels), subplot_titles=[_TITLES[p] for p in panels], horizontal_spacing=0.1)
    every = looks(found, dark)
    for column, scaled in enumerate(panels, 1):
        shown = []
        for curvature in found:
            traces = _traces(curvature, every[curvature.label], scaled, column == 1)
            figure.add_traces(traces, 1, column)
            shown += [np.asarray(trace.y, float) for trace in traces]
        figure.update_yaxes(log_axis(*span(shown), 0.06) if shown else {}, col=column)
        figure.update_yaxes(title="curvature (1 / lr's unit)", col=column)
    if not any(np.isfinite(c.compared).any() for c in found):
        note(figure, "No eigenvalue is a finite number.")
    figure.update_xaxes(title="step").update_annotations(font={"size": 12})
    title = "Sharpness and the edge of stability"
    if found.batchnorm:
        title += f" (BatchNorm: {found.batchnorm})"
    return NotebookFigure(dress(figure, title, 380, dark, legend=True).update_layout(margin_t=92))


def _traces(curvature: Curvature, look: dict[str, Any], scaled: bool, first: bool) -> list[go.Scatter]:
    """The eigenvalue of one run, and its edge in the panel that it is an edge of."""
    values = curvature.preconditioned if scaled else curvature.eigenvalues[:, 0]
    if not np.isfinite(values).any():
        return []
    traces = [line(look, curvature.steps, _positive(values), "curvature %{y:.4g}", showlegend=first)]
    if scaled == curvature.adaptive and np.isfinite(curvature.edge).any():
        name = f"edge: {curvature.words}"
        dotted = {"mode": "lines", "line": {**look["line"], "dash": "dot", "width": 1.5}, "name": name}
        traces.append(line(look, curvature.steps, _positive(curvature.edge), "edge %{y:.4g}", **dotted))
    return traces


def _positive(values: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show."""
    return np.where(values > 0, values, np.nan)
