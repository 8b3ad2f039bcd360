"""What the benchmarks time with."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def timed(call: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> tuple[Any, float]:
    """Return what `call` returns, and how many seconds it took by a clock."""
    began = clock()
    result = call()
    return result, clock() - began
