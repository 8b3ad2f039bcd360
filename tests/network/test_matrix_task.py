"""The matrix task: runs equal a plain torch loop, singular values torch's own, the gradient autograd's."""

import math
import threading

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz.experiments import files
from optim_viz.export.table import export
from optim_viz.network import matrix_task
from optim_viz.network.training import TrainingOutcome
from optim_viz.optimizers.muon import muon_and_adamw
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player.matrix_scenes import matrix_task as scene_of

FALLING = ov.schedule("linear", start_factor=1.0, end_factor=0.0, total_iters=0)


def plain_loop(make, spec, seed=0):
    """What anyone would write: the losses and matrices of a run; `make` gives an optimizer and, or None, a schedule."""
    known = matrix_task.pairs(spec, seed)
    keys, values, shares = known.keys, known.values, known.shares
    weights = torch.zeros(spec.shape, dtype=torch.float64, requires_grad=True)
    optimizer, scheduler = make([weights], spec.steps)
    losses, matrices = [], []
    for step in range(spec.steps + 1):
        optimizer.zero_grad()
        loss = (shares * ((weights @ keys) - values).square()).sum((0, 1)) / 2
        losses.append(loss.item())
        matrices.append(weights.detach().clone())
        if step < spec.steps:
            loss.backward()
            optimizer.step()
            if scheduler:
                scheduler.step()
    return np.array(losses), torch.stack(matrices)


def falls(optimizer, steps):
    return torch.optim.lr_scheduler.LinearLR(optimizer, 1.0, 0.0, steps)


def package(name, **options):
    def make(params, steps):
        made = getattr(pytest.importorskip("pytorch_optimizer"), name)(params, **options)
        return made, falls(made, steps)

    return make


def table(kind, make, **options):
    def made(params, steps):
        optimizer = make(params, **options)
        return optimizer, falls(optimizer, steps)

    return ov.optimizer(kind, schedule=FALLING, **options), made


PLAIN = {
    "muon": table("muon", torch.optim.Muon, lr=0.1, weight_decay=0.0),
    "muon with decay": table("muon", muon_and_adamw, lr=0.02, weight_decay=0.1),
    "adamw": table("adamw", torch.optim.AdamW, lr=0.1, weight_decay=0.01),
    "adafactor": table("adafactor", torch.optim.Adafactor, lr=0.1),
    "soap": (ov.optimizer("pytorch_optimizer.SOAP", lr=0.05, schedule=FALLING), package("SOAP", lr=0.05)),
    "shampoo": (ov.optimizer("pytorch_optimizer.Shampoo", lr=0.5, schedule=FALLING), package("Shampoo", lr=0.5)),
    "factory": (lambda params: torch.optim.SGD(params, lr=0.5), lambda p, _: (torch.optim.SGD(p, lr=0.5), None)),
}


@pytest.mark.parametrize("name", PLAIN)
def test_a_run_equals_a_plain_loop(name):
    optimizer, make = PLAIN[name]
    found = ov.matrix_task(optimizer, condition=1e3, shape=(6, 5), steps=40, seed=3)
    run = found.runs[0]
    losses, matrices = plain_loop(make, found.spec, seed=3)
    np.testing.assert_allclose(run.losses, losses, rtol=1e-12)  # taken of all steps at once
    assert np.array_equal(run.weights, matrices[-1].numpy())
    assert run.status == "finished 40 steps" and run.losses[-1] < run.losses[0]


@given(
    st.integers(0, 2**32 - 1), st.floats(1.0, 1e8), st.tuples(st.integers(1, 8), st.integers(1, 8)), st.integers(0, 99)
)
def test_the_gradient_is_autograds_and_the_shares_are_the_hessians_eigenvalues(seed, condition, shape, draw):
    spec = matrix_task.check("sgd", condition, shape)
    known = matrix_task.pairs(spec, seed)
    generator = torch.Generator().manual_seed(draw)
    weights = torch.randn(shape, generator=generator, dtype=torch.float64, requires_grad=True)
    (slope,) = torch.autograd.grad(known.loss(weights), weights)
    torch.testing.assert_close(known.gradient(weights.detach()), slope, rtol=1e-10, atol=1e-12)
    torch.testing.assert_close(known.keys.T @ known.keys, torch.eye(shape[1], dtype=torch.float64))
    assert float(known.loss(known.target)) < 1e-28
    eigenvalues = torch.linalg.eigvalsh((known.keys * known.shares) @ known.keys.T).flip(0)
    torch.testing.assert_close(eigenvalues, known.shares, rtol=1e-6, atol=1e-12)
    assert float(known.shares.sum()) == pytest.approx(1.0)
    assert float(known.shares[0] / known.shares[-1]) == pytest.approx(condition if shape[1] > 1 else 1.0)


def test_singular_values_are_torchs_own_at_every_step():
    found = ov.matrix_task("adam", shape=(4, 7), steps=12, seed=5)
    _, matrices = plain_loop(lambda params, _: (torch.optim.Adam(params), None), found.spec, seed=5)
    target = matrix_task.pairs(found.spec, 5).target
    for step, matrix in enumerate(matrices):
        assert found.runs[0].spectrum[step] == pytest.approx(torch.linalg.svdvals(matrix).numpy(), abs=1e-12)
        assert found.runs[0].errors[step] == pytest.approx(torch.linalg.svdvals(matrix - target).numpy(), abs=1e-12)
    assert (np.diff(found.runs[0].errors, axis=1) <= 0).all()


def test_all_optimizers_start_the_same_and_seeds_differ():
    found = ov.matrix_task(["sgd", "momentum", "adam", "muon"], steps=2, seeds=2)
    assert found.labels[-1] == "muon" and len(found) == 8 and [run.seed for run in found] == [0] * 4 + [1] * 4
    assert len({run.losses[0] for run in found}) == 2  # one start a seed
    again = ov.matrix_task("muon", steps=2, seed=1)
    assert np.array_equal(again["muon"].losses, found.seeds("muon")[1].losses)
    with pytest.raises(ov.SpecError, match="did you mean 'muon'"):
        found["moun"]


@pytest.mark.parametrize("kind", OPTIMIZERS)
def test_every_optimizer_of_the_table_takes_steps_on_it(kind):
    run = ov.matrix_task(kind, shape=(3, 2), steps=5)[kind]
    assert run.status == "finished 5 steps" and np.isfinite(run.losses).all() and run.losses[-1] != run.losses[0]


def test_divergence_is_an_outcome():
    found = ov.matrix_task([ov.optimizer("sgd", lr=1e6), "adam"], shape=(3, 3), steps=200)
    run = found["sgd"]
    assert run.outcome is TrainingOutcome.DIVERGED and run.status == f"diverged at step {run.outcome_step}"
    assert np.isfinite(run.losses[: run.outcome_step]).all() and np.isinf(run.losses[run.outcome_step :]).all()
    assert run.losses.shape == (201,) and run.errors.shape == run.spectrum.shape == (201, 3)
    assert np.isfinite(run.weights).all()
    frame = found.to_frame()
    assert len(frame) == 402 and np.isinf(frame[frame.optimizer == "sgd"].loss.iloc[-1])
    assert len(scene_of(found).blobs) == 2 and len(found.figure().data) == 2 * (1 + 3)


def test_a_cancelled_run_keeps_what_it_has_and_progress_is_told():
    cancel, told = threading.Event(), []

    def progress(how_far):
        told.append(how_far.fraction)
        cancel.set()

    found = ov.matrix_task(["sgd", "adam"], steps=5000, progress=progress, cancel=cancel)
    assert len(told) == 1 and 0 <= told[0] < 1
    first, second = found.runs
    assert 0 < first.outcome_step < 5000 and len(first.losses) == first.outcome_step + 1
    assert second.status == "cancelled at step 0" and len(second.losses) == 1
    assert len(found.to_frame()) == len(first.losses) + 1 and scene_of(found).data["frames"] == 5001


HOSTILE = {
    "condition must be a number from 1 to 100,000,000; got 0.5.": {"condition": 0.5},
    "condition must be a number from 1 to 100,000,000; got 'steep'.": {"condition": "steep"},
    "condition must be a number from 1 to 100,000,000; got nan.": {"condition": math.nan},
    "shape is how many numbers a value has and how many keys there are, such as (16, 16); got 3.": {"shape": 3},
    "shape, numbers of a value must be a whole number from 1 to 32; got 0.": {"shape": (0, 2)},
    "shape, keys must be a whole number from 1 to 32; got 33.": {"shape": (1, 33)},
    "steps must be a whole number from 1 to 5,000; got 0.": {"steps": 0},
    "seed must be a whole number from 0 to 4,294,967,295; got -1.": {"seed": -1},
    "seeds must be a whole number from 1 to 10; got 11.": {"seeds": 11},
    "Choose 1 to 6 optimizers; got 0.": {"optimizers": []},
    "sgd: lr_scale is not possible on the matrix task: all weights are one matrix.": {
        "optimizers": ov.optimizer("sgd", lr_scale={"layer.0": 0.1})
    },
}


@pytest.mark.parametrize("sentence", HOSTILE)
def test_bad_input_gets_a_sentence(sentence):
    with pytest.raises(ov.SpecError) as caught:
        ov.matrix_task(**{"optimizers": "sgd"} | HOSTILE[sentence])
    assert str(caught.value) == sentence


def test_it_goes_through_its_file_and_its_script_gives_the_same_final_losses(capsys):
    chosen = [PLAIN["muon"][0], PLAIN["adamw"][0], "lbfgs"]
    found = ov.matrix_task(chosen, condition=100, shape=(3, 4), steps=9, seed=7, seeds=2)
    assert files.read(files.write(found.spec, found.to_frame())) == found.spec
    exec(export(found, "pytorch"), {"__name__": "__main__"})  # noqa: S102
    printed = [line.split() for line in capsys.readouterr().out.splitlines()]
    assert {(label, int(seed)): float(loss) for label, seed, loss in printed} == {
        (run.label, run.seed): pytest.approx(run.losses[-1], rel=1e-12) for run in found
    }


#: One beside another that is clipped in its own way or not at all, and all alike: a script writes them differently.
SCRIPTED = {
    "norm": [("sgd", {"lr": 0.1, "clip_norm": 0.1})],
    "value": [("adam", {"clip_value": 0.01})],
    "both": [("muon", {"clip_norm": 0.05, "clip_value": 0.01})],
    "closure": [("lbfgs", {"lr": 0.1, "max_iter": 3, "clip_norm": 0.01})],
    "closure beside others": [("lbfgs", {"lr": 0.1, "max_iter": 3, "clip_value": 0.01}), ("sgd", {}), ("muon", {})],
    "mixed": [("sgd", {"clip_norm": 0.1, "schedule": FALLING}), ("rmsprop", {"clip_value": 0.02}), ("adagrad", {})],
    "line search": [("lbfgs", {"line_search_fn": True, "max_iter": 3, "clip_norm": 0.01}), ("sgd", {})],
    "averages": [("pytorch_optimizer.ScheduleFreeSGD", {"clip_norm": 0.1}), ("sgd", {})],
    "differentiates and draws": [("pytorch_optimizer.AdaHessian", {}), ("adam", {"clip_value": 0.01})],
}


@pytest.mark.parametrize("name", SCRIPTED)
def test_what_its_loop_does_to_gradients_and_weights_its_script_does(name, capsys):
    if any("." in kind for kind, _ in SCRIPTED[name]):
        pytest.importorskip("pytorch_optimizer")
    chosen = [ov.optimizer(kind, **options) for kind, options in SCRIPTED[name]]
    found = ov.matrix_task(chosen, condition=50, shape=(3, 5), steps=20, seed=3)
    exec(export(found, "pytorch"), {"__name__": "__main__"})  # noqa: S102
    printed = [float(line.rsplit(" ", 1)[1]) for line in capsys.readouterr().out.splitlines()]
    assert printed == pytest.approx([run.losses[-1] for run in found], rel=1e-12)
    bare = ov.matrix_task([kind for kind, _ in SCRIPTED[name]], condition=50, shape=(3, 5), steps=20, seed=3)
    clipped = [any(o.startswith("clip") for o in options) for _, options in SCRIPTED[name]]
    assert any(clipped) and all(
        run.losses[-1] != other.losses[-1] for run, other, was in zip(found, bare, clipped, strict=True) if was
    )


def test_what_asks_for_more_than_gradients_has_no_script_of_it():
    pytest.importorskip("pytorch_optimizer")
    found = ov.matrix_task("pytorch_optimizer.AliG", shape=(2, 3), steps=3)
    with pytest.raises(ov.SpecError, match="it has no PyTorch script"):
        export(found, "pytorch")
