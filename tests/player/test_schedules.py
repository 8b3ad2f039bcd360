"""The rates that the engine in the browser runs on are those of torch's scheduler at every step."""

import random

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz.optimizers.as_torch import torch_scheduler
from optim_viz.optimizers.cycled import cycled
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.surfaces import descent
from tests.node import node_path
from tests.parity import array, compare, in_node, scene_of
from tests.strategies import TYPED

STEPS, DRAWS = 150, 6
#: So flat that no rate makes a run diverge.
SURFACE = "(x^2 + 2*y^2)/1000"


def drawn(kind, draw):
    """A schedule with any values on its sliders; those in steps often end within the run."""
    values = {}
    for knob in SCHEDULES[kind].hyperparameters:
        if knob.scale == "text":
            values[knob.name] = draw.choice([knob.default, *TYPED.get((kind, knob.name), ())])
        elif knob.scale == "bool":
            values[knob.name] = draw.random() < 0.5
        elif knob.scale == "int":
            values[knob.name] = draw.randint(int(max(knob.low, knob.minimum)), int(min(knob.high, 2 * STEPS)))
        else:
            values[knob.name] = draw.uniform(knob.low, knob.high)
    return ov.schedule(kind, **values)


def torch_rates(plan, losses):
    optimizer = torch.optim.SGD([torch.zeros(1)], lr=0.05)
    scheduler, rates = torch_scheduler(plan, optimizer, STEPS), []
    for loss in losses[:STEPS]:
        rates.append(optimizer.param_groups[0]["lr"])
        optimizer.step()
        scheduler.step(*((loss,) if plan.kind == "plateau" else ()))
    return rates


@pytest.fixture(scope="module")
def found():
    node_path()
    draw = random.Random(19)  # noqa: S311 - no secret
    plans = {kind: [drawn(kind, draw) for _ in range(DRAWS)] for kind in SCHEDULES}
    specs = [
        descent.check(ov.surface(SURFACE), [ov.optimizer("momentum", lr=0.05, schedule=p) for p in of], steps=STEPS)
        for of in plans.values()
    ]
    runs, scenes = zip(*map(scene_of, specs), strict=True)
    return dict(zip(plans, zip(plans.values(), in_node(scenes), runs, strict=True), strict=True))


@pytest.mark.parametrize("kind", SCHEDULES)
def test_a_schedules_rates_in_the_browser_are_torchs(kind, found):
    for plan, answer, run in zip(*found[kind], strict=True):
        ours, losses = (array(answer["columns"][name]) for name in ("lr", "loss"))
        np.testing.assert_allclose(ours[:STEPS], torch_rates(plan, losses), rtol=1e-9, atol=1e-15, err_msg=str(plan))
        assert compare(run, answer)[0] != "apart", plan  # and so is the momentum, where it is cycled
        name, cycle = cycled(run.spec, STEPS, STEPS + 1) or ("lr", run.lrs)
        np.testing.assert_allclose(array(answer["columns"][name]), cycle, rtol=1e-9, err_msg=str(plan))
