"""A figure shows the trajectory's own numbers, and stays small."""

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.figures import comparison, style
from optim_viz.surfaces import surface
from optim_viz.surfaces.table import SURFACES


@pytest.fixture(scope="module")
def runs():
    specs = [ov.optimizer("sgd", lr=1e-3), ov.optimizer("momentum", lr=1e-3), ov.optimizer("adam", lr=0.05)]
    return ov.descend("rosenbrock", specs, steps=500)


def test_figure_has_frames_and_a_play_button_and_is_small(runs):
    figure = runs.figure()
    assert len(figure.frames) == 60 and len(figure.data) == 1 + 4 * 3
    assert figure.layout.updatemenus[0].buttons[0].label == "Play"
    assert len(figure.to_json()) < 500_000


def test_figure_shows_the_trajectory(runs):
    figure = runs.figure()
    path, head, curve, loss_head = figure.data[1:5]
    run = runs["sgd"]
    rows = style.frame_rows(501, len(path.x))
    np.testing.assert_allclose(path.x, run.points[rows, 0].astype("float32"))
    np.testing.assert_allclose(path.y, run.points[rows, 1].astype("float32"))
    np.testing.assert_allclose(curve.y, run.losses[rows].astype("float32"))
    assert (head.x[0], head.y[0]) == tuple(run.points[-1]) and loss_head.y[0] == run.losses[-1]
    middle = figure.frames[30]
    step = int(middle.name)
    assert middle.data[1].x[0] == run.points[step, 0] and middle.data[2].x[-1] == step


def test_eight_diverging_runs_still_make_a_figure():
    specs = [ov.optimizer("sgd", lr=10.0, label=str(i)) for i in range(8)]
    figure = ov.descend("rosenbrock", specs, steps=1000).figure()
    assert len(figure.to_json()) < 600_000


@pytest.mark.parametrize("name", list(SURFACES))
def test_every_surface_can_be_drawn(name):
    x, y, z = surface.height_map(SURFACES[name], 21)
    assert z.shape == (21, 21) and x.shape == y.shape == (21,)
    assert np.isfinite(comparison.log_height(z)[np.isfinite(z)]).all()
