"""The matrix task on the page Network: opened by its link, turned, tuned, refused in a sentence, and left again."""

import json
import time

import pytest

from optim_viz.experiments.openings import MATRIX, read_network, write_network
from optim_viz.experiments.presets import MATRIX_PRESETS
from optim_viz.network import matrix_task
from optim_viz.spec import MatrixSpec
from tests.ui.test_app import open_page

SMALL = {"task": "matrix", "shape": "3~4", "steps": "20", "condition": "100.0", "o": ["sgd~lr~1.0", "adamw~lr~0.1"]}


def finished(app):
    """The scene, once the runs are over."""
    for _ in range(200):
        if not app.session_state["link.matrix.good"].active:
            break
        time.sleep(0.05)
    app.run()
    assert not app.exception
    return json.loads(next(e.proto.json for e in app.get("bidi_component") if e.proto.json))


def spec(app):
    return app.session_state["link.matrix.good"].spec.spec


def test_a_link_opens_it_and_a_number_that_is_turned_stands_in_the_link():
    app = open_page("network.py", SMALL)
    shown = finished(app)
    assert [panel["id"] for panel in shown["panels"]] == ["errors", "loss"] and shown["frames"] == 21
    assert [track["label"] for track in shown["tracks"]] == ["sgd", "adamw"] and not app.error
    table = app.dataframe[0]
    assert table.value["status"].tolist() == ["finished 20 steps"] * 2
    columns = json.loads(table.proto.columns)
    assert columns["final loss"]["type_config"]["format"] == "%.3g" and columns["status"]["width"] == "medium"
    assert table.proto.placeholder == "–"  # "never" is no number of dead outputs
    app.number_input(key="network.steps").set_value(9).run()
    assert app.query_params["steps"] in ("9", ["9"]) and spec(app).steps == 9
    assert finished(app)["frames"] == 10
    app.number_input(key="network.rows").set_value(99).run()
    assert "shape, numbers of a value must be a whole number from 1 to 32; got 99." in app.error[0].value
    assert finished(app)["frames"] == 10 and not app.exception


def test_digits_and_matrix_take_turns_and_each_begins_as_it_opens():
    app = open_page("network.py", SMALL)
    app.segmented_control(key="network.task").set_value("digits").run()
    assert not app.exception and app.title[0].value == "An MLP on handwritten digits"
    app.button(key="network.cancel").click().run()
    app.segmented_control(key="network.task").set_value("matrix").run()
    assert not app.exception and app.title[0].value == "One matrix that learns pairs"
    assert spec(app) == MATRIX.spec and app.query_params["task"] in ("matrix", ["matrix"])


def test_each_is_tuned_on_as_many_trials():
    app = open_page("network.py", SMALL | {"fair": "best"})
    finished(app)
    said = next(caption.value for caption in app.caption if "Each at its own best" in caption.value)
    assert "15 trials each" in said and "20 steps as shown" in said and not app.error


@pytest.mark.parametrize("name", MATRIX_PRESETS)
def test_a_preset_shows_what_it_says(name):
    row = MATRIX_PRESETS[name]
    found = matrix_task.run(row.spec)
    momentum, adamw, muon = (run.losses[-1] for run in found)
    left = [run.errors[-1, 0] for run in found]
    if name == "uneven":
        assert muon < momentum / 3 and muon < adamw / 3 and left[2] < 0.5 < min(left[:2])
    else:
        assert momentum < muon / 10
    assert row.lesson == "orthogonal-steps"
    assert read_network(write_network(type(MATRIX)(row.spec)), MATRIX) == (type(MATRIX)(row.spec), [])


def test_what_a_link_says_wrong_is_dropped_in_a_sentence():
    query = {"task": ["matrix"], "condition": ["0"], "shape": ["4"], "epochs": ["3"], "o": ["sgd~layer.0~2", "adam"]}
    asked, notes = read_network(query)
    assert isinstance(asked.spec, MatrixSpec) and asked.spec.condition == MATRIX.spec.condition
    assert asked.spec.optimizers[0].kind == "adam" and len(asked.spec.optimizers) == 1
    said = " ".join(map(str, notes))
    for part in ("'epochs' is unknown here", "condition must be a number from 1", "shape is how many", "lr_scale"):
        assert part in said
