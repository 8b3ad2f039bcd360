"""What the charts of a training share: a see-through ground for light and dark pages, and log axes that read well.

Text and grid take their colours from a template, so that Streamlit's theme, or another template, can replace them.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optim_viz.figures.ticks import log_ticks

GREY = "rgba(128,128,128,0.22)"


def dress(figure: go.Figure, title: str, height: int, dark: bool, legend: bool = False) -> go.Figure:
    """Give a figure what all of this page's charts share: height, margins, a see-through ground, a quiet grid."""
    ink = "#d0d4db" if dark else "#3d4350"
    axis = {"gridcolor": GREY, "zeroline": False, "linecolor": GREY, "automargin": True, "title": {"standoff": 6}}
    figure.update_layout(
        template=go.layout.Template(layout={"font": {"color": ink, "size": 12}, "xaxis": axis, "yaxis": axis}),
        title={"text": title, "font": {"size": 14}, "x": 0, "xref": "paper", "y": 1, "yref": "container",
               "yanchor": "top", "pad": {"t": 10}},
        height=height, margin={"l": 10, "r": 10, "t": 44 + 30 * legend, "b": 10},
        paper_bgcolor="rgba(0,0,0,0)", plot_bgcolor="rgba(0,0,0,0)", showlegend=legend, hovermode="closest",
        legend={"orientation": "h", "x": 0, "y": 1 - 30 / height, "yref": "container", "yanchor": "top",
                "bgcolor": "rgba(0,0,0,0)"},
    )  # fmt: skip
    return figure


def faint(color: str, alpha: float) -> str:
    """Return a hexadecimal colour as seen through.

    >>> faint("#0072B2", 0.2)
    'rgba(0,114,178,0.2)'
    """
    red, green, blue = (int(color[i : i + 2], 16) for i in (1, 3, 5))
    return f"rgba({red},{green},{blue},{alpha})"


def note(figure: go.Figure, text: str) -> None:
    """Write a sentence in the middle of a figure that has nothing else to show."""
    figure.add_annotation(text=text, x=0.5, y=0.5, xref="paper", yref="paper", showarrow=False, font={"size": 14})


def log_axis(low: float, top: float, room: float) -> dict[str, Any]:
    """Return a logarithmic axis from `low` to `top`, a share of it as room at both ends, with 2 to 8 labelled ticks.

    >>> log_axis(0.3, 2.4, 0.03)["tickvals"]
    [0.5, 1.0, 2.0]
    """
    ends = np.log10([low, top])
    room = max(room * (ends[1] - ends[0]), 0.02)
    a, b = float(ends[0] - room), float(ends[1] + room)
    ticks = log_ticks(a, b)
    return {"type": "log", "range": [a, b], "tickvals": ticks, "ticktext": log_words(ticks)}


def log_words(ticks: Sequence[float]) -> list[str]:
    """Return what round numbers are called, as HTML, all in one way: powers of ten by exponents, unless all are short.

    >>> log_words([1e-7, 1e-3, 1.0, 1e4]), log_words([1e-3, 1.0, 1e4]), log_words([0.5, 1.0])
    (['10<sup>-7</sup>', '10<sup>-3</sup>', '1', '10<sup>4</sup>'], ['0.001', '1', '10000'], ['0.5', '1'])
    """
    powers = [round(math.log10(tick)) for tick in ticks]
    named = list(zip(ticks, powers, strict=True))
    plain = all(-3 <= p < 5 for p in powers) or any(tick != float(f"1e{p}") for tick, p in named)
    return [f"{tick:g}" if plain or p == 0 else f"10<sup>{p}</sup>" for tick, p in named]


def span(columns: Sequence[np.ndarray]) -> tuple[float, float]:
    """The least and the greatest finite, positive value of all columns."""
    values = np.concatenate([column.ravel() for column in columns])
    values = values[np.isfinite(values) & (values > 0)]
    return (float(values.min()), float(values.max())) if values.size else (0.1, 10.0)


MAX_FRAMES = 60


def frame_rows(rows: int, count: int = MAX_FRAMES) -> np.ndarray:
    """Return at most `count` row numbers from 0 to rows - 1, evenly spread, first and last included.

    >>> frame_rows(501, 3).tolist()
    [0, 250, 500]
    """
    return np.unique(np.linspace(0, rows - 1, min(count, rows)).round().astype(int))
