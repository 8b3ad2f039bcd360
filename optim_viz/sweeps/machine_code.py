"""Replay what was written down as machine code, one pass over the arrays; as NumPy code where that cannot be done."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from optim_viz.sweeps.llvm import OPERATIONS, Loop, compiled
from optim_viz.sweeps.numpy_code import replay
from optim_viz.sweeps.recorded import Place, Record, Recorded, recorded, shape_of

_KINDS = {"float64", "bool"}
#: The most operations that are made machine code: it takes 0.1 s, and no more operands than ctypes passes on.
MOST = 400


def fused(function: Callable[..., Any], arguments: Sequence[Any], places: Sequence[Any]) -> Callable[..., Any]:
    """Return `function` in the fastest form there is, with the same bits: machine code, NumPy code, or as it is.

    `arguments` and `places` are what operations.recorded has them to be; besides, none of the arguments overlaps with
    a place that is another array.

    >>> x, out = np.array([1.0, 2.0]), np.empty(2)
    >>> call = fused(lambda t, x: (t * x**2 + 1.0,), (1, x), (out,))
    >>> call(3, x)[0] is out, out.tolist()
    (True, [4.0, 13.0])
    """
    lines = recorded(function, arguments, places)
    if lines is None:
        return function
    loop = _loop(lines)
    return replay(lines) if loop is None else _Call(lines, loop)


def _loop(recorded: Recorded) -> Loop | None:
    """What is recorded as one pass over arrays; None if there are too many, or of another kind, dtype or shape."""
    named = [place for place in recorded.places if place.name]
    shapes = {place.shape for place in named}
    lines = [line for line in recorded.record.lines if line.result.shape]
    kinds = {str(np.dtype(line.result.dtype)) for line in lines}
    if (
        len(shapes) != 1
        or len(lines) > MOST
        or kinds - _KINDS
        or {line.ufunc.__name__ for line in lines} - OPERATIONS.keys()
    ):
        return None
    (shape,), held = shapes, _held(recorded)
    stores = [(p.name, r) for p, r in zip(recorded.places, recorded.results, strict=True) if p.name]
    read = [name for line in lines for name in line.operands] + [result for _, result in stores]
    used = dict.fromkeys([*read, *(name for name, _ in stores)])
    arrays = [(name, *_layout(held[name], shape)) for name in used if shape_of(held.get(name))]
    if any(kind not in _KINDS or whole is None for _, kind, whole in arrays):
        return None
    if not all(place.array.flags.carray for place in named):  # in one piece, aligned, not read-only
        return None
    made = {line.result.name for line in lines} | {name for name, _, _ in arrays}
    steps = tuple((line.result.name, line.ufunc.__name__, line.operands) for line in lines)
    numbers = tuple(name for name in used if name not in made)
    return Loop(numbers, tuple(arrays), steps, tuple(stores))  # type: ignore[arg-type]


def _held(recorded: Recorded) -> dict[str, Any]:
    """What has a shape and a dtype by its name: constants, places, inputs."""
    named = {place.name: place.array for place in recorded.places if place.name}
    return {**recorded.record.constants, **named, **{symbol.name: symbol for symbol in recorded.inputs}}


def _layout(array: Any, shape: tuple[int, ...]) -> tuple[str, bool | None]:
    """An array's dtype, and whether it is whole or a row of `shape`; None if neither."""
    own = array.shape
    return str(np.dtype(array.dtype)), True if own == shape else False if own == shape[1:] else None


class _Call:
    """A loop bound to its arrays. Numbers are worked out in Python, as NumPy code would have them."""

    def __init__(self, recorded: Recorded, loop: Loop) -> None:
        shape = next(place.shape for place in recorded.places if place.name)
        self.kernel, self.places = compiled(loop), recorded.places
        self.size = (1, math.prod(shape)) if loop.flat else (shape[0], math.prod(shape[1:]))
        self.given = {symbol.name: i for i, symbol in enumerate(recorded.inputs)}
        plain = [result for place, result in zip(self.places, recorded.results, strict=True) if not place.name]
        self.count, self.numbers = len(loop.numbers), _numbers(recorded, (*loop.numbers, *plain))
        written = {place.name for place in self.places}
        self.written = [name in written for name, _, _ in loop.arrays]
        self.held: list[Any] = [None] * len(loop.arrays)  # keeps alive what the addresses are of
        self.addresses = [0] * len(loop.arrays)
        self.moving = []  # the arrays that are arguments, which may be others at the next call
        held = _held(recorded)
        for k, (name, kind, _) in enumerate(loop.arrays):
            if name in self.given:
                self.moving.append((k, self.given[name], np.dtype(kind), held[name].shape))
            else:
                self._hold(k, held[name], np.dtype(kind), held[name].shape)
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


def _numbers(recorded: Recorded, names: tuple[str, ...]) -> Callable[..., tuple[Any, ...]]:
    """What gives the named numbers, given the arguments."""
    lines = [line for line in recorded.record.lines if not line.result.shape]
    record = Record(lines, recorded.record.constants)
    return replay(Recorded(record, recorded.inputs, names, (Place("", 0.0),) * len(names)))
