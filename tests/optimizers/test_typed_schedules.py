"""Typed factors and schedules made of schedules equal torch's own classes, built here by hand, at every step."""

import ast
import math

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from torch.optim import lr_scheduler as lrs

import optim_viz as ov
from optim_viz.optimizers.as_torch import schedule_code, torch_scheduler
from optim_viz.optimizers.schedules import check_schedules, long_warm_ups, schedule_rates

SETTINGS = settings(max_examples=40, suppress_health_check=list(HealthCheck))
#: What is typed -> the same as Python's own function of the step and the number of steps.
FORMULAS = {
    "{a}^(t/30)": lambda t, total, a: a ** (t / 30),
    "min(1, t/100)*exp(-{a}t/500)": lambda t, total, a: min(1, t / 100) * math.exp(-a * t / 500),
    "{a}^floor(t/7)": lambda t, total, a: a ** (t // 7),
    "1 - {a}t/(2T)": lambda t, total, a: 1 - a * t / (2 * total),
    "(1 + cos(πt/T))/2 + {a}": lambda t, total, a: (1 + math.cos(math.pi * t / total)) / 2 + a,
    "|sin(t)| + {a}*max(0, sign(t - 5), ceil(t/90))": lambda t, total, a: (
        abs(math.sin(t)) + a * max(0, (t > 5) - (t < 5), math.ceil(t / 90))
    ),
    "1/√(1 + {a}t²) + log10(1 + t)/log2(3 + T)": lambda t, total, a: (
        1 / math.sqrt(1 + a * t * t) + math.log10(1 + t) / math.log2(3 + total)
    ),
}
NEAR_ONE = {
    "1 - {a}/(t + 5)": lambda t, total, a: 1 - a / (t + 5),
    "0.9 + {a}*sin(t)/10": lambda t, total, a: 0.9 + a * math.sin(t) / 10,
}


def typed(formulas):
    """A formula with a number in it: its text, and the same as Python's function of (t, T)."""
    a = st.floats(0.05, 0.99).map(lambda v: round(v, 3))
    pairs = st.tuples(st.sampled_from(list(formulas)), a)
    return pairs.map(lambda p: (p[0].replace("{a}", str(p[1])), lambda t, total: formulas[p[0]](t, total, p[1])))


#: Parts by kind: settings -> ours, and torch's class over an optimizer for a part of so many steps.
def step(size, gamma):
    return ov.schedule("step", step_size=size, gamma=gamma), lambda o, n: lrs.StepLR(o, size, gamma)


def exponential(gamma):
    return ov.schedule("exponential", gamma=gamma), lambda o, n: lrs.ExponentialLR(o, gamma)


def linear(first, last, count):
    ours = ov.schedule("linear", start_factor=first, end_factor=last, total_iters=count)
    return ours, lambda o, n: lrs.LinearLR(o, first, last, count)


def polynomial(power):
    return ov.schedule("polynomial", power=power), lambda o, n: lrs.PolynomialLR(o, n, power)


def multistep(steps, gamma):
    return ov.schedule("multistep", milestones=steps, gamma=gamma), lambda o, n: lrs.MultiStepLR(o, steps, gamma)


def cosine(low):
    return ov.schedule("cosine", eta_min=low), lambda o, n: lrs.CosineAnnealingLR(o, n, low)


def restarts(first, times):
    ours = ov.schedule("cosine_restarts", T_0=first, T_mult=times)
    return ours, lambda o, n: lrs.CosineAnnealingWarmRestarts(o, first, times)


def of_lambda(pair):
    return ov.schedule("lambda", lr_lambda=pair[0]), lambda o, n: lrs.LambdaLR(o, lambda t: pair[1](t, n))


def of_product(pair):
    return ov.schedule("multiplicative", lr_lambda=pair[0]), lambda o, n: lrs.MultiplicativeLR(
        o, lambda t: pair[1](t, n)
    )


share = st.floats(0.1, 1.0)
FACTORS = [
    st.builds(step, st.integers(1, 80), share),
    st.builds(exponential, st.floats(0.95, 1.0)),
    st.builds(linear, share, share, st.integers(1, 120)),
    st.builds(polynomial, st.floats(0.3, 3.0)),
    st.builds(multistep, st.lists(st.integers(1, 200), min_size=1, max_size=5, unique=True).map(sorted), share),
    st.builds(of_product, typed(NEAR_ONE)),
]
CHAINABLE = st.one_of(*FACTORS, st.builds(cosine, st.just(0.0)))
ANY_PART = st.one_of(
    *FACTORS,
    st.builds(cosine, st.floats(0, 0.01)),
    st.builds(restarts, st.integers(1, 60), st.integers(1, 3)),
    st.builds(of_lambda, typed(FORMULAS)),
)


def torch_rates(build, lr, total):
    """What torch sets for two groups, [steps, groups]; `build` makes the scheduler over an optimizer."""
    optimizer = torch.optim.SGD([{"params": [torch.zeros(1)], "lr": rate} for rate in (lr, lr / 10)])
    scheduler, rates = build(optimizer), []
    for _ in range(total):
        rates.append([group["lr"] for group in optimizer.param_groups])
        optimizer.step()
        scheduler.step()
    return np.array(rates)


def same(spec, build, lr, total):
    ours = schedule_rates(spec, np.array([lr, lr / 10]), total)
    assert schedule_rates(spec, lr, total + 1, total)[:-1].tolist() == ours[:, 0].tolist()  # whatever the shape
    for made in (build, lambda o: torch_scheduler(spec, o, total)):  # by hand, and as the network has it
        np.testing.assert_allclose(ours, torch_rates(made, lr, total), rtol=1e-9, atol=1e-13 * lr, err_msg=str(spec))


@SETTINGS
@given(pair=typed(FORMULAS), lr=st.floats(1e-4, 10.0), total=st.integers(1, 300))
def test_lambda_equals_torchs(pair, lr, total):
    ours, build = of_lambda(pair)
    same(ours, lambda o: build(o, total), lr, total)


@SETTINGS
@given(pair=typed(NEAR_ONE), lr=st.floats(1e-4, 10.0), total=st.integers(1, 300))
def test_multiplicative_equals_torchs(pair, lr, total):
    ours, build = of_product(pair)
    same(ours, lambda o: build(o, total), lr, total)


@SETTINGS
@given(data=st.data(), lr=st.floats(1e-3, 10.0), total=st.integers(1, 300))
def test_a_sequence_equals_torchs(data, lr, total):
    parts = data.draw(st.lists(ANY_PART, min_size=2, max_size=4))
    steps = st.lists(st.integers(1, 250), min_size=len(parts) - 1, max_size=len(parts) - 1, unique=True)
    starts = [0, *sorted(data.draw(steps))]
    counts = [b - a for a, b in zip(starts, [*starts[1:], max(total, starts[-1] + 1)], strict=True)]
    spec = ov.schedule("sequential", parts=[ours for ours, _ in parts], milestones=starts[1:])

    def build(o):
        return lrs.SequentialLR(o, [make(o, n) for (_, make), n in zip(parts, counts, strict=True)], starts[1:])

    same(spec, build, lr, total)


@SETTINGS
@given(parts=st.lists(CHAINABLE, min_size=2, max_size=4), lr=st.floats(1e-3, 10.0), total=st.integers(1, 300))
def test_a_chain_equals_torchs(parts, lr, total):
    spec = ov.schedule("chained", parts=[ours for ours, _ in parts])
    same(spec, lambda o: lrs.ChainedScheduler([make(o, total) for _, make in parts], optimizer=o), lr, total)


@SETTINGS
@given(st.lists(st.integers(1, 400), min_size=0, max_size=120, unique=True), st.floats(0.8, 1.1))
def test_any_number_of_milestones(steps, gamma):
    spec = ov.schedule("multistep", milestones=steps, gamma=gamma)
    same(spec, lambda o: lrs.MultiStepLR(o, sorted(steps), gamma), 0.5, 300)


@pytest.mark.parametrize("kind", ["lambda", "multiplicative", "sequential", "chained"])
def test_runs_under_them_are_torchs(kind):
    spec = ov.optimizer("momentum", lr=0.02, schedule=ov.schedule(kind))
    run = ov.descend("quadratic", spec, steps=80).trajectories[0]
    point = torch.tensor(ov.surface("quadratic").start, dtype=torch.float64, requires_grad=True)
    optimizer = torch.optim.SGD([point], lr=0.02, momentum=spec["momentum"])
    scheduler = torch_scheduler(spec.schedule, optimizer, 80)
    for t in range(80):
        np.testing.assert_allclose(run.points[t], point.detach().numpy(), rtol=1e-9, atol=1e-12)
        point.grad = torch.tensor(run.gradients[t])
        optimizer.step()
        scheduler.step()
    swept = ov.sweep("quadratic", spec, {"lr": [0.01, 0.02]}, steps=80)
    assert swept.losses[0, 1] == pytest.approx(run.losses[-1], rel=1e-9)


def test_scripts_have_them_as_torch_calls_them():
    plan = ov.schedule("sequential", parts="linear(total_iters=9), lambda(e^(-t/T))", milestones=9)
    assert schedule_code(plan, [0.1], 100) == (
        "lr_scheduler.SequentialLR(optimizer, [lr_scheduler.LinearLR(optimizer, total_iters=9), "
        "lr_scheduler.LambdaLR(optimizer, lr_lambda=lambda t: math.e ** (-t / 91))], milestones=[9])"
    )
    chain = ov.schedule("chained", parts="step(step_size=20), multiplicative(1 - sign(t)/9)")
    assert schedule_code(chain, [0.1], 100) == (
        "lr_scheduler.ChainedScheduler([lr_scheduler.StepLR(optimizer, step_size=20), "
        "lr_scheduler.MultiplicativeLR(optimizer, lr_lambda=lambda t: 1 - ((t > 0) - (t < 0)) / 9)], "
        "optimizer=optimizer)"
    )


@pytest.mark.parametrize("text", ["min(1, 10/t)", "1/(1 + exp(t - 50))", "max(0.1, log(t))/9"])
def test_a_script_has_the_numbers_where_pythons_floats_would_raise(text):
    code = schedule_code(ov.schedule("lambda", lr_lambda=text), [0.1], 900)
    numbers = ast.literal_eval(code.partition("lambda t: ")[2].removesuffix("[t])"))
    np.testing.assert_allclose(numbers[:-1], schedule_rates(ov.schedule("lambda", lr_lambda=text), 1.0, 900))


def a_run(**factor):
    return lambda: check_schedules([ov.optimizer("sgd", schedule=ov.schedule(**factor))], 200)


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: ov.schedule("lambda", lr_lambda="0.95^x"),
            "Unknown name 'x'; t, the step, and T, the number",
        ),
        (lambda: ov.schedule("lambda", lr_lambda="sine(t)"), "'sine' is not a function; did you mean 'sin'?"),
        (lambda: ov.schedule("lambda", lr_lambda="0.1^(t//30)"), "Write floor(t/30) for t//30 (at character 8)"),
        (lambda: ov.schedule("lambda", lr_lambda="t < 5"), "Write (1 + sign(t - 100))/2 for a comparison"),
        (lambda: ov.schedule("lambda", lr_lambda="1/2t"), "as in (1/2)*t or 1/(2*t)"),
        (lambda: ov.schedule("lambda", lr_lambda="__import__('os')"), "has no meaning"),
        (lambda: ov.schedule("lambda", lr_lambda=""), "Type a function of the step t, such as 0.95^(t/30)"),
        (lambda: ov.schedule("lambda", lr_lambda=math.exp), "a factor is typed as a formula of the step t"),
        (a_run(kind="lambda", lr_lambda="1 - t/100"), "lambda: the factor of step 101 is -0.01; it must be a number"),
        (a_run(kind="lambda", lr_lambda="1/t"), "the factor of step 0 is inf"),
        (a_run(kind="lambda", lr_lambda="(50 - t)^0.5"), "the factor of step 51 is nan"),
        (a_run(kind="lambda", lr_lambda="e^t"), "the factor of step 14 is 1.2026e+06"),
        (a_run(kind="multiplicative", lr_lambda="2"), "the factors up to step 20 multiply to 1.04858e+06"),
        (
            a_run(kind="sequential", parts="cosine, lambda(1 - t/10)", milestones=50),
            "sequential: the factor of step 11 is -0.1",
        ),
        (a_run(kind="chained", parts="cosine, multiplicative(-1)"), "chained: the factor of step 1 is -1"),
        (lambda: ov.schedule("sequential", parts="linear, cosin"), "Unknown schedule 'cosin'; did you mean 'cosine'?"),
        (lambda: ov.schedule("sequential", parts="linear(a=3), cosine"), "linear has no hyperparameter 'a'"),
        (lambda: ov.schedule("sequential", parts="linear(, cosine"), "a part is a schedule and its settings"),
        (lambda: ov.schedule("sequential", parts="linear"), "sequential is made of 2 to 8 schedules; got 1."),
        (lambda: ov.schedule("sequential", parts=["linear", "cosine"]), "parts are what ov.schedule returns"),
        (lambda: ov.schedule("sequential", milestones="9, 5"), "milestones are steps that rise"),
        (lambda: ov.schedule("sequential", milestones=[0]), "milestones are steps that rise, from 1 to 1,000,000"),
        (lambda: ov.schedule("sequential", milestones=[2.5]), "milestones are steps that rise"),
        (lambda: ov.schedule("sequential", milestones=[5, 9]), "one milestone fewer than parts, 1 for 2; got 2."),
        (lambda: ov.schedule("sequential", parts="linear, plateau"), "plateau watches the loss"),
        (lambda: ov.schedule("sequential", parts="onecycle, linear"), "sets the rate that the other parts begin with"),
        (lambda: ov.schedule("chained", parts="sequential, linear"), "sequential is made of parts itself"),
        (lambda: ov.schedule("chained", parts="linear, lambda"), "lambda sets the rate anew at every step"),
        (lambda: ov.schedule("chained", parts="linear, cosine(T_max=9)"), "T_max and eta_min must be 0; got 9 and 0"),
        (lambda: ov.schedule("multistep", milestones=range(2000)), "at most 1,000 milestones; got 2,000."),
        (lambda: ov.schedule("multistep", milestones=7), "milestones are a list of steps"),
    ],
)
def test_what_makes_no_schedule_gets_its_sentence(call, sentence):
    with pytest.raises(ov.SpecError) as error:
        call()
    assert sentence in str(error.value)


def test_a_part_that_is_never_reached_is_said():
    spec = ov.optimizer("adam", schedule=ov.schedule("sequential", milestones=300))
    assert long_warm_ups([spec], 300) == [
        "adam: the last part of the schedule begins at step 300, which 300 steps do not reach."
    ]
    assert long_warm_ups([spec], 301) == []
