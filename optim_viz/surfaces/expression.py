"""Typed text to a sympy expression, through our own whitelist of syntax: never eval, never sympify.

The text is written in Python's grammar, parsed by Python's `ast` (which runs nothing), every node is looked up in a
table, and each constant is bounded before sympy may compute with it. What is wrong is said in a sentence that points at
the place.
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from optim_viz.language import N_
from optim_viz.spec import PARAMETERS, Surface, quoted
from optim_viz.surfaces.functions import FUNCTIONS, own
from optim_viz.surfaces.pasted import ExpressionError, canonical

if TYPE_CHECKING:
    import sympy


MAX_LENGTH, MAX_NODES, MAX_DEPTH, MAX_EXPONENT = 300, 200, 40, 64
#: Constants are folded by sympy in exact arithmetic: bounded so that no number grows past 64-bit floats.
MAX_CONSTANT = 1e300
#: What a function of one's own is made of.
OF_WEIGHTS = ("x", "y", *PARAMETERS)
#: What the expression of a finite sum is made of: weights and an example.
OF_EXAMPLES = ("x", "y", "u", "v")


@functools.lru_cache(maxsize=512)
def parse(text: str, names: tuple[str, ...] = OF_WEIGHTS) -> sympy.Expr:
    """Return `text` as a sympy expression in the real symbols `names`.

    Allowed: the names, numbers, pi, e, + - * / ** ^ and parentheses, the functions in FUNCTIONS, and the ways in which
    people write them (see pasted.canonical). log is the natural one.
    Raises ExpressionError, a sentence with the place.

    >>> parse("(1 - x)^2 + 100*(y - x^2)^2")
    (1 - x)**2 + 100*(-x**2 + y)**2
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            N_(
                "A function may have {most} characters; this has {count:,}",
                most=MAX_LENGTH,
                count=len(text),
            ),
            text,
            MAX_LENGTH,
        )
    if not text.strip():
        raise ExpressionError("Type a function of x and y, such as x^2 + 10*y^2", text, 0)
    return _Reader(text, names).read()


def letters(text: str) -> tuple[str, ...]:
    """Return those of PARAMETERS that a typed function holds; ExpressionError where it cannot be read.

    >>> letters("a*x^2 + 2by")
    ('a', 'b')
    """
    held = {symbol.name for symbol in parse(text).free_symbols}
    return tuple(letter for letter in PARAMETERS if letter in held)


def of_x_alone(text: str) -> bool:
    """Return whether a typed function holds x and not y; ExpressionError where it cannot be read.

    >>> of_x_alone("a*x^4 - 3x"), of_x_alone("2xy"), of_x_alone("a + 1")
    (True, False, False)
    """
    held = {symbol.name for symbol in parse(text).free_symbols}
    return "x" in held and "y" not in held


def with_numbers(surface: Surface) -> sympy.Expr:
    """Return a surface's expression with its parameters' values in the place of their letters.

    >>> with_numbers(Surface("own", "", "a*x^2 + y", (-1, 1, -1, 1), (0, 0), parameters=(("a", 2.5),)))
    2.5*x**2 + y
    """
    import sympy

    expression = parse(surface.expression, OF_EXAMPLES if surface.data else OF_WEIGHTS)
    values = {sympy.Symbol(name, real=True): sympy.Float(value) for name, value in surface.parameters}
    return expression.subs(values).replace(own()["raised"], sympy.Pow) if values else expression


class _Reader:
    """Walks one syntax tree; keeps the text so that a complaint can point at its place."""

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        import sympy  # 0.3 s: only when something is parsed

        self.text, self.sympy = text, sympy
        self.symbols = {name: sympy.Symbol(name, real=True) for name in names}
        self.symbols |= {"pi": sympy.pi, "e": sympy.E}
        self.parameters = {self.symbols[name] for name in PARAMETERS if name in self.symbols}
        self.source, self.columns = canonical(text, names)

    def read(self) -> sympy.Expr:
        try:
            tree = ast.parse(self.source, mode="eval")
        except SyntaxError as error:
            column = self._typed((error.offset or 1) - 1)
            raise ExpressionError("This cannot be read as a function", self.text, column) from None
        except (ValueError, RecursionError, MemoryError):
            raise ExpressionError("This is nested too deeply to read", self.text, 0) from None
        # Counted before anything is computed: what is too long is refused at once.
        parts = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
        if len(parts) > MAX_NODES:
            raise self.fail(
                N_("A function may have {most} parts; this has {count}", most=MAX_NODES, count=len(parts)),
                parts[-1],
            )
        return self.visit(tree.body, 0)

    def _typed(self, position: int) -> int:
        return self.columns[min(max(position, 0), len(self.columns) - 1)]

    def fail(self, message: str, node: ast.AST) -> ExpressionError:
        return ExpressionError(message, self.text, self._typed(getattr(node, "col_offset", 0)))

    def visit(self, node: ast.AST, depth: int) -> sympy.Expr:
        if depth > MAX_DEPTH:
            raise self.fail(N_("A function may be nested {most} deep; this is deeper", most=MAX_DEPTH), node)
        visitor = _NODES.get(type(node))
        if visitor is None:
            raise self.fail(N_("Only numbers, x, y, + - * / ^ and the usual functions may be used"), node)
        return self.bounded(visitor(self, node, depth + 1), node)

    def bounded(self, value: sympy.Expr, node: ast.AST) -> sympy.Expr:
        """Refuse constants that are not finite real numbers of a sensible size."""
        if value.is_number:
            size = complex(value.evalf(15)) if value.is_finite is not False else complex(math.nan)
            if size.imag != 0 or not abs(size.real) <= MAX_CONSTANT:
                raise self.fail(N_("This part has no finite real value"), node)
        elif value.has(self.sympy.I, self.sympy.zoo, self.sympy.nan, self.sympy.oo):
            raise self.fail(N_("This part has no finite real value"), node)
        # sympy multiplies whole numbers out, wherever in a product they stand.
        if any(max(abs(n.p), n.q) > MAX_CONSTANT for n in value.atoms(self.sympy.Rational)):
            raise self.fail(N_("Numbers may go up to {most:g}", most=MAX_CONSTANT), node)
        return value

    def constant(self, node: ast.Constant, depth: int) -> sympy.Expr:
        if type(node.value) is not int and type(node.value) is not float:
            raise self.fail(N_("{value} is not a number", value=quoted(node.value)), node)
        if not abs(node.value) <= MAX_CONSTANT:
            raise self.fail(N_("Numbers may go up to {most:g}", most=MAX_CONSTANT), node)
        return self.sympy.Integer(node.value) if type(node.value) is int else self.sympy.Float(node.value)

    def name(self, node: ast.Name, depth: int) -> sympy.Expr:
        if node.id not in self.symbols:
            raise self.fail(N_("Unknown name {word}", word=quoted(node.id)), node)
        return self.symbols[node.id]

    def unary(self, node: ast.UnaryOp, depth: int) -> sympy.Expr:
        value = self.visit(node.operand, depth)
        if isinstance(node.op, ast.USub):
            return -value
        if isinstance(node.op, ast.UAdd):
            return value
        raise self.fail(N_("Only + and - may stand before a value"), node)

    def binary(self, node: ast.BinOp, depth: int) -> sympy.Expr:
        # x + y + ... reads as ((x + y) + ...): a long sum or product is not a deep one.
        chain = isinstance(node.left, ast.BinOp) and type(node.left.op) is type(node.op) is not ast.Pow
        left, right = self.visit(node.left, depth - 1 if chain else depth), self.visit(node.right, depth)
        if isinstance(node.op, ast.Pow):
            return self.power(left, right, node)
        if isinstance(node.op, ast.Div) and right.is_zero:
            raise self.fail(N_("This divides by zero"), node.right)
        operation = _OPERATIONS.get(type(node.op))
        if operation is None:
            raise self.fail(N_("Only + - * / and ^ may join two values"), node)
        return operation(left, right)

    def power(self, base: sympy.Expr, exponent: sympy.Expr, node: ast.BinOp) -> sympy.Expr:
        if exponent.is_number:
            size = float(exponent)
            if abs(size) > MAX_EXPONENT:
                raise self.fail(N_("Exponents may go from -{most} to {most}", most=MAX_EXPONENT), node.right)
            if base.is_zero and size <= 0:
                raise self.fail(N_("0 may only be raised to a positive power"), node)
            # Checked before sympy computes it: exact powers of large integers would fill the memory.
            if base.is_number and abs(size) * abs(math.log10(abs(float(base)) or 1.0)) > 300:
                raise self.fail(N_("Numbers may go up to {most:g}", most=MAX_CONSTANT), node)
        elif base.is_number and float(base) < 0:
            raise self.fail(N_("A negative number may only be raised to a fixed power"), node)
        of_parameters = exponent.free_symbols and exponent.free_symbols <= self.parameters
        return own()["raised"](base, exponent) if of_parameters else base**exponent

    def call(self, node: ast.Call, depth: int) -> sympy.Expr:
        if not isinstance(node.func, ast.Name) or node.func.id not in FUNCTIONS:
            raise self.fail(N_("Only the usual functions can be called, as in sin(x)"), node)
        name, row = node.func.id, FUNCTIONS[node.func.id]
        plain = not node.keywords and not any(isinstance(part, ast.Starred) for part in node.args)
        if not plain or not row.fewest <= len(node.args) <= row.most:
            raise self.fail(
                N_(
                    "{name} takes {arguments}, as in {name}({letters})",
                    name=name,
                    arguments=row.arguments,
                    letters=", ".join("xy"[: row.fewest]),
                ),
                node,
            )
        parts = [self.visit(part, depth) for part in node.args]
        if name.startswith("log") and parts[0].is_zero:
            raise self.fail(N_("{name}(0) has no finite value", name=name), node)
        if name in ("exp", "sinh", "cosh") and parts[0].is_number and abs(float(parts[0])) > 690:
            raise self.fail(N_("Numbers may go up to {most:g}", most=MAX_CONSTANT), node)
        return row.make(*parts)


_OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
    ast.Div: lambda a, b: a / b,
}
_NODES: dict[type, Callable[[_Reader, Any, int], Any]] = {
    ast.Constant: _Reader.constant,
    ast.Name: _Reader.name,
    ast.UnaryOp: _Reader.unary,
    ast.BinOp: _Reader.binary,
    ast.Call: _Reader.call,
}
