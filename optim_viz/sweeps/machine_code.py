"""Replay a trace as machine code, one pass over the arrays; as NumPy code where that cannot be done."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from optim_viz.optimizers.trace import Trace
from optim_viz.sweeps.llvm import OPERATIONS, Loop, jit
from optim_viz.sweeps.numpy_code import replay
from optim_viz.sweeps.placed import Place, Placed, placed
from optim_viz.sweeps.powers import with_powers

_KINDS = {"float64", "bool"}
#: The most operations that are made machine code: it takes 0.1 s, and no more operands than ctypes passes on.
MOST = 400


def fused(function: Callable[..., Any], arguments: Sequence[Any], places: Sequence[Any]) -> Callable[..., Any]:
    """Return `function` in the fastest form there is, with the same bits: machine code, NumPy code, or as it is.

    `arguments` and `places` are what placed.placed has them to be; besides, none of the arguments overlaps with
    a place that is another array.

    >>> x, out = np.array([1.0, 2.0]), np.empty(2)
    >>> call = fused(lambda t, x: (t * x**2 + 1.0,), (1, x), (out,))
    >>> call(3, x)[0] is out, out.tolist()
    (True, [4.0, 13.0])
    """
    found = placed(function, arguments, places)
    if found is None:
        return function
    return with_powers(found, _written)


def _written(found: Placed) -> Callable[..., Any]:
    loop = _loop(found)
    return replay(found) if loop is None else _Call(found, loop)


def _loop(found: Placed) -> Loop | None:
    """What a function does as one pass over arrays; None if that is too much, or of another kind, dtype or shape."""
    trace, named = found.trace, [place for place in found.places if place.name]
    shapes = {place.shape for place in named}
    lines = tuple(line for line in trace.operations if line[0] in trace.arrays)
    made = {name: str(np.dtype(trace.arrays[name][1])) for name, _, _ in lines}
    if len(shapes) != 1 or len(lines) > MOST or {name for _, name, _ in lines} - OPERATIONS.keys():
        return None
    (shape,), kinds = shapes, _kinds(found)
    stores = tuple((p.name, r) for p, r in zip(found.places, trace.results, strict=True) if p.name)
    read = [name for _, _, operands in lines for name in operands] + [result for _, result in stores]
    used = dict.fromkeys([*read, *(name for name, _ in stores)])
    arrays = [(name, *_layout(*kinds[name], shape)) for name in used if name in kinds and name not in made]
    if {*made.values(), *(kind for _, kind, _ in arrays)} - _KINDS or any(whole is None for *_, whole in arrays):
        return None
    if not all(place.array.flags.carray for place in named):  # in one piece, aligned, not read-only
        return None
    return Loop(tuple(name for name in used if name not in kinds), tuple(arrays), lines, stores)  # type: ignore[arg-type]


def _kinds(found: Placed) -> dict[str, tuple[tuple[int, ...], Any]]:
    """Shape and dtype of every array by its name: of those in the trace, and of places."""
    return {place.name: (place.shape, place.array.dtype) for place in found.places if place.name} | found.trace.arrays


def _layout(own: tuple[int, ...], dtype: Any, shape: tuple[int, ...]) -> tuple[str, bool | None]:
    """An array's dtype, and whether it is whole or a row of `shape`; None if neither."""
    return str(np.dtype(dtype)), True if own == shape else False if own == shape[1:] else None


class _Call:
    """A loop bound to its arrays. Numbers are worked out in Python, as NumPy code would have them."""

    def __init__(self, found: Placed, loop: Loop) -> None:
        trace, self.places = found.trace, found.places
        shape = next(place.shape for place in self.places if place.name)
        self.kernel = jit(loop)
        self.size = (1, math.prod(shape)) if loop.flat else (shape[0], math.prod(shape[1:]))
        self.given = {name: i for i, name in enumerate(trace.inputs)}
        plain = [result for place, result in zip(self.places, trace.results, strict=True) if not place.name]
        self.count, self.numbers = len(loop.numbers), number_function(trace, (*loop.numbers, *plain))
        written = {place.name for place in self.places}
        self.written = [name in written for name, _, _ in loop.arrays]
        self.held: list[Any] = [None] * len(loop.arrays)  # keeps alive what the addresses are of
        self.addresses = [0] * len(loop.arrays)
        self.moving = []  # the arrays that are arguments, which may be others at the next call
        kinds = _kinds(found)
        ours = trace.constants | {place.name: place.array for place in self.places}
        for k, (name, kind, _) in enumerate(loop.arrays):
            shape = kinds[name][0]
            if name in self.given:
                self.moving.append((k, self.given[name], np.dtype(kind), shape))
            else:
                self._hold(k, ours[name], np.dtype(kind), shape)
        self.results = [None if place.name in self.given else place.array for place in self.places]

    def _hold(self, k: int, array: Any, dtype: Any, shape: tuple[int, ...]) -> None:
        """Take the address of an array: what is wrong with it would be read or written all the same."""
        flags = array.flags
        fits = flags.carray if self.written[k] else flags.c_contiguous and flags.aligned
        if array.dtype != dtype or array.shape != shape or not fits:
            raise TypeError(
                f"An array of {dtype} {shape}, in one piece, is wanted{' to write to' * self.written[k]}; "
                f"got {array.dtype} {array.shape} with\n{flags}"
            )
        self.held[k], self.addresses[k] = array, array.ctypes.data

    def __call__(self, *arguments: Any) -> list[Any]:
        for k, i, dtype, shape in self.moving:
            if arguments[i] is not self.held[k]:
                self._hold(k, arguments[i], dtype, shape)
        numbers = self.numbers(*arguments)
        self.kernel(*self.size, *numbers[: self.count], *self.addresses)
        plain = iter(numbers[self.count :])
        for j, place in enumerate(self.places):
            if not place.name:
                self.results[j] = next(plain)
            elif place.name in self.given:
                self.results[j] = arguments[self.given[place.name]]
        return self.results


def number_function(found: Trace, names: Sequence[str]) -> Callable[..., tuple[Any, ...]]:
    """Return what gives the named numbers of a trace, in Python, given the arguments.

    >>> from optim_viz.optimizers.trace import trace
    >>> found = trace(lambda t, x: ((1 - 0.5**t) * x,), {"t": 1, "x": np.ones(2)})
    >>> number_function(found, ["v1"])(3, None)
    (0.875,)
    """
    operations = tuple(line for line in found.operations if line[0] not in found.arrays)
    return replay(Placed(replace(found, operations=operations, results=tuple(names)), (Place("", 0.0),) * len(names)))
