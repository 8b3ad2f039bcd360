"""Long work in the background: one job at a time, others waiting in line, results kept for whoever asks for the same.

A page asks for a spec and gets a Job, which it may look at as often as it likes; nothing here knows about pages, nor
about what the work is. How many jobs wait and what is kept, in number and in bytes, stands in the settings. A result
that somebody still waits for is kept beyond that: one an owner, until he has asked for it or is gone.
"""

from __future__ import annotations

import enum
import logging
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass, field
from typing import Any
from weakref import WeakSet

from optim_viz import log
from optim_viz.experiments.memory import give_back, weight
from optim_viz.language import N_
from optim_viz.progress import Progress, Unfinished, about
from optim_viz.settings import limit
from optim_viz.spec import SpecError

#: What does a job's work: called with the spec, a function to report progress to, and the event that cancels.
Run = Callable[[Any, Callable[[Progress], None], threading.Event], Any]
#: Seconds that a job may stand still before it is said; one that is cancelled and still does not end is then left.
STILL = 60.0
#: The most characters of an error that a sentence repeats.
ECHO = 80
#: Every line of this process.
_LINES: WeakSet[Line] = WeakSet()


class JobState(enum.Enum):
    """Where a job is; the values are the messages that people read."""

    WAITING = N_("waiting for its turn")
    RUNNING = N_("running")
    FINISHED = N_("finished")
    CANCELLED = N_("cancelled")
    FAILED = N_("failed")


@dataclass(eq=False)
class Job:
    """One piece of work: what was asked for, how far it is, and what came of it."""

    spec: Any  # hashable: equal specs share a job
    state: JobState = JobState.WAITING
    progress: Progress | None = None  # what the work reported last, while it goes on
    result: Any = None  # also of one that ended early: what was recorded until then
    error: str = ""
    cancel: threading.Event = field(default_factory=threading.Event)
    owners: set[str] = field(default_factory=set)  # who waits for it, or has not yet seen its result
    began: float = 0.0  # when it ran, and when it was seen to move last: seconds of the monotonic clock
    moved: float = 0.0
    told: bool = False  # that it stands still

    @property
    def active(self) -> bool:
        """Whether it still waits or runs."""
        return self.state in (JobState.WAITING, JobState.RUNNING)

    def start(self) -> None:
        """Its turn has come."""
        self.state, self.began = JobState.RUNNING, time.monotonic()
        self.moved = self.began

    def look(self, progress: Progress) -> None:
        """The work says how far it is."""
        if self.progress is None or progress.fraction != self.progress.fraction:
            self.moved, self.told = time.monotonic(), False
        self.progress = progress


class Line:
    """The line of one server: `run` does the work, in a thread that is there while anybody waits."""

    def __init__(self, run: Run) -> None:
        self._run = run
        self._lock = threading.Lock()
        self._worker: threading.Thread | None = None
        self._line: list[Job] = []  # the running one first
        self._finished: OrderedDict[Hashable, Job] = OrderedDict()  # the least recently asked for first
        self._pace = 0.0  # seconds that a job takes, the last ones counting most
        _LINES.add(self)

    def ask(self, spec: Hashable, owner: str) -> Job:
        """Return the job of `spec`: a finished or running one, or a new one at the end of the line.

        An owner has one job: asking for another lets go of the one before.
        """
        with self._lock:
            if spec in self._finished:
                job = self._finished[spec]
                self._finished.move_to_end(spec)
                self._let_go(owner, but=None)  # he has it now
                return job
            running = next((job for job in self._line if job.spec == spec and not job.cancel.is_set()), None)
            self._let_go(owner, but=running)
            job = running or self._enter(Job(spec))
            job.owners.add(owner)
            self._wake()
            return job

    def _enter(self, job: Job) -> Job:
        waiting = len(self._line)
        if waiting > limit("waiting_jobs"):
            raise SpecError(
                "{count} jobs are waiting already; try again in about {time}.",
                count=waiting,
                time=about(self._seconds_left()),
            )
        self._line.append(job)
        return job

    def _seconds_left(self) -> float:
        """About how long it is until one more can wait: the one that runs comes to its end."""
        told = self._line[0].progress
        left = told.seconds_left if told else self._pace
        return left if left < float("inf") else self._pace

    def _wake(self) -> None:
        """It is the first one's turn; a thread that works ends with the line, and one that died has a successor."""
        if not self._line:
            return
        if self._line[0].state is JobState.WAITING:
            self._line[0].start()
        if self._worker is None or not self._worker.is_alive():
            self._worker = threading.Thread(target=self._work, name="optim-viz job", daemon=True)
            try:
                self._worker.start()
            except RuntimeError:  # no thread can be had
                self._worker = None
                log.event("line has no thread", logging.ERROR)

    def place(self, job: Job) -> int:
        """How many jobs come before this one; 0 when it runs or is done."""
        with self._lock:
            return self._line.index(job) if job in self._line else 0

    def still(self) -> float:
        """For how many seconds the job that runs has not moved, where that is worth a sentence; else 0."""
        with self._lock:
            first = self._line[0] if self._line else None
            seconds = time.monotonic() - first.moved if first and first.state is JobState.RUNNING else 0.0
            return seconds if seconds > STILL else 0.0

    def owners(self) -> set[str]:
        """Who has a job that waits or runs, or a result that he has not yet seen."""
        with self._lock:
            return {owner for job in (*self._line, *self._finished.values()) for owner in job.owners}

    def let_go(self, owner: str) -> None:
        """An owner loses interest, or has what he waited for: a job ends, unless others wait for the same."""
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
        for job in self._finished.values():
            job.owners.discard(owner)
        self._forget()

    def watch(self) -> None:
        """Say once in the log that the line stands still, and go on without a job that was cancelled and does not end.

        Wake the line as well: nobody may be asking.
        """
        seconds = self.still()
        with self._lock:
            self._wake()
            job = self._line[0] if seconds and self._line else None
            if job is None:
                return
            if not job.told:
                job.told = True
                log.event("line stands still", logging.WARNING, what=type(job.spec).__name__, seconds=round(seconds))
            if job.cancel.is_set():
                self._worker = None  # whoever is at it finds the job gone from the line when he comes back, and leaves
                self._end(job, JobState.CANCELLED)

    def _work(self) -> None:
        me = threading.current_thread()
        while True:
            with self._lock:
                if self._worker is not me or not self._line:
                    self._worker = None if self._worker is me else self._worker
                    return
                job = self._line[0]
            self._do(job)

    def _do(self, job: Job) -> None:
        """Do a job: whatever happens in it, it ends, with a sentence where it failed."""
        failed: BaseException | None = None
        size, state = 0, JobState.FAILED
        try:
            job.result = self._run(job.spec, job.look, job.cancel)
            size = weight(job.result)
            state = JobState.CANCELLED if job.cancel.is_set() else JobState.FINISHED
        except Unfinished as error:
            job.error, job.result, failed = str(error), error.so_far, error.__cause__
        except SpecError as error:
            job.error = N_("Stopped by an error: {error}", error=str(error))
        except BaseException as error:  # noqa: BLE001 - whatever it is, it is this job's, and others wait
            job.error, failed = _sentence(error), error
        with self._lock:
            self._end(job, state)
        give_back()
        fields = {"ms": round(1000 * (time.monotonic() - job.began)), "bytes": size}
        level = logging.ERROR if failed else logging.INFO
        log.event("job", level, error=failed, what=type(job.spec).__name__, ended=state.value, **fields)

    def _end(self, job: Job, state: JobState) -> None:
        if job not in self._line:
            return  # it was left
        self._line.remove(job)
        job.state, job.progress = state, None
        self._pace = 0.5 * (self._pace + time.monotonic() - job.began)
        if state is JobState.FINISHED:
            self._finished[job.spec] = job
        else:
            job.owners.clear()
        self._forget()
        self._wake()

    def _forget(self) -> None:
        """Drop finished jobs that nobody waits for until what is kept is within the budget of entries and of bytes."""
        most = limit("kept_mb") * 2**20
        for spec in [spec for spec, job in self._finished.items() if not job.owners]:
            kept = [job.result for job in self._finished.values()]
            if len(kept) <= limit("kept_results") and weight(kept) <= most:
                return
            del self._finished[spec]


def _sentence(error: BaseException) -> str:
    """What people read of an error that nobody foresaw."""
    if isinstance(error, MemoryError):
        return N_("Stopped by an error: this server has not enough memory for it.")
    text = " ".join(str(error).split())
    said = f"{text[:ECHO]} ..." if len(text) > ECHO else text
    return N_("Stopped by an error: {error}", error=said or type(error).__name__)


def owners() -> set[str]:
    """Who waits for work, in any line."""
    return {owner for line in list(_LINES) for owner in line.owners()}


def let_go(owner: str) -> None:
    """An owner is gone: its jobs end, in every line, unless others wait for the same."""
    for line in list(_LINES):
        line.let_go(owner)


def watch() -> None:
    """Look after every line."""
    for line in list(_LINES):
        line.watch()
