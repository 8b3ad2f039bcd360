"""Pure functions from a Training to plotly figures: its layers, its dead outputs, bands over its seeds.

`dark` picks the optimizers' lighter colours. What is not a finite number is left out, never drawn as something else.
"""

from __future__ import annotations

import dataclasses
from collections.abc import Sequence
from typing import Any, Protocol

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from optim_viz.figures.style import dress, faint, frame_rows, log_axis, note, span
from optim_viz.language import N_, tr
from optim_viz.network.mlp import Layout
from optim_viz.network.recording import Recordings
from optim_viz.network.training import Band, Training, TrainingOutcome, TrainingRun, smooth
from optim_viz.optimizers.styles import styles as styles_of

#: Points of one curve at most.
POINTS = 400
#: Losses above this many times the first one leave the picture: a diverging run must not flatten the others.
CUT = 30
#: Titles, unit and whether the axis is logarithmic, of everything that `Training.band` knows.
KINDS = {
    "losses": (N_("Mini-batch loss"), N_("loss (nats)"), True),
    "test_losses": (N_("Test loss"), N_("loss (nats)"), True),
    "test_accuracies": (N_("Test accuracy"), N_("accuracy (%)"), False),
}
#: Of the weights, changed by a step: a rule of thumb of Karpathy's, CS231n, Neural Networks Part 3 (2016).
HEALTHY_RATIO = 1e-3
#: A float32 changed by less than this share of itself stays as it is.
LEAST = 1e-7
NAMES = {"gradient_norms": N_("gradient norm"), "update_ratios": N_("update / weight")}


class Shown(Protocol):
    """Runs with labels, each drawn as some optimizer is: a training, recordings, what was measured along them."""

    @property
    def labels(self) -> tuple[str, ...]:
        """The runs' labels, none of them twice."""

    @property
    def kinds(self) -> tuple[str, ...]:
        """The optimizer that each is drawn as."""


_UNFINISHED = (TrainingOutcome.RUNNING, TrainingOutcome.CANCELLED)


def looks(training: Shown, dark: bool) -> dict[str, dict[str, Any]]:
    """Return how each optimizer's curves look, by label: colour, dash and marker of the theme."""
    found = {}
    for label, style in zip(training.labels, styles_of(training.kinds), strict=True):
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


def seeds_said(training: Training, quartiles: bool = False) -> str:
    """Say how many seeds stand behind a median: "one seed", "median of 5 seeds", "median of 2 to 5 seeds"."""
    counts = [len(training.seeds(label)) for label in training.labels]
    few, many = min(counts), max(counts)
    if many == 1:
        return tr("one seed")
    if few < many and quartiles:
        return tr("median and quartiles of {few} to {many} seeds", few=few, many=many)
    if few < many:
        return tr("median of {few} to {many} seeds", few=few, many=many)
    return (
        tr("median and quartiles of {many} seeds", many=many) if quartiles else tr("median of {many} seeds", many=many)
    )


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
    with np.errstate(over="ignore"):  # what float32 cannot hold is far outside the picture
        shown = shown.astype("float32")
    hover = "<b>%{fullData.name}</b><br>" + tr("step") + " %{x:,}<br>" + what + "<extra></extra>"
    return go.Scatter(x=steps[rows].astype("int32"), y=shown, hovertemplate=hover, **(look | more))


def layer_health(training: Training, dark: bool = False, legend: bool = True) -> go.Figure:
    """Return gradient norm (above) and update / weight ratio (below), a column for each layer, a line per optimizer.

    Problem: see which layer of which network learns, stands still (ratio far below 1e-3) or is torn about (far above).
    Formula: |g| of a layer's weights and biases; |w after the step - w before| / |w before|.
    Arguments: `training`; of several seeds the median is drawn. `dark`, for a dark page; `legend`, whether to show one.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network.train import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> len(layer_health(t).data)  # 1 optimizer x 2 layers x 2 quantities
    4

    Reference: Karpathy, CS231n: Convolutional Neural Networks for Visual Recognition, Neural Networks Part 3 (2016).
    """
    part, layout = complete(training), Layout(training.spec.hidden)
    titles = [f"{name}: {into} → {out}" for name, (out, into) in zip(layout.names, layout.shapes, strict=True)]
    figure = make_subplots(
        2, len(titles), subplot_titles=titles, shared_xaxes=True, shared_yaxes=True,
        vertical_spacing=0.09, horizontal_spacing=0.02,
    )  # fmt: skip
    shown: dict[str, list[np.ndarray]] = {name: [] for name in NAMES}
    for label, look in looks(training, dark).items():
        for row, (name, words) in enumerate(NAMES.items(), 1):
            steps, values = _middle(part.seeds(label), name)
            values = np.where(values >= LEAST, values, np.nan)
            shown[name].append(values)
            for column in range(1, len(titles) + 1):
                first = {"showlegend": (row, column) == (1, 1)}
                trace = line(look, steps, values[:, column - 1], tr(words) + " %{y:.3g}", **first)
                figure.add_trace(trace, row, column)
    figure.add_hline(HEALTHY_RATIO, row=2, line={"color": "#888888", "dash": "dot", "width": 1})
    figure.update_xaxes(range=span_of_steps(training))
    figure.update_xaxes(title=tr("step"), row=2)
    for row, (name, words) in enumerate(NAMES.items(), 1):
        figure.update_yaxes(**log_axis(*span(shown[name]), 0.1), row=row)
        figure.update_yaxes(title=tr(words), row=row, col=1)
    figure.update_annotations(font={"size": 12}, yshift=-4)
    title = tr(
        "Gradient norm and update / weight ratio by layer ({seeds}); below 10<sup>-7</sup> not drawn",
        seeds=seeds_said(part),
    )
    return dress(figure, title, 380, dark, legend).update_layout(margin_t=54 + 30 * legend)


def dead_outputs(training: Training, dark: bool = False, legend: bool = True) -> go.Figure:
    """Return how many outputs of the last ReLU are 0 for every test digit, step by step, a line per optimizer.

    Problem: a ReLU after the logits lets no gradient back where it clips; an output that it always clips is lost.
    Arguments: `training`; of several seeds the median is drawn. `dark`, for a dark page; `legend`, whether to show one.
    Without a last ReLU the figure is empty and says so.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network.train import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,), final_relu=False)
    >>> dead_outputs(t).layout.annotations[0].text
    'The last ReLU is off: no output can die.'

    Reference: Maas, Hannun & Ng, Rectifier Nonlinearities Improve Neural Network Acoustic Models (2013).
    """
    part, figure = complete(training), go.Figure()
    figure.update_xaxes(title=tr("step"), range=span_of_steps(training))
    figure.update_yaxes(title=tr("dead outputs (of 10)"), range=[-0.3, 10.3], dtick=2)
    if not training.spec.final_relu:
        note(figure, tr("The last ReLU is off: no output can die."))
        return dress(figure, tr("Dead outputs"), 300, dark)
    for label, look in looks(training, dark).items():
        steps, values = _middle(part.seeds(label), "dead_outputs")
        figure.add_trace(line(look, steps, values, tr("%{y} of 10 outputs dead")))
    title = tr("Outputs that are 0 for every test digit ({seeds})", seeds=seeds_said(part))
    return dress(figure, title, 300, dark, legend)


def bands(training: Training, what: str = "test_accuracies", dark: bool = False, legend: bool = True) -> go.Figure:
    """Return the median over the seeds as a line and the quartiles as a band, for every optimizer.

    Problem: tell an optimizer's merit from a lucky seed. Seeds that were cut short are left out when others are whole.
    Arguments: `training`; `what`, "losses" (each run smoothed by a mean of the last steps, the title says how many),
    "test_losses" or "test_accuracies" (in %); `dark`, for a dark page; `legend`, whether to show one.
    Raises SpecError for another `what`.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network.train import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> bands(t).layout.title.text
    'Test accuracy (one seed)'

    Reference: Schmidt, Schneider & Hennig, Descending through a Crowded Valley (2021): seeds before verdicts.
    """
    part = complete(training)
    title, unit, log = KINDS.get(what, ("", "", False))
    title, unit = tr(title), tr(unit)
    if what == "losses":
        window = max(1, training.steps // 40)
        part = _smoothed(part, window)
        title = tr("{title}, mean of {window} steps", title=title, window=window) if window > 1 else title
    found = {label: _scaled(part.band(label, what), 1 if log else 100) for label in training.labels}
    axis, ceiling, cut = _loss_axis(found) if log else _percent_axis(found)
    figure, hover = go.Figure(), "%{y:.4g} nats" if log else "%{y:.2f} %"
    for label, look in looks(training, dark).items():
        if found[label].seeds > 1:
            figure.add_trace(_shade(found[label], ceiling, look))
        figure.add_trace(line(look, found[label].steps, found[label].median, hover))
    figure.update_xaxes(title=tr("step"), range=span_of_steps(training))
    figure.update_yaxes(axis, title=unit)
    said = tr("{title}{cut} ({seeds})", title=title, cut=cut, seeds=seeds_said(part, quartiles=True))
    return dress(figure, said, 320, dark, legend)


def _smoothed(training: Training, window: int) -> Training:
    runs = tuple(dataclasses.replace(run, losses=smooth(run.losses, window)) for run in training.runs)
    return dataclasses.replace(training, runs=runs)


def _loss_axis(found: dict[str, Band]) -> tuple[dict[str, Any], float, str]:
    """The axis of losses, a value above it for what is infinite, and words for the title where it cuts something."""
    low, top = span([column for band in found.values() for column in (band.low, band.median, band.high)])
    first = max((band.median[0] for band in found.values() if len(band.steps)), default=np.inf)
    roof = max(CUT * first, 2 * low)
    cut = tr(", cut off at {roof:.2g}", roof=roof) if top > roof else ""
    top = min(top, roof)
    return log_axis(low, top, 0.03), 10 * top, cut


def _percent_axis(found: dict[str, Band]) -> tuple[dict[str, Any], float, str]:
    """The axis of accuracies, as `_loss_axis`; nothing is infinite there and nothing cut off."""
    values = np.concatenate([column for band in found.values() for column in (band.low, band.high)])
    low, top = (values.min(), values.max()) if values.size else (0.0, 100.0)
    return {"range": [max(-1.0, float(low) - 2), min(101.0, float(top) + 2)]}, 100.0, ""


def _scaled(band: Band, factor: float) -> Band:
    """The same band in another unit, thinned to POINTS rows."""
    rows = frame_rows(len(band.steps), POINTS) if len(band.steps) else np.arange(0)
    columns = {name: factor * getattr(band, name)[rows] for name in ("low", "median", "high")}
    return dataclasses.replace(band, steps=band.steps[rows], **columns)


def span_of_steps(training: Training | Recordings) -> list[float]:
    """The range of an axis of steps, with room for the markers at its ends."""
    return [-0.01 * training.steps, 1.01 * training.steps]


def _shade(band: Band, ceiling: float, look: dict[str, Any]) -> go.Scatter:
    """The area between the quartiles; where the upper one has diverged it leaves the picture at the top."""
    rows = np.isfinite(band.low)
    high = np.where(np.isfinite(band.high), band.high, ceiling)[rows]
    with np.errstate(over="ignore"):
        edge = np.concatenate([high, band.low[rows][::-1]]).astype("float32")
    return go.Scatter(
        x=np.concatenate([band.steps[rows], band.steps[rows][::-1]]).astype("int32"), y=edge,
        fill="toself", fillcolor=faint(look["line"]["color"], 0.18), line={"width": 0}, mode="lines",
        name=look["name"], legendgroup=look["legendgroup"], showlegend=False, hoverinfo="skip",
    )  # fmt: skip
