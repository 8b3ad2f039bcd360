"""A surface's loss and derivatives written down as operations, in the order in which Python floats go through them.

What `compiled` has as functions on floats stands here as traces: the browser's engine is written from them.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.optimizers.trace import Trace, erf, traced_function
from optim_viz.surfaces.compiled import float_printer, without_examples
from optim_viz.surfaces.expression import OF_EXAMPLES, letters, parse
from optim_viz.surfaces.gradient import as_cse, gradient
from optim_viz.surfaces.second import second_function

#: What the printed code calls, as functions that can be traced.
_NAMES: dict[str, Any] = {
    **{name: getattr(np, name) for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "sqrt", "sign")},
    **{name: getattr(np, f"arc{name[1:]}") for name in ("asin", "acos", "atan", "atan2")},
    **{"pow": np.power, "raised": np.power, "erf": erf, "maximum": np.maximum, "minimum": np.minimum},
    **{"pi": math.pi, "e": math.e, "relu": lambda z: np.maximum(z, 0.0)},
    "softplus": lambda z: np.maximum(z, 0.0) + np.log1p(np.exp(-np.abs(z))),
}


@dataclass(frozen=True)
class Traced:
    """Functions of (x, y, *parameters); of an example's u and v as well where `examples` says so: means over them."""

    value: Trace
    gradient: Trace
    examples: bool = False


@functools.lru_cache(maxsize=64)
def traced(expression: str, data: str = "") -> Traced:
    """Return the full loss of a surface's expression and its gradient, whatever its parameters.

    >>> found = traced("(x + 2*y - 7)^2").gradient
    >>> found.inputs, [name for _, name, _ in found.operations]
    (('x', 'y'), ['multiply', 'add', 'subtract', 'multiply', 'multiply'])
    """
    if not data:
        return _written(parse(expression), _names(expression, data))
    known = without_examples(parse(expression, OF_EXAMPLES), data)
    return traced_examples(expression) if known is None else _written(known, ("x", "y"))


@functools.lru_cache(maxsize=16)
def traced_examples(expression: str) -> Traced:
    """Return loss and gradient of one example of a finite sum: what a mini-batch takes the mean of."""
    return _written(parse(expression, OF_EXAMPLES), OF_EXAMPLES, examples=True)


def traced_hessian(expression: str, data: str = "") -> Trace | None:
    """Return the second derivatives (xx, xy, yy), of one example where there are any; None of a long expression."""
    function = second_function(expression, bool(data))
    return None if function is None else traced_function(function, _names(expression, data))


def _names(expression: str, data: str) -> tuple[str, ...]:
    return OF_EXAMPLES if data else ("x", "y", *letters(expression))


def _written(expression: Any, names: Sequence[str], examples: bool = False) -> Traced:
    import sympy

    symbols = [sympy.Symbol(name, real=True) for name in names]
    slopes = gradient(expression)
    options = {"modules": [_NAMES], "printer": _printer()}
    value = sympy.lambdify(symbols, expression, cse=True, **options)
    both = sympy.lambdify(symbols, slopes[1], cse=as_cse(slopes), **options)
    return Traced(traced_function(lambda *at: (value(*at),), names), traced_function(both, names), examples)


def _printer() -> Any:
    """The floats' printer, but for sign, which it prints as a question about a value."""

    class TracePrinter(type(float_printer())):  # type: ignore[misc]
        def _print_sign(self, expr: Any) -> str:
            return f"sign({self._print(expr.args[0])})"

    return TracePrinter({"fully_qualified_modules": False, "allow_unknown_functions": True})
