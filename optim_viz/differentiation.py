"""The gradient of an expression as straight-line code, in time and length that grow with the expression's length.

sympy's own derivative of a nested text can be a thousand times longer than the text. So a long expression is cut up
first, one operation a line, and each line is differentiated by itself (forward mode). A short one is left to sympy,
whose simplifications make faster code.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sympy

#: Operations up to which sympy differentiates an expression as a whole.
SHORT = 80
Lines = list[tuple[Any, Any]]  # (symbol, expression) in order


def gradient(expression: sympy.Expr) -> tuple[tuple[sympy.Expr, sympy.Expr], bool | Callable[..., Any]]:
    """Return d/dx and d/dy of `expression`, and what sympy.lambdify is to be told about common subexpressions.

    >>> import sympy
    >>> x, y = sympy.symbols("x y", real=True)
    >>> gradient(x**2 + 10 * y**2)[0]
    (2*x, 20*y)
    """
    import sympy

    x, y = sympy.symbols("x y", real=True)
    # Of abs sympy takes real and imaginary parts where it is not sure, of sign a delta function: those go below.
    plain = not expression.has(sympy.sign) and all(a.args[0].is_extended_real for a in expression.atoms(sympy.Abs))
    if plain and sympy.count_ops(expression) <= SHORT:
        slopes = (sympy.diff(expression, x), sympy.diff(expression, y))
        if not any(slope.has(sympy.I, sympy.zoo) for slope in slopes):
            return slopes, True
    lines, result = _cut(expression)
    code, parts = _forward(lines, result, (x, y))
    return parts, lambda _: (code, list(parts))


def _cut(expression: sympy.Expr) -> tuple[Lines, sympy.Expr]:
    """Write `expression` as one operation a line; return the lines and what stands for the result."""
    import sympy

    lines: Lines = []
    known: dict[Any, Any] = {}

    def visit(node: Any) -> Any:
        if node.is_Atom or node.is_number:
            return node
        if node not in known:
            operation = node.func(*(visit(part) for part in node.args))
            known[node] = sympy.Symbol(f"c{len(lines)}", real=True)
            lines.append((known[node], operation))
        return known[node]

    result = visit(expression)
    return lines, result


def _forward(lines: Lines, result: Any, variables: tuple[Any, Any]) -> tuple[Lines, tuple[Any, Any]]:
    """Put the derivatives with respect to `variables` beside the lines; return all lines and the result's own two."""
    import sympy

    code: Lines = []
    slopes: dict[Any, tuple[Any, Any]] = {variables[0]: (sympy.S.One, sympy.S.Zero)}
    slopes[variables[1]] = (sympy.S.Zero, sympy.S.One)
    for symbol, operation in lines:
        code.append((symbol, operation))
        own: list[Any] = [sympy.S.Zero, sympy.S.Zero]
        # The derivative of sign is 0 wherever it exists.
        inner = [] if operation.func is sympy.sign else sorted(operation.free_symbols, key=str)
        for part in inner:
            outer = sympy.diff(operation, part)
            outer = sympy.nan if outer.has(sympy.I, sympy.zoo) else outer
            own = [total + outer * slope for total, slope in zip(own, slopes.get(part, own), strict=True)]
        names = [sympy.Symbol(f"d{symbol.name}{axis}", real=True) for axis in "xy"]
        for name, slope in zip(names, own, strict=True):
            if not slope.is_Atom:
                code.append((name, slope))
        slopes[symbol] = tuple(s if s.is_Atom else n for n, s in zip(names, own, strict=True))
    nothing = (sympy.S.Zero, sympy.S.Zero)
    return code, slopes.get(result, nothing)
