"""Recordings leave the program as trainings do: a scene that holds their numbers, and every file that can be."""

import io
import json

import numpy as np
import pandas as pd
import pytest

import optim_viz as ov
from optim_viz.export import notebook
from optim_viz.export.table import export
from optim_viz.figures import results_table
from optim_viz.figures.plane_gauges import gauges
from optim_viz.figures.sharpness import sharpness as drawn_sharpness
from optim_viz.network.recording import gathered
from optim_viz.player.recording_scenes import ROWS, recorded
from tests.export.test_export import drawn, story_of
from tests.network.models import images, loss, made, trained


@pytest.fixture(scope="module")
def both():
    recs = [trained(made("cnn"), images(), lr=lr, label=name) for name, lr in (("sgd", 0.05), ("wide", 0.2))]
    recs[1].note(accuracy=0.5)
    return recs, ov.project(recs, loss=loss, data=images(), resolution=9)


def columns(scene, label):
    (track,) = [t for t in scene.data["tracks"] if t["id"] == label]
    floats = np.frombuffer(scene.blobs[track["blob"]], "<f4")
    return {
        n: np.full(p[2], floats[p[0]]) if len(p) == 3 else floats[p[0] : sum(p)] for n, p in track["columns"].items()
    }


def test_a_scene_holds_what_was_recorded(both):
    recs, plane = both
    scene = recorded(gathered(recs), plane)
    assert [p["id"] for p in scene.data["panels"]] == ["plane", "loss", "accuracy"]
    assert scene.data["panels"][0]["title"] == "Loss, BatchNorm: batch"
    for rec, label in zip(recs, plane.labels, strict=True):
        found = columns(scene, label)
        np.testing.assert_allclose(found["raw"], rec.losses, rtol=1e-6)
        np.testing.assert_allclose(found["a"], plane.coordinates[label][1:, 0], rtol=1e-5)
    assert columns(scene, "wide")["accuracy"][-1] == 50.0
    assert drawn(scene).panels[0].trails.axes.get_title(loc="left").startswith("Loss, BatchNorm: batch")


def test_losses_given_now_and_then_are_joined_and_long_recordings_thinned():
    rec = ov.record(made("logistic"), "sgd", keep=2)
    for step in range(3 * ROWS):
        rec.step(float(step + 1) if step % 10 == 0 else None)
    scene = recorded(gathered(rec))
    assert scene.data["frames"] == ROWS and scene.data["frame_values"][-1] == 3 * ROWS
    found = columns(scene, "sgd")
    inside = found["step"] <= 3 * ROWS - 10
    np.testing.assert_allclose(found["raw"][inside], found["step"][inside], rtol=1e-6)


def test_a_run_that_diverged_ends_where_it_did():
    rec = ov.record(made("logistic"), "sgd")
    for value in (1.0, 2.0, np.inf, 3.0):
        rec.step(value)
    (track,) = recorded(gathered(rec)).data["tracks"]
    assert track["status"] == "diverged at step 2" and track["status_from"] == 1
    assert np.isfinite(columns(recorded(gathered(rec)), "sgd")["raw"]).tolist() == [True, True, False, False]


def test_losses_near_the_largest_float_are_drawn_as_infinite():
    rec = ov.record(made("logistic"), "sgd")
    for step in range(100):
        rec.step(1e308 if step % 2 else 1.0)
    raw = columns(recorded(gathered(rec)), "sgd")["raw"]
    assert np.isinf(raw[1::2]).all() and (raw[::2] == 1.0).all()


def test_every_file_that_can_be(both):
    recs, plane = both
    text = export(recs, "html", plane).decode()
    story = json.loads(story_of(text))
    assert (
        story["about"].startswith("373 weights, 12 steps. The plane that holds") and "BatchNorm takes" in story["about"]
    )
    back = pd.read_csv(io.BytesIO(export(recs, "csv", plane)))
    assert back["loss"].tolist() == [*recs[0].losses, *recs[1].losses]
    for name in ("png", "svg", "gif", "parquet", "html-online"):
        assert len(export(recs, name, plane)) > 1000


def test_a_sharpness_is_a_panel_of_the_player_wherever_it_plays(both, tmp_path):
    recs, plane = both
    found = ov.sharpness(recs, loss=loss, data=images(), snapshots=3)
    for path in ("run.safetensors", "run.html", "run.png"):
        ov.save(recs, str(tmp_path / path), plane, weights=False, sharpness=found)
    back = ov.load(tmp_path / "run.safetensors")
    scene = recorded(back, plane)
    assert [p["id"] for p in scene.data["panels"]] == ["plane", "loss", "sharpness", "accuracy"]
    shown = columns(scene, "wide")
    at = np.searchsorted(shown["step"], found["wide"].steps[1:])
    np.testing.assert_allclose(shown["sharpness"][at], found["wide"].eigenvalues[1:, 0], rtol=1e-6)
    np.testing.assert_allclose(shown["edge"], 2 / 0.2, rtol=1e-6)
    story = json.loads(story_of((tmp_path / "run.html").read_text("utf-8")))
    assert [p["id"] for p in story["scene"]["panels"]] == ["plane", "loss", "sharpness", "accuracy"]
    for shown_as in (notebook.as_html(back), json.dumps(json.loads(notebook.widget(back).story))):
        assert "the edge of stability" in shown_as and "Loss, BatchNorm: batch" in shown_as  # the plane as well
    lines = drawn(recorded(back)).figure.axes[1].lines  # without a plane it is the second picture, edges thin
    firsts = [float(line.get_ydata()[0]) for line in lines if len(line.get_ydata()) == 12]
    assert sorted(firsts) == pytest.approx([10, 40])


@pytest.mark.parametrize("value", [1e300, -1e300, 5e-324, 0.0, np.nan])
def test_a_sharpness_of_any_number_is_drawn(value, both, tmp_path):
    found = ov.sharpness(both[0], loss=loss, data=images(), snapshots=2)
    for curvature in found:
        curvature.eigenvalues[0, 0] = curvature.edge[-1] = curvature.preconditioned[0] = value
    ov.save(both[0], str(tmp_path / "run.safetensors"), weights=False, sharpness=found)
    back = ov.load(tmp_path / "run.safetensors")
    assert len(drawn_sharpness(back.sharpness).data) >= 2 and len(results_table.curved(back.sharpness)) == 2
    assert len(export(back, "png")) > 1000 and "the edge of stability" in export(back, "html").decode()


def test_gauges_are_those_of_a_training(both):
    recs, plane = both
    assert len(gauges(plane, recs).data) == 2 * 3 + 2


def recorded_with(*steps):
    rec = ov.record(made("logistic"), "sgd")
    for given in steps:
        rec.step(**given)
    return rec


@pytest.mark.parametrize("name", ["png", "svg", "gif"])
@pytest.mark.parametrize(
    "steps",
    [[], [{}], [{"lr": 0.1}] * 3, [{"loss": np.nan}], [{"accuracy": np.nan}]],
    ids=str,
)
def test_a_picture_without_anything_to_draw_says_what_is_missing(steps, name, tmp_path):
    recs = [recorded_with(*steps), recorded_with(*steps)]
    path = tmp_path / f"x.{name}"
    for asked, names in ((recs[0], "'sgd'"), (recs, "'sgd', 'sgd 2'")):
        with pytest.raises(ov.SpecError) as caught:
            ov.save(asked, path)
        assert str(caught.value) == (
            f"There is nothing to draw of {names}: no loss and no accuracy that is a finite number, and no plane."
        )
        assert not path.exists()


@pytest.mark.parametrize("name", ["png", "svg", "gif"])
@pytest.mark.parametrize(
    "steps",
    [[{"accuracy": 0.5}], [{"loss": np.nan, "accuracy": 0.5}], [{"loss": 1.0}], [{"loss": np.inf}, {"loss": 1.0}]],
    ids=str,
)
def test_one_curve_is_a_picture(steps, name):
    assert len(export(recorded_with(*steps), name)) > 1000
    assert len(export([recorded_with(*steps), recorded_with({})], name)) > 1000
