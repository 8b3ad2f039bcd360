"""The plane is the snapshots' own PCA plane, its losses are the network's, and its gauges tell the truth."""

import dataclasses
import itertools

import numpy as np
import pytest
import torch

from optim_viz.network import digits, pca
from optim_viz.network.mlp import Layout
from optim_viz.network.plane import random_axes
from optim_viz.network.project import project
from optim_viz.network.train import train
from optim_viz.network.training import Training, TrainingOutcome
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import SpecError

HIDDEN = (24, 16)


@pytest.fixture(scope="module")
def training():
    specs = [optimizer("sgd", lr=0.1), optimizer("adam", lr=1e-3)]
    return train(specs, epochs=1, batch_size=200, hidden=HIDDEN, final_relu=False)


def with_moves(training, moves):
    """A training of one run that moved as told, in place of what it did."""
    run = dataclasses.replace(training["sgd"], moves=moves, snapshot_steps=np.arange(len(moves)))
    return Training(training.spec, (run,), training.steps, training.seconds)


def plain_loss(weights, count, hidden=HIDDEN, final_relu=False):
    """The loss of a torch.nn network with these weights on the first training digits."""
    widths = (784, *hidden, 10)
    parts = [m for i, o in itertools.pairwise(widths) for m in (torch.nn.Linear(i, o), torch.nn.ReLU())]
    model = torch.nn.Sequential(*(parts if final_relu else parts[:-1]))
    torch.nn.utils.vector_to_parameters(torch.as_tensor(weights, dtype=torch.float32), model.parameters())
    data = digits.load()
    x, y = torch.from_numpy(data.train_x[:count]) / 255, torch.from_numpy(data.train_y[:count]).long()
    with torch.no_grad():
        return torch.nn.functional.cross_entropy(model(x), y).item()


def test_pca_equals_numpys_svd():
    rng = np.random.default_rng(0)
    rows = rng.standard_normal((9, 400)) * np.linspace(3, 0.1, 400)
    parts = [rows[:4], rows[4:]]
    gram = pca.centred(pca.products(parts, parts))
    axes = pca.principal_axes(parts, gram)
    _, s, vt = np.linalg.svd(rows - rows.mean(0), full_matrices=False)
    np.testing.assert_allclose(pca.shares(gram)[:8], (s**2 / (s**2).sum())[:8], rtol=1e-9)
    np.testing.assert_allclose(np.abs(axes), np.abs(vt[:2]), atol=1e-6)


def test_three_snapshots_lie_in_the_plane_exactly(training):
    moves = np.random.default_rng(1).standard_normal((3, Layout(HIDDEN).size)).astype(np.float32) * 0.02
    plane = project(with_moves(training, moves), resolution=5, digits=50)
    assert plane.explained_variance.sum() == pytest.approx(1.0, abs=1e-9)
    assert plane.distances["sgd"].max() < 1e-3
    for i, (a, b) in enumerate(plane.coordinates["sgd"]):
        np.testing.assert_allclose(
            plane.origin + a * plane.axes[0] + b * plane.axes[1], training["sgd"].start + moves[i], atol=1e-6
        )


def test_axes_are_orthonormal_and_point_where_training_went(training):
    plane = project(training, resolution=5, digits=50)
    np.testing.assert_allclose(pca.products([plane.axes], [plane.axes]), np.eye(2), atol=1e-6)
    last = plane.coordinates["adam"][-1]
    assert (last >= 0).all()
    snapshots = np.array([run.weights(i) for run in training for i in range(len(run.moves))], float)
    centred = snapshots - snapshots.mean(0)
    s = np.linalg.svd(centred, compute_uv=False)
    np.testing.assert_allclose(plane.explained_variance, (s**2 / (s**2).sum())[:2], rtol=1e-4)
    seen = np.concatenate([plane.coordinates[label] for label in plane.labels])
    np.testing.assert_allclose(seen, centred @ plane.axes.T, atol=1e-4)
    off = np.linalg.norm(centred - seen @ plane.axes, axis=1) / np.linalg.norm(centred, axis=1)
    np.testing.assert_allclose(np.concatenate([plane.distances[label] for label in plane.labels]), off, atol=1e-3)


@pytest.mark.parametrize("final_relu", [True, False])
@pytest.mark.parametrize("hidden", [(300, 200), (12,), (10, 9, 8)])
def test_losses_on_the_plane_are_those_of_a_plain_forward_pass(hidden, final_relu):
    t = train([optimizer("sgd", lr=0.1)], epochs=1, batch_size=1000, hidden=hidden, final_relu=final_relu)
    plane = project(t, resolution=5, digits=300)
    for i, j in ((0, 0), (1, 3), (4, 2), (2, 2)):
        weights = plane.origin + plane.a[j] * plane.axes[0] + plane.b[i] * plane.axes[1]
        assert plane.loss[i, j] == pytest.approx(plain_loss(weights, 300, hidden, final_relu), rel=1e-4)
    for k in (0, 3, 8):
        assert plane.true_losses["sgd"][k] == pytest.approx(
            plain_loss(t["sgd"].weights(k), 300, hidden, final_relu), rel=1e-4
        )


def test_where_motion_has_two_dimensions_the_path_has_the_planes_losses(training):
    directions = np.random.default_rng(2).standard_normal((2, Layout(HIDDEN).size)) * 0.05
    angle = np.linspace(0, 5, 20)[:, None]
    moves = (np.hstack([np.cos(angle), angle * np.sin(angle)]) @ directions).astype(np.float32)
    plane = project(with_moves(training, moves), resolution=5, digits=200)
    assert plane.explained_variance.sum() == pytest.approx(1.0, abs=1e-6)
    np.testing.assert_allclose(plane.plane_losses["sgd"], plane.true_losses["sgd"], rtol=1e-4)
    assert plane.worst_ratio < 1.0001 and "100.0% of it" in plane.caption


def test_motion_on_a_line_still_has_a_plane(training):
    line = np.linspace(0, 1, 6)[:, None] * np.full((1, Layout(HIDDEN).size), 0.01, np.float32)
    plane = project(with_moves(training, line), resolution=5, digits=50)
    assert plane.explained_variance[0] == pytest.approx(1.0) and np.isfinite(plane.loss).all()
    np.testing.assert_allclose(pca.products([plane.axes], [plane.axes]), np.eye(2), atol=1e-6)


def test_a_random_walks_shares_are_those_of_a_walk_that_is_drawn():
    steps = np.random.default_rng(3).standard_normal((51, 5000)).astype(np.float32)
    walk = np.concatenate([np.zeros((1, 5000)), steps.cumsum(0)])
    drawn = pca.shares(pca.centred(pca.products([walk], [walk])))[:2]
    np.testing.assert_allclose(pca.random_walk_shares([52]), drawn, atol=0.02)
    np.testing.assert_allclose(pca.random_walk_shares([52]), [6 / np.pi**2, 1.5 / np.pi**2], atol=2e-3)
    assert pca.random_walk_shares([1]).tolist() == [0.0, 0.0]


def test_random_directions_are_normalised_filter_by_filter(training):
    plane = project(training, kind="random", resolution=5, digits=50, seed=7)
    layout = Layout(HIDDEN)
    np.testing.assert_array_equal(plane.axes, random_axes(layout.parameters, plane.origin, 7))
    np.testing.assert_allclose(plane.origin, training["sgd"].weights(-1), atol=1e-7)
    drawn = layout.layers(torch.from_numpy(plane.axes))
    for (matrices, biases), (matrix, _) in zip(drawn, layout.layers(torch.from_numpy(plane.origin)), strict=True):
        torch.testing.assert_close(matrices.norm(dim=-1), matrix.norm(dim=-1).expand(2, -1))
        assert not biases.any()
    assert plane.a[0] <= -1 and plane.a[-1] >= 1
    offsets = np.array([training["adam"].weights(5) - plane.origin], float)
    best = np.linalg.lstsq(plane.axes.T.astype(float), offsets[0], rcond=None)[0]
    np.testing.assert_allclose(plane.coordinates["adam"][5], best, atol=1e-5)
    assert "random plane" in plane.caption


def test_runs_that_diverged_are_left_out(training):
    broken = dataclasses.replace(training["sgd"], outcome=TrainingOutcome.DIVERGED)
    t = Training(training.spec, (broken, training["adam"]), training.steps, training.seconds)
    plane = project(t, resolution=5, digits=50)
    assert plane.labels == ("adam",) and plane.left_out == ("sgd",)
    with pytest.raises(SpecError, match="No run has a path to show"):
        project(Training(training.spec, (broken,), training.steps, training.seconds))


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"kind": "pac"}, "Unknown kind of plane 'pac'; did you mean 'pca'?"),
        ({"resolution": 3}, "resolution must be a whole number from 5 to 201; got 3."),
        ({"digits": 90_000}, "digits must be a whole number from 10 to 60,000; got 90000."),
    ],
)
def test_bad_input_gets_its_sentence(training, arguments, sentence):
    with pytest.raises(SpecError) as error:
        project(training, **arguments)
    assert str(error.value) == sentence
