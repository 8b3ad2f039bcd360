"""What a row of SCHEDULES holds: the learning rate as a function of the step, its settings, what to say about it."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

from optim_viz.optimizers import milestones
from optim_viz.spec import Hyperparameter, ScheduleSpec, check_values

#: rate(step, base, total, **values) -> the learning rates; arrays broadcast, `total` is the run's number of steps.
Rate = Callable[..., Any]


@dataclass(frozen=True)
class Text(Hyperparameter):
    """A setting that is typed: `read(given, owner)` returns it in its one way of writing, or refuses it."""

    default: Any
    scale: str = "text"
    read: Callable[[Any, str], str] = str

    def check(self, value: object, owner: str) -> Any:
        return self.read(value, owner)


@dataclass(frozen=True)
class Schedule:
    """One row: the function of the step, torch's class, its hyperparameters, and what to say about it.

    `running` is for rates that are products over the steps so far: running(step, total, **values) gives the factors of
    each step, 1 at step 0, and `rate` takes their products up to its step as `products`. `together` refuses values that
    do not fit each other; `look`, called as look(total, **values), those that make no rates in a run. `numbered` is
    whether it has any number of milestones. `momentum` is for those that can cycle it against the rate, once their
    cycle_momentum is on: momentum(step, total, **values).
    """

    name: str
    title: str
    rate: Rate | None  # None: the rates depend on the losses seen
    torch_class: str
    hyperparameters: tuple[Hyperparameter, ...]
    problem: str
    latex: str
    reference: str
    running: Callable[..., tuple[Any, ...]] | None = None
    together: Callable[[Mapping[str, Any]], None] = lambda values: None
    look: Callable[..., None] | None = None
    numbered: bool = False
    momentum: Callable[..., Any] | None = None

    def settings(self, values: Mapping[str, Any]) -> tuple[Hyperparameter, ...]:
        """Its hyperparameters beside these values: where they are numbered, as many as are used."""
        if not self.numbered:
            return self.hyperparameters
        return milestones.settings(self.hyperparameters[milestones.SHOWN :], values)

    def checked(self, given: Mapping[str, Any]) -> ScheduleSpec:
        """Return the spec of these values, those at their defaults filled in; SpecError where one may not be so."""
        named = milestones.by_name(given) if self.numbered else given
        spec = ScheduleSpec(self.name, check_values(self.name, self.settings(named), named))
        self.together(dict(spec.values))
        return spec

    @property
    def typed(self) -> bool:
        """Whether some of its settings are texts."""
        return any(h.scale == "text" for h in self.hyperparameters)
