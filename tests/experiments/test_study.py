"""A study and its link: what is asked for, read back without loss, bounded, and turned into one run."""

import threading
import time
from dataclasses import replace
from types import SimpleNamespace

import numpy as np
import pytest
from hypothesis import given, settings

import optim_viz as ov
from optim_viz.experiments import files, links, singles_cost, study, study_runs
from optim_viz.experiments.study import Axis
from optim_viz.experiments.study_links import read_study, write_study
from optim_viz.experiments.study_views import FIRST, VIEWS, check, turned_to
from optim_viz.export.study_table import STUDY_EXPORTS, StudyResult
from optim_viz.figures.basins import name_minima
from optim_viz.network import train
from optim_viz.progress import Unfinished
from optim_viz.surfaces import descent
from optim_viz.sweeps import singles, sweep
from tests.strategies import studies, through_a_url


@pytest.mark.parametrize("view", VIEWS)
def test_a_preset_is_valid_and_needs_no_more_than_its_view_in_the_link(view):
    checked = check(VIEWS[view].opens)
    assert checked.study == VIEWS[view].opens and checked.title and checked.sentence and "Click" in checked.invitation
    assert set(write_study(VIEWS[view].opens)) <= {"view"}
    assert read_study(write_study(VIEWS[view].opens), FIRST.opens) == (VIEWS[view].opens, [])


def found(asked):
    """What comes of a study."""
    return study_runs.run(check(asked).work, lambda progress: None, threading.Event())


def bits(found):
    return [array.tobytes() for one in found for array in vars(one).values() if isinstance(array, np.ndarray)]


@settings(max_examples=80)
@given(studies())
def test_a_study_survives_its_link_and_its_file_and_equal_ones_give_bit_equal_results(asked):
    back, notes = read_study(through_a_url(write_study(asked)), FIRST.opens)
    assert not notes and write_study(back) == write_study(asked)
    assert files.read(files.write(asked)) == back  # what the view shows, the rest as it opens with
    assert check(back).work == check(asked).work
    if VIEWS[asked.view].trains:
        return
    here, there = map(found, (asked, back))
    assert bits(here) == bits(there) and len(bits(here)) >= 3


def test_what_cannot_be_used_of_a_link_is_said():
    query = {"n": ["1e9"], "x": ["lr~1"], "y": ["momentum~0~1"], "measure": ["los"], "f": ["beal"], "o": ["sgd"],
             "tol": ["2"], "which": ["1"]}  # fmt: skip
    back, notes = read_study(query | {"view": ["map"]}, FIRST.opens)
    text = " ".join(notes)
    for part in ("n must be a whole number from 2 to 256", "3 values joined by ~", "sgd has no axis 'momentum'",
                 "did you mean 'loss'", "did you mean 'beale'", "below 1; got '2'", "which must be"):  # fmt: skip
        assert part in text, part
    assert check(back).study == back and back.view == "map"
    back, notes = read_study({"view": ["mpa"], "rates": ["1~0.1"], "x": ["lr~1~2"]}, FIRST.opens)
    text = " ".join(notes)
    for part in ("did you mean 'map'", "got 1 to 0.1", "'Learning rate' has none"):
        assert part in text, part
    assert back == FIRST.opens


@pytest.mark.parametrize(
    ("x", "y", "dropped"),
    [
        ("clip_norm~0~5", "lr~0.001~1", "from one number above 0"),
        ("schedule.gamma~0.1~1", "lr~0.001~1", "has no axis 'schedule.gamma'"),
        ("lr~1~1", "lr~1~2", "got 1 to 1"),
        ("lr~0.1~1", "lr~0.1~1", ""),
    ],
)
def test_where_a_link_leaves_a_map_two_axes_that_are_the_same_it_has_its_own(x, y, dropped):
    asked, notes = read_study({"view": ["map"], "x": [x], "y": [y]}, FIRST.opens)
    assert check(asked).study == VIEWS["map"].opens
    assert dropped in notes[0] and notes[-1].endswith("The two axes of a map must differ; both are 'lr'.")
    assert write_study(asked) == {"view": ["map"]}


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
        check(replace(VIEWS["map"].opens, **changes))


def test_the_network_has_a_budget():
    busy = replace(VIEWS["network"].opens, epochs=5, resolution=17, seeds=10)
    with pytest.raises(ov.SpecError, match="at most 30,000"):
        check(busy)
    assert check(VIEWS["network"].opens).cost == 3 * 9 * 125


ALONE = {
    "rates": {"resolution": 9},
    "map": {"resolution": 4, "x": Axis("lr", 0.1, 1.0), "y": Axis("x", -2.0, 2.0)},
    "basins": {"resolution": 4},
}


def alone(view, kind="lbfgs", steps=20):
    """A study of one optimizer without a rule, whose runs go one after the other."""
    return replace(VIEWS[view].opens, descent=descent.check("beale", ov.optimizer(kind), steps=steps), **ALONE[view])


@pytest.mark.parametrize("view", ALONE)
def test_runs_without_a_rule_are_those_of_the_library(view):
    (mine,) = found(alone(view))
    spec = mine.spec
    if view == "basins":
        assert mine.losses.tobytes() == ov.basins("beale", spec.optimizer, 4, steps=20).losses.tobytes()
    else:
        assert mine.losses.tobytes() == ov.sweep("beale", spec.optimizer, dict(spec.axes), steps=20).losses.tobytes()


@pytest.mark.parametrize("view", ALONE)
def test_what_was_done_when_time_ran_out_or_a_cancel_came_is_kept_and_nothing_else_is_said_of(view, monkeypatch):
    asked, cancel, run, clock = check(alone(view)), threading.Event(), singles.descent.run, [0.0]
    monkeypatch.setattr(singles.descent, "run", lambda spec: (time.sleep(0.15), run(spec))[1])
    monkeypatch.setattr(study_runs, "time", SimpleNamespace(perf_counter=lambda: clock[0]))
    with pytest.raises(Unfinished, match="These runs take longer than the 360 s that this server has for them") as cut:
        study_runs.run(asked.work, lambda told: told.fraction and clock.insert(0, 1e3), cancel)
    (late,) = cut.value.so_far
    (stopped,) = study_runs.run(asked.work, lambda told: told.fraction > 0 and cancel.set(), cancel)
    for one in (late, stopped):
        result = StudyResult(asked, (one,))
        count = int(one.done.sum())
        assert 0 < count < one.done.size and len(result.to_frame()) == count and not result.live
        assert f"Partial: {count} of {one.done.size} runs were done." in result.pictures.sentence(asked.study, (one,))
        assert "Around it" not in result.pictures.sentence(asked.study, (one,))
        (chart,) = result.pictures.charts(asked.study, (one,), False)
        assert STUDY_EXPORTS["html"].write(result) and chart.data
        if view != "rates":
            assert [told == "not done" for told in chart.data[-1].hovertext].count(False) == count
    if view == "rates":
        (opened,) = [result.pictures.played((stopped,), 0, [0, count - 1])]
        assert f"{stopped.axes['lr'][count - 1]}" in opened["o"][0]
    if view == "basins":
        assert name_minima([stopped]).shares(0).sum() == pytest.approx(1.0)


def test_what_is_one_batch_is_done_before_what_is_not_and_keeps_its_label(monkeypatch):
    many = (ov.optimizer("lbfgs"), ov.optimizer("adam"), ov.optimizer("lbfgs", label="two"))
    asked = check(replace(FIRST.opens, resolution=4, descent=descent.check("beale", many, steps=20)))
    assert [one.spec.optimizer for one in study_runs.run(asked.work, lambda told: None, threading.Event())] == [*many]
    run, cancel = singles.descent.run, threading.Event()
    monkeypatch.setattr(singles.descent, "run", lambda spec: (cancel.set(), run(spec))[1])
    partial = StudyResult(asked, study_runs.run(asked.work, lambda told: None, cancel))
    labels = partial.to_frame()["optimizer"].tolist()
    assert labels.count("adam") == 4 and labels[-4:] == ["adam"] * 4 and "two" not in labels


def test_before_anything_starts_a_server_says_what_single_runs_cost_and_what_fits(monkeypatch):
    monkeypatch.setattr(singles_cost, "pace", lambda spec: 1e-3)  # seconds a step
    with pytest.raises(ov.SpecError) as told:
        check(replace(alone("map", steps=300), resolution=64))
    assert str(told.value) == (
        "The runs of lbfgs go one after the other: 4,096 of 300 steps would take about 21 minutes here, and this "
        "server has 3 minutes for them. What fits is at most 24 for \u201cCells a side\u201d, or 43 steps."
    )
    assert check(replace(alone("map", steps=300), resolution=24)) and check(
        replace(alone("map", steps=43), resolution=64)
    )
    with pytest.raises(ov.SpecError, match=r"What fits is at most 45,000 steps\."):
        check(replace(alone("map", steps=100_000), resolution=2, y=Axis("y", -2.0, 2.0)))
    many = (ov.optimizer("adam"), ov.optimizer("lbfgs"), ov.optimizer("lbfgs", label="two"))
    with pytest.raises(ov.SpecError, match=r"The runs of lbfgs, two .*: 482 of 500 .* at most 180 .*, or 373 steps"):
        check(replace(FIRST.opens, resolution=241, descent=descent.check("beale", many)))


def test_the_cost_of_a_step_is_timed():
    fast, slow = (singles_cost.pace(descent.check("beale", ov.optimizer("lbfgs", max_iter=n))) for n in (1, 100))
    assert 1e-7 < fast < slow < 1.0


def test_a_cell_of_a_map_is_the_run_that_its_link_opens():
    spec = replace(VIEWS["map"].opens, resolution=5)
    (result,) = found(spec)
    assert isinstance(result, sweep.Sweep)
    for cell in ((0, 0), (2, 3), (3, 1)):
        alone = study.one_run(result.spec, cell)
        read, notes = links.read(links.DESCENT, links.write(links.DESCENT, alone), FIRST.opens.descent)
        assert read == alone and not notes
        losses = descent.run(read)["momentum"].losses
        np.testing.assert_allclose(losses[-1], result.final_loss[cell], rtol=1e-9)


def test_the_link_of_a_run_leaves_nothing_to_what_compare_opens_with():
    alone = study.one_run(check(VIEWS["basins"].opens).work.specs[0], (3, 4))
    elsewhere = descent.check("beale", [ov.optimizer("adam")], steps=7, noise=2.0, seed=9)
    assert links.read(links.DESCENT, links.write(links.DESCENT, alone), elsewhere) == (alone, [])


def test_a_training_of_the_curve_is_the_one_that_its_link_opens():
    (spec,) = check(VIEWS["network"].opens).work.specs
    query = links.write(links.TRAINING, spec.training((1, 4, 0)))
    elsewhere = train.check([ov.optimizer("adam")], epochs=9, hidden=(5,), final_relu=False, seed=3, seeds=2)
    assert links.read(links.TRAINING, query, elsewhere) == (spec.training((1, 4, 0)), [])


def test_a_view_opens_with_its_preset_until_something_is_set():
    assert turned_to(FIRST.opens, "basins") == VIEWS["basins"].opens
    own = replace(FIRST.opens, descent=descent.check("beale", FIRST.opens.descent.optimizers, steps=50))
    turned = turned_to(own, "map")
    assert turned.descent == own.descent and turned.mapped.kind == "momentum" and turned.resolution == 64
    assert check(turned_to(turned, "network")).study.rates == VIEWS["network"].opens.rates
    assert turned_to(replace(turned, seeds=25), "network").seeds == VIEWS["network"].seeds  # as many as its slider has


def test_every_optimizer_with_a_rule_has_a_map():
    for kind, row in ov.OPTIMIZERS.items():
        if row.rule is None:
            continue
        asked = replace(
            VIEWS["map"].opens, descent=descent.check("quadratic", [ov.optimizer(kind)], steps=2), resolution=3
        )
        x, y = study.natural_axes(asked.mapped, asked.descent.surface)
        assert check(replace(asked, x=x, y=y)).cost == 18
        for name in study.axis_names(asked.mapped):
            axis = study.whole_axis(asked.mapped, asked.descent.surface, name)
            check(replace(asked, x=axis, y=x if name != x.name else y))  # raises where an end is not allowed


def test_what_was_not_begun_before_a_cancel_is_missing_from_the_count():
    pair = (ov.optimizer("lbfgs"), ov.optimizer("lbfgs", lr=0.5))
    asked, cancel = (
        check(replace(alone("basins"), descent=replace(alone("basins").descent, optimizers=pair))),
        threading.Event(),
    )
    (first,) = study_runs.run(asked.work, lambda told: told.fraction >= 0.5 and cancel.set(), cancel)
    assert first.done.all()
    (said, *_) = StudyResult(asked, (first,)).pictures.sentence(asked.study, (first,)).splitlines()
    assert said == f"Partial: {first.done.size} of {2 * first.done.size} runs were done."
