"""Turn an update rule into one straight-line Python loop over both coordinates.

Calling a rule twice a step costs more than its arithmetic. So the rule is called once with symbols that write down what
is done to them; what x and y have in common (constants, one learning rate) is written once, and what depends on the
step alone (bias corrections) is worked out for all steps at once. The order of operations is kept, so the loop gives
the rule's own floats. Only our own rules are traced, never a user's text.
"""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

import numpy as np

from optim_viz.optimizers.rules import FLOATS
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import Value

_LOOP = """
def loop(gradient, lrs, keep, t, count, x, y{state}):
    for t, (lrx, lry){columns} in zip(range(t, t + count), lrs{tables}):
        gx, gy = gradient(t, x, y)
        {body}
        {assign}
        keep((gx, gy, x, y{state}))
"""
_TABLES = """
def tables(t):
    {body}
    return {columns}
"""


_FUNCTIONS = ("sqrt", "abs", "sign", "maximum")
_NAME = re.compile(r"(?<![\w.])[A-Za-z_]\w*")


class _Symbol:
    """A value that is not known yet; arithmetic on it is written down, each distinct operation once."""

    __slots__ = ("lines", "name")
    __hash__ = None  # type: ignore[assignment]

    def __init__(self, name: str, lines: dict[str, str]) -> None:
        self.name, self.lines = name, lines

    def write(self, code: str) -> _Symbol:
        return _Symbol(self.lines.setdefault(code, f"v{len(self.lines)}"), self.lines)

    def __eq__(self, other: object) -> bool:
        return False  # rules ask only "is this the first step?"; the loop starts at the second

    def __neg__(self) -> _Symbol:
        return self.write(f"-{self.name}")


def _operator(sign: str, swapped: bool) -> Callable[[_Symbol, Any], _Symbol]:
    def operation(self: _Symbol, other: Any) -> _Symbol:
        left, right = (_text(other), self.name) if swapped else (self.name, _text(other))
        return self.write(f"{left} {sign} {right}")

    return operation


for _name, _sign in {"add": "+", "sub": "-", "mul": "*", "truediv": "/", "pow": "**"}.items():
    setattr(_Symbol, f"__{_name}__", _operator(_sign, swapped=False))
    setattr(_Symbol, f"__r{_name}__", _operator(_sign, swapped=True))


def _text(value: Any) -> str:
    return value.name if isinstance(value, _Symbol) else f"({value!r})"


def _call(name: str) -> Callable[..., Any]:
    """The namespace function `name`, written down where a symbol is involved."""

    def function(*arguments: Any) -> Any:
        symbols = [a for a in arguments if isinstance(a, _Symbol)]
        if not symbols:
            return getattr(FLOATS, name)(*arguments)
        return symbols[0].write(f"{name}({', '.join(map(_text, arguments))})")

    return function


_SYMBOLS = SimpleNamespace(**{name: _call(name) for name in _FUNCTIONS})
#: What is faster than a call on floats: the same, spelled out.
_INLINE = {
    r"maximum\((\S+), (\S+)\)$": r"\2 if \2 > \1 else \1",
    r"sign\((\S+)\)$": r"1.0 if \1 > 0.0 else -1.0 if \1 < 0.0 else 0.0",
}


@functools.lru_cache(maxsize=256)
def loop(kind: str, values: tuple[tuple[str, Value], ...], one_rate: bool = False) -> Callable[..., None]:
    """Return `loop(gradient, lrs, keep, t, count, x, y, *state)` for an optimizer.

    It keeps each step's (gx, gy, x, y, *state). `state` is the x coordinate's values, then the y coordinate's; `t`, the
    first step's number, is 2 or more; `count`, the number of steps; `one_rate` says that x and y share their rate.
    """
    row = OPTIMIZERS[kind]
    count = len(row.state_names(dict(values)))
    step = row.step_with(dict(values), _SYMBOLS)
    lines: dict[str, str] = {}
    outputs: dict[str, str] = {}
    inputs: list[str] = []
    for axis in "xy":
        names = [f"s{axis}{i}" for i in range(count)]
        rate = "lrx" if one_rate else f"lr{axis}"
        t, lr, theta, g, *kept = (_Symbol(n, lines) for n in ("t", rate, axis, f"g{axis}", *names))
        theta, state = step(t, lr, theta, g, tuple(kept))
        outputs |= dict(zip((axis, *names), map(_text, (theta, *state)), strict=True))
        inputs += names
    return _compile(kind, lines, outputs, inputs)


def _compile(kind: str, lines: dict[str, str], outputs: dict[str, str], inputs: list[str]) -> Callable[..., None]:
    """Write the loop. What depends on the step alone is worked out for all steps at once, by NumPy, before it."""
    early: dict[str, str] = {}
    for code, name in lines.items():
        if set(_NAME.findall(code)) <= {"t", *early, *_FUNCTIONS}:
            early[name] = code
    late = {name: code for code, name in lines.items() if name not in early}
    used = {name for code in (*late.values(), *outputs.values()) for name in _NAME.findall(code)}
    columns = [name for name in early if name in used]
    state = "".join(f", {name}" for name in inputs)
    source = _LOOP.format(
        state=state,
        columns="".join(f", {name}" for name in columns),
        tables=", *tables(t, count)" if columns else "",
        body="\n        ".join(f"{name} = {_inline(code)}" for name, code in late.items()),
        # Assigned together at the end: an operation that raises leaves the step undone.
        assign=f"{', '.join(outputs)} = {', '.join(outputs.values())}",
    )
    scope: dict[str, Any] = {"sqrt": math.sqrt}
    exec(compile(source, f"<traced {kind}>", "exec"), scope)  # noqa: S102 - our own rule, written above
    if columns:
        scope["tables"] = _tables(kind, early, columns)
    return scope["loop"]


def _tables(kind: str, early: dict[str, str], columns: list[str]) -> Callable[[int, int], list[list[float]]]:
    body = "\n    ".join(f"{name} = {code}" for name, code in early.items())
    scope: dict[str, Any] = {name: getattr(np, name) for name in _FUNCTIONS}
    source = _TABLES.format(body=body, columns=f"[{', '.join(columns)}]")
    exec(compile(source, f"<tables of {kind}>", "exec"), scope)  # noqa: S102 - our own rule, written above

    def tables(t: int, count: int) -> list[list[float]]:
        with np.errstate(all="ignore"):
            return [column.tolist() for column in scope["tables"](np.arange(float(t), float(t + count)))]

    return tables


def _inline(code: str) -> str:
    for pattern, spelled in _INLINE.items():
        if re.fullmatch(pattern, code):
            return re.sub(pattern, spelled, code)
    return code
