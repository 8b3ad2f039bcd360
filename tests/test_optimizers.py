"""Every rule equals torch.optim with torch's scheduler, step for step; floats, arrays and torch tensors agree.

Chaotic runs are compared until they separate: beside each run goes the same run from a start that differs by one part
in 1e12. Where those two have come apart by 1e-9, rounding alone decides what follows, and the comparison stops.
"""

import inspect
import math
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz import arrays, descent, floats
from optim_viz.compiling import compiled
from optim_viz.optimizers import OPTIMIZERS, as_spec, torch_optimizer
from optim_viz.oracles import oracles
from optim_viz.schedules import SCHEDULES, schedule, torch_scheduler
from optim_viz.surfaces import SURFACES
from optim_viz.torch_descent import torch_loss

STEPS = 300
RULES = [row.name for row in OPTIMIZERS.values() if row.rule]
SMOOTH = [row.name for row in SURFACES.values() if row.smooth]
ONCE = {"deadline": None, "derandomize": True, "suppress_health_check": list(HealthCheck), "database": None}
#: Drawn narrower than the sliders, so that most runs stay finite for 300 steps.
RANGES = {"lr": (1e-4, 3e-2), "weight_decay": (0.0, 0.1), "step_max": (0.1, 50.0)}


@pytest.fixture(autouse=True)
def float64_throughout():
    """ASGD and NAdam keep scalar state in torch's default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def value_of(knob):
    """A hypothesis strategy for one hyperparameter, over its slider's range."""
    low, high = RANGES.get(knob.name, (knob.low, knob.high))
    if knob.name == "maximize":
        return st.just(False)  # has its own test
    if knob.scale == "bool":
        return st.booleans()
    if knob.scale == "int":
        return st.integers(int(max(low, knob.minimum)), int(high))
    if knob.scale == "log":
        return st.floats(math.log(low), math.log(high)).map(math.exp)
    return st.floats(low, high, exclude_min=knob.open_low and low == knob.minimum)


def drawn(table):
    """A strategy for {row's name: {hyperparameter: value}} over a table."""
    return st.fixed_dictionaries(
        {name: st.fixed_dictionaries({k.name: value_of(k) for k in table[name].hyperparameters}) for name in table}
    )


def specs_of(values, schedules):
    """Every rule under every schedule, with the drawn hyperparameters."""
    plans = [schedule(name, **schedules[name]) for name in SCHEDULES]
    found = []
    for kind in RULES:
        own = dict(values[kind])
        if own.get("nesterov"):
            own |= {"dampening": 0.0, "momentum": max(own["momentum"], 0.01)}
        found += [ov.optimizer(kind, schedule=plan, **own) for plan in plans]
    return found


def torch_runs(surface, specs, start):
    """All specs at once: one loss over all their points, each with its own torch optimizer and scheduler."""
    loss = torch_loss(surface)
    thetas = [torch.tensor(start, requires_grad=True) for _ in specs]
    optimizers = [torch_optimizer(spec, [theta], foreach=False) for spec, theta in zip(specs, thetas, strict=True)]
    schedulers = [torch_scheduler(s.schedule, o, STEPS) for s, o in zip(specs, optimizers, strict=True)]
    points = np.empty((STEPS + 1, len(specs), 2))
    points[0] = start
    for t in range(1, STEPS + 1):
        stacked = torch.stack(thetas)
        losses = loss(stacked[:, 0], stacked[:, 1])
        for theta, gradient in zip(thetas, torch.autograd.grad(losses.sum(), thetas), strict=True):
            theta.grad = gradient
        seen = losses.tolist()
        for i, (optimizer, scheduler) in enumerate(zip(optimizers, schedulers, strict=True)):
            optimizer.step()
            scheduler.step(*((seen[i],) if specs[i].schedule.kind == "plateau" else ()))
        points[t] = torch.stack(thetas).detach().numpy()
    return points.transpose(1, 0, 2)


def horizon(surface, spec, points, start):
    """How many rows of `points` can be compared: finite, and until a run that starts 1e-12 beside separates."""
    beside = tuple(v * (1 + 1e-12) + 1e-14 for v in start)
    other = descent.run(ov.spec.DescentSpec(surface, (spec,), beside, STEPS)).trajectories[0].points
    with np.errstate(all="ignore"):
        apart = ~(np.abs(points - other) <= 1e-9 * (np.abs(points) + 1e-3)).all(1)
        apart |= ~(np.abs(points) < 1e50).all(1)
    return int(np.argmax(apart)) if apart.any() else len(points)


@pytest.mark.parametrize("surface", SMOOTH)
@settings(max_examples=2, **ONCE)
@given(values=drawn({k: OPTIMIZERS[k] for k in RULES}), schedules=drawn(SCHEDULES))
def test_every_rule_under_every_schedule_equals_torch(surface, values, schedules):
    row, specs = SURFACES[surface], specs_of(values, schedules)
    start = tuple(v + 0.01 for v in row.start)
    expected = torch_runs(row, specs, start)
    c = descent.run(ov.spec.DescentSpec(row, tuple(specs), start, STEPS))
    compared = 0
    for spec, run, points in zip(specs, c, expected, strict=True):
        rows = horizon(row, spec, run.points, start)
        np.testing.assert_allclose(run.points[:rows], points[:rows], rtol=1e-8, atol=1e-11, err_msg=str(spec))
        compared += rows
    print(surface, compared / (len(specs) * (STEPS + 1)))
