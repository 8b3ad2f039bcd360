"""The pages with classes of pytorch_optimizer: from a link, from the list, within the server's limits."""

import threading
import time

import pytest

import optim_viz as ov
from optim_viz import looks
from optim_viz.experiments import budgets
from optim_viz.experiments.fairness import FAIRNESS, ON_NETWORK, Fair, fair_descent, fair_train
from optim_viz.network import train
from optim_viz.optimizers import packages, trials
from optim_viz.progress import Unfinished
from optim_viz.surfaces import descent
from optim_viz.ui import page
from optim_viz.ui.new_pictures import may_be_quick
from tests.ui.test_app import open_page, scene, spec_of
from tests.ui.test_matrix import finished as matrix_scene
from tests.ui.test_tune import query_of, settle

pytest.importorskip("pytorch_optimizer")
LION, ALIG = "pytorch_optimizer.Lion", "pytorch_optimizer.AliG"  # the second has no learning rate
SMALL = {"epochs": 1, "batch_size": 2000, "hidden": (8,)}


def test_compare_shows_a_class_of_a_link_and_another_that_is_chosen():
    app = open_page("compare.py", {"f": "beale", "steps": "20", "o": [f"{LION}~lr~0.02", "adam~lr~0.1"]})
    drawn = scene(app)
    assert [run["values"].get("lr") for run in drawn["live"]["runs"]] == [0.02, 0.1]
    assert drawn["tracks"][0]["inspector"]["symbolic"] == "Lion of pytorch_optimizer, run by torch"
    slot = list(app.session_state["compare.slots"])[1]
    app.selectbox(key=f"compare.{slot}.kind").set_value("pytorch_optimizer").run()
    offered = app.selectbox(key=f"compare.{slot}.class")
    assert not app.exception and offered.value == LION and len(offered.options) > 100 and "Muon" not in offered.options
    offered.set_value("pytorch_optimizer.SOAP").run()
    app.session_state[f"compare.{slot}.more"] = True
    app.run()
    app.number_input(key=f"compare.{slot}.pytorch_optimizer.SOAP.precondition_frequency").set_value(3).run()
    soap = ov.optimizer("pytorch_optimizer.SOAP", precondition_frequency=3)
    assert not app.exception and spec_of(app, "compare").optimizers[1] == soap
    assert app.query_params["o"] == [f"{LION}~lr~0.02", "pytorch_optimizer.SOAP~precondition_frequency~3"]
    looks = [(track["color"]["light"], track["dash"]) for track in scene(app)["tracks"]]
    assert len(set(looks)) == 2
    app.number_input(key=f"compare.{slot}.pytorch_optimizer.SOAP.precondition_frequency").set_value(-9).run()
    assert not app.exception and "must be a whole number at least -1" in app.error[0].value
    app.session_state["compare.rules"] = True
    app.run()
    assert any("with no formula of ours" in caption.value for caption in app.caption)


def test_every_step_of_a_class_asks_whether_it_may_go_on():
    """What a page's time limit answers; AppTest runs pages without it."""
    asked = []
    with looks.answering(lambda: asked.append(1)):
        ov.descend("beale", ov.optimizer(LION), steps=7)
    assert len(asked) >= 7


def test_no_picture_is_made_ahead_of_a_page_that_loads_the_package():
    assert not may_be_quick("compare", {"o": ["adam", LION]}) and may_be_quick("compare", {"o": ["adam"]})


def test_loading_the_package_is_no_part_of_a_page_s_time():
    until = [10.0]
    token = page._until.set(until)
    with page.untimed():
        time.sleep(0.02)
    page._until.reset(token)
    assert until[0] >= 10.02
    with page.untimed():
        pass


def test_network_trains_a_class_and_leaves_out_what_is_none():
    asked = [f"{LION}~lr~0.001", "pytorch_optimizer.Lionn", "sgd"]
    app = open_page("network.py", {"epochs": "1", "batch": "500", "hidden": "8", "o": asked})
    drawn = scene(app)
    assert [track["id"] for track in drawn["tracks"]] == ["Lion", "sgd"]
    assert "did you mean 'Lion'?" in app.warning[0].value
    slot = next(iter(app.session_state["network.slots"]))
    assert any(s.key == f"network.{slot}.{LION}.beta1" for s in app.slider)


def test_tune_offers_them_with_axes_of_their_signature():
    app = settle(open_page("tune.py", {"view": "map", "n": "2", "steps": "5", "o": "sgd"}))
    slot = next(iter(app.session_state["tune.slots"]))
    app.selectbox(key=f"tune.{slot}.kind").set_value("pytorch_optimizer").run()
    app.selectbox(key="tune.up").set_value("beta2").run()
    settle(app)
    assert not app.exception and not app.error and app.title[0].value == "Lion on Quadratic bowl"
    assert query_of(app)["o"] == [LION] and query_of(app)["y"] == ["beta2~0.0~0.999"]
    (found,) = app.session_state["study.pictures"]["map"].found
    assert found.spec.optimizer == ov.optimizer(LION) and found.done.all()
    keys = {widget.key for widget in (*app.slider, *app.select_slider)}
    assert f"tune.{slot}.{LION}.beta1" in keys and f"tune.{slot}.{LION}.beta2" not in keys


@pytest.mark.parametrize("mode", ["", "best"])
def test_the_matrix_task_runs_a_class(mode):
    asked = {"task": "matrix", "shape": "3~4", "steps": "5", "condition": "100.0", "fair": mode}
    app = open_page("network.py", asked | {"o": ["pytorch_optimizer.SOAP~lr~0.1", ALIG]})
    shown = matrix_scene(app)
    assert [track["id"] for track in shown["tracks"]] == ["SOAP", "AliG"] and not app.error and not app.warning


@pytest.mark.parametrize("mode", FAIRNESS)
def test_every_way_of_choosing_learning_rates_knows_what_to_do_with_them(mode):
    asked = descent.check("quadratic", [ov.optimizer(ALIG), ov.optimizer(LION, lr=0.02), "adam"], steps=10)
    fair, sentence = fair_descent(asked, mode)
    alig, lion, adam = fair.optimizers
    assert alig == ov.optimizer(ALIG)
    assert lion["lr"] == {"one": 0.02, "torch": 1e-4}.get(mode, 0.02)
    assert adam["lr"] == {"": 1e-3, "one": 0.02, "torch": 1e-3}.get(mode, adam["lr"])
    assert "that of Lion" in sentence if mode == "one" else "AliG" not in sentence or "Left as set" in sentence


@pytest.mark.parametrize("mode", ["one", "torch", "best"])
def test_the_same_on_the_network(mode, cancel):
    assert mode in ON_NETWORK
    asked = train.check([ov.optimizer(ALIG), ov.optimizer(LION, lr=0.02)], **SMALL)
    found = fair_train(Fair(asked, mode), lambda progress: None, cancel)
    alig, lion = found.runs.spec.optimizers
    assert alig == asked.optimizers[0] and "AliG" not in found.sentence and "Lion" in found.sentence
    assert mode != "best" or 0 < lion["lr"] != 0.02


@pytest.fixture
def cancel():
    return threading.Event()


def test_a_training_has_its_time(monkeypatch, cancel):
    asked = Fair(train.check(ov.optimizer(LION), **SMALL))
    monkeypatch.setattr(budgets, "limit", lambda name: -1)
    with pytest.raises(Unfinished, match="This training takes longer than the -1 s that this server has") as cut:
        budgets.train_within(asked, lambda progress: None, cancel)
    assert cut.value.so_far.asked == asked


def test_what_is_offered_runs_where_it_is_offered():
    for place in trials.PLACES:
        offered = set(trials.kinds(place))
        assert {LION, "pytorch_optimizer.SOAP", "pytorch_optimizer.Shampoo"} <= offered
        refused = {kind for kind in packages.kinds() if trials.refusal(ov.optimizer(kind), place)}
        assert not offered & refused
        # DeMo runs where one more package is installed.
        assert set(packages.kinds()) - offered - {"pytorch_optimizer.DeMo"} <= refused
    assert not set(trials.kinds("surface")) & {"pytorch_optimizer.Muon", "pytorch_optimizer.SAM"}


def test_a_package_that_is_missing_is_said_once(monkeypatch):
    def missing():
        raise ov.SpecError("{package} is not installed where optim-viz runs.", package=packages.PACKAGE)

    monkeypatch.setattr(packages, "_package", missing)
    monkeypatch.setattr(page, "installed", lambda: False)
    for kept in (packages._classes, packages.hyperparameters):
        kept.cache_clear()
    app = open_page("compare.py", {"o": [LION, "pytorch_optimizer.SOAP", "adam"]})
    (said,) = app.warning
    assert not app.exception and said.value.count("pytorch_optimizer is not installed") == 1
