"""A pure function from a Sharpness to a plotly figure: the largest eigenvalue over steps, and the edge of stability."""

from __future__ import annotations

from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from optim_viz.figures.notebook import NotebookFigure
from optim_viz.figures.style import dress, log_axis, note, span
from optim_viz.figures.training import line, looks
from optim_viz.language import N_, tr
from optim_viz.network.curvature import Curvature, Sharpness
from optim_viz.network.edges import PRECONDITIONED
from optim_viz.player.recording_scenes import WIDE

_TITLES = {False: N_("Hessian"), True: N_("Hessian as an adaptive optimizer sees it, preconditioned")}


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
    ['sgd', 'edge: 2 / lr = 20']

    Reference: Cohen, Kaur, Li, Kolter & Talwalkar, Gradient Descent on Neural Networks Typically Occurs at the Edge of
    Stability (2021).
    """
    panels = [False, True] if any(c.adaptive for c in found) else [False]
    titles = [tr(_TITLES[scaled]) for scaled in panels] if len(panels) > 1 else None
    figure = make_subplots(len(panels), 1, shared_xaxes=True, subplot_titles=titles, vertical_spacing=0.12)
    every = looks(found, dark)
    for row, scaled in enumerate(panels, 1):
        shown = []
        for curvature in found:
            traces = _traces(curvature, every[curvature.label], scaled, row == 1)
            figure.add_traces(traces, row, 1)
            shown += [np.asarray(trace.y, float) for trace in traces]
        figure.update_yaxes(_axis(shown), title=tr("largest eigenvalue"), row=row)
    if not any(np.isfinite(c.compared).any() for c in found):
        note(figure, tr("No eigenvalue is a finite number."))
    figure.update_xaxes(rangemode="nonnegative").update_xaxes(title=tr("step"), row=len(panels)).update_annotations(
        font={"size": 12}
    )
    title = tr("Sharpness and the edge of stability")
    if found.batchnorm:
        title += f" (BatchNorm: {found.batchnorm})"
    below = {"orientation": "h", "x": 0, "y": 0, "yref": "container", "yanchor": "bottom"}
    drawn = dress(figure, title, 120 + 250 * len(panels), dark, legend=True)
    return NotebookFigure(drawn.update_layout(legend=below, margin_t=56, margin_b=96))


def _axis(shown: list[np.ndarray]) -> dict[str, Any]:
    """From 0 on, or by factors where the values lie far apart."""
    low, high = span(shown) if shown else (0.0, 1.0)
    return log_axis(low, high, 0.06) if low and high > WIDE * low else {"rangemode": "tozero"}


def _traces(curvature: Curvature, look: dict[str, Any], scaled: bool, first: bool) -> list[go.Scatter]:
    """The eigenvalue of one run, and its edge in the panel that it is an edge of."""
    values = curvature.preconditioned if scaled else curvature.eigenvalues[:, 0]
    if not np.isfinite(values).any():
        return []
    traces = [line(look, curvature.steps, _positive(values), tr("eigenvalue %{y:.4g}"), showlegend=first)]
    if scaled == curvature.adaptive and np.isfinite(curvature.edge).any():
        dotted = {"mode": "lines", "line": {**look["line"], "dash": "dot", "width": 1.5}, "name": _edge(curvature)}
        traces.append(line(look, curvature.steps, _positive(curvature.edge), tr("edge %{y:.4g}"), **dotted))
    return traces


def _edge(curvature: Curvature) -> str:
    """What an edge is called: its formula, and its value where it stays the same."""
    known = curvature.edge[np.isfinite(curvature.edge)]
    value = f" = {known[0]:.4g}" if np.ptp(known) <= 1e-6 * abs(known[0]) else ""
    return tr("edge: {formula}", formula=curvature.words.removesuffix(PRECONDITIONED)) + value


def _positive(values: np.ndarray) -> np.ndarray:
    """What a logarithmic axis can show."""
    return np.where(values > 0, values, np.nan)
