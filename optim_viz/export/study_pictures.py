"""A study's result as pictures and as words: what the Tune page shows, and what is exported of it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from html import escape
from typing import TYPE_CHECKING, Any

from optim_viz.experiments import study
from optim_viz.experiments.study import Study
from optim_viz.experiments.study_runs import Found
from optim_viz.figures import basins, maps, rate_curves
from optim_viz.network.rate_sweep import TrainSweep
from optim_viz.spec import unique_labels
from optim_viz.surfaces.minima import lowest
from optim_viz.sweeps.basins import Basins
from optim_viz.sweeps.sweep import Sweep

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go


#: What is said where an optimizer is lost: on a surface, and on the network.
LOST, GUESSES = "diverges", "no better than guessing"


def _rates(asked: Study, results: Sequence[Sweep], dark: bool) -> list[go.Figure]:
    floor = lowest(asked.descent.surface)
    what = "loss after the last step" + (f", above the lowest known ({floor:.4g})" if floor else "")
    return [rate_curves.rate_chart(rate_curves.of_sweeps(results), what, LOST, asked.rates, dark)]


def _map(asked: Study, results: Sequence[Sweep], dark: bool) -> list[go.Figure]:
    (s,) = results
    across, up = (study.is_log(s.spec.optimizer, name) for name, _ in s.spec.axes)
    return [maps.map_chart(s, asked.measure, (across, up), dark)]


def _basins(_: Study, results: Sequence[Basins], dark: bool) -> list[go.Figure]:
    named = basins.name_minima(results)
    return [basins.basin_chart(named, i, dark) for i in range(len(results))]


def _network(asked: Study, result: TrainSweep, dark: bool) -> list[go.Figure]:
    curves = rate_curves.of_trainings(result)
    return [rate_curves.rate_chart(curves, "test loss after the last step", GUESSES, asked.rates, dark)]


_DRAW: dict[str, Callable[[Study, Any, bool], list[go.Figure]]] = {
    "rates": _rates, "map": _map, "basins": _basins, "network": _network,
}  # fmt: skip


def figures(asked: Study, result: Found, dark: bool = False) -> list[go.Figure]:
    """Return the pictures of a study: one, or of basins one an optimizer."""
    return _DRAW[asked.view](asked, result, dark)


def summary(asked: Study, result: Any) -> pd.DataFrame | None:
    """Return the small table below the pictures; a map has a sentence instead."""
    if asked.view == "rates":
        return rate_curves.table(rate_curves.of_sweeps(result), "Loss there", LOST)
    if asked.view == "network":
        return rate_curves.table(rate_curves.of_trainings(result), "Test loss there", GUESSES)
    return basins.share_table(basins.name_minima(result)) if asked.view == "basins" else None


def words(asked: Study, result: Any) -> str:
    """Return what is said below the pictures, as HTML: of a map its best cell, of basins what the colours mean."""
    if asked.view == "map":
        return f"<p>{escape(maps.sentence(result[0], asked.measure))}</p>"
    return basins.legend(basins.name_minima(result)) if asked.view == "basins" else ""


def table(asked: Study, result: Any) -> pd.DataFrame:
    """Return every run of a study in a tidy pandas DataFrame, one row a run, the optimizer's label first."""
    import pandas as pd

    if isinstance(result, TrainSweep):
        return result.to_frame()
    names = tuple(n for n, o in zip(unique_labels(asked.shown), asked.shown, strict=True) if o in asked.swept)
    if asked.view == "map":
        names = (unique_labels(asked.descent.optimizers)[asked.descent.optimizers.index(asked.mapped)],)
    frames = [one.to_frame() for one in result]
    for name, frame in zip(names, frames, strict=True):
        frame.insert(0, "optimizer", name)
    return pd.concat(frames, ignore_index=True)
