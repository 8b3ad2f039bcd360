"""The momentum that one cycle and cyclic turn against the rate: torch's own, in every engine that runs schedules."""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz.experiments.links import read_optimizer, write_optimizer
from optim_viz.experiments.study import axis_names
from optim_viz.optimizers.as_torch import schedule_code, torch_optimizer, torch_scheduler
from optim_viz.optimizers.cycled import WITH_MOMENTUM, cycled
from optim_viz.optimizers.table import ON_SURFACES
from optim_viz.sweeps import sweep
from optim_viz.sweeps.backends import machine_backend, numpy_backend
from optim_viz.sweeps.tuning import second_knob

STEPS = 90
SETTINGS = settings(max_examples=25, suppress_health_check=list(HealthCheck))
share = st.floats(0.3, 0.98)
PLANS = st.one_of(
    st.builds(
        lambda **values: ov.schedule("onecycle", cycle_momentum=True, **values),
        pct_start=st.floats(0.1, 0.9), anneal_linear=st.booleans(), three_phase=st.booleans(),
        base_momentum=share, max_momentum=share,
    ),
    st.builds(
        lambda **values: ov.schedule("cyclic", cycle_momentum=True, **values),
        step_size_up=st.integers(1, 60), step_size_down=st.integers(0, 40), triangular2=st.booleans(),
        gamma=st.floats(0.98, 1.0), base_momentum=share, max_momentum=share,
    ),
)  # fmt: skip


def spec_of(kind, plan, **values):
    return ov.optimizer(kind, lr=0.01, schedule=plan, **values)


@pytest.mark.parametrize("kind", WITH_MOMENTUM)
@SETTINGS
@given(plan=PLANS, total=st.integers(1, 200))
def test_it_is_torchs_at_every_step(kind, plan, total):
    spec = spec_of(kind, plan)
    optimizer, found = torch_optimizer(spec, [torch.zeros(1)]), []
    scheduler = torch_scheduler(plan, optimizer, total)
    for _ in range(total):
        group = optimizer.param_groups[0]
        found.append(group["betas"][0] if "betas" in group else group["momentum"])
        optimizer.step()
        scheduler.step()
    name, values = cycled(spec, total)
    assert name in spec.hyperparameters
    np.testing.assert_allclose(values, found, rtol=1e-9)


@pytest.mark.parametrize("kind", WITH_MOMENTUM)
@pytest.mark.parametrize("plan", ["onecycle", "cyclic"])
def test_a_run_is_torchs_and_a_batch_is_the_run(kind, plan):
    spec = spec_of(kind, ov.schedule(plan, cycle_momentum=True))
    run = ov.descend("six_hump_camel", spec, start=(1.0, 0.5), steps=STEPS).trajectories[0]
    plain = ov.descend("six_hump_camel", dataclasses.replace(spec, schedule=ov.schedule(plan)), (1.0, 0.5), STEPS)
    assert np.abs(run.points - plain.trajectories[0].points).max() > 1e-6
    point = torch.tensor([1.0, 0.5], dtype=torch.float64, requires_grad=True)
    optimizer = torch_optimizer(spec, [point])
    scheduler = torch_scheduler(spec.schedule, optimizer, STEPS)
    for t in range(STEPS):
        np.testing.assert_allclose(run.points[t], point.detach().numpy(), rtol=1e-9, atol=1e-12)
        point.grad = torch.tensor(run.gradients[t])
        optimizer.step()
        scheduler.step()
    axes = {"lr": [0.001, 0.01], "x": [1.0, -1.0], "y": [0.5]}
    asked = sweep.check("six_hump_camel", spec, axes, steps=STEPS)
    many = [sweep.run(asked, backend=backend(asked)).losses for backend in (numpy_backend, machine_backend)]
    assert many[0].tolist() == many[1].tolist()
    assert many[0][0, 1, 0, 0] == pytest.approx(run.losses[-1], rel=1e-9)


def test_a_run_that_overflows_goes_on_as_torch_does():
    spec = ov.optimizer("momentum", lr=1e4, schedule=ov.schedule("cyclic", cycle_momentum=True))
    run = ov.descend("himmelblau", spec, steps=30).trajectories[0]
    assert run.outcome is ov.Outcome.DIVERGED


def test_links_scripts_and_what_has_no_momentum():
    plan = ov.schedule("onecycle", cycle_momentum=True, base_momentum=0.8)
    spec = spec_of("adam", plan)
    assert write_optimizer(spec).endswith("s~onecycle~s.cycle_momentum~true~s.base_momentum~0.8")
    assert read_optimizer(write_optimizer(spec)) == (spec, [])
    assert schedule_code(plan, [0.1], 99) == (
        "lr_scheduler.OneCycleLR(optimizer, max_lr=0.1, total_steps=99, base_momentum=0.8)"
    )
    said = "sgd has no momentum that onecycle could cycle; cycle_momentum works with momentum, nesterov,"
    with pytest.raises(ov.SpecError, match=said):
        spec_of("sgd", plan)
    read, notes = read_optimizer(write_optimizer(spec).replace("adam", "sgd"))
    assert read.schedule["cycle_momentum"] is False and len(notes) == 1 and said in notes[0]
    assert "beta1" not in axis_names(spec) and second_knob(spec) is None
    with pytest.raises(ov.SpecError, match="cycles beta1, so it cannot be an axis"):
        sweep.check("quadratic", spec, {"beta1": [0.5, 0.9]})


@pytest.mark.parametrize("values", [[True, False], [False, True], [True]])
@pytest.mark.parametrize("plan", ["cyclic", "onecycle"])
@pytest.mark.parametrize("kind", ON_SURFACES)
def test_an_axis_refuses_what_the_optimizer_refuses(kind, plan, values):
    axes = {"schedule.cycle_momentum": values}
    plain = ov.optimizer(kind, schedule=ov.schedule(plan))
    try:
        ov.optimizer(kind, schedule=ov.schedule(plan, cycle_momentum=True))
    except ov.SpecError as refused:
        for chosen in (plain, [ov.optimizer("momentum", schedule=ov.schedule(plan)), plain]):
            with pytest.raises(ov.SpecError) as caught:
                sweep.check("quadratic", chosen, axes, steps=5)
            assert str(caught.value) == str(refused)
    else:
        s = ov.sweep("quadratic", plain, axes, steps=5)
        assert [s.optimizer(i).schedule["cycle_momentum"] for i in range(len(values))] == values
        assert s.losses[0].tolist() == pytest.approx(
            [ov.descend("quadratic", s.optimizer(i), steps=5)[kind].losses[-1] for i in range(len(values))], rel=1e-9
        )


def test_an_axis_of_switches_off_is_for_all():
    s = ov.sweep("quadratic", ov.optimizer("sgd", schedule=ov.schedule("cyclic")), {"schedule.cycle_momentum": [False]})
    assert s.optimizer(0) == s.spec.optimizer
