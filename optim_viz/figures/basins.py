"""Basins: the minimum that each start reaches, one colour and letter a minimum, the same for all optimizers."""

from __future__ import annotations

import string
from collections.abc import Sequence
from dataclasses import dataclass
from html import escape
from typing import TYPE_CHECKING, Any

import numpy as np
import plotly.graph_objects as go

from optim_viz.figures.style import dress
from optim_viz.language import N_, tr
from optim_viz.spec import Surface, unique_labels
from optim_viz.surfaces.outcome import REACHED_DISTANCE
from optim_viz.sweeps.basins import LOST, Basins

if TYPE_CHECKING:
    import pandas as pd


#: Colours of the first minima (Tol's and Okabe & Ito's, safe for the colour-blind), then of all others, and of lost.
COLORS = ("#0072B2", "#E69F00", "#009E73", "#CC79A7", "#56B4E9", "#D55E00", "#F0E442", "#332288")
OTHERS, GREY = "#C9B8A0", "#7d818a"
#: Of the colours.
OPACITY = 0.85
#: Pixels of the strip over x that the basins of a function of x alone are.
STRIP = 190
_FROM, _FROM_X = N_("from (%{x:.3g}, %{y:.3g})<br>%{hovertext}"), N_("from %{x:.3g}<br>%{hovertext}")
#: Starts a side that can be clicked.
CLICKS = 40


@dataclass(frozen=True, eq=False)
class Named:
    """The basins of several optimizers with minima named alike."""

    basins: tuple[Basins, ...]
    minima: np.ndarray  # float64 [k, 3]: those with a name, most starts first
    labels: tuple[np.ndarray, ...]  # int64 [n, n] each: row of `minima`, k for any other minimum, LOST

    @property
    def names(self) -> list[str]:
        """A letter and the place of each."""
        pairs = zip(string.ascii_uppercase, self.minima, strict=False)
        alone = self.basins[0].spec.surface.alone
        return [f"{letter} ({x:.3g})" if alone else f"{letter} ({x:.3g}, {y:.3g})" for letter, (x, y, _) in pairs]

    @property
    def optimizers(self) -> tuple[str, ...]:
        """The optimizers' labels."""
        return unique_labels(b.spec.optimizer for b in self.basins)

    def shares(self, i: int) -> np.ndarray:
        """Shares of one optimizer's starts that are done: of each named minimum, of all others, and of those lost."""
        k, labels = len(self.minima), self.labels[i][self.basins[i].done]
        counts = np.bincount(np.where(labels == LOST, k + 1, labels), minlength=k + 2)
        return counts / max(1, labels.size)


def name_minima(results: Sequence[Basins]) -> Named:
    """Give the minima of several maps common names: equal places are one minimum, those with most starts come first."""
    surface = results[0].spec.surface
    near = _reach(surface)
    places, weights, rows = np.empty((0, 3)), np.empty(0), []
    for b in results:
        row = []
        for minimum, share in zip(b.minima, b.shares, strict=True):
            close = np.flatnonzero(np.hypot(*(places[:, :2] - minimum[:2]).T) <= near)
            if not close.size:
                places, weights = np.vstack([places, minimum]), np.append(weights, 0.0)
            row.append(int(close[0]) if close.size else len(places) - 1)
            weights[row[-1]] += share
        rows.append(row)
    order = np.argsort(-weights, kind="stable")
    named = order[weights[order] > 0][: len(COLORS)]
    rank = np.full(len(places), len(named))
    rank[named] = np.arange(len(named))
    labels = tuple(
        np.append(rank[row], LOST)[b.labels] if len(row) else b.labels for b, row in zip(results, rows, strict=True)
    )
    return Named(tuple(results), places[named], labels)


def _reach(surface: Surface) -> float:
    """How near a minimum a run has to be: a share of the region's diagonal, of a function of x alone of its x."""
    return REACHED_DISTANCE * (surface.bounds[1] - surface.bounds[0] if surface.alone else surface.diagonal)


def basin_chart(named: Named, i: int, dark: bool = False, height: int = 380) -> go.Figure:
    """Draw the basins of one optimizer; a clickable start has its row and column in the map as its customdata."""
    b, labels, k = named.basins[i], named.labels[i], len(named.minima)
    colors = [*COLORS[:k], OTHERS, GREY]
    z = np.where(b.done, np.where(labels == LOST, k + 1, labels), np.nan)
    scale = [[edge / (k + 2), color] for n, color in enumerate(colors) for edge in (n, n + 1)]
    x0, x1, y0, y1 = b.spec.surface.bounds
    alone = b.spec.surface.alone  # a strip over x: of a function of x alone y says nothing
    figure = go.Figure(
        go.Heatmap(
            x=b.x,
            y=b.y,
            z=z,
            zmin=-0.5,
            zmax=k + 1.5,
            colorscale=scale,
            showscale=False,
            hoverinfo="skip",
            hoverongaps=False,
            opacity=OPACITY,
        )
    )
    inside = [(x, y, letter) for (x, y, _), letter in zip(named.minima, string.ascii_uppercase, strict=False)]
    figure.add_trace(
        go.Scatter(
            x=[x for x, _, _ in inside],
            y=[(y0 + y1) / 2 if alone else y for _, y, _ in inside],
            text=[f"<b>{t}</b>" for _, _, t in inside],
            mode="markers+text",
            name=tr("minima"),
            textfont={"color": "black", "size": 13},
            hoverinfo="skip",
            marker={"size": 22, "color": "white", "line": {"color": "black", "width": 1}},
        )
    )
    figure.add_trace(_clicks(named, i))
    dress(figure, named.optimizers[i], min(height, STRIP) if alone else height, dark)
    across, up = named.basins[i].spec.surface.weights
    figure.update_layout(
        xaxis={
            "title": {"text": tr("start {weight}", weight=across)},
            "range": [x0, x1],
            "showgrid": False,
            "constrain": "domain",
        },
        yaxis={"title": {"text": tr("start {weight}", weight=up)}, "range": [y0, y1], "showgrid": False},
    )
    return figure.update_yaxes(visible=False) if alone else figure


def live_picture(named: Named, i: int) -> tuple[dict[str, Any], np.ndarray]:
    """Return how a browser that computes the basins of one optimizer is to colour them, and what it should find.

    That is a float32 for each start: the number of a named minimum, as many as there are for any other, or LOST.
    """
    surface = named.basins[i].spec.surface
    picture = {
        "across": 1, "minima": named.minima[:, :2].tolist(), "colors": list(COLORS), "others": OTHERS, "lost": GREY,
        "reach": _reach(surface), "opacity": OPACITY,
    }  # fmt: skip
    return picture, named.labels[i].astype("<f4")


def _clicks(named: Named, i: int) -> go.Scatter:
    """Points over the starts, as texts without words: a heatmap takes no clicks, and markers would be many paths."""
    b, labels, words = named.basins[i], named.labels[i], [*named.names, tr("another minimum"), tr("lost")]
    every = max(1, -(-len(b.x) // CLICKS))
    rows, columns = (a.ravel() for a in np.meshgrid(*[np.arange(0, len(b.x), every)] * 2, indexing="ij"))
    told = np.where(b.done, np.array(words)[labels], tr("not done"))[rows, columns].tolist()  # LOST is the last
    return go.Scatter(
        x=b.x[columns],
        y=b.y[rows],
        mode="text",
        name="starts",
        customdata=np.stack([rows, columns], -1).tolist(),
        hovertext=told,
        hovertemplate=tr(_FROM_X if b.spec.surface.alone else _FROM) + "<extra></extra>",
    )


def share_table(named: Named) -> pd.DataFrame:
    """Return a frame, one row an optimizer: its share of starts for each minimum, and of those lost, in percent."""
    import pandas as pd

    heads = [*named.names, tr("other minima"), tr("lost")]
    rows = [dict(zip(heads, named.shares(i).tolist(), strict=True)) for i in range(len(named.basins))]
    frame = pd.DataFrame(rows, index=list(named.optimizers)).rename_axis(tr("Optimizer")).reset_index()
    empty = [head for head in (tr("other minima"),) if not frame[head].any()]
    shares = frame.drop(columns=empty)
    return shares.apply(lambda column: column.map("{:.1%}".format) if column.name != tr("Optimizer") else column)


def legend(named: Named) -> str:
    """Return the meaning of the colours as HTML: a swatch, then the letter and the place."""
    words = [*named.names, tr("lost: reaches no minimum")]
    colors = [*COLORS[: len(named.minima)], GREY]
    if any(named.shares(i)[-2] for i in range(len(named.basins))):
        words.insert(-1, tr("other minima"))
        colors.insert(-1, OTHERS)
    swatch = '<span style="display:inline-block;width:.9em;height:.9em;background:{};vertical-align:-.1em"></span> {}'
    pairs = zip(colors, words, strict=True)
    return (
        '<p style="margin:0;display:flex;flex-wrap:wrap;gap:.3em 1.4em">'
        + "".join(f"<span>{swatch.format(color, escape(word))}</span>" for color, word in pairs)
        + "</p>"
    )
