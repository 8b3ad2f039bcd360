"""A figure shows the trajectory's own numbers, and stays small."""

import sys
import warnings
from dataclasses import replace
from importlib.machinery import ModuleSpec
from types import ModuleType, SimpleNamespace

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.figures import comparison, style
from optim_viz.player import scenes
from optim_viz.surfaces import descent, surface
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


@pytest.mark.parametrize("installed", [True, False])
def test_figure_is_shown_in_a_kernel_with_and_without_nbformat(runs, installed, monkeypatch):
    """plotly itself ends with a ValueError where IPython is there and nbformat is not."""
    from plotly.io import _renderers

    shown = []
    display = SimpleNamespace(display=lambda bundle, raw: shown.append((list(bundle), raw)), HTML=str)
    nbformat = ModuleType("nbformat") if installed else None
    if nbformat:
        nbformat.__version__, nbformat.__spec__ = "5.0.0", ModuleSpec("nbformat", None)
    monkeypatch.setitem(sys.modules, "nbformat", nbformat)
    monkeypatch.setitem(sys.modules, "IPython", ModuleType("IPython"))
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    monkeypatch.setattr(_renderers, "nbformat", nbformat)
    monkeypatch.setattr(_renderers, "ipython_display", display)
    monkeypatch.setattr(_renderers.renderers, "_default_name", "plotly_mimetype")
    monkeypatch.setattr(_renderers.renderers, "_default_renderers", [_renderers.plotly_renderer])
    runs.figure()._ipython_display_()
    assert shown == [(["application/vnd.plotly.v1+json"], True)]


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


def test_a_function_of_x_alone_is_a_curve_and_every_run_goes_along_it():
    runs = ov.descend(ov.surface("x^4 - 3x^2 + x", bounds=(-2.2, 2.2, -1, 1)), [ov.optimizer("sgd")], start=2, steps=20)
    figure = runs.figure()
    curve, places = figure.data[:2]
    np.testing.assert_allclose(curve.y, np.asarray(curve.x, float) ** 4 - 3 * curve.x**2 + curve.x, atol=1e-5)
    np.testing.assert_allclose(places.y, runs["sgd"].losses, rtol=1e-6)
    low, high = figure.layout.yaxis.range
    assert (figure.layout.yaxis.title.text, low < min(curve.y), high > runs["sgd"].losses[0]) == ("f(x)", True, True)
    flat = descent.run(replace(runs.spec, drawn="map")).figure()
    assert flat.data[0].type == "contour" and flat.layout.yaxis.scaleanchor is None


@pytest.mark.parametrize(
    ("asked", "given", "anchor"), [("", None, None), ("equal", None, "x"), ("", True, "x"), ("equal", False, None)]
)
def test_axes_are_equal_where_that_is_asked_for(asked, given, anchor):
    figure = ov.descend("quadratic", "sgd", steps=5, drawn=asked).figure(equal_axes=given)
    assert figure.layout.yaxis.scaleanchor == anchor and figure.layout.yaxis2.scaleanchor is None


def test_a_surface_beyond_float32_is_drawn_up_to_there_without_a_warning():
    steep = ov.descend("x*y+exp(exp(exp(exp(x))))", ov.optimizer("sgd"), steps=3)
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        heights = steep.figure().data[0].customdata
        blobs = scenes.compare(steep).blobs
    assert np.nanmax(heights) == np.finfo("float32").max
    grids = [np.frombuffer(data, "<f4") for data in blobs.values() if len(data) == 4 * scenes.GRID**2]
    assert len(grids) == 1 and np.nanmax(grids[0]) == np.finfo("float32").max and not np.isinf(grids[0]).any()
