"""The engine on surfaces equals torch.optim + autograd, step for step, on floats and on arrays."""

import functools

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz.optimizers.as_torch import torch_optimizer
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.surfaces import descent, float_run
from optim_viz.surfaces.compiled import compiled
from tests.reference import array_steps

SPECS = {
    "sgd": ov.optimizer("sgd", lr=1e-3),
    "sgd, weight decay": ov.optimizer("sgd", lr=1e-3, weight_decay=0.1),
    "momentum": ov.optimizer("momentum", lr=2e-4, momentum=0.9),
    "momentum, dampening": ov.optimizer("momentum", lr=1e-3, momentum=0.9, dampening=0.5),
    "momentum 0, dampening": ov.optimizer("momentum", lr=1e-3, momentum=0.0, dampening=0.5),
    "momentum, nesterov": ov.optimizer("momentum", lr=2e-4, momentum=0.9, nesterov=True),
    "momentum, weight decay": ov.optimizer("momentum", lr=2e-4, momentum=0.9, weight_decay=0.05),
    "adam": ov.optimizer("adam", lr=0.05),
    "adam, weight decay": ov.optimizer("adam", lr=0.05, weight_decay=0.05),
    "adam, amsgrad": ov.optimizer("adam", lr=0.05, amsgrad=True),
}

RULES = [row.name for row in OPTIMIZERS.values() if row.rule]


@functools.cache
def torch_points(surface, starts, steps):
    """The hand-written loop that a reader would write (loss, backward, step), with one loss over what all SPECS have
    made of all starts; their points by name, each [step, start, 2]."""
    loss = {
        "quadratic": lambda x, y: (x**2 + 10 * y**2) / 2,
        "rosenbrock": lambda x, y: (1 - x) ** 2 + 100 * (y - x**2) ** 2,
        "himmelblau": lambda x, y: (x**2 + y - 11) ** 2 + (x + y**2 - 7) ** 2,
    }[surface]
    everywhere = torch.tensor([starts] * len(SPECS), dtype=torch.float64)
    thetas = [theta.requires_grad_() for theta in everywhere.detach().unbind()]  # where they lie in it
    optimizers = [torch_optimizer(spec, [theta]) for spec, theta in zip(SPECS.values(), thetas, strict=True)]
    points = [everywhere.numpy().copy()]
    for _ in range(steps):
        seen = everywhere.clone().requires_grad_()
        loss(*seen.unbind(2)).sum().backward()
        for theta, gradient, optimizer in zip(thetas, seen.grad.unbind(), optimizers, strict=True):
            theta.grad = gradient
            optimizer.step()
        points.append(everywhere.numpy().copy())
    return dict(zip(SPECS, np.array(points).swapaxes(0, 1), strict=True))


def array_points(spec, surface, starts, steps, lrs=None):
    """All starts as one array, [step, start, 2]; `lrs` gives each its own constant learning rate."""
    rates = descent.rates(spec, steps)[1] if lrs is None else [(np.array(lrs),) * 2] * steps
    rows = array_steps(compiled(surface), spec, np.array(starts), rates)
    return np.array([np.array(starts), *(theta.T for _, theta, _ in rows)])


@pytest.mark.parametrize("surface", ["quadratic", "rosenbrock", "himmelblau"])
@pytest.mark.parametrize("name", SPECS)
def test_both_paths_equal_torch_for_1000_steps(name, surface):
    spec, row = SPECS[name], ov.SURFACES[surface]
    starts = (row.start, (row.start[0] + 0.1, row.start[1] - 0.1))
    expected = torch_points(surface, starts, 1000)[name]
    for i, start in enumerate(starts):
        run = ov.descend(surface, [spec], start=start, steps=1000).trajectories[0]
        np.testing.assert_allclose(run.points, expected[:, i], rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(array_points(spec, row, starts, 1000), expected, rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("name", SPECS)
def test_state_equals_torch(name):
    spec = SPECS[name]
    run = ov.descend("quadratic", [spec], start=(1.0, 1.0), steps=7).trajectories[0]
    theta = torch.tensor([1.0, 1.0], dtype=torch.float64, requires_grad=True)
    optimizer = torch_optimizer(spec, [theta])
    for step in range(1, 8):
        optimizer.zero_grad()
        ((theta[0] ** 2 + 10 * theta[1] ** 2) / 2).backward()
        np.testing.assert_allclose(run.gradients[step - 1], theta.grad, rtol=1e-12)
        optimizer.step()
        for key, values in run.state.items():
            if key in optimizer.state[theta]:  # torch keeps no buffer at momentum 0
                np.testing.assert_allclose(values[step], optimizer.state[theta][key], rtol=1e-12)


@pytest.mark.parametrize("name", SPECS)
def test_traced_loop_gives_the_rules_own_floats(name):
    spec = SPECS[name]
    functions = compiled(ov.SURFACES["rosenbrock"])
    step = OPTIMIZERS[spec.kind].step_with(spec.hyperparameters)
    lrs = descent.rates(spec, 200)[1]
    fresh = OPTIMIZERS[spec.kind].initial_state
    row = (0.0, 0.0, -1.5, 2.0, *(first for lr in lrs[0] for first in fresh(spec.hyperparameters, lr)))
    plain = [row]
    for t, lr in enumerate(lrs, 1):
        row = float_run.single_row(functions.float_gradient, step, t, lr, row)
        plain.append(row)
    oracles = (functions.float_gradient, functions.gradient)
    np.testing.assert_allclose(float_run.float_rows(spec, oracles, lrs, (-1.5, 2.0)), plain, rtol=1e-10)


@pytest.mark.parametrize("surface", list(ov.SURFACES))
@pytest.mark.parametrize("kind", RULES)
def test_divergence_is_an_outcome_and_both_paths_end_alike(kind, surface):
    row, lrs = ov.SURFACES[surface], (1.0, 50.0, 1e6)
    arrays = array_points(ov.optimizer(kind), row, [row.start] * len(lrs), 60, lrs)
    for lr, many in zip(lrs, arrays.swapaxes(0, 1), strict=True):
        run = ov.descend(surface, [ov.optimizer(kind, lr=lr)], steps=60).trajectories[0]
        if run.outcome is not ov.Outcome.DIVERGED:
            assert np.isfinite(run.losses).all()
            with np.errstate(all="ignore"):
                assert np.isfinite(compiled(row).values(*many.T)).all()
            continue
        k = run.outcome_step
        assert np.isinf(run.losses[k:]).all() and np.isnan(run.points[k:]).all()
        assert np.isfinite(run.losses[:k]).all() and np.isfinite(run.points[:k]).all()
        with np.errstate(all="ignore"):
            row_k = [many[k], compiled(row).values(*many[k : k + 1].T), compiled(row).gradients(*many[k : k + 1].T)]
        assert not all(np.isfinite(part).all() for part in row_k)


def test_noise_is_seeded_and_shared_by_every_optimizer():
    specs = [ov.optimizer("sgd", lr=0.0001), ov.optimizer("momentum", lr=0.0001)]
    a = ov.descend("quadratic", specs, steps=50, noise=0.5, seed=3)
    b = ov.descend("quadratic", specs, steps=50, noise=0.5, seed=3)
    assert np.array_equal(a["sgd"].points, b["sgd"].points)
    clean = compiled(a.surface)
    drawn = [run.gradients[:-1] - clean.gradients(*run.points[:-1].T).T for run in a]
    np.testing.assert_allclose(drawn[0], drawn[1], atol=1e-12)
    assert abs(drawn[0].std() - 0.5) < 0.1
    c = ov.descend("quadratic", specs, steps=50, noise=0.5, seed=4)
    assert not np.array_equal(a["sgd"].points, c["sgd"].points)


def test_lr_scale_is_a_param_group_for_each_coordinate():
    spec = ov.optimizer("adam", lr=0.1, lr_scale=(1.0, 0.25))
    run = ov.descend("quadratic", [spec], start=(1.0, 1.0), steps=40).trajectories[0]
    x, y = (torch.tensor([1.0], dtype=torch.float64, requires_grad=True) for _ in range(2))
    optimizer = torch.optim.Adam([{"params": [x], "lr": 0.1}, {"params": [y], "lr": 0.025}])
    for _ in range(40):
        optimizer.zero_grad()
        ((x**2 + 10 * y**2) / 2).sum().backward()
        optimizer.step()
    np.testing.assert_allclose(run.points[-1], [x.item(), y.item()], rtol=1e-9)


def test_result_has_the_shapes_that_the_api_promises():
    c = ov.descend("rosenbrock", [ov.optimizer("sgd"), ov.optimizer("adam", lr=0.05)], steps=20)
    run = c["adam"]
    assert run.points.shape == run.gradients.shape == run.state["exp_avg"].shape == (21, 2)
    assert run.losses.shape == run.lrs.shape == (21,)
    assert tuple(run.points[0]) == c.surface.start and run.lrs[0] == 0.05
    frame = c.to_frame()
    assert len(frame) == 42 and list(frame["optimizer"].unique()) == ["sgd", "adam"]
    assert np.array_equal(frame.query("optimizer == 'adam'")["loss"], run.losses)
    np.testing.assert_allclose(run.gradients[-1], compiled(c.surface).gradients(*run.points[-1]))


def test_the_same_optimizer_twice_gets_two_labels():
    c = ov.descend("quadratic", [ov.optimizer("adam", lr=0.1), ov.optimizer("adam", lr=0.2)], steps=3)
    assert c.labels == ("adam", "adam 2")


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ov.optimizer("adma"), "Unknown optimizer 'adma'; did you mean 'adam'?"),
        (lambda: ov.optimizer("sgd", lr=0), "sgd: lr must be a number above 0 and at most 1,000,000; got 0."),
        (lambda: ov.optimizer("sgd", lr=-0.1), "sgd: lr must be a number above 0 and at most 1,000,000; got -0.1."),
        (
            lambda: ov.optimizer("sgd", lr=float("nan")),
            "sgd: lr must be a number above 0 and at most 1,000,000; got nan.",
        ),
        (lambda: ov.optimizer("sgd", momentun=1), "sgd has no hyperparameter 'momentun'; choose one of"),
        (lambda: ov.optimizer("adam", beta1=1.0), "adam: beta1 must be a number at least 0 and below 1; got 1.0."),
        (lambda: ov.optimizer("momentum", nesterov=True, dampening=0.1), "nesterov needs momentum above 0"),
        (lambda: _go(steps=0), "steps must be a whole number from 1 to 100,000; got 0."),
        (lambda: _go(steps=10**9), "steps must be a whole number from 1 to 100,000; got 1000000000."),
        (lambda: _go(steps=2.5), "steps must be a whole number from 1 to 100,000; got 2.5."),
        (lambda: _go(start=(9, 9)), "start (9, 9) lies outside the plane drawn: x must be from -3 to 3"),
        (lambda: _go(start="here"), "start must be two numbers (x, y); got 'here'."),
        (lambda: _go(noise=-1), "noise must be a number from 0 to 1,000,000; got -1."),
        (lambda: ov.descend("quadratc", [ov.optimizer("sgd")]), "Unknown surface 'quadratc'; did you mean 'quadratic'"),
        (lambda: ov.descend("quadratic", []), "Choose at least one optimizer."),
    ],
)
def test_bad_input_gets_its_sentence(call, sentence):
    with pytest.raises(ov.SpecError) as error:
        call()
    assert sentence in str(error.value)
    assert "\n" not in str(error.value)


def _go(**arguments):
    return ov.descend("quadratic", [ov.optimizer("sgd")], **arguments)
