"""The pictures of the Tune page; a click on one opens that run on the page that plays it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any, NoReturn

import streamlit as st

from optim_viz import basin_figures, map_figures, rate_curves, study, tune_figures
from optim_viz.basin_maps import Basins
from optim_viz.jobs import Job
from optim_viz.links import Query
from optim_viz.lowest import lowest
from optim_viz.network_sweep import TrainSweep
from optim_viz.study import Study
from optim_viz.study_runs import Pictures
from optim_viz.sweeps import Sweep
from optim_viz.tune_links import write_run, write_training
from optim_viz.ui.tune_work import ask, watch

#: The pictures are clicked, not panned: no bar of buttons over them.
BARE = {"displayModeBar": False}


def show_study(asked: Study) -> None:
    """Run what is asked for and draw it; until it is there, the picture before stays."""
    job = ask(asked)
    watch(asked, job)
    kept: dict[str, tuple[Study, Any]] = st.session_state.setdefault("study.pictures", {})
    if not job.active and _whole(job):
        kept[asked.view] = (asked, job.result)
    if asked.view in kept:
        DRAW[asked.view](*kept[asked.view])


def _whole(job: Job) -> bool:
    """Whether there is something to be drawn: of sweeps all, of trainings whatever was done."""
    if isinstance(job.spec, Pictures):
        return job.result is not None and not job.cancel.is_set()
    return job.result is not None and bool(job.result.done.any())


def _dark() -> bool:
    return st.context.theme.type == "dark"


def _clicked(figure: Any, key: str) -> list[Any] | None:
    """Draw a figure; return the customdata of the point that was clicked, if one was."""
    event = st.plotly_chart(figure, key=key, on_select="rerun", selection_mode="points", config=BARE)
    points = [point for point in event.selection.points if point.get("customdata")]
    return list(points[0]["customdata"]) if points else None


def _open(page: str, query: Query) -> NoReturn:
    st.switch_page(f"pages/{page}", query_params=query)


def _rates(asked: Study, results: Sequence[Sweep]) -> None:
    curves, floor = rate_curves.of_sweeps(results), lowest(asked.descent.surface)
    what = "loss after the last step" + (f", above the lowest known ({floor:.4g})" if floor else "")
    place = _clicked(tune_figures.rate_chart(curves, what, "diverges", _dark()), "tune-rates")
    if place is not None:
        _open("compare.py", write_run(study.one_run(results[place[0]].spec, (place[1],))))
    st.dataframe(rate_curves.table(curves, "Loss there", "diverges"), hide_index=True, width="stretch")


def _map(asked: Study, results: Sequence[Sweep]) -> None:
    (s,) = results
    logs = [study.is_log(s.spec.optimizer, name) for name, _ in s.spec.axes]
    place = _clicked(map_figures.map_chart(s, asked.measure, (logs[0], logs[1]), _dark()), "tune-map")
    if place is not None:
        _open("compare.py", write_run(study.one_run(s.spec, (place[0], place[1]))))
    st.caption(map_figures.sentence(s, asked.measure))


def _basins(_: Study, results: Sequence[Basins]) -> None:
    named = basin_figures.name_minima(results)
    columns = st.columns(len(results))
    for i, column in enumerate(columns):
        with column:
            place = _clicked(basin_figures.basin_chart(named, i, _dark()), f"tune-basins-{i}")
        if place is not None:
            _open("compare.py", write_run(study.one_run(results[i].spec, (place[0], place[1]))))
    st.html(basin_figures.legend(named))
    st.dataframe(basin_figures.share_table(named), hide_index=True, width="stretch")


def _network(_: Study, result: TrainSweep) -> None:
    curves = rate_curves.of_trainings(result)
    figure = tune_figures.rate_chart(curves, "test loss after the last step", "no better than guessing", _dark())
    place = _clicked(figure, "tune-network")
    if place is not None:
        rate = result.spec.lrs.index(float(curves[place[0]].lrs[place[1]]))
        row = result.labels.index(curves[place[0]].label)
        _open("network.py", write_training(result.spec, (row, rate, 0)))
    st.dataframe(rate_curves.table(curves, "Test loss there", "no better than guessing"), hide_index=True)


DRAW: dict[str, Callable[[Study, Any], None]] = {
    "rates": _rates, "map": _map, "basins": _basins, "network": _network,
}  # fmt: skip
