"""A pure function from a Tuning to the plotly figure of its trials: the score at every learning rate that was tried."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from optim_viz.figures.notebook import NotebookFigure
from optim_viz.figures.style import dress, log_axis, note, span
from optim_viz.language import tr
from optim_viz.optimizers.styles import styles

if TYPE_CHECKING:
    from optim_viz.sweeps.tuning import Tuning


def tuning(found: Tuning, dark: bool = False) -> go.Figure:
    """Return the score of every learning rate that was tried, one curve an optimizer, log-log, the best one ringed.

    Problem: see what was chosen, beside what else was tried. Scores that are not above 0, or infinite, are left out.
    Arguments: `found`, what `ov.tune` returned; `dark`, for a dark page.

    >>> from optim_viz import optimizer, tune
    >>> len(tuning(tune("quadratic", [optimizer("sgd"), optimizer("adam")], steps=20)).data)
    4

    Reference: Choi et al., On Empirical Comparisons of Optimizers for Deep Learning (2019).
    """
    figure, drawn, rates = go.Figure(), [], []
    looks = dict(zip(found.labels, styles([o.kind for o in found.optimizers]), strict=True))
    for label, (lrs, scores) in found.curves.items():
        shown = np.where(np.isfinite(scores) & (scores > 0), scores, np.nan)
        color, best = looks[label].dark if dark else looks[label].light, int(np.argmin(scores))
        told = {"hovertemplate": tr("lr %{x:.3g}, loss %{y:.4g}") + "<extra>%{fullData.name}</extra>", "name": label}
        line = {"color": color, "dash": looks[label].dash, "width": 2}
        marker = {"color": color, "symbol": looks[label].marker, "size": 6}
        figure.add_scatter(x=lrs, y=shown, mode="lines+markers", line=line, marker=marker, legendgroup=label, **told)
        ring = {"symbol": "circle-open", "size": 15, "color": color, "line": {"width": 2}}
        figure.add_scatter(
            x=lrs[best : best + 1], y=shown[best : best + 1], mode="markers", marker=ring, legendgroup=label,
            showlegend=False, **told,
        )  # fmt: skip
        drawn.append(shown)
        rates.append(lrs)
    if not drawn:
        note(figure, tr("Nothing is done yet."))
        return NotebookFigure(dress(figure, "", 480, dark))
    figure.update_xaxes(log_axis(*span(rates), 0.02), title=tr("learning rate"))
    figure.update_yaxes(log_axis(*span(drawn), 0.04), title=tr("loss after the last step"))
    return NotebookFigure(dress(figure, tr("Every learning rate that was tried"), 480, dark, legend=True))
