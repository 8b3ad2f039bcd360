"""Axes of every kind, and points beside grids: every cell is the run of ov.descend with its values."""

import threading
from concurrent.futures import ThreadPoolExecutor
from fractions import Fraction

import numpy as np
import pandas as pd
import pytest
import torch

import optim_viz as ov
from optim_viz.sweeps import sweep

STEP = ov.schedule("step", step_size=10, gamma=0.5)
#: The optimizer, the axes, and what else the sweep is given.
SWEEPS = {
    "noise": (ov.optimizer("sgd"), {"noise": [0.0, 0.5, 2.0], "lr": [0.01, 0.1]}, {"seeds": 2}),
    "switch": (ov.optimizer("adam"), {"lr": [0.01, 0.1], "amsgrad": [False, True], "x": [-1.0, 1.0]}, {}),
    "schedule": (ov.optimizer("sgd", schedule=STEP), {"schedule.step_size": [5, 20], "schedule.gamma": [0.1, 0.9]}, {}),
    "all": (
        ov.optimizer("momentum", schedule=ov.schedule("onecycle")),
        {"schedule.anneal_linear": [0, 1], "noise": [0.0, 0.1], "nesterov": [False, True], "momentum": [0.3, 0.8]},
        {"seeds": 2, "seed": 5},
    ),
    "halton": (ov.optimizer("momentum"), ov.halton({"lr": (1e-3, 0.2), "momentum": (0.0, 0.95)}, 7, seed=3), {}),
    "halton and noise": (ov.optimizer("adam"), ov.halton({"noise": (0.0, 1.0), "beta1": (0.0, 0.9)}, 4), {"seeds": 2}),
}


def one(s, cell, seed):
    """The run of a cell, as ov.descend has it."""
    at = s.spec.values_at(cell)
    start = at.get("x", s.spec.start[0]), at.get("y", s.spec.start[1])
    noise = at.get("noise", s.spec.noise)
    (run,) = ov.descend(s.spec.surface, s.optimizer(*cell), start, s.spec.steps, noise, None, seed)
    return run


@pytest.mark.parametrize("name", SWEEPS)
def test_every_cell_is_the_run_of_descend(name):
    optimizer, axes, how = SWEEPS[name]
    s = ov.sweep("quadratic", optimizer, axes, steps=30, **how)
    assert s.done.all() and not s.cancelled
    expected = np.array(
        [[one(s, cell, seed).final_loss for cell in np.ndindex(s.spec.shape)] for seed in s.spec.each_seed]
    )
    np.testing.assert_allclose(s.losses.reshape(expected.shape), expected, rtol=1e-9, atol=1e-300)
    frame = s.to_frame()
    assert len(frame) == s.losses.size and frame["final_loss"].tolist() == s.losses.ravel().tolist()
    best = s.best
    assert best["loss"] == s.final_loss.min() and {*best} == {*axes, "loss"}
    with ThreadPoolExecutor(2) as pool:
        assert (
            ov.sweep("quadratic", optimizer, axes, steps=30, executor=pool, **how).losses.tobytes()
            == s.losses.tobytes()
        )


def test_a_switch_and_a_setting_change_what_they_are_called():
    s = ov.sweep("quadratic", *SWEEPS["all"][:2], steps=30)
    spec = s.optimizer(1, 0, 1, 0)
    assert spec["nesterov"] is True and spec.schedule["anneal_linear"] is True and spec["momentum"] == 0.3
    assert s.optimizer(0, 1, 0, 1).schedule["anneal_linear"] is False


def test_points_are_scipys_spread_by_logarithms_where_sliders_are():
    from scipy.stats import qmc  # 1 s: only for the worker that runs this

    s = ov.sweep("quadratic", *SWEEPS["halton"][:2], steps=5)
    unit = qmc.Halton(2, scramble=True, rng=np.random.default_rng(3)).random(7)
    np.testing.assert_allclose(np.log(s.axes["lr"]), np.log(1e-3) + unit[:, 0] * np.log(200), rtol=1e-12)
    np.testing.assert_allclose(s.axes["momentum"], 0.95 * unit[:, 1], rtol=1e-12)
    assert s.final_loss.shape == (7,) and s.spec.paired


def test_a_cancel_leaves_the_groups_that_were_not_run():
    cancel, shares = threading.Event(), []

    def look(share):
        shares.append(share)
        if share >= 1 / 3:
            cancel.set()

    s = ov.sweep("quadratic", *SWEEPS["noise"][:2], steps=30, progress=look, cancel=cancel)
    assert s.cancelled and s.done[0].all() and not s.done[2].any() and np.isinf(s.final_loss[2]).all()
    assert shares == sorted(shares)


def test_points_go_into_files_too(tmp_path):
    optimizer, points, _ = SWEEPS["halton"]
    files = ov.sweep_to(tmp_path, "quadratic", optimizer, points, steps=5)
    (frame,) = files.frames()
    assert frame["final_loss"].tolist() == ov.sweep("quadratic", optimizer, points, steps=5).losses.ravel().tolist()


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ov.sweep("quadratic", "adam", {"noise": [-1.0]}), "noise must be a number from 0 to"),
        (lambda: ov.sweep("quadratic", "adam", {"amsgrad": [0.5]}), "amsgrad must be true or false; got 0.5"),
        (lambda: ov.sweep("quadratic", "adam", {"schedule.gamma": [0.5]}), "adam has no axis 'schedule.gamma'"),
        (
            lambda: ov.sweep("quadratic", SWEEPS["schedule"][0], {"schedule.step_size": [2.5]}),
            "step_size must be a whole number",
        ),
        (
            lambda: ov.sweep("quadratic", "momentum", {"nesterov": [False, True], "momentum": [0.0, 0.5]}),
            "nesterov needs momentum above 0",
        ),
        (lambda: ov.halton({}, 4), "Ranges are names and their two ends"),
        (lambda: ov.halton({"lr": 0.1}, 4), "The range of lr must be two numbers; got 0.1."),
        (lambda: ov.halton({"lr": (1, 1)}, 4), "The range of lr must rise"),
        (lambda: ov.halton({"lr": (0.1, 1)}, 0), "count must be a whole number from 1 to 4,000,000; got 0."),
        (lambda: ov.sweep("quadratic", "adam", ov.halton({"lr": (0.0, 1)}, 4)), "lr is spread by its logarithm"),
        (lambda: ov.sweep("quadratic", "adam", ov.halton({"amsgrad": (0, 1)}, 4)), "amsgrad takes a few values"),
        (lambda: ov.sweep_to("x", "quadratic", "adam", {"noise": [0.1]}), "ov.sweep_to has no axis noise"),
    ],
)
def test_what_cannot_be_an_axis_gets_its_sentence(call, sentence):
    with pytest.raises(ov.SpecError) as error:
        call()
    assert sentence in str(error.value)


RISING = torch.tensor([0.125, 0.25], dtype=torch.float64, requires_grad=True)


@pytest.mark.parametrize(
    "values",
    [
        RISING, [*RISING], (RISING[0], 0.25), RISING.bfloat16(), RISING.detach().numpy(), [np.float32(0.125), "0.25"],
        [np.array(0.125), Fraction(1, 4)], pd.Series([0.125, 0.25]), {0.125: 1, 0.25: 2}.keys(),
    ],
    ids=lambda v: repr(v)[:40],
)  # fmt: skip
def test_an_axis_takes_numbers_of_any_kind_as_lr_itself_does(values):
    s = sweep.check("quadratic", ["sgd", "adam"], {"lr": values}, steps=3)
    assert dict(s.axes)["lr"] == (0.125, 0.25)


@pytest.mark.parametrize(
    "values",
    [
        RISING[None], [[0.1], [0.2]], [[0.1], [0.1, 0.2]], [RISING], np.ones((2, 1)), pd.DataFrame([[0.1, 0.2]]), {0.1},
        RISING[0], b"12", [1j], np.array([1j]), torch.tensor([1j]), [True, 0.5], [None], [], RISING[:0],
    ],
    ids=lambda v: repr(v)[:40],
)  # fmt: skip
def test_what_is_no_list_of_numbers_is_no_axis(values):
    with pytest.raises(ov.SpecError, match="must be a"):
        sweep.check("quadratic", "sgd", {"lr": values}, steps=3)


@pytest.mark.parametrize("values", [[False, True], np.array([False, True]), torch.tensor([False, True]), [0, np.True_]])
def test_an_axis_of_a_switch_takes_switches_of_any_kind(values):
    assert dict(sweep.check("quadratic", "adam", {"amsgrad": values}).axes)["amsgrad"] == (0.0, 1.0)


def test_equal_points_are_equal_specs():
    points = SWEEPS["halton"][1]
    again = ov.halton({"lr": (1e-3, 0.2), "momentum": (0.0, 0.95)}, 7, 3)
    a, b = (sweep.check("quadratic", ov.optimizer("momentum"), axes) for axes in (points, again))
    assert a == b and hash(a) == hash(b) and points == again and hash(points) == hash(again)
