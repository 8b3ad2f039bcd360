"""Whether a typed function can be compiled at all: sympy may take hours for what fits into a line.

What it simplifies by itself on the way grows without bounds (sums inside tanh, ten deep, are enough), so no count of
the text's parts tells. What tells is to try, and to count the calls of Python functions: the same on every machine, and
a place from which sympy can be left. They cost half as much again, so only what somebody typed is tried like that.
"""

from __future__ import annotations

import functools
import itertools
import sys
from collections.abc import Callable
from typing import Any

from optim_viz.looks import look
from optim_viz.spec import Surface
from optim_viz.surfaces.compiled import compiled

#: Calls that compiling may take: a second, or two beside other work. The dearest row of SURFACES takes 270,000.
MOST = 600_000
#: Calls between two looks at whether to go on.
EVERY = 4096


class _Enough(BaseException):
    """Leaves sympy, which catches errors of its own; because of what, where it is not the number of calls."""


@functools.lru_cache(maxsize=512)
def too_dear(surface: Surface) -> bool:
    """Whether it takes sympy more than MOST calls to compile a surface; if not, it is compiled now.

    Raises ExpressionError where the expression cannot be read.
    """
    before = sys.gettrace()
    if before is not None:  # a debugger's
        compiled(surface)
        return False
    sys.settrace(_counter())
    try:
        compiled(surface)
    except _Enough as enough:
        _forget()
        if enough.__cause__ is not None:
            raise enough.__cause__ from None
        return True
    finally:
        sys.settrace(before)
    return False


def _counter() -> Callable[..., None]:
    """Return what Python calls at every call of a function in this thread."""
    calls = itertools.count(1)

    def count(*_: Any) -> None:
        call = next(calls)
        if call > MOST:
            raise _Enough
        if call % EVERY == 0:
            try:
                look()
            except BaseException as no:  # for sympy to take as its own, if it could
                raise _Enough from no

    return count


def _forget() -> None:
    """Let go of what sympy was thinking of when it was left."""
    from sympy.core.cache import clear_cache

    clear_cache()
