"""A few threads with one torch thread each."""

from __future__ import annotations

import contextlib
import threading
from collections.abc import Callable, Iterator
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

#: Threads that work at once; more gain nothing on the machines this was measured on.
WORKERS = 2
#: Seconds between two reports.
POLL = 0.1

_lock = threading.Lock()
_users, _before = 0, 1


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


def in_threads(
    work: Callable[[Callable[[], bool]], None], count: int = WORKERS, report: Callable[[], None] | None = None
) -> None:
    """Call `work` in `count` threads and wait, calling `report` about ten times a second in this thread.

    `work` is given a function that says whether to stop: another thread, or `report`, has failed. Its error is raised.
    """
    import torch

    failed = threading.Event()

    def guarded() -> None:
        try:
            work(failed.is_set)
        except BaseException:
            failed.set()
            raise

    # The rest of the setting is each thread's own, so every worker takes it too.
    with one_torch_thread(), ThreadPoolExecutor(count, "optim-viz", lambda: torch.set_num_threads(1)) as pool:
        futures = [pool.submit(guarded) for _ in range(count)]
        try:
            while wait(futures, POLL if report else None, FIRST_EXCEPTION).not_done and not failed.is_set():
                if report is not None:
                    report()
        except BaseException:
            failed.set()
            raise
    for future in futures:
        future.result()
