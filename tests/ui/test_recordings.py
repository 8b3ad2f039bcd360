"""A visitor's own recording on the page Network: opened, shown and given away; a bad file leaves what was there."""

import io
import json

import numpy as np
import pandas as pd
import pytest

import optim_viz as ov
from optim_viz.export.table import EXPORTS
from optim_viz.language import speaking
from optim_viz.network.opened import opened
from optim_viz.network.recording_files import read
from optim_viz.ui.recordings import parcel
from tests.network.models import images, loss, made, trained
from tests.ui.test_app import QUERIES, open_page, scene
from tests.ui.test_languages import ENGLISH, KEPT, texts
from tests.ui.test_languages import opened as in_language

HOSTILE_LABEL = "[x](https://a.b) <b>$f$</b>"


@pytest.fixture(scope="module")
def content(tmp_path_factory):
    recs = [trained(made("cnn"), images(), lr=lr, label=name) for name, lr in (("sgd", 0.05), (HOSTILE_LABEL, 0.2))]
    recs[1].note(accuracy=0.5)
    path = tmp_path_factory.mktemp("own") / "run.safetensors"
    ov.save(recs, path, ov.project(recs, loss=loss, data=images(), resolution=5))
    return path.read_bytes()


@pytest.fixture(scope="module")
def sharp(tmp_path_factory):
    """A file with a sharpness and no plane, and that sharpness."""
    rec = trained(made("cnn"), images(), lr=0.05, label=HOSTILE_LABEL)
    found = ov.sharpness(rec, loss=loss, data=images(), snapshots=3)
    path = tmp_path_factory.mktemp("sharp") / "run.safetensors"
    rec.save(path, weights=False, sharpness=found)
    return path.read_bytes(), found


def upload(app, name, data):
    app.file_uploader[-1].upload(name, data, "application/octet-stream").run()
    assert not app.exception


def test_a_recording_is_opened_shown_and_closed_again(content):
    app = open_page("network.py", QUERIES["network.py"])
    scene(app)
    upload(app, "bad.safetensors", content[:-10])
    assert "it is cut off" in app.error[0].value and scene(app)["key"].startswith("network")
    upload(app, "run.safetensors", content)
    assert not app.error and app.title[0].value == "A network of your own"
    shown = scene(app)
    assert shown["key"] == "recording pca" and [t["label"] for t in shown["tracks"]] == ["sgd", HOSTILE_LABEL]
    assert not app.slider and app.dataframe[0].value["last accuracy, %"].tolist()[1] == 50.0
    upload(app, "worse.safetensors", b"no")
    assert "it is cut off" in app.error[0].value and scene(app)["key"] == "recording pca"
    assert any("This file holds no sharpness: ov.save(" in caption.value for caption in app.caption)
    app.switch_page("pages/compare.py").run()
    app.switch_page("pages/network.py")
    app.query_params.clear()  # as a browser does
    app.run()
    assert scene(app)["key"] == "recording pca" and not app.error  # it is still open
    app.button(key="recording.close").click().run()
    assert scene(app)["key"].startswith("network")
    assert app.text_input(key="network.hidden").value == "16" and app.select_slider(key="network.batch").value == 500


def test_its_sharpness_is_shown_as_that_of_a_training(sharp):
    content, found = sharp
    app = open_page("network.py", QUERIES["network.py"])
    upload(app, "run.safetensors", content)
    assert "sharpness" in [panel["id"] for panel in scene(app)["panels"]]
    table, captions = app.dataframe[-1].value, [caption.value for caption in app.caption]
    assert table["formula of the edge"].tolist() == ["2 / lr"] and table["edge there"].tolist() == [40.0]
    assert any(caption.startswith("The largest eigenvalue of the Hessian") for caption in captions)
    assert not any("This file holds no sharpness" in caption for caption in captions)
    (chart,) = (json.loads(c.proto.spec) for c in app.get("plotly_chart"))
    assert chart["data"][0]["name"] == HOSTILE_LABEL and chart["data"][1]["name"] == "edge: 2 / lr = 40"
    files = {file.row.name: file for file in parcel(opened("run.safetensors", content)).files}
    assert opened("again.safetensors", files["recording"].write()).sharpness.to_frame().equals(found.to_frame())
    with speaking("zh"):
        app = in_language("network", QUERIES["network.py"], "zh")
        upload(app, "run.safetensors", content)
    found = [text for text in texts(app._tree) if len(text) < 3000 and HOSTILE_LABEL not in text]
    assert [text for text in found if ENGLISH.search(KEPT.sub("", text))] == []


def test_a_link_to_a_training_closes_it(content):
    app = open_page("network.py", QUERIES["network.py"])
    upload(app, "run.safetensors", content)
    app.switch_page("pages/compare.py").run()
    app.switch_page("pages/network.py")
    app.query_params.update(QUERIES["network.py"] | {"hidden": "8"})
    app.run()
    assert scene(app)["key"].startswith("network") and app.text_input(key="network.hidden").value == "8"


def test_no_english_is_left_beside_a_recording(content):
    app = in_language("network", QUERIES["network.py"], "zh")
    with speaking("zh"):
        upload(app, "run.safetensors", content)
    found = [text for text in texts(app._tree) if len(text) < 3000 and HOSTILE_LABEL not in text]
    assert [text for text in found if ENGLISH.search(KEPT.sub("", text))] == []
    assert app.title[0].value == "你自己的网络"


def test_every_file_of_it_reads_back(content, tmp_path):
    found = opened("run.safetensors", content)
    files = {file.row.name: file for file in parcel(found).files}
    assert set(files) == set(EXPORTS) - {"json", "pytorch"} | {"recording"}
    assert pd.read_csv(io.BytesIO(files["csv"].write()))["loss"].tolist() == [
        *found.runs[0].losses,
        *found.runs[1].losses,
    ]
    (tmp_path / "again.safetensors").write_bytes(files["recording"].write())
    again = read(tmp_path / "again.safetensors", "again.safetensors")
    np.testing.assert_array_equal(again.plane.loss, found.plane.loss)
    assert again.labels == found.labels and len(files["recording"].write()) < len(content)
    page = files["html"].write().decode()
    assert HOSTILE_LABEL.replace("<", r"\u003c") in page
    assert files["png"].write()[1:4] == b"PNG"
