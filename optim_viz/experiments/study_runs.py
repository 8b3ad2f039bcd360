"""What runs a study: the work of a job in the background, with the share done reported and a cancel heeded."""

from __future__ import annotations

import threading
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optim_viz.language import N_
from optim_viz.network import rate_sweep
from optim_viz.network.rate_sweep import TrainSweep, TrainSweepSpec
from optim_viz.optimizers.specs import has_rule
from optim_viz.progress import Progress, Unfinished
from optim_viz.spec import SweepSpec
from optim_viz.sweeps.basins import Basins
from optim_viz.sweeps.sweep import Sweep

#: What comes of a study: a result a sweep.
Found = tuple[Sweep, ...] | tuple[Basins, ...] | tuple[TrainSweep, ...]
#: What runs one sweep: called with its spec, what is told the share done and what is done so far, and the cancel.
RunSweep = Callable[[Any, Callable[..., None], threading.Event], Any]


@dataclass(frozen=True)
class Work:
    """What a study has to run. Studies that differ only in how they are looked at have the same work."""

    specs: tuple[SweepSpec | TrainSweepSpec, ...]
    run_sweep: RunSweep
    seconds: int = 0  # how long that may take; 0: as long as it does


def run(work: Work, report: Callable[[Progress], None], cancel: threading.Event) -> Found:
    """Run the sweeps one after the other, what is one batch first; after a cancel the rest is missing.

    Raises Unfinished, with what was done until then, where its time is over or whoever runs it is lost.
    """
    began, stop = time.perf_counter(), threading.Event()
    found: dict[int, Any] = {}

    def late() -> bool:
        return 0 < work.seconds < time.perf_counter() - began

    def begun() -> Found:
        """What was found, in order, without what was cut off before any of it was done."""
        return tuple(found[i] for i in sorted(found) if found[i].done.any())

    for i in sorted(range(len(work.specs)), key=lambda i: _is_slow(work.specs[i])):

        def tell(share: float, so_far: Callable[[], Any] = lambda: (), done: int = len(found)) -> None:
            report(Progress((done + share) / len(work.specs), time.perf_counter() - began, so_far))
            if cancel.is_set() or late():
                stop.set()

        if cancel.is_set() or stop.is_set():
            break
        try:
            found[i] = work.run_sweep(work.specs[i], tell, stop if work.seconds else cancel)
        except Unfinished as cut:
            found[i] = cut.so_far
            raise Unfinished(str(cut), tuple(found[i] for i in sorted(found))) from cut
    whole = len(found) == len(work.specs) and all(one.done.all() for one in found.values())
    if stop.is_set() and not cancel.is_set() and not whole:
        why = N_("These runs take longer than the {seconds:,} s that this server has for them.", seconds=work.seconds)
        raise Unfinished(why, begun())
    return begun()


def _is_slow(spec: SweepSpec | TrainSweepSpec) -> bool:
    """Whether a sweep's runs go one after the other."""
    return isinstance(spec, SweepSpec) and not has_rule(spec.optimizer)


def run_trainings(spec: TrainSweepSpec, tell: Callable[..., None], cancel: threading.Event) -> TrainSweep:
    """Run the trainings of a curve on the network, wherever optim_viz.executor says; tell of those done."""
    latest: deque[TrainSweep] = deque(maxlen=1)
    return rate_sweep.run(spec, None, lambda share: tell(share, lambda: tuple(latest)), cancel, latest.append)
