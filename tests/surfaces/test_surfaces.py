"""Every surface keeps to the facts that its row declares; finite sums draw real mini-batches."""

import itertools

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz.optimizers.as_torch import torch_optimizer
from optim_viz.spec import DescentSpec
from optim_viz.surfaces import descent, oracles
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.examples import EXAMPLES, examples
from optim_viz.surfaces.minima import hessian
from optim_viz.surfaces.surface import dataset, grid
from optim_viz.surfaces.table import SURFACES
from optim_viz.typed.pasted import ExpressionError
from tests.reference import torch_loss

ALL = list(SURFACES)
WITH_MINIMA = [row.name for row in SURFACES.values() if row.minima]
SUMS = [row.name for row in SURFACES.values() if row.data]


@pytest.mark.parametrize("name", ALL)
def test_row_is_complete(name):
    row = SURFACES[name]
    x0, x1, y0, y1 = row.bounds
    assert x0 < x1 and y0 < y1 and row.contains(row.start)
    assert row.story.endswith(".") and row.title and row.source[-4:].isdigit()
    assert list(row.minima) == sorted(row.minima, key=lambda m: m[2]) and all(row.contains(m[:2]) for m in row.minima)
    assert compiled(row).latex.count("{") == compiled(row).latex.count("}")
    assert np.isfinite(compiled(row).values(*grid(row, 61))).all()


@pytest.mark.parametrize("name", WITH_MINIMA)
def test_value_and_zero_gradient_at_every_declared_minimum(name):
    row = SURFACES[name]
    x0, x1, y0, y1 = row.bounds
    for x, y, value in row.minima:
        point = np.array([x, y])
        scale = max(1.0, np.abs(compiled(row).values(*grid(row, 21))).max())
        assert abs(compiled(row).values(*point[:, None])[0] - value) <= 1e-12 * max(1.0, abs(value))
        if row.smooth:
            assert np.abs(compiled(row).gradients(*point)).max() <= 1e-12 * scale
            assert np.linalg.eigvalsh(hessian(compiled(row), point))[0] > 0
        # No point close by is lower (at the region's edge: no point inside).
        for dx, dy in itertools.product((-1e-3, 0, 1e-3), repeat=2):
            near = np.array([[np.clip(x + dx * (x1 - x0), x0, x1)], [np.clip(y + dy * (y1 - y0), y0, y1)]])
            assert compiled(row).values(*near)[0] >= value - 1e-12 * max(1.0, abs(value))


@pytest.mark.parametrize("name", WITH_MINIMA)
def test_no_grid_point_undercuts_the_declared_global_minimum(name):
    row = SURFACES[name]
    best = row.minima[0][2]
    assert compiled(row).values(*grid(row, 501)).min() >= best - 1e-12 * max(1.0, abs(best))
    assert row.global_minima[0] == row.minima[0]


@pytest.mark.parametrize("name", ALL)
def test_gradient_equals_autograd_on_floats_and_arrays(name):
    row, functions = SURFACES[name], compiled(SURFACES[name])
    x0, x1, y0, y1 = row.bounds
    points = np.random.default_rng(1).uniform((x0, y0), (x1, y1), (200, 2))
    theta = torch.tensor(points, requires_grad=True)
    losses = torch_loss(row)(theta[:, 0], theta[:, 1])
    losses.sum().backward()
    expected, scale = theta.grad.numpy(), np.abs(theta.grad.numpy()).max()
    np.testing.assert_allclose(functions.values(*points.T), losses.detach(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(functions.gradients(*points.T).T, expected, rtol=1e-9, atol=1e-12 * scale)
    floats = [functions.float_gradient(0, x, y) for x, y in points.tolist()]
    np.testing.assert_allclose(floats, expected, rtol=1e-9, atol=1e-12 * scale)
    values = [functions.float_value(0, x, y) for x, y in points.tolist()]
    np.testing.assert_allclose(values, losses.detach(), rtol=1e-10, atol=1e-12)


def sum_spec(name, batch_size, steps, **more):
    row = SURFACES[name]
    return DescentSpec(row, (ov.optimizer("sgd", lr=0.05),), row.start, steps, 0.0, batch_size, **more)


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("size", [1, 2, 4, 6, 8, 12, 24])
def test_the_mini_batches_of_an_epoch_average_to_the_full_gradient(name, size):
    steps = EXAMPLES // size
    spec, functions = sum_spec(name, size, 3 * steps), compiled(SURFACES[name])
    x, y = 0.3, -0.7
    for oracle in oracles.oracles(spec):
        for epoch in range(3):
            parts = [oracle(t, x, y) for t in range(1 + epoch * steps, 1 + (epoch + 1) * steps)]
            np.testing.assert_allclose(np.mean(parts, axis=0), functions.gradients(x, y), rtol=1e-12)
    if size < EXAMPLES:
        assert not np.allclose(parts[0], parts[1])


@pytest.mark.parametrize("name", SUMS)
def test_batches_are_shuffled_epochs_the_same_for_every_optimizer(name):
    indices = oracles.batch_indices(sum_spec(name, 5, 100))
    assert indices.shape == (100, 5)
    for epoch in indices[:96].reshape(24, 20):  # 4 batches of 5; 4 examples sit out
        assert len(set(epoch.tolist())) == 20
    assert len({tuple(epoch) for epoch in indices[:96].reshape(24, 20).tolist()}) == 24
    assert np.array_equal(indices, oracles.batch_indices(sum_spec(name, 5, 100)))
    assert not np.array_equal(indices, oracles.batch_indices(sum_spec(name, 5, 100, seed=1)))
    pair = [ov.optimizer("sgd", lr=1e-9), ov.optimizer("adam", lr=1e-9)]
    c = ov.descend(name, pair, steps=50, batch_size=3)
    np.testing.assert_allclose(c["sgd"].gradients[:-1], c["adam"].gradients[:-1], rtol=1e-5, atol=1e-5)


@pytest.mark.parametrize("name", SUMS)
@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam"])
def test_the_same_mini_batch_run_in_plain_torch_gives_the_same_points(name, kind):
    row, steps = SURFACES[name], 120
    spec = ov.optimizer(kind, lr=0.05)
    run = ov.descend(row, spec, steps=steps, batch_size=4, seed=7).trajectories[0]
    data = torch.tensor(examples(row.data))
    indices = oracles.batch_indices(DescentSpec(row, (spec,), row.start, steps, 0.0, 4, 7))
    theta = torch.tensor(row.start, dtype=torch.float64, requires_grad=True)
    optimizer = torch_optimizer(spec, [theta])
    for batch, point in zip(indices, run.points[1:], strict=True):
        u, v = data[batch].unbind(1)
        line = theta[0] + theta[1] * u
        fits = {"line": (line - v) ** 2, "classes": torch.nn.functional.softplus(-v * line, threshold=1e9)}
        optimizer.zero_grad()
        fits[row.data].mean().backward()
        optimizer.step()
        np.testing.assert_allclose(point, theta.detach(), rtol=1e-9)
    np.testing.assert_allclose(run.losses, compiled(row).values(*run.points.T))  # the full loss is what is shown


def test_the_shipped_examples_never_change():
    assert np.array_equal(examples("line")[:2], [[-1.0, 0.284], [-0.826, 1.309]])
    assert examples("classes")[:, 1].tolist().count(1.0) == 16


def test_two_wells_teaches_what_its_story_says():
    c = ov.descend("two_wells", [ov.optimizer("sgd"), ov.optimizer("momentum", momentum=0.9)])
    assert c["sgd"].outcome is ov.Outcome.LOCAL and c["momentum"].outcome is ov.Outcome.REACHED
    for lr in (2e-3, 5e-3, 1e-2):
        c = ov.descend("two_wells", [ov.optimizer("sgd", lr=lr), ov.optimizer("momentum", lr=lr)])
        assert (c["sgd"].outcome, c["momentum"].outcome) == (ov.Outcome.LOCAL, ov.Outcome.REACHED)


def test_a_full_gradient_run_is_gradient_descent_and_sgd_is_drawn():
    def name(kind, surface="linear_regression", **more):
        spec = ov.optimizer(kind)
        return descent.method_name(descent.check(surface, spec, **more), spec)

    assert name("sgd") == "gradient descent" and name("sgd", noise=0.1) == name("sgd", batch_size=4) == "SGD"
    assert name("sgd", batch_size=24) == "gradient descent"
    assert name("momentum") == "gradient descent with momentum" and name("nesterov", noise=1.0).startswith("SGD with")
    assert name("adam", noise=1.0) == "Adam"


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ov.descend("quadratic", ov.optimizer("sgd"), batch_size=4), "Quadratic bowl is no mean over examples"),
        (lambda: ov.descend("linear_regression", ov.optimizer("sgd"), batch_size=25), "batch_size must be a whole"),
        (lambda: ov.descend("linear_regression", ov.optimizer("sgd"), batch_size=0), "from 1 to 24; got 0."),
        (lambda: ov.surface("rosenbrok"), "did you mean 'rosenbrock'?"),
        (lambda: ov.surface("x", bounds=(1, 0, 0, 1)), "bounds must rise"),
        (lambda: ov.surface("x", bounds=(1, 2)), "bounds must be four numbers"),
        (lambda: ov.surface("sqrt(-1-x^2)"), "no finite real value anywhere"),
    ],
)
def test_what_cannot_be_a_surface_gets_its_sentence(call, sentence):
    with pytest.raises(ov.SpecError) as error:
        call()
    assert sentence in str(error.value)


def test_where_a_function_is_not_real_it_is_masked():
    own = ov.surface("sqrt(x) + log(y)", bounds=(-2, 2, -2, 2))
    values = compiled(own).values(*grid(own, 21))
    assert np.isnan(values[:10]).all() and np.isnan(values[:, :10]).all() and np.isfinite(values[11:, 11:]).all()
    assert isinstance(ExpressionError("a", "b", 0), ov.SpecError) and dataset(SURFACES["linear_regression"]).shape == (
        24,
        2,
    )


@pytest.mark.parametrize(
    ("text", "read"),
    [
        ("100*(y - x^2)^2", r"100 \left(y - x^{2}\right)^{2}"),
        ("x^2 - y^2", "x^{2} - y^{2}"),
        ("-x + 10*y^2 + 3", "10 y^{2} - x + 3"),
        ("-x - y", "- x - y"),
    ],
)
def test_a_sum_begins_with_a_plus_where_it_can(text, read):
    assert compiled(ov.surface(text)).latex == read
