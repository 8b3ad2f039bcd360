"""What the app lets one visitor ask for, and what an experiment costs."""

from __future__ import annotations

from typing import Any, TypeVar

from optim_viz.experiments.fairness import Fair
from optim_viz.network.train import steps_per_epoch
from optim_viz.settings import limit
from optim_viz.spec import DescentSpec, NetworkSpec, SpecError

Asked = TypeVar("Asked", bound="Fair[Any]")


def within(asked: Asked) -> Asked:
    """Return what is asked for if the app may spend it, or raise a SpecError that names the budget."""
    spec = asked.spec
    _check("optimizers", len(spec.optimizers))
    if isinstance(spec, DescentSpec):
        _check("steps", spec.steps)
    else:
        _check("epochs", spec.epochs)
        _check("seeds", spec.seeds)
        _check("training_steps", steps_of(spec))
    return asked


def _check(name: str, value: int) -> None:
    if value > limit(name):
        words = name.replace("_", " ")
        raise SpecError(f"This server allows at most {limit(name):,} {words} at once; {value:,} were asked for.")


def steps_of(spec: DescentSpec | NetworkSpec) -> int:
    """Return the optimizer steps of an experiment, all its runs together.

    >>> from optim_viz import optimizer
    >>> from optim_viz.surfaces import descent
    >>> steps_of(descent.check("quadratic", [optimizer("sgd"), optimizer("adam")], steps=100))
    200
    """
    if isinstance(spec, DescentSpec):
        return len(spec.optimizers) * spec.steps
    return len(spec.optimizers) * spec.seeds * spec.epochs * steps_per_epoch(spec)
