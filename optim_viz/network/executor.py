"""Where long sweeps run: threads here, or the workers of a dask.distributed scheduler elsewhere."""

from __future__ import annotations

import contextlib
import os
import warnings
from collections.abc import Callable, Iterator
from concurrent.futures import Executor, ThreadPoolExecutor

from optim_viz.language import N_
from optim_viz.settings import threads

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
