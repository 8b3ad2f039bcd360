"""The fairness switch: what each way makes of a comparison, what it says, and that a link carries it."""

import threading

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim_viz.experiments import links
from optim_viz.experiments.fairness import (
    FAIRNESS,
    GRID,
    NEAR,
    ON_NETWORK,
    Fair,
    check_fairness,
    fair_descent,
    fair_run,
    fair_train,
)
from optim_viz.network import train
from optim_viz.optimizers.specs import optimizer
from optim_viz.spec import SpecError
from optim_viz.surfaces import descent
from optim_viz.surfaces.descent import descend

SET = (optimizer("sgd", lr=1e-3), optimizer("momentum", lr=2e-3), optimizer("adam", lr=0.01, beta1=0.8, label="mine"))


def spec(surface="rosenbrock", **options):
    return descent.check(surface, SET, steps=300, **options)


def test_as_set_changes_nothing():
    assert fair_descent(spec(), "") == (spec(), "")


def test_one_learning_rate_is_the_first_ones():
    fair, sentence = fair_descent(spec(), "one")
    assert [o["lr"] for o in fair.optimizers] == [1e-3] * 3
    assert fair.optimizers[2]["beta1"] == 0.8 and fair.optimizers[2].label == "mine"
    assert "0.001, that of sgd" in sentence


def test_torch_defaults_are_the_tables():
    fair, sentence = fair_descent(spec(), "torch")
    assert [o.values for o in fair.optimizers] == [optimizer(o.kind).values for o in SET]
    assert "mine lr 0.001" in sentence


@pytest.mark.parametrize("surface", ["rosenbrock", "beale", "himmelblau"])
def test_at_its_own_best_nobody_is_worse_off_and_the_sentence_says_how(surface):
    before = descend(surface, SET, steps=300)
    after = fair_run(Fair(spec(surface), "best"))
    losses = [(old.final_loss, new.final_loss) for old, new in zip(before, after.runs, strict=True)]
    assert all(new <= old for old, new in losses) and sum(new < old for old, new in losses) >= 2
    assert after.asked.spec == spec(surface)
    for words in ("Each at its own best", "54 trials each", "300 steps as shown"):
        assert words in after.sentence


def test_where_something_is_drawn_trials_are_scored_over_seeds():
    assert "median over 5 seeds" in fair_descent(spec(noise=0.5), "best")[1]
    assert "median" not in fair_descent(spec(), "best")[1]


def test_an_unknown_way_gets_its_sentence():
    with pytest.raises(SpecError, match="Unknown fairness 'bset'; did you mean 'best'"):
        check_fairness("bset")


@given(st.sampled_from(list(FAIRNESS)), st.integers(1, 5000))
def test_a_link_carries_it(mode, steps):
    default = Fair(spec())
    asked = Fair(descent.check("beale", SET, steps=steps), mode)
    query = links.write(links.FAIR_DESCENT, asked, default)
    assert ("fair" in query) == bool(mode)
    assert links.read(links.FAIR_DESCENT, query, default) == (asked, [])


def test_a_mangled_fairness_is_dropped_and_said():
    fair, notes = links.read(links.FAIR_DESCENT, {"fair": ["tosch"]}, Fair(spec()))
    assert fair.mode == "" and "did you mean 'torch'?" in notes[0]


SMALL = train.check([optimizer("sgd", lr=1e-4), optimizer("adam", lr=0.9)], epochs=1, batch_size=500, hidden=(8,))


def test_the_network_is_tuned_on_the_same_trainings_and_then_trained():
    reports = []
    as_set = fair_train(Fair(SMALL), reports.append, threading.Event())
    tuned = fair_train(Fair(SMALL, "best"), reports.append, threading.Event())
    for old, new in zip(as_set.runs, tuned.runs, strict=True):
        assert new.test_losses[-1] < old.test_losses[-1] and new.spec["lr"] != old.spec["lr"]
    assert f"{GRID + NEAR} trainings each" in tuned.sentence and "1 epoch as shown" in tuned.sentence
    shares = [r.fraction for r in reports if r.so_far() is None]
    assert shares and shares == sorted(shares) and shares[-1] == pytest.approx(1.0)


def test_a_tuning_of_the_network_can_be_cancelled():
    cancel = threading.Event()
    result = fair_train(Fair(SMALL, "best"), lambda report: cancel.set(), cancel)
    assert result.runs is None and "Cancelled" in result.sentence


def test_on_the_network_only_learning_rates_are_tuned():
    with pytest.raises(SpecError, match="Unknown fairness 'best-momentum'"):
        fair_train(Fair(SMALL, "best-momentum"), print, threading.Event())
    assert "best-momentum" not in ON_NETWORK
