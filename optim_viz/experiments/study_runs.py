"""What runs a study: the work of a job in the background, with the share done reported and a cancel heeded."""

from __future__ import annotations

import math
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from optim_viz.experiments.study import Study, sweeps_of
from optim_viz.network import rate_sweep
from optim_viz.network.rate_sweep import TrainSweep, TrainSweepSpec
from optim_viz.spec import SweepSpec
from optim_viz.sweeps import sweep
from optim_viz.sweeps.basins import Basins
from optim_viz.sweeps.basins import run as run_basins
from optim_viz.sweeps.sweep import Sweep

#: What comes of a study.
Found = tuple[Sweep, ...] | tuple[Basins, ...] | TrainSweep


@dataclass(frozen=True)
class Share:
    """How far a study is."""

    fraction: float  # 0 to 1
    seconds: float  # since the start
    so_far: TrainSweep | None = None  # of trainings, those that are done

    @property
    def seconds_left(self) -> float:
        """An estimate from the pace so far; inf before anything is done."""
        return self.seconds * (1 / self.fraction - 1) if self.fraction else math.inf


@dataclass(frozen=True)
class Pictures:
    """The sweeps of one picture, and whether they are basins."""

    specs: tuple[SweepSpec, ...]
    basins: bool


def pictures(study: Study) -> Pictures:
    """Return what a study on a surface has to run."""
    return Pictures(sweeps_of(study), study.view == "basins")


def run_pictures(
    asked: Pictures, report: Callable[[Share], None], cancel: threading.Event
) -> tuple[Sweep, ...] | tuple[Basins, ...]:
    """Run the sweeps one after the other; after a cancel the rest is missing."""
    begun, results = time.perf_counter(), []
    run = run_basins if asked.basins else sweep.run
    for i, spec in enumerate(asked.specs):

        def progress(share: float, done: int = i) -> None:
            report(Share((done + share) / len(asked.specs), time.perf_counter() - begun))

        if cancel.is_set():
            break
        results.append(run(spec, progress, cancel))
    return tuple(results)  # type: ignore[return-value]


def run_trainings(spec: TrainSweepSpec, report: Callable[[Share], None], cancel: threading.Event) -> TrainSweep:
    """Run the trainings of a learning-rate curve on the network, wherever optim_viz.network.executor says."""
    begun = time.perf_counter()
    latest: TrainSweep | None = None

    def seen(so_far: TrainSweep) -> None:
        nonlocal latest
        latest = so_far

    def progress(share: float) -> None:
        report(Share(share, time.perf_counter() - begun, latest))

    return rate_sweep.run(spec, None, progress, cancel, seen)
