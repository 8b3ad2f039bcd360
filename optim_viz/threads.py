"""A few threads that work at once, with progress and cancel, and with one torch thread each where torch is at work."""

from __future__ import annotations

import contextlib
import os
import sys
import threading
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait
from typing import Any, Generic, TypeVar

from optim_viz.looks import Stopped, answering, look

T = TypeVar("T")

#: Seconds between two reports.
POLL = 0.1

_lock = threading.Lock()
_users, _before = 0, 1


def _alone_in_child() -> None:
    """A forked process has one thread: torch would wait for ever for those that it had, and nobody is inside here."""
    global _lock, _users
    _lock, _users = threading.Lock(), 0
    if "torch" in sys.modules:
        sys.modules["torch"].set_num_threads(1)


if hasattr(os, "register_at_fork"):  # not on Windows, which has no forks
    os.register_at_fork(after_in_child=_alone_in_child)


@contextlib.contextmanager
def one_torch_thread() -> Iterator[None]:
    """While anyone is inside, torch computes with one thread; the last to leave puts its setting back.

    The setting cannot be put back any sooner: a part of it, that of the matrix products, is the whole process's, and
    two workers with two threads each take twice the time on two cores.
    """
    global _users, _before  # noqa: PLW0603 - the setting is the process's, so its guard is too
    import torch

    with _lock:
        if not _users:
            _before = torch.get_num_threads()
        _users += 1
        torch.set_num_threads(1)
    try:
        yield
    finally:
        with _lock:
            _users -= 1
            if not _users:
                torch.set_num_threads(_before)


class Shared(Generic[T]):
    """Items that several threads iterate over, each going to whichever comes to it."""

    def __init__(self, items: Iterable[T]) -> None:
        self._items, self._lock = iter(items), threading.Lock()

    def __iter__(self) -> Iterator[T]:
        return self

    def __next__(self) -> T:
        with self._lock:
            return next(self._items)


def in_threads(
    work: Callable[[Callable[[], bool]], None],
    count: int,
    report: Callable[[], None] | None = None,
    cancel: threading.Event | None = None,
) -> None:
    """Call `work` in `count` threads and wait, calling `report` about ten times a second in this thread.

    They do work at once: NumPy on long arrays, machine code and torch free the interpreter's lock meanwhile.
    `work` is given a function that says whether to stop: `cancel` is set, or another thread, or `report`, has failed.
    A look inside `work` then ends it where it stands. An error is raised, as is that of a look in this thread. One
    thread that nothing is to be heard of is this one.
    """
    failed = threading.Event()

    def stopped() -> bool:
        return failed.is_set() or (cancel is not None and cancel.is_set())

    def here() -> bool:
        look()
        return stopped()

    def answer() -> None:
        if stopped():
            raise Stopped

    def guarded() -> None:
        try:
            with answering(answer), contextlib.suppress(Stopped):
                work(stopped)
        except BaseException:
            failed.set()
            raise

    if count == 1 and report is None:
        work(here)
        return
    with ThreadPoolExecutor(count, "optim-viz") as pool:
        futures = [pool.submit(guarded) for _ in range(count)]
        try:
            while wait(futures, POLL, FIRST_EXCEPTION).not_done and not failed.is_set():
                look()
                if report is not None:
                    report()
        except BaseException:
            failed.set()
            raise
    for future in futures:
        future.result()


def in_torch_threads(work: Callable[[Callable[[], bool]], None], count: int, *how: Any) -> None:
    """As `in_threads`, with one torch thread each."""
    import torch

    def alone(stopped: Callable[[], bool]) -> None:
        torch.set_num_threads(1)  # the rest of the setting is each thread's own, so every one takes it too
        work(stopped)

    with one_torch_thread():
        in_threads(alone, count, *how)
