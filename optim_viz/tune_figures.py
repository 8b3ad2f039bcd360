"""Charts of the Tune page: loss against learning rate, and maps over two hyperparameters."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optim_viz import theme
from optim_viz.charts import dress, faint, log_axis, note
from optim_viz.rate_curves import Curve

#: Losses below this share of the largest drawn are drawn there: the rest is rounding.
FLOOR = 1e-16
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
        note(figure, "Nothing is done yet.")
        return dress(figure, "", height, dark)
    low, top = _range(curves)
    looks = theme.styles([curve.kind for curve in curves])
    for i, (curve, look) in enumerate(zip(curves, looks, strict=True)):
        color = look.dark if dark else look.light
        if curve.seeds_differ:
            figure.add_trace(_band(curve, color, low, top))
        figure.add_traces(_curve(i, curve, look, color, low, top))
        figure.add_traces(_lane(curve, look, color, lost))
    x = log_axis(*span, 0.02) | {"title": {"text": "learning rate"}}
    y = log_axis(low, top, 0.03) | {"title": {"text": what}}
    dress(figure, "", height, dark, legend=True)
    return _lay_out(figure, x, y, (LANE * len(curves) + 14) / (height - 80), 14 / (height - 80), lost)


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
        name=f"{curve.label}, half of the seeds",
    )


def _curve(i: int, curve: Curve, look: theme.Style, color: str, low: float, top: float) -> list[go.Scatter]:
    """The line, its best point, and the points that can be clicked."""
    y, best = _kept(curve, curve.loss, low, top), curve.best
    rate = f"{curve.lrs[best]:.2g}"
    symbol = {"symbol": look.marker, "color": color}
    every = {"maxdisplayed": 12, "size": 6, **symbol}
    same = {"legendgroup": curve.label, "showlegend": False}
    hover = "%{fullData.name}<br>lr %{x:.3g}<br>loss %{text}<extra></extra>"
    return [
        go.Scatter(x=curve.lrs, y=y, mode="lines+markers", line={"color": color, "dash": look.dash, "width": 2.2},
                   marker=every, hoverinfo="skip", legendgroup=curve.label, connectgaps=False,
                   name=f"{curve.label}, best at {rate}"),
        go.Scatter(x=[curve.lrs[best]], y=[y[best]], mode="markers", hoverinfo="skip",
                   marker={**symbol, "size": 15, "line": {"width": 2, "color": "white"}}, **same),
        go.Scatter(x=curve.lrs, y=y, mode="markers", marker={"size": 14, "opacity": 0, "color": color},
                   customdata=[[i, k] for k in range(len(y))], name=curve.label, text=[f"{v:.3g}" for v in curve.loss],
                   hovertemplate=hover, **same),
    ]  # fmt: skip


def _lane(curve: Curve, look: theme.Style, color: str, lost: str) -> list[go.Scatter]:
    """The lane of one optimizer: a bar with a cross at its start wherever it is lost."""
    lane = curve.label
    same = {"yaxis": "y2", "legendgroup": lane, "showlegend": False}
    # A lane without a bar keeps its place.
    traces = [go.Scatter(x=[curve.lrs[0]], y=[lane], mode="markers", marker={"opacity": 0}, hoverinfo="skip", **same)]
    for first, last in curve.lost_ranges:
        text = f"{lane} {lost} from {first:.2g} to {last:.2g}"
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
