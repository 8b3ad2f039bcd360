"""The fairness switch: what each way makes of a comparison, what it says, and that a link carries it."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from optim_viz import descend, descent, links, optimizer
from optim_viz.fairness import FAIRNESS, Fair, check_fairness, fair_descent, fair_run
from optim_viz.spec import SpecError

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
    assert after.spec == spec(surface)
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
    query = links.write_fairly(links.write_descent, asked, default)
    assert ("fair" in query) == bool(mode)
    assert links.fairly(links.read_descent)(query, default) == (asked, [])


def test_a_mangled_fairness_is_dropped_and_said():
    fair, notes = links.fairly(links.read_descent)({"fair": ["tosch"]}, Fair(spec()))
    assert fair.mode == "" and "did you mean 'torch'?" in notes[0]
