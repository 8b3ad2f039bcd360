"""A formula as people write it: sympy's, but no sum begins with a minus that could begin without."""

from __future__ import annotations

import functools
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    import sympy


def latex(expression: sympy.Expr, **settings: Any) -> str:
    r"""Return an expression as LaTeX; `settings` are sympy.latex's.

    >>> import sympy
    >>> x, y = sympy.symbols("x y")
    >>> latex((y - x**2) ** 2), latex(-x - y)
    ('\\left(y - x^{2}\\right)^{2}', '- x - y')
    """
    return str(_printer()(settings).doprint(expression))


@functools.cache
def _printer() -> Any:
    from sympy.printing.latex import LatexPrinter

    class Printer(LatexPrinter):
        """The order of terms is sympy's, powers of x first; the first one with a plus goes before them all."""

        def _as_ordered_terms(self, expr: Any, order: str | None = None) -> list[Any]:
            terms = list(super()._as_ordered_terms(expr, order))
            first = next((i for i, term in enumerate(terms) if not term.could_extract_minus_sign()), 0)
            return [terms[first], *terms[:first], *terms[first + 1 :]]

    return Printer
