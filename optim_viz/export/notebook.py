"""Results that show themselves in a notebook: the player as a widget, or a page of their own in a frame.

The widget needs anywidget (`pip install 'optim-viz[notebook]'`) and a kernel that answers; the page needs neither.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Callable
from html import escape
from typing import TYPE_CHECKING, Any

from optim_viz.experiments.study_views import VIEWS
from optim_viz.export import figure_page, live_fields
from optim_viz.export.table import Result, titled
from optim_viz.language import N_, tr
from optim_viz.network.between import Segment
from optim_viz.network.curvature import Sharpness
from optim_viz.network.matrix_runs import MatrixTask
from optim_viz.network.plane import Plane
from optim_viz.network.rate_sweep import TrainSweep
from optim_viz.network.recording import gathered, is_recorded
from optim_viz.network.training import Training
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player import standalone
from optim_viz.player.assets import FLAT, library
from optim_viz.player.bundle import SOURCES, joined
from optim_viz.spec import unique_labels
from optim_viz.surfaces.trajectory import Comparison
from optim_viz.sweeps.basins import Basins
from optim_viz.sweeps.sweep import Sweep
from optim_viz.sweeps.tuning import Tuning

if TYPE_CHECKING:
    import plotly.graph_objects as go

ENTRY = "app/widget.js"
#: Pixels of a frame: a player with three runs, one chart, and numbers to be turned below that.
PLAYER, CHART, KNOBS = 860, 700, 370


def plays(result: Any) -> bool:
    """Whether the player shows this result."""
    return isinstance(result, Comparison | Training | MatrixTask) or is_recorded(result)


def _asked(result: Any) -> Result:
    """What is shown of a result: of recordings that were loaded with a plane, that as well."""
    if not is_recorded(result):
        return Result(result)
    runs = gathered(result)
    return Result(runs, runs.plane)


@functools.cache
def _kind() -> Any:
    """The widget's class, or None where there is no anywidget."""
    try:
        import anywidget
        import traitlets
    except ImportError:
        return None

    class Player(anywidget.AnyWidget):
        """The player with one story; plotly.js is sent where a browser asks for it."""

        _esm = joined([ENTRY]) + "export default { render };\n"
        _css = (SOURCES / "player.css").read_text("utf-8")
        story = traitlets.Unicode("").tag(sync=True)
        wanted = traitlets.Unicode("").tag(sync=True)
        flat = traitlets.Bytes(b"").tag(sync=True)
        whole = traitlets.Bytes(b"").tag(sync=True)

        @traitlets.observe("wanted")
        def _bring_plotly(self, change: Any) -> None:
            files = {"flat": FLAT, "whole": library()}
            if change.new in files:
                self.set_trait(change.new, files[change.new].read_bytes())

    return Player


def widget(result: Any) -> Any:
    """Return the player of a result as a new widget, or None where there is no anywidget."""
    kind = _kind()
    if kind is None:
        return None
    asked = _asked(result)
    return kind(story=json.dumps(standalone.story(asked.scene(), *titled(asked), asked.origin), allow_nan=False))


def _sweep(s: Sweep) -> list[go.Figure]:
    from optim_viz.export.study_pictures import LOST
    from optim_viz.figures import maps, rate_curves

    names = [name for name, _ in s.spec.axes]
    if s.spec.optimizers or s.spec.paired:
        return []
    if names == ["lr"] and len(s.axes["lr"]) > 1:
        curves, ends = rate_curves.of_sweeps([s]), (s.axes["lr"].min(), s.axes["lr"].max())
        return [rate_curves.rate_chart(curves, N_("loss after the last step, above the lowest known"), LOST, ends)]
    if len(names) != 2 or not live_fields.go_one_way(s.spec):
        return []
    return [maps.map_chart(s, "loss", maps.logs_of(s))]


def _basins(b: Basins) -> list[go.Figure]:
    from optim_viz.figures import basins

    return [basins.basin_chart(basins.name_minima([b]), 0, height=560)]


def _rates(found: TrainSweep) -> list[go.Figure]:
    from optim_viz.export.study_pictures import GUESSES
    from optim_viz.figures import rate_curves

    curves = rate_curves.of_trainings(found)
    return [
        rate_curves.rate_chart(curves, N_("test loss after the last step"), GUESSES, (found.lrs.min(), found.lrs.max()))
    ]


def _itself(found: Any) -> list[go.Figure]:
    return [found.figure()]


_CHARTS: dict[type, Callable[[Any], list[go.Figure]]] = {
    Sweep: _sweep, Basins: _basins, TrainSweep: _rates, **dict.fromkeys((Plane, Segment, Sharpness, Tuning), _itself),
}  # fmt: skip


def _title(result: Any) -> str:
    """What a sweep's or basins' page is called, as on Tune; other pages say it in their picture."""
    if not isinstance(result, Sweep | Basins):
        return "optim-viz"
    spec, kind = result.spec, result.spec.optimizer.kind
    curve = [name for name, _ in spec.axes] == ["lr"]
    view = "basins" if isinstance(result, Basins) else "rates" if curve else "map"
    mapped = OPTIMIZERS[kind].title if kind in OPTIMIZERS else unique_labels([spec.optimizer])[0]
    return N_(VIEWS[view].title, mapped=mapped, surface=spec.surface.title)


def as_html(result: Any) -> str:
    """Return a result as HTML: its page in a frame, or a table where it has no picture."""
    if plays(result):
        asked = _asked(result)
        return _frame(standalone.page(asked.scene(), *titled(asked), asked.origin), PLAYER)
    figures = _CHARTS.get(type(result), lambda _: [])(result)
    if not figures:
        return str(result.to_frame().to_html(index=False, border=0, max_rows=60))
    said = tr(getattr(result, "caption", "") or getattr(result, "sentence", ""))
    below = f"<p>{escape(said)}</p>" if said else ""
    live = live_fields.of_result(result) if isinstance(result, Sweep | Basins) else b""
    page = figure_page.page(figures, tr(_title(result)), "", below, "optim-viz", live=live, flat=True)
    return _frame(page, CHART + (KNOBS if live else 0))


def _frame(page: str, height: int) -> str:
    style = "border: 0; width: 100%"
    return (
        f'<iframe srcdoc="{escape(page)}" height="{height}" style="{style}" title="{escape(tr("Picture"))}"></iframe>'
    )


def mimebundle(result: Any, **_: Any) -> Any:
    """What Jupyter, VS Code and Colab show: the widget; nothing, so that they take the HTML, where there is none."""
    found = widget(result) if plays(result) else None
    return found._repr_mimebundle_() if found is not None else {}


def display(result: Any) -> Any:
    """What marimo shows in a result's place: it knows widgets, but no bundle of them."""
    found = widget(result) if plays(result) else None
    if found is not None:
        return found
    from types import SimpleNamespace

    return SimpleNamespace(_repr_html_=lambda: as_html(result))
