"""What the app lets one visitor ask for, and what an experiment costs."""

from __future__ import annotations

import math
from dataclasses import fields, is_dataclass
from typing import Any, TypeVar

import numpy as np

from optim_viz import digits
from optim_viz.fairness import Fair
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

    >>> from optim_viz import descent, optimizer
    >>> steps_of(descent.check("quadratic", [optimizer("sgd"), optimizer("adam")], steps=100))
    200
    """
    if isinstance(spec, DescentSpec):
        return len(spec.optimizers) * spec.steps
    batches = math.ceil(len(digits.load(spec.data).train_y) / spec.batch_size)
    return len(spec.optimizers) * spec.seeds * spec.epochs * batches


def weight(value: Any) -> int:
    """Return about how many bytes a result takes: those of its arrays, wherever in it they are; shared ones once.

    >>> weight({"a": np.zeros(1000), "b": (np.zeros(10, dtype="f4"), "text")})
    8040
    """
    return sum(array.nbytes for array in _arrays(value, set()))


def _arrays(value: Any, seen: set[int]) -> list[np.ndarray]:
    while isinstance(value, np.ndarray) and isinstance(value.base, np.ndarray):
        value = value.base
    if id(value) in seen:
        return []
    seen.add(id(value))
    if isinstance(value, np.ndarray):
        return [value]
    if isinstance(value, dict):
        inside = list(value.values())
    elif isinstance(value, (tuple, list)):
        inside = list(value)
    elif is_dataclass(value):
        inside = [getattr(value, f.name) for f in fields(value)]
    else:
        return []
    return [array for part in inside for array in _arrays(part, seen)]
