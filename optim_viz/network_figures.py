"""Pure functions from a Training to plotly figures: its layers, its dead outputs, bands over its seeds.

Text and grid take their colours from a template, so that Streamlit's theme, or another template, can replace them;
`dark` picks the optimizers' lighter colours. What is not a finite number is left out, never drawn as something else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from optim_viz import theme
from optim_viz.figures import frame_rows
from optim_viz.mlp import Layout
from optim_viz.training import Band, Training, TrainingOutcome, TrainingRun

#: Points of one curve at most.
POINTS = 400
#: Titles, unit and whether the axis is logarithmic, of everything that `Training.band` knows.
KINDS = {
    "losses": ("Mini-batch loss", "loss (nats)", True),
    "test_losses": ("Test loss", "loss (nats)", True),
    "test_accuracies": ("Test accuracy", "accuracy (%)", False),
}
#: Of the weights, changed by a step: a rule of thumb of Karpathy's, CS231n, Neural Networks Part 3 (2016).
HEALTHY_RATIO = 1e-3
NAMES = {"gradient_norms": "gradient norm", "update_ratios": "update / weight"}
GREY = "rgba(128,128,128,0.22)"
_UNFINISHED = (TrainingOutcome.RUNNING, TrainingOutcome.CANCELLED)


def dress(figure: go.Figure, title: str, height: int, dark: bool, legend: bool = False) -> go.Figure:
    """Give a figure what all of this page's charts share: height, margins, a see-through ground, a quiet grid."""
    ink = "#d0d4db" if dark else "#3d4350"
    axis = {"gridcolor": GREY, "zeroline": False, "linecolor": GREY, "automargin": True, "title": {"standoff": 6}}
    figure.update_layout(
        template=go.layout.Template(layout={"font": {"color": ink, "size": 12}, "xaxis": axis, "yaxis": axis}),
        title={"text": title, "font": {"size": 14}, "x": 0, "xref": "paper", "y": 1, "yref": "container",
               "yanchor": "top", "pad": {"t": 10}},
        height=height, margin={"l": 10, "r": 10, "t": 66 if legend else 44, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", showlegend=legend, hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1, "yref": "container", "yanchor": "top", "bgcolor": "rgba(0,0,0,0)"},
    )  # fmt: skip
    return figure


def faint(color: str, alpha: float) -> str:
    """Return a hexadecimal colour as seen through.

    >>> faint("#0072B2", 0.2)
    'rgba(0,114,178,0.2)'
    """
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def looks(training: Training, dark: bool) -> dict[str, dict[str, Any]]:
    """Return how each optimizer's curves look, by label: colour, dash and marker of the theme."""
    found = {}
    styles = theme.styles([training[label].spec.kind for label in training.labels])
    for label, style in zip(training.labels, styles, strict=True):
        color = style.dark if dark else style.light
        found[label] = {
            "name": label,
            "legendgroup": label,
            "mode": "lines+markers",
            "line": {"color": color, "dash": style.dash, "width": 2},
            "marker": {"color": color, "symbol": style.marker, "size": 6, "maxdisplayed": 12},
        }
    return found


def complete(training: Training) -> Training:
    """Leave out seeds that were cut short, or wait for their turn, where others of the same optimizer are complete."""
    kept: list[TrainingRun] = []
    for label in training.labels:
        runs = training.seeds(label)
        ended = [run for run in runs if run.outcome not in _UNFINISHED]
        kept += ended or [run for run in runs if len(run.eval_steps) > 1] or runs[:1]
    return dataclasses.replace(training, runs=tuple(kept))


def seeds_said(training: Training) -> str:
    """Say how many seeds stand behind a median.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network import train
    >>> seeds_said(train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,), seeds=2))
    'median of 2 seeds'
    """
    counts = sorted({len(training.seeds(label)) for label in training.labels})
    if counts == [1]:
        return "one seed"
    return "median of " + " to ".join(dict.fromkeys((str(counts[0]), str(counts[-1])))) + " seeds"


def _middle(runs: Sequence[TrainingRun], name: str) -> tuple[np.ndarray, np.ndarray]:
    """Return evaluation steps and the median over the runs of `name` there, of what is finite; else NaN."""
    rows = min(len(run.eval_steps) for run in runs)
    values = np.stack([np.asarray(getattr(run, name)[:rows], float) for run in runs])
    if name == "dead_outputs":  # a diverged network names no digit at all: its 0 says nothing
        values[~np.isfinite([run.test_losses[:rows] for run in runs])] = np.nan
    middle = np.ma.median(np.ma.masked_invalid(values), axis=0)
    return runs[0].eval_steps[:rows], np.ma.filled(middle, np.nan)


def line(look: dict[str, Any], steps: np.ndarray, values: np.ndarray, what: str, **more: Any) -> go.Scatter:
    """Return a curve of at most POINTS points, whose hover text says run, step and value."""
    rows = frame_rows(len(steps), POINTS) if len(steps) else np.arange(0)
    shown = np.where(np.isfinite(values), values, np.nan)[rows]
    hover = "<b>%{fullData.name}</b><br>step %{x:,}<br>" + what + "<extra></extra>"
    return go.Scatter(x=steps[rows].astype("int32"), y=shown.astype("float32"), hovertemplate=hover, **(look | more))


def layer_health(training: Training, dark: bool = False, legend: bool = True) -> go.Figure:
    """Return gradient norm (above) and update / weight ratio (below), a column for each layer, a line per optimizer.

    Problem: see which layer of which network learns, stands still (ratio far below 1e-3) or is torn about (far above).
    Formula: |g| of a layer's weights and biases; |w after the step - w before| / |w before|.
    Arguments: `training`; of several seeds the median is drawn. `dark`, for a dark page; `legend`, whether to show one.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> len(layer_health(t).data)  # 1 optimizer x 2 layers x 2 quantities
    4

    Reference: Karpathy, CS231n: Convolutional Neural Networks for Visual Recognition, Neural Networks Part 3 (2016).
    """
    part, layout = complete(training), Layout(training.spec.hidden)
    titles = [f"{name}: {into} → {out}" for name, (out, into) in zip(layout.names, layout.shapes, strict=True)]
    figure = make_subplots(
        2, len(titles), subplot_titles=titles, shared_xaxes=True, shared_yaxes=True, vertical_spacing=0.09,
        horizontal_spacing=0.02,
    )  # fmt: skip
    zeros = False
    for label, look in looks(training, dark).items():
        for row, (name, words) in enumerate(NAMES.items(), 1):
            steps, values = _middle(part.seeds(label), name)
            zeros = zeros or bool((values == 0).any())
            for column in range(1, len(titles) + 1):
                first = {"showlegend": (row, column) == (1, 1)}
                trace = line(look, steps, values[:, column - 1], words + " %{y:.3g}", **first)
                figure.add_trace(trace, row, column)
    figure.add_hline(HEALTHY_RATIO, row=2, line={"color": "#888888", "dash": "dot", "width": 1})
    figure.update_xaxes(range=[0, training.steps])
    figure.update_xaxes(title="step", row=2)
    figure.update_yaxes(type="log", exponentformat="power", nticks=5)
    for row, words in enumerate(NAMES.values(), 1):
        figure.update_yaxes(title=words, row=row, col=1)
    figure.update_annotations(font={"size": 12}, yshift=-4)
    title = f"Layers: gradient norm, and share of the weights that a step changes ({seeds_said(part)})"
    return dress(figure, title + "; zeros are off the scale" * zeros, 380, dark, legend)


def dead_outputs(training: Training, dark: bool = False, legend: bool = True) -> go.Figure:
    """Return how many outputs of the last ReLU are 0 for every test digit, step by step, a line per optimizer.

    Problem: a ReLU after the logits lets no gradient back where it clips; an output that it always clips is lost.
    Arguments: `training`; of several seeds the median is drawn. `dark`, for a dark page; `legend`, whether to show one.
    Without a last ReLU the figure is empty and says so.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,), final_relu=False)
    >>> dead_outputs(t).layout.annotations[0].text
    'The last ReLU is off: no output can die.'

    Reference: Maas, Hannun & Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013).
    """
    part, figure = complete(training), go.Figure()
    figure.update_xaxes(title="step", range=[0, training.steps])
    figure.update_yaxes(title="dead outputs (of 10)", range=[-0.3, 10.3], dtick=2)
    if not training.spec.final_relu:
        note(figure, "The last ReLU is off: no output can die.")
        return dress(figure, "Dead outputs", 300, dark)
    for label, look in looks(training, dark).items():
        steps, values = _middle(part.seeds(label), "dead_outputs")
        figure.add_trace(line(look, steps, values, "%{y} of 10 outputs dead"))
    title = f"Outputs that are 0 for every test digit ({seeds_said(part)})"
    return dress(figure, title, 300, dark, legend)


def note(figure: go.Figure, text: str) -> None:
    """Write a sentence in the middle of a figure that has nothing else to show."""
    place = {"x": 0.5, "y": 0.5, "xref": "paper", "yref": "paper", "showarrow": False}
    figure.add_annotation(text=text, font={"size": 14}, **place)


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Return the mean of the last `window` values at every row, fewer at the beginning; inf once one is not finite.

    >>> smooth(np.array([1.0, 2.0, 3.0, np.inf, 5.0]), 2).tolist()
    [1.0, 1.5, 2.5, inf, inf]
    """
    broken = np.flatnonzero(~np.isfinite(values))
    count = int(broken[0]) if broken.size else len(values)
    sums = np.concatenate([[0.0], np.cumsum(values[:count])])
    ends = np.arange(1, count + 1)
    starts = np.maximum(ends - window, 0)
    return np.append((sums[ends] - sums[starts]) / (ends - starts), np.full(len(values) - count, np.inf))


def bands(training: Training, what: str = "test_accuracies", dark: bool = False, legend: bool = True) -> go.Figure:
    """Return the median over the seeds as a line and the quartiles as a band, for every optimizer.

    Problem: tell an optimizer's merit from a lucky seed. Seeds that were cut short are left out when others are whole.
    Arguments: `training`; `what`, "losses" (each run smoothed by a mean of the last steps, the title says how many),
    "test_losses" or "test_accuracies" (in %); `dark`, for a dark page; `legend`, whether to show one.
    Raises SpecError for another `what`.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> bands(t).layout.title.text
    'Test accuracy (one seed)'

    Reference: Schmidt, Schneider & Hennig, Descending through a Crowded Valley (2021): seeds before verdicts.
    """
    part = complete(training)
    title, unit, log = KINDS.get(what, ("", "", False))
    if what == "losses":
        window = max(1, training.steps // 40)
        part = dataclasses.replace(
            part, runs=tuple(dataclasses.replace(run, losses=smooth(run.losses, window)) for run in part.runs)
        )
        title += f", mean of {window} steps"
    found = {label: _scaled(part.band(label, what), 1 if log else 100) for label in training.labels}
    low, top = _span(list(found.values()))
    figure, hover = go.Figure(), "%{y:.4g} nats" if log else "%{y:.2f} %"
    for label, look in looks(training, dark).items():
        band = found[label]
        if band.seeds > 1:
            figure.add_trace(_shade(band, 10 * top, look))
        figure.add_trace(line(look, band.steps, band.median, hover))
    room = [np.log10(low) - 0.05, np.log10(top) + 0.05] if log else [max(0, low - 2), min(100.5, top + 2)]
    figure.update_xaxes(title="step", range=[0, training.steps])
    figure.update_yaxes(title=unit, type="log" if log else "linear", range=room, exponentformat="power")
    seeds = seeds_said(part).replace(" of ", " and quartiles of ")
    return dress(figure, f"{title} ({seeds})", 320, dark, legend)


def _scaled(band: Band, factor: float) -> Band:
    """The same band in another unit, thinned to POINTS rows."""
    rows = frame_rows(len(band.steps), POINTS) if len(band.steps) else np.arange(0)
    columns = {name: factor * getattr(band, name)[rows] for name in ("low", "median", "high")}
    return dataclasses.replace(band, steps=band.steps[rows], **columns)


def _span(bands_: Sequence[Band]) -> tuple[float, float]:
    """The least and the greatest finite, positive value of all bands."""
    values = np.concatenate([column for band in bands_ for column in (band.low, band.median, band.high)])
    values = values[np.isfinite(values) & (values > 0)]
    return (float(values.min()), float(values.max())) if values.size else (0.1, 10.0)


def _shade(band: Band, ceiling: float, look: dict[str, Any]) -> go.Scatter:
    """The area between the quartiles; where the upper one has diverged it leaves the picture at the top."""
    rows = np.isfinite(band.low)
    high = np.where(np.isfinite(band.high), band.high, ceiling)[rows]
    return go.Scatter(
        x=np.concatenate([band.steps[rows], band.steps[rows][::-1]]).astype("int32"),
        y=np.concatenate([high, band.low[rows][::-1]]).astype("float32"),
        fill="toself", fillcolor=faint(look["line"]["color"], 0.18), line={"width": 0}, mode="lines",
        name=look["name"], legendgroup=look["legendgroup"], showlegend=False, hoverinfo="skip",
    )  # fmt: skip
