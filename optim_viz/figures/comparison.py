"""Pure functions from results to plotly figures; they know no engine and no web framework."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from optim_viz.figures.notebook import NotebookFigure
from optim_viz.figures.style import MAX_FRAMES, frame_rows
from optim_viz.language import tr
from optim_viz.optimizers import styles
from optim_viz.player import profiles
from optim_viz.spec import Surface
from optim_viz.surfaces.surface import height_map
from optim_viz.surfaces.trajectory import Comparison

#: Path points in one frame, over all runs: keeps a whole animation to a few hundred kB.
FRAME_POINTS = 360
_COLORS = [[0.0, "#f7fbff"], [0.35, "#d3e3f1"], [0.7, "#a5c4de"], [1.0, "#7aa0c4"]]


def log_height(z: np.ndarray) -> np.ndarray:
    """Return log10 of the height above the lowest value, so that the levels near a minimum spread out.

    >>> log_height(np.array([0.0, 1.0, 10.0])).round(2).tolist()
    [-5.0, 0.0, 1.0]
    """
    low, high = np.nanmin(z), np.nanmax(z)
    return np.log10(np.maximum(z - low, 1e-6 * max(high - low, 1e-300)))


def _contour(surface: Surface) -> go.Contour:
    x, y, z = height_map(surface)
    largest = np.finfo("float32").max
    z = np.clip(z, -largest, largest)  # what is higher is drawn as high as float32 goes
    heights = log_height(z) if surface.log else z
    return go.Contour(
        x=x.astype("float32"),
        y=y.astype("float32"),
        z=heights.astype("float32"),
        customdata=z.astype("float32"),
        colorscale=_COLORS,
        ncontours=24,
        line={"width": 0.5, "color": "#8fa8bf"},
        showscale=False,
        hovertemplate="x %{x:.3g}, y %{y:.3g}<br>loss %{customdata:.4g}<extra></extra>",
        name="loss",
    )


def _curve(panel: dict[str, Any]) -> go.Scatter:
    """A function of x alone, over x."""
    x0, x1 = panel["bounds"][:2]
    return go.Scatter(
        x=np.linspace(x0, x1, len(panel["heights"])).astype("float32"), y=np.array(panel["heights"], "float32"),
        mode="lines", line={"color": "#5c6470", "width": 2}, showlegend=False, name="loss",
        hovertemplate="x %{x:.3g}<br>f %{y:.4g}<extra></extra>",
    )  # fmt: skip


def _upto(values: np.ndarray, row: int, points: int) -> np.ndarray:
    """Rows 0 to `row` of `values`, thinned to `points` of them, the last always included."""
    with np.errstate(over="ignore"):  # what float32 cannot hold is far outside the picture
        return values[frame_rows(row + 1, points)].astype("float32")


def _data(runs: Comparison, row: int) -> list[dict[str, Any]]:
    """The data of every moving trace at `row`: for each run its path, its head, its loss curve and that one's head."""
    budget = max(2, FRAME_POINTS // (2 * len(runs)))
    traces = []
    for run in runs:
        losses = np.where(np.isfinite(run.losses), run.losses, np.nan)
        steps = np.arange(len(losses))
        place = losses if runs.spec.as_curve else run.points[:, 1]
        for x, y in ((run.points[:, 0], place), (steps, losses)):
            traces.append({"type": "scatter", "x": _upto(x, row, budget), "y": _upto(y, row, budget)})
            traces.append({"type": "scatter", "x": x[row : row + 1], "y": y[row : row + 1]})
    return traces


def _looks(runs: Comparison) -> list[dict[str, Any]]:
    """How every moving trace looks, in the order of `_data`; said once, not in every frame."""
    looks = []
    for run, style in zip(runs, styles.styles([r.spec.kind for r in runs]), strict=True):
        line = {"color": style.light, "dash": style.dash, "width": 2}
        head = {"symbol": style.marker, "color": style.light, "size": 10, "line": {"color": "white", "width": 1}}
        named = {"name": run.label, "legendgroup": run.label}
        for axes in ({"xaxis": "x", "yaxis": "y"}, {"xaxis": "x2", "yaxis": "y2"}):
            dots = runs.spec.as_curve and axes["xaxis"] == "x"  # the places where it was, on a curve that is there
            trail = {"mode": "markers", "marker": {"color": style.light, "size": 5}} if dots else {"mode": "lines"}
            looks.append({**named, **axes, **trail, "line": line, "showlegend": axes["xaxis"] == "x"})
            looks.append({**named, **axes, "mode": "markers", "marker": head, "showlegend": False})
    return looks


def comparison(
    runs: Comparison, frames: int = MAX_FRAMES, milliseconds: int = 60, equal_axes: bool | None = None
) -> go.Figure:
    """Return contour and paths beside the loss curves, animated, with a play button and a slider of steps.

    Problem: watch runs in any notebook, without an app. A function of x alone is a curve on which the runs go.
    Arguments: `runs`, what optim_viz.descend returns; `frames`, 2 to 60; `milliseconds`, shown per frame; `equal_axes`,
    whether one unit of x is as long as one of y on the map, as ov.descend was asked if left out.

    >>> from optim_viz import descend, optimizer
    >>> figure = comparison(descend("quadratic", [optimizer("sgd", lr=0.1)], steps=20))
    >>> len(figure.frames)
    21

    Reference: plotly.py 7, frames and sliders (2026).
    """
    if equal_axes is not None:
        drawn = "equal" if equal_axes else "map" if runs.surface.alone and runs.spec.drawn else ""
        runs = replace(runs, spec=replace(runs.spec, drawn=drawn))
    rows = frame_rows(len(runs.trajectories[0].losses), min(frames, MAX_FRAMES))
    titles = (tr(runs.surface.title), tr("Loss"))
    figure = make_subplots(1, 2, subplot_titles=titles, horizontal_spacing=0.1, figure=NotebookFigure())
    figure.add_trace(_curve(profiles.panel(runs)) if runs.spec.as_curve else _contour(runs.surface), 1, 1)
    shown = zip(_data(runs, int(rows[-1])), _looks(runs), strict=True)
    figure.add_traces([data | look for data, look in shown])
    moving = list(range(1, len(figure.data)))
    figure.frames = [go.Frame(data=_data(runs, int(row)), traces=moving, name=str(row)) for row in rows]
    _axes(figure, runs)
    options = {"frame": {"duration": milliseconds, "redraw": True}, "transition": {"duration": 0}}
    figure.update_layout(updatemenus=[_buttons(options)], sliders=[_steps(rows, options)])
    return figure


def _axes(figure: go.Figure, runs: Comparison) -> None:
    x0, x1, y0, y1 = runs.surface.bounds
    positive = all((run.losses > 0).all() for run in runs)
    figure.update_xaxes(title="x", range=[x0, x1], row=1, col=1)
    if runs.spec.as_curve:
        figure.update_yaxes(title="f(x)", range=profiles.panel(runs)["bounds"][2:], row=1, col=1)
    else:
        figure.update_yaxes(title="y", range=[y0, y1], row=1, col=1)
    if runs.spec.drawn == "equal":
        figure.update_xaxes(constrain="domain", row=1, col=1)
        figure.update_yaxes(scaleanchor="x", constrain="domain", row=1, col=1)
    figure.update_xaxes(title=tr("step"), range=[0, len(runs.trajectories[0].losses) - 1], row=1, col=2)
    figure.update_yaxes(title=tr("loss"), type="log" if positive else "linear", exponentformat="power", row=1, col=2)
    figure.update_layout(
        template="plotly_white", height=520, margin={"l": 50, "r": 20, "t": 90, "b": 20},
        legend={"orientation": "h", "y": 1.2, "x": 1.0, "xanchor": "right"},
    )  # fmt: skip


def _buttons(options: dict[str, Any]) -> dict[str, Any]:
    play = {"label": tr("Play"), "method": "animate", "args": [None, {**options, "fromcurrent": True}]}
    still = {"frame": {"duration": 0, "redraw": False}, "mode": "immediate"}
    pause = {"label": tr("Pause"), "method": "animate", "args": [[None], still]}
    return {
        "type": "buttons", "direction": "left", "buttons": [play, pause],
        "x": 0.0, "y": -0.14, "xanchor": "left", "yanchor": "top",
    }  # fmt: skip


def _steps(rows: np.ndarray, options: dict[str, Any]) -> dict[str, Any]:
    jump = {**options, "mode": "immediate"}
    steps = [{"label": str(row), "method": "animate", "args": [[str(row)], jump]} for row in rows]
    return {
        "active": len(rows) - 1, "steps": steps, "x": 0.14, "len": 0.86, "y": -0.08,
        "currentvalue": {"prefix": tr("step") + " "}, "pad": {"t": 10},
    }  # fmt: skip
