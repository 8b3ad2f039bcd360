"""Replay what was written down as straight-line NumPy code that reuses its memory.

A function of a few array operations spends much of its time on fresh memory for every result. Replayed, each operation
writes where a value that nobody needs any more has stood, and the results where they are wanted. The operations and
their order stay, so the bits do too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from optim_viz.sweeps.recorded import Line, Place, Recorded, recorded

#: Between plain numbers an operator is written as Python's own: the float's, not the ufunc's.
_SIGNS: dict[Any, str] = {np.add: "+", np.subtract: "-", np.multiply: "*", np.divide: "/", np.power: "**"}
#: What takes its `out` by name only; by place, a call has half the overhead.
_BY_NAME = {np.maximum, np.minimum}


def straight(function: Callable[..., Any], arguments: Sequence[Any], places: Sequence[Any]) -> Callable[..., Any]:
    """Return `function` as straight-line code that writes its results to `places`, or itself if it asks for values.

    `arguments` and `places` are what operations.recorded has them to be.

    >>> x, out = np.array([1.0, 2.0]), np.empty(2)
    >>> call = straight(lambda t, x: (t * x**2 + 1.0,), (1, x), (out,))
    >>> call(3, x)[0] is out, out.tolist()
    (True, [4.0, 13.0])
    """
    lines = recorded(function, arguments, places)
    return function if lines is None else replay(lines)


def replay(recorded: Recorded) -> Callable[..., Any]:
    """Give every result its memory, and write the function."""
    lines, results, places = recorded.record.lines, recorded.results, recorded.places
    scope = {"copyto": np.copyto, **{p.name: p.array for p in places if p.name}, **_ready(recorded)}
    where = _memory(lines, results, places, scope)
    body = [_written(line, where, scope) for line in lines]
    moves = [(where.get(name, name), place.name) for name, place in zip(results, places, strict=True)]
    body += [f"copyto({place}, {name})" for name, place in moves if place and name != place]
    body.append(f"return ({''.join(f'{place or name}, ' for name, place in moves)})")
    source = f"def replay({', '.join(symbol.name for symbol in recorded.inputs)}):\n    " + "\n    ".join(body)
    exec(compile(source, "<straight>", "exec"), scope)  # noqa: S102 - names that were made up here
    return scope["replay"]


def _ours(line: Line) -> bool:
    """Whether a line's result goes to memory of ours: an array's power is quicker left to `**` itself."""
    return bool(line.result.shape) and line.ufunc is not np.power


def _ready(recorded: Recorded) -> dict[str, Any]:
    """The constants; beside arrays, plain numbers as the arrays that NumPy would otherwise make at every call."""
    constants = dict(recorded.record.constants)
    for line in recorded.record.lines:
        if _ours(line) and line.result.dtype == np.float64:
            plain = [name for name in line.operands if type(constants.get(name)) in (int, float)]
            constants |= {name: np.array(constants[name], float) for name in plain}
    return constants


def _written(line: Line, where: dict[str, str], scope: dict[str, Any]) -> str:
    """One line of the source."""
    operands = [where.get(name, name) for name in line.operands]
    name = line.result.name
    if not _ours(line) and line.ufunc in _SIGNS:
        return f"{name} = {f' {_SIGNS[line.ufunc]} '.join(operands)}"
    ufunc = f"np_{line.ufunc.__name__}"
    scope[ufunc] = line.ufunc
    if not _ours(line):
        return f"{name} = {ufunc}({', '.join(operands)})"
    return f"{ufunc}({', '.join(operands)}, {'out=' if line.ufunc in _BY_NAME else ''}{where.get(name, name)})"


def _memory(
    lines: list[Line], results: Sequence[str], places: Sequence[Place], scope: dict[str, Any]
) -> dict[str, str]:
    """Name the memory of each result: its place if nobody needs what stands there any more, or any that is free.

    A place is free for other results, too, from the last use of the argument that stands in it to its own result.
    """
    last = {name: i for i, line in enumerate(lines) for name in line.operands}
    last |= dict.fromkeys(results, len(lines))
    where, ends = _at_home(lines, last, {name: p for name, p in zip(results, places, strict=True) if p.shape})
    taken = {name: last.get(name, -1) for name, _ in ends}  # until which line
    free: dict[Any, list[str]] = defaultdict(list)
    kinds: dict[str, Any] = {}  # of memory of our own
    for i, line in enumerate(lines):
        name, kind = line.result.name, (line.result.shape, line.result.dtype)
        stand = {where.get(operand, operand): last[operand] for operand in line.operands}
        for own in sorted(own for own, end in stand.items() if end == i and own in kinds):
            free[kinds[own]].append(own)
        if not _ours(line) or name in where:
            continue
        until = last.get(name, i)
        open_ = [p for (p, of), end in ends.items() if of == kind and taken[p] <= i < end and until <= end]
        near = [p for p in open_ if p in stand]  # what was just read is in the cache
        if near or (open_ and not free[kind]):
            where[name] = (near or open_)[0]
            taken[where[name]] = until
            continue
        where[name] = free[kind].pop() if free[kind] else f"m{len(kinds)}"
        if where[name] not in kinds:
            kinds[where[name]], scope[where[name]] = kind, np.empty(*kind)
    return where


def _at_home(
    lines: list[Line], last: dict[str, int], wanted: dict[str, Place]
) -> tuple[dict[str, str], dict[tuple[str, Any], int]]:
    """Which results go to their places at once, no argument being needed there, and by which line, by (place, kind)."""
    where, ends = {}, {}
    for i, line in enumerate(lines):
        name, kind, place = line.result.name, (line.result.shape, line.result.dtype), wanted.get(line.result.name)
        if place is None or not _ours(line) or (place.shape, place.array.dtype) != kind:
            continue
        if last.get(place.name, -1) <= i:
            where[name], ends[place.name, kind] = place.name, i
    return where, ends
