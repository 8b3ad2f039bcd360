"""What may be typed in one place: its letters, its functions, and what is said of what may not."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from optim_viz.language import N_

#: Reasons that hold wherever a formula is typed.
ELSEWISE = {
    "sec": N_("Write 1/cos(x) for {what}"), "csc": N_("Write 1/sin(x) for {what}"),
    "cot": N_("Write 1/tan(x) for {what}"),
    "sigmoid": N_("Write 1/(1 + exp(-x)) for {what}"), "pow": N_("Write x^2 for {what}"),
    "lg": N_("{what} has two meanings: write log10(x) or log2(x)"), "cbrt": N_("Write sign(x)*abs(x)^(1/3) for {what}"),
}  # fmt: skip


@dataclass(frozen=True)
class Function:
    """One row: how many arguments it takes, and what is made of them."""

    make: Callable[..., Any]
    fewest: int = 1
    most: int = 1

    @property
    def arguments(self) -> str:
        """How many it takes, in words."""
        if self.fewest != self.most:
            return N_("at least two arguments")
        return N_("one argument") if self.fewest == 1 else N_("two arguments")


@dataclass(frozen=True)
class Dialect:
    """What a formula may hold: `names` of variables, `functions` by name; and the sentences on what it may not.

    `letter` stands in examples. `reasons` say, by name, why another function is none of these; `strange` by the sign,
    "//" and "==" among them; `others` which letters may be used, behind "Unknown name 'z'; ".
    """

    names: tuple[str, ...]
    functions: Mapping[str, Function]
    letter: str
    letters: str
    example: str
    reasons: Mapping[str, str] = field(default_factory=dict)
    strange: Mapping[str, str] = field(default_factory=dict)
    others: str = ""
