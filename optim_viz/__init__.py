"""optim_viz: see how optimizers work. Every number equals what torch.optim would give, step for step.

docs/equal.md says under which default dtype and for gradients of which size; tests hold both.
"""

from __future__ import annotations

from collections.abc import Callable
from importlib import import_module
from typing import TYPE_CHECKING, Any

from optim_viz.network.between import Segment, between
from optim_viz.network.curvature import Sharpness
from optim_viz.network.matrix_runs import MatrixTask
from optim_viz.network.matrix_task import matrix_task
from optim_viz.network.plane import Plane
from optim_viz.network.project import project
from optim_viz.network.rate_sweep import TrainSweep, train_sweep
from optim_viz.network.recorder import Recorder, record
from optim_viz.network.recording import Recording
from optim_viz.network.recording_files import load
from optim_viz.network.sharpness import sharpness
from optim_viz.network.train import train
from optim_viz.network.training import Training, TrainingOutcome, TrainingRun
from optim_viz.optimizers.schedules import SCHEDULES, schedule
from optim_viz.optimizers.specs import optimizer
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import SpecError
from optim_viz.surfaces.descent import descend
from optim_viz.surfaces.surface import surface
from optim_viz.surfaces.table import SURFACES
from optim_viz.surfaces.trajectory import Comparison, Outcome, Trajectory
from optim_viz.sweeps.basins import Basins, basins
from optim_viz.sweeps.halton import halton
from optim_viz.sweeps.stream import SweepFiles, sweep_to
from optim_viz.sweeps.stress import Stress, stress
from optim_viz.sweeps.sweep import Sweep, sweep
from optim_viz.sweeps.theory import Theory, theory
from optim_viz.sweeps.tuning import Tuning, tune

if TYPE_CHECKING:
    import plotly.graph_objects as go

    from optim_viz.export.table import save

__version__ = "0.1.0"
__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "SURFACES",
    "Basins",
    "Comparison",
    "MatrixTask",
    "Outcome",
    "Plane",
    "Recorder",
    "Recording",
    "Segment",
    "Sharpness",
    "SpecError",
    "Stress",
    "Sweep",
    "SweepFiles",
    "Theory",
    "TrainSweep",
    "Training",
    "TrainingOutcome",
    "TrainingRun",
    "Trajectory",
    "Tuning",
    "basins",
    "between",
    "descend",
    "halton",
    "load",
    "matrix_task",
    "optimizer",
    "project",
    "record",
    "save",
    "schedule",
    "sharpness",
    "stress",
    "surface",
    "sweep",
    "sweep_to",
    "theory",
    "train",
    "train_sweep",
    "tune",
]


def __getattr__(name: str) -> Any:
    """What writes files, with the drawing libraries that it needs, is loaded when it is first asked for."""
    if name != "save":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from optim_viz.export.table import save

    return save


def _figure(name: str) -> Callable[..., go.Figure]:
    """Return a method that draws its result, with the function of this name in optim_viz.figures."""

    def figure(result: Any, **options: Any) -> go.Figure:
        """Return this as a plotly Figure, for a notebook; its options are those of optim_viz.figures."""
        # plotly takes 0.3 s to import: only for who draws
        return getattr(import_module(f"optim_viz.figures.{name}"), name)(result, **options)

    return figure


_FIGURES: dict[type, str] = {
    Comparison: "comparison",
    MatrixTask: "matrix_task",
    Plane: "plane",
    Segment: "segment",
    Sharpness: "sharpness",
    Tuning: "tuning",
}
for _result, _name in _FIGURES.items():
    setattr(_result, "figure", _figure(_name))  # noqa: B010 - types know of no method that comes later


def _shown(name: str) -> Callable[..., Any]:
    """Return a method that shows its result in a notebook: the function of this name in export.notebook."""

    def shown(result: Any, **options: Any) -> Any:
        return getattr(import_module("optim_viz.export.notebook"), name)(result, **options)

    return shown


for _kind in (*_FIGURES, Training, Recorder, Recording, Sweep, Basins, TrainSweep):
    for _method, _name in (("_repr_mimebundle_", "mimebundle"), ("_repr_html_", "as_html"), ("_display_", "display")):
        setattr(_kind, _method, _shown(_name))
