"""Tuning: one budget for all, never worse than as set, and the run that is shown is the run that was scored."""

import threading

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.sweeps import sweep, tuning
from optim_viz.sweeps.tuning import GRID, NEAR

THREE = [ov.optimizer("sgd"), ov.optimizer("momentum"), ov.optimizer("adam")]
RULES = [row.name for row in OPTIMIZERS.values() if row.rule]


@pytest.mark.parametrize("surface", ["rosenbrock", "beale", "himmelblau"])
@pytest.mark.parametrize("momentum", [False, True])
def test_tuned_is_better_and_is_what_descend_shows(surface, momentum):
    t = ov.tune(surface, THREE, steps=300, momentum=momentum)
    shown = ov.descend(surface, t.optimizers, steps=300)
    before = ov.descend(surface, THREE, steps=300)
    assert t.labels == shown.labels
    for i, label in enumerate(t.labels):
        assert t.after[i] == pytest.approx(shown[label].final_loss, rel=1e-6, abs=1e-12)
        assert t.before[i] == pytest.approx(before[label].final_loss, rel=1e-6, abs=1e-12)
        assert t.after[i] <= t.before[i] and t.after[i] < 1e-2


@pytest.mark.parametrize("kind", RULES)
@pytest.mark.parametrize("momentum", [False, True])
def test_every_rule_gets_the_same_number_of_trials(kind, momentum, monkeypatch):
    cells, run = [], sweep.run

    def counted(spec, *rest):
        cells.append(spec.cells)
        return run(spec, *rest)

    monkeypatch.setattr(sweep, "run", counted)
    t = ov.tune("quadratic", ov.optimizer(kind), steps=40, momentum=momentum)
    assert sum(cells) == t.trials == (303 if momentum else 1 + GRID + NEAR)
    lrs, scores = t.curves[kind]
    assert (np.diff(lrs) > 0).all() and lrs.shape == scores.shape and not np.isnan(scores).any()
    assert t.optimizers[0]["lr"] in lrs and t.after[0] == scores.min()


@pytest.mark.parametrize("momentum", [False, True])
def test_halton_points_have_the_same_budget_and_values_of_their_own(momentum, monkeypatch):
    cells, run = [], sweep.run

    def counted(spec, *rest):
        cells.append(spec.cells)
        return run(spec, *rest)

    monkeypatch.setattr(sweep, "run", counted)
    t = ov.tune("beale", [ov.optimizer("momentum"), ov.optimizer("sgd")], steps=100, momentum=momentum, halton=True)
    assert sum(cells) == 2 * t.trials == 2 * (303 if momentum else 1 + GRID + NEAR)
    assert len(t.curves["momentum"][0]) == t.trials  # no learning rate is tried twice
    shown = ov.descend("beale", t.optimizers, steps=100)
    for i, label in enumerate(t.labels):
        assert t.after[i] <= t.before[i] and t.after[i] == pytest.approx(shown[label].final_loss, rel=1e-6, abs=1e-12)
    assert "Halton points from 1e-07 to 100" in t.sentence and "a log grid" not in t.sentence


def test_the_median_over_seeds_is_scored():
    t = ov.tune("linear_regression", THREE, steps=100, noise=0.5, batch_size=4, seed=7, seeds=3)
    finals = [ov.descend("linear_regression", t.optimizers, None, 100, 0.5, 4, seed) for seed in (7, 8, 9)]
    for i, label in enumerate(t.labels):
        assert t.after[i] == pytest.approx(np.median([c[label].final_loss for c in finals]), rel=1e-9)
    assert "median over 3 seeds" in t.sentence


def test_the_sentence_names_values_budget_metric_and_whom_it_left():
    given = [ov.optimizer("sgd"), lambda params: torch.optim.SGD(params, 0.1), ov.optimizer("adam")]
    t = ov.tune("quadratic", given, steps=200)
    sgd, own, adam = t.optimizers
    assert own.factory is given[1] and t.untouched == ("own",) and np.isnan(t.before[1])
    assert f"sgd lr {sgd['lr']:.2g}, adam lr {adam['lr']:.2g}" in t.sentence
    for part in (
        "54 trials each",
        "200 steps as shown",
        "full loss after the last step",
        "Left as set: own (it takes no lr: write it as",
    ):
        assert part in t.sentence
    assert "seeds" not in t.sentence
    frame = t.to_frame()
    assert frame.optimizer.tolist() == ["sgd", "own", "adam"] and frame.lr[0] == sgd["lr"]


def test_schedule_scale_and_label_stay_and_nesterov_keeps_a_momentum():
    given = [
        ov.optimizer("momentum", nesterov=True, lr_scale=(1.0, 0.5), schedule=ov.schedule("cosine"), label="mine"),
        ov.optimizer("nesterov"),
    ]
    t = ov.tune("quadratic", given, steps=50, momentum=True)
    assert t.optimizers[0].schedule == given[0].schedule and t.optimizers[0].lr_scale == (("x", 1.0), ("y", 0.5))
    assert t.labels == ("mine", "nesterov") and all(o["momentum"] > 0 for o in t.optimizers)


def test_of_equal_scores_the_one_that_arrives_first_wins():
    t = ov.tune("quadratic", ov.optimizer("sgd"), start=(1.0, 0.0), steps=60)
    # Along x the bowl's curvature is 1: lr 1 is there in one step, and ends at 0 as others near it do.
    assert t.after[0] == 0.0
    assert t.optimizers[0]["lr"] == pytest.approx(1.0)


def test_cancel_leaves_the_rest_as_set():
    cancel, seen = threading.Event(), []

    def look(share):
        seen.append(share)
        if share > 0:
            cancel.set()

    t = ov.tune("rosenbrock", THREE, steps=50, progress=look, cancel=cancel)
    assert t.cancelled and t.optimizers[1:] == tuple(THREE[1:]) and t.untouched == ("momentum", "adam")
    assert "tuning was cancelled" in t.sentence and seen == sorted(seen)
    seen.clear()
    ov.tune("rosenbrock", THREE[0], steps=50, progress=seen.append)
    assert seen == [0.0, 1.0]


def test_specs_hash_and_bad_input_gets_its_sentence():
    assert hash(tuning.check("beale", THREE)) == hash(tuning.check("beale", THREE))
    with pytest.raises(ov.SpecError, match="seeds must be a whole number from 1 to 100; got 0"):
        ov.tune("beale", THREE, seeds=0)
