"""Draws that belong to one run, although an optimizer draws from the process's own generators."""

from __future__ import annotations

import random
import threading
from types import TracebackType

import numpy as np
from numpy.random import mtrand


class Stream:
    """While inside, torch, NumPy and Python draw what this stream draws next; outside, what they would have anyway.

    One thread is inside at a time, so what a run draws depends on its seed alone, however runs share the threads.

    >>> stream, others = Stream(0), Stream(0)
    >>> draws = []
    >>> for entered in (stream, others, others, stream):
    ...     with entered:
    ...         draws.append((random.random(), np.random.rand()))
    >>> draws[0] == draws[1], draws[2] == draws[3]
    (True, True)
    """

    _inside = threading.RLock()

    def __init__(self, seed: int) -> None:
        import torch

        self._bits: np.random.BitGenerator = np.random.MT19937()
        np.random.RandomState(self._bits).seed(seed)
        self._python = random.Random(seed).getstate()  # noqa: S311 - what strangers draw with it is no secret
        generators = [torch.default_generator, *torch.cuda.default_generators]
        self._torch = [(g, torch.Generator(g.device).manual_seed(seed).get_state()) for g in generators]

    def __enter__(self) -> None:
        self._inside.acquire()
        self._swap()

    def __exit__(self, kind: type | None, error: BaseException | None, trace: TracebackType | None) -> None:
        self._swap()
        self._inside.release()

    def _swap(self) -> None:
        """Exchange the process's states and this stream's."""
        mine, self._bits = self._bits, mtrand.get_bit_generator()
        mtrand.set_bit_generator(mine)
        python, self._python = self._python, random.getstate()
        random.setstate(python)
        for i, (generator, state) in enumerate(self._torch):
            self._torch[i] = generator, generator.get_state()
            generator.set_state(state)
