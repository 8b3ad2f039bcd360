"""Clipped gradients are those of torch.nn.utils, for every optimizer, kind of run and engine.

To the last bit where torch's kernels round every operation: test_lbfgs.py holds that in a process of its own.
"""

import dataclasses

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn.utils import clip_grad_norm_, clip_grad_value_

import optim_viz as ov
from optim_viz.experiments import links
from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.study import one_run
from optim_viz.experiments.turned import turned
from optim_viz.optimizers.as_torch import torch_optimizer, torch_scheduler
from optim_viz.optimizers.clipping import bounds, clip
from optim_viz.optimizers.rules import FLOATS
from optim_viz.optimizers.specs import with_values
from optim_viz.optimizers.table import ON_SURFACES, WITH_RULE
from optim_viz.surfaces import descent
from optim_viz.surfaces.oracles import draws
from optim_viz.sweeps import sweep
from optim_viz.sweeps.backends import machine_backend, numpy_backend, torch_backend
from tests.reference import torch_loss

BOUNDS = ({"clip_norm": 0.8}, {"clip_value": 0.5}, {"clip_norm": 1.2, "clip_value": 1.0})
STEPS = 80


@pytest.fixture(autouse=True)
def float64_throughout():
    """ASGD and NAdam keep scalar state in torch's default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


def by_hand(spec, clipping):
    """A plain loop in torch: backward, noise, the lines that a clipped script has, step; points and gradients."""
    (optimizer,), loss = spec.optimizers, torch_loss(spec.surface)
    theta, noise = torch.tensor(spec.start, requires_grad=True), torch.from_numpy(draws(spec))
    theirs = torch_optimizer(dataclasses.replace(optimizer, clip=()), [theta])
    scheduler = torch_scheduler(optimizer.schedule, theirs, spec.steps) if optimizer.schedule else None
    points, gradients = [spec.start], []
    for t in range(spec.steps):
        first = []

        def closure(t=t, first=first):
            theirs.zero_grad()
            value = loss(*theta)
            value.backward()
            theta.grad += noise[t]
            if "clip_value" in clipping:
                clip_grad_value_([theta], clipping["clip_value"])
            if "clip_norm" in clipping:
                clip_grad_norm_([theta], clipping["clip_norm"])
            first.append(theta.grad.tolist())
            return value

        theirs.step(closure)
        if scheduler is not None:
            scheduler.step()
        points.append(theta.tolist())
        gradients.append(first[0])
    return np.array(points), np.array(gradients)


@pytest.mark.parametrize("clipping", BOUNDS, ids=str)
@pytest.mark.parametrize("kind", ON_SURFACES)
def test_every_optimizer_steps_as_a_clipped_loop_in_torch(kind, clipping):
    more = {"schedule": ov.schedule("cosine")} if len(clipping) == 2 else {}
    if len(clipping) == 2 and "weight_decay" in ov.optimizer(kind).hyperparameters:
        more["weight_decay"] = 0.1  # which comes after the clipping
    steps = 4 if kind == "lbfgs" else STEPS  # up to 20 looks a step: rounding soon sends them different ways
    spec = descent.check("quadratic", ov.optimizer(kind, lr=0.03, **clipping, **more), steps=steps, noise=0.5)
    run, (points, gradients) = descent.run(spec).trajectories[0], by_hand(spec, clipping)
    np.testing.assert_allclose(run.points, points, rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(run.gradients[:-1], gradients, rtol=1e-8, atol=1e-9)
    free = dataclasses.replace(spec, optimizers=(with_values(spec.optimizers[0], dict.fromkeys(clipping, 0)),))
    moved = np.abs(descent.run(free).trajectories[0].points - points).max()
    assert moved == 0 if kind == "rprop" else moved > 1e-5  # which sees no more than signs


@settings(max_examples=60)
@given(
    st.lists(st.one_of(st.floats(-1e150, 1e150), st.sampled_from([0.0, -0.0, np.inf, np.nan])), min_size=2, max_size=2),
    st.floats(1e-3, 1e6), st.sampled_from(["clip_norm", "clip_value"]),
)  # fmt: skip
def test_any_gradient_is_clipped_as_in_torch_in_every_namespace(gradient, bound, name):
    theta = torch.zeros(2, requires_grad=True)
    theta.grad = torch.tensor(gradient)
    (clip_grad_norm_ if name == "clip_norm" else clip_grad_value_)([theta], bound)
    limits = bounds({name: bound})
    floats = clip(FLOATS)(*gradient, *limits)
    with np.errstate(all="ignore"):
        arrays = clip(np)(*np.array(gradient)[:, None], *limits)
    if np.isnan(gradient).any():  # which ends a run, whatever the other component is
        assert np.isnan(floats).any() and np.isnan(arrays).any() and torch.isnan(theta.grad).any()
        return
    np.testing.assert_allclose(floats, theta.grad.numpy(), rtol=1e-14)
    np.testing.assert_array_equal(np.ravel(arrays), floats)


@pytest.mark.parametrize("kind", WITH_RULE)
def test_sweeps_over_bounds_are_runs_of_descend_on_every_backend(kind):
    axes = {"clip_norm": [0.0, 0.3, 5.0], "clip_value": [0.0, 0.5]}
    spec = sweep.check("himmelblau", ov.optimizer(kind, lr=0.02), axes, None, 40, noise=0.5)
    found = [sweep.run(spec, backend=make(spec)).final_loss for make in (numpy_backend, machine_backend)]
    assert found[0].tobytes() == found[1].tobytes()
    expected = [descent.run(one_run(spec, cell)).trajectories[0].final_loss for cell in np.ndindex(spec.shape)]
    np.testing.assert_allclose(found[0].ravel(), expected, rtol=1e-9)
    on_torch = sweep.run(spec, backend=torch_backend(spec, "cpu")).final_loss
    np.testing.assert_allclose(on_torch.ravel(), expected, rtol=1e-9)
    fixed = sweep.check("himmelblau", ov.optimizer(kind, clip_norm=0.3), {"lr": [0.02, 0.05]}, None, 40, noise=0.5)
    assert sweep.run(fixed).final_loss[0] == found[0][1, 0]


def test_batches_of_examples_are_clipped_one_by_one():
    axes = {"clip_norm": [0.3, 2.0], "lr": [0.05, 0.1]}
    spec = sweep.check("linear_regression", ov.optimizer("momentum"), axes, None, 40, batch_size=4, seeds=2)
    ends = sweep.run(spec).losses
    for seed, cell in np.ndindex(2, 4):
        at = np.unravel_index(cell, spec.shape)
        alone = dataclasses.replace(one_run(spec, at), seed=spec.each_seed[seed])
        assert ends[seed][at] == pytest.approx(descent.run(alone).trajectories[0].final_loss, rel=1e-9)


def test_a_step_of_a_constant_slope_is_clipped_in_a_batch_too():
    clipped = ov.optimizer("sgd", lr=0.1, clip_norm=1.0)
    ends = ov.sweep(ov.surface("3*x + 4*y"), clipped, {"x": [0.0, 1.0]}, (0.0, 0.0), 3).final_loss
    np.testing.assert_allclose(ends, [-1.5, 1.5], rtol=1e-6)


def test_one_of_a_package_is_clipped_before_it_looks():
    pytest.importorskip("pytorch_optimizer")
    for kind in ("Lion", "AdaHessian"):
        spec = ov.optimizer(f"pytorch_optimizer.{kind}", lr=0.01, clip_norm=0.5)
        run = ov.descend("rosenbrock", spec, steps=10).trajectories[0]
        norms = np.hypot(*run.gradients[:-1].T)
        assert (norms <= 0.5).all() and (norms > 0.49).all()
        free = ov.descend("rosenbrock", with_values(spec, {"clip_norm": 0}), steps=10).trajectories[0]
        assert np.hypot(*free.gradients[:-1].T).max() > 100


def test_bounds_are_absent_by_default_and_go_through_links_and_knobs():
    plain, both = ov.optimizer("adam"), ov.optimizer("adam", clip_norm=1, clip_value="0.5")
    assert plain.clip == () == ov.optimizer("adam", clip_norm=0).clip and plain == ov.optimizer("adam", clip_norm=None)
    assert both.clip == (("clip_norm", 1.0), ("clip_value", 0.5)) and both.values == plain.values
    assert links.write_optimizer(plain) == "adam"
    assert links.write_optimizer(both) == "adam~clip_norm~1.0~clip_value~0.5"
    assert links.read_optimizer(links.write_optimizer(both)) == (both, [])
    assert with_values(both, {"lr": 0.1}).clip == both.clip
    spec = descent.check("quadratic", both, steps=20)
    now = {"start": [1, 1], "parameters": {}, "runs": [{"values": {"clip_norm": 0, "clip_value": 2}}]}
    assert turned(Fair(spec), spec, now).spec.optimizers[0].clip == (("clip_value", 2.0),)


@pytest.mark.parametrize(
    ("given", "sentence"),
    [
        ({"clip_norm": -1}, "sgd: clip_norm must be a number at least 0 and at most 1,000,000; got -1."),
        ({"clip_value": "far"}, "sgd: clip_value must be a number at least 0 and at most 1,000,000; got 'far'."),
        ({"clip_norm": True}, "sgd: clip_norm must be a number at least 0 and at most 1,000,000; got True."),
    ],
)
def test_what_is_no_bound_gets_its_sentence(given, sentence):
    with pytest.raises(ov.SpecError) as told:
        ov.optimizer("sgd", **given)
    assert str(told.value) == sentence
