"""A trace as lines of C: operations of a table, names made up here, numbers to the last bit; and what stands around."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping, Sequence
from typing import Any

import numpy as np

from optim_viz.optimizers.trace import Trace

#: The most operations of a step that become a kernel: a compiler takes seconds for thousands.
MOST = 2000
#: Operations by NumPy's names, as C has them: each of names and numbers, so that nothing needs brackets.
OPERATIONS = {
    "add": "{} + {}", "subtract": "{} - {}", "multiply": "{} * {}", "divide": "{} / {}", "negative": "-{}",
    "square": "{0} * {0}", "maximum": "maximum({}, {})", "minimum": "minimum({}, {})", "sign": "sign({})",
    "absolute": "fabs({})", "power": "pow({}, {})", "arctan2": "atan2({}, {})", "logaddexp": "logaddexp({}, {})",
    **{name: name + "({})" for name in ("sqrt", "exp", "log", "log1p", "erf")},
    **{name: name + "({})" for name in ("sin", "cos", "tan", "sinh", "cosh", "tanh")},
    **{f"arc{name}": f"a{name}({{}})" for name in ("sin", "cos", "tan")},
}  # fmt: skip
#: What C has otherwise than NumPy: NaN among operands is the result; the sign of -0 is 0, that of NaN is NaN.
HELPERS = f"""\
#define INFINITE (0x1p1023 * 2.0)
#define LOG2 {math.log(2.0).hex()}
__device__ inline bool is_finite(double a) {{ return fabs(a) < INFINITE; }}
__device__ inline double maximum(double a, double b) {{ return a > b || a != a ? a : b; }}
__device__ inline double minimum(double a, double b) {{ return a < b || a != a ? a : b; }}
__device__ inline double sign(double a) {{ return a > 0.0 ? 1.0 : a < 0.0 ? -1.0 : a == 0.0 ? 0.0 : a; }}
__device__ inline double logaddexp(double a, double b)
{{
    const double d = a - b;
    return a == b ? a + LOG2 : d > 0.0 ? a + log1p(exp(-d)) : d <= 0.0 ? b + log1p(exp(d)) : d;
}}
"""
#: C's types of what a kernel is given.
DOUBLES, READ, INDICES = "double* __restrict__", "const double* __restrict__", "const long long* __restrict__"
BITS, INT = "bool* __restrict__", "int"
#: By C's name of a parameter's type, the dtype of its array; an int has none.
DTYPES = {DOUBLES: "float64", READ: "float64", INDICES: "int64", BITS: "bool"}
KERNEL = """\
extern "C" __global__ void steps({parameters})
{{
    const long long i = (long long)blockIdx.x * blockDim.x + threadIdx.x;
    if (i >= n) return;
    {load}
    for (int k = 0; k < count; k++) {{
        const int t = first + k;
        {read}
        {gradient}
        {step}
        {seen}
    }}
    {store}
}}
"""


class NotInCError(TypeError):
    """A trace holds what the table has not."""


def literal(value: Any) -> str:
    """Return a number as C writes it, to the last bit.

    >>> literal(0.1), literal(-2), literal(math.inf)
    ('0x1.999999999999ap-4', '(-0x1.0000000000000p+1)', 'INFINITE')
    """
    if np.ndim(value):
        raise NotInCError("An array among constants.")
    number = float(value)
    if math.isnan(number):
        return "(INFINITE - INFINITE)"
    text = "INFINITE" if math.isinf(number) else abs(number).hex()
    return f"(-{text})" if math.copysign(1.0, number) < 0.0 else text


def lines_of(found: Trace, known: Mapping[str, str]) -> tuple[list[str], list[str]]:
    """Return what a trace does to arrays as lines of C, and its results; the same operation is written once.

    `known` holds C's names of inputs and numbers.

    >>> from optim_viz.optimizers.trace import trace
    >>> found = trace(lambda x: (2.0 * x + 2.0 * x,), {"x": np.ones(1)})
    >>> lines_of(found, {"x": "x"})[0]
    ['const double v0 = 0x1.0000000000000p+1 * x;', 'const double v1 = v0 + v0;']
    """
    said = {**{name: literal(value) for name, value in found.constants.items()}, **known}
    made: dict[str, str] = {}
    for name, called, operands in found.operations:
        if name in found.arrays:
            if called not in OPERATIONS or found.arrays[name][1] != np.float64:
                raise NotInCError(called)
            text = OPERATIONS[called].format(*(said[operand] for operand in operands))
            said[name] = made.setdefault(text, f"v{len(made)}")
    if len(made) > MOST:
        raise NotInCError("Too many operations.")
    return [f"const double {name} = {text};" for text, name in made.items()], [said[name] for name in found.results]


def asked_numbers(found: Trace) -> list[str]:
    """Return the numbers that the operations on arrays and the results of a trace need, each once.

    >>> from optim_viz.optimizers.trace import trace
    >>> asked_numbers(trace(lambda t, x: ((1 - 0.5**t) * x,), {"t": 1, "x": np.ones(1)}))
    ['v1']
    """
    read = [o for name, _, operands in found.operations if name in found.arrays for o in operands]
    known = found.arrays.keys() | found.constants.keys()
    return [name for name in dict.fromkeys([*read, *found.results]) if name not in known]


def in_scope(lines: Iterable[str], targets: Sequence[str], results: Sequence[str]) -> Iterable[str]:
    """Lines in a scope of their own, and their results to where they belong, at once."""
    moves = [(target, f"r{j}", result) for j, (target, result) in enumerate(zip(targets, results, strict=True))]
    yield "{"
    yield from (f"    {line}" for line in lines)
    yield from (f"    const double {name} = {result};" for _, name, result in moves)
    yield from (f"    {target} = {name};" for target, name, _ in moves)
    yield "}"
