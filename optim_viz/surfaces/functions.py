"""The FUNCTIONS table, one row a function that may be typed; and those that sympy lacks, with torch's gradients.

At a kink the slope is autograd's: of max and min each side has half, of abs it is 0, of relu 0.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from typing import Any

import numpy as np

from optim_viz.optimizers.trace import erf
from optim_viz.typed.dialect import Function


@functools.cache
def own() -> dict[str, Any]:
    """Functions of sympy's kind that are ours, by name."""
    import sympy

    class Own(sympy.Function):
        def _eval_is_extended_real(self) -> Any:
            return sympy.core.logic.fuzzy_and(part.is_extended_real for part in self.args)

        def _torchcode(self, printer: Any, *_: Any) -> str:
            return f"{type(self).__name__}({', '.join(map(printer._print, self.args))})"

    class Softplus(Own):
        """log(1 + e^z); its compiled form does not overflow."""

        nargs = 1

        def fdiff(self, argindex: int = 1) -> Any:
            return 1 / (1 + sympy.exp(-self.args[0]))

        def _eval_evalf(self, prec: int) -> Any:
            return sympy.log(1 + sympy.exp(self.args[0]))._eval_evalf(prec)

    class Maximum(Own):
        nargs = 2

        @classmethod
        def eval(cls, p: Any, q: Any) -> Any:
            return (p if p >= q else q) if p.is_number and q.is_number else None

        def fdiff(self, argindex: int = 1) -> Any:
            p, q = self.args if argindex == 1 else self.args[::-1]
            return (1 + sympy.sign(p - q)) / 2

        def _latex(self, printer: Any, exp: Any = None) -> str:
            return _latex(r"\max", printer, self.args, exp)

    class Minimum(Own):
        nargs = 2

        @classmethod
        def eval(cls, p: Any, q: Any) -> Any:
            return (p if p <= q else q) if p.is_number and q.is_number else None

        def fdiff(self, argindex: int = 1) -> Any:
            p, q = self.args if argindex == 1 else self.args[::-1]
            return (1 - sympy.sign(p - q)) / 2

        def _latex(self, printer: Any, exp: Any = None) -> str:
            return _latex(r"\min", printer, self.args, exp)

    class Relu(Own):
        nargs = 1

        @classmethod
        def eval(cls, z: Any) -> Any:
            return (z if z >= 0 else sympy.S.Zero) if z.is_number else None

        def fdiff(self, argindex: int = 1) -> Any:
            return Maximum(sympy.sign(self.args[0]), 0)

    class Raised(Own):
        """A power whose exponent is a parameter: sympy's own slope of it divides by the base, which may be 0."""

        nargs = 2

        def fdiff(self, argindex: int = 1) -> Any:
            base, exponent = self.args
            return exponent * Raised(base, exponent - 1) if argindex == 1 else sympy.log(base) * self

        def _eval_is_extended_real(self) -> Any:
            return None

        def _latex(self, printer: Any, exp: Any = None) -> str:
            base, exponent = self.args
            return printer._print(sympy.Pow(base, exponent if exp is None else exponent * exp, evaluate=False))

    for kind in (Softplus, Maximum, Minimum, Relu, Raised):
        kind.__name__ = kind.__name__.lower()
    return {kind.__name__: kind for kind in (Softplus, Maximum, Minimum, Relu, Raised)}


def _latex(name: str, printer: Any, parts: Any, exp: Any) -> str:
    raised = "" if exp is None else f"^{{{exp}}}"
    return rf"{name}{raised}\left({', '.join(map(printer._print, parts))}\right)"


#: What sympy's printers lack, on Python floats and on NumPy arrays; on both the first operand wins a tie.
FLOATS: dict[str, Callable[..., float]] = {
    "softplus": lambda z: max(z, 0.0) + math.log1p(math.exp(-abs(z))),
    "maximum": lambda p, q: q if q > p or math.isnan(q) else p,
    "minimum": lambda p, q: q if q < p or math.isnan(q) else p,
    "relu": lambda z: 0.0 if z < 0.0 else z,
    "raised": math.pow,
}
ARRAYS: dict[str, Callable[..., Any]] = {
    "softplus": lambda z: np.logaddexp(0.0, z),
    "relu": lambda z: np.maximum(z, 0.0),
    "raised": lambda base, exponent: base**exponent,
    "erf": erf,
}


def _sympys(name: str) -> Callable[..., Any]:
    def make(*parts: Any) -> Any:
        import sympy

        return getattr(sympy, name)(*parts)

    return make


def _ours(name: str) -> Callable[..., Any]:
    """Two at a time from the left, as torch's maximum and minimum take them."""
    return lambda *parts: functools.reduce(own()[name], parts) if len(parts) > 1 else own()[name](*parts)


_PLAIN = ("sin", "cos", "tan", "asin", "acos", "atan", "sinh", "cosh", "tanh", "exp", "log", "sqrt", "sign", "erf")
MANY = 200
FUNCTIONS: dict[str, Function] = {
    **{name: Function(_sympys(name)) for name in _PLAIN},
    "abs": Function(_sympys("Abs")),
    "log10": Function(lambda z: _sympys("log")(z, 10)),
    "log2": Function(lambda z: _sympys("log")(z, 2)),
    "softplus": Function(_ours("softplus")),
    "relu": Function(_ours("relu")),
    "atan2": Function(_sympys("atan2"), 2, 2),
    "max": Function(_ours("maximum"), 2, MANY),
    "min": Function(_ours("minimum"), 2, MANY),
}
