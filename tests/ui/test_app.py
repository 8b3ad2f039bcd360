"""The pages without a browser: they load from a link, react to a widget, and never show an exception."""

import json
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).parents[2]
QUERIES = {
    "compare.py": {"f": "himmelblau", "steps": "50", "o": ["sgd~lr~0.005", "adam~lr~0.2"]},
    "network.py": {"epochs": "1", "batch": "500", "hidden": "16", "o": ["sgd~lr~0.1", "adam"]},
}


def _change_steps(app):
    app.select_slider(key="compare.steps").set_value(100).run()
    return app.query_params["steps"] == "100" and spec_of(app, "compare").steps == 100


def _change_rate(app):
    next(s for s in app.select_slider if s.key and s.key.endswith(".sgd.lr")).set_value(0.01).run()
    return "sgd~lr~0.01" in app.query_params["o"] and spec_of(app, "network").optimizers[0]["lr"] == 0.01


CHANGES = {"compare.py": _change_steps, "network.py": _change_rate}


def open_page(name, query):
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    if name != "compare.py":  # which opens by itself
        app.switch_page(f"pages/{name}")
    app.query_params.update(query)
    return app.run()


def spec_of(app, page):
    """The experiment that a page shows; on Network what is asked for stands in its job."""
    good = app.session_state[f"link.{page}.good"]
    return (good.spec if page == "network" else good.asked).spec


def scene(app):
    """What the player was given; on Network, once training is over."""
    for _ in range(600):
        watched = "work.network.watched"
        if watched not in app.session_state or app.session_state[watched] is None:
            break
        time.sleep(0.1)
        app.run()
    assert not app.exception
    return json.loads(next(e.proto.json for e in app.get("bidi_component") if e.proto.json))


def test_one_complaint_is_enough_and_back_leaves_open_what_is_unfolded():
    link = {"steps": "50", "o": ["sgd~lr~0.001~s~lambda"]}
    app = open_page("compare.py", link)
    (slot,) = app.session_state["compare.slots"]
    app.session_state[f"compare.{slot}.more"] = True
    app.run()
    for typed in ("sqrt(0-t)", "1e400"):  # what is read, but is no rate; and what is not even read
        app.text_input(key=f"compare.{slot}.schedule.lambda.lr_lambda").set_value(typed).run()
        assert len(app.error) == 1, [error.value for error in app.error]
    assert "1e+300" in app.error[0].value
    app.query_params["o"] = ["sgd~lr~0.002~s~lambda"]
    app.run()
    (fresh,) = app.session_state["compare.slots"]
    assert fresh != slot and app.session_state[f"compare.{fresh}.more"]
    assert app.text_input(key=f"compare.{fresh}.schedule.lambda.lr_lambda").value


def test_update_rules_say_what_a_run_adds_to_them():
    runs = ["momentum~lr~0.002~nesterov~1~maximize~1", "adam~lr~0.1~weight_decay~0.5~amsgrad~1", "sgd~lr~0.01"]
    app = open_page("compare.py", {"steps": "20", "o": runs})
    app.session_state["compare.rules"] = True
    app.run()
    said = [caption.value.replace("\\", "") for caption in app.caption]
    added = [text.split(": ")[1] for text in said if text.startswith("Added to this rule")]
    assert added == ["nesterov, maximize", "weight_decay 0.5, amsgrad"]


def test_a_warm_up_longer_than_the_run_is_said_under_the_picture():
    app = open_page("compare.py", {"steps": "50", "o": ["sgd~lr~0.001~s~warmup_cosine~s.warmup~90"]})
    assert not app.exception and [c.value for c in app.caption if "it is cut to 49" in c.value]


def test_another_milestone_is_offered_once_the_one_before_is_used():
    plan = "s~multistep~s.milestone3~20~s.milestone4~30~s.milestone9~40"
    app = open_page("compare.py", {"steps": "50", "o": [f"sgd~lr~0.001~{plan}"]})
    slot = next(iter(app.session_state["compare.slots"]))
    app.session_state[f"compare.{slot}.more"] = True
    app.run()
    offered = {w.key.rpartition(".milestone")[2] for w in app.number_input if w.key and ".milestone" in w.key}
    assert not app.exception and offered == {"1", "2", "3", "4", "5", "9", "10"}
    assert spec_of(app, "compare").optimizers[0].schedule["milestone9"] == 40


def test_a_function_of_x_alone_asks_for_no_y_and_keeps_it_for_when_y_comes():
    query = {"f": "x^4 - 3x^2", "box": "-2~2~-5~7", "start": "1~6", "steps": "20", "o": ["sgd~lr~0.01"]}
    app = open_page("compare.py", query)
    bounds = [w.key for w in app.number_input if w.key in {f"compare.{key}" for key in ("x0", "x1", "y0", "y1")}]
    assert bounds == ["compare.x0", "compare.x1"] and spec_of(app, "compare").as_curve
    assert [panel["id"] for panel in scene(app)["panels"]] == ["profile", "plane", "loss"]
    app.session_state["compare.drawn"] = "map"  # as the player's switch has it
    app.run()
    assert app.query_params["drawn"] == "map" and app.number_input(key="compare.y1").value == 7.0
    app.session_state["compare.drawn"] = ""
    app.run()
    app.text_input(key="compare.text").set_value("x^4 + y^2").run()
    assert not app.exception and app.number_input(key="compare.y0").value == -5.0
    assert spec_of(app, "compare").surface.bounds == (-2.0, 2.0, -5.0, 7.0) and "drawn" not in app.query_params


@pytest.mark.parametrize("name", QUERIES)
def test_page_loads_from_its_link_and_reacts(name):
    app = open_page(name, QUERIES[name])
    assert not app.exception and not app.error and not app.warning
    page = name.removesuffix(".py")
    assert spec_of(app, page).optimizers[0]["lr"] == float(QUERIES[name]["o"][0].split("~")[2])
    assert CHANGES[name](app)
    assert not app.exception
    assert scene(app)["tracks"][0]["label"] == "sgd"


@pytest.mark.parametrize(
    ("name", "query", "said"),
    [
        (
            "compare.py",
            {"o": "asgd~alpha~1e308"},
            "asgd: alpha must be a number at least 0 and at most 10; got '1e308'",
        ),
        ("network.py", {"epochs": "1", "hidden": "16", "o": "asgd~alpha~1e308"}, "alpha must be a number at least 0"),
        ("compare.py", {"f": "sin(10^22)*x", "steps": "20"}, ""),
        ("compare.py", {"o": "sgd~label~%3D1%2B1", "steps": "20"}, ""),
        ("compare.py", {"f": "x" * 500}, "Unknown surface 'xxx"),
        ("compare.py", {"o": f"sgd~label~{'x' * 500}"}, "A label has at most 80 characters; 'xxx"),
        ("compare.py", {str(i) * 90: "" for i in range(300)}, "There are 290 more."),
        (
            "tune.py",
            {"view": "basins", "n": "32", "o": "momentum~s~multistep~s.milestone1~0~s.milestone2~0~s.milestone3~0"},
            "",
        ),
    ],
)
def test_links_that_did_harm_are_pages_with_a_short_sentence_at_most(name, query, said):
    app = open_page(name, query)
    assert not app.exception and not app.error
    texts = " ".join(note.value for note in app.warning)
    assert said in texts and bool(texts) == bool(said) and len(texts) < 3000


@pytest.mark.parametrize("name", QUERIES)
def test_optimizers_can_be_added_and_removed(name):
    app = open_page(name, QUERIES[name])
    page = name.removesuffix(".py")
    app.button(key=f"{page}.add").click().run()
    assert not app.exception and len(spec_of(app, page).optimizers) == 3
    slot = next(iter(app.session_state[f"{page}.slots"]))
    app.button(key=f"{page}.{slot}.remove").click().run()
    kinds = [o.kind for o in spec_of(app, page).optimizers]
    assert not app.exception and kinds[0] == "adam" and len(kinds) == 2


@pytest.mark.parametrize(("mode", "sliders"), [("", 2), ("one", 1), ("torch", 0)])
def test_a_learning_rate_that_no_run_uses_has_no_slider(mode, sliders):
    app = open_page("network.py", {"epochs": "1", "hidden": "8", "fair": mode, "o": ["sgd~lr~0.02", "adam~lr~0.05"]})
    rates = [s for s in app.select_slider if s.key and s.key.endswith(".lr")]
    assert not app.exception and len(rates) == sliders
    assert all(s.value == spec["lr"] for s, spec in zip(rates, spec_of(app, "network").optimizers, strict=False))
    assert sum("chosen by" in caption.value for caption in app.caption) == 2 - sliders
    assert [spec["lr"] for spec in spec_of(app, "network").optimizers] == [0.02, 0.05]  # kept for later


def test_settings_that_cannot_be_get_a_sentence_and_the_last_that_can_stay():
    app = open_page("compare.py", {"steps": "20", "o": "momentum~s~step"})
    slot = next(iter(app.session_state["compare.slots"]))
    app.session_state[f"compare.{slot}.more"] = True
    app.run()
    for typed, said in ((-5, "step_size must be a whole number at least 1"), (10**9, "at most 1,000,000"), (5, "")):
        app.number_input(key=f"compare.{slot}.schedule.step.step_size").set_value(typed).run()
        assert not app.exception and bool(app.error) == bool(said)
        assert said in " ".join(error.value for error in app.error).replace("\\", "")  # which marks no Markdown
    app.slider(key=f"compare.{slot}.momentum.dampening").set_value(0.5).run()
    app.toggle(key=f"compare.{slot}.momentum.nesterov").set_value(True).run()
    assert not app.exception and "nesterov needs momentum above 0 and dampening 0" in app.error[0].value
    (spec,) = spec_of(app, "compare").optimizers
    assert (spec["dampening"], spec["nesterov"], spec.schedule["step_size"]) == (0.5, False, 5)


def test_a_schedule_is_typed_and_its_mistakes_are_said():
    app = open_page("compare.py", {"steps": "20", "o": "momentum~s~lambda"})
    slot = next(iter(app.session_state["compare.slots"]))
    app.session_state[f"compare.{slot}.more"] = True
    app.run()
    for typed, said in (("0.5^x", "Unknown name 'x'; t, the step"), ("1 - t/10", "step 11 is -0.1"), ("0.5^t", "")):
        app.text_input(key=f"compare.{slot}.schedule.lambda.lr_lambda").set_value(typed).run()
        assert not app.exception and said in " ".join(error.value for error in app.error)
        assert bool(app.error) == bool(said)
    (spec,) = spec_of(app, "compare").optimizers
    assert spec.schedule["lr_lambda"] == "0.5^t"


@pytest.mark.parametrize(("surface", "weights"), [("linear_regression", "bw"), ("beale", "xy")])
def test_param_groups_are_called_as_the_weights_of_the_surface_are(surface, weights):
    app = open_page("compare.py", {"f": surface, "steps": "20", "o": "sgd"})
    slot = next(iter(app.session_state["compare.slots"]))
    app.session_state[f"compare.{slot}.more"] = True
    app.run()
    for group, called in zip("xy", weights, strict=True):
        assert app.slider(key=f"compare.{slot}.scale.{group}").label == f"lr of {called}, times"
    app.slider(key=f"compare.{slot}.scale.y").set_value(0.5).run()
    assert not app.exception and spec_of(app, "compare").optimizers[0].lr_scale == (("x", 1.0), ("y", 0.5))
    app.select_slider(key=f"compare.{slot}.sgd.clip_norm").set_value(1.0).run()
    (spec,) = spec_of(app, "compare").optimizers
    assert not app.exception and spec.clip == (("clip_norm", 1.0),)
    app.select_slider(key=f"compare.{slot}.sgd.clip_norm").set_value(0.0).run()
    assert not app.exception and spec_of(app, "compare").optimizers[0].clip == ()


def test_network_offers_muon_and_adafactor():
    app = open_page("network.py", {"epochs": "1", "batch": "500", "hidden": "16", "o": ["sgd~lr~0.1"]})
    slot = next(iter(app.session_state["network.slots"]))
    for kind in ("muon", "adafactor"):
        app.selectbox(key=f"network.{slot}.kind").set_value(kind).run()
        assert not app.exception and not app.error, kind
        assert spec_of(app, "network").optimizers[0].kind == kind


def test_every_optimizer_and_surface_has_working_widgets():
    from optim_viz.optimizers import packages
    from optim_viz.optimizers.table import ON_SURFACES
    from optim_viz.surfaces.table import SURFACES

    app = open_page("compare.py", {"steps": "20", "o": ["sgd"]})
    slot = next(iter(app.session_state["compare.slots"]))
    others = ["From pytorch-optimizer"] if packages.installed() else []
    assert app.selectbox(key=f"compare.{slot}.kind").options == [*(row.title for row in ON_SURFACES.values()), *others]
    for kind in ON_SURFACES:
        app.selectbox(key=f"compare.{slot}.kind").set_value(kind).run()
        assert not app.exception, kind
        assert app.session_state["link.compare.good"].asked.spec.optimizers[0].kind == kind
    for surface in SURFACES:
        app.selectbox(key="compare.surface").set_value(surface).run()
        assert not app.exception and not app.error, surface
        assert app.session_state["link.compare.good"].runs.surface.name == surface


def test_a_letter_of_a_typed_function_is_a_number_of_the_picture():
    app = open_page("compare.py", {"f": "a*x^2 + b*y^2", "b": "20", "steps": "20", "o": ["sgd"]})
    assert not app.exception and not app.warning
    assert scene(app)["live"]["surface"]["parameters"] == {"a": 1.0, "b": 20.0}
    assert not [s for s in app.slider if s.label in "abcd"]
    app.text_input(key="compare.text").set_value("b*x^2 + y^2").run()
    assert not app.exception and not app.error
    assert scene(app)["live"]["surface"]["parameters"] == {"b": 20.0}
    assert "a" not in app.query_params and app.query_params["b"] == "20.0"


def test_on_tune_a_letter_has_a_slider_and_a_field():
    app = open_page("tune.py", {"view": "basins", "f": "a*x^2 + b*y^2", "b": "20", "steps": "50", "n": "32"})
    assert not app.exception and not app.warning
    assert [s.label for s in app.slider if s.label in "abcd"] == ["a", "b"]
    assert app.slider(key="tune.b.slid").value == 20.0 and app.number_input(key="tune.b").value == 20.0
    app.slider(key="tune.a.slid").set_value(3.0).run()
    app.number_input(key="tune.b").set_value(-2.5).run()
    assert not app.exception and (app.query_params["a"], app.query_params["b"]) == ("3.0", "-2.5")


def test_a_typed_function_and_its_mistakes():
    app = open_page("compare.py", {"f": "x^2 + 3*y^2", "steps": "20", "o": ["sgd"]})
    assert not app.exception and app.session_state["link.compare.good"].runs.surface.expression == "x^2 + 3*y^2"
    app.text_input(key="compare.text").set_value("x^2 + foo(y)").run()
    assert not app.exception and "'foo' is not a function" in app.error[0].value
    assert app.session_state["link.compare.good"].runs.surface.expression == "x^2 + 3*y^2"
