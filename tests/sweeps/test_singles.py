"""Optimizers without a rule are swept and tuned one run after the other: the same bits as single runs."""

import itertools
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz.experiments.singles_cost import pace
from optim_viz.surfaces import descent
from optim_viz.sweeps import sweep
from optim_viz.sweeps.singles import spread


def adam(params, lr):
    """A factory without a default; at the module's level, so that a process can be sent it."""
    return torch.optim.Adam(params, lr=lr)


class Breaking(torch.optim.SGD):
    """Ends with an error where its weights are large, as one that decomposes matrices does."""

    def step(self, closure=None):
        super().step(closure)
        if any(p.abs().max() > 1e3 for group in self.param_groups for p in group["params"]):
            raise RuntimeError("it did not converge")


LRS = [1e-3, 0.05, 0.2]
SINGLES = {
    "lbfgs": (ov.optimizer("lbfgs", max_iter=3), {"max_iter": [2, 5]}),
    "factory": (adam, {"x": [-1.0, 0.5]}),
    "noise": (adam, {"noise": [0.0, 0.1]}),
    "switch": (ov.optimizer("lbfgs", max_iter=2, lr=0.1), {"line_search_fn": [0, 1]}),
}


@pytest.mark.parametrize("name", SINGLES)
def test_every_run_has_the_bits_of_a_single_one(name):
    given, axes = SINGLES[name]
    s = ov.sweep("beale", given, {"lr": LRS} | axes, steps=15, seeds=2)
    for cell in np.ndindex(s.final_loss.shape):
        values = s.spec.values_at(cell)
        start = (values.get("x", s.spec.start[0]), s.spec.start[1])
        for seed in (0, 1):
            run = ov.descend("beale", s.optimizer(*cell), start, 15, values.get("noise", 0.0), None, seed)
            assert s.losses[seed][cell] == run.trajectories[0].final_loss


def test_a_factory_that_is_adam_is_swept_and_tuned_as_adam_is():
    ours, theirs = (ov.sweep("himmelblau", one, {"lr": LRS}, steps=150) for one in (adam, ov.optimizer("adam")))
    np.testing.assert_allclose(ours.final_loss, theirs.final_loss, rtol=1e-9, atol=1e-20)
    assert np.array_equal(ours.steps_to, theirs.steps_to)
    t = ov.tune("beale", ["adam", adam], steps=10)
    assert t.labels == ("adam", "adam 2") and t.optimizers[1]["lr"] == t.optimizers[0]["lr"]
    assert t.after[1] == pytest.approx(t.after[0], rel=1e-9) and np.isnan(t.before[1])
    shown = ov.descend("beale", t.optimizers, steps=10)
    assert shown["adam 2"].final_loss == t.after[1]


def test_basins_need_no_learning_rate():
    both = [lambda params: torch.optim.SGD(params, lr=0.01), ov.optimizer("sgd", lr=0.01)]
    ours, theirs = (ov.basins("himmelblau", one, resolution=4, steps=60) for one in both)
    assert np.array_equal(ours.labels, theirs.labels)


def test_an_executor_gives_the_same_bits():
    """`test_executors` has processes, too."""
    asked = ("beale", adam, {"lr": LRS, "y": [-1.0, 1.0]}, None, 20)
    here = ov.sweep(*asked)
    shares = []
    with ThreadPoolExecutor(2) as pool:
        there = ov.sweep(*asked, executor=pool, progress=shares.append)
    assert there.losses.tobytes() == here.losses.tobytes() and there.steps_to.tobytes() == here.steps_to.tobytes()
    assert len(set(shares)) > 2 and shares[-1] == 1.0


def test_into_files_part_by_part(tmp_path):
    files = ov.sweep_to(tmp_path, "beale", adam, {"lr": LRS}, steps=20)
    assert files.complete and files.best["final_loss"] == ov.sweep("beale", adam, {"lr": LRS}, steps=20).best["loss"]


def test_a_cancel_keeps_the_runs_that_are_done():
    cancel, begun = threading.Event(), []

    def counted(params, lr):
        begun.append(lr)
        if len(begun) == 2:
            cancel.set()
        return torch.optim.SGD(params, lr=lr)

    s = ov.sweep("beale", counted, {"lr": LRS}, steps=5, cancel=cancel)
    assert s.cancelled and s.done.tolist() == [True, False, True] and np.isinf(s.final_loss[1])


def test_a_run_that_its_optimizer_ends_on_the_way_has_diverged_and_one_that_never_began_is_an_error():
    s = ov.sweep("quadratic", Breaking, {"lr": [0.01, 5.0]}, start=(1.0, 1.0), steps=50)
    assert s.diverged.tolist() == [False, True]

    def refusing(params, lr):
        if lr > 1:
            raise ValueError("lr is a share")
        return torch.optim.SGD(params, lr=lr)

    with pytest.raises(ov.SpecError, match="refusing stopped with ValueError: lr is a share"):
        ov.sweep("quadratic", refusing, {"lr": [0.1, 5.0]}, steps=5)


class Late(torch.optim.SGD):
    """Ends with a mistake of its own at the third step, while all is well."""

    def step(self, closure=None):
        super().step(closure)
        self.taken = getattr(self, "taken", 0) + 1
        if self.taken == 3:
            raise NotImplementedError("bug")


def test_a_mistake_on_the_way_is_no_divergence():
    for ask in (
        lambda: ov.descend("quadratic", Late, steps=9),
        lambda: ov.sweep("quadratic", Late, {"x": [1.0, 2.0]}, steps=9),
        lambda: ov.train_sweep(Late, [0.01], batch_size=2000, hidden=(4,)),
        lambda: pace(descent.check("quadratic", Late, steps=9)),
    ):
        with pytest.raises(ov.SpecError, match="Late stopped with NotImplementedError: bug"):
            ask()


def test_an_error_where_nothing_is_finite_is_a_divergence():
    class Fussy(torch.optim.SGD):
        def step(self, closure=None):
            super().step(closure)
            if any(not p.isfinite().all() for group in self.param_groups for p in group["params"]):
                raise TypeError("it takes numbers")

    s = ov.sweep("quadratic", Fussy, {"lr": [0.01, 1e6]}, steps=200)
    assert s.diverged.tolist() == [False, True]


def test_a_learning_rate_is_given_as_to_any_optimizer():
    run, same = ov.descend("beale", [ov.optimizer(adam, lr=0.1, label="mine"), ov.optimizer("adam", lr=0.1)], steps=10)
    assert run.label == "mine" and run.final_loss == pytest.approx(same.final_loss)
    assert run.lrs[0] == 0.1 and run.spec["lr"] == 0.1
    both = [ov.optimizer(one, lr=0.1, clip_norm=0.1) for one in (adam, "adam")]
    clipped, same = ov.descend("beale", both, steps=10)
    assert clipped.final_loss == pytest.approx(same.final_loss) != run.final_loss
    assert ov.optimizer(lambda params, lr=0.3: None)["lr"] == 0.3
    assert not ov.optimizer(lambda params, lr=None: None).values and not ov.optimizer(lambda params: None).values


def test_optimizers_are_an_axis_and_every_cell_is_the_run_of_descend():
    given = [ov.optimizer("sgd", schedule=ov.schedule("cosine")), adam, ov.optimizer("adam", label="ours")]
    s = ov.sweep("beale", given, {"lr": LRS, "noise": [0.0, 0.1]}, steps=15, seeds=2)
    assert s.final_loss.shape == (3, 3, 2) and s.axes["optimizer"].tolist() == ["sgd", "adam", "ours"]
    for cell in np.ndindex(s.final_loss.shape):
        run = ov.descend("beale", s.optimizer(*cell), steps=15, noise=(0.0, 0.1)[cell[2]], seed=1).trajectories[0]
        assert s.losses[1][cell] == pytest.approx(run.final_loss, rel=1e-9)
    np.testing.assert_allclose(s.losses[:, 1], s.losses[:, 2], rtol=1e-9)
    assert s.best["optimizer"] in {"sgd", "adam", "ours"} and s.best["loss"] == s.final_loss.min()
    frame = s.to_frame()
    assert frame.optimizer.unique().tolist() == ["sgd", "adam", "ours"] and len(frame) == 36
    assert "3 optimizer x 3 lr x 2 noise" in repr(s) and hash(s.spec) == hash(s.spec)
    assert s._repr_html_().startswith("<table")


@pytest.mark.parametrize("axis", [{"noise": [0.1, 0.2]}, {"amsgrad": [0, 1]}])
def test_a_map_over_what_is_no_number_of_a_rule_shows_itself_in_a_notebook(axis):
    assert ov.sweep("beale", ov.optimizer("adam"), {"lr": LRS} | axis, steps=2)._repr_html_().startswith("<iframe")


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (
            lambda: ov.sweep("beale", lambda params: None, {"lr": LRS}),
            "'own' takes no lr: write it as lambda params, lr:",
        ),
        (lambda: ov.tune("beale", lambda params: None), "'own' takes no lr, so there is nothing to tune: write it as"),
        (
            lambda: ov.descend("beale", adam),
            "'adam' takes lr and has no default for it: write ov.optimizer(..., lr=0.01)",
        ),
        (lambda: ov.optimizer(adam, lr=-1), "adam: lr must be a number above 0 and at most 1,000,000; got -1."),
        (lambda: ov.optimizer(adam, beta1=0.9), "'adam' takes no beta1: write it as"),
        (lambda: ov.sweep("beale", adam, {"lr": [0.1, 0.0]}), "adam: lr must be a number above 0"),
        (lambda: ov.sweep("beale", ["adam", "sgd"], {"beta1": [0.9]}), "sgd has no axis 'beta1'; "),
    ],
)
def test_what_cannot_be_asked_for_gets_its_sentence(ask, sentence):
    with pytest.raises(ov.SpecError) as error:
        ask()
    assert str(error.value).startswith(sentence)


@pytest.mark.parametrize("cells", [1, 2, 9, 64, 100])
def test_what_is_done_first_is_spread_over_all_cells_seed_by_seed(cells):
    order = spread(range(3 * cells), cells)
    assert sorted(order) == [*range(3 * cells)]
    places = [number % cells for number in order[::3]]
    assert all(number % cells == places[i // 3] for i, number in enumerate(order))
    for first in (8, 20):
        known = sorted(places[:first])
        gaps = np.diff([*known, known[0] + cells])
        assert len(known) >= cells or gaps.max() <= 3 * cells / first


@pytest.mark.parametrize(
    ("ask", "sentence"),
    [
        (lambda: ov.descend("quadratic", "sgd", start=itertools.repeat(0.5)), "start must be two numbers"),
        (lambda: ov.descend("quadratic", itertools.repeat("sgd")), "Choose 1 to 1000 optimizers; got 1001."),
        (lambda: ov.train("sgd", hidden=itertools.repeat(4)), "hidden must have 1 to 4 layers; got 100001."),
        (lambda: ov.train_sweep("sgd", itertools.repeat(0.1)), "This sweep has 100,001 trainings; 1 to 2,000"),
        (
            lambda: sweep.check("quadratic", "sgd", {"lr": itertools.repeat(0.1)}),
            "The axis 'lr' must be a list of 1 to",
        ),
    ],
)
def test_what_has_no_end_is_refused(ask, sentence, monkeypatch):
    monkeypatch.setattr(sweep, "MAX_RUNS", 1000)
    with pytest.raises(ov.SpecError) as error:
        ask()
    assert str(error.value).startswith(sentence)
