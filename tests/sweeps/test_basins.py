"""Basins: every label is what ov.descend says of that start; minima that no table knows are found."""

import threading

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.surfaces.table import SURFACES
from optim_viz.surfaces.trajectory import Outcome
from optim_viz.sweeps import basins

REACHED = (Outcome.REACHED, Outcome.LOCAL)


@pytest.mark.parametrize(
    ("surface", "optimizer", "steps"),
    [
        ("himmelblau", ov.optimizer("adam", lr=0.1), 300),
        ("himmelblau", ov.optimizer("sgd", lr=0.02), 300),  # some starts diverge
        ("six_hump_camel", ov.optimizer("momentum", lr=0.01), 400),
        ("rosenbrock", ov.optimizer("adam", lr=0.05), 200),  # most are still on their way
        ("rastrigin", ov.optimizer("sgd", lr=1e-3), 300),
        ("saddle", ov.optimizer("sgd", lr=0.1), 100),
    ],
)
def test_labels_are_what_descend_says(surface, optimizer, steps):
    b = ov.basins(surface, optimizer, resolution=12, steps=steps)
    radius = 2e-3 * SURFACES[surface].diagonal
    for (i, j), label in np.ndenumerate(b.labels):
        run = ov.descend(surface, optimizer, (b.x[j], b.y[i]), steps).trajectories[0]
        assert (label >= 0) == (run.outcome in REACHED), (i, j, run.status)
        if label >= 0:
            assert np.hypot(*(b.minima[label, :2] - run.minimum)) <= radius
        if np.isfinite(run.final_loss):
            np.testing.assert_allclose(b.losses[i, j], run.final_loss, rtol=1e-6, atol=1e-9)
    assert b.shares.sum() + b.lost == pytest.approx(1.0)
    assert len(b.minima) == len(b.shares) and not b.cancelled


def test_minima_that_no_table_knows_are_found_and_told_apart():
    own = ov.surface("(x^2 - 1)^2 + (y^2 - 4)^2 + 0.1*x", bounds=(-2, 2, -3, 3))
    b = ov.basins(own, ov.optimizer("sgd", lr=0.01), resolution=20, steps=500)
    assert len(b.minima) == 4 and b.lost == 0.0
    assert np.abs(b.minima[:, 1]) == pytest.approx([2.0] * 4)
    assert (np.diff(b.shares) <= 0).all()
    y, x = np.meshgrid(b.y, b.x, indexing="ij")
    at = b.minima[b.labels]
    assert (np.sign(at[..., 1]) == np.sign(y)).all()
    assert (np.abs(at[..., 0] - np.sign(x)) < 0.2)[np.abs(x) > 0.2].all()


def test_a_run_at_rest_beside_a_known_minimum_is_not_at_another_one():
    b = ov.basins("rosenbrock", ov.optimizer("radam", lr=1e-3), resolution=256)  # two start there, and stay
    assert len(b.minima) == 1 and b.shares[0] * 256**2 == 17


def test_a_maximum_or_saddle_at_which_runs_rest_is_no_minimum():
    own = ov.surface("-x^2 + y^2")
    b = ov.basins(own, ov.optimizer("sgd", lr=1e-3), resolution=3, steps=5)
    assert b.lost == 1.0 and b.minima.shape == (0, 3) and b.shares.shape == (0,)


def test_frame_spec_and_draws():
    b = ov.basins("himmelblau", ov.optimizer("sgd", lr=0.01), 8, noise=0.5, seed=1)
    frame = b.to_frame()
    assert len(frame) == 64 and frame.label.tolist() == b.labels.ravel().tolist()
    reached = frame[frame.label >= 0]
    assert reached.minimum_x.tolist() == b.minima[reached.label, 0].tolist()
    assert frame[frame.label < 0].minimum_x.isna().all()
    assert hash(b.spec) == hash(basins.check("himmelblau", ov.optimizer("sgd", lr=0.01), 8, noise=0.5, seed=1))
    again = ov.basins("himmelblau", ov.optimizer("sgd", lr=0.01), 8, noise=0.5, seed=2)
    assert not np.array_equal(again.losses, b.losses)


def test_cancel_leaves_the_rest_lost():
    cancel = threading.Event()
    cancel.set()
    b = ov.basins("himmelblau", ov.optimizer("sgd", lr=0.01), 8, cancel=cancel)
    assert b.cancelled and b.lost == 1.0


@pytest.mark.parametrize("resolution", [1, 1025, 2.5])
def test_a_resolution_out_of_range_gets_its_sentence(resolution):
    with pytest.raises(ov.SpecError, match="resolution must be a whole number from 2 to 1,024; got"):
        ov.basins("himmelblau", ov.optimizer("sgd"), resolution)


@pytest.mark.parametrize("kind", ["sgd", "momentum", "adam", "rprop"])
def test_of_a_function_of_x_alone_they_are_said_of_x(kind):
    """Every start is judged as a single run from there is, wherever it stands in y."""
    own = ov.surface("x^4 - 3x^2 + x", bounds=(-2.5, 2.5, 1.0, 4.0))
    b = ov.basins(own, ov.optimizer(kind, lr=0.01), resolution=9, steps=400)
    assert sorted(b.minima[:, 0].round(4)) == [-1.3008, 1.1309] and (b.minima[:, 1] == 0.0).all()
    assert (b.labels == b.labels[0]).all() and set(b.labels.ravel()) >= {0, 1}
    for x, label in zip(b.x, b.labels[0], strict=True):
        run = ov.descend(own, ov.optimizer(kind, lr=0.01), (x, 2.0), 400).trajectories[0]
        there = run.minimum and np.hypot(*(b.minima[:, :2] - (*run.minimum, 0.0)).T).argmin()
        assert label == (basins.LOST if there is None else there)
