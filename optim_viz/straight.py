"""Record what a function does to arrays once, and replay it as straight-line code that reuses its memory.

A function of a few array operations spends much of its time on fresh memory for every result. So it is called once
with symbols that write down its NumPy operations; replayed, each operation writes where a value that nobody needs any
more has stood, and the results where they are wanted. The operations and their order stay, so the bits do too. What
asks for values (a branch, an index, a function that is no ufunc) cannot be recorded: such a function is left as it is.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

#: Between plain numbers an operator is written as Python's own: the float's, not the ufunc's.
_SIGNS: dict[Any, str] = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**"}
#: What takes its `out` by name only; by place, a call has half the overhead.
_BY_NAME = {np.maximum, np.minimum}
#: What an array's `**` does quickly; every other power is left to `**` itself.
_POWERS: dict[float, Any] = {2: np.square, 0.5: np.sqrt}


class _UnknownError(TypeError):
    """Something cannot be written down."""


@dataclass(frozen=True, eq=False)
class _Line:
    """One operation: how to write it with the operands' names, and whether its result goes to memory of ours."""

    result: _Symbol
    operands: tuple[str, ...]
    form: str
    ours: bool


@dataclass(frozen=True)
class _Record:
    """The operations so far, and what they name besides symbols: ufuncs, constants, memory."""

    lines: list[_Line] = field(default_factory=list)
    scope: dict[str, Any] = field(default_factory=lambda: {"copyto": np.copyto})

    def named(self, operand: Any) -> str:
        """The name of an operand: a symbol's own, or a new one for a constant."""
        return operand.name if isinstance(operand, _Symbol) else self.bind(operand)

    def bind(self, value: Any) -> str:
        """Return a new name for a value."""
        name = f"c{len(self.scope)}"
        self.scope[name] = value
        return name

    def write(self, ufunc: np.ufunc, operands: tuple[Any, ...]) -> _Symbol:
        """Write down `ufunc(*operands)`."""
        if ufunc.nout != 1 or ufunc.signature:
            raise _UnknownError(f"{ufunc.__name__} is not elementwise.")
        shape = np.broadcast_shapes(*map(_shape, operands))
        if ufunc is np.multiply and shape and operands[0] is operands[1]:
            ufunc, operands = np.square, operands[:1]
        if ufunc is np.power and shape and type(operands[1]) in (int, float) and operands[1] in _POWERS:
            ufunc, operands = _POWERS[operands[1]], operands[:1]
        dtype = ufunc.resolve_dtypes((*map(_dtype, operands), None))[-1] if shape else float
        result = _Symbol(self, f"v{len(self.lines)}", shape, dtype)
        ours = bool(shape) and ufunc is not np.power
        if ours:
            operands = tuple(_ready(operand, dtype) for operand in operands)
        operator = None if ours else _SIGNS.get(ufunc)
        slots = ["{}"] * len(operands)
        form = f" {operator} ".join(slots) if operator else f"{self.bind(ufunc)}({', '.join(slots)}"
        out = "out={}" if ufunc in _BY_NAME else "{}"
        form = f"{form}, {out})" if ours else f"{result.name} = {form}" + ("" if operator else ")")
        self.lines.append(_Line(result, tuple(map(self.named, operands)), form, ours))
        return result


class _Symbol(NDArrayOperatorsMixin):
    """An array, or (of shape ()) a number, that is not known yet."""

    __slots__ = ("dtype", "name", "record", "shape")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, record: _Record, name: str, shape: tuple[int, ...], dtype: Any) -> None:
        self.record, self.name, self.shape, self.dtype = record, name, shape, dtype

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> _Symbol:
        if method != "__call__" or options:
            raise _UnknownError(f"{ufunc.__name__} is called with more than operands.")
        return self.record.write(ufunc, operands)

    def __eq__(self, other: object) -> Any:
        if self.shape:
            raise _UnknownError("Data are compared.")
        return False  # rules ask only "is this the first step?"; what is replayed starts at the second

    def _unknown(self, *_: Any, **__: Any) -> Any:
        raise _UnknownError("A value is asked for.")

    __bool__ = __float__ = __int__ = __index__ = __len__ = __iter__ = __getitem__ = __array__ = _unknown
    __array_function__ = _unknown


def straight(function: Callable[..., Any], arguments: Sequence[Any], places: Sequence[Any]) -> Callable[..., Any]:
    """Return `function` as straight-line code that writes its results to `places`, or itself if it asks for values.

    `function` takes and returns arrays and numbers; `arguments` are examples of what it will be called with: arrays of
    the same shape and dtype every time, or any numbers. Each of `places` is an array, or one of `arguments`, which is
    then overwritten in place; for a result that is a number, and is returned as it is, any number. A number compared
    with another counts as unequal.

    >>> x, out = np.array([1.0, 2.0]), np.empty(2)
    >>> call = straight(lambda t, x: (t * x**2 + 1.0,), (1, x), (out,))
    >>> call(3, x)[0] is out, out.tolist()
    (True, [4.0, 13.0])
    """
    record = _Record()
    inputs = [_Symbol(record, f"a{i}", np.shape(a), _dtype(a)) for i, a in enumerate(arguments)]
    try:
        outputs = tuple(function(*inputs))
        wanted = [_place(record, inputs, arguments, place) for place in places]
        _check_places(inputs, outputs, wanted)
    except _UnknownError:
        return function
    return _compiled(record, inputs, [record.named(output) for output in outputs], wanted)


def _shape(operand: Any) -> tuple[int, ...]:
    return operand.shape if isinstance(operand, _Symbol) else np.shape(operand)


def _dtype(operand: Any) -> Any:
    """An operand's dtype, or the type of a plain number, which gives way to the arrays beside it."""
    if isinstance(operand, _Symbol):
        return operand.dtype
    return operand.dtype if isinstance(operand, (np.ndarray, np.generic)) else type(operand)


def _ready(operand: Any, dtype: Any) -> Any:
    """A plain number as the array that NumPy would otherwise make of it at every call."""
    return np.array(operand, float) if type(operand) in (int, float) and dtype == np.float64 else operand


def _place(record: _Record, inputs: list[_Symbol], arguments: Sequence[Any], place: Any) -> _Symbol:
    """What stands for a place: the argument that it is, or an array of its own; without a name, a number returned."""
    if not np.shape(place):
        return _Symbol(record, "", (), float)
    same = [symbol for symbol, argument in zip(inputs, arguments, strict=True) if place is argument]
    return same[0] if same else _Symbol(record, record.bind(place), place.shape, place.dtype)


def _check_places(inputs: list[_Symbol], outputs: tuple[Any, ...], places: list[_Symbol]) -> None:
    own, taken = {symbol.name for symbol in inputs}, {place.name for place in places}
    for output, place in zip(outputs, places, strict=True):
        if _shape(output) != place.shape and (not place.shape or place.name in own):
            raise _UnknownError("A number becomes an array, or an array a number.")
        if isinstance(output, _Symbol) and output.name in (own & taken) - {place.name}:
            raise _UnknownError("An argument is overwritten before it is returned.")


def _compiled(record: _Record, inputs: list[_Symbol], names: list[str], places: list[_Symbol]) -> Callable[..., Any]:
    """Give every result its memory, and write the function."""
    where = _memory(record, names, places)
    body = []
    for line in record.lines:
        operands = [where.get(name, name) for name in (*line.operands, *([line.result.name] if line.ours else []))]
        body.append(line.form.format(*operands))
    moves = [(where.get(name, name), place.name) for name, place in zip(names, places, strict=True)]
    body += [f"copyto({place}, {name})" for name, place in moves if place and name != place]
    body.append(f"return ({', '.join(place or name for name, place in moves)},)")
    source = f"def replay({', '.join(symbol.name for symbol in inputs)}):\n    " + "\n    ".join(body)
    scope = dict(record.scope)
    exec(compile(source, "<straight>", "exec"), scope)  # noqa: S102 - names that were made up here
    return scope["replay"]


def _memory(record: _Record, names: list[str], places: list[_Symbol]) -> dict[str, str]:
    """Name the memory of each result: its place if nobody needs what stands there any more, or any that is free.

    A place is free for other results, too, from the last use of the argument that stands in it to its own result.
    """
    last = {name: i for i, line in enumerate(record.lines) for name in line.operands}
    last |= dict.fromkeys(names, len(record.lines))
    where, ends = _at_home(record, last, {name: p for name, p in zip(names, places, strict=True) if p.shape})
    taken = {name: last.get(name, -1) for name, _ in ends}  # until which line
    free: dict[Any, list[str]] = defaultdict(list)
    kinds: dict[str, Any] = {}  # of memory of our own
    for i, line in enumerate(record.lines):
        name, kind = line.result.name, (line.result.shape, line.result.dtype)
        stand = {where.get(operand, operand): last[operand] for operand in line.operands}
        for own in sorted(own for own, end in stand.items() if end == i and own in kinds):
            free[kinds[own]].append(own)
        if not line.ours or name in where:
            continue
        until = last.get(name, i)
        open_ = [p for (p, of), end in ends.items() if of == kind and taken[p] <= i < end and until <= end]
        near = [p for p in open_ if p in stand]  # what was just read is in the cache
        if near or (open_ and not free[kind]):
            where[name] = (near or open_)[0]
            taken[where[name]] = until
            continue
        where[name] = free[kind].pop() if free[kind] else record.bind(np.empty(*kind))
        kinds[where[name]] = kind
    return where


def _at_home(
    record: _Record, last: dict[str, int], wanted: dict[str, _Symbol]
) -> tuple[dict[str, str], dict[tuple[str, Any], int]]:
    """Which results go to their places at once, no argument being needed there, and by which line, by (place, kind)."""
    where, ends = {}, {}
    for i, line in enumerate(record.lines):
        name, kind, place = line.result.name, (line.result.shape, line.result.dtype), wanted.get(line.result.name)
        if line.ours and place is not None and (place.shape, place.dtype) == kind and last.get(place.name, -1) <= i:
            where[name], ends[place.name, kind] = place.name, i
    return where, ends
