"""The stress test as a picture: what is left of the loss in colour, ranks as numbers, the best optimizer first."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import TYPE_CHECKING

import numpy as np
import plotly.graph_objects as go

from optim_viz.figures.region_words import BELOW
from optim_viz.figures.style import dress, log_words
from optim_viz.language import N_, tr
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.sweeps.stress import LEVEL, Stress

if TYPE_CHECKING:
    import pandas as pd

#: Pixels of a row, and of what stands above and below all rows.
ROW, REST = 25, 170
#: Pixels of a number's height: 6.5 fits into a cell on a phone.
INK = 10
#: The most that is left on the scale: a run that ends higher than it began has that colour, too.
TOP = 1.0
#: Above this exponent a cell is dark.
DARK = -6.5


def order(found: Stress, horizon: int) -> list[int]:
    """Return the numbers of the optimizers, the best mean rank first."""
    return [int(i) for i in np.argsort(found.mean_ranks[horizon], kind="stable")]


def stress_chart(found: Stress, horizon: int, dark: bool = False) -> go.Figure:
    """Draw who wins where after one horizon: surfaces down, optimizers across.

    A cell has the numbers of its surface and optimizer as its customdata.
    """
    across, rows = order(found, horizon), range(len(found.spec.surfaces))
    names = [OPTIMIZERS[found.spec.optimizers[k].kind].title for k in across]
    places = [tr(surface.title) for surface in found.spec.surfaces]
    left = np.log10(np.minimum(found.shares[:, horizon, across], TOP))
    figure = go.Figure(
        go.Heatmap(
            z=left, x=names, y=places, hoverinfo="skip", zmin=np.log10(LEVEL), zmax=0, colorscale="Viridis",
            reversescale=True, xgap=1, ygap=1, colorbar=_scale(),
        )
    )  # fmt: skip
    cells = [(i, k) for i in rows for k in across]
    figure.add_trace(
        go.Scatter(
            x=names * len(places), y=[place for place in places for _ in names], mode="markers+text",
            text=[_place(found, i, horizon, k) for i, k in cells],
            textfont={"size": INK, "color": [_ink(share, dark) for share in left.ravel()]},
            marker={"size": 20, "opacity": 0, "symbol": "square"},  # a heatmap takes no clicks
            customdata=[[i, k, _told(found, i, horizon, k)] for i, k in cells],
            hovertemplate="%{y}, %{x}<br>%{customdata[2]}<extra></extra>",
        )
    )  # fmt: skip
    dress(figure, "", REST + ROW * len(rows), dark)
    figure.update_xaxes(
        title_text=tr("optimizer, the best mean rank first"),
        range=[-0.5, len(names) - 0.5],
        showgrid=False,
        tickangle=-35,
    )
    figure.update_yaxes(title_text=tr("surface"), range=[len(places) - 0.5, -0.5], showgrid=False)
    figure.update_layout(margin={"t": 66})
    return figure


def _ink(left: float, dark: bool) -> str:
    """The colour of a number that reads well on its cell."""
    if np.isnan(left):
        return "#d0d4db" if dark else "#3d4350"
    return "#ffffff" if left > DARK else "#000000"


def _scale() -> dict[str, object]:
    ticks = [LEVEL, 1e-9, 1e-6, 1e-3, TOP]
    first, *between, last = log_words(ticks)
    title = {"text": tr("share left above the lowest known loss"), "side": "top"}
    return {
        "title": title, "orientation": "h", "x": 0.5, "y": 1.0, "yanchor": "bottom", "thickness": 12,
        "outlinewidth": 0, "tickvals": np.log10(ticks), "ticktext": [f"≤ {first}", *between, f"≥ {last}"],
    }  # fmt: skip


def _place(found: Stress, i: int, horizon: int, k: int) -> str:
    """Its rank, of which the table has the mean: equals share that of their places; a dash where none is ranked."""
    rank = found.ranks[i, horizon, k]
    return "–" if np.isnan(rank) else f"{rank:g}"


def _told(found: Stress, i: int, horizon: int, k: int) -> str:
    cell = i, horizon, k
    said = [tr("loss {loss:.3g} at learning rate {lr:.2g}", loss=found.after[cell], lr=found.lrs[cell])]
    if found.ranked[i]:
        said.append(tr(BELOW if found.below[cell] else _left(found.shares[cell])))
    return "<br>".join(said)


def _left(share: float) -> str:
    """What is left of the start's excess; at LEVEL and below all are level, and nothing smaller is told apart."""
    if share <= LEVEL:
        return N_("less than {level:g} of the start's loss above the lowest known is left", level=LEVEL)
    return N_("{share:.1e} of the start's loss above the lowest known is left", share=share)


#: What the table has for each horizon, and how its numbers are written.
MEAN, AHEAD, LEFT = N_("Mean rank, {steps}"), N_("Nobody ahead on, {steps}"), N_("Median share left, {steps}")
_FORMATS = {MEAN: "%.1f", AHEAD: "%d", LEFT: "%.1e"}


def _column(what: str, steps: int) -> str:
    return tr(N_(what, steps=N_("{count:,} steps", count=steps)))


def stress_table(found: Stress, horizon: int = -1) -> pd.DataFrame:
    """Return the ranks of all optimizers in the reader's language, the best after a horizon (the last) first."""
    import pandas as pd

    columns = {tr("Optimizer"): [OPTIMIZERS[spec.kind].title for spec in found.spec.optimizers]}
    frame = pd.DataFrame(columns)
    for h, steps in enumerate(found.spec.horizons):
        frame[_column(MEAN, steps)] = found.mean_ranks[h]
        frame[_column(AHEAD, steps)] = found.wins[h]
        frame[_column(LEFT, steps)] = found.median_shares[h]
    return frame.iloc[order(found, horizon)].reset_index(drop=True)


def table_words(found: Stress) -> dict[str, Callable[[float], str]]:
    """Return what is written for the numbers of each of the table's columns: a median at LEVEL was not measured."""
    return {name: functools.partial(_number, how) for name, how in table_formats(found).items()}


def _number(how: str, value: float) -> str:
    return tr("less than {level:g}", level=LEVEL) if how == _FORMATS[LEFT] and value <= LEVEL else how % value


def table_formats(found: Stress) -> dict[str, str]:
    """Return how the numbers of each of the table's columns are written, in printf's words."""
    return {_column(what, steps): how for steps in found.spec.horizons for what, how in _FORMATS.items()}
