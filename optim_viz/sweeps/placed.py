"""A trace whose results are wanted in certain places: what NumPy code and machine code are written from."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.optimizers.trace import Trace, UntraceableError, trace

#: (function, examples of its arguments, places of its results) -> the function, faster
Rewrite = Callable[[Callable[..., Any], Sequence[Any], Sequence[Any]], Callable[..., Any]]


@dataclass(frozen=True, eq=False)
class Place:
    """Where a result is wanted: an argument or an array of its own; a number, shape (), is returned as it is."""

    name: str
    array: Any

    @property
    def shape(self) -> tuple[int, ...]:
        """The shape of what is wanted."""
        return np.shape(self.array)


@dataclass(frozen=True, eq=False)
class Placed:
    """What a function does, and a place for each of its results."""

    trace: Trace
    places: tuple[Place, ...]


def placed(function: Callable[..., Any], arguments: Sequence[Any], places: Sequence[Any]) -> Placed | None:
    """Return what `function` does to arrays, or None if it asks for values.

    `function` takes and returns arrays and numbers; `arguments` are examples of what it will be called with, as
    optimizers.trace has them. Each of `places` is an array, or one of `arguments`, which is then overwritten in place;
    for a result that is a number, and is returned as it is, any number.

    >>> x = np.array([1.0, 2.0])
    >>> [name for _, name, _ in placed(lambda t, x: (t * x**2 + 1.0,), (1, x), (x,)).trace.operations]
    ['square', 'multiply', 'add']
    """
    try:
        found = trace(function, {f"a{i}": argument for i, argument in enumerate(arguments)})
    except UntraceableError:
        return None
    wanted = tuple(_place(i, place, arguments) for i, place in enumerate(places))
    return Placed(found, wanted) if _fit(found, wanted) else None


def _place(i: int, place: Any, arguments: Sequence[Any]) -> Place:
    """Name a place: after the argument that it is, or anew; a number has none."""
    same = [f"a{k}" for k, argument in enumerate(arguments) if place is argument]
    return Place("" if not np.shape(place) else same[0] if same else f"p{i}", place)


def _fit(found: Trace, places: tuple[Place, ...]) -> bool:
    """Whether no number becomes an array or an array a number, and no argument is overwritten before it is returned."""
    taken = {place.name for place in places}
    for name, place in zip(found.results, places, strict=True):
        shape = found.arrays[name][0] if name in found.arrays else ()
        if shape != place.shape and (not place.shape or place.name in found.inputs):
            return False
        if name in found.inputs and name in taken - {place.name}:
            return False
    return True
