"""L-BFGS as we run it, on Python floats, beside torch.optim.LBFGS itself."""

import itertools
import os
import subprocess
import sys
import threading

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.looks import answering
from optim_viz.network import train
from optim_viz.network.training import TrainingOutcome
from optim_viz.optimizers.specs import looks
from optim_viz.optimizers.strong_wolfe import over
from optim_viz.surfaces import descent

#: Every hyperparameter at a value that changes the run, and both kinds of schedule.
OPTIONS = [
    {},
    {"lr": 0.1},
    {"lr": 10.0},
    {"max_iter": 1},
    {"max_iter": 4, "max_eval": 3},
    {"max_eval": 1},
    {"history_size": 1},
    {"history_size": 3, "lr": 0.5},
    {"tolerance_grad": 1.0},
    {"tolerance_change": 1e-2},
    {"lr": 0.5, "schedule": ov.schedule("step", step_size=2, gamma=0.5)},
    {"lr": 0.5, "schedule": ov.schedule("plateau", patience=1)},
    {"clip_norm": 2.0},
    {"clip_norm": 0.5, "clip_value": 0.4},
]
SURFACES = ["rosenbrock", "goldstein_price", "himmelblau", "quadratic", "linear_regression"]
CASES = list(zip(itertools.cycle(SURFACES), OPTIONS * 2, [False] * len(OPTIONS) + [True] * len(OPTIONS)))


def as_torch_runs(surface, options, search):
    """Hold one run to torch's: to the last bit, and where it searches along lines, within 1e-9.

    In a search torch divides by a tensor, which it does by its reciprocal, and by a number, where it does not.
    """
    from optim_viz.surfaces.torch_run import through_torch

    spec = descent.check(
        surface,
        ov.optimizer("lbfgs", line_search_fn=search, **{"max_iter": 8, **options}),
        steps=4,
        noise=0.0 if search else 0.1,
        batch_size=8 if surface == "linear_regression" else None,
    )
    ours, theirs = descent._on_floats(spec, spec.optimizers[0]), through_torch(spec, spec.optimizers[0])
    how = {"rtol": 1e-9, "atol": 1e-9} if search else {"rtol": 0.0}
    assert ours[2].keys() == theirs[2].keys()
    pairs = [(ours[i], theirs[i]) for i in (0, 1, 3, 4)]  # points, gradients, rates, evaluations
    for a, b in [*pairs, *((ours[2][name], theirs[2][name]) for name in ours[2])]:
        np.testing.assert_allclose(a, b, **how, err_msg=f"{surface} {options} {search}")


def test_a_run_is_torchs_to_the_last_bit():
    # torch's kernels for the plainest processor round every operation, as floats do; others fuse a product and a sum.
    plain = os.environ | {"ATEN_CPU_CAPABILITY": "default", "OMP_NUM_THREADS": "1"}
    code = "from tests.optimizers import test_lbfgs as t\nfor case in t.CASES: t.as_torch_runs(*case)"
    subprocess.run([sys.executable, "-c", code], env=plain, check=True)


@pytest.mark.parametrize("search", [False, True])
@pytest.mark.parametrize("options", [{}, {"max_eval": 1}, {"max_iter": 1}, {"max_iter": 9, "max_eval": 4}], ids=str)
def test_a_step_never_looks_more_often_than_it_is_counted(options, search):
    greedy = {"tolerance_grad": 0.0, "tolerance_change": 0.0, "lr": 1e-3, **options}
    spec = ov.optimizer("lbfgs", line_search_fn=search, **greedy)
    run = ov.descend("goldstein_price", spec, steps=8).trajectories[0]
    spent = np.diff(run.gradient_evaluations)
    assert spent.max() <= looks(spec) and (search or spent.max() == looks(spec))


def test_each_gradient_of_a_step_asks_whether_to_go_on():
    asked = []

    def answer():
        asked.append(1)
        if len(asked) == 50:
            raise TimeoutError

    endless = ov.optimizer("lbfgs", lr=1e-6, max_iter=1000, tolerance_grad=0.0, tolerance_change=0.0)
    with answering(answer), pytest.raises(TimeoutError):
        ov.descend("rosenbrock", endless, steps=1)
    cancel = threading.Event()
    spec = train.check([endless], epochs=1, batch_size=64)
    training = train.run(spec, progress=lambda _: cancel.set(), cancel=cancel)
    assert [run.outcome for run in training.runs] == [TrainingOutcome.CANCELLED] and not training.runs[0].losses.size


@pytest.mark.parametrize("name", ["max_iter", "max_eval", "history_size"])
def test_what_a_step_may_cost_has_a_maximum(name):
    with pytest.raises(ov.SpecError, match=rf"lbfgs: {name} must be a whole number .* and at most 1[0-9,]+; got"):
        ov.optimizer("lbfgs", **{name: 10**9})


def test_a_run_that_overflows_ends_as_any_other():
    run = ov.descend("rosenbrock", ov.optimizer("lbfgs", lr=1e6), steps=20).trajectories[0]
    assert run.outcome is ov.Outcome.DIVERGED and np.isnan(run.points[-1]).all()
    assert np.isnan(over(0.0, 0.0)) and over(-1.0, 0.0) == -np.inf
