"""Every rule equals torch.optim with torch's scheduler, step for step; floats, arrays and torch tensors agree.

Chaotic runs are compared until they separate: beside each run goes the same run with start and learning rates off by
one part in 1e12 and noise of 1e-12 on its gradients. Where the two
have come apart by 1e-9, rounding decides what follows, and the comparison stops.
"""

import dataclasses
import functools
import inspect
import itertools
import math
from random import Random
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, Phase, given, settings
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz.optimizers.as_torch import torch_arguments, torch_optimizer, torch_scheduler
from optim_viz.optimizers.schedules import SCHEDULES, schedule
from optim_viz.optimizers.specs import as_spec
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import DescentSpec
from optim_viz.surfaces import descent
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.table import SURFACES
from tests.reference import array_steps, torch_loss

STEPS = 300
RULES = [row.name for row in OPTIMIZERS.values() if row.rule]
SMOOTH = [row.name for row in SURFACES.values() if row.smooth]
#: No shrinking: a failing case names its spec, and takes seconds to run.
ONCE = {"phases": [Phase.generate], "suppress_health_check": list(HealthCheck)}
#: Drawn narrower than the sliders, so that most runs stay finite for 300 steps.
RANGES = {"lr": (1e-4, 3e-2), "weight_decay": (0.0, 0.1), "step_max": (0.1, 50.0)}


@pytest.fixture(autouse=True)
def float64_throughout():
    """ASGD and NAdam keep scalar state in torch's default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def value_of(random, knob):
    """One hyperparameter, somewhere on its slider."""
    low, high = RANGES.get(knob.name, (knob.low, knob.high))
    if knob.name in ("maximize", "cycle_momentum"):
        return False  # has its own test
    if knob.scale == "text":
        return knob.default
    if knob.scale == "bool":
        return random.random() < 0.5
    if knob.scale == "int":
        return random.randint(int(max(low, knob.minimum)), int(min(high, STEPS)))
    if knob.scale == "log":
        return math.exp(random.uniform(math.log(low), math.log(high)))
    return random.uniform(low, high)


def rule_spec(random, kind):
    """A rule with all its hyperparameters drawn."""
    values = {knob.name: value_of(random, knob) for knob in OPTIMIZERS[kind].hyperparameters}
    if values.get("nesterov"):
        values |= {"dampening": 0.0}
    return ov.optimizer(kind, **values)


def drawn_plans(random):
    """Every schedule, hyperparameters drawn."""
    return [
        schedule(name, **{knob.name: value_of(random, knob) for knob in SCHEDULES[name].hyperparameters})
        for name in SCHEDULES
    ]


class TorchRun:
    """One rule under one schedule, by torch. `theta` is changed where it lies."""

    def __init__(self, spec, theta):
        self.theta = theta.requires_grad_()
        self.optimizer = torch_optimizer(spec, [self.theta], foreach=False)
        self.scheduler = torch_scheduler(spec.schedule, self.optimizer, STEPS)
        self.watching = spec.schedule.kind == "plateau"
        # torch's step itself, without what stands around it for profilers and hooks, which takes longer than a step.
        self.move = functools.partial(inspect.unwrap(type(self.optimizer).step), self.optimizer)
        self.optimizer.step()  # no gradient yet: nothing moves, but the scheduler has seen a step before its own

    def step(self, gradient, loss):
        self.theta.grad = gradient
        self.move()
        self.scheduler.step(*[loss] * self.watching)


def torch_points(surface, specs, start):
    """All runs at once: one loss over all their points, [run, step, 2]."""
    loss, thetas = torch_loss(surface), torch.tensor([start] * len(specs))
    runs = [TorchRun(spec, theta) for spec, theta in zip(specs, thetas.detach().unbind(), strict=True)]
    points = np.empty((STEPS + 1, len(runs), 2))
    points[0] = start
    for t in range(1, STEPS + 1):
        seen = thetas.clone().requires_grad_()
        losses = loss(seen[:, 0], seen[:, 1])
        gradients = torch.autograd.grad(losses.sum(), seen)[0].unbind()
        with torch.no_grad():
            for run, gradient, value in zip(runs, gradients, losses.tolist(), strict=True):
                run.step(gradient, value)
        points[t] = thetas.numpy()
    return points.transpose(1, 0, 2)


def run_of(surface, spec, start, steps=STEPS, noise=0.0):
    return descent.run(DescentSpec(surface, (spec,), start, steps, noise)).trajectories[0]


def run_points(*arguments):
    return run_of(*arguments).points


def horizon(surface, spec, run, start):
    """How many rows can be compared: finite, and until the run that is off by 1e-12 separates."""
    start = (start[0] * (1 + 1e-12), start[1] * (1 - 1e-12))
    points = run.points
    scale = (("x", 1 + 1e-12), ("y", 1 - 1e-12))
    other = run_points(surface, dataclasses.replace(spec, lr_scale=scale), start, STEPS, 1e-12)
    with np.errstate(all="ignore"):
        apart = ~(np.abs(points - other) <= 1e-9 * (np.abs(points) + 1e-3)).all(1)
        apart |= ~(np.abs(points) < 1e50).all(1)
        if "grad_avg" in run.state:  # centered: torch, too, takes the root of a difference that rounding can turn
            squares = run.state["square_avg"]
            apart[1:] |= (squares - run.state["grad_avg"] ** 2 <= 1e-6 * squares).any(1)[1:]
    return int(np.argmax(apart)) if apart.any() else len(points)


def pairs(surface, thorough):
    """Which rule runs under which schedule: over all surfaces every rule meets every schedule, and every surface every
    rule and every schedule. `thorough`: every rule under every schedule on every surface."""
    shift = SMOOTH.index(surface)
    if thorough:
        return list(itertools.product(range(len(RULES)), range(len(SCHEDULES))))
    rounds = range(max(len(RULES), len(SCHEDULES)))
    return [(k % len(RULES), (k + shift) % len(SCHEDULES)) for k in rounds]


def test_pairs_of_rules_surfaces_and_schedules_are_all_there():
    met = [(surface, *pair) for surface in SMOOTH for pair in pairs(surface, thorough=False)]
    for first, second in itertools.combinations(range(3), 2):
        sizes = (len(SMOOTH), len(RULES), len(SCHEDULES))
        assert len({(m[first], m[second]) for m in met}) == sizes[first] * sizes[second]


@pytest.mark.parametrize("surface", SMOOTH)
@settings(max_examples=1, **ONCE)
@given(random=st.randoms(use_true_random=True))
def test_every_rule_under_every_schedule_equals_torch(surface, thorough, random):
    row, random = SURFACES[surface], Random(f"{surface} {random.random()}")  # noqa: S311
    plans, rules = drawn_plans(random), [rule_spec(random, kind) for kind in RULES]
    specs = [dataclasses.replace(rules[i], schedule=plans[j]) for i, j in pairs(surface, thorough)]
    start = tuple(v + 0.01 for v in row.start)
    compared = []
    for spec, points in zip(specs, torch_points(row, specs, start), strict=True):
        ours = run_of(row, spec, start)
        rows = horizon(row, spec, ours, start)
        np.testing.assert_allclose(ours.points[:rows], points[:rows], rtol=1e-8, atol=1e-11, err_msg=repr(spec))
        compared.append(rows / len(points))
    assert np.mean(compared) > 0.4  # most runs are compared to their end; some diverge before


#: The namespace for torch tensors.
TORCH = SimpleNamespace(
    sqrt=torch.sqrt,
    abs=torch.abs,
    sign=lambda v: torch.sign(torch.as_tensor(v)),
    maximum=lambda a, b: torch.maximum(torch.as_tensor(a), torch.as_tensor(b)),
)


@pytest.mark.parametrize("surface", ["rosenbrock", "levy", "logistic_regression"])
@pytest.mark.parametrize("kind", RULES)
@settings(max_examples=3, **ONCE)
@given(random=st.randoms(use_true_random=True))
def test_floats_arrays_and_torch_tensors_give_the_same_points(kind, surface, random):
    row, spec, steps = SURFACES[surface], rule_spec(random, kind), 60
    functions, start = compiled(row), row.start
    ours = run_points(row, spec, start, steps)
    many = array_steps(functions, spec, np.array([start] * 3), descent.rates(spec, steps)[1])
    step = OPTIMIZERS[kind].step_with(spec.hyperparameters, TORCH)
    theta, lr = torch.tensor(start), spec["lr"]
    state = tuple(torch.full((2,), float(v)) for v in OPTIMIZERS[kind].initial_state(spec.hyperparameters, lr))
    rows = horizon(row, spec, run_of(row, spec, start), start)
    for t, (_, points, _) in enumerate(many, 1):
        gradient = torch.tensor(functions.gradients(*theta.numpy()))
        theta, state = step(t, lr, theta, gradient, state)
        if t < rows:
            np.testing.assert_allclose(points[:, 0], ours[t], rtol=1e-10, atol=1e-13)
            np.testing.assert_allclose(theta.numpy(), ours[t], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("kind", RULES)
def test_arrays_of_hyperparameters_are_runs_of_their_own(kind):
    row, knobs, random = SURFACES["himmelblau"], OPTIMIZERS[kind].hyperparameters, Random(kind)  # noqa: S311
    specs = [rule_spec(random, kind) for _ in range(4)]
    flags = {k.name: specs[0][k.name] for k in knobs if k.scale == "bool"}
    specs = [ov.optimizer(kind, **{**s.hyperparameters, **flags}) for s in specs if not flags.get("nesterov")] or specs[
        :1
    ]
    changed = {k.name: np.array([float(s[k.name]) for s in specs]) for k in knobs if k.scale != "bool"}
    lr = changed.pop("lr")
    starts, rates = np.array([row.start] * len(specs)), [(lr, lr)] * 40
    *_, (_, last, _) = array_steps(compiled(row), specs[0], starts, rates, changed)
    expected = [run_points(row, spec, row.start, 40)[-1] for spec in specs]
    np.testing.assert_allclose(last.T, expected, rtol=1e-9)


@pytest.mark.parametrize("kind", RULES)
def test_a_gradient_that_is_not_finite_is_never_forgotten_or_the_row_says_so(kind):
    """What a batch relies on when it looks at the last point only."""
    random, bad = Random(kind), np.array([np.inf, -np.inf, np.nan])  # noqa: S311
    specs = [ov.optimizer(kind)] + [rule_spec(random, kind) for _ in range(20)]
    ever_finite = False
    for spec, when, lane in itertools.product(specs, (1, 2, 7), (1.0, 0.0)):  # a schedule or lr_scale may make lr 0
        values, row = spec.hyperparameters, OPTIMIZERS[kind]
        lr = lane * values["lr"]
        step, theta = row.step_with(values, np), np.array([1.0, 2.0, 3.0])
        state = tuple(np.full(3, first) for first in row.initial_state(values, lr))
        with np.errstate(all="ignore"):
            for t in range(1, 20):
                theta, state = step(t, lr, theta, bad if t == when else 0.3 * theta, state)
                ever_finite |= bool(t >= when and np.isfinite(theta).any())
    assert ever_finite == OPTIMIZERS[kind].forgets


@pytest.mark.parametrize("kind", RULES)
def test_maximize_descends_the_negative_function(kind):
    bowl, hill = ov.surface("x^2 + 3*y^2 + x*y"), ov.surface("-(x^2 + 3*y^2 + x*y)")
    down = run_points(bowl, ov.optimizer(kind, lr=0.01), (1.0, 2.0), 50)
    up = run_points(hill, ov.optimizer(kind, lr=0.01, maximize=True), (1.0, 2.0), 50)
    np.testing.assert_allclose(down, up, rtol=1e-12)


@pytest.mark.parametrize("kind", list(OPTIMIZERS))
def test_hyperparameters_are_torchs_with_torchs_defaults(kind):
    row = OPTIMIZERS[kind]
    theirs = inspect.signature(getattr(torch.optim, row.torch_class)).parameters
    ours = torch_arguments(ov.optimizer(kind))
    # How torch computes, not what: foreach, fused, capturable, differentiable. SGD's rows share one class.
    how = {"params", "foreach", "fused", "capturable", "differentiable"}
    special = {"momentum", "dampening", "nesterov"} if row.torch_class == "SGD" else set()
    assert set(ours) - special == set(theirs) - how - special
    assert {k: v for k, v in ours.items() if k not in special} == {k: theirs[k].default for k in set(ours) - special}
    for knob in row.hyperparameters:
        assert knob.text.endswith(".") and len(knob.text) < 90
        if knob.scale != "bool":
            assert knob.low < knob.high and knob.check(knob.default, kind) == knob.default
            assert knob.check(max(knob.low, 1e-12) if knob.open_low else knob.low, kind) is not None


@pytest.mark.parametrize("kind", list(OPTIMIZERS))
def test_rows_say_what_they_solve_and_where_they_come_from(kind):
    row = OPTIMIZERS[kind]
    assert row.problem.endswith(".") and row.latex.count("{") == row.latex.count("}") and r"\theta" in row.latex
    assert 1900 < row.year < 2027 and len(row.paper) > 20 and row.title


def closure_points(factory, surface, start, steps):
    """The closure loop that torch's own documentation shows."""
    loss, theta = torch_loss(surface), torch.tensor(start, requires_grad=True)
    optimizer, points = factory([theta]), [start]

    def closure():
        optimizer.zero_grad()
        value = loss(*theta)
        value.backward()
        return value

    for _ in range(steps):
        optimizer.step(closure)
        points.append(tuple(theta.tolist()))
    return np.array(points)


@pytest.mark.parametrize("surface", ["rosenbrock", "himmelblau", "linear_regression"])
@pytest.mark.parametrize("search", [False, True])
def test_lbfgs_equals_torchs_closure_loop(surface, search):
    row, spec = SURFACES[surface], ov.optimizer("lbfgs", lr=0.5, line_search_fn=search)
    run = ov.descend(surface, spec, steps=15).trajectories[0]
    expected = closure_points(lambda p: torch_optimizer(spec, p), row, row.start, 15)
    np.testing.assert_allclose(run.points, expected, rtol=1e-7, atol=1e-9)
    np.testing.assert_allclose(run.gradients[0], compiled(row).gradients(*row.start), rtol=1e-12)


@pytest.mark.parametrize("search", [False, True])
def test_gradient_evaluations_are_counted(search):
    spec, looks, counts = ov.optimizer("lbfgs", lr=0.5, line_search_fn=search), [], [0]
    theta = torch.tensor(SURFACES["rosenbrock"].start, dtype=torch.float64, requires_grad=True)
    own, loss = torch_optimizer(spec, [theta]), torch_loss(SURFACES["rosenbrock"])

    def closure():
        looks.append(1)
        own.zero_grad()
        value = loss(*theta)
        value.backward()
        return value

    for _ in range(15):
        own.step(closure)
        counts.append(len(looks))
    runs = ov.descend("rosenbrock", [spec, ov.optimizer("sgd"), my_adam], steps=15)
    assert runs["lbfgs"].gradient_evaluations.tolist() == counts and counts[-1] > 30
    assert runs["sgd"].gradient_evaluations.tolist() == runs["my_adam"].gradient_evaluations.tolist() == list(range(16))
    assert runs.to_frame().gradient_evaluations.tolist() == [*counts, *range(16), *range(16)]


def my_adam(params):
    return torch.optim.Adam(params, lr=0.05)


def test_a_factory_is_an_optimizer_like_any_other():
    c = ov.descend("rosenbrock", [my_adam, ov.optimizer("adam", lr=0.05)], steps=200)
    assert c.labels == ("my_adam", "adam")
    np.testing.assert_allclose(c["my_adam"].points, c["adam"].points, rtol=1e-9)
    np.testing.assert_allclose(c["my_adam"].gradients, c["adam"].gradients, rtol=1e-7)
    np.testing.assert_allclose(c["my_adam"].state["exp_avg"][1:], c["adam"].state["exp_avg"][1:], rtol=1e-7)
    assert c["my_adam"].lrs[0] == 0.05


@pytest.mark.parametrize("plan", ["step", "plateau", "onecycle"])
def test_a_factory_follows_a_schedule_and_sees_the_same_noise(plan):
    spec = dataclasses.replace(as_spec(my_adam), schedule=schedule(plan))
    ours = ov.optimizer("adam", lr=0.05, schedule=schedule(plan))
    c = ov.descend("linear_regression", [spec, ours], steps=150, noise=0.1, batch_size=4)
    np.testing.assert_allclose(c["my_adam"].points, c["adam"].points, rtol=1e-8)
    np.testing.assert_allclose(c["my_adam"].lrs[:-1], c["adam"].lrs[:-1], rtol=1e-12)


def test_lr_scale_has_one_form_however_it_is_given():
    forms = [(1.0, 0.1), [1, 0.1], np.array([1.0, 0.1]), {"x": 1, "y": 0.1}, {"y": "0.1"}]
    assert {ov.optimizer("sgd", lr_scale=form).lr_scale for form in forms} == {(("x", 1.0), ("y", 0.1))}
    assert ov.optimizer("sgd", lr_scale={"layer.1": 0}).lr_scale == (("layer.1", 0.0),)
    assert ov.optimizer("sgd").lr_scale == ov.optimizer("sgd", lr_scale={}).lr_scale == ()


def test_lr_scale_is_a_param_group_under_every_schedule():
    for name in SCHEDULES:
        spec = ov.optimizer("adam", lr=0.1, lr_scale=(1.0, 0.25), schedule=schedule(name))
        run = ov.descend("quadratic", spec, start=(1.0, 1.0), steps=80).trajectories[0]
        x, y = (torch.tensor([1.0], requires_grad=True) for _ in range(2))
        optimizer = torch.optim.Adam([{"params": [x], "lr": 0.1}, {"params": [y], "lr": 0.025}])
        scheduler = torch_scheduler(spec.schedule, optimizer, 80)
        for _ in range(80):
            optimizer.zero_grad()
            loss = ((x**2 + 10 * y**2) / 2).sum()
            loss.backward()
            optimizer.step()
            scheduler.step(*((loss.item(),) if name == "plateau" else ()))
        np.testing.assert_allclose(run.points[-1], [x.item(), y.item()], rtol=1e-9, err_msg=name)


def broken(params):
    raise RuntimeError("no such thing")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ov.descend("quadratic", [broken]), "broken stopped with RuntimeError: no such thing"),
        (lambda: ov.descend("quadratic", [lambda params: 3]), "own stopped with"),
        (lambda: ov.descend("quadratic", [ov.optimizer("lbfgs", lr_scale=(1, 2))]), "lbfgs has one learning rate"),
        (
            lambda: ov.descend("quadratic", ov.optimizer("sgd", lr_scale={"layer.0": 1})),
            "sgd: lr_scale on a surface is",
        ),
        (lambda: ov.optimizer("sgd", lr_scale=(1, 2, 3)), "sgd: lr_scale is one factor for x and one for y"),
        (
            lambda: ov.optimizer("sgd", lr_scale={"x": -1}),
            "sgd: lr_scale of 'x' must be a number from 0 to 1,000,000; got -1.",
        ),
        (lambda: ov.optimizer("rprop", step_min=1.0, step_max=0.1), "step_min must be at most step_max"),
        (lambda: ov.optimizer("rprop", etaplus=1.0), "etaplus must be a number above 1"),
        (lambda: ov.optimizer("nesterov", momentum=0.0), "momentum must be a number above 0 and below 1"),
        (lambda: ov.optimizer("adadelta", rho=1.0), "rho must be a number at least 0 and below 1"),
    ],
)
def test_what_cannot_be_run_gets_its_sentence(call, sentence):
    with pytest.raises(ov.SpecError) as error:
        call()
    assert sentence in str(error.value)
