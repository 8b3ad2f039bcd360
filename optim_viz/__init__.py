"""optim_viz: see how optimizers work. Every number equals what torch.optim would give, step for step."""

from typing import TYPE_CHECKING, Any

from optim_viz.basin_maps import Basins, basins
from optim_viz.descent import descend
from optim_viz.landscape import Plane, project
from optim_viz.momentum_theory import Theory, theory
from optim_viz.network import train
from optim_viz.network_sweep import TrainSweep, train_sweep
from optim_viz.optimizers import OPTIMIZERS, optimizer
from optim_viz.schedules import SCHEDULES, schedule
from optim_viz.spec import SpecError
from optim_viz.surfaces import SURFACES, surface
from optim_viz.sweeps import Sweep, sweep
from optim_viz.training import Training, TrainingOutcome, TrainingRun
from optim_viz.trajectory import Comparison, Outcome, Trajectory
from optim_viz.tuning import Tuning, tune

if TYPE_CHECKING:
    from optim_viz.export import save

__version__ = "0.1.0"
__all__ = [
    "OPTIMIZERS",
    "SCHEDULES",
    "SURFACES",
    "Basins",
    "Comparison",
    "Outcome",
    "Plane",
    "SpecError",
    "Sweep",
    "Theory",
    "TrainSweep",
    "Training",
    "TrainingOutcome",
    "TrainingRun",
    "Trajectory",
    "Tuning",
    "basins",
    "descend",
    "optimizer",
    "project",
    "save",
    "schedule",
    "surface",
    "sweep",
    "theory",
    "train",
    "train_sweep",
    "tune",
]


def __getattr__(name: str) -> Any:
    """What writes files, with the drawing libraries that it needs, is loaded when it is first asked for."""
    if name != "save":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from optim_viz.export import save

    return save
