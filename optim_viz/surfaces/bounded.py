"""Whether a typed function can be compiled at all: sympy may take hours for what fits into a line.

What it simplifies by itself on the way grows without bounds (sums inside tanh, ten deep, are enough), so no count of
the text's parts tells. What tells is to try, and to count the calls of Python functions: the same on every machine, and
a place from which sympy can be left. They cost half as much again, so only what somebody typed is tried like that.
"""

from __future__ import annotations

import functools
import inspect
import itertools
import sys
from collections.abc import Callable
from types import FrameType
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
    if sys.gettrace() is not None or sys.getprofile() is not None:  # a debugger's, or a profiler's
        compiled(surface)
        return False
    sys.settrace(_counter())
    try:
        compiled(surface)
    except _Enough as enough:
        _at_ease()
        _forget()
        if enough.__cause__ is not None:
            raise enough.__cause__ from None
        return True
    finally:
        _at_ease()
    return False


def _counter() -> Callable[..., None]:
    """Return what Python calls at every call of a function in this thread.

    mpmath, below sympy, catches whatever it is, and a hook that has raised is gone: so each of Python's two kinds of
    hooks, before it raises, puts the other in its place, until both libraries are left.
    """
    calls = itertools.count(1)
    cause: BaseException | None = None

    def count(frame: FrameType, *_: Any) -> None:
        nonlocal cause
        call = next(calls)
        if call % EVERY == 0 and cause is None:
            try:
                look()
            except BaseException as no:  # noqa: BLE001 - for sympy to take as its own, if it could
                cause = no
        if (call > MOST or cause is not None) and _theirs(frame):
            sys.setprofile(again)
            raise _Enough from cause

    def again(frame: FrameType, *_: Any) -> None:
        if _theirs(frame):
            sys.settrace(count)
            raise _Enough from cause

    return count


def _theirs(frame: FrameType) -> bool:
    """Whether a function is sympy's or mpmath's: in any other, somebody may have to tidy up.

    Generators are left alone: nobody hears of an error in one that is being thrown away.
    """
    own = str(frame.f_globals.get("__name__")).startswith(("sympy.", "mpmath."))
    return own and not frame.f_code.co_flags & inspect.CO_GENERATOR


def _at_ease() -> None:
    """No hook is in place any more."""
    sys.settrace(None)
    sys.setprofile(None)


def _forget() -> None:
    """Let go of what sympy was thinking of when it was left."""
    from sympy.core.cache import clear_cache

    clear_cache()
