"""Typed text to a sympy expression, through our own whitelist of syntax: never eval, never sympify.

The text is parsed by Python's `ast` (which runs nothing), every node is looked up in a table, and each constant is
bounded before sympy may compute with it. What is wrong is said in a sentence that points at the place.
"""

from __future__ import annotations

import ast
import functools
import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from optim_viz.spec import SpecError, nearest, quoted

if TYPE_CHECKING:
    import sympy


MAX_LENGTH, MAX_NODES, MAX_DEPTH, MAX_EXPONENT = 300, 200, 40, 64
#: Constants are folded by sympy in exact arithmetic: bounded so that no number grows past 64-bit floats.
MAX_CONSTANT = 1e300
FUNCTIONS = ["sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "sqrt", "abs", "sign"]
FUNCTIONS.append("softplus")  # log(1 + e^z), ours: sympy has none


class ExpressionError(SpecError):
    """A typed function that cannot be used; `column` is where, counted from 0."""

    def __init__(self, message: str, text: str, column: int) -> None:
        self.text, self.column = text, max(0, min(column, len(text)))
        super().__init__(f"{message} (at character {self.column + 1})")


@functools.lru_cache(maxsize=512)
def parse(text: str, names: tuple[str, ...] = ("x", "y")) -> sympy.Expr:
    """Return `text` as a sympy expression in the real symbols `names`.

    Allowed: the names, numbers, pi, e, + - * / ** ^ and parentheses, and the functions in FUNCTIONS.
    Raises ExpressionError, a sentence with the place.

    >>> parse("(1 - x)^2 + 100*(y - x^2)^2")
    (1 - x)**2 + 100*(-x**2 + y)**2
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(f"A function may have {MAX_LENGTH} characters; this has {len(text):,}", text, MAX_LENGTH)
    if not text.strip():
        raise ExpressionError("Type a function of x and y, such as x^2 + 10*y^2", text, 0)
    return _Reader(text, names).read()


class _Reader:
    """Walks one syntax tree; keeps the text so that a complaint can point at its place."""

    def __init__(self, text: str, names: tuple[str, ...]) -> None:
        import sympy  # 0.3 s: only when something is parsed

        self.text, self.sympy = text, sympy
        self.symbols = {name: sympy.Symbol(name, real=True) for name in names}
        self.symbols |= {"pi": sympy.pi, "e": sympy.E}
        # "^" becomes "**" before parsing: columns[i] is where character i of the parsed text was typed.
        self.source, self.columns = "", [0]
        for column, character in enumerate(text):
            piece = "**" if character == "^" else " " if character in "\n\r\t" else character
            self.source += piece
            self.columns[-1:] = [column] * len(piece) + [column + 1]

    def read(self) -> sympy.Expr:
        for column, character in enumerate(self.text):
            if not (character.isascii() and (character.isalnum() or character in " \t\r\n+-*/^().,_")):
                raise ExpressionError(f"{character!r} has no meaning in a function", self.text, column)
        lead = len(self.source) - len(self.source.lstrip())
        try:
            tree = ast.parse(self.source.lstrip(), mode="eval")
        except SyntaxError as error:
            raise self._unreadable(error, lead) from None
        except (ValueError, RecursionError, MemoryError):
            raise ExpressionError("This is nested too deeply to read", self.text, 0) from None
        self.lead = lead
        # Counted before anything is computed: what is too long is refused at once.
        parts = [node for node in ast.walk(tree) if isinstance(node, ast.expr)]
        if len(parts) > MAX_NODES:
            raise self.fail(f"A function may have {MAX_NODES} parts; this has {len(parts)}", parts[-1])
        return self.visit(tree.body, 0)

    def _unreadable(self, error: SyntaxError, lead: int) -> ExpressionError:
        column = self._typed((error.offset or 1) - 1 + lead)
        if self.text.count("(") != self.text.count(")"):
            return ExpressionError("The parentheses do not pair up", self.text, column)
        return ExpressionError("This cannot be read as a function; write products with *, as in 2*x", self.text, column)

    def _typed(self, position: int) -> int:
        return self.columns[min(max(position, 0), len(self.columns) - 1)]

    def fail(self, message: str, node: ast.AST) -> ExpressionError:
        return ExpressionError(message, self.text, self._typed(getattr(node, "col_offset", 0) + self.lead))

    def visit(self, node: ast.AST, depth: int) -> sympy.Expr:
        if depth > MAX_DEPTH:
            raise self.fail(f"A function may be nested {MAX_DEPTH} deep; this is deeper", node)
        visitor = _NODES.get(type(node))
        if visitor is None:
            raise self.fail("Only numbers, x, y, + - * / ^ and the usual functions may be used", node)
        return self.bounded(visitor(self, node, depth + 1), node)

    def bounded(self, value: sympy.Expr, node: ast.AST) -> sympy.Expr:
        """Refuse constants that are not finite real numbers of a sensible size."""
        if value.is_number:
            size = complex(value.evalf(15)) if value.is_finite is not False else complex(math.nan)
            if size.imag != 0 or not abs(size.real) <= MAX_CONSTANT:
                raise self.fail("This part has no finite real value", node)
        elif value.has(self.sympy.I, self.sympy.zoo, self.sympy.nan, self.sympy.oo):
            raise self.fail("This part has no finite real value", node)
        # sympy multiplies whole numbers out, wherever in a product they stand.
        if any(max(abs(n.p), n.q) > MAX_CONSTANT for n in value.atoms(self.sympy.Rational)):
            raise self.fail(f"Numbers may go up to {MAX_CONSTANT:g}", node)
        return value

    def constant(self, node: ast.Constant, depth: int) -> sympy.Expr:
        if type(node.value) is not int and type(node.value) is not float:
            raise self.fail(f"{quoted(node.value)} is not a number", node)
        if not abs(node.value) <= MAX_CONSTANT:
            raise self.fail(f"Numbers may go up to {MAX_CONSTANT:g}", node)
        return self.sympy.Integer(node.value) if type(node.value) is int else self.sympy.Float(node.value)

    def name(self, node: ast.Name, depth: int) -> sympy.Expr:
        if node.id in self.symbols:
            return self.symbols[node.id]
        if node.id in FUNCTIONS:
            raise self.fail(f"{node.id} needs its argument in parentheses, as in {node.id}(x)", node)
        raise self.fail(f"Unknown name {quoted(node.id)}; {nearest(node.id, [*self.symbols, *FUNCTIONS])}", node)

    def unary(self, node: ast.UnaryOp, depth: int) -> sympy.Expr:
        value = self.visit(node.operand, depth)
        if isinstance(node.op, ast.USub):
            return -value
        if isinstance(node.op, ast.UAdd):
            return value
        raise self.fail("Only + and - may stand before a value", node)

    def binary(self, node: ast.BinOp, depth: int) -> sympy.Expr:
        # x + y + ... reads as ((x + y) + ...): a long sum or product is not a deep one.
        chain = isinstance(node.left, ast.BinOp) and type(node.left.op) is type(node.op) is not ast.Pow
        left, right = self.visit(node.left, depth - 1 if chain else depth), self.visit(node.right, depth)
        if isinstance(node.op, ast.Pow):
            return self.power(left, right, node)
        if isinstance(node.op, ast.Div) and right.is_zero:
            raise self.fail("This divides by zero", node.right)
        operation = _OPERATIONS.get(type(node.op))
        if operation is None:
            raise self.fail("Only + - * / and ^ may join two values", node)
        return operation(left, right)

    def power(self, base: sympy.Expr, exponent: sympy.Expr, node: ast.BinOp) -> sympy.Expr:
        if exponent.is_number:
            size = float(exponent)
            if abs(size) > MAX_EXPONENT:
                raise self.fail(f"Exponents may go from -{MAX_EXPONENT} to {MAX_EXPONENT}", node.right)
            if base.is_zero and size <= 0:
                raise self.fail("0 may only be raised to a positive power", node)
            # Checked before sympy computes it: exact powers of large integers would fill the memory.
            if base.is_number and abs(size) * abs(math.log10(abs(float(base)) or 1.0)) > 300:
                raise self.fail(f"Numbers may go up to {MAX_CONSTANT:g}", node)
        elif base.is_number and float(base) < 0:
            raise self.fail("A negative number may only be raised to a fixed power", node)
        return base**exponent

    def call(self, node: ast.Call, depth: int) -> sympy.Expr:
        if not isinstance(node.func, ast.Name):
            raise self.fail("Only the usual functions can be called, as in sin(x)", node)
        if node.func.id not in FUNCTIONS:
            known = node.func.id in self.symbols
            hint = "write products with *" if known else nearest(node.func.id, FUNCTIONS)
            raise self.fail(f"{quoted(node.func.id)} is not a function; {hint}", node.func)
        if len(node.args) != 1 or node.keywords or isinstance(node.args[0], ast.Starred):
            raise self.fail(f"{node.func.id} takes one argument, as in {node.func.id}(x)", node)
        argument = self.visit(node.args[0], depth)
        if node.func.id == "log" and argument.is_zero:
            raise self.fail("log(0) has no finite value", node)
        if node.func.id in ("exp", "sinh", "cosh") and argument.is_number and abs(float(argument)) > 690:
            raise self.fail(f"Numbers may go up to {MAX_CONSTANT:g}", node)
        if node.func.id == "softplus":
            return softplus()(argument)
        sympy_name = {"abs": "Abs"}.get(node.func.id, node.func.id)
        return getattr(self.sympy, sympy_name)(argument)


@functools.cache
def softplus() -> Any:
    """The sympy function softplus(z) = log(1 + e^z), whose compiled form does not overflow."""
    import sympy

    class Softplus(sympy.Function):
        nargs = 1

        def fdiff(self, argindex: int = 1) -> Any:
            return 1 / (1 + sympy.exp(-self.args[0]))

        def _eval_evalf(self, prec: int) -> Any:
            return sympy.log(1 + sympy.exp(self.args[0]))._eval_evalf(prec)

        def _torchcode(self, printer: Any, *_: Any) -> str:
            return f"softplus({printer._print(self.args[0])})"

        def _eval_is_extended_real(self) -> Any:
            return self.args[0].is_extended_real

    Softplus.__name__ = "softplus"
    return Softplus


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
