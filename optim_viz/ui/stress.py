"""The parts of the Stress page: the choice of the horizon, the picture, the ranks, and what is given away."""

from __future__ import annotations

import functools
from collections.abc import Callable
from typing import Any

import streamlit as st

from optim_viz.experiments import stress_file
from optim_viz.experiments.stress_links import INVITATION, play
from optim_viz.export import figure_page
from optim_viz.export.study_table import STUDY_EXPORTS
from optim_viz.export.table import as_csv, as_parquet
from optim_viz.figures.stress_map import stress_chart, stress_table, table_words
from optim_viz.language import N_, together, tr
from optim_viz.sweeps.stress import HORIZONS, Stress
from optim_viz.ui.go import go
from optim_viz.ui.page import address, plain
from optim_viz.ui.share import File, Parcel, give
from optim_viz.ui.tune_views import BARE, IMAGES

NAME = "stress"
TITLE = N_("Who wins where")


def fill_stress(steps: int) -> None:
    """Set the page's widget."""
    st.session_state[f"{NAME}.steps"] = steps


def choose_horizon() -> int:
    """Show the switch between horizons; return the steps of the one that is seen."""
    chosen = st.segmented_control(
        tr("Steps"), list(HORIZONS), key=f"{NAME}.steps", required=True, label_visibility="collapsed",
        format_func=lambda steps: tr("{count:,} steps", count=steps),
    )  # fmt: skip
    return int(str(chosen))


def show_stress(steps: int) -> Stress:
    """Draw what came of it after so many steps; return it."""
    found, horizon = stress_file.whole(), HORIZONS.index(steps)
    chart = stress_chart(found, horizon, st.context.theme.type == "dark")
    place = _clicked(chart, f"{NAME}-{steps}")
    if place is not None:
        go("Compare", play(found, place[0], horizon, place[1]))
    # Words for a few of the numbers, which still sort as such.
    table = stress_table(found, horizon).style.format(table_words(found))
    st.dataframe(table, hide_index=True, width="stretch")
    st.markdown(plain(tr(found.caution)))
    return found


def _clicked(figure: Any, key: str) -> list[Any] | None:
    event = st.plotly_chart(figure, key=key, on_select="rerun", selection_mode="points", config=BARE)
    points = [point for point in event.selection.points if point.get("customdata")]
    return list(points[0]["customdata"]) if points else None


def sentences(found: Stress) -> str:
    """What is seen, and what a click does."""
    return together([found.sentence, INVITATION])


def share_stress(found: Stress, steps: int) -> None:
    """Offer the page's link and files."""
    give(NAME, functools.partial(_parcel, found, steps, address()))


def _parcel(found: Stress, steps: int, home: str) -> Parcel:
    writers: dict[str, Callable[[], bytes]] = {
        "html": functools.partial(_page, found, steps, home),
        "csv": lambda: as_csv(found.to_frame()),
        "parquet": lambda: as_parquet(found.to_frame()),
    }
    files = tuple(File(STUDY_EXPORTS[name], write) for name, write in writers.items())
    return Parcel("optim-viz-stress", files, IMAGES)


def _page(found: Stress, steps: int, home: str) -> bytes:
    horizon = HORIZONS.index(steps)
    charts = [stress_chart(found, horizon)]
    table = stress_table(found, horizon).to_html(index=False, border=0, formatters=table_words(found))
    below = table + f"<p>{tr(found.caution)}</p>"
    link = f"{home.rstrip('/')}/stress?steps={steps}" if home else f"optim-viz stress?steps={steps}"
    return figure_page.page(charts, tr(TITLE), tr(found.sentence), below, "optim-viz-stress", link).encode()
