"""The PICTURES table, one row a view of Tune: its charts, what stands below them, and what a click on a point opens."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.links import Query
from optim_viz.experiments.openings import write_compare, write_network
from optim_viz.experiments.study import Study, one_run
from optim_viz.experiments.study_views import VIEWS
from optim_viz.figures import basins, maps, rate_curves
from optim_viz.figures.region_words import loss_words
from optim_viz.language import N_, together
from optim_viz.network.rate_sweep import TrainSweep
from optim_viz.surfaces.minima import lowest
from optim_viz.sweeps.sweep import Sweep

if TYPE_CHECKING:
    import pandas as pd
    import plotly.graph_objects as go

#: What is said where an optimizer is lost: on a surface, and on the network.
LOST, GUESSES = N_("diverges"), N_("no better than guessing")


@dataclass(frozen=True)
class Pictures:
    """One row: how a study is shown; `found` is what came of it, a result a sweep."""

    charts: Callable[[Study, Any, bool], list[go.Figure]]  # study, found, dark
    played: Callable[[Any, int, Sequence[int]], Query]  # found, chart, customdata of a point: the link of that run
    table: Callable[[Any], pd.DataFrame | None] = lambda found: None
    sentence: Callable[[Study, Any], str] = lambda study, found: ""  # lines
    legend: Callable[[Any], str] | None = None  # HTML
    #: (study, found, dark) -> of each chart: how a browser that computes it colours its cells, and what it should find
    live: Callable[[Study, Any, bool], list[tuple[dict[str, Any], np.ndarray]]] | None = None


def _rate_chart(asked: Study, found: Sequence[Sweep], dark: bool) -> list[go.Figure]:
    what = loss_words(lowest(asked.descent.surface))
    return [rate_curves.rate_chart(rate_curves.of_sweeps(found), what, LOST, asked.rates, dark)]


def _rate_table(found: Sequence[Sweep]) -> pd.DataFrame:
    floor = lowest(found[0].spec.surface) if found else 0.0
    above = N_("Loss there, above the lowest known ({floor:.4g})", floor=floor)
    return rate_curves.table(rate_curves.of_sweeps(found), above if floor else N_("Loss there"), LOST)


def _map(asked: Study, found: Sequence[Sweep], dark: bool) -> list[go.Figure]:
    (s,) = found
    return [maps.map_chart(s, asked.measure, maps.logs_of(s), dark)]


def _live_map(asked: Study, found: Sequence[Sweep], dark: bool) -> list[tuple[dict[str, Any], np.ndarray]]:
    return [maps.live_picture(found[0], asked.measure, dark)]


def _live_basins(_: Study, found: Sequence[basins.Basins], dark: bool) -> list[tuple[dict[str, Any], np.ndarray]]:
    named = basins.name_minima(found)
    return [basins.live_picture(named, i) for i in range(len(found))]


def _basins(_: Study, found: Sequence[basins.Basins], dark: bool) -> list[go.Figure]:
    named = basins.name_minima(found)
    return [basins.basin_chart(named, i, dark) for i in range(len(found))]


def _training_chart(asked: Study, found: Sequence[TrainSweep], dark: bool) -> list[go.Figure]:
    curves = rate_curves.of_trainings(found[0])
    return [rate_curves.rate_chart(curves, N_("test loss after the last step"), GUESSES, asked.rates, dark)]


def _trained_words(asked: Study, found: Sequence[TrainSweep]) -> str:
    return _partly(asked, found, rate_curves.sentence(rate_curves.of_trainings(found[0])), N_("trainings"))


def _partly(asked: Study, found: Sequence[Any], words: str, what: str = N_("runs")) -> str:
    """What is said of a result, with how much of it is done where that is not all: a sweep may not have begun."""
    sweeps = len(VIEWS[asked.view].sweeps(asked))  # all of one size
    done, all_ = sum(int(one.done.sum()) for one in found), sweeps * found[0].done.size
    if done == all_:
        return words
    partial = N_("Partial: {count:,} of {all:,} {what} were done.", count=done, all=all_, what=what)
    return together(filter(None, [partial, words]), "{before}\n{after}")


def _rate_at(found: Sequence[Sweep], _: int, place: Sequence[int]) -> Query:
    """The run of a point of a curve, which has only the learning rates that are done."""
    number, k = place
    return _run_at(found, number, [int(np.flatnonzero(found[number].done)[k])])


def _run_at(found: Sequence[Sweep], number: int, cell: Sequence[int]) -> Query:
    return write_compare(Fair(one_run(found[number].spec, tuple(cell))))


def _training_at(found: Sequence[TrainSweep], _: int, place: Sequence[int]) -> Query:
    (result,) = found
    curve = rate_curves.of_trainings(result)[place[0]]
    row, rate = result.labels.index(curve.label), result.spec.lrs.index(float(curve.lrs[place[1]]))
    return write_network(Fair(result.spec.training((row, rate, 0))))


PICTURES: dict[str, Pictures] = {
    "rates": Pictures(
        _rate_chart,
        _rate_at,
        _rate_table,
        lambda asked, found: _partly(asked, found, rate_curves.sentence(rate_curves.of_sweeps(found))),
    ),
    "map": Pictures(
        _map,
        _run_at,
        sentence=lambda asked, found: _partly(asked, found, maps.sentence(found[0], asked.measure)),
        live=_live_map,
    ),
    "basins": Pictures(
        _basins,
        _run_at,
        lambda found: basins.share_table(basins.name_minima(found)),
        lambda asked, found: _partly(asked, found, ""),
        legend=lambda found: basins.legend(basins.name_minima(found)),
        live=_live_basins,
    ),
    "network": Pictures(
        _training_chart,
        _training_at,
        lambda found: rate_curves.table(rate_curves.of_trainings(found[0]), N_("Test loss there"), GUESSES),
        _trained_words,
    ),
}
