"""Axes that are no numbers of a rule: noise, switches, the schedule's settings, optimizers. Each value is a batch."""

from __future__ import annotations

import dataclasses
import threading
from collections.abc import Callable, Mapping
from concurrent.futures import Executor
from typing import Any

import numpy as np

from optim_viz.optimizers.clipping import CLIPPING
from optim_viz.optimizers.cycled import check_cycle
from optim_viz.optimizers.schedules import SCHEDULES, schedule
from optim_viz.optimizers.specs import hyperparameter, knobs, with_values
from optim_viz.spec import Hyperparameter, OptimizerSpec, SweepSpec
from optim_viz.sweeps import batch
from optim_viz.sweeps.backends import Backend
from optim_viz.sweeps.batch import Ends
from optim_viz.sweeps.cells import places

#: The axis that is the noise, and what a schedule's settings are called before their own names.
NOISE, OF_SCHEDULE = "noise", "schedule."
#: The axis whose values are optimizers, by their numbers.
OPTIMIZER = "optimizer"


def switches(spec: OptimizerSpec) -> dict[str, Hyperparameter]:
    """Return the optimizer's switches by name.

    >>> from optim_viz import optimizer
    >>> list(switches(optimizer("adam")))
    ['amsgrad', 'maximize', 'decoupled_weight_decay']
    """
    return {h.name: h for h in knobs(spec) if h.scale == "bool"}


def settings(spec: OptimizerSpec) -> dict[str, Hyperparameter]:
    """Return the settings of the optimizer's schedule by the names of their axes, those that are typed left out.

    >>> from optim_viz import optimizer, schedule
    >>> list(settings(optimizer("sgd", schedule=schedule("exponential"))))
    ['schedule.gamma']
    """
    plan = spec.schedule
    if plan is None:
        return {}
    known = SCHEDULES[plan.kind].settings(dict(plan.values))
    return {OF_SCHEDULE + h.name: h for h in known if h.scale != "text"}


def is_outer(name: str, spec: OptimizerSpec) -> bool:
    """Whether the values of an axis are batches of their own."""
    return name in (NOISE, OPTIMIZER) or name.startswith(OF_SCHEDULE) or name in switches(spec)


def placed(spec: SweepSpec, values: Mapping[str, float]) -> SweepSpec:
    """Return a sweep whose optimizer and noise have some axes' values; SpecError where it refuses them."""
    numbers = dict(values)
    noise, optimizer = numbers.pop(NOISE, spec.noise), spec.optimizer
    if OPTIMIZER in numbers:
        optimizer = spec.optimizers[int(numbers.pop(OPTIMIZER))]
    plan, own = optimizer.schedule, {k: numbers.pop(k) for k in list(numbers) if k.startswith(OF_SCHEDULE)}
    if plan is not None and own:
        changed = {name.removeprefix(OF_SCHEDULE): value for name, value in own.items()}
        plan = schedule(plan.kind, **dict(plan.values) | changed)
        check_cycle(optimizer.kind, plan)
        optimizer = dataclasses.replace(optimizer, schedule=plan)
    if numbers:
        optimizer = with_values(optimizer, numbers)
    return dataclasses.replace(spec, optimizer=optimizer, noise=noise, optimizers=())


def grouped(spec: SweepSpec) -> list[tuple[np.ndarray, SweepSpec]]:
    """Return the cells that are one batch, and the sweep that they are: its points are theirs."""
    cells = np.arange(spec.cells)
    columns = {
        name: np.array(values)[place] for (name, values), place in zip(spec.axes, places(spec, cells), strict=True)
    }
    outer = [name for name in columns if is_outer(name, spec.optimizer)]
    keys, which = np.unique(np.stack([columns[name] for name in outer]), axis=1, return_inverse=True)
    found = []
    for k, key in enumerate(keys.T.tolist()):
        mine = cells[which.ravel() == k]
        one = placed(spec, dict(zip(outer, key, strict=True)))
        inner = tuple((name, tuple(column[mine].tolist())) for name, column in columns.items() if name not in outer)
        alone = (("x", (spec.start[0],) * len(mine)),)
        found.append((mine, dataclasses.replace(one, axes=inner or alone, paired=True)))
    return found


def run_all(
    spec: SweepSpec,
    progress: Callable[[float], None] | None,
    cancel: threading.Event | None,
    backend: Backend | None,
    executor: Executor | None,
) -> Ends:
    """Run a sweep, group by group where some axes need it; after a cancel the rest is not done."""
    if not any(is_outer(name, spec.optimizer) for name, _ in spec.axes):
        return batch.run_all(spec, True, progress, cancel, backend, executor=executor)
    whole = batch.blank_ends(spec)
    tell: Any = progress
    groups = grouped(spec)
    for i, (cells, inner) in enumerate(groups):
        if cancel is not None and cancel.is_set():
            break
        if progress is not None:
            tell = lambda share, i=i: progress((i + share) / len(groups))  # noqa: E731
        part = batch.run_all(inner, True, tell, cancel, backend, executor=executor)
        for name, array in vars(part).items():
            getattr(whole, name)[..., cells] = array
    return whole


def log_axis(name: str, spec: OptimizerSpec) -> bool:
    """Whether points are to be spread over an axis by its logarithm."""
    own = settings(spec).get(name)
    if own is not None:
        return own.scale == "log"
    known = {h.name for h in (*knobs(spec), *CLIPPING)}
    return name in known and hyperparameter(spec.kind, name).scale == "log"
