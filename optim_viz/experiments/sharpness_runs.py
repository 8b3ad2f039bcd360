"""What measures the sharpness of a training: the work of a job, bounded in snapshots, in products and in seconds."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass

from optim_viz.language import N_
from optim_viz.looks import Stopped, answering
from optim_viz.network.curvature import Sharpness
from optim_viz.network.project import DIGITS
from optim_viz.network.sharpness import sharpness
from optim_viz.network.training import Training
from optim_viz.progress import Progress
from optim_viz.settings import limit
from optim_viz.threads import in_torch_threads

#: Snapshots of one run, and of all runs together: each takes about 20 products with the Hessian, an adaptive one's 40.
SNAPSHOTS, ALL_SNAPSHOTS = 10, 30


@dataclass(frozen=True)
class SharpnessSpec:
    """Whose sharpness, at how many snapshots of each run, of the loss over how many digits."""

    training: Training
    snapshots: int
    digits: int


@dataclass(frozen=True, eq=False)
class Measured:
    """What came of it, with the training that it is of: what is kept is weighed with it."""

    asked: SharpnessSpec
    found: Sharpness
    sentence: str = ""  # why it ends early, if it does


def asked(training: Training) -> SharpnessSpec:
    """Return what a page asks for: the loss that is stepped on is that of a whole batch, so of no fewer digits."""
    snapshots = min(SNAPSHOTS, ALL_SNAPSHOTS // len(training.labels))
    return SharpnessSpec(training, snapshots, max(DIGITS, training.spec.batch_size))


def run(spec: SharpnessSpec, report: Callable[[Progress], None], cancel: threading.Event) -> Measured | None:
    """Measure until it is done, a cancel comes, or the time is over; None where nothing was measured by then."""
    known: list[Sharpness] = []
    seconds = limit("sharpness_seconds")
    until = time.monotonic() + seconds

    def tell(progress: Progress) -> None:
        known[:] = [progress.so_far()]
        report(progress)

    def answer() -> None:
        if cancel.is_set() or time.monotonic() > until:
            raise Stopped

    def measure(_: object) -> None:
        with answering(answer):
            sharpness(spec.training, snapshots=spec.snapshots, digits=spec.digits, progress=tell)

    try:
        in_torch_threads(measure, 1)  # two that wait for each other on cores that are busy take twenty times as long
        return Measured(spec, known[0])
    except Stopped:
        why = N_(
            "Stopped after the {seconds} s that this server has for it: smaller layers or fewer optimizers will do.",
            seconds=seconds,
        )
        return Measured(spec, known[0], "" if cancel.is_set() else why) if known else None
