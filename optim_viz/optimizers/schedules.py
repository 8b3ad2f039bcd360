"""How the learning rate changes over a run: the SCHEDULES table, ov.schedule, and the rates of a run."""

from __future__ import annotations

import functools
from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.optimizers import composed_rows, rates, schedule_rows, typed_rows
from optim_viz.optimizers.schedule_row import Rate, Schedule
from optim_viz.spec import OptimizerSpec, ScheduleSpec, one_of

SCHEDULES: dict[str, Schedule] = {**schedule_rows.ROWS, **typed_rows.ROWS, **composed_rows.ROWS}


def schedule(kind: str, **hyperparameters: object) -> ScheduleSpec:
    """Return a learning-rate schedule's spec: a row of SCHEDULES with its hyperparameters, checked.

    Problem: a rate that is right far from a minimum is too large near it.
    Formula: the row's `latex`; the base rate is the optimizer's lr.

    Arguments: `kind`, a row of SCHEDULES; `hyperparameters`, names of torch.optim.lr_scheduler; steps count from 0, and
    0 stands for the whole run where the row says so. multistep takes `milestones`, up to 1,000 steps; lambda and
    multiplicative take `lr_lambda`, a formula of the step t and the number of steps T; sequential and chained take
    `parts`, schedules or a text, and sequential `milestones`, the steps at which the next part begins. To a part of a
    sequence the whole run is its own steps.
    Raises SpecError with the nearest name or the allowed range, or the place of what cannot be read in a formula.

    >>> schedule("step", step_size=100, gamma=0.5)["gamma"]
    0.5
    >>> schedule("lambda", lr_lambda="min(1, t/100)*exp(-t/500)")["lr_lambda"]
    'min(1, t/100)*exp(-t/500)'
    >>> parts = [schedule("linear", total_iters=100), schedule("cosine")]
    >>> schedule("sequential", parts=parts, milestones=[100])["parts"]
    'linear(total_iters=100), cosine'

    Reference: torch.optim.lr_scheduler 2.13 (PyTorch, 2026).
    """
    return SCHEDULES[one_of(kind, SCHEDULES, N_("schedule"))].checked(hyperparameters)


def rate_of(spec: ScheduleSpec) -> Rate:
    """Return the learning rates of a schedule as a function of (step, base, total), steps as whole numbers.

    >>> rate_of(schedule("multiplicative", lr_lambda="0.5"))(np.arange(4), 1.0, 4).tolist()
    [1.0, 0.5, 0.25, 0.125]
    """
    row, values = SCHEDULES[spec.kind], dict(spec.values)
    rate = row.rate
    if rate is None:
        raise TypeError(f"{row.name} depends on the losses: optim_viz.optimizers.plateau runs it")
    if row.running is None:
        return functools.partial(rate, **values)

    def with_products(step: Any, base: Any, total: int) -> Any:
        found = _products(spec, total, max(total, int(np.max(step))) + 1)
        return rate(step, base, total, **values, products=tuple(one[step] for one in found))

    return with_products


@functools.lru_cache(maxsize=64)
def _products(spec: ScheduleSpec, total: int, count: int) -> tuple[np.ndarray, ...]:
    """The products that a schedule runs on, up to each of the first steps, float64 [count]."""
    running: Any = SCHEDULES[spec.kind].running
    with np.errstate(all="ignore"):
        each = running(np.arange(count), total, **dict(spec.values))
        return tuple(np.multiply.accumulate(np.broadcast_to(one, (count,))) for one in each)


def check_schedules(optimizers: Iterable[OptimizerSpec], total: int) -> None:
    """Raise a SpecError where a typed factor makes no learning rate at some step of a run of `total` steps."""
    for plan in (spec.schedule for spec in optimizers):
        if plan is not None and (look := SCHEDULES[plan.kind].look):
            look(total, **dict(plan.values))


def schedule_rates(spec: ScheduleSpec | None, base: Any, steps: int, total: int | None = None) -> np.ndarray:
    """Return the learning rates of steps 0 to steps - 1, float64 [steps, ...]; `base` a number or float64 [...].

    >>> schedule_rates(schedule("step", step_size=2, gamma=0.5), 1.0, 5).tolist()
    [1.0, 1.0, 0.5, 0.5, 0.25]
    """
    base = np.asarray(base, float)
    rate, step = rate_of(spec or schedule("constant")), np.arange(steps).reshape(-1, *(1,) * base.ndim)
    with np.errstate(all="ignore"):
        return np.broadcast_to(rate(step, base, total or steps), (steps, *base.shape))


def long_warm_ups(optimizers: Iterable[OptimizerSpec], total: int) -> list[str]:
    """Return a sentence for every warm-up that does not end within a run of `total` steps: lr is not what was asked.

    >>> from optim_viz import optimizer
    >>> long_warm_ups([optimizer("adam", schedule=schedule("warmup_cosine", warmup=300))], 200)[0]
    'adam: the warm-up of 300 steps does not fit into 200 steps; it is cut to 199, and the cosine has no room.'
    """
    found = ((spec.label or spec.kind, spec.schedule) for spec in optimizers)
    return [said for name, plan in found if plan for said in _too_long(name, plan, total)]


def _too_long(name: str, plan: ScheduleSpec, total: int) -> Iterator[str]:
    if plan.kind == "warmup_cosine" and plan["warmup"] >= total > 1:
        up, _ = rates.warmup_split(total, plan["warmup"])
        yield N_(
            "{name}: the warm-up of {asked:,} steps does not fit into {total:,} steps; it is cut to {up:,}, "
            "and the cosine has no room.",
            name=name,
            asked=plan["warmup"],
            total=total,
            up=int(up),
        )
    if plan.kind == "linear" and plan["total_iters"] > total and plan["start_factor"] < plan["end_factor"]:
        yield N_(
            "{name}: the warm-up of {asked:,} steps does not fit into {total:,} steps; "
            "the rate does not reach its end.",
            name=name,
            asked=plan["total_iters"],
            total=total,
        )
    if plan.kind == "sequential" and (begins := composed_rows.starts_of(plan["milestones"])[-1]) >= total:
        yield N_(
            "{name}: the last part of the schedule begins at step {begins:,}, which {total:,} steps do not reach.",
            name=name,
            begins=begins,
            total=total,
        )
