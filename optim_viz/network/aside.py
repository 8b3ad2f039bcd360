"""Looking at a network while it goes on learning: on a copy of its weights, in a thread of its own."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from typing import Any, Generic, TypeVar

T = TypeVar("T")


class Aside(Generic[T]):
    """Looks at something that changes, in order, in another thread: each at a copy of what it was when asked for.

    `copies` are taken in turn, and whoever asks waits while all of them are being looked at.
    """

    def __init__(self, copies: list[T], copy: Callable[[T, T], None]) -> None:
        import torch

        self._free, self._copy, self._pending = deque(copies), copy, deque[tuple[T, Future[None]]]()
        self._thread = ThreadPoolExecutor(1, "optim-viz aside", lambda: torch.set_num_threads(1))

    def __call__(self, original: T, look: Callable[[T], None]) -> None:
        """Have `look` called with a copy of `original` as it is now."""
        if not self._free:
            self._wait_for_one()
        own = self._free.popleft()
        self._copy(own, original)
        self._pending.append((own, self._thread.submit(_look, look, own)))

    def finish(self) -> None:
        """Wait for all looks; raise the error of one that failed."""
        while self._pending:
            self._wait_for_one()

    def _wait_for_one(self) -> None:
        own, looking = self._pending.popleft()
        looking.result()
        self._free.append(own)

    def __enter__(self) -> Aside[T]:
        return self

    def __exit__(self, *_: object) -> None:
        self._thread.shutdown()


class Here(Generic[T]):
    """The same in this thread, where no other is idle: no copy is needed."""

    def __call__(self, original: T, look: Callable[[T], None]) -> None:
        """Call `look` with `original`."""
        look(original)

    def finish(self) -> None:
        """Nothing is left to wait for."""

    def __enter__(self) -> Here[T]:
        return self

    def __exit__(self, *_: object) -> None:
        pass


def _look(look: Callable[[Any], None], copy: Any) -> None:
    import torch

    with torch.inference_mode():
        look(copy)
