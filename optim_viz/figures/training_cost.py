"""What a training costs: test loss by steps, gradient evaluations and seconds, and the cost of a target loss."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from optim_viz.figures.style import dress, log_axis, span
from optim_viz.figures.training import complete, looks
from optim_viz.language import N_, tr
from optim_viz.network.training import Training, TrainingRun

if TYPE_CHECKING:
    import pandas as pd


#: What can be paid with: the axis, the column of the table, and how much a run had spent at each of its evaluations.
COSTS = {
    N_("steps"): lambda run: run.eval_steps,
    N_("gradient evaluations"): lambda run: run.gradient_evaluations,
    N_("seconds"): lambda run: run.seconds,
}


def curves(training: Training, dark: bool = False, legend: bool = True) -> go.Figure:
    """Return test loss against steps, gradient evaluations and seconds, side by side, a line per run.

    Problem: an optimizer that needs fewer steps may need more time or more gradients for each.
    Formula: seconds are those of steps alone, evaluations left out; L-BFGS evaluates a mini-batch several times a step.
    Arguments: `training`; every seed is drawn. `dark`, for a dark page; `legend`, whether to show one.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network.train import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> [trace.x[-1].item() for trace in curves(t).data][:2]
    [16, 16]

    Reference: Dahl et al., Benchmarking Neural Network Training Algorithms (2023).
    """
    figure = make_subplots(1, len(COSTS), shared_yaxes=True, horizontal_spacing=0.04)
    every, part = looks(training, dark), complete(training)
    for column, (name, spent) in enumerate(COSTS.items(), 1):
        for i, run in enumerate(part.runs):
            first = column == 1 and run.label not in {r.label for r in part.runs[:i]}
            loss = tr("test loss %{y:.4g} nats")
            hover = f"<b>%{{fullData.name}}</b><br>%{{x:.4g}} {tr(name)}<br>{loss}<extra></extra>"
            trace = go.Scatter(
                x=_up_to_the_end(run, spent(run)), y=_up_to_the_end(run, run.test_losses), hovertemplate=hover,
                **every[run.label] | {"showlegend": first},
            )  # fmt: skip
            figure.add_trace(trace, 1, column)
        figure.update_xaxes(title=tr("time (s)") if name == "seconds" else tr(name), rangemode="tozero", col=column)
    axis = log_axis(*span([run.test_losses for run in part.runs]), 0.03)
    figure.update_yaxes(axis).update_yaxes(title=tr("test loss (nats)"), col=1)
    return dress(figure, tr("What a test loss costs"), 330, dark, legend)


def _up_to_the_end(run: TrainingRun, values: np.ndarray) -> np.ndarray:
    """The rows that a run reached: after a divergence there are none."""
    return values[np.isfinite(run.test_losses)]


def to_target(training: Training, loss: float) -> pd.DataFrame:
    """Return a pandas DataFrame, one row per optimizer: what it had spent when its test loss was first at most `loss`.

    Over several seeds every number is the median; a seed that never came there counts as infinitely late, and <NA>
    says that it never came.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network.train import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> to_target(t, 100.0)[["optimizer", "steps", "gradient evaluations"]].values.tolist()
    [['adam', 0, 0]]
    """
    import pandas as pd

    part, rows = complete(training), []
    for label in training.labels:
        middle = np.median([_spent(run, loss) for run in part.seeds(label)], axis=0)
        found = [value if np.isfinite(value) else None for value in middle]
        rows.append({tr("optimizer"): label, **dict(zip(map(tr, COSTS), found, strict=True))})
    digits = {tr("steps"): 0, tr("gradient evaluations"): 0, tr("seconds"): 2}
    frame = pd.DataFrame(rows).astype(dict.fromkeys(digits, "Float64")).round(digits)
    return frame.astype({name: "Int64" for name, count in digits.items() if not count})


def _spent(run: TrainingRun, loss: float) -> list[float]:
    """Every cost at the first evaluation with at most this test loss; inf where it never came."""
    there = np.flatnonzero(run.test_losses <= loss)
    return [float(spent(run)[there[0]]) if there.size else np.inf for spent in COSTS.values()]
