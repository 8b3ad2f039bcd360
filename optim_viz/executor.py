"""Where long sweeps run: threads here, or the workers of a dask.distributed scheduler elsewhere."""

from __future__ import annotations

import contextlib
import os
import threading
import warnings
from collections import deque
from collections.abc import Callable, Generator, Iterable, Iterator
from concurrent.futures import FIRST_COMPLETED, BrokenExecutor, Executor, Future, ThreadPoolExecutor, wait
from typing import Any, TypeVar

from optim_viz.language import N_
from optim_viz.progress import Unfinished
from optim_viz.settings import threads
from optim_viz.spec import SpecError
from optim_viz.threads import POLL

T = TypeVar("T")

#: The environment variable that names a scheduler, such as tcp://host:8786.
SCHEDULER = "OPTIM_VIZ_SCHEDULER"
#: Seconds within which a scheduler must answer; how often a task is tried again whose worker raised a lost connection.
PATIENCE, RETRIES = 3.0, 3


def _warn(message: str) -> None:
    warnings.warn(message, RuntimeWarning, stacklevel=4)


@contextlib.contextmanager
def executor(address: str | None = None, tell: Callable[[str], None] = _warn) -> Iterator[Executor]:
    """Give a concurrent.futures.Executor to a with statement: a scheduler's workers if there is one, else threads.

    Problem: a sweep of whole trainings takes minutes on one machine; its tasks are pure, so any machine may run them.

    Arguments: `address`, tcp://host:port of a dask.distributed scheduler; left out, that of the environment variable
    OPTIM_VIZ_SCHEDULER; without either, OPTIM_VIZ_THREADS threads, one a core by default; `tell`, called with one
    sentence when there are threads although a scheduler was named: it did not answer within 3 seconds, or the extra is
    not installed (a warning by default). The scheduler runs the tasks of a lost worker again.

    >>> with executor(tell=print) as pool:
    ...     pool.submit(pow, 2, 10).result()
    1024

    Reference: Rocklin, Dask: Parallel Computation with Blocked Algorithms and Task Scheduling (2015).
    """
    address = address or os.environ.get(SCHEDULER)
    with contextlib.ExitStack() as stack:
        pool = _distributed(address, stack, tell) if address else None
        yield pool or stack.enter_context(ThreadPoolExecutor(threads(), "optim-viz tasks"))


def _distributed(address: str, stack: contextlib.ExitStack, tell: Callable[[str], None]) -> Executor | None:
    """The executor of the scheduler at `address`, to be closed by `stack`; None, and a sentence, when there is none."""
    try:
        from distributed import Client
    except ImportError:
        tell(
            N_(
                "The scheduler {address} needs dask: pip install 'optim-viz[distributed]'. Using threads here.",
                address=address,
            )
        )
        return None
    try:
        client = stack.enter_context(Client(address, timeout=PATIENCE, set_as_default=False))
    except (OSError, ValueError) as error:
        reason = str(error).partition("\n")[0]
        tell(N_("No scheduler answers at {address} ({reason}). Using threads here.", address=address, reason=reason))
        return None
    return stack.enter_context(client.get_executor(pure=False, retries=RETRIES))


def completed(
    pool: Executor,
    submit: Callable[[T], tuple[Any, ...]],
    tasks: Iterable[T],
    progress: Callable[[float], None] | None = None,
    cancel: threading.Event | None = None,
    ahead: int | None = None,
) -> Generator[tuple[T, Future[Any]], None, None]:
    """Yield tasks as they complete, each with its future, reporting about ten times a second in between.

    `submit` gives the function of a task and its arguments; in threads it also gets `cancel`, which cannot travel
    to another process. With `ahead`, at most so many tasks are handed over at once, so that results cannot pile up.
    After a cancel only those come that could not be stopped; those that a lost scheduler has cancelled do not come at
    all. Of those that end together failures come last; on other processes once they have failed a second time.
    """
    cancel = cancel or threading.Event()
    near = (cancel,) if isinstance(pool, ThreadPoolExecutor) else ()
    waiting: dict[Future[Any], tuple[T, bool]] = {}
    queue = deque((task, bool(near)) for task in tasks)  # with whether this is its last try
    count = max(1, len(queue))
    try:
        while queue or waiting:
            while queue and (ahead is None or len(waiting) < ahead):
                task, last = queue.popleft()
                waiting[_submitted(pool, (*submit(task), *near))] = task, last
            ended, _ = wait(waiting, POLL, FIRST_COMPLETED)
            over: list[tuple[T, Future[Any]]] = []
            for future in ended:
                task, last = waiting.pop(future)
                if not future.cancelled() and not last and _may_be_lost(future):
                    queue.append((task, True))
                elif not future.cancelled():
                    over.append((task, future))
            yield from sorted(over, key=lambda pair: pair[1].exception() is not None)
            if progress is not None:
                progress(1.0 - (len(waiting) + len(queue)) / count)
            if cancel.is_set():
                queue.clear()
                for future in [future for future in waiting if future.cancel()]:
                    del waiting[future]
    finally:
        for future in waiting:
            future.cancel()


def _submitted(pool: Executor, asked: tuple[Any, ...]) -> Future[Any]:
    """A task's future; that of one that the executor does not take, being shut down or broken, has failed already."""
    try:
        return pool.submit(*asked)
    except RuntimeError as error:
        refused: Future[Any] = Future()
        refused.set_exception(error)
        return refused


def _may_be_lost(future: Future[Any]) -> bool:
    """Whether a task has failed for no reason of its own, as far as one can tell.

    distributed's executor looks at a task's status once it has the result; where the worker that holds it is lost in
    between, it takes the result for an error, and raises ValueError at it.
    """
    error = future.exception()
    return error is not None and not isinstance(error, SpecError | BrokenExecutor)


def outcome(future: Future[Any], lost: Callable[[str], Unfinished]) -> Any:
    """Return what a task gives; where it ends in an error of no kind of ours, raise `lost` with the reason."""
    try:
        return future.result()
    except SpecError:
        raise
    except Exception as error:
        raise lost(N_("one of them ended with {error}", error=type(error).__name__)) from error


#: Why tasks are missing although none has failed.
SCHEDULER_LOST = N_("the scheduler that ran them was lost")
