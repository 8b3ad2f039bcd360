"""Every schedule equals torch's lr_scheduler class, for any hyperparameters and length of run."""

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz.optimizers.as_torch import torch_scheduler
from optim_viz.optimizers.plateau import PlateauRates
from optim_viz.optimizers.schedules import SCHEDULES, long_warm_ups, schedule, schedule_rates

PURE = [row.name for row in SCHEDULES.values() if row.rate]
SETTINGS = settings(max_examples=15, suppress_health_check=list(HealthCheck))


def knob_values(kind):
    """Any values on the sliders."""
    kinds = {
        "bool": lambda k: st.booleans(),
        "int": lambda k: st.integers(int(max(k.low, k.minimum)), int(k.high)),
        "log": lambda k: st.floats(k.low, k.high),
        "linear": lambda k: st.floats(k.low, k.high),
        "text": lambda k: st.just(k.default),
    }
    return st.fixed_dictionaries({k.name: kinds[k.scale](k) for k in SCHEDULES[kind].hyperparameters})


def torch_rates(spec, lrs, total, losses=None):
    """What torch's scheduler sets for param groups at `lrs`, [steps, groups]."""
    optimizer = torch.optim.SGD([{"params": [torch.zeros(1)], "lr": lr} for lr in lrs])
    scheduler, rates = torch_scheduler(spec, optimizer, total), []
    for step in range(total):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step(*((losses[step],) if losses is not None else ()))
    return np.array(rates)


@pytest.mark.parametrize("kind", PURE)
@SETTINGS
@given(data=st.data(), lr=st.floats(1e-4, 10.0), total=st.integers(1, 400))
def test_a_schedule_equals_torchs_for_every_group(kind, data, lr, total):
    spec, lrs = schedule(kind, **data.draw(knob_values(kind))), np.array([lr, lr * 0.1])
    ours = schedule_rates(spec, lrs, total)
    np.testing.assert_allclose(ours, torch_rates(spec, lrs.tolist(), total), rtol=1e-9, atol=1e-13 * lr)
    assert np.isfinite(schedule_rates(spec, lrs, total + 50, total)).all()  # past the end, too


@SETTINGS
@given(
    values=knob_values("plateau"),
    losses=st.lists(st.floats(-10, 10).map(lambda v: round(v, 1)), min_size=1, max_size=300),
)
def test_plateau_equals_torchs_on_floats_and_arrays(values, losses):
    values["patience"] %= 8
    spec, total = schedule("plateau", **values), len(losses)
    expected = torch_rates(spec, [0.5, 0.5, 0.05], total, losses)
    for lanes in ((0.5, 0.5, 0.05), tuple(np.full(3, lane) for lane in (0.5, 0.5, 0.05))):
        rates, seen = PlateauRates(spec, lanes, total), []
        for t, pair in enumerate(rates, 1):
            seen.append([np.max(lane) for lane in pair])
            rates.see(t, losses[t - 1] if isinstance(lanes[0], float) else np.full(3, losses[t - 1]))
            rates.see(t, 1e9)  # a step's loss counts once
        np.testing.assert_allclose(seen, expected[:, 1:], rtol=1e-12)
        if isinstance(lanes[0], float):
            np.testing.assert_allclose(rates.base_rates(total), expected[:, 0], rtol=1e-12)
            assert list(rates)[-1] == tuple(seen[-1])  # again from the start, the same


@pytest.mark.parametrize("kind", list(SCHEDULES))
def test_the_engine_follows_the_schedule_and_records_it(kind):
    spec = ov.optimizer("sgd", lr=0.05, schedule=schedule(kind))
    run = ov.descend("quadratic", spec, steps=120).trajectories[0]
    moves = np.hypot(*np.diff(run.points, axis=0).T)
    np.testing.assert_allclose(moves, run.lrs[:-1] * np.hypot(*run.gradients[:-1].T), rtol=1e-6, atol=1e-13)
    assert len(run.lrs) == 121 and np.isfinite(run.lrs).all()


def test_a_schedule_goes_on_after_floats_overflow():
    spec = ov.optimizer("sgd", lr=10.0, schedule=schedule("plateau", patience=0))
    run = ov.descend("himmelblau", spec, steps=30).trajectories[0]
    assert run.outcome is ov.Outcome.DIVERGED and np.isfinite(run.lrs).all()


@pytest.mark.parametrize("kind", list(SCHEDULES))
def test_rows_say_what_they_are_for(kind):
    row = SCHEDULES[kind]
    assert row.problem.endswith(".") and row.latex.count("{") == row.latex.count("}")
    assert hasattr(torch.optim.lr_scheduler, row.torch_class) and row.reference[-4:].isdigit()
    for knob in row.hyperparameters:
        assert knob.text.endswith(".") and (knob.scale in ("bool", "text") or knob.low < knob.high)
        assert knob.check(knob.default, kind) == knob.default


@pytest.mark.parametrize(
    ("plan", "words"),
    [
        (
            schedule("warmup_cosine", warmup=100),
            "the warm-up of 100 steps does not fit into 100 steps; it is cut to",
        ),
        (schedule("warmup_cosine", warmup=99), ""),
        (schedule("linear", total_iters=101), "the warm-up of 101 steps does not fit into 100 steps; the rate"),
        (schedule("linear", total_iters=100), ""),
        (schedule("linear", start_factor=1.0, end_factor=0.1, total_iters=500), ""),  # a cool-down
        (None, ""),
    ],
)
def test_a_warm_up_that_does_not_fit_is_said(plan, words):
    said = long_warm_ups([ov.optimizer("sgd", label="slow", schedule=plan), ov.optimizer("adam")], 100)
    assert [sentence[: len("slow: " + words)] for sentence in said] == ["slow: " + words] * bool(words)
    if plan and plan.kind == "warmup_cosine":  # as said, so it is
        rates = schedule_rates(plan, 1.0, 100)
        assert rates.argmax() == min(plan["warmup"], 99)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: schedule("cosin"), "Unknown schedule 'cosin'; did you mean 'cosine'?"),
        (lambda: schedule("step", gama=0.5), "step has no hyperparameter 'gama'; did you mean 'gamma'?"),
        (
            lambda: schedule("step", step_size=0),
            "step: step_size must be a whole number at least 1 and at most 1,000,000; got 0.",
        ),
        (
            lambda: schedule("exponential", gamma=0),
            "exponential: gamma must be a number above 0 and at most 10; got 0.",
        ),
    ],
)
def test_bad_schedules_get_their_sentence(call, sentence):
    with pytest.raises(ov.SpecError) as error:
        call()
    assert sentence in str(error.value)
