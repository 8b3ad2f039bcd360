"""What a row of the OPTIMIZERS table holds, and how its rule becomes the update of one step."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.optimizers import rules
from optim_viz.optimizers.lbfgs import ClosureStep
from optim_viz.optimizers.rules import FLOATS, Namespace, State, Step
from optim_viz.spec import Hyperparameter, Value

#: Hyperparameters that add something to a rule where they are not 0, unless its formula has them.
_ADDED = frozenset((
    "weight_decay", "decoupled_weight_decay", "maximize", "momentum", "dampening", "nesterov", "amsgrad", "centered",
    "lr_decay", "line_search_fn",
))  # fmt: skip
#: Hyperparameters that no rule has an argument for: they come with the step, or act around the rule.
_AROUND = ("lr", "weight_decay", "decoupled_weight_decay", "maximize")


@dataclass(frozen=True)
class Style:
    """How one run is drawn; `light` and `dark` are its colour on a light and on a dark page.

    The colours are from the colour-blind-safe sets of Okabe & Ito (2008) and Tol (2021), with a lighter twin each.
    """

    light: str
    dark: str
    dash: str
    marker: str


@dataclass(frozen=True)
class Card:
    """What the player's inspector shows: the rule in symbols, and templates of the same with the current numbers.

    In a template {g} is the gradient that the rule sees, {theta} the coordinate, {lr} its learning rate, {name} a value
    of the state before the step, {name'} the one after it, anything else a hyperparameter. What stands in [name?...] is
    shown while that number is not 0 or that switch is on, in [!name?...] while it is not; {row} is 0 at the first step.
    A line must be true for all values, or say no more than what is before and after. `state` are lines on the state,
    `move` is the line on the coordinate; `pull` names the state that an arrow may show.
    """

    symbolic: str
    state: tuple[str, ...] = ()
    move: str = "{theta} → {theta'}"
    pull: str = ""


@dataclass(frozen=True)
class Optimizer:
    """One row: the rule, the hyperparameters that torch has, the state that torch keeps, how to draw and explain it.

    `rule` is None where the update is not elementwise: `closure_rule` is that of an optimizer that looks at loss and
    gradient several times a step, `looks` says how often at most. `state` pairs torch's name with the hyperparameter
    that must be on for it to be kept, or "". `initial` gives the state that does not start at 0: a number, or a
    hyperparameter's name. `fixed` are arguments of rule and torch class that make this row what it is; `decoupled` says
    that weight decay shrinks the weights themselves instead of entering the gradient; `forgets`, that a gradient that
    is not finite may leave them finite: every other rule's are never finite again; `matrices`, that a matrix is taken
    as a whole, so that a surface of two weights cannot show it. `told` names what `latex` and `card` have in their
    formulas though most rules' do not.
    """

    name: str
    title: str
    style: Style
    rule: Callable[..., Step] | None
    torch_class: str
    hyperparameters: tuple[Hyperparameter, ...]
    state: tuple[tuple[str, str], ...]
    problem: str
    latex: str
    card: Card
    paper: str
    year: int
    initial: tuple[tuple[str, float | str], ...] = ()
    fixed: tuple[tuple[str, Value], ...] = ()
    decoupled: bool = False
    forgets: bool = False
    matrices: bool = False
    told: tuple[str, ...] = ()
    closure_rule: Callable[..., ClosureStep] | None = None
    looks: Callable[[Mapping[str, Any]], int] = lambda values: 1

    def state_names(self, values: Mapping[str, Any]) -> tuple[str, ...]:
        """The names of the state that a run with these hyperparameters keeps, as torch names them."""
        return tuple(name for name, flag in self.state if not flag or np.any(values[flag]))

    @property
    def added(self) -> tuple[str, ...]:
        """The names of the hyperparameters that add something to the rule which its formula does not have."""
        return tuple(h.name for h in self.hyperparameters if h.name in _ADDED and h.name not in self.told)

    def settings_on(self, values: Mapping[str, Any]) -> str:
        """Return those of `added` that are on, in words.

        >>> from optim_viz.optimizers.table import OPTIMIZERS
        >>> OPTIMIZERS["adam"].settings_on({"weight_decay": 0.5, "amsgrad": True, "maximize": False})
        'weight_decay 0.5, amsgrad'
        """
        on = [(name, values[name]) for name in self.added if values.get(name)]
        return ", ".join(name if value is True else f"{name} {value:g}" for name, value in on)

    def initial_state(self, values: Mapping[str, Any], lr: Any) -> State:
        """The state of one coordinate before the first step, whose learning rate is `lr`."""
        known = dict(self.initial)
        table = {**values, "lr": lr}
        firsts = (known.get(name, 0.0) for name in self.state_names(values))
        return tuple(table[first] if isinstance(first, str) else first for first in firsts)

    def step_with(self, values: Mapping[str, Any], xp: Namespace = FLOATS) -> Step:
        """Return the update with these hyperparameters, a function of (t, lr, theta, g, state) over the namespace `xp`.

        >>> from optim_viz.optimizers.table import OPTIMIZERS
        >>> step = OPTIMIZERS["sgd"].step_with({"lr": 0.1})
        >>> step(1, 0.1, 2.0, 1.0, ())[0]
        1.9
        """
        if self.rule is None:
            raise TypeError(f"{self.name} has no elementwise rule")
        own = {k: v for k, v in values.items() if k not in _AROUND} | dict(self.fixed)
        step = self.rule(xp, **own)
        if values.get("maximize"):
            step = _climbing(step)
        decay = values.get("weight_decay", 0.0)
        if rules.is_zero(decay):
            return step
        if self.decoupled or values.get("decoupled_weight_decay"):
            return _shrinking(step, decay)
        return _penalised(step, -decay if values.get("maximize") else decay)


def _climbing(step: Step) -> Step:
    """Wrap `step` so that it sees -g, as torch's maximize does."""
    return lambda t, lr, theta, g, state: step(t, lr, theta, -g, state)


def _penalised(step: Step, decay: Any) -> Step:
    """Wrap `step` so that it sees g + decay * theta, as torch's L2 penalty does."""
    return lambda t, lr, theta, g, state: step(t, lr, theta, g + decay * theta, state)


def _shrinking(step: Step, decay: Any) -> Step:
    """Wrap `step` so that the weights shrink by the factor 1 - lr * decay first: decoupled weight decay."""
    return lambda t, lr, theta, g, state: step(t, lr, theta * (1.0 - lr * decay), g, state)
