"""Replay a trace as straight-line NumPy code that reuses its memory.

A function of a few array operations spends much of its time on fresh memory for every result. Replayed, each operation
writes where a value that nobody needs any more has stood, and the results where they are wanted. The operations and
their order stay, so the bits do too.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Callable, Sequence
from typing import Any

import numpy as np

from optim_viz.optimizers.trace import Operation, Trace, function_called
from optim_viz.sweeps.placed import Place, Placed, placed
from optim_viz.sweeps.powers import with_powers

#: Between plain numbers an operator is written as Python's own: the float's, not the ufunc's.
_SIGNS = {"add": "+", "subtract": "-", "multiply": "*", "divide": "/", "power": "**"}
#: What takes its `out` by name only; by place, a call has half the overhead.
_BY_NAME = {"maximum", "minimum"}


def straight(function: Callable[..., Any], arguments: Sequence[Any], places: Sequence[Any]) -> Callable[..., Any]:
    """Return `function` as straight-line code that writes its results to `places`, or itself if it asks for values.

    `arguments` and `places` are what placed.placed has them to be.

    >>> x, out = np.array([1.0, 2.0]), np.empty(2)
    >>> call = straight(lambda t, x: (t * x**2 + 1.0,), (1, x), (out,))
    >>> call(3, x)[0] is out, out.tolist()
    (True, [4.0, 13.0])
    """
    found = placed(function, arguments, places)
    return function if found is None else with_powers(found, replay)


def replay(found: Placed) -> Callable[..., Any]:
    """Give every result its memory, and write the function."""
    trace, places = found.trace, found.places
    scope = {"copyto": np.copyto, **{p.name: p.array for p in places if p.name}, **_ready(trace)}
    where = _memory(trace, places, scope)
    body = [_written(operation, trace, where, scope) for operation in trace.operations]
    moves = [(where.get(name, name), place.name) for name, place in zip(trace.results, places, strict=True)]
    body += [f"copyto({place}, {name})" for name, place in moves if place and name != place]
    body.append(f"return ({''.join(f'{place or name}, ' for name, place in moves)})")
    source = f"def replay({', '.join(trace.inputs)}):\n    " + "\n    ".join(body)
    exec(compile(source, "<straight>", "exec"), scope)  # noqa: S102 - names that were made up here
    return scope["replay"]


def _ours(operation: Operation, trace: Trace) -> bool:
    """Whether a result goes to memory of ours: an array's power is quicker left to `**` itself; erf makes its own."""
    return operation[0] in trace.arrays and operation[1] not in ("power", "erf")


def _ready(trace: Trace) -> dict[str, Any]:
    """The constants; beside arrays, plain numbers as the arrays that NumPy would otherwise make at every call."""
    constants = dict(trace.constants)
    for operation in trace.operations:
        if _ours(operation, trace) and trace.arrays[operation[0]][1] == np.float64:
            plain = [name for name in operation[2] if type(constants.get(name)) in (int, float)]
            constants |= {name: np.array(constants[name], float) for name in plain}
    return constants


def _written(operation: Operation, trace: Trace, where: dict[str, str], scope: dict[str, Any]) -> str:
    """One line of the source."""
    name, ufunc, ours = operation[0], operation[1], _ours(operation, trace)
    operands = [where.get(operand, operand) for operand in operation[2]]
    if not ours and ufunc in _SIGNS:
        return f"{name} = {f' {_SIGNS[ufunc]} '.join(operands)}"
    scope[f"np_{ufunc}"] = function_called(ufunc)
    if not ours:
        return f"{name} = np_{ufunc}({', '.join(operands)})"
    return f"np_{ufunc}({', '.join(operands)}, {'out=' if ufunc in _BY_NAME else ''}{where.get(name, name)})"


def _memory(trace: Trace, places: Sequence[Place], scope: dict[str, Any]) -> dict[str, str]:
    """Name the memory of each result: its place if nobody needs what stands there any more, or any that is free.

    A place is free for other results, too, from the last use of the argument that stands in it to its own result.
    """
    last = {name: i for i, (_, _, operands) in enumerate(trace.operations) for name in operands}
    last |= dict.fromkeys(trace.results, len(trace.operations))
    where, ends = _at_home(trace, last, {name: p for name, p in zip(trace.results, places, strict=True) if p.shape})
    taken = {name: last.get(name, -1) for name, _ in ends}  # until which line
    free: dict[Any, list[str]] = defaultdict(list)
    kinds: dict[str, Any] = {}  # of memory of our own
    for i, operation in enumerate(trace.operations):
        name, _, operands = operation
        kind = trace.arrays.get(name)
        stand = {where.get(operand, operand): last[operand] for operand in operands}
        for own in sorted(own for own, end in stand.items() if end == i and own in kinds):
            free[kinds[own]].append(own)
        if kind is None or not _ours(operation, trace) or name in where:
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
    trace: Trace, last: dict[str, int], wanted: dict[str, Place]
) -> tuple[dict[str, str], dict[tuple[str, Any], int]]:
    """Which results go to their places at once, no argument being needed there, and by which line, by (place, kind)."""
    where, ends = {}, {}
    for i, operation in enumerate(trace.operations):
        name = operation[0]
        kind, place = trace.arrays.get(name), wanted.get(name)
        if place is None or not _ours(operation, trace) or (place.shape, place.array.dtype) != kind:
            continue
        if last.get(place.name, -1) <= i:
            where[name], ends[place.name, kind] = place.name, i
    return where, ends
