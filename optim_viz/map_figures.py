"""A map over two hyperparameters: loss or steps in colour, what diverges in grey with crosses, the theory over it."""

from __future__ import annotations

import numpy as np
import plotly.graph_objects as go

from optim_viz.charts import dress
from optim_viz.lowest import lowest
from optim_viz.momentum_theory import Theory, theory
from optim_viz.sweeps import STARTS, Sweep

#: Losses below this share of the largest are drawn there.
FLOOR = 1e-30
#: Cells a side that can be clicked, and crosses a side over what diverges.
CLICKS, CROSSES = 64, 32
WORDS = {"loss": "loss after the last step", "steps": "steps to arrive"}


def map_chart(s: Sweep, measure: str, logs: tuple[bool, bool], dark: bool = False, height: int = 520) -> go.Figure:
    """Draw a sweep over two axes; `measure` is "loss" or "steps", `logs` says which axes are logarithmic.

    A clickable cell has its place in the sweep, [i, j], as its customdata.
    """
    (xn, _), (yn, _) = s.spec.axes
    figure = go.Figure()
    figure.add_trace(_cells(s, measure, logs))
    figure.add_traces(_lost(s, logs, dark))
    known = known_theory(s)
    if known is not None:
        figure.add_traces(_theory(known, s, dark))
    figure.add_trace(_best(s, dark))
    figure.add_trace(_clicks(s))
    dress(figure, "", height, dark, legend=True)
    for axis, name, log, values in (("xaxis", xn, logs[0], s.axes[xn]), ("yaxis", yn, logs[1], s.axes[yn])):
        edges = _edges(values, log)
        ends = (edges[0], edges[-1])
        title = f"start {name}" if name in STARTS else name.replace("lr", "learning rate") if name == "lr" else name
        figure.update_layout(
            {
                axis: {
                    "title": {"text": title},
                    "range": list(np.log10(ends) if log else ends),
                    "constrain": "domain",
                    "type": "log" if log else "linear",
                    "showgrid": False,
                    **({"dtick": 1} if log else {}),
                }
            }
        )
    figure.update_layout(margin={"t": 56})
    return figure


def _edges(values: np.ndarray, log: bool) -> np.ndarray:
    """The borders between cells: halfway, on the axis' own scale, with half a cell beyond both ends."""
    v = np.log(values) if log else values
    if len(v) == 1:
        return np.array([values[0] * 0.9, values[0] * 1.1])
    middle = (v[1:] + v[:-1]) / 2
    edges = np.r_[2 * v[0] - middle[0], middle, 2 * v[-1] - middle[-1]]
    return np.exp(edges) if log else edges


def _numbers(s: Sweep, measure: str) -> np.ndarray:
    """What is drawn, float64 [x, y]; NaN where the run diverges or, for steps, never arrives."""
    if measure == "steps":
        return np.where(np.isfinite(s.steps_to) & s.done, np.maximum(s.steps_to, 1.0), np.nan)
    above = np.maximum(s.final_loss - lowest(s.spec.surface), 0.0)
    kept = np.where(s.diverging | ~s.done, np.nan, above)
    top = np.nanmax(kept) if np.isfinite(kept).any() else 1.0
    return np.maximum(kept, FLOOR * max(top, 1e-300))


def _cells(s: Sweep, measure: str, logs: tuple[bool, bool]) -> go.Heatmap:
    x, y = (s.axes[name] for name, _ in s.spec.axes)
    z = np.log10(_numbers(s, measure).T)
    finite = z[np.isfinite(z)]
    low, high = (float(finite.min()), float(finite.max())) if finite.size else (0.0, 1.0)
    high = high if high > low else low + 1.0
    ticks = np.unique(np.round(np.linspace(low, high, 7), 0 if high - low > 3 else 2))
    ticks = ticks[(ticks >= low) & (ticks <= high)]
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
            "title": {"text": WORDS[measure], "side": "right"},
            "thickness": 12,
            "outlinewidth": 0,
            "tickvals": ticks.tolist(),
            "ticktext": [_power(t) for t in ticks],
        },
    )


def _power(exponent: float) -> str:
    """A tick of the colour bar: plain where that is short.

    >>> _power(-1.0), _power(-7.0)
    ('0.1', '10<sup>-7</sup>')
    """
    return f"{10.0**exponent:.3g}" if -4 < exponent < 4 else f"10<sup>{exponent:g}</sup>"


def _lost(s: Sweep, logs: tuple[bool, bool], dark: bool) -> list[go.Heatmap | go.Scatter]:
    """Grey where runs end no better off than they began, with crosses, which the legend names."""
    x, y = (s.axes[name] for name, _ in s.spec.axes)
    grey = "#4a4f59" if dark else "#b9bdc6"
    traces: list[go.Heatmap | go.Scatter] = [
        go.Heatmap(
            x=_edges(x, logs[0]),
            y=_edges(y, logs[1]),
            z=np.where(s.diverging, 1.0, np.nan).T,
            showscale=False,
            colorscale=[[0, grey], [1, grey]],
            hoverinfo="skip",
            hoverongaps=False,
        )
    ]
    steps = [max(1, n // CROSSES) for n in s.spec.shape]
    i, j = np.nonzero(s.diverging)
    some = (i % steps[0] == 0) & (j % steps[1] == 0)
    if some.any():
        traces.append(
            go.Scatter(
                x=x[i[some]],
                y=y[j[some]],
                mode="markers",
                hoverinfo="skip",
                name="diverges",
                marker={"symbol": "x-thin", "size": 4, "line": {"width": 1, "color": "#8b919c" if dark else "#7b8190"}},
            )
        )
    return traces


def known_theory(s: Sweep) -> Theory | None:
    """What theory says of this very map: momentum's learning rate and momentum on a quadratic bowl, nothing else on."""
    o, plain = s.spec.optimizer, ("dampening", "weight_decay", "nesterov", "maximize")
    if o.kind != "momentum" or {name for name, _ in s.spec.axes} != {"lr", "momentum"} or s.spec.random:
        return None
    if o.schedule is not None or o.lr_scale is not None or any(o[name] for name in plain):
        return None
    return theory(s.spec.surface)


def _theory(known: Theory, s: Sweep, dark: bool) -> list[go.Scatter]:
    ink, flip = "white" if dark else "black", s.spec.axes[0][0] != "lr"
    momentums, rates = s.axes["momentum"], s.axes["lr"]
    mus = np.linspace(momentums.min(), momentums.max(), 200)
    limit = known.limit(mus)
    seen = (limit >= rates.min()) & (limit <= rates.max())
    x, y = (mus[seen], limit[seen]) if flip else (limit[seen], mus[seen])
    at = (known.momentum, known.lr) if flip else (known.lr, known.momentum)
    hover = "%{fullData.name}<br>%{x:.3g}, %{y:.3g}<extra></extra>"
    traces = [
        go.Scatter(x=x, y=y, mode="lines", line={"color": ink, "width": 2, "dash": "dash"},
                   name="theory: stable up to 2(1+μ)/L", hovertemplate=hover),
    ]  # fmt: skip
    if rates.min() <= known.lr <= rates.max() and momentums.min() <= known.momentum <= momentums.max():
        traces.append(
            go.Scatter(
                x=[at[0]],
                y=[at[1]],
                mode="markers",
                name="theory: fastest",
                hovertemplate=hover,
                marker={"symbol": "star-open", "size": 20, "color": ink, "line": {"width": 2}},
            )
        )
    return traces


def _best(s: Sweep, dark: bool) -> go.Scatter:
    x, y = (s.best[name] for name, _ in s.spec.axes)
    return go.Scatter(
        x=[x],
        y=[y],
        mode="markers",
        name=f"best here: {x:.3g}, {y:.3g}",
        hoverinfo="skip",
        marker={"symbol": "circle", "size": 8, "color": "#FF5A1F", "line": {"width": 2, "color": "white"}},
    )


def _clicks(s: Sweep) -> go.Scatter:
    """A transparent marker over every cell (of a fine map, over every second or fourth): a heatmap takes no clicks."""
    (xn, x), (yn, y) = s.axes.items()
    rows, columns = (np.arange(0, n, max(1, n // CLICKS)) for n in s.spec.shape)
    i, j = (a.ravel() for a in np.meshgrid(rows, columns, indexing="ij"))
    texts = [_told(s, a, b) for a, b in zip(i.tolist(), j.tolist(), strict=True)]
    return go.Scatter(
        x=x[i],
        y=y[j],
        mode="markers",
        marker={"size": 9, "opacity": 0, "symbol": "square"},
        showlegend=False,
        customdata=np.stack([i, j], -1).tolist(),
        text=texts,
        name="cells",
        hovertemplate=f"{xn} %{{x:.4g}}<br>{yn} %{{y:.4g}}<br>%{{text}}<extra></extra>",
    )


def _told(s: Sweep, i: int, j: int) -> str:
    if not s.done[i, j]:
        return "not done"
    if s.diverging[i, j]:
        return "diverges"
    steps = f"arrives at step {s.steps_to[i, j]:g}" if np.isfinite(s.steps_to[i, j]) else "does not arrive"
    return f"loss {s.final_loss[i, j]:.3g}, {steps}"


def sentence(s: Sweep) -> str:
    """What the map holds, and what the theory says where there is one."""
    (xn, _), (yn, _) = s.spec.axes
    best = s.best
    text = (
        f"{s.spec.cells:,} runs of {s.spec.steps:,} steps. Best: {xn} {best[xn]:.3g}, {yn} {best[yn]:.3g}, loss "
        f"{best['loss']:.3g}. {s.diverging.mean():.0%} of the map ends above where it began."
    )
    known = known_theory(s)
    if known is not None:
        text += (
            f" Theory for curvatures from {known.low:.3g} to L = {known.high:.3g} (Polyak 1964; Goh 2017): stable "
            f"below 2(1 + momentum)/L, fastest at learning rate {known.lr:.3g} and momentum {known.momentum:.3g}."
        )
    return text
