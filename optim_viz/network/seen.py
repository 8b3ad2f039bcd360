"""A snapshot of a run with what its optimizer was like there, and which snapshots are looked at."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np


@dataclass(frozen=True, eq=False)
class Seen:
    """A snapshot: its step, weights float32, what the optimizer divides by, and its hyperparameters there."""

    step: int
    weights: np.ndarray
    scale: np.ndarray | None
    hyperparameters: dict[str, Any]


def spread(steps: np.ndarray, most: int) -> list[int]:
    """Return the numbers of at most `most` of some snapshots, evenly spread, first and last included.

    >>> spread(np.arange(10), 3)
    [0, 4, 9]
    """
    return np.unique(np.linspace(0, len(steps) - 1, min(most, len(steps))).round().astype(int)).tolist()
