"""Turn an update rule into one straight-line Python loop over both coordinates.

Calling a rule twice a step costs more than its arithmetic. So the rule is called once with symbols that write down what
is done to them; what x and y have in common (bias corrections, constants) is written once. The order of operations is
kept, so the loop gives the rule's own floats, bit for bit. Only our own rules are traced, never a user's text.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable
from types import SimpleNamespace
from typing import Any

from optim_viz.optimizers import OPTIMIZERS
from optim_viz.rules import FLOATS
from optim_viz.spec import Value

_LOOP = """
def loop(gradient, lrs, keep, t, x, y{state}):
    for lrx, lry in lrs:
        gx, gy = gradient(t, x, y)
        {body}
        {assign}
        keep((gx, gy, x, y{state}))
        t += 1
"""


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


def _call(name: str, code: str) -> Callable[..., Any]:
    """The namespace function `name`, written down as `code` where a symbol is involved."""

    def function(*arguments: Any) -> Any:
        symbols = [a for a in arguments if isinstance(a, _Symbol)]
        if not symbols:
            return getattr(FLOATS, name)(*arguments)
        return symbols[0].write(code.format(*map(_text, arguments)))

    return function


_SYMBOLS = SimpleNamespace(
    sqrt=_call("sqrt", "sqrt({0})"),
    abs=_call("abs", "abs({0})"),
    sign=_call("sign", "1.0 if {0} > 0.0 else -1.0 if {0} < 0.0 else 0.0"),
    maximum=_call("maximum", "{1} if {1} > {0} else {0}"),
)


@functools.lru_cache(maxsize=256)
def loop(kind: str, values: tuple[tuple[str, Value], ...]) -> Callable[..., None]:
    """Return `loop(gradient, lrs, keep, t, x, y, *state)` for an optimizer: it keeps each step's
    (gx, gy, x, y, *state).

    `state` is the x coordinate's values, then the y coordinate's; `t`, the first step's number, is 2 or more.
    """
    row = OPTIMIZERS[kind]
    count = len(row.state_names(dict(values)))
    step = row.build(dict(values), _SYMBOLS)
    lines: dict[str, str] = {}
    outputs: dict[str, str] = {}
    inputs: list[str] = []
    for axis in "xy":
        names = [f"s{axis}{i}" for i in range(count)]
        t, lr, theta, g, *kept = (_Symbol(n, lines) for n in ("t", f"lr{axis}", axis, f"g{axis}", *names))
        theta, state = step(t, lr, theta, g, tuple(kept))
        outputs |= dict(zip((axis, *names), map(_text, (theta, *state)), strict=True))
        inputs += names
    source = _LOOP.format(
        state="".join(f", {name}" for name in inputs),
        body="\n        ".join(f"{name} = {code}" for code, name in lines.items()),
        # Assigned together at the end: an operation that raises leaves the step undone.
        assign=f"{', '.join(outputs)} = {', '.join(outputs.values())}",
    )
    scope: dict[str, Any] = {"sqrt": math.sqrt}
    exec(compile(source, f"<traced {kind}>", "exec"), scope)  # noqa: S102 - our own rule, written above
    return scope["loop"]
