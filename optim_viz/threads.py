"""A few threads with one torch thread each, without touching torch's setting anywhere else."""

from __future__ import annotations

import threading
from collections.abc import Callable
from concurrent.futures import FIRST_EXCEPTION, ThreadPoolExecutor, wait

#: Threads that work at once; more gain nothing on the machines this was measured on.
WORKERS = 2
#: Seconds between two reports.
POLL = 0.1

_starting = threading.Lock()


def in_threads(
    work: Callable[[Callable[[], bool]], None], count: int = WORKERS, report: Callable[[], None] | None = None
) -> None:
    """Call `work` in `count` threads and wait, calling `report` about ten times a second in this thread.

    `work` is given a function that says whether to stop: another thread, or `report`, has failed. Its error is raised.
    torch.set_num_threads sets this thread's number and that of threads to come, so it is put back as soon as the
    workers have taken theirs.
    """
    import torch

    ready, failed = threading.Barrier(count + 1), threading.Event()

    def begin() -> None:
        torch.set_num_threads(1)
        ready.wait()

    def guarded() -> None:
        try:
            work(failed.is_set)
        except BaseException:
            failed.set()
            raise

    with ThreadPoolExecutor(count, "optim-viz", begin) as pool:
        with _starting:
            threads = torch.get_num_threads()
            futures = [pool.submit(guarded) for _ in range(count)]
            ready.wait()
            torch.set_num_threads(threads)
        try:
            while wait(futures, POLL if report else None, FIRST_EXCEPTION).not_done and not failed.is_set():
                if report is not None:
                    report()
        except BaseException:
            failed.set()
            raise
    for future in futures:
        future.result()
