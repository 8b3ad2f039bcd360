"""The gradient of an expression as straight-line code of few operations.

sympy's own derivative multiplies sums out where a number stands before them, and of a nested text it can be a thousand
times longer than the text. So an expression is differentiated in two ways, as a whole and sum by sum with the chain
rule, and the one of fewer operations is taken. One too long for that is cut up, one operation a line, and each line is
differentiated by itself (forward mode): time and length then grow with the text's length.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from graphlib import TopologicalSorter
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sympy


#: Operations up to which sympy differentiates an expression as a whole.
SHORT = 80
Lines = list[tuple[Any, Any]]  # (symbol, expression) in order
Code = tuple[Lines, tuple[Any, Any]]  # and d/dx and d/dy in terms of them


@functools.lru_cache(maxsize=64)
def gradient(expression: sympy.Expr) -> Code:
    """Return d/dx and d/dy of `expression` as straight-line code: lines, and what they lead to.

    >>> import sympy
    >>> x, y = sympy.symbols("x y", real=True)
    >>> gradient((x + y**2 - 7) ** 2 + x)
    ([(c0, x + y**2 - 7)], (2*c0 + 1, 4*c0*y))
    """
    import sympy

    # Of abs sympy takes real and imaginary parts where it is not sure, of sign a delta function: those go below.
    plain = not expression.has(sympy.sign) and all(a.args[0].is_extended_real for a in expression.atoms(sympy.Abs))
    if plain and sympy.count_ops(expression) <= SHORT:
        ways = [way for way in (_whole(expression), _by_sums(expression)) if not _unsound(way)]
        if ways:
            return min(ways, key=_operations)
    lines, result = _cut(expression, lambda _: True)
    return _forward(lines, result)


def second(expression: sympy.Expr) -> tuple[Lines, tuple[Any, Any, Any]]:
    """Return d2/dx2, d2/dxdy and d2/dy2 of `expression` as straight-line code: each line is differentiated twice.

    >>> import sympy
    >>> x, y = sympy.symbols("x y", real=True)
    >>> second((x + 2 * y) ** 2)[1]
    (2, 4, 8)
    """
    import sympy

    nothing = sympy.S.Zero, sympy.S.Zero
    code, firsts = _forward(*_cut(expression, lambda _: True))
    code, slopes = _with_slopes(code)
    (xx, xy), (_, yy) = (slopes.get(part, nothing) for part in firsts)
    return list(dict(code).items()), (xx, xy, yy)


def as_cse(code: tuple[Lines, tuple[Any, ...]]) -> Callable[[Any], tuple[Lines, list[Any]]]:
    """Return `code` as what sympy.lambdify asks about common subexpressions."""
    lines, parts = code
    return lambda _: (lines, list(parts))


def _unsound(code: Code) -> bool:
    """Whether there is a line that no real number can go through."""
    import sympy

    return any(line.has(sympy.I, sympy.zoo, sympy.nan) for line in _all_lines(code))


def _operations(code: Code) -> int:
    import sympy

    return sum(int(sympy.count_ops(line)) for line in _all_lines(code))


def _all_lines(code: Code) -> list[Any]:
    lines, parts = code
    return [*(line for _, line in lines), *parts]


def _whole(expression: sympy.Expr) -> Code:
    """Differentiate as sympy does, then find what is in common."""
    import sympy

    lines, (gx, gy) = sympy.cse([sympy.diff(expression, variable) for variable in _units()])
    return lines, (gx, gy)


def _by_sums(expression: sympy.Expr) -> Code:
    """Give every sum inside a name, so that it is never multiplied out; then the chain rule, and what is in common."""
    import sympy

    lines, result = _cut(expression, lambda node: node.is_Add and node is not expression)
    slopes = _units()
    for symbol, operation in lines:
        slopes[symbol] = _chain(operation, slopes)
    sums = [operation for _, operation in lines]
    shared, found = sympy.cse([*sums, *_chain(result, slopes)], symbols=sympy.numbered_symbols("k", real=True))
    meanings = dict(shared) | dict(zip((symbol for symbol, _ in lines), found, strict=False))
    gx, gy = found[len(lines) :]
    return _in_order(meanings, (gx, gy)), (gx, gy)


def _in_order(meanings: dict[Any, Any], parts: tuple[Any, Any]) -> Lines:
    """Return the lines that `parts` need, each after those that it needs itself."""
    graph: dict[Any, list[Any]] = {}
    open_ = list(parts)
    while open_:
        inner = open_.pop().free_symbols & meanings.keys() - graph.keys()
        for symbol in sorted(inner, key=str):
            graph[symbol] = sorted(meanings[symbol].free_symbols & meanings.keys(), key=str)
            open_.append(meanings[symbol])
    return [(symbol, meanings[symbol]) for symbol in TopologicalSorter(graph).static_order()]


def _cut(expression: sympy.Expr, named: Callable[[Any], bool]) -> tuple[Lines, Any]:
    """Write every operation that is to be `named` on a line of its own; return the lines and what is left."""
    import sympy

    lines: Lines = []
    known: dict[Any, Any] = {}

    def visit(node: Any) -> Any:
        if node.is_Atom or node.is_number:
            return node
        if node not in known:
            known[node] = node.func(*(visit(part) for part in node.args))
            if named(node):
                lines.append((sympy.Symbol(f"c{len(lines)}", real=True), known[node]))
                known[node] = lines[-1][0]
        return known[node]

    return lines, visit(expression)


def _units() -> dict[Any, tuple[Any, Any]]:
    """The slopes of x and y themselves along x and along y."""
    import sympy

    x, y = sympy.symbols("x y", real=True)
    return {x: (sympy.S.One, sympy.S.Zero), y: (sympy.S.Zero, sympy.S.One)}


def _chain(operation: Any, slopes: dict[Any, tuple[Any, Any]]) -> tuple[Any, Any]:
    """The slopes of an operation from those of the symbols in it: the chain rule."""
    import sympy

    own: list[Any] = [sympy.S.Zero, sympy.S.Zero]
    # The derivative of sign is 0 wherever it exists, also inside of an operation.
    inner = [] if operation.func is sympy.sign else sorted(operation.free_symbols & slopes.keys(), key=str)
    for part in inner:
        outer = sympy.diff(operation, part).replace(sympy.DiracDelta, lambda *_: sympy.S.Zero)
        outer = sympy.nan if outer.has(sympy.I, sympy.zoo) else outer
        own = [total + outer * slope for total, slope in zip(own, slopes[part], strict=True)]
    return own[0], own[1]


def _forward(lines: Lines, result: Any) -> Code:
    """Put the slopes beside the lines; return all lines and the result's own two."""
    import sympy

    code, slopes = _with_slopes(lines)
    return code, slopes.get(result, (sympy.S.Zero, sympy.S.Zero))


def _with_slopes(lines: Lines) -> tuple[Lines, dict[Any, tuple[Any, Any]]]:
    """The lines with their slopes beside them, and what the slopes of each are called."""
    import sympy

    code: Lines = []
    slopes = _units()
    for symbol, operation in lines:
        code.append((symbol, operation))
        own = _chain(operation, slopes)
        names = [sympy.Symbol(f"d{symbol.name}{axis}", real=True) for axis in "xy"]
        code += [(name, slope) for name, slope in zip(names, own, strict=True) if not slope.is_Atom]
        along_x, along_y = (s if s.is_Atom else n for n, s in zip(names, own, strict=True))
        slopes[symbol] = along_x, along_y
    return code, slopes
