"""Long work in the background: one job at a time, others waiting in line, results kept for whoever asks for the same.

A page asks for a spec and gets a Job, which it may look at as often as it likes; nothing here knows about pages, nor
about what the work is. How many jobs wait and what is kept, in number and in bytes, stands in the settings.
"""

from __future__ import annotations

import enum
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field, fields, is_dataclass
from typing import Any
from weakref import WeakSet

import numpy as np

from optim_viz import log
from optim_viz.progress import Progress
from optim_viz.settings import limit
from optim_viz.spec import SpecError

#: What does a job's work: called with the spec, a function to report progress to, and the event that cancels.
Run = Callable[[Any, Callable[[Progress], None], threading.Event], Any]
#: Every line of this process.
_LINES: WeakSet[Line] = WeakSet()


class JobState(enum.Enum):
    """Where a job is; the values are the messages that people read."""

    WAITING = "waiting for its turn"
    RUNNING = "running"
    FINISHED = "finished"
    CANCELLED = "cancelled"
    FAILED = "failed"


@dataclass(eq=False)
class Job:
    """One piece of work: what was asked for, how far it is, and what came of it."""

    spec: Any  # hashable: equal specs share a job
    state: JobState = JobState.WAITING
    progress: Progress | None = None  # what the work reported last, while it goes on
    result: Any = None  # also of a cancelled job: what was recorded until then
    error: str = ""
    cancel: threading.Event = field(default_factory=threading.Event)
    owners: set[str] = field(default_factory=set)

    @property
    def active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in (JobState.WAITING, JobState.RUNNING)


class Line:
    """The line of one server: `run` does the work."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._line: list[Job] = []  # the running one first
        self._finished: OrderedDict[Hashable, Job] = OrderedDict()  # the least recently asked for first
        _LINES.add(self)

    def ask(self, spec: Hashable, owner: str) -> Job:
        """Return the job of `spec`: a finished or running one, or a new one at the end of the line.

        An owner has one active job: asking for another lets go of the one before.
        """
        with self._lock:
            if spec in self._finished:
                self._finished.move_to_end(spec)
                self._let_go(owner, but=None)
                return self._finished[spec]
            job = next((job for job in self._line if job.spec == spec and not job.cancel.is_set()), None)
            self._let_go(owner, but=job)
            if job is None:
                if len(self._line) > limit("waiting_jobs"):
                    raise SpecError(f"{len(self._line)} jobs are waiting already; try again in a few minutes.")
                job = Job(spec)
                self._line.append(job)
                if len(self._line) == 1:
                    self._start(job)
            job.owners.add(owner)
            return job

    def place(self, job: Job) -> int:
        """How many jobs come before this one; 0 when it runs or is done."""
        with self._lock:
            return self._line.index(job) if job in self._line else 0

    def owners(self) -> set[str]:
        """Who has a job that waits or runs."""
        with self._lock:
            return {owner for job in self._line for owner in job.owners}

    def let_go(self, owner: str) -> None:
        """An owner loses interest: its job ends, unless others wait for the same."""
        with self._lock:
            self._let_go(owner, but=None)

    def _let_go(self, owner: str, but: Job | None) -> None:
        for job in [job for job in self._line if owner in job.owners and job is not but]:
            job.owners.discard(owner)
            if job.owners:
                continue
            job.cancel.set()
            if job.state is JobState.WAITING:
                job.state = JobState.CANCELLED
                self._line.remove(job)

    def _start(self, job: Job) -> None:
        job.state = JobState.RUNNING
        threading.Thread(target=self._work, args=(job,), name="optim-viz job", daemon=True).start()

    def _work(self, job: Job) -> None:
        def look(progress: Progress) -> None:
            job.progress = progress

        began = time.perf_counter()
        try:
            job.result = self._run(job.spec, look, job.cancel)
            state = JobState.CANCELLED if job.cancel.is_set() else JobState.FINISHED
        except (SpecError, RuntimeError, MemoryError, OSError) as error:  # torch's own errors are RuntimeErrors
            job.error, state = f"Stopped by an error: {error}", JobState.FAILED
        size = weight(job.result)
        with self._lock:
            job.state, job.progress = state, None
            self._line.remove(job)
            if state is JobState.FINISHED:
                self._finished[job.spec] = job
                self._forget()
            if self._line:
                self._start(self._line[0])
        took = round(1000 * (time.perf_counter() - began))
        log.event("job", what=type(job.spec).__name__, ended=state.value, ms=took, bytes=size)

    def _forget(self) -> None:
        """Drop finished jobs until what is kept is within the budget of entries and of bytes."""
        most = limit("kept_mb") * 2**20
        while len(self._finished) > limit("kept_results") or (
            self._finished and weight([job.result for job in self._finished.values()]) > most
        ):
            self._finished.popitem(last=False)


def owners() -> set[str]:
    """Who has a job that waits or runs, in any line."""
    return {owner for line in list(_LINES) for owner in line.owners()}


def let_go(owner: str) -> None:
    """An owner is gone: its jobs end, in every line, unless others wait for the same."""
    for line in list(_LINES):
        line.let_go(owner)


def weight(value: Any) -> int:
    """Return about how many bytes a result takes: those of its arrays, wherever in it they are; shared ones once.

    >>> weight({"a": np.zeros(1000), "b": (np.zeros(10, dtype="f4"), "text")})
    8040
    """
    return sum(array.nbytes for array in _arrays(value, set()))


def _arrays(value: Any, seen: set[int]) -> list[np.ndarray]:
    while isinstance(value, np.ndarray) and isinstance(value.base, np.ndarray):
        value = value.base
    if id(value) in seen:
        return []
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        inside = list(value.values())
    elif isinstance(value, (tuple, list)):
        inside = list(value)
    elif is_dataclass(value):
        inside = [getattr(value, f.name) for f in fields(value)]
    else:
        return []
    return [array for part in inside for array in _arrays(part, seen)]
