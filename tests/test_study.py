"""A study and its link: what is asked for, read back without loss, bounded, and turned into one run."""

import threading
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz import descent, links, network, study, sweeps
from optim_viz.study import PRESETS, VIEWS, Axis
from optim_viz.study_runs import pictures, run_pictures
from optim_viz.tune_links import read_study, write_run, write_study, write_training


@pytest.mark.parametrize("view", VIEWS)
def test_a_preset_is_valid_and_needs_no_more_than_its_view_in_the_link(view):
    assert study.check(PRESETS[view]) == PRESETS[view]
    assert set(write_study(PRESETS[view])) <= {"view"}
    assert read_study(write_study(PRESETS[view]), PRESETS["rates"]) == (PRESETS[view], [])
    assert all(study.headline(PRESETS[view]))


ends = st.tuples(st.floats(1e-7, 1e-3), st.floats(1e-2, 10.0))
optimizers = st.lists(
    st.builds(lambda kind, lr: ov.optimizer(kind, lr=lr), st.sampled_from(["sgd", "momentum", "adam", "rmsprop"]),
              st.floats(1e-5, 1.0)), min_size=1, max_size=4,
)  # fmt: skip


@given(
    view=st.sampled_from(["rates", "map", "basins"]), surface=st.sampled_from(["beale", "quadratic", "himmelblau"]),
    specs=optimizers, steps=st.integers(1, 500), seeds=st.integers(1, 5), rates=ends, lr=ends,
    start=st.tuples(st.floats(-2, 2), st.floats(-1.5, 1.5)), n=st.integers(2, 30),
    measure=st.sampled_from(list(study.MEASURES)), tolerance=st.floats(1e-9, 0.5), which=st.integers(0, 3),
)  # fmt: skip
def test_a_study_survives_its_link(view, surface, specs, steps, seeds, rates, lr, start, n, measure, tolerance, which):
    asked = replace(
        PRESETS[view], descent=descent.check(surface, specs, start, steps=steps), resolution=n, seeds=seeds,
        rates=rates, measure=measure, tolerance=tolerance, which=min(which, len(specs) - 1),
    )  # fmt: skip
    asked = study.fitting(replace(asked, x=Axis("lr", *lr)))
    back, notes = read_study(write_study(asked), PRESETS["rates"])
    assert not notes and write_study(back) == write_study(asked)
    assert pictures(back) == pictures(asked)  # what is run is the same to the last bit


def test_what_cannot_be_used_of_a_link_is_said():
    query = {"n": ["1e9"], "x": ["lr~1"], "y": ["momentum~0~1"], "measure": ["los"], "f": ["beal"], "o": ["sgd"],
             "tol": ["2"], "which": ["1"]}  # fmt: skip
    back, notes = read_study(query | {"view": ["map"]}, PRESETS["rates"])
    text = " ".join(notes)
    for part in ("n must be a whole number from 2 to 256", "3 values joined by ~", "sgd has no axis 'momentum'",
                 "did you mean 'loss'", "did you mean 'beale'", "below 1; got '2'", "which must be"):  # fmt: skip
        assert part in text, part
    assert study.check(back) == back and back.view == "map"
    back, notes = read_study({"view": ["mpa"], "rates": ["1~0.1"], "x": ["lr~1~2"]}, PRESETS["rates"])
    text = " ".join(notes)
    for part in ("did you mean 'map'", "got 1 to 0.1", "'Learning rate' has none"):
        assert part in text, part
    assert back == PRESETS["rates"]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"view": "plot"}, "Unknown view"),
        ({"measure": "time"}, "Unknown measure"),
        ({"resolution": 10_000}, "resolution must be a whole number from 2 to 256"),
        ({"seeds": 0}, "seeds must be"),
        ({"y": Axis("lr", 0.1, 1.0)}, "must differ; both are 'lr'"),
        ({"rates": (1.0, 1.0)}, "must rise"),
        (
            {"descent": descent.check("quadratic", [ov.optimizer("momentum")], steps=20_000), "resolution": 256},
            "at most 1,000,000,000",
        ),
    ],
)
def test_what_cannot_be_run_is_a_sentence(changes, message):
    with pytest.raises(ov.SpecError, match=message):
        study.check(replace(PRESETS["map"], **changes))


def test_the_network_has_a_budget():
    busy = replace(PRESETS["network"], epochs=5, resolution=17, seeds=10)
    with pytest.raises(ov.SpecError, match="at most 30,000"):
        study.check(busy)
    assert study.cost_of(PRESETS["network"]) == 3 * 9 * 125


def test_a_cell_of_a_map_is_the_run_that_its_link_opens():
    spec = replace(PRESETS["map"], resolution=5)
    (result,) = run_pictures(pictures(spec), lambda share: None, threading.Event())
    assert isinstance(result, sweeps.Sweep)
    for cell in ((0, 0), (2, 3), (3, 1)):
        alone = study.one_run(result.spec, cell)
        read, notes = links.read_descent(write_run(alone), PRESETS["rates"].descent)
        assert read == alone and not notes
        losses = descent.run(read)["momentum"].losses
        np.testing.assert_allclose(losses[-1], result.final_loss[cell], rtol=1e-9)


def test_the_link_of_a_run_leaves_nothing_to_what_compare_opens_with():
    alone = study.one_run(study.sweeps_of(PRESETS["basins"])[0], (3, 4))
    elsewhere = descent.check("beale", [ov.optimizer("adam")], steps=7, noise=2.0, seed=9)
    assert links.read_descent(write_run(alone), elsewhere) == (alone, [])


def test_a_training_of_the_curve_is_the_one_that_its_link_opens():
    spec = study.training_of(PRESETS["network"])
    query = write_training(spec, (1, 4, 0))
    elsewhere = network.check([ov.optimizer("adam")], epochs=9, hidden=(5,), final_relu=False, seed=3, seeds=2)
    assert links.read_network(query, elsewhere) == (spec.training((1, 4, 0)), [])


def test_a_view_opens_with_its_preset_until_something_is_set():
    assert study.turned_to(PRESETS["rates"], "basins") == PRESETS["basins"]
    own = replace(PRESETS["rates"], descent=descent.check("beale", PRESETS["rates"].descent.optimizers, steps=50))
    turned = study.turned_to(own, "map")
    assert turned.descent == own.descent and turned.mapped.kind == "momentum" and turned.resolution == 64
    assert study.check(study.turned_to(turned, "network")).rates == PRESETS["network"].rates


def test_every_optimizer_with_a_rule_has_a_map():
    for kind, row in ov.OPTIMIZERS.items():
        if row.rule is None:
            continue
        asked = replace(PRESETS["map"], descent=descent.check("quadratic", [ov.optimizer(kind)], steps=2), resolution=3)
        x, y = study.natural_axes(asked.mapped, asked.descent.surface)
        assert study.cost_of(study.check(replace(asked, x=x, y=y))) == 18
