"""Every number that a link can set has bounds, and at them a run still ends with an outcome: on every engine."""

import math

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.optimizers.schedules import SCHEDULES, schedule_rates
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import LARGEST

ROWS = {**OPTIMIZERS, **SCHEDULES}
#: L-BFGS's counts multiply what a step costs: they have bounds of their own.
COUNTS = ("max_iter", "max_eval", "history_size")
RULES = [row.name for row in OPTIMIZERS.values() if row.rule]


def ends(knob):
    """The least and the most that is accepted."""
    if knob.scale == "text":
        return [knob.default]
    if knob.scale == "bool":
        return [False, True]
    inward = 1 if knob.scale == "int" else None
    low = knob.minimum + (inward or 1e-9) if knob.open_low else knob.minimum
    high = math.nextafter(knob.maximum, 0.0) if knob.open_high else knob.maximum
    return [low, high]


def cases(kind):
    """A row's hyperparameters with one at either end, then all that go together at their most."""
    knobs = [knob for knob in ROWS[kind].hyperparameters if knob.name not in COUNTS]
    yield from ({knob.name: end} for knob in knobs for end in ends(knob))
    yield {knob.name: ends(knob)[-1] for knob in knobs if knob.scale != "bool" and knob.name != "step_min"}


def optimizers(kind):
    for values in cases(kind):
        try:
            yield ov.optimizer(kind, **values)
        except ov.SpecError:  # what does not go together: nesterov without momentum, shortest above longest
            assert len(values) == 1


@pytest.mark.parametrize("kind", ROWS)
def test_every_number_has_a_largest_that_is_said_and_held(kind):
    make = ov.optimizer if kind in OPTIMIZERS else ov.schedule
    for knob in ROWS[kind].hyperparameters:
        if knob.scale not in ("bool", "text"):
            assert (
                0 < max(knob.maximum, -knob.minimum) <= 1e12 and knob.minimum <= knob.low <= knob.high <= knob.maximum
            )
            with pytest.raises(ov.SpecError, match=f"{knob.name} must be a .*(at most|below) "):
                make(kind, **{knob.name: 1e308})


@pytest.mark.parametrize("kind", RULES)
def test_runs_at_the_bounds_have_an_outcome(kind):
    for spec in optimizers(kind):
        run = ov.descend("six_hump_camel", spec, steps=20).trajectories[0]
        many = ov.sweep("six_hump_camel", spec, {"x": [-1.0, 1.0]}, steps=20)
        assert run.status and not np.isnan(many.losses).any()


@pytest.mark.parametrize("kinds", [RULES[:6], RULES[6:12], [*RULES[12:], "lbfgs"]], ids=", ".join)
def test_trainings_at_the_bounds_have_an_outcome(kinds):
    most = [list(optimizers(kind))[-1] for kind in kinds]
    assert all(run.status for run in ov.train(most, epochs=1, batch_size=4000, hidden=(2,)))


@pytest.mark.parametrize("kind", SCHEDULES)
def test_schedules_at_the_bounds_give_a_rate_to_every_step(kind):
    plans = [ov.schedule(kind, **values) for values in cases(kind)]
    for plan in plans:
        if SCHEDULES[kind].rate:
            assert schedule_rates(plan, np.array([0.1, 0.2]), 7).shape == (7, 2)
        spec = ov.optimizer("momentum", schedule=plan)
        assert ov.descend("quadratic", spec, steps=7).trajectories[0].status
        assert not np.isnan(ov.sweep("quadratic", spec, {"lr": [0.1, 0.2]}, steps=7).losses).any()
    assert ov.train(spec, epochs=1, batch_size=4000, hidden=(2,))["momentum"].status


def test_milestones_of_nothing_are_no_drop():
    plan = ov.schedule("multistep", milestone1=0, milestone2=0, milestone3=0)
    assert schedule_rates(plan, np.array([0.1, 0.2]), 3).tolist() == [[0.1, 0.2]] * 3
    found = ov.basins("quadratic", ov.optimizer("momentum", lr=0.01, schedule=plan), resolution=8)
    assert found.lost == 0.0


@pytest.mark.parametrize("name", ["noise", "lr_scale"])
def test_other_numbers_of_a_link_have_a_largest_too(name):
    sgd = ov.optimizer("sgd")
    calls = {
        "noise": lambda value: ov.descend("quadratic", sgd, steps=2, noise=value),
        "lr_scale": lambda value: ov.optimizer("sgd", lr_scale=(1.0, value)),
    }
    calls[name](LARGEST)
    with pytest.raises(ov.SpecError, match=f"{name}.* must be a number from 0 to 1,000,000; got 1e"):
        calls[name](1e308)
