"""May this go on? What long loops ask every so often, and how whoever has them run answers no: by an error.

The asking is a loop's, the answer is its caller's: a page's time limit, a visitor who is gone, a cancel. A loop knows
of none of them, and where nobody has anything to say a look costs 50 ns.
"""

from __future__ import annotations

import contextlib
from collections.abc import Callable, Iterable, Iterator
from contextvars import ContextVar
from itertools import chain, islice
from typing import TypeVar

T = TypeVar("T")

#: Items between two looks of `looked`: steps on a surface take microseconds.
EVERY = 256
_answer: ContextVar[Callable[[], object]] = ContextVar("may this go on?", default=bool)


class Stopped(Exception):  # noqa: N818 - it is no error
    """The answer no to a loop whose caller knows why it ends, and keeps what it has done."""


def look() -> None:
    """Ask whether the work of this thread may go on; the answer no is an error."""
    _answer.get()()


@contextlib.contextmanager
def answering(answer: Callable[[], object]) -> Iterator[None]:
    """While inside, in this thread, `answer` is what a look calls: it returns, or raises what the work is to end with.

    >>> from optim_viz import descend, optimizer
    >>> def no():
    ...     raise TimeoutError("This took too long.")
    >>> with answering(no):
    ...     descend("quadratic", optimizer("sgd"), steps=1000)
    Traceback (most recent call last):
        ...
    TimeoutError: This took too long.
    """
    before = _answer.set(answer)
    try:
        yield
    finally:
        _answer.reset(before)


def looked(items: Iterable[T], every: int = EVERY) -> Iterator[T]:
    """Iterate over `items` with a look before every so many of them, at no cost for the others; none is read ahead.

    >>> list(looked("abc", every=2))
    ['a', 'b', 'c']
    """
    rest = iter(items)

    def parts() -> Iterator[Iterable[T]]:
        for first in rest:
            look()
            yield chain((first,), islice(rest, every - 1))

    return chain.from_iterable(parts())
