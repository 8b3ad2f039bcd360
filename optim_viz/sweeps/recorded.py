"""Write down what a function does to arrays, by calling it once with symbols in their place.

What asks for values (a branch, an index, a function that is no ufunc) cannot be written down.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

#: What an array's `**` does quickly; every other power is left to `**` itself.
_POWERS: dict[float, Any] = {2: np.square, 0.5: np.sqrt}


class UnknownError(TypeError):
    """Something cannot be written down."""


@dataclass(frozen=True, eq=False)
class Line:
    """One operation: a ufunc, the names of its operands, and what stands for its result."""

    result: Symbol
    ufunc: np.ufunc
    operands: tuple[str, ...]


@dataclass(frozen=True)
class Record:
    """The operations so far, and what their operands name besides symbols: constants."""

    lines: list[Line] = field(default_factory=list)
    constants: dict[str, Any] = field(default_factory=dict)

    def named(self, operand: Any) -> str:
        """The name of an operand: a symbol's own, or a new one for a constant."""
        if isinstance(operand, Symbol):
            return operand.name
        name = f"c{len(self.constants)}"
        self.constants[name] = operand
        return name

    def write(self, ufunc: np.ufunc, operands: tuple[Any, ...]) -> Symbol:
        """Write down `ufunc(*operands)`."""
        if ufunc.nout != 1 or ufunc.signature:
            raise UnknownError(f"{ufunc.__name__} is not elementwise.")
        shape = np.broadcast_shapes(*map(shape_of, operands))
        if ufunc is np.multiply and shape and operands[0] is operands[1]:
            ufunc, operands = np.square, operands[:1]
        if ufunc is np.power and shape and type(operands[1]) in (int, float) and operands[1] in _POWERS:
            ufunc, operands = _POWERS[operands[1]], operands[:1]
        dtype = ufunc.resolve_dtypes((*map(_dtype, operands), None))[-1] if shape else float
        result = Symbol(self, f"v{len(self.lines)}", shape, dtype)
        self.lines.append(Line(result, ufunc, tuple(map(self.named, operands))))
        return result


class Symbol(NDArrayOperatorsMixin):
    """An array, or (of shape ()) a number, that is not known yet."""

    __slots__ = ("dtype", "name", "record", "shape")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, record: Record, name: str, shape: tuple[int, ...], dtype: Any) -> None:
        self.record, self.name, self.shape, self.dtype = record, name, shape, dtype

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> Symbol:
        if method != "__call__" or options:
            raise UnknownError(f"{ufunc.__name__} is called with more than operands.")
        return self.record.write(ufunc, operands)

    def __eq__(self, other: object) -> Any:
        if self.shape:
            raise UnknownError("Data are compared.")
        return False  # rules ask only "is this the first step?"; what is replayed starts at the second

    def _unknown(self, *_: Any, **__: Any) -> Any:
        raise UnknownError("A value is asked for.")

    __bool__ = __float__ = __int__ = __index__ = __len__ = __iter__ = __getitem__ = __array__ = _unknown
    __array_function__ = _unknown


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
class Recorded:
    """What a function does: its inputs, its lines, and by name its results, each with its place."""

    record: Record
    inputs: tuple[Symbol, ...]
    results: tuple[str, ...]
    places: tuple[Place, ...]


def recorded(function: Callable[..., Any], arguments: Sequence[Any], places: Sequence[Any]) -> Recorded | None:
    """Return what `function` does to arrays, or None if it asks for values.

    `function` takes and returns arrays and numbers; `arguments` are examples of what it will be called with: arrays of
    the same shape and dtype every time, or any numbers. Each of `places` is an array, or one of `arguments`, which is
    then overwritten in place; for a result that is a number, and is returned as it is, any number. A number compared
    with another counts as unequal.

    >>> x = np.array([1.0, 2.0])
    >>> [line.ufunc.__name__ for line in recorded(lambda t, x: (t * x**2 + 1.0,), (1, x), (x,)).record.lines]
    ['square', 'multiply', 'add']
    """
    record = Record()
    inputs = tuple(Symbol(record, f"a{i}", np.shape(a), _dtype(a)) for i, a in enumerate(arguments))
    try:
        outputs = tuple(function(*inputs))
        wanted = tuple(_place(i, place, inputs, arguments) for i, place in enumerate(places))
        _check_places(inputs, outputs, wanted)
    except UnknownError:
        return None
    return Recorded(record, inputs, tuple(map(record.named, outputs)), wanted)


def shape_of(operand: Any) -> tuple[int, ...]:
    """The shape of a symbol, an array or a number."""
    return operand.shape if isinstance(operand, Symbol) else np.shape(operand)


def _dtype(operand: Any) -> Any:
    """An operand's dtype, or the type of a plain number, which gives way to the arrays beside it."""
    if isinstance(operand, Symbol):
        return operand.dtype
    return operand.dtype if isinstance(operand, (np.ndarray, np.generic)) else type(operand)


def _place(i: int, place: Any, inputs: tuple[Symbol, ...], arguments: Sequence[Any]) -> Place:
    """Name a place: after the argument that it is, or anew; a number has none."""
    same = [symbol.name for symbol, argument in zip(inputs, arguments, strict=True) if place is argument]
    return Place("" if not np.shape(place) else same[0] if same else f"p{i}", place)


def _check_places(inputs: tuple[Symbol, ...], outputs: tuple[Any, ...], places: tuple[Place, ...]) -> None:
    own, taken = {symbol.name for symbol in inputs}, {place.name for place in places}
    for output, place in zip(outputs, places, strict=True):
        if shape_of(output) != place.shape and (not place.shape or place.name in own):
            raise UnknownError("A number becomes an array, or an array a number.")
        if isinstance(output, Symbol) and output.name in (own & taken) - {place.name}:
            raise UnknownError("An argument is overwritten before it is returned.")
