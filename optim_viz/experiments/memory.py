"""How much memory a result takes, how what is free goes back to the system, and what need not be looked through."""

from __future__ import annotations

import ctypes
import functools
import gc
import sys
from collections.abc import Callable
from dataclasses import fields, is_dataclass
from typing import Any

import numpy as np


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


class Settled:
    """What modules hold is there for good: the garbage collector need not look through it again and again.

    Streamlit calls it after every run of a page, and to look through sympy and torch takes it 0.2 to 0.3 s, in which
    Python does nothing else for anybody.
    """

    def __init__(self) -> None:
        self._modules = 0

    def look(self) -> bool:
        """Set aside all that lives now, where modules were loaded since the last look; whether it was so."""
        loaded = len(sys.modules)
        if loaded == self._modules:
            return False
        self._modules = loaded
        gc.collect()  # what is garbage by now is not to be kept
        gc.freeze()
        return True


def give_back() -> None:
    """Return to the system what the C library keeps of memory that was freed, where it can: of trainings, 100s of MB.

    Every thread of theirs frees into a pool of its own, and what lies between two things that are in use stays there.
    """
    _trim()(0)


@functools.cache
def _trim() -> Callable[[int], int]:
    try:
        trim: Callable[[int], int] = ctypes.CDLL(None).malloc_trim  # glibc's
    except (AttributeError, OSError, TypeError):
        return lambda _: 0
    return trim
