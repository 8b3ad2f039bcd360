"""What the benchmarks time with."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any


def timed(call: Callable[[], Any]) -> tuple[Any, float]:
    """Return what `call` returns, and how many seconds it took."""
    began = time.perf_counter()
    result = call()
    return result, time.perf_counter() - began
