"""What the site's Tune computes and draws by: views, theory where there is some, and the app's charts without numbers.

The browser fills the charts with what it computes, so that the site's maps and basins look as the app's do.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any
from urllib.parse import urlencode

from optim_viz.experiments.study import MEASURES
from optim_viz.experiments.study_links import write_study
from optim_viz.experiments.study_views import VIEWS, View
from optim_viz.figures import basins as basin_figures
from optim_viz.figures import maps
from optim_viz.optimizers.specs import optimizer
from optim_viz.settings import SETTINGS
from optim_viz.surfaces.outcome import REACHED_DISTANCE
from optim_viz.surfaces.table import SURFACES
from optim_viz.sweeps.basins import basins
from optim_viz.sweeps.sweep import sweep
from optim_viz.sweeps.theory import theory
from optim_viz.sweeps.tuning import SECOND

if TYPE_CHECKING:
    import plotly.graph_objects as go

Json = dict[str, Any]
#: The views that a browser computes.
SHOWN = ("map", "basins")
#: What of a trace is numbers.
_NUMBERS = ("x", "y", "z", "text", "customdata", "zmin", "zmax")
#: What the traces of a map are, in the order of its chart.
_MAP = ("cells", "diverges", "diverging", "never", "waiting", "under", "limit", "fastest", "best")
#: And those of basins.
_BASINS = ("cells", "minima")


def tune() -> Json:
    """Return the tables that Tune is computed and drawn by.

    >>> found = tune()
    >>> list(found["views"]), list(found["theory"])
    (['map', 'basins'], ['quadratic', 'booth', 'matyas', 'linear_regression'])
    """
    known = {name: theory(row) for name, row in SURFACES.items()}
    return {
        "views": {name: _view(VIEWS[name]) for name in SHOWN},
        "elsewhere": {name: row.tab for name, row in VIEWS.items() if name not in SHOWN},
        "measures": MEASURES, "words": maps.WORDS, "second": SECOND,
        "budget": SETTINGS["sweep_steps"].default, "floor": maps.FLOOR, "marks": maps.MARKS,
        "theory": {name: {"low": t.low, "high": t.high, "lr": t.lr, "momentum": t.momentum}
                   for name, t in known.items() if t is not None},
        "reach": REACHED_DISTANCE,
        "map": {"scale": maps.viridis(), "greys": maps.GREYS, "faint": maps.FAINT},
        "basins": {"colors": basin_figures.COLORS, "others": basin_figures.OTHERS, "grey": basin_figures.GREY,
                   "opacity": basin_figures.OPACITY},
        "charts": {name: [draw(dark) for dark in (False, True)] for name, draw in _CHARTS.items()},
    }  # fmt: skip


def _view(row: View) -> Json:
    query = urlencode(write_study(row.opens, whole=True), doseq=True)
    return {
        "tab": row.tab, "points": row.points, "resolutions": row.resolutions, "keys": row.keys, "opens": query,
        "optimizers": row.optimizers, "seeds": row.seeds,
    }  # fmt: skip


def _map(dark: bool) -> Json:
    """A map in which everything is that a map may have."""
    axes = {"lr": [0.001, 0.01, 0.2, 0.3, 1.0], "momentum": [0.0, 0.25, 0.5, 0.9]}
    found = sweep("quadratic", optimizer("momentum"), axes, steps=50)
    return _bare(maps.map_chart(found, "steps", (True, False), dark), _MAP)


def _basins(dark: bool) -> Json:
    found = basins("himmelblau", optimizer("sgd", lr=0.01), resolution=8, steps=200)
    return _bare(basin_figures.basin_chart(basin_figures.name_minima([found]), 0, dark), _BASINS)


_CHARTS = {"map": _map, "basins": _basins}


def _bare(figure: go.Figure, names: tuple[str, ...]) -> Json:
    """A figure's traces by name, without numbers, and its layout; the last trace, which takes clicks, is left out."""
    drawn = json.loads(figure.to_json())
    traces = [{key: value for key, value in trace.items() if key not in _NUMBERS} for trace in drawn["data"]]
    return {"traces": dict(zip(names, traces[:-1], strict=True)), "layout": drawn["layout"]}
