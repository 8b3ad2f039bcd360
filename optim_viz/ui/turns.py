"""Runs of pages take turns, and a line that grows too long is told so instead of growing on."""

from __future__ import annotations

import contextlib
import logging
import statistics
import threading
import time
from collections import deque
from collections.abc import Iterator
from contextvars import ContextVar

from optim_viz import log
from optim_viz.language import N_
from optim_viz.progress import about
from optim_viz.spec import SpecError


class Busy(SpecError):  # noqa: N818 - what it says is enough
    """There are too many people for one more; the message says how many, and when to try again."""


#: When the turn of this thread's page began; None where it has none.
_since: ContextVar[float | None] = ContextVar("since", default=None)


class Turns:
    """So many at once, and others waiting for at most `patience` seconds: whoever would wait longer is sent away."""

    def __init__(self, at_once: int, patience: float) -> None:
        self._at_once, self._patience = at_once, patience
        self._free, self._lock = threading.BoundedSemaphore(at_once), threading.Lock()
        self._waiting = 0
        self._took: deque[float] = deque([0.0], maxlen=21)  # seconds of the last turns

    @contextlib.contextmanager
    def turn(self) -> Iterator[None]:
        """Wait for a turn and have it; raises Busy, a sentence, where there is none to be had in time.

        >>> turns = Turns(1, patience=0.0)
        >>> with turns.turn(), turns.turn():
        ...     pass
        Traceback (most recent call last):
            ...
        optim_viz.ui.turns.Busy: 1 person is waiting for this server; try again in about 1 s.
        """
        if not self._free.acquire(blocking=False) and not self._wait():
            raise self._busy()
        self._come()
        try:
            yield
        finally:
            self._go()

    @contextlib.contextmanager
    def left(self) -> Iterator[None]:
        """Let others have this page's turn while it only waits for what is done behind the pages, and take one again.

        A page that has none waits as it is.
        """
        if _since.get() is None:
            yield
            return
        self._go()
        try:
            yield
        finally:
            with self._in_line():
                self._free.acquire()
            self._come()

    def _come(self) -> None:
        _since.set(time.monotonic())

    def _go(self) -> None:
        self._took.append(time.monotonic() - (_since.get() or 0.0))
        _since.set(None)
        self._free.release()

    def _wait(self) -> bool:
        """Wait in line; whether it led to a turn."""
        with self._in_line():
            return self._seconds(self._waiting) <= self._patience and self._free.acquire(timeout=self._patience)

    @contextlib.contextmanager
    def _in_line(self) -> Iterator[None]:
        with self._lock:
            self._waiting += 1
        try:
            yield
        finally:
            with self._lock:
                self._waiting -= 1

    def _seconds(self, waiting: int) -> float:
        """How long the last of a line is likely to wait."""
        return waiting * statistics.median(self._took) / self._at_once

    def _busy(self) -> Busy:
        waiting = self._waiting + 1
        seconds = max(self._seconds(waiting), self._patience)
        log.event("busy", logging.WARNING, waiting=waiting)
        time_ = about(seconds)
        if waiting == 1:
            return Busy(N_("1 person is waiting for this server; try again in about {time}.", time=time_))
        said = N_("{count} people are waiting for this server; try again in about {time}.", count=waiting, time=time_)
        return Busy(said)
