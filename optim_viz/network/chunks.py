"""The loss of a module at many points of a plane, chunk by chunk, in whichever way takes the least time here.

There are three: a loop; a loop with images pixel by pixel in memory ("channels last"), with which pooling on a CPU
takes a tenth of the time; and vmap over a chunk, with which small networks are faster.
"""

from __future__ import annotations

import math
import time
import warnings
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Protocol

import numpy as np

from optim_viz.looks import look
from optim_viz.spec import SpecError

if TYPE_CHECKING:
    from torch import Tensor

#: Points that one call of vmap takes at once, and the most bytes of weights that it may then hold.
CHUNK, CHUNK_BYTES = 8, 64 * 2**20
#: A way that takes so many times the fastest one's time at once is not tried again.
SLOW = 5.0
#: How far apart the same loss may be in two layouts, relative to it.
SAME = 1e-3

Way = Callable[["Tensor"], list[float]]


class Losses(Protocol):
    """What a chunk needs to know of a module's loss."""

    mode: str
    channels_last: bool

    def value(self, flat: Tensor) -> Tensor:
        """Return the loss at weights float32 [weights], a scalar."""

    def tensors(self, flat: Tensor) -> dict[str, Tensor]:
        """Return a vector of weights as the module's parameters."""


def channels_last(part: Tensor) -> Tensor:
    """Return the weights of a convolution over images so that what it makes of them lies pixel by pixel; else the same.

    >>> import torch
    >>> channels_last(torch.ones(16, 1, 3, 3)).stride()  # said by the strides even where there is one channel
    (9, 1, 3, 1)
    """
    import torch

    return torch.empty_like(part, memory_format=torch.channels_last).copy_(part) if part.ndim == 4 else part


def chunked(losses: Losses, base: Tensor, points: Tensor) -> np.ndarray:
    """Return the loss at points [n, 2] of a plane [3, weights], float64 [n]: the first chunks in every way."""

    def loop(chunk: Tensor) -> list[float]:
        losses.channels_last = False
        return [*_each(losses, base, chunk)]

    first, *rest = points.split(CHUNK)
    out = loop(first)  # a warm-up, too
    with warnings.catch_warnings():
        warnings.filterwarnings("ignore", "There is a performance drop")  # of vmap: the loop is faster then
        way = _fastest([loop, *_others(losses, base, first, out)], rest, out) if len(rest) > 6 else loop
        for chunk in rest:
            out += way(chunk)
    return np.array(out)


def _each(losses: Losses, base: Tensor, chunk: Tensor) -> Iterator[float]:
    import torch

    for a, b in chunk.tolist():
        look()
        yield float(losses.value(torch.add(base[0], base[1], alpha=a).add_(base[2], alpha=b)))


def _others(losses: Losses, base: Tensor, known: Tensor, values: list[float]) -> Iterator[Way]:
    """The ways beside the loop that can be gone here; some points' losses are known."""
    import torch

    def by_pixel(chunk: Tensor) -> list[float]:
        losses.channels_last = True
        return [*_each(losses, base, chunk)]

    def mapped(chunk: Tensor) -> list[float]:
        look()
        losses.channels_last = False
        return torch.func.vmap(losses.value)(base[0] + chunk @ base[1:]).double().tolist()

    if any(part.ndim == 4 for part in losses.tensors(base[0]).values()):
        again = _tried(by_pixel, known[:1])
        if again is not None and np.allclose(again, values[:1], rtol=SAME, equal_nan=True):
            yield by_pixel
    if losses.mode != "recalibrate" and base.shape[1] * CHUNK * base.itemsize <= CHUNK_BYTES:
        yield mapped


def _tried(way: Way, chunk: Tensor) -> list[float] | None:
    """What a way finds, or None where it fails: views of what lies otherwise, data-dependent branches, .item()."""
    try:
        return way(chunk)
    except SpecError:
        raise
    except Exception:  # noqa: BLE001 - whatever it is, the loop can do it
        return None


def _fastest(ways: list[Way], rest: list[Tensor], out: list[float]) -> Way:
    """Take the next chunks in every way, twice if it is not slow, and return the one that took the least time."""
    times = dict.fromkeys(ways, math.inf)
    for way in ways:
        for _ in range(2):
            began = time.perf_counter()
            found = _tried(way, rest[0]) if way is not ways[0] else way(rest[0])
            if found is None:
                times[way] = math.inf
                break
            took = time.perf_counter() - began
            times[way] = min(times[way], took)
            out += found
            rest.pop(0)
            if took > SLOW * min(times.values()):
                break
    return min(times, key=times.__getitem__)
