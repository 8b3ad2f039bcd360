"""The Tune page without a browser: every view from its link, every control, bad input, long work and its cancel."""

import json
import time
from pathlib import Path

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from optim_viz.experiments.study_views import VIEWS, check
from optim_viz.experiments.turned import turned_study
from optim_viz.spec import SpecError
from optim_viz.surfaces.table import SURFACES

ROOT = Path(__file__).parents[2]
QUERIES = {
    "rates": {"f": "beale", "steps": "50", "n": "31", "o": ["sgd", "adam~lr~0.1", "rmsprop"]},
    "map": {"view": "map", "f": "rosenbrock", "n": "16", "o": ["adam"], "x": ["beta2~0.9~0.999"], "y": ["y~-1.0~2.0"]},
    "basins": {"view": "basins", "n": "32", "steps": "100", "o": ["sgd~lr~0.01", "adam~lr~0.2"]},
    "network": {"view": "network", "n": "5", "o": ["sgd"]},
}


def open_page(query, page="tune"):
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    app.switch_page(f"pages/{page}.py")
    app.query_params.update(query)
    return app.run()


def settle(app, seconds=120):
    """Run the page until nothing is watched any more, as its own polling would."""
    until = time.monotonic() + seconds
    while app.get("plotly_chart") == [] or "study.cancel" in [b.key for b in app.button]:
        assert time.monotonic() < until and not app.exception
        time.sleep(0.1)
        app.run()
    return app


def query_of(app):
    """The query in the address bar, every key with all its values."""
    return {key: [value] if isinstance(value, str) else list(value) for key, value in app.query_params.items()}


def study_of(app):
    return app.session_state["link.tune.good"].study


@pytest.mark.parametrize("view", VIEWS)
def test_a_view_opens_from_its_link(view):
    app = settle(open_page(QUERIES[view]))
    assert not app.exception and not app.error and not app.warning
    assert study_of(app).view == view and len(study_of(app).descent.optimizers) == len(QUERIES[view]["o"])
    assert len(app.get("plotly_chart")) == (2 if view == "basins" else 1)
    for key, value in QUERIES[view].items():
        assert query_of(app)[key] == (value if isinstance(value, list) else [value])


def test_a_learning_rate_that_is_swept_has_no_slider_and_is_kept_for_other_views():
    app = settle(open_page(QUERIES["rates"]))
    assert [s for s in app.select_slider if s.key and s.key.endswith(".lr")] == []
    assert sum("lr: all of the range above" in caption.value for caption in app.caption) == len(QUERIES["rates"]["o"])
    app.session_state["tune.view"] = "basins"
    assert len([s for s in settle(app.run()).select_slider if s.key and s.key.endswith(".lr")]) > 0


def test_what_a_map_replaces_has_no_slider_in_the_optimizer_that_it_is_of():
    app = open_page({"view": "map", "n": "16", "o": ["momentum", "momentum"], "which": "1"})
    keys = [[f"tune.{slot}.momentum.{name}" for name in ("lr", "momentum")] for slot in app.session_state["tune.slots"]]
    shown = {widget.key for widget in (*app.slider, *app.select_slider, *app.number_input)}
    assert {*keys[0]} <= shown and not {*keys[1]} & shown
    assert "lr, momentum: the map's axes." in [caption.value for caption in app.caption]
    app.selectbox(key="tune.up").set_value("weight_decay").run()
    assert not app.exception and keys[1][1] in {widget.key for widget in app.slider}


def test_a_function_of_x_alone_asks_for_no_y_and_keeps_it_for_when_y_comes():
    app = open_page({"view": "map", "n": "16", "f": "x^4 - 3x^2", "box": "-2~2~-5~7", "start": "1~6", "steps": "20"})
    on_y = {"tune.y", "tune.y0", "tune.y1"}
    assert not app.exception and not on_y & {widget.key for widget in app.number_input}
    assert study_of(app).descent.start == (1.0, 6.0)
    app.text_input(key="tune.text").set_value("x^4 + y^2").run()
    assert not app.exception and on_y <= {widget.key for widget in app.number_input}
    assert study_of(app).descent.start == (1.0, 6.0) and study_of(app).descent.surface.bounds == (-2.0, 2.0, -5.0, 7.0)


@pytest.mark.parametrize(("text", "constant"), [("5", True), ("a*x", True), ("x^2", False)])
def test_a_constant_function_is_called_one(text, constant):
    query = {"f": text, "a": "0", "steps": "20"} if "a" in text else {"f": text, "steps": "20"}
    for app in (open_page(query | {"view": "map", "n": "16"}), open_page(query, "compare")):
        assert not app.exception and any("function is constant" in note.value for note in app.info) == constant


def test_charts_are_made_once_for_a_result_and_anew_for_another():
    app = settle(open_page({}))

    def charts():
        return app.session_state["study.shown"]["rates"][1].charts

    first = charts()
    app.switch_page("pages/compare.py").run()
    app.switch_page("pages/tune.py").run()
    assert charts() is first
    app.select_slider(key="tune.steps").set_value(200).run()
    assert settle(app) and charts() is not first and not app.exception


def test_the_first_screen_needs_no_setting_and_its_link_is_empty():
    app = open_page({})
    assert not app.exception and len(app.get("plotly_chart")) == 1 and not dict(app.query_params)
    assert app.title[0].value == "Learning rates on Rosenbrock"
    assert list(app.dataframe[0].value["Optimizer"]) == ["sgd", "momentum", "adam"]


def test_turning_from_view_to_view_and_changing_each():
    app = open_page({})
    for view in [*VIEWS, "rates"]:
        if view == "network":
            continue  # trained elsewhere
        app.segmented_control(key="tune.view").set_value(view).run()
        assert not app.exception and not app.error and study_of(app).view == view
        app.select_slider(key="tune.resolution").set_value(VIEWS[view].resolutions[0]).run()
        assert not app.exception and study_of(app).resolution == VIEWS[view].resolutions[0]
    assert query_of(app)["n"] == ["31"]


def test_what_was_set_goes_along_to_another_view_and_to_another_page_and_back():
    app = open_page(QUERIES["rates"])
    app.segmented_control(key="tune.view").set_value("map").run()
    assert study_of(app).descent.surface.name == "beale" and study_of(app).mapped.kind == "adam"
    for page in ("compare", "tune"):
        app.query_params.clear()  # as the menu does
        app.switch_page(f"pages/{page}.py").run()
    assert not app.exception and study_of(app).view == "map" and study_of(app).descent.surface.name == "beale"


def test_the_axes_of_a_map_follow_the_optimizer_and_take_its_whole_range():
    app = open_page({"view": "map", "n": "16"})
    slot = next(iter(app.session_state["tune.slots"]))
    app.selectbox(key=f"tune.{slot}.kind").set_value("adam").run()
    assert not app.exception and not app.error and study_of(app).y.name == "beta1"
    app.selectbox(key="tune.up").set_value("beta2").run()
    assert (study_of(app).y.name, study_of(app).y.low, study_of(app).y.high) == ("beta2", 0.0, 0.9999)
    app.selectbox(key="tune.across").set_value("x").run()
    assert (study_of(app).x.low, study_of(app).x.high) == (-3.0, 3.0)
    app.segmented_control(key="tune.measure").set_value("steps").run()
    app.select_slider(key="tune.tolerance").set_value(0.1).run()
    assert not app.exception and study_of(app).tolerance == 0.1
    assert query_of(app)["measure"] == ["steps"] and query_of(app)["x"] == ["x~-3.0~3.0"]


def test_every_surface_and_noise():
    app = open_page({"n": "31", "steps": "20", "o": ["momentum"]})
    for surface in [*SURFACES, "own", "rosenbrock", "own"]:
        app.selectbox(key="tune.surface").set_value(surface).run()
        assert not app.exception and not app.error, surface
        assert study_of(app).descent.surface.name == surface
    app.slider(key="tune.seeds").set_value(5).run()
    app.number_input(key="tune.noise").set_value(0.5).run()
    assert not app.exception and "the median of 5" in app.markdown[0].value


def test_bad_input_is_a_sentence_and_keeps_the_picture():
    app = open_page({"view": "map", "n": "16"})
    app.number_input(key="tune.across.low").set_value(5.0).run()
    assert not app.exception and "must rise" in app.error[0].value and len(app.get("plotly_chart")) == 1
    app.number_input(key="tune.across.low").set_value(0.01).run()
    assert not app.error and study_of(app).x.low == 0.01
    app = open_page({"view": "map", "n": "9999", "y": "lr~0.1~1.0"})
    assert not app.exception and "n must be a whole number" in app.warning[0].value
    assert "must differ; both are 'lr'" in app.warning[0].value and not app.error
    app.selectbox(key="tune.up").set_value("lr").run()
    assert not app.exception and "must differ" in app.error[0].value


def test_runs_without_a_rule_are_plain_charts_and_too_many_of_them_a_sentence():
    for view, count in (("rates", 1), ("map", 1), ("basins", 2)):
        several = ["sgd~lr~0.01", "lbfgs"] if view != "map" else ["lbfgs"]
        app = settle(open_page({"view": view, "n": "4", "steps": "20", "o": several}))
        assert not app.exception and not app.error and len(app.get("plotly_chart")) == count
        assert [o.kind for o in study_of(app).descent.optimizers][-1] == "lbfgs" and turned_under(app) is None
    app = open_page({"view": "basins", "n": "256", "steps": "5000", "o": ["lbfgs"]})
    assert not app.exception and "The runs of lbfgs go one after the other: 65,536 of 5,000" in app.error[0].value
    assert not app.button or "study.cancel" not in [b.key for b in app.button]


def test_runs_without_a_rule_that_are_cancelled_are_shown_as_far_as_they_are():
    app = open_page({"view": "map", "n": "24", "steps": "100", "f": "beale", "o": ["lbfgs"]})
    app.button(key="study.cancel").click().run()
    until = time.monotonic() + 20
    while not app.info and time.monotonic() < until:
        time.sleep(0.1)
        app.run()
    assert "What was done until then is shown" in app.info[0].value and len(app.get("plotly_chart")) == 1
    assert not app.exception and any("Partial: " in caption.value for caption in app.caption)


def test_long_work_is_watched_cancelled_and_asked_for_again():
    app = open_page({"view": "map", "n": "256", "steps": "10000", "f": "levy", "o": ["adam"]})
    assert not app.exception and app.button(key="study.cancel")
    app.button(key="study.cancel").click().run()
    assert not app.exception
    until = time.monotonic() + 20
    while not app.info and time.monotonic() < until:
        time.sleep(0.1)
        app.run()
    assert "Cancelled" in app.info[0].value
    app.select_slider(key="tune.resolution").set_value(16).run()  # less is soon done
    settle(app)
    assert not app.exception and not app.info and len(app.get("plotly_chart")) == 1


def turned_under(app):
    """What the page has the browser compute: its JSON, and the floats of Python's own picture; None if it has none."""
    for element in app.get("bidi_component"):
        if data := element.proto.bytes:
            size = int.from_bytes(data[:4], "little")
            return json.loads(data[4 : 4 + size]), np.frombuffer(data[4 + size :], "<f4")
    return None


def test_a_map_and_basins_carry_what_the_browser_computes_them_from():
    app = settle(open_page(QUERIES["map"]))
    data, exact = turned_under(app)
    (field,), study = data["fields"], study_of(app)
    assert (data["view"], data["answered"], field["watch"]) == ("map", 0, True)
    assert [axis["name"] for axis in field["axes"]] == ["beta2", "y"]
    assert field["run"]["values"]["lr"] == study.mapped["lr"] and field["start"] == list(study.descent.start)
    assert {field["run"]["program"], field["run"]["schedule"], field["surface"]["program"]} == {*data["programs"]}
    assert exact.shape == (16 * 16,) and set(exact[(exact < 0) | (exact > 1)]) <= {-1.0}
    app = settle(open_page(QUERIES["basins"]))
    data, exact = turned_under(app)
    assert [field["run"]["id"] for field in data["fields"]] == ["sgd", "adam"]
    assert exact.shape == (2 * 32 * 32,) and len(data["pictures"]) == 2
    assert {*exact} <= {-1.0, *map(float, range(len(data["pictures"][0]["minima"]) + 1))}
    assert turned_under(open_page(QUERIES["rates"])) is None


def test_what_was_turned_becomes_the_study():
    asked = check(VIEWS["map"].opens)
    runs = [{"id": "momentum", "values": {"weight_decay": 0.25}, "schedule_values": {}}]
    values = {"start": [0.5, -1.0], "steps": 80, "noise": 0.0, "seed": 3, "parameters": {}, "runs": runs}
    study = turned_study(asked.study, asked.labels, values)
    assert study.descent.optimizers[0]["weight_decay"] == 0.25 and study.descent.start == (0.5, -1.0)
    assert (study.descent.steps, study.descent.seed, study.x, study.y) == (80, 3, asked.study.x, asked.study.y)
    for wrong in ({}, {**values, "runs": []}, {**values, "start": [0, "x"]}, {**values, "steps": -1}, []):
        with pytest.raises(SpecError):
            turned_study(asked.study, asked.labels, wrong)
