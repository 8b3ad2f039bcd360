"""Turn an update rule into one straight-line Python loop over both coordinates.

Calling a rule twice a step costs more than its arithmetic. So the rule's trace is written out for x and for y; what
they have in common (constants, one learning rate) is written once, and what depends on the step alone (bias
corrections) is worked out for all steps at once. The order of operations is kept, so the loop gives the rule's own
floats.
"""

from __future__ import annotations

import functools
import math
import operator
from collections.abc import Callable
from typing import Any

import numpy as np

from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.optimizers.trace import Trace, traced_rule
from optim_viz.spec import Value

_LOOP = """
def loop(gradient, lrs, keep, t, count, cycle, {kept}):
    for t, (lr_x, lr_y){columns} in zip(range(t, t + count), lrs{tables}):
        g_x, g_y = gradient(t, theta_x, theta_y)
        {body}
        {kept} = {results}
        keep((g_x, g_y, {kept}))
"""
#: Operations on Python floats. A call costs more than what is spelled out.
_TEXT = {
    "add": "{} + {}",
    "subtract": "{} - {}",
    "multiply": "{} * {}",
    "divide": "{} / {}",
    "power": "{} ** {}",
    "negative": "-{}",
    "sqrt": "sqrt({})",
    "absolute": "abs({})",
    "maximum": "{1} if {1} > {0} else {0}",
    "sign": "1.0 if {0} > 0.0 else -1.0 if {0} < 0.0 else 0.0",
}


@functools.lru_cache(maxsize=256)
def loop(
    kind: str, values: tuple[tuple[str, Value], ...], one_rate: bool = False, cycled: str = ""
) -> Callable[..., None]:
    """Return `loop(gradient, lrs, keep, t, count, cycle, x, y, *state)` for an optimizer.

    It keeps each step's (gx, gy, x, y, *state). `state` is the x coordinate's values, then the y coordinate's; `t`, the
    first step's number, is 2 or more; `count`, the number of steps; `one_rate` says that x and y share their rate.
    `cycle` are the values of the hyperparameter that is `cycled`, float64, of all steps from 1 on.
    """
    rule = traced_rule(OPTIMIZERS[kind], dict(values), cycled)
    free = (cycled,) if cycled else ()
    state = rule.inputs[4 : len(rule.inputs) - len(free)]
    early = _following(rule, "t", *free)
    common = _following(rule, "t", "lr", *free) if one_rate else early
    late = [operation for operation in rule.operations if operation[0] not in early]
    used = {name for _, _, operands in late for name in operands} | set(rule.results)
    columns = [name for name in (*free, *(name for name, _, _ in rule.operations)) if name in early & used]
    numbers = {name: f"({float(value)!r})" for name, value in rule.constants.items()}

    def text(name: str, axis: str) -> str:
        """A name in the loop: what y has in common with x is x's."""
        return numbers.get(name) or (name if name in early else f"{name}_{'x' if name in common else axis}")

    def both(names: tuple[str, ...]) -> str:
        """theta and state as they are passed on: x and y, the state of x, that of y."""
        pairs = [(names[0], "x"), (names[0], "y"), *((name, axis) for axis in "xy" for name in names[1:])]
        return ", ".join(text(*pair) for pair in pairs)

    source = _LOOP.format(
        kept=both((rule.inputs[2], *state)),
        columns="".join(f", {name}" for name in columns),
        tables=", *tables(t, count, cycle)" if columns else "",
        body="\n        ".join(
            f"{text(name, axis)} = {_TEXT[ufunc].format(*(text(operand, axis) for operand in operands))}"
            for axis in "xy"
            for name, ufunc, operands in late
            if axis == "x" or name not in common
        ),
        # Assigned together at the end: an operation that raises leaves the step undone.
        results=both(rule.results),
    )
    scope: dict[str, Any] = {"sqrt": math.sqrt, "tables": _tables(rule, early, columns, cycled)}
    exec(compile(source, f"<loop of {kind}>", "exec"), scope)  # noqa: S102 - our own rule, written above
    return scope["loop"]


def _following(rule: Trace, *names: str) -> set[str]:
    """Those inputs, constants, and what follows from them alone."""
    known = {*names, *rule.constants}
    for name, _, operands in rule.operations:
        if known.issuperset(operands):
            known.add(name)
    return known


def _tables(rule: Trace, early: set[str], columns: list[str], cycled: str) -> Callable[..., list[list[float]]]:
    """What gives each column's value at every one of `count` steps from t on."""

    def tables(t: int, count: int, cycle: Any) -> list[list[float]]:
        values = rule.constants | {"t": np.arange(float(t), float(t + count))}
        if cycled:
            values |= {cycled: cycle[t - 1 : t - 1 + count]}
        with np.errstate(all="ignore"):
            for name, ufunc, operands in rule.operations:
                if name in early:
                    # Of an array, `**` is not np.power to the last bit.
                    function = operator.pow if ufunc == "power" else getattr(np, ufunc)
                    values[name] = function(*(values[operand] for operand in operands))
        return [values[name].tolist() for name in columns]

    return tables
