"""The SURFACES table, one row a surface, and the compiler from its expression to value and gradient.

A surface is one expression. sympy derives the gradient and prints the formula; lambdify compiles both, for Python
floats and for NumPy arrays. A row states its facts once, as data, and one test holds every row to them.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.expression import ExpressionError, parse
from optim_viz.spec import SpecError, Surface, nearest, number

if TYPE_CHECKING:
    import sympy

_ROWS = (
    Surface(
        name="quadratic",
        title="Quadratic bowl",
        expression="(x^2 + 10*y^2)/2",
        bounds=(-3.0, 3.0, -2.0, 2.0),
        start=(-2.6, 1.4),
        minima=((0.0, 0.0, 0.0),),
        story="The simplest ravine: ten times steeper across than along.",
        source="Goh, Why Momentum Really Works, 2017",
    ),
    Surface(
        name="rosenbrock",
        title="Rosenbrock",
        expression="(1 - x)^2 + 100*(y - x^2)^2",
        bounds=(-2.0, 2.0, -1.0, 3.0),
        start=(-1.5, 2.0),
        minima=((1.0, 1.0, 0.0),),
        story="A curved valley: easy to find, slow to follow.",
        source="Rosenbrock, An Automatic Method for Finding the Greatest or Least Value of a Function, 1960",
    ),
    Surface(
        name="himmelblau",
        title="Himmelblau",
        expression="(x^2 + y - 11)^2 + (x + y^2 - 7)^2",
        bounds=(-5.0, 5.0, -5.0, 5.0),
        start=(-0.5, -1.0),
        minima=(
            (3.0, 2.0, 0.0),
            (-2.805118086952745, 3.131312518250573, 0.0),
            (-3.779310253377747, -3.283185991286170, 0.0),
            (3.584428340330492, -1.848126526964404, 0.0),
        ),
        story="Four equal minima: the start and the step size decide which one is found.",
        source="Himmelblau, Applied Nonlinear Programming, 1972",
    ),
    Surface(
        name="rastrigin",
        title="Rastrigin",
        expression="20 + x^2 - 10*cos(2*pi*x) + y^2 - 10*cos(2*pi*y)",
        bounds=(-5.12, 5.12, -5.12, 5.12),
        start=(-3.4, 2.6),
        minima=((0.0, 0.0, 0.0),),
        log=False,
        story="A bowl full of dents: following the gradient stops in the nearest one.",
        source="Rastrigin, Systems of Extremal Control, 1974",
    ),
)

SURFACES: dict[str, Surface] = {row.name: row for row in _ROWS}


def surface(expression: str, *, bounds: tuple[float, float, float, float] = (-3.0, 3.0, -3.0, 3.0)) -> Surface:
    """Return a surface: a row of SURFACES by its name, or the user's own function of x and y.

    Problem: to see an optimizer on the loss one has in mind, not only on a textbook's.
    Arguments: `expression`, a name of SURFACES or a text in x and y (see optim_viz.expression.parse);
    `bounds`, (x low, x high, y low, y high) of the part to draw, for a user's own function.
    Raises SpecError with the place of what cannot be read, the nearest name, or the allowed range.

    >>> surface("x^2 + 10*y^2", bounds=(-3, 3, -3, 3)).start
    (-2.25, 2.25)

    Reference: the functions' own sources stand in SURFACES (2026).
    """
    text = str(expression).strip()
    if text in SURFACES:
        return SURFACES[text]
    if text.isidentifier() and text not in ("x", "y"):
        raise SpecError(f"Unknown surface {text!r}; {nearest(text, SURFACES)}")
    x0, x1, y0, y1 = _bounds(bounds)
    parse(text)
    start = (x0 + (x1 - x0) / 8, y1 - (y1 - y0) / 8)
    own = Surface("own", "Your function", text, (x0, x1, y0, y1), start, source="typed")
    if not np.isfinite(compiled(own).values(*grid(own, 41))).any():
        raise ExpressionError("This has no finite real value anywhere in the region drawn", text, 0)
    return own


def _bounds(bounds: Any) -> tuple[float, float, float, float]:
    try:
        x0, x1, y0, y1 = (number(b, "bounds") for b in bounds)
    except (TypeError, ValueError) as error:
        if isinstance(error, SpecError):
            raise
        raise SpecError(f"bounds must be four numbers (x low, x high, y low, y high); got {bounds!r}.") from None
    if not (x0 < x1 and y0 < y1 and max(map(abs, (x0, x1, y0, y1))) <= 1e6):
        raise SpecError(f"bounds must rise, within -1e6 to 1e6, as in (-3, 3, -3, 3); got {bounds!r}.")
    return x0, x1, y0, y1


@dataclass(frozen=True)
class Compiled:
    """A surface as functions. Each takes (t, x, y): the step t is there so that noisy versions have the same shape."""

    expression: sympy.Expr
    latex: str
    value: Callable[..., Any]  # NumPy arrays
    gradient: Callable[..., tuple[Any, Any]]  # NumPy arrays
    float_value: Callable[..., float]
    float_gradient: Callable[..., tuple[float, float]]

    def values(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The loss at every (x, y), float64; NaN or inf where it has no finite real value."""
        with np.errstate(all="ignore"):
            return np.broadcast_to(np.asarray(self.value(0, x, y), float), np.shape(x)).copy()

    def gradients(self, x: np.ndarray, y: np.ndarray) -> np.ndarray:
        """The gradient at every (x, y), float64 [2, ...]."""
        with np.errstate(all="ignore"):
            return np.stack([np.broadcast_to(np.asarray(g, float), np.shape(x)) for g in self.gradient(0, x, y)])


def compiled(surface: Surface) -> Compiled:
    """Compile a surface's expression (10-150 ms the first time, then cached by its text)."""
    return _compile(surface.expression)


@functools.lru_cache(maxsize=256)
def _compile(text: str) -> Compiled:
    import sympy

    expression = parse(text)
    x, y = sympy.symbols("x y", real=True)
    t = sympy.Symbol("t")
    gradient = (sympy.diff(expression, x), sympy.diff(expression, y))

    def function(what: Any, modules: Any, printer: Any = None) -> Callable[..., Any]:
        return sympy.lambdify((t, x, y), what, modules, cse=True, printer=printer)

    floats = _float_printer()
    return Compiled(
        expression,
        sympy.latex(expression),
        function(expression, "numpy"),
        function(gradient, "numpy"),
        function(expression, "math", floats),
        function(gradient, "math", floats),
    )


def _float_printer() -> Any:
    """A sympy printer for Python floats: small powers as products, roots of negative numbers as errors, not complex."""
    from sympy.printing.pycode import PythonCodePrinter

    class FloatPrinter(PythonCodePrinter):
        def _print_Pow(self, expr: Any, rational: bool = False) -> str:  # noqa: N802 - sympy's name
            base, exponent = expr.as_base_exp()
            if base.is_Symbol and exponent.is_Integer and 2 <= exponent <= 4:
                return "(" + "*".join([self._print(base)] * int(exponent)) + ")"
            if exponent.is_Integer or abs(exponent) == 0.5:
                return super()._print_Pow(expr, rational=rational)
            # `**` of a negative float would quietly turn complex; pow of the math module raises.
            return f"{self._module_format('math.pow')}({self._print(base)}, {self._print(exponent)})"

    return FloatPrinter({"fully_qualified_modules": False, "allow_unknown_functions": True})


def grid(surface: Surface, resolution: int = 101) -> tuple[np.ndarray, np.ndarray]:
    """Return x and y, float64 [resolution, resolution] each, over the surface's bounds; rows are constant in y."""
    x0, x1, y0, y1 = surface.bounds
    x, y = np.meshgrid(np.linspace(x0, x1, resolution), np.linspace(y0, y1, resolution))
    return x, y
