"""Results in a notebook, as far as they can be held without one: the widget's model and module, the page, the text."""

import base64
import json
import re
import shutil
import subprocess
from html import escape, unescape

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.export import live_fields, notebook
from optim_viz.language import tr
from optim_viz.player.assets import FLAT
from optim_viz.player.bundle import SOURCES
from tests.network.models import images, loss, made, trained

RUNS = ov.descend("quadratic", [ov.optimizer("sgd", lr=0.1), ov.optimizer("adam", lr=0.1)], steps=20)
AXES = {"lr": [0.01, 0.1], "momentum": [0.0, 0.5]}


@pytest.fixture(scope="module")
def charts():
    momentum = ov.optimizer("momentum", lr=0.1)
    recs = [trained(made("logistic", seed), images(), steps=3, label=f"start {seed}") for seed in (0, 1)]
    return {
        "Sweep": ov.sweep("quadratic", momentum, AXES, start=(1, 1), steps=20),
        "Basins": ov.basins("himmelblau", momentum, resolution=8, steps=20),
        "Rates": ov.sweep("quadratic", momentum, {"lr": [0.01, 0.1, 1.0]}, start=(1, 1), steps=20),
        "Tuning": ov.tune("quadratic", [ov.optimizer("sgd"), ov.optimizer("adam")], steps=20),
        "Plane": ov.project(recs, loss=loss, data=images(), resolution=5),
        "Segment": ov.between(*recs, loss=loss, data=images(), points=3),
        "Sharpness": ov.sharpness(recs, loss=loss, data=images(), snapshots=1),
    }


def test_a_comparison_is_the_player_as_a_widget():
    bundle, _ = RUNS._repr_mimebundle_(include=None, exclude=None)
    assert "application/vnd.jupyter.widget-view+json" in bundle and "text/html" not in bundle
    shown = RUNS._display_()
    story = json.loads(shown.story)
    assert [track["id"] for track in story["scene"]["tracks"]] == ["sgd", "adam"] and story["scene"]["live"]
    assert {*story["blobs"]} >= {track["blob"] for track in story["scene"]["tracks"]}


def test_plotly_is_sent_only_where_it_is_asked_for():
    shown = RUNS._display_()
    assert shown.flat == b"" and shown.whole == b""
    shown.wanted = "flat"
    assert shown.flat == FLAT.read_bytes() and shown.whole == b""
    shown.wanted = "/etc/hostname"  # what a browser says is a name in a table, and no path
    assert shown.whole == b""


def test_the_widgets_module_is_whole_and_exports_what_anywidget_asks_for(tmp_path):
    shown = RUNS._display_()
    assert shown._css == (SOURCES / "player.css").read_text("utf-8")
    assert not re.search(r"^import ", shown._esm, re.MULTILINE)
    if shutil.which("node") is None:
        pytest.skip("node is not installed")
    (tmp_path / "widget.mjs").write_text(shown._esm)
    code = "import('./widget.mjs').then((m) => console.log(typeof m.default.render))"
    said = subprocess.run(["node", "-e", code], cwd=tmp_path, capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "function"


def test_without_anywidget_a_page_of_its_own_stands_in_a_frame(monkeypatch):
    monkeypatch.setattr(notebook, "_kind", lambda: None)
    assert RUNS._repr_mimebundle_() == {}
    assert RUNS._repr_html_().startswith("<iframe srcdoc=") and RUNS._display_()._repr_html_() == RUNS._repr_html_()
    assert "<script" not in RUNS._repr_html_()  # all of it is one attribute


@pytest.mark.parametrize("name", ["Sweep", "Basins", "Rates", "Tuning", "Plane", "Segment", "Sharpness"])
def test_charts_stand_on_a_page_in_a_frame(charts, name):
    assert charts[name]._repr_mimebundle_() == {} and charts[name]._repr_html_().startswith("<iframe srcdoc=")
    said = tr(getattr(charts[name], "caption", "") or getattr(charts[name], "sentence", ""))
    assert escape(escape(said)) in charts[name]._repr_html_()
    assert len(charts[name]._repr_html_()) < 3_000_000  # marimo shows no more than 8 MB, and escapes them once more


def carried(result):
    """What the page of a result computes its picture from, and how many bytes follow it; None where it does not."""
    page = unescape(result._repr_html_())
    found = re.search(r'<script type="application/json" id="fields">"(.*?)"</script>', page)
    if not found:
        return None
    data = base64.b64decode(found[1])
    end = 4 + int.from_bytes(data[:4], "little")
    return json.loads(data[4:end]), len(data) - end


@pytest.mark.parametrize(
    ("name", "view", "axes"), [("Sweep", "map", ["lr", "momentum"]), ("Basins", "basins", ["y", "x"])]
)
def test_a_map_and_basins_carry_what_the_browser_computes_them_from(charts, name, view, axes):
    data, behind = carried(charts[name])
    (field,), (picture,), spec = data["fields"], data["pictures"], charts[name].spec
    assert (data["view"], data["stands"], behind) == (view, "notebook", 0)  # nobody is to be held to what Python found
    assert [axis["name"] for axis in field["axes"]] == axes and field["watch"] == (view == "map")
    assert [axis["values"] for axis in field["axes"]] == [list(values) for _, values in spec.axes]
    assert (field["steps"], field["start"]) == (20, list(spec.start)) and field["run"]["values"]["lr"] == 0.1
    assert {field["run"]["program"], field["run"]["schedule"], field["surface"]["program"]} <= set(data["programs"])
    assert picture.get("logs") == ([True, False] if view == "map" else None)


def own(params, lr=0.1):
    import torch

    return torch.optim.SGD(params, lr=lr)


@pytest.mark.parametrize(
    ("kinds", "axes"),
    [
        (["momentum"], {"lr": [0.01, 0.1, 1.0]}),
        (["momentum"], AXES | {"x": [0.0, 1.0]}),
        (["momentum"], {"lr": [0.01, 0.1], "noise": [0.0, 0.1]}),
        (["momentum"], {"lr": [0.01, 0.1], "nesterov": [False, True]}),
        (["momentum"], {"lr": [0.1, 0.01, 1.0], "momentum": [0.0, 0.5]}),  # neither up nor down
        (["momentum"], ov.halton({"lr": (0.01, 0.1), "momentum": (0.0, 0.5)}, 4)),
        (["momentum", "nesterov"], {"lr": [0.01, 0.1]}),
        (["lbfgs"], {"lr": [0.01, 0.1], "x": [0.0, 1.0]}),
        ([own], {"x": [0.0, 1.0], "y": [0.0, 1.0]}),
    ],
)
def test_where_the_browser_computes_nothing_the_chart_stands_alone(kinds, axes):
    found = ov.sweep("quadratic", [ov.optimizer(kind) for kind in kinds], axes, steps=3)
    assert live_fields.of_result(found) == b"" and carried(found) is None


def test_more_steps_than_a_picture_on_tune_may_have_are_not_computed(monkeypatch):
    found = ov.sweep("quadratic", ov.optimizer("momentum"), AXES, steps=3)
    monkeypatch.setattr(live_fields, "limit", lambda name: {"sweep_steps": 11}[name])
    assert live_fields.of_result(found) == b""


def test_an_axis_with_a_0_is_linear_though_its_knob_is_not():
    axes = {"lr": [0.01, 0.1], "weight_decay": [0.0, 0.01, 0.1]}
    data, _ = carried(ov.sweep("quadratic", ov.optimizer("sgd"), axes, steps=3))
    assert data["pictures"][0]["logs"] == [True, False]
    (chart,) = notebook._sweep(ov.sweep("quadratic", ov.optimizer("sgd"), axes, steps=3))
    assert np.isfinite(np.array(chart.data[0].y, float)).all()


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("Sweep", "Momentum on Quadratic bowl"),
        ("Rates", "Learning rates on Quadratic bowl"),
        ("Basins", "Basins of Himmelblau"),
    ],
)
def test_a_page_is_called_as_on_tune(charts, name, title):
    assert f"<h1>{title}</h1>" in unescape(notebook.as_html(charts[name]))


@pytest.mark.parametrize("lrs", [[0.5, 0.01, 0.2], [0.1, 0.1]])
def test_a_map_whose_values_go_to_and_fro_or_repeat_is_a_table(lrs):
    found = ov.sweep("quadratic", ov.optimizer("momentum"), {"lr": lrs, "momentum": [0.9, 0.5]}, steps=5)
    assert found._repr_html_().startswith("<table")


def test_what_has_no_picture_is_a_table():
    one = ov.sweep("quadratic", ov.optimizer("momentum"), {"momentum": [0.01, 0.1]}, steps=5)
    assert one._repr_html_().startswith("<table") and one._repr_html_().count("<tr") == 3


def test_their_text_is_one_short_line(charts):
    texts = [repr(RUNS), *(repr(charts[name]) for name in ("Sweep", "Basins"))]
    assert texts == [
        "<Comparison on quadratic: sgd, adam; 20 steps>",
        "<Sweep of momentum on quadratic: 2 lr x 2 momentum>",
        "<Basins of momentum on himmelblau: 8 x 8 starts>",
    ]


def test_a_label_is_text_in_a_table_and_in_a_frame():
    label = "<b onclick='x()'>my run</b>"
    spec = ov.optimizer("sgd", lr=0.1, label=label)
    table = ov.sweep("quadratic", spec, {"noise": [0.1, 0.2]}, steps=5)._repr_html_()
    frame = ov.descend("quadratic", spec, steps=5)._repr_html_()
    assert "<b" not in table.replace("<tbody", "") and "<b " not in frame
