"""How far a piece of work is: what everything that takes its time tells whoever waits for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True, eq=False)
class Progress:
    """The share that is done, how long that took, and what has come of it so far, where a part can be shown.

    >>> Progress(0.25, 10.0).seconds_left
    30.0
    """

    fraction: float  # 0 to 1
    seconds: float  # since the start
    so_far: Callable[[], Any] = lambda: None

    @property
    def seconds_left(self) -> float:
        """An estimate from the pace so far; inf before anything is done."""
        return self.seconds * (1 / self.fraction - 1) if self.fraction else math.inf
