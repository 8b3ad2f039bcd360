"""How much memory a result takes."""

from __future__ import annotations

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
