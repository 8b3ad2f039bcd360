"""Typed text to a sympy expression, through our own whitelist of syntax: never eval, never sympify.

`typed.reader` walks the tree; each constant is bounded before sympy may compute with it.
"""

from __future__ import annotations

import ast
import functools
import math
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from optim_viz.language import N_
from optim_viz.spec import PARAMETERS, Surface
from optim_viz.surfaces.functions import FUNCTIONS, own
from optim_viz.typed.dialect import ELSEWISE, Dialect, Function
from optim_viz.typed.reader import MAX_CONSTANT, Reader

if TYPE_CHECKING:
    import sympy


MAX_EXPONENT = 64
#: What a function of one's own is made of.
OF_WEIGHTS = ("x", "y", *PARAMETERS)
#: What the expression of a finite sum is made of: weights and an example.
OF_EXAMPLES = ("x", "y", "u", "v")


_STEP = N_(
    "{what} is flat wherever it does not jump, so its gradient leads nowhere; "
    "a smooth step, 1/(1 + exp(-10*x)), will do"
)
_WAVE = N_(
    "{what} is flat wherever it does not jump, so its gradient leads nowhere; a smooth wave such as sin(2*pi*x) will do"
)
_JUMPS = N_("{what} jumps, and its gradient knows nothing of the jumps; a smooth wave such as sin(2*pi*x) will do")
OF_SURFACES = Dialect(
    OF_WEIGHTS,
    FUNCTIONS,
    letter="x",
    letters=N_("x and y"),
    example="x^2 + 10*y^2",
    reasons={
        **dict.fromkeys(("floor", "ceil", "round", "trunc", "int", "rint"), _WAVE),
        **dict.fromkeys(("mod", "fmod", "Mod"), _JUMPS),
        **dict.fromkeys(("step", "heaviside", "Heaviside"), _STEP),
        **ELSEWISE,
    },
    strange={
        **dict.fromkeys("%", N_(_JUMPS, what=N_("A remainder"))),
        **dict.fromkeys(("==", "!=", *"<>"), N_(_STEP, what=N_("A comparison"))),
        "//": N_(_WAVE, what=N_("// rounds down: what it gives")),
    },
    others=N_("x, y and the parameters a to d may be used"),
)


@functools.lru_cache(maxsize=512)
def parse(text: str, names: tuple[str, ...] = OF_WEIGHTS) -> sympy.Expr:
    """Return `text` as a sympy expression in the real symbols `names`.

    Allowed: the names, numbers, pi, e, + - * / ** ^ and parentheses, the functions in FUNCTIONS, and the ways in which
    people write them (see pasted.canonical). log is the natural one.
    Raises ExpressionError, a sentence with the place.

    >>> parse("(1 - x)^2 + 100*(y - x^2)^2")
    (1 - x)**2 + 100*(-x**2 + y)**2
    """
    dialect = OF_SURFACES if names == OF_WEIGHTS else replace(OF_SURFACES, names=names, others="")
    return _Reader(text, dialect).read()


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


def is_constant(surface: Surface) -> bool:
    """Return whether a surface has neither x nor y in it, its parameters' values put in: nothing is to be descended.

    >>> [is_constant(Surface("own", "", text, (-1, 1, -1, 1), (0, 0))) for text in ("5", "x - x", "x*0 + y")]
    [True, True, False]
    """
    return not with_numbers(surface).free_symbols


class _Reader(Reader):
    """Makes sympy's expression of a syntax tree."""

    def __init__(self, text: str, dialect: Dialect) -> None:
        import sympy  # 0.3 s: only when something is parsed

        self.sympy = sympy
        symbols = {name: sympy.Symbol(name, real=True) for name in dialect.names}
        self.parameters = {symbols[name] for name in PARAMETERS if name in symbols}
        super().__init__(text, dialect, symbols | {"pi": sympy.pi, "e": sympy.E})

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

    def number(self, value: float) -> sympy.Expr:
        return self.sympy.Integer(value) if type(value) is int else self.sympy.Float(value)

    def divided(self, left: sympy.Expr, right: sympy.Expr, node: ast.BinOp) -> sympy.Expr:
        if right.is_zero:
            raise self.fail(N_("This divides by zero"), node.right)
        return left / right

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

    def called(self, row: Function, parts: list[Any], node: ast.Call) -> sympy.Expr:
        name = ast.unparse(node.func)
        if name.startswith("log") and parts[0].is_zero:
            raise self.fail(N_("{name}(0) has no finite value", name=name), node)
        if name in ("exp", "sinh", "cosh") and parts[0].is_number and abs(float(parts[0])) > 690:
            raise self.fail(N_("Numbers may go up to {most:g}", most=MAX_CONSTANT), node)
        return row.make(*parts)
