"""A surface's exact second derivatives, compiled when a verdict first asks for them."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np

from optim_viz.spec import Surface
from optim_viz.surfaces.compiled import array_function
from optim_viz.surfaces.examples import examples
from optim_viz.surfaces.expression import OF_EXAMPLES, letters, parse
from optim_viz.surfaces.gradient import SHORT, as_cse, second

Hessian = Callable[[float, float], np.ndarray]


def second_derivatives(surface: Surface) -> Hessian | None:
    """Return what gives the exact Hessian at a point, float64 [2, 2]; None of a long expression.

    It takes 10 to 120 ms to compile (0.5 s, were a long one not refused), so ask for it late.

    >>> from optim_viz import SURFACES
    >>> second_derivatives(SURFACES["quadratic"])(1.0, 1.0).tolist()
    [[1.0, 0.0], [0.0, 10.0]]
    """
    function = second_function(surface.expression, bool(surface.data))
    if function is None:
        return None
    more = tuple(examples(surface.data).T) if surface.data else tuple(value for _, value in surface.parameters)

    def hessian(x: float, y: float) -> np.ndarray:
        with np.errstate(all="ignore"):
            xx, xy, yy = (float(np.mean(part)) for part in function(np.float64(x), np.float64(y), *more))
        return np.array([[xx, xy], [xy, yy]])

    return hessian


@functools.lru_cache(maxsize=64)
def second_function(text: str, of_examples: bool) -> Callable[..., tuple[float, float, float]] | None:
    """Return the second derivatives (xx, xy, yy) as a function of (x, y, *parameters) or of an example, unless long."""
    import sympy

    names = OF_EXAMPLES if of_examples else ("x", "y", *letters(text))
    expression = parse(text, names) if of_examples else parse(text)
    if sympy.count_ops(expression) > SHORT:
        return None
    lines, parts = second(expression)
    if any(line.has(sympy.I, sympy.zoo, sympy.nan, sympy.Derivative) for line in (*dict(lines).values(), *parts)):
        return None
    symbols = [sympy.Symbol(name, real=True) for name in names]
    return array_function(symbols, parts, as_cse((lines, parts)))
