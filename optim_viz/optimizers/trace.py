"""Write down what a function does to numbers and arrays, by calling it once with symbols in their place.

A trace is a plain value of names and numbers: surfaces.float_loop writes a loop over Python floats from a rule's, and
sweeps write NumPy code and machine code over arrays. What asks for values (a branch, an index, a function that is not
elementwise) cannot be traced. What is traced is our own, or was printed by sympy from a parsed expression.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.lib.mixins import NDArrayOperatorsMixin

from optim_viz.optimizers.row import Optimizer
from optim_viz.optimizers.rules import flat

Operation = tuple[str, str, tuple[str, ...]]  # the result's name, NumPy's name of the function, the operands' names

#: What an array's `**` does quickly; every other power is left to `**` itself.
_POWERS: dict[float, Any] = {2: np.square, 0.5: np.sqrt}


#: NumPy has no error function: Python's own, element by element.
_ERF = np.frompyfunc(math.erf, 1, 1)


def erf(z: Any) -> Any:
    """The error function of a number, an array or what stands for one in a trace.

    >>> erf(np.array([0.0, 10.0]))
    array([0., 1.])
    """
    found = _ERF(z)
    return found if isinstance(found, _Symbol) else np.asarray(found, float)[()]


def function_called(name: str) -> Callable[..., Any]:
    """The function of numbers and arrays that an operation's name means."""
    return erf if name == "erf" else getattr(np, name)


class UntraceableError(TypeError):
    """A function does something that cannot be written down."""


@dataclass(frozen=True, eq=False)
class Trace:
    """What a function does, from its inputs over operations in order to its results, all by name."""

    inputs: tuple[str, ...]
    operations: tuple[Operation, ...]
    constants: dict[str, Any]
    results: tuple[str, ...]
    arrays: dict[str, tuple[tuple[int, ...], Any]]  # shape and dtype of what is no number


def trace(function: Callable[..., Any], inputs: Mapping[str, Any], equal: bool = False) -> Trace:
    """Return what `function` does to arrays and numbers, or raise an UntraceableError.

    `inputs` are, by name, examples of what it is called with: arrays of the same shape and dtype every time, or any
    numbers. A number compared with another counts as `equal`, or not: rules ask only "is this the first step?", and
    what is traced is every step but that, or that alone.

    >>> trace(lambda t, x: (t * x**2 + 1.0,), {"t": 1, "x": np.array([1.0, 2.0])}).operations
    (('v0', 'square', ('x',)), ('v1', 'multiply', ('t', 'v0')), ('v2', 'add', ('v1', 'c0')))
    """
    tape = _Tape(equal)
    results = function(*(tape.symbol(name, _shape(given), _dtype(given)) for name, given in inputs.items()))
    names = tuple(map(tape.named, results))
    return Trace(tuple(inputs), tuple(tape.operations), tape.constants, names, tape.arrays)


def traced_function(function: Callable[..., Any], names: Sequence[str]) -> Trace:
    """Return what a function of plain numbers does, by their names.

    >>> traced_function(lambda x, y: (np.where(x > y, x, y),), "xy").operations
    (('v0', 'greater', ('x', 'y')), ('v1', 'where', ('v0', 'x', 'y')))
    """
    return trace(function, dict.fromkeys(names, 0.0))


def traced_rule(row: Optimizer, values: Mapping[str, Any], cycled: str = "") -> Trace:
    """Return the update of one coordinate at every step but the first: (t, lr, theta, g, *state) -> (theta, *state).

    A hyperparameter that is `cycled`, a number for every step, comes as one more input behind the state.

    >>> from optim_viz.optimizers.table import OPTIMIZERS
    >>> rule = traced_rule(OPTIMIZERS["momentum"], {"momentum": 0.9})
    >>> rule.inputs, rule.constants, rule.results
    (('t', 'lr', 'theta', 'g', 'momentum_buffer'), {'c0': 0.9}, ('v3', 'v1'))
    >>> rule.operations[:2]
    (('v0', 'multiply', ('c0', 'momentum_buffer')), ('v1', 'add', ('v0', 'g')))
    """
    names = ("t", "lr", "theta", "g", *row.state_names(values))
    if not cycled:
        return traced_function(flat(row.step_with(values, np)), names)

    def step(*given: Any) -> tuple[Any, ...]:
        return flat(row.step_with({**values, cycled: given[-1]}, np))(*given[:-1])

    return traced_function(step, (*names, cycled))


class _Tape:
    """A trace while it grows."""

    def __init__(self, equal: bool) -> None:
        self.equal = equal
        self.operations: list[Operation] = []
        self.constants: dict[str, Any] = {}
        self.arrays: dict[str, tuple[tuple[int, ...], Any]] = {}

    def symbol(self, name: str, shape: tuple[int, ...], dtype: Any) -> _Symbol:
        """What stands for an array or a number."""
        if shape:
            self.arrays[name] = shape, dtype
        return _Symbol(self, name, shape, dtype)

    def named(self, operand: Any) -> str:
        """The name of an operand: a symbol's own, or a new one for a constant."""
        if isinstance(operand, _Symbol):
            return operand.name
        name = f"c{len(self.constants)}"
        self.constants[name] = operand
        return self.symbol(name, _shape(operand), _dtype(operand)).name

    def write(self, ufunc: np.ufunc, operands: tuple[Any, ...]) -> _Symbol:
        """Write down `ufunc(*operands)`."""
        if ufunc is _ERF:
            return self._written("erf", operands, _shape(operands[0]), np.dtype(float))
        if ufunc.nout != 1 or ufunc.signature or getattr(np, ufunc.__name__, None) is not ufunc:
            raise UntraceableError(f"{ufunc.__name__} is no elementwise function of NumPy's.")
        shapes = [_shape(operand) for operand in operands]
        shape = np.broadcast_shapes(*shapes) if any(shapes) else ()
        if ufunc is np.multiply and shape and operands[0] is operands[1]:
            ufunc, operands = np.square, operands[:1]
        if ufunc is np.power and shape and type(operands[1]) in (int, float) and operands[1] in _POWERS:
            ufunc, operands = _POWERS[operands[1]], operands[:1]
        dtype = ufunc.resolve_dtypes((*map(_dtype, operands), None))[-1] if shape else float
        return self._written(ufunc.__name__, operands, shape, dtype)

    def chosen(self, operands: tuple[Any, ...]) -> _Symbol:
        """Write down `where(condition, a, b)`."""
        shapes = [_shape(operand) for operand in operands]
        if any(shapes):
            raise UntraceableError("Data are chosen from.")
        return self._written("where", operands, (), float)

    def _written(self, called: str, operands: tuple[Any, ...], shape: tuple[int, ...], dtype: Any) -> _Symbol:
        name = f"v{len(self.operations)}"
        self.operations.append((name, called, tuple(map(self.named, operands))))
        return self.symbol(name, shape, dtype)


class _Symbol(NDArrayOperatorsMixin):
    """An array, or (of shape ()) a number, that is not known yet."""

    __slots__ = ("dtype", "name", "shape", "tape")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, tape: _Tape, name: str, shape: tuple[int, ...], dtype: Any) -> None:
        self.tape, self.name, self.shape, self.dtype = tape, name, shape, dtype

    def __array_ufunc__(self, ufunc: np.ufunc, method: str, *operands: Any, **options: Any) -> _Symbol:
        if method != "__call__" or options:
            raise UntraceableError(f"{ufunc.__name__} is called with more than operands.")
        return self.tape.write(ufunc, operands)

    def __eq__(self, other: object) -> Any:
        if self.shape:
            raise UntraceableError("Data are compared.")
        return self.tape.equal

    def _unknown(self, *_: Any, **__: Any) -> Any:
        raise UntraceableError("A value is asked for.")

    def __array_function__(self, function: Any, types: Any, operands: Any, options: Any) -> _Symbol:
        if function is not np.where or options:
            raise UntraceableError(f"{function.__name__} is no elementwise function of NumPy's.")
        return self.tape.chosen(operands)

    __bool__ = __float__ = __int__ = __index__ = __len__ = __iter__ = __getitem__ = __array__ = _unknown


def _shape(operand: Any) -> tuple[int, ...]:
    return getattr(operand, "shape", ())


def _dtype(operand: Any) -> Any:
    """An operand's dtype, or the type of a plain number, which gives way to the arrays beside it."""
    return operand.dtype if isinstance(operand, (_Symbol, np.ndarray, np.generic)) else type(operand)
