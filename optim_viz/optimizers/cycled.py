"""The momentum that a schedule cycles against the learning rate: torch's cycle_momentum, of CyclicLR and OneCycleLR.

It is a number a step, the same for all weights, in the place of the optimizer's own momentum or beta1.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import OptimizerSpec, ScheduleSpec, SpecError


def cycled_name(kind: str) -> str:
    """Return which hyperparameter of an optimizer is cycled, "" where it has none.

    >>> cycled_name("adam"), cycled_name("rmsprop"), cycled_name("sgd")
    ('beta1', 'momentum', '')
    """
    row = OPTIMIZERS.get(kind)
    known = {h.name for h in row.hyperparameters} if row is not None and row.rule is not None else set()
    return next((name for name in ("beta1", "momentum") if name in known), "")


#: The optimizers whose momentum can be cycled.
WITH_MOMENTUM = tuple(kind for kind in OPTIMIZERS if cycled_name(kind))


def cycles(plan: ScheduleSpec | None) -> bool:
    """Whether a schedule cycles the momentum."""
    return plan is not None and bool(dict(plan.values).get("cycle_momentum"))


def cycled_of(optimizer: OptimizerSpec) -> str:
    """Return which hyperparameter of an optimizer its schedule cycles, "" where none: its own value says nothing."""
    return cycled_name(optimizer.kind) if cycles(optimizer.schedule) else ""


def check_cycle(kind: str, plan: ScheduleSpec | None) -> None:
    """Refuse a schedule that cycles the momentum of an optimizer without one."""
    if plan is not None and cycles(plan) and not cycled_name(kind):
        raise SpecError(
            "{kind} has no momentum that {schedule} could cycle; cycle_momentum works with {names}.",
            kind=kind,
            schedule=plan.kind,
            names=", ".join(WITH_MOMENTUM),
        )


def first_values(optimizer: OptimizerSpec) -> dict[str, Any]:
    """Return an optimizer's hyperparameters as its first step has them: what is cycled begins at max_momentum."""
    plan, name = optimizer.schedule, cycled_of(optimizer)
    return optimizer.hyperparameters | ({name: plan["max_momentum"]} if plan and name else {})


def cycled(optimizer: OptimizerSpec, steps: int, rows: int = 0) -> tuple[str, np.ndarray] | None:
    """Return the name of what is cycled in a run, and its value at every step, float64 [steps]; None: nothing is.

    `rows`: of so many steps, while the run has `steps`.

    >>> from optim_viz import optimizer, schedule
    >>> plan = schedule("cyclic", step_size_up=2, cycle_momentum=True)
    >>> name, values = cycled(optimizer("adam", schedule=plan), 5)
    >>> name, values.round(3).tolist()
    ('beta1', [0.9, 0.85, 0.8, 0.85, 0.9])
    """
    plan = optimizer.schedule
    if plan is None or not cycles(plan):
        return None
    momentum: Any = SCHEDULES[plan.kind].momentum
    with np.errstate(all="ignore"):
        values = momentum(np.arange(rows or steps), steps, **dict(plan.values))
    return cycled_name(optimizer.kind), np.broadcast_to(values, (rows or steps,))
