"""Factors on the learning rate, typed as a formula of the step t and the number of steps T.

A formula is read (typed.reader) and never run: its tree is worked out with NumPy's functions, on the numbers of all
steps at once or on symbols that write down what is done. For a script it is written as Python's lambda.
"""

from __future__ import annotations

import ast
import copy
import functools
import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.spec import LARGEST, SpecError, quoted
from optim_viz.typed.dialect import ELSEWISE, Dialect, Function
from optim_viz.typed.reader import Reader


def _reduced(function: Callable[..., Any]) -> Callable[..., Any]:
    return lambda *parts: functools.reduce(function, parts)


_ARCS = {f"a{name}": getattr(np, f"arc{name}") for name in ("sin", "cos", "tan")}
_SAME = ("sin", "cos", "tan", "sinh", "cosh", "tanh", "exp", "log", "sqrt", "sign", "floor")
FUNCTIONS: dict[str, Function] = {
    **{name: Function(getattr(np, name)) for name in _SAME},
    **{name: Function(function) for name, function in _ARCS.items()},
    "abs": Function(np.absolute),
    "ceil": Function(lambda z: -np.floor(-z)),
    "log10": Function(lambda z: np.log(z) / math.log(10.0)),
    "log2": Function(lambda z: np.log(z) / math.log(2.0)),
    "max": Function(_reduced(np.maximum), 2, 200),
    "min": Function(_reduced(np.minimum), 2, 200),
}
_ROUND = N_("Write floor(t/30) for {what}")
_REST = N_("Write t - 30*floor(t/30) for {what}")
_WHEN = N_("Write (1 + sign(t - 100))/2 for {what}")
OF_STEPS = Dialect(
    ("t", "T"),
    FUNCTIONS,
    letter="t",
    letters=N_("the step t"),
    example="0.95^(t/30)",
    reasons={
        **dict.fromkeys(("round", "trunc", "int", "rint"), _ROUND),
        **dict.fromkeys(("mod", "fmod", "Mod"), _REST),
        **dict.fromkeys(("step", "heaviside", "Heaviside"), _WHEN),
        **ELSEWISE,
    },
    strange={
        "%": N_(_REST, what=N_("a remainder")),
        **dict.fromkeys(("==", *"<>!"), N_(_WHEN, what=N_("a comparison"))),
        "//": N_(_ROUND, what="t//30"),
    },
    others=N_("t, the step, and T, the number of steps, may be used"),
)


class _Reader(Reader):
    """Works a tree out on numbers, or on what stands for them."""

    def number(self, value: float) -> Any:
        return np.float64(value)


@functools.lru_cache(256)
def _parsed(text: str) -> _Reader:
    """A formula's tree is made once, although a scheduler asks for its value at every step."""
    return _Reader(text, OF_STEPS, {})


def factor(text: str, step: Any, total: Any) -> Any:
    """Return a typed formula's value at some steps of a run of `total`; NaN or inf where it has no finite real value.

    >>> factor("0.5^floor(t/2)", np.arange(5), 5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    one, reader = np.float64(1.0), copy.copy(_parsed(text))
    with np.errstate(all="ignore"):
        reader.symbols = {"t": one * step, "T": one * total, "pi": math.pi, "e": math.e}
        return reader.read() + 0.0 * step


def read(given: object, owner: str) -> str:
    """Return a typed formula, read without a mistake; ExpressionError, a sentence with the place, for any other."""
    if not isinstance(given, str):
        raise SpecError(
            "{owner}: a factor is typed as a formula of the step t, such as {example}; got {given}.",
            owner=owner,
            example=OF_STEPS.example,
            given=quoted(given),
        )
    text = given.strip()
    factor(text, 1, 2)
    return text


_BAD = N_("{owner}: the factor of step {step:,} is {value:g}; it must be a number from 0 to {most:,.0f}.")
_BAD_PRODUCT = N_(
    "{owner}: the factors up to step {step:,} multiply to {value:g}; that must be a number from 0 to {most:,.0f}."
)


def look(owner: str, found: np.ndarray, said: str = _BAD) -> None:
    """Refuse factors of steps 0, 1, 2, ... that make no learning rates: none, negative, or too large."""
    bad = ~((found >= 0.0) & (found <= LARGEST))
    if bad.any():
        step = int(np.argmax(bad))
        raise SpecError(said, owner=owner, step=step, value=float(found[step]), most=LARGEST)


def look_at_products(owner: str, running: tuple[np.ndarray, ...]) -> None:
    """Refuse factors whose products, step by step, make no learning rates."""
    for found in running:
        look(owner, found)
        with np.errstate(over="ignore"):
            look(owner, np.multiply.accumulate(found), _BAD_PRODUCT)


@dataclass(frozen=True)
class Lambda:
    """A typed factor as torch's lr_lambda: a function of the step, whose repr is a script's text.

    >>> Lambda("e^(-t/T)", 100)
    lambda t: math.e ** (-t / 100)
    >>> Lambda("0.5^t", 100)(3)
    0.125
    """

    text: str
    total: int

    def __call__(self, step: int) -> float:
        return float(factor(self.text, step, self.total))

    def __repr__(self) -> str:
        if not self.plain:  # floats raise where arrays have an inf on the way: 1/t at step 0
            found = factor(self.text, np.arange(self.total + 1), self.total)
            return f"lambda t: {found.tolist()}[t]"
        tree = _Reader(self.text, OF_STEPS, {}).tree
        return f"lambda t: {ast.unparse(_Script(self.total).visit(tree))}"

    @property
    def plain(self) -> bool:
        """Whether Python's own floats have a value at every step."""
        known: dict[str, Any] = {"T": self.total, "pi": math.pi, "e": math.e}
        reader = _Floats(self.text, _ON_FLOATS, known)
        try:
            for step in range(self.total + 1):
                known["t"] = step
                float(reader.read())
        except (ArithmeticError, ValueError, TypeError):
            return False
        return True


_ON_FLOATS = replace(
    OF_STEPS,
    functions={
        **{name: replace(row, make=getattr(math, name)) for name, row in FUNCTIONS.items() if hasattr(math, name)},
        "abs": Function(abs),
        "sign": Function(lambda z: (z > 0) - (z < 0)),
        "max": Function(max, 2, 200),
        "min": Function(min, 2, 200),
    },
)


class _Floats(Reader):
    """Works a tree out on Python's numbers, as a script does."""

    def number(self, value: float) -> Any:
        return value


class _Script(ast.NodeTransformer):
    """A formula's tree as Python floats work it out."""

    def __init__(self, total: int) -> None:
        self.total = total

    def visit_Name(self, node: ast.Name) -> ast.expr:
        known = {"T": ast.Constant(self.total), "t": node}
        return known.get(node.id) or ast.Name(f"math.{node.id}")

    def visit_Call(self, node: ast.Call) -> ast.expr:
        parts = [self.visit(part) for part in node.args]
        name = ast.unparse(node.func)
        if name == "sign":
            up, down = (ast.Compare(parts[0], [side], [ast.Constant(0)]) for side in (ast.Gt(), ast.Lt()))
            return ast.BinOp(up, ast.Sub(), down)
        return ast.Call(ast.Name(name if name in ("abs", "max", "min") else f"math.{name}"), parts, [])
