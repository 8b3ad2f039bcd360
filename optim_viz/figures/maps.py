"""A map over two hyperparameters: loss or steps in colour, what diverges in grey with crosses, the theory over it."""

from __future__ import annotations

import functools
from collections.abc import Sequence
from typing import Any

import numpy as np
import plotly.graph_objects as go

from optim_viz.figures.region_words import cells_words, loss_words, near_words
from optim_viz.figures.style import dress, log_words
from optim_viz.figures.ticks import log_ticks
from optim_viz.language import N_, together, tr
from optim_viz.surfaces.minima import lowest
from optim_viz.sweeps.groups import log_axis
from optim_viz.sweeps.sweep import STARTS, Sweep
from optim_viz.sweeps.theory import Theory, theory

#: Losses below this share of the largest are drawn there.
FLOOR = 1e-30
#: Cells a side that can be clicked, and marks a side over what has no colour.
CLICKS, MARKS = 64, 32
#: Colours of cells that diverge, and of those that never arrive, by whether the page is dark.
GREYS, FAINT = ("#b9bdc6", "#4a4f59"), ("#eceef1", "#26292f")
#: Kinds of cells without a place on the scale; how many colours a browser is given of it.
DIVERGES, NEVER, SHADES = -1, -2, 128
#: By measure, within which factor of the best cell another is good.
NEAR = {"loss": 10.0, "steps": 2.0}
WORDS = {"loss": N_("loss after the last step"), "steps": N_("steps to arrive")}


def map_chart(s: Sweep, measure: str, logs: Sequence[bool], dark: bool = False, height: int = 580) -> go.Figure:
    """Draw a sweep over two axes; `measure` is "loss" or "steps", `logs` says which axes are logarithmic.

    A clickable cell has its place in the sweep, [i, j], as its customdata.
    """
    (xn, _), (yn, _) = s.spec.axes
    figure = go.Figure()
    figure.add_trace(_cells(s, measure, logs))
    figure.add_traces(_grey(s, measure, logs, dark))
    known = known_theory(s)
    if known is not None:
        figure.add_traces(_theory(known, s, dark))
    if not s.diverging[s.best_cell(measure)]:  # which it does only where every run does
        figure.add_trace(_best(s, measure))
    figure.add_trace(_clicks(s))
    dress(figure, "", height, dark, legend=True)
    for axis, name, log, values in (("xaxis", xn, logs[0], s.axes[xn]), ("yaxis", yn, logs[1], s.axes[yn])):
        edges = _edges(values, log)
        ends = (edges[0], edges[-1])
        title = tr("start {axis}", axis=name) if name in STARTS else tr("learning rate") if name == "lr" else name
        figure.update_layout(
            {
                axis: {
                    "title": {"text": title},
                    "range": list(np.log10(ends) if log else ends),
                    "constrain": "domain",
                    "type": "log" if log else "linear",
                    "showgrid": False,
                    "exponentformat": "power",
                    **({"dtick": 1} if log else {}),
                }
            }
        )
    figure.update_layout(margin={"t": 34}, legend={"y": 1.0})
    return figure


def _edges(values: np.ndarray, log: bool) -> np.ndarray:
    """The borders between cells: halfway, on the axis' own scale, with half a cell beyond both ends."""
    v = np.log(values) if log else values
    if len(v) == 1:
        return np.array([values[0] * 0.9, values[0] * 1.1])
    middle = (v[1:] + v[:-1]) / 2
    edges = np.r_[2 * v[0] - middle[0], middle, 2 * v[-1] - middle[-1]]
    return np.exp(edges) if log else edges


def measured(s: Sweep, measure: str) -> str:
    """What the colours are of: of losses the excess, where the lowest known loss is not 0."""
    return WORDS[measure] if measure == "steps" else loss_words(lowest(s.spec.surface))


def logs_of(s: Sweep) -> tuple[bool, ...]:
    """Return which axes are drawn on a logarithm's scale: those that are spread so, unless 0 is on them."""
    return tuple(log_axis(name, s.spec.optimizer) and bool(values.min() > 0.0) for name, values in s.axes.items())


def _numbers(s: Sweep, measure: str) -> np.ndarray:
    """What is drawn, float64 [x, y]; NaN where the run diverges or, for steps, never arrives."""
    if measure == "steps":
        # A run that passes by the minimum on its way out has not arrived.
        return np.where(np.isfinite(s.steps_to) & s.done & ~s.diverging, np.maximum(s.steps_to, 1.0), np.nan)
    above = np.maximum(s.final_loss - lowest(s.spec.surface), 0.0)
    kept = np.where(s.diverging | ~s.done, np.nan, above)
    top = np.nanmax(kept) if np.isfinite(kept).any() else 1.0
    return np.maximum(kept, max(FLOOR * top, 1e-300))


def _scale(z: np.ndarray) -> tuple[float, float]:
    """The ends of the colours of logarithms."""
    finite = z[np.isfinite(z)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    return low, high if high > low else low + 1.0


def live_picture(s: Sweep, measure: str, dark: bool = False) -> tuple[dict[str, Any], np.ndarray]:
    """Return how a browser that computes the map is to colour its cells, and what it should find.

    That is a float32 for each cell: its place on the scale, from 0 to 1; DIVERGES and NEVER have none.
    """
    z = np.log10(_numbers(s, measure))
    low, high = _scale(z)
    bare = np.where(s.diverging, DIVERGES, NEVER)
    found = np.where(np.isfinite(z), (z - low) / (high - low), bare).astype("<f4")
    picture = {
        "across": 0, "logs": logs_of(s), "measure": measure, "low": low, "high": high, "scale": viridis(),
        "opacity": 1.0, "diverges": GREYS[dark], "never": FAINT[dark],
    }  # fmt: skip
    return picture, found


@functools.cache
def viridis() -> list[str]:
    """The colours of the cells from low to high, as #rrggbb."""
    from plotly.colors import get_colorscale, sample_colorscale

    shades = sample_colorscale(get_colorscale("Viridis"), np.linspace(1, 0, SHADES).tolist(), colortype="tuple")
    return ["#" + "".join(f"{round(255 * part):02x}" for part in shade) for shade in shades]


def _cells(s: Sweep, measure: str, logs: Sequence[bool]) -> go.Heatmap:
    x, y = (s.axes[name] for name, _ in s.spec.axes)
    z = np.log10(_numbers(s, measure).T)
    low, high = _scale(z)
    ticks = log_ticks(low, high)
    return go.Heatmap(
        x=_edges(x, logs[0]),
        y=_edges(y, logs[1]),
        z=z,
        zmin=low,
        zmax=high,
        colorscale="Viridis",
        reversescale=True,
        hoverinfo="skip",
        hoverongaps=False,
        showscale=True,
        colorbar={
            "title": {"text": tr(measured(s, measure)), "side": "right"},
            "thickness": 12,
            "outlinewidth": 0,
            "tickvals": np.log10(ticks),
            "ticktext": log_words(ticks),
        },
    )


def _grey(s: Sweep, measure: str, logs: Sequence[bool], dark: bool) -> list[go.Heatmap | go.Scatter]:
    """What has no colour: grey with crosses where runs diverge, faint with strokes where they never arrive."""
    traces: list[go.Heatmap | go.Scatter] = []
    never = ~np.isfinite(s.steps_to) & ~s.diverging & s.done if measure == "steps" else np.zeros(s.spec.shape, bool)
    for cells, name, symbol, grey in (
        (s.diverging, tr("diverges"), "x-thin", GREYS[dark]),
        (never, tr("does not arrive"), "line-ew", FAINT[dark]),
    ):
        traces += _patterned(s, cells, name, symbol, grey, logs, dark)
    return traces


def _patterned(
    s: Sweep, cells: np.ndarray, name: str, symbol: str, grey: str, logs: Sequence[bool], dark: bool
) -> list[go.Heatmap | go.Scatter]:
    """One colour over some cells and a mark on every few of them, by which the legend names them."""
    if not cells.any():
        return []
    x, y = (s.axes[axis] for axis, _ in s.spec.axes)
    i, j = np.nonzero(cells)
    steps = [max(1, n // MARKS) for n in s.spec.shape]
    some = (i % steps[0] == 0) & (j % steps[1] == 0)
    some = some if some.any() else np.ones_like(some)
    ink = "#8b919c" if dark else "#7b8190"
    return [
        go.Heatmap(
            x=_edges(x, logs[0]),
            y=_edges(y, logs[1]),
            z=np.where(cells, 1.0, np.nan).T,
            showscale=False,
            colorscale=[[0, grey], [1, grey]],
            hoverinfo="skip",
            hoverongaps=False,
        ),
        go.Scatter(
            x=x[i[some]],
            y=y[j[some]],
            mode="markers",
            hoverinfo="skip",
            name=name,
            marker={"symbol": symbol, "size": 4, "line": {"width": 1, "color": ink}},
        ),
    ]


def known_theory(s: Sweep) -> Theory | None:
    """What theory says of this very map: momentum's learning rate and momentum on a quadratic bowl, nothing else on."""
    o, plain = s.spec.optimizer, ("dampening", "weight_decay", "nesterov", "maximize")
    if o.kind != "momentum" or {name for name, _ in s.spec.axes} != {"lr", "momentum"} or s.spec.random:
        return None
    if o.schedule is not None or o.lr_scale or o.clip or any(o[name] for name in plain):
        return None
    return theory(s.spec.surface)


def _theory(known: Theory, s: Sweep, dark: bool) -> list[go.Scatter]:
    """The limit of stability and the fastest pair: the page's ink on its opposite, which stand out from every colour.

    In the legend the ink stands alone, so it must be read there too.
    """
    ink, under = ("white", "black") if dark else ("black", "white")
    flip = s.spec.axes[0][0] != "lr"
    momentums, rates = s.axes["momentum"], s.axes["lr"]
    mus = np.linspace(momentums.min(), momentums.max(), 200)
    limit = known.limit(mus)
    seen = (limit >= rates.min()) & (limit <= rates.max())
    x, y = (mus[seen], limit[seen]) if flip else (limit[seen], mus[seen])
    at = (known.momentum, known.lr) if flip else (known.lr, known.momentum)
    hover = "%{fullData.name}<br>%{x:.3g}, %{y:.3g}<extra></extra>"
    traces = [
        go.Scatter(x=x, y=y, mode="lines", line={"color": under, "width": 4}, showlegend=False, hoverinfo="skip"),
        go.Scatter(
            x=x,
            y=y,
            mode="lines",
            line={"color": ink, "width": 2, "dash": "dash"},
            name=tr("theory: stable up to 2(1 + μ)/L"),
            hovertemplate=hover,
        ),
    ]
    if rates.min() <= known.lr <= rates.max() and momentums.min() <= known.momentum <= momentums.max():
        marker = {"symbol": "star", "size": 17, "color": "white", "line": {"width": 1.5, "color": "black"}}
        traces.append(
            go.Scatter(
                x=[at[0]], y=[at[1]], mode="markers", name=tr("theory: fastest"), hovertemplate=hover, marker=marker
            )
        )
    return traces


def _best(s: Sweep, measure: str) -> go.Scatter:
    cell = s.best_cell(measure)
    x, y = (axis[i] for axis, i in zip(s.axes.values(), cell, strict=True))
    return go.Scatter(
        x=[x],
        y=[y],
        mode="markers",
        name=tr("best here: {x:.3g}, {y:.3g}", x=x, y=y),
        hoverinfo="skip",
        marker={"symbol": "circle", "size": 8, "color": "#FF5A1F", "line": {"width": 2, "color": "white"}},
    )


def _clicks(s: Sweep) -> go.Scatter:
    """A point over every cell (of a fine map, over every second or fourth): a heatmap takes no clicks.

    They are texts without words: markers that nobody sees would be thousands of paths, most of a map's drawing.
    """
    (xn, x), (yn, y) = s.axes.items()
    rows, columns = (np.arange(0, n, max(1, n // CLICKS)) for n in s.spec.shape)
    i, j = (a.ravel() for a in np.meshgrid(rows, columns, indexing="ij"))
    texts = [tr(_told(s, a, b)) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    return go.Scatter(
        x=x[i],
        y=y[j],
        mode="text",
        showlegend=False,
        customdata=np.stack([i, j], -1).tolist(),
        hovertext=texts,
        name="cells",
        hovertemplate=f"{xn} %{{x:.4g}}<br>{yn} %{{y:.4g}}<br>%{{hovertext}}<extra></extra>",
    )


def _told(s: Sweep, i: int, j: int) -> str:
    if not s.done[i, j]:
        return N_("not done")
    if s.diverging[i, j]:
        return N_("diverges")
    step, share = s.steps_to[i, j], 100.0 * s.spec.tolerance
    if np.isfinite(step):  # a run that has come so far may still be moving
        steps = N_("at most {share:.3g} % of the way down left at step {step:g}", share=share, step=step)
    else:
        steps = N_("more than {share:.3g} % of the way down left", share=share)
    return N_("loss {loss:.3g}, {steps}", loss=s.final_loss[i, j], steps=steps)


def _region_words(s: Sweep, measure: str) -> str:
    """How large the region is that is nearly as good as the best cell; nothing without one."""
    near, floor = NEAR[measure], lowest(s.spec.surface) if measure == "loss" else 0.0
    what = near_words(near, floor) if measure == "loss" else N_("there within twice as many steps")
    axes = [(n, v, log) for (n, v), log in zip(s.axes.items(), logs_of(s), strict=True)]
    return cells_words(axes, _numbers(s, measure), s.best_cell(measure), near, what, floor)


def sentence(s: Sweep, measure: str) -> str:
    """What the map holds, and what the theory says where there is one."""
    cell = s.best_cell(measure)
    values = ", ".join(f"{name} {axis[i]:.3g}" for (name, axis), i in zip(s.spec.axes, cell, strict=True))
    count, none = int(s.done.sum()), bool(s.diverging[cell])
    parts = [
        N_("{count:,} runs.", count=count)
        if none
        else N_("{count:,} runs. Best: {values}, {told}.", count=count, values=values, told=_told(s, *cell)),
        _region_words(s, measure) if s.done.all() and not none else "",  # one that is not done is no end of a region
        N_("{share:.0%} of the map diverges: it ends above the loss it began with.", share=s.diverging[s.done].mean()),
    ]
    known = known_theory(s)
    if known is not None:
        parts.append(N_(
            "Theory for curvatures from {low:.3g} to L = {high:.3g} (Polyak 1964; Goh 2017): stable below "
            "2(1 + momentum)/L, fastest at learning rate {lr:.3g} and momentum {momentum:.3g}.",
            low=known.low, high=known.high, lr=known.lr, momentum=known.momentum,
        ))  # fmt: skip
    return together(filter(None, parts))
