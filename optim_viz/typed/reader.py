"""A typed formula through our own whitelist of syntax: never eval.

The text is written in Python's grammar, parsed by Python's `ast` (which runs nothing), and every node is looked up in a
table. What is wrong is said in a sentence that points at the place. What a formula is made into, sympy's expression or
numbers, a reader of one's own says.
"""

from __future__ import annotations

import ast
import copy
from collections.abc import Callable, Mapping
from typing import Any, Self

from optim_viz.language import N_
from optim_viz.spec import quoted
from optim_viz.typed.dialect import Dialect, Function
from optim_viz.typed.pasted import ExpressionError, canonical

MAX_LENGTH, MAX_NODES, MAX_DEPTH = 300, 200, 40
#: Constants are bounded so that no number grows past 64-bit floats.
MAX_CONSTANT = 1e300


def tree(text: str, dialect: Dialect) -> tuple[ast.expr, list[int]]:
    """Return the syntax tree of a formula, and where each character of its canonical text was typed.

    Raises ExpressionError, a sentence with the place.
    """
    if len(text) > MAX_LENGTH:
        raise ExpressionError(
            N_("A function may have {most} characters; this has {count:,}", most=MAX_LENGTH, count=len(text)),
            text,
            MAX_LENGTH,
        )
    if not text.strip():
        said = N_("Type a function of {letters}, such as {example}", letters=dialect.letters, example=dialect.example)
        raise ExpressionError(said, text, 0)
    source, columns = canonical(text, dialect)
    try:
        return ast.parse(source, mode="eval").body, columns
    except SyntaxError as error:
        if not error.offset:  # Python has come to its end, and is not through
            raise ExpressionError(
                "This cannot be read as a function: something is missing at its end", text, len(text)
            ) from None
        raise ExpressionError("This cannot be read as a function", text, at(columns, error.offset - 1)) from None
    except (ValueError, RecursionError, MemoryError):
        raise ExpressionError("This is nested too deeply to read", text, 0) from None


def at(columns: list[int], position: int) -> int:
    """The column where a character of the canonical text was typed."""
    return columns[min(max(position, 0), len(columns) - 1)]


class Reader:
    """Walks one syntax tree; keeps the text so that a complaint can point at its place.

    `symbols` are what the dialect's names stand for. Readers of one's own say what a constant, a power and a function
    are, and what must not come out of a node.
    """

    def __init__(self, text: str, dialect: Dialect, symbols: Mapping[str, Any]) -> None:
        self.text, self.dialect, self.symbols = text, dialect, symbols
        self.tree, self.columns = tree(text, dialect)
        # Counted before anything is computed: what is too long is refused at once.
        parts = [node for node in ast.walk(self.tree) if isinstance(node, ast.expr)]
        if len(parts) > MAX_NODES:
            raise self.fail(
                N_("A function may have {most} parts; this has {count}", most=MAX_NODES, count=len(parts)), parts[-1]
            )

    def beside(self, symbols: Mapping[str, Any]) -> Self:
        """Return a reader of the same tree whose names stand for something else."""
        other = copy.copy(self)
        other.symbols = symbols
        return other

    def read(self) -> Any:
        """What the formula is."""
        return self.visit(self.tree, 0)

    def fail(self, message: str, node: ast.AST) -> ExpressionError:
        """A complaint that points at a node."""
        return ExpressionError(message, self.text, at(self.columns, getattr(node, "col_offset", 0)))

    def visit(self, node: ast.AST, depth: int) -> Any:
        """What a node is."""
        if depth > MAX_DEPTH:
            raise self.fail(N_("A function may be nested {most} deep; this is deeper", most=MAX_DEPTH), node)
        visitor = _NODES.get(type(node))
        if visitor is None:
            said = N_(
                "Only numbers, {letters}, + - * / ^ and the usual functions may be used",
                letters=", ".join(self.dialect.names[:2]),
            )
            raise self.fail(said, node)
        return self.bounded(visitor(self, node, depth + 1), node)

    def bounded(self, value: Any, node: ast.AST) -> Any:
        """`value`, unless it may not be."""
        return value

    def number(self, value: float) -> Any:
        """A number."""
        raise NotImplementedError

    def divided(self, left: Any, right: Any, node: ast.BinOp) -> Any:
        """A quotient."""
        return left / right

    def power(self, base: Any, exponent: Any, node: ast.BinOp) -> Any:
        """A power."""
        return base**exponent

    def called(self, row: Function, parts: list[Any], node: ast.Call) -> Any:
        """What a function makes of its arguments."""
        return row.make(*parts)

    def _constant(self, node: ast.Constant, depth: int) -> Any:
        if type(node.value) is not int and type(node.value) is not float:
            raise self.fail(N_("{value} is not a number", value=quoted(node.value)), node)
        if not abs(node.value) <= MAX_CONSTANT:
            raise self.fail(N_("Numbers may go up to {most:g}", most=MAX_CONSTANT), node)
        return self.number(node.value)

    def _name(self, node: ast.Name, depth: int) -> Any:
        if node.id not in self.symbols:
            raise self.fail(N_("Unknown name {word}", word=quoted(node.id)), node)
        return self.symbols[node.id]

    def _unary(self, node: ast.UnaryOp, depth: int) -> Any:
        value = self.visit(node.operand, depth)
        if isinstance(node.op, ast.USub):
            return -value
        if isinstance(node.op, ast.UAdd):
            return value
        raise self.fail(N_("Only + and - may stand before a value"), node)

    def _binary(self, node: ast.BinOp, depth: int) -> Any:
        # x + y + ... reads as ((x + y) + ...): a long sum or product is not a deep one.
        chain = isinstance(node.left, ast.BinOp) and type(node.left.op) is type(node.op) is not ast.Pow
        left, right = self.visit(node.left, depth - 1 if chain else depth), self.visit(node.right, depth)
        if isinstance(node.op, ast.Pow):
            return self.power(left, right, node)
        if isinstance(node.op, ast.Div):
            return self.divided(left, right, node)
        operation = _OPERATIONS.get(type(node.op))
        if operation is None:
            raise self.fail(N_("Only + - * / and ^ may join two values"), node)
        return operation(left, right)

    def _call(self, node: ast.Call, depth: int) -> Any:
        functions = self.dialect.functions
        if not isinstance(node.func, ast.Name) or node.func.id not in functions:
            raise self.fail(N_("Only the usual functions can be called, as in sin(x)"), node)
        name, row = node.func.id, functions[node.func.id]
        plain = not node.keywords and not any(isinstance(part, ast.Starred) for part in node.args)
        if not plain or not row.fewest <= len(node.args) <= row.most:
            said = N_(
                "{name} takes {arguments}, as in {name}({letters})",
                name=name,
                arguments=row.arguments,
                letters=", ".join(self.dialect.names[: row.fewest]),
            )
            raise self.fail(said, node)
        return self.called(row, [self.visit(part, depth) for part in node.args], node)


_OPERATIONS: dict[type, Callable[[Any, Any], Any]] = {
    ast.Add: lambda a, b: a + b,
    ast.Sub: lambda a, b: a - b,
    ast.Mult: lambda a, b: a * b,
}
_NODES: dict[type, Callable[[Reader, Any, int], Any]] = {
    ast.Constant: Reader._constant,
    ast.Name: Reader._name,
    ast.UnaryOp: Reader._unary,
    ast.BinOp: Reader._binary,
    ast.Call: Reader._call,
}
