"""Learning-rate curves as values: the loss at every learning rate, the best of them, and where an optimizer is lost."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from optim_viz.figures.good_region import Region, good_region, stretches
from optim_viz.figures.region_words import BELOW, rates_words, short_words
from optim_viz.language import together, tr
from optim_viz.network.rate_sweep import TrainSweep
from optim_viz.spec import unique_labels
from optim_viz.surfaces.minima import lowest
from optim_viz.sweeps.sweep import Sweep

if TYPE_CHECKING:
    import pandas as pd
from typing import Any

import plotly.graph_objects as go

from optim_viz.figures.style import dress, faint, log_axis, note
from optim_viz.optimizers import styles
from optim_viz.optimizers.row import Style

#: A learning rate is good when its loss is within this factor of the best one's: on a surface, on the network.
NEAR, NEAR_TRAINED = 10.0, 1.1
#: The loss of a network that guesses among ten digits.
GUESSING = math.log(10.0)


@dataclass(frozen=True, eq=False)
class Curve:
    """What one optimizer makes of every learning rate. Arrays are float64 [n] unless said otherwise."""

    label: str
    kind: str
    lrs: np.ndarray
    loss: np.ndarray  # median over seeds, above the lowest known loss; inf where runs overflowed
    low: np.ndarray  # first quartile over seeds
    high: np.ndarray  # third quartile
    lost: np.ndarray  # bool [n], ends no better off than it began
    best: int  # the number of the best learning rate
    ends: np.ndarray  # median over seeds, as it is: `loss` with the lowest known
    floor: float = 0.0  # the lowest known loss
    near: float = NEAR  # the factor within which a learning rate is good

    @property
    def seeds_differ(self) -> bool:
        """Whether there is a band to be drawn."""
        return not np.array_equal(self.low, self.high)

    @property
    def region(self) -> Region | None:
        """The good learning rates around the best, within `near` times its loss; None where even that one is lost."""
        return good_region(self.loss, (self.best,), self.near, self.lost)

    @property
    def words(self) -> str:
        """What is to be said of the best learning rate and of how wide the good ones around it are."""
        return rates_words(self.label, self.lrs, self.loss, self.best, self.near, self.lost, self.floor)

    @property
    def lost_from(self) -> float | None:
        """The first learning rate above the best at which the optimizer is lost, if there is one."""
        above = np.flatnonzero(self.lost & (np.arange(len(self.lrs)) > self.best))
        return float(self.lrs[above[0]]) if above.size else None

    @property
    def lost_ranges(self) -> list[tuple[float, float]]:
        """The stretches of learning rates at which it is lost, as (first, last), half a grid step wider on each side.

        A run that goes up only by chance, one learning rate in the middle of good ones, is a stretch too.
        """
        half = math.sqrt(self.lrs[1] / self.lrs[0]) if len(self.lrs) > 1 else 1.0
        return [(float(self.lrs[a] / half), float(self.lrs[b] * half)) for a, b in stretches(self.lost)]


def of_sweeps(results: Sequence[Sweep]) -> list[Curve]:
    """Return the curves of sweeps over "lr", in order, each with the learning rates that are done of it.

    >>> from optim_viz import optimizer, sweep
    >>> s = sweep("quadratic", optimizer("sgd"), {"lr": [0.01, 0.1, 0.5]})
    >>> curve = of_sweeps([s])[0]
    >>> float(curve.lrs[curve.best]), curve.lost_from
    (0.1, 0.5)
    """
    labels = unique_labels(result.spec.optimizer for result in results)
    curves = []
    for label, s in zip(labels, results, strict=True):
        floor, kept = lowest(s.spec.surface), s.done
        loss, low, high = (np.maximum(v[kept] - floor, 0.0) for v in (s.final_loss, *_quartiles(s.losses, 0)))
        best = int(np.count_nonzero(kept[: s.best_index[0]]))
        lrs, lost, ends = s.axes["lr"][kept], s.diverging[kept], s.final_loss[kept]
        curves.append(Curve(label, s.spec.optimizer.kind, lrs, loss, low, high, lost, best, ends, floor))
    return curves


def of_trainings(result: TrainSweep) -> list[Curve]:
    """Return the curves of a sweep on the network, each learning rate with the seeds that are done of it, if any."""
    curves = []
    for i, (label, spec) in enumerate(zip(result.labels, result.spec.network.optimizers, strict=True)):
        kept = np.flatnonzero(result.done[i].any(axis=-1))
        if not kept.size:
            continue
        losses = np.where(result.done[i, kept], result.losses[i, kept], np.nan)
        loss, (low, high) = np.nanmedian(losses, axis=-1), _quartiles(losses, -1)
        best = int(loss.argmin())
        # Below the best rate a network merely has not learnt yet; above it one at or over guessing is lost.
        lost = ~np.isfinite(loss) | ((loss >= GUESSING) & (np.arange(len(kept)) > best))
        curves.append(Curve(label, spec.kind, result.lrs[kept], loss, low, high, lost, best, loss, 0.0, NEAR_TRAINED))
    return curves


def _quartiles(losses: np.ndarray, axis: int) -> tuple[np.ndarray, np.ndarray]:
    """First and third quartile, leaving out NaN; of two infinities the mean is one too, without a warning."""
    low, high = np.nanquantile(losses, (0.25, 0.75), axis=axis, method="nearest")
    return low, high


def sentence(curves: Sequence[Curve]) -> str:
    """What is to be said of the curves, a line each."""
    return together((curve.words for curve in curves), "{before}\n{after}")


def table(curves: Sequence[Curve], what: str, lost: str) -> pd.DataFrame:
    """Return a frame, one row per curve: the best learning rate, its loss, how wide the good range is, where it ends.

    `what` names the loss, `lost` what happens where the optimizer is lost.
    """
    import pandas as pd

    rows = []
    for curve in curves:
        ends_at = curve.lost_from
        nowhere = tr("nowhere in this range")
        rows.append({
            tr("Optimizer"): curve.label,
            tr("Best learning rate"): f"{curve.lrs[curve.best]:.2g}",
            tr(what): f"{curve.loss[curve.best]:.2g}",
            tr("Within {near:g} times that", near=curve.near): tr(short_words(curve.lrs, curve.region)),
            tr(lost).capitalize(): nowhere if ends_at is None else tr("from {rate:.2g}", rate=ends_at),
        })  # fmt: skip
    return pd.DataFrame(rows)


#: Losses below this share of the largest drawn are drawn there: the rest is rounding.
FLOOR = 1e-16
#: A loss is below the lowest known only by more than this share of it.
BENEATH = 1e-12
#: Height of one optimizer's lane above the curves, in pixels.
LANE = 17


def rate_chart(
    curves: Sequence[Curve], what: str, lost: str, span: tuple[float, float], dark: bool = False, height: int = 500
) -> go.Figure:
    """Draw the loss after the last step against the learning rate, one curve an optimizer, log-log.

    `span` is the first learning rate and the last, done or not. Above the curves a strip has one lane an optimizer: a
    bar where it is `lost`. A clickable point of the curve has [number of the curve, number of the learning rate] as its
    customdata.
    """
    figure = go.Figure()
    if not curves:
        note(figure, tr("Nothing is done yet."))
        return dress(figure, "", height, dark)
    low, top = _range(curves)
    looks = styles.styles([curve.kind for curve in curves])
    for i, (curve, look) in enumerate(zip(curves, looks, strict=True)):
        color = look.dark if dark else look.light
        if curve.seeds_differ:
            figure.add_trace(_band(curve, color, low, top))
        figure.add_traces(_curve(i, curve, look, color, low, top))
        figure.add_traces(_lane(curve, look, color, lost))
    x = log_axis(*span, 0.02) | {"title": {"text": tr("learning rate")}}
    y = log_axis(low, top, 0.03) | {"title": {"text": tr(what)}}
    dress(figure, "", height, dark, legend=True)
    return _lay_out(figure, x, y, (LANE * len(curves) + 14) / (height - 80), 14 / (height - 80), tr(lost))


def _lay_out(figure: go.Figure, x: dict[str, Any], y: dict[str, Any], strip: float, gap: float, lost: str) -> go.Figure:
    """Put the strip of lanes, a share `strip` of the height with the gap below it, above the curves; name it."""
    lanes = {
        "domain": [1 - strip + gap, 1], "tickvals": [], "autorange": "reversed", "showgrid": False,
        "fixedrange": True, "title": {"text": ""}, "type": "category",
    }  # fmt: skip
    figure.update_layout(
        xaxis=x, yaxis=y | {"domain": [0, 1 - strip]}, yaxis2=lanes, margin={"t": 34}, legend={"y": 1.0}
    )
    figure.update_yaxes(anchor="x")
    figure.add_annotation(
        text=lost, x=0, xref="paper", y=1, yref="paper", xanchor="left", yanchor="top", showarrow=False,
        font={"size": 11}, opacity=0.75,
    )  # fmt: skip
    return figure


def _range(curves: Sequence[Curve]) -> tuple[float, float]:
    """The losses drawn: where no optimizer is lost, down to rounding."""
    losses = np.concatenate([curve.loss[~curve.lost] for curve in curves])
    losses = losses[np.isfinite(losses)]
    top = float(losses.max()) if losses.size and losses.max() > 0 else 1.0
    positive = losses[losses > top * FLOOR]
    low = float(positive.min()) if positive.size else top * FLOOR
    if (losses <= top * FLOOR).any():
        low = top * FLOOR
    return min(low, top / 1.5), top


def _kept(curve: Curve, values: np.ndarray, low: float, top: float) -> list[float | None]:
    """Values for drawing: within the range, None where the optimizer is lost."""
    inside = np.clip(values, low, top)
    return [None if gone else float(v) for v, gone in zip(inside, curve.lost, strict=True)]


def _band(curve: Curve, color: str, low: float, top: float) -> go.Scatter:
    keep = ~curve.lost
    x = np.concatenate([curve.lrs[keep], curve.lrs[keep][::-1]])
    y = np.clip(np.concatenate([curve.low[keep], curve.high[keep][::-1]]), low, top)
    return go.Scatter(
        x=x,
        y=y,
        mode="lines",
        line={"width": 0},
        fill="toself",
        fillcolor=faint(color, 0.16),
        hoverinfo="skip",
        showlegend=False,
        legendgroup=curve.label,
        name=tr("{run}, half of the seeds", run=curve.label),
    )


def _curve(i: int, curve: Curve, look: Style, color: str, low: float, top: float) -> list[go.Scatter]:
    """The line, its best point, and the points that can be clicked."""
    y, best = _kept(curve, curve.loss, low, top), curve.best
    rate = f"{curve.lrs[best]:.2g}"
    symbol = {"symbol": look.marker, "color": color}
    every = {"maxdisplayed": 12, "size": 6, **symbol}
    same = {"legendgroup": curve.label, "showlegend": False}
    hover = "%{fullData.name}<br>lr %{x:.3g}<br>" + tr("loss") + " %{text}<extra></extra>"
    return [
        go.Scatter(x=curve.lrs, y=y, mode="lines+markers", line={"color": color, "dash": look.dash, "width": 2.2},
                   marker=every, hoverinfo="skip", legendgroup=curve.label, connectgaps=False,
                   name=tr("{run}, best at {rate}", run=curve.label, rate=rate)),
        go.Scatter(x=[curve.lrs[best]], y=[y[best]], mode="markers", hoverinfo="skip",
                   marker={**symbol, "size": 15, "line": {"width": 2, "color": "white"}}, **same),
        go.Scatter(x=curve.lrs, y=y, mode="markers", marker={"size": 14, "opacity": 0, "color": color},
                   customdata=[[i, k] for k in range(len(y))], name=curve.label, text=_told(curve),
                   hovertemplate=hover, **same),
    ]  # fmt: skip


def _told(curve: Curve) -> list[str]:
    """The loss at every learning rate as it is; where another number is drawn, that too."""
    if not curve.floor:
        return [f"{end:.3g}" for end in curve.ends]
    beneath = curve.floor - BENEATH * max(1.0, abs(curve.floor))
    above = [
        tr(BELOW) if end < beneath else tr("{excess:.3g} above the lowest known", excess=excess)
        for end, excess in zip(curve.ends, curve.loss, strict=True)
    ]
    return [f"{end:.4g}<br>{words}" for end, words in zip(curve.ends, above, strict=True)]


def _lane(curve: Curve, look: Style, color: str, lost: str) -> list[go.Scatter]:
    """The lane of one optimizer: a bar with a cross at its start wherever it is lost."""
    lane = curve.label
    same = {"yaxis": "y2", "legendgroup": lane, "showlegend": False}
    # A lane without a bar keeps its place.
    traces = [go.Scatter(x=[curve.lrs[0]], y=[lane], mode="markers", marker={"opacity": 0}, hoverinfo="skip", **same)]
    for first, last in curve.lost_ranges:
        text = tr("{run} {lost} from {first:.2g} to {last:.2g}", run=lane, lost=lost, first=first, last=last)
        traces.append(
            go.Scatter(
                x=[first, last],
                y=[lane, lane],
                mode="lines+markers",
                line={"color": color, "width": 6},
                opacity=0.8,
                marker={"symbol": ["x", "line-ns"], "size": [10, 0], "color": color},
                text=[text, text],
                hovertemplate="%{text}<extra></extra>",
                **same,
            )
        )
    return traces
