"""How far a piece of work is, and where it stopped: what all that takes its time tells whoever waits for it."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from optim_viz.language import N_


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


class Unfinished(RuntimeError):  # noqa: N818 - half of it is a result
    """Work that was cut off by no wish of anybody's: why, in a sentence, and what was done until then."""

    def __init__(self, why: str, so_far: Any) -> None:
        super().__init__(why)
        self.so_far = so_far


def about(seconds: float) -> str:
    """Return a span of time as people say it, rounded up.

    >>> about(8.2), about(200.0), about(math.inf)
    ('9 s', '4 minutes', 'a few minutes')
    """
    if not math.isfinite(seconds):
        return N_("a few minutes")
    if seconds <= 90:
        return N_("{count} s", count=max(1, math.ceil(seconds)))
    return N_("{count} minutes", count=math.ceil(seconds / 60))
