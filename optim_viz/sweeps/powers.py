"""Powers of swept hyperparameters, such as beta**t, once for each distinct value instead of once for each run.

A power is dear beside a product, and machine code has none that is NumPy's to the last bit. But an axis of 64 values is
64 powers a step, however many runs share them: a small table, made by the same operations as before, from which every
run takes its own. What follows from a power and from hyperparameters alone stands in the table, too.
"""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optim_viz.optimizers.trace import Operation, Trace
from optim_viz.sweeps.placed import Place, Placed

#: What makes a function of a trace.
Write = Callable[[Placed], Callable[..., Any]]
#: name of a result -> the arrays of hyperparameters that it depends on
Sources = dict[str, frozenset[str]]


def with_powers(found: Placed, write: Write) -> Callable[..., Any]:
    """Return what `write` makes of a trace in which powers of hyperparameters are read from tables, as a function.

    >>> from optim_viz.sweeps.numpy_code import replay
    >>> from optim_viz.sweeps.placed import placed
    >>> beta, x = np.array([0.5, 0.9, 0.5, 0.9]), np.ones(4)
    >>> call = with_powers(placed(lambda t, x: (x - beta**t,), (2, x), (x,)), replay)
    >>> call(3, x)[0].tolist() == (1.0 - beta**3).tolist()
    True
    """
    trace = found.trace
    made = _sources(trace)
    tables = [_table(trace, made, sources, write) for sources in dict.fromkeys(made.values())]
    if not tables:
        return write(found)
    constants = dict(trace.constants)
    for table in tables:
        constants |= table.lanes
    operations = _needed([line for line in trace.operations if line[0] not in made], trace.results)
    call = write(replace(found, trace=replace(trace, operations=operations, constants=constants)))

    def looked_up(*arguments: Any) -> Any:
        for table in tables:
            table.fill(*arguments)
        return call(*arguments)

    return looked_up


def _sources(trace: Trace) -> Sources:
    """The powers that depend on arrays of hyperparameters and on numbers alone, and what follows from such."""
    kinds = trace.arrays
    known: Sources = {name: frozenset() for name in (*trace.inputs, *trace.constants) if name not in kinds}
    known |= {name: frozenset([name]) for name in trace.constants if name in kinds and _is_a_lane(*kinds[name])}
    made: Sources = {}
    for name, ufunc, operands in trace.operations:
        if not known.keys() >= set(operands):
            continue
        known[name] = frozenset().union(*(known[operand] for operand in operands))
        power = ufunc == "power" or any(operand in made for operand in operands)
        if power and {kinds[source] for source in known[name]} == {kinds.get(name)}:
            made[name] = known[name]
    return made


def _is_a_lane(shape: tuple[int, ...], dtype: Any) -> bool:
    """Whether an array may be a hyperparameter's: a float64 for every run."""
    return len(shape) == 1 and dtype == np.float64


@dataclass(frozen=True, eq=False)
class _Table:
    """A row for each distinct combination of some hyperparameters, and which row each run takes."""

    rows: Callable[..., Sequence[Any]]  # the values of all rows, given the arguments
    index: np.ndarray | None  # int64 [n]; None: every run has a row of its own
    lanes: dict[str, Any]  # name -> float64 [n], filled anew at every call

    def fill(self, *arguments: Any) -> None:
        """Work the rows out and hand them to the runs."""
        values = self.rows(*arguments)
        if self.index is not None:  # else the rows are written where the runs read them
            for lanes, of_rows in zip(self.lanes.values(), values, strict=True):
                of_rows.take(self.index, out=lanes, mode="clip")  # "clip", because the default goes over a copy


def _table(trace: Trace, made: Sources, sources: frozenset[str], write: Write) -> _Table:
    """The table of what depends on `sources` and is asked for outside of it."""
    asked = {operand for name, _, operands in trace.operations if made.get(name) != sources for operand in operands}
    names = [name for name, of in made.items() if of == sources and name in asked.union(trace.results)]
    lanes = {name: np.empty(*trace.arrays[name]) for name in names}
    first, index = distinct([trace.constants[name] for name in sources])
    shared = 2 * len(first) <= len(index)
    rows: Any = first if shared else slice(None)  # a view: what is written to the rows is what the runs read
    constants = trace.constants | {name: trace.constants[name][rows] for name in sources}
    places = tuple(Place(f"p{i}", array[rows]) for i, array in enumerate(lanes.values()))
    operations = _needed(trace.operations, names)
    kinds = {name: (places[0].shape, trace.arrays[name][1]) for name, _, _ in operations if name in trace.arrays}
    small = Trace(trace.inputs, operations, constants, tuple(names), trace.arrays | kinds)
    return _Table(write(Placed(small, places)), index if shared else None, lanes)


def distinct(arrays: Sequence[np.ndarray]) -> tuple[np.ndarray, np.ndarray]:
    """Return where each distinct row of float64 columns `arrays`, equally long, stands first, and which is whose.

    Values are compared by their bits: -0.0 and 0.0 have different powers.

    >>> distinct([np.array([0.5, 0.9, 0.5])])
    (array([0, 1]), array([0, 1, 0]))
    """
    _, first, index = np.unique(arrays[0].view(np.int64), return_index=True, return_inverse=True)
    for array in arrays[1:]:
        _, own = np.unique(array.view(np.int64), return_inverse=True)
        _, first, index = np.unique(index * len(own) + own, return_index=True, return_inverse=True)
    return first, index


def _needed(operations: Sequence[Operation], names: Sequence[str]) -> tuple[Operation, ...]:
    """The operations that lead to the named results."""
    wanted, kept = set(names), []
    for operation in reversed(operations):
        if operation[0] in wanted:
            wanted |= set(operation[2])
            kept.append(operation)
    return tuple(reversed(kept))
