"""From a surface's expression to value and gradient, compiled for Python floats and for NumPy arrays.

sympy derives the gradient and prints the formula. A finite sum is compiled for one example and averaged over its rows.
"""

from __future__ import annotations

import functools
import math
import types
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.spec import OF_MODELS, Surface
from optim_viz.surfaces.examples import examples
from optim_viz.surfaces.expression import OF_EXAMPLES, letters, parse
from optim_viz.surfaces.functions import ARRAYS, FLOATS
from optim_viz.surfaces.gradient import Lines, as_cse, gradient
from optim_viz.surfaces.latex import latex

if TYPE_CHECKING:
    import sympy


_SUM = """
def {name}(t, x, y, rows=rows):
    {sums} = {zeros}
    for u, v in rows:
        {body}
    n = len(rows)
    return {means}
"""


@dataclass(frozen=True)
class Compiled:
    """A surface as functions. Each takes (t, x, y): the step t is there so that noisy versions have the same shape.

    Those of a finite sum take a mini-batch as a fourth argument: rows (u, v) on floats, columns u, v on arrays.
    """

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
    """Compile a surface's expression (10-150 ms the first time, then cached by its text, whatever its parameters)."""
    if surface.data:
        return _compile_sum(surface.expression, surface.data)
    return _at(surface.expression, tuple(value for _, value in surface.parameters))


@functools.lru_cache(maxsize=256)
def _at(text: str, values: tuple[float, ...]) -> Compiled:
    """A typed function whose parameters have these values: the same code, they its last defaults."""
    code = _compile(text)
    if not values:
        return code
    functions = (code.value, code.gradient, code.float_value, code.float_gradient)
    return Compiled(code.expression, code.latex, *(_with_defaults(function, values) for function in functions))


def _with_defaults(function: Any, values: tuple[float, ...]) -> Callable[..., Any]:
    return types.FunctionType(function.__code__, function.__globals__, function.__name__, values)


@functools.lru_cache(maxsize=256)
def _compile(text: str) -> Compiled:
    expression = parse(text)
    return Compiled(expression, latex(expression), *_functions(expression, letters(text)))


def _functions(expression: sympy.Expr, parameters: Sequence[str] = ()) -> tuple[Callable[..., Any], ...]:
    """Value and gradient on arrays, value and gradient on floats, as functions of (t, x, y, *parameters)."""
    import sympy

    symbols = (sympy.Symbol("t"), *(sympy.Symbol(name, real=True) for name in ("x", "y", *parameters)))
    slopes = gradient(expression)
    return (
        array_function(symbols, expression),
        array_function(symbols, slopes[1], as_cse(slopes)),
        sympy.lambdify(symbols, expression, [FLOATS, "math"], cse=True, printer=float_printer()),
        sympy.lambdify(symbols, slopes[1], [FLOATS, "math"], cse=as_cse(slopes), printer=float_printer()),
    )


@functools.lru_cache(maxsize=16)
def _compile_sum(text: str, data: str) -> Compiled:
    import sympy

    expression = parse(text, OF_EXAMPLES)
    symbols = sympy.symbols(OF_EXAMPLES, real=True)
    slopes, rows = gradient(expression), examples(data)
    names = {symbol: f"{symbol.name}_i" for symbol in symbols[2:]}
    read = expression.xreplace(dict(zip(symbols, sympy.symbols(OF_MODELS, real=True), strict=False)))
    of_batches = (
        _mean(array_function(symbols, expression), tuple(rows.T)),
        _means(array_function(symbols, slopes[1], as_cse(slopes)), tuple(rows.T)),
        _float_sum("value", sympy.cse([expression]), rows),
        _float_sum("gradient", slopes, rows),
    )
    formula = rf"\frac{{1}}{{{len(rows)}}}\sum_i {latex(read, symbol_names=names)}"
    whole = without_examples(expression, data)
    return Compiled(expression, formula, *map(_either, of_batches if whole is None else _functions(whole), of_batches))


def without_examples(expression: sympy.Expr, data: str) -> sympy.Expr | None:
    """Return the mean over all examples without a sum, where the expression is a polynomial in them: moments do."""
    import sympy

    u, v = sympy.symbols("u v", real=True)
    if not expression.is_polynomial(u, v):
        return None
    rows, terms = examples(data), sympy.Poly(expression, u, v).terms()
    moments = {powers: float(np.mean(rows[:, 0] ** powers[0] * rows[:, 1] ** powers[1])) for powers, _ in terms}
    return sum(factor * moments[powers] for powers, factor in terms)


def _either(of_all: Callable[..., Any], of_batch: Callable[..., Any]) -> Callable[..., Any]:
    """Return a function of (t, x, y) for all examples that takes a mini-batch as a fourth argument."""

    def function(t: int, x: Any, y: Any, batch: Any = None) -> Any:
        return of_all(t, x, y) if batch is None else of_batch(t, x, y, batch)

    return function


def array_function(symbols: Any, what: Any, cse: Any = True) -> Callable[..., Any]:
    """Compile sympy expressions as a function on NumPy arrays; `cse` is sympy.lambdify's."""
    import sympy

    return sympy.lambdify(symbols, what, [ARRAYS, "numpy"], cse=cse, printer=_numpy_printer())


def _mean(function: Callable[..., Any], columns: Any) -> Callable[..., Any]:
    """Return `function` of one example as its mean over examples."""

    def mean(t: int, x: Any, y: Any, columns: Any = columns) -> Any:
        return function(np.asarray(x)[..., None], np.asarray(y)[..., None], *columns).mean(-1)

    return mean


def _means(function: Callable[..., Any], columns: Any) -> Callable[..., tuple[Any, Any]]:
    """Return a pair-valued `function` of one example as its means over examples."""

    def means(t: int, x: Any, y: Any, columns: Any = columns) -> tuple[Any, Any]:
        gx, gy = function(np.asarray(x)[..., None], np.asarray(y)[..., None], *columns)
        return gx.mean(-1), gy.mean(-1)

    return means


def _float_sum(name: str, code: tuple[Lines, Sequence[Any]], rows: np.ndarray) -> Callable[..., Any]:
    """Write one loop over the examples, on Python floats, that returns the mean of each result of `code`."""
    shared, results = code
    printer = float_printer()
    lines = [f"{symbol} = {printer.doprint(line)}" for symbol, line in shared]
    sums = [f"s{i}" for i in range(len(results))]
    lines += [f"{total} += {printer.doprint(result)}" for total, result in zip(sums, results, strict=True)]
    source = _SUM.format(
        name=name,
        sums=" = ".join(sums),
        zeros="0.0",
        body="\n        ".join(lines),
        means=", ".join(f"{total} / n" for total in sums),
    )
    scope: dict[str, Any] = {**vars(math), **FLOATS, "rows": [tuple(row) for row in rows.tolist()]}
    exec(compile(source, f"<mean {name}>", "exec"), scope)  # noqa: S102 - printed by sympy from a parsed expression
    return scope[name]


#: Whole numbers up to this are floats without rounding. NumPy has no sin of an integer that takes more than 64 bits.
_EXACT = 2**53


class _Constants:
    """The part of a sympy printer that writes large whole numbers, also those in fractions, as the nearest float."""

    def _print_Integer(self, expr: Any) -> str:  # noqa: N802 - sympy's name
        return self._rounded(expr) or str(expr.p)

    def _print_Rational(self, expr: Any) -> str:  # noqa: N802 - sympy's name
        return self._rounded(expr) or f"{expr.p}/{expr.q}"

    def _rounded(self, expr: Any) -> str:
        if max(abs(expr.p), expr.q) <= _EXACT:
            return ""
        try:
            return repr(expr.p / expr.q)  # Python's integers are divided with one rounding
        except OverflowError:
            return "-1e999" if expr.p < 0 else "1e999"  # inf, as a literal


def _numpy_printer() -> Any:
    """A sympy printer for NumPy arrays: NumPy squares quickly, but takes every other power through a slow pow."""
    from sympy.printing.numpy import NumPyPrinter

    class PowerPrinter(_Constants, NumPyPrinter):
        def _print_Pow(self, expr: Any, rational: bool = False) -> str:  # noqa: N802 - sympy's name
            base, exponent = expr.as_base_exp()
            if not (base.is_Symbol and exponent.is_Integer and 3 <= exponent <= 8):
                return super()._print_Pow(expr, rational=rational)
            name, half = self._print(base), int(exponent) // 2
            square = f"({'*'.join([name] * half)})**2"
            return f"({square}*{name})" if exponent % 2 else f"({square})"

    return PowerPrinter({"fully_qualified_modules": False, "inline": True, "allow_unknown_functions": True})


def float_printer() -> Any:
    """Return a sympy printer for Python floats: small powers as products, roots of negatives as errors, not complex."""
    from sympy.printing.pycode import PythonCodePrinter

    class FloatPrinter(_Constants, PythonCodePrinter):
        def _print_Pow(self, expr: Any, rational: bool = False) -> str:  # noqa: N802 - sympy's name
            base, exponent = expr.as_base_exp()
            if base.is_Symbol and exponent.is_Integer and 2 <= exponent <= 4:
                return "(" + "*".join([self._print(base)] * int(exponent)) + ")"
            if exponent.is_Integer or (exponent.is_Rational and abs(exponent) == 0.5):  # sqrt raises, too
                return super()._print_Pow(expr, rational=rational)
            # `**` of a negative float would quietly turn complex; pow of the math module raises.
            return f"{self._module_format('math.pow')}({self._print(base)}, {self._print(exponent)})"

    return FloatPrinter({"fully_qualified_modules": False, "allow_unknown_functions": True})
