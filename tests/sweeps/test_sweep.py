"""Sweeps: every cell is the run that ov.descend gives; maps of the quadratic are the theory's; cancel and progress."""

import dataclasses
import threading

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.surfaces.minima import lowest
from optim_viz.surfaces.table import SURFACES
from optim_viz.sweeps import backends, sweep
from optim_viz.sweeps.backends import worth_a_gpu
from optim_viz.sweeps.batch import run_all
from optim_viz.sweeps.theory import theory

RULES = [row.name for row in OPTIMIZERS.values() if row.rule]


def runs_of(spec, seed=0):
    """Every cell of a sweep by ov.descend, one after the other: {cell: Trajectory}."""
    result = sweep.run(spec)
    for cell in np.ndindex(*spec.shape):
        values = {name: axis[i] for (name, axis), i in zip(spec.axes, cell, strict=True)}
        start = (values.get("x", spec.start[0]), values.get("y", spec.start[1]))
        yield (
            cell,
            ov.descend(
                spec.surface, result.optimizer(*cell), start, spec.steps, spec.noise, spec.batch_size, spec.seed + seed
            ).trajectories[0],
        )


def assert_equals_descend(spec):
    """Final losses, steps to the tolerance and divergence of every cell and seed."""
    result, best = sweep.run(spec), lowest(spec.surface)
    arrivals = np.empty((spec.seeds, *spec.shape))
    for seed in range(spec.seeds):
        for cell, run in runs_of(spec, seed):
            np.testing.assert_allclose(result.losses[(seed, *cell)], run.final_loss, rtol=1e-9, atol=1e-9, err_msg=cell)
            arrived = run.losses <= best + spec.tolerance * (run.losses[0] - best)
            arrivals[(seed, *cell)] = np.argmax(arrived) if arrived.any() and np.isfinite(run.final_loss) else np.inf
    np.testing.assert_array_equal(result.steps_to, np.median(arrivals, axis=0))
    assert not np.isnan(result.final_loss).any() and result.done.all() and not result.cancelled
    return result


@pytest.mark.parametrize("surface", ["quadratic", "rosenbrock", "linear_regression"])
def test_every_cell_of_a_map_equals_descend(surface):
    axes = {"lr": np.geomspace(1e-4, 1.0, 16), "momentum": np.linspace(0.0, 0.95, 16)}
    result = assert_equals_descend(sweep.check(surface, ov.optimizer("momentum"), axes, steps=200))
    assert result.final_loss.shape == (16, 16) and result.diverging.any() and not result.diverging.all()


@pytest.mark.parametrize("kind", RULES)
def test_every_rule_sweeps(kind):
    knobs = [h for h in OPTIMIZERS[kind].hyperparameters if h.scale != "bool" and h.name not in ("lr", "weight_decay")]
    axes = {"lr": np.geomspace(1e-3, 0.1, 3)}
    for knob in knobs[:1]:
        axes[knob.name] = [knob.default, knob.default * 0.9 if knob.scale != "log" else knob.default * 2]
    axes["x"] = [-1.0, 0.5]
    assert_equals_descend(
        sweep.check(
            "himmelblau", ov.optimizer(kind, weight_decay=0.0) if _decays(kind) else ov.optimizer(kind), axes, steps=50
        )
    )


def _decays(kind):
    return any(h.name == "weight_decay" for h in OPTIMIZERS[kind].hyperparameters)


@pytest.mark.parametrize("noise", [0.0, 0.3])
@pytest.mark.parametrize("plan", [None, "cosine", "onecycle", "step", "plateau"])
def test_schedules_scales_draws_and_seeds_are_those_of_descend(plan, noise):
    optimizer = ov.optimizer("adam", schedule=ov.schedule(plan) if plan else None, lr_scale=(1.0, 0.25))
    for size in (None, 5):
        axes = {"lr": [0.01, 0.1], "beta1": [0.0, 0.9]}
        spec = sweep.check("linear_regression", optimizer, axes, None, 150, noise, size, seed=3, seeds=3)
        result = assert_equals_descend(spec)
        same = np.all(result.losses == result.losses[0])
        assert same == (noise == 0.0 and size is None)


def test_a_schedule_without_an_axis_for_lr():
    optimizer = ov.optimizer("momentum", lr=0.02, schedule=ov.schedule("plateau", patience=2), lr_scale=(0.5, 0.5))
    for plan in (optimizer.schedule, ov.schedule("warmup_cosine"), None):
        spec = dataclasses.replace(optimizer, schedule=plan)
        assert_equals_descend(sweep.check("rosenbrock", spec, {"x": [-1.0, 1.5], "momentum": [0.0, 0.5]}, steps=100))


@settings(max_examples=10, suppress_health_check=list(HealthCheck))
@given(block=st.integers(1, 40), seeds=st.integers(1, 4), batch=st.sampled_from([None, 3]))
def test_blocks_of_any_size_give_the_same(block, seeds, batch):
    axes = {"lr": np.geomspace(1e-3, 0.3, 5), "momentum": [0.0, 0.5, 0.9]}
    spec = sweep.check("logistic_regression", ov.optimizer("momentum"), axes, None, 40, 0.1, batch, seeds=seeds)
    whole, parts = run_all(spec), run_all(spec, block=block)
    np.testing.assert_allclose(whole.losses, parts.losses, rtol=1e-12)
    np.testing.assert_array_equal(whole.steps_to, parts.steps_to)


#: By device, how close: a GPU's powers and roots are its own, so the last bits are.
DEVICES = {"cpu": {"rtol": 1e-8, "atol": 1e-12}}
if backends.cuda_available():
    DEVICES["cuda"] = {"rtol": 1e-6, "atol": 1e-10}


def on_both(spec, device="cpu"):
    """Ends on NumPy arrays and on torch tensors."""
    return run_all(spec), run_all(spec, backend=backends.torch_backend(spec, device))


@pytest.mark.parametrize("device", DEVICES)
@pytest.mark.parametrize("kind", RULES)
def test_torch_tensors_give_the_same(kind, device):
    axes = {"lr": np.geomspace(1e-3, 0.1, 4), "y": [-1.0, 0.5]}
    spec = sweep.check("himmelblau", ov.optimizer(kind), axes, steps=40)
    arrays, tensors = on_both(spec, device)
    np.testing.assert_allclose(tensors.losses, arrays.losses, **DEVICES[device])
    np.testing.assert_array_equal(tensors.steps_to, arrays.steps_to)
    np.testing.assert_allclose(tensors.points, arrays.points, **DEVICES[device])


@pytest.mark.parametrize("surface", list(SURFACES))
def test_torch_tensors_give_the_same_on_every_surface(surface):
    plan = ov.schedule("cosine")
    optimizer = ov.optimizer("adam", schedule=plan, lr_scale=(1.0, 0.5))
    axes = {"lr": [1e-3, 1e-2], "beta1": [0.5, 0.9]}
    size = 4 if SURFACES[surface].data else None
    for batch in {None, size}:
        spec = sweep.check(surface, optimizer, axes, steps=20, noise=0.1, batch_size=batch, seeds=2)
        arrays, tensors = on_both(spec)
        np.testing.assert_allclose(tensors.losses, arrays.losses, rtol=1e-8, atol=1e-12)
        np.testing.assert_allclose(tensors.spread, arrays.spread, rtol=1e-6, atol=1e-12)


def test_a_gpu_is_asked_for_by_large_sweeps_alone():
    def never():
        raise AssertionError("asked")

    small = sweep.check("quadratic", ov.optimizer("sgd"), {"lr": [0.1]})
    large = sweep.check("quadratic", ov.optimizer("sgd"), {"lr": np.full(1_000_000, 0.1)})
    watching = dataclasses.replace(large, optimizer=ov.optimizer("sgd", schedule=ov.schedule("plateau")))
    assert not worth_a_gpu(small, never) and not worth_a_gpu(watching, never)
    assert worth_a_gpu(large, lambda: True) and not worth_a_gpu(large, lambda: False)


def test_the_map_of_the_quadratic_is_the_theorys():
    lrs, momenta = np.geomspace(0.02, 0.8, 48), np.linspace(0.0, 0.95, 39)
    s = ov.sweep("quadratic", ov.optimizer("momentum"), {"lr": lrs, "momentum": momenta}, start=(1, 1), steps=300)
    said = theory(SURFACES["quadratic"])
    beyond = lrs[:, None] >= said.limit(momenta)
    # Within one cell of the line either is right: there the factor of a step is within a few per cent of 1.
    near = np.zeros_like(beyond)
    for shift in (-1, 0, 1):
        near |= lrs[np.clip(np.arange(48) + shift, 0, 47)][:, None] >= said.limit(momenta)
    inner = np.ones_like(beyond)
    for shift in (-1, 0, 1):
        inner &= lrs[np.clip(np.arange(48) + shift, 0, 47)][:, None] >= said.limit(momenta)
    sure = near == inner
    assert sure.mean() > 0.9 and beyond.mean() > 0.1
    np.testing.assert_array_equal(s.diverging[sure], beyond[sure])
    assert (s.diverging | ~s.diverged).all() and s.diverged.any()
    i, j = s.best_index
    assert abs(i - np.abs(np.log(lrs / said.lr)).argmin()) <= 1
    assert abs(j - np.abs(momenta - said.momentum).argmin()) <= 1


def test_theory_knows_quadratics_alone():
    known = {name for name, row in SURFACES.items() if theory(row)}
    assert known == {"quadratic", "booth", "matyas", "linear_regression"}
    assert theory(ov.surface("x*y")) is None and theory(ov.surface("x^2")) is None
    aslant = theory(ov.surface("x^2 + y^2 + x*y"))
    assert (aslant.low, aslant.high) == pytest.approx((1.0, 3.0))
    assert aslant.plain_lr == pytest.approx(0.5)


@pytest.mark.parametrize("text", ["1/x", "1/x + 1/y", "ln(x)", "exp(exp(x+y))", "exp(800*x)", "x^64*y", "abs(x)^0.5"])
@pytest.mark.filterwarnings("error")
def test_what_is_no_bowl_has_no_theory_and_no_warning(text):
    assert theory(ov.surface(text)) is None


def test_cancel_keeps_what_is_done_and_progress_rises(monkeypatch):
    monkeypatch.setattr(backends, "cuda_available", lambda: False)  # a GPU is done before a cancel is heard
    axes = {"lr": np.geomspace(1e-3, 0.1, 128), "momentum": np.linspace(0, 0.9, 256)}
    seen, cancel = [], threading.Event()

    def look(share):
        seen.append(share)
        if share > 0.1:
            cancel.set()

    s = ov.sweep("rosenbrock", ov.optimizer("momentum"), axes, steps=20_000, progress=look, cancel=cancel)
    assert s.cancelled and not s.done.all() and not np.isnan(s.final_loss).any()
    assert np.isinf(s.final_loss[~s.done]).all() and not s.diverged[~s.done].any()
    assert seen == sorted(seen) and 0.1 < seen[-1] < 1.0
    seen.clear()
    done = ov.sweep("quadratic", ov.optimizer("sgd"), {"lr": [0.1, 0.2]}, steps=10, progress=seen.append)
    assert not done.cancelled and seen[-1] == 1.0


def test_an_error_in_progress_ends_the_sweep():
    def broken(share):
        raise RuntimeError("no")

    axes = {"lr": np.geomspace(1e-3, 0.1, 20_000)}
    with pytest.raises(RuntimeError, match="no"):
        ov.sweep("rosenbrock", ov.optimizer("sgd"), axes, steps=5_000, progress=broken)


def test_a_frame_has_a_row_a_run_and_specs_hash():
    axes = {"lr": [0.01, 0.1, 5.0], "momentum": [0.0, 0.5]}
    s = ov.sweep("linear_regression", ov.optimizer("momentum"), axes, steps=50, noise=0.1, seeds=3)
    frame = s.to_frame()
    assert len(frame) == 18 and list(frame.columns[:3]) == ["seed", "lr", "momentum"]
    row = frame[(frame.seed == 1) & (frame.lr == 0.1) & (frame.momentum == 0.5)].iloc[0]
    assert row.final_loss == s.losses[1, 1, 1] and row.median_loss == s.final_loss[1, 1]
    assert hash(s.spec) == hash(sweep.check(**_arguments(s.spec)))
    assert s.best["loss"] == s.final_loss.min() and s.optimizer(*s.best_index)["lr"] == s.best["lr"]


def test_a_run_that_diverges_is_best_only_where_all_do():
    def best(optimizer, axes):
        s = ov.sweep("quadratic", optimizer, axes, start=(1.0, 0.0), steps=5)
        return s, {s.best_cell(measure) for measure in ("loss", "steps")}

    s, cells = best(ov.optimizer("adam", lr=0.1), {"x": [1e-6, 2.0]})  # one that leaves the minimum, not far
    assert s.diverging.tolist() == [True, False] and s.final_loss[0] < s.final_loss[1]
    assert cells == {(1,)} == {s.best_index} and s.best["x"] == 2.0
    s, cells = best(ov.optimizer("sgd"), {"lr": [9.0, 2.5]})
    assert s.diverging.all() and cells == {(1,)} and s.best["lr"] == 2.5


def _arguments(spec):
    fields = {f.name: getattr(spec, f.name) for f in dataclasses.fields(spec) if f.name not in ("paired", "optimizers")}
    return fields | {"axes": dict(spec.axes)}


def test_of_a_typed_function_the_lowest_loss_is_searched():
    own = ov.surface("(x - 0.3)^2 + 4*(y + 0.2)^2 + 7")
    assert lowest(own) == pytest.approx(7.0, abs=1e-12)
    assert_equals_descend(sweep.check(own, ov.optimizer("sgd"), {"lr": [1e-3, 0.1, 0.2]}))


@pytest.mark.parametrize(
    ("changes", "sentence"),
    [
        ({"axes": {"lr": [0.1, 0.0]}}, "momentum: lr must be a number above 0 and at most 1,000,000; got 0.0."),
        ({"axes": {"lr": [0.1, np.nan]}}, "momentum: lr must be a number above 0 and at most 1,000,000; got nan."),
        ({"axes": {"lrr": [0.1]}}, "momentum has no axis 'lrr'; did you mean 'lr'?"),
        ({"axes": {"lr": 0.1}}, "The axis 'lr' must be a list of numbers; got 0.1."),
        ({"axes": {"lr": []}}, "The axis 'lr' must be a list of 1 to"),
        ({"axes": {}}, "A sweep's axes are names and their values"),
        ({"axes": {"x": [0.0, 9.0]}}, "start (9, 1.4) lies outside the plane drawn"),
        ({"axes": {"lr": ["much"]}}, "momentum: lr must be a number above 0 and at most 1,000,000; got 'much'."),
        ({"axes": {"lr": np.full(3000, 0.1), "momentum": np.zeros(3000)}}, "This sweep has 9,000,000 runs; at most"),
        ({"optimizer": lambda params: None}, "'own' takes no lr: write it as lambda params, lr: ..."),
        ({"optimizer": lambda params, lr: None, "axes": {"beta1": [0.9]}}, "own has no axis 'beta1'; choose one of lr"),
        ({"tolerance": 0.0}, "tolerance must be above 0 and below 1; got 0.0."),
        ({"seeds": 0}, "seeds must be a whole number from 1 to 100; got 0."),
        (
            {"optimizer": ov.optimizer("momentum", nesterov=True), "axes": {"momentum": [0.5, 0.0]}},
            "nesterov needs momentum above 0",
        ),
        (
            {"optimizer": ov.optimizer("adam"), "axes": {"beta1": [0.9, 1.0]}},
            "adam: beta1 must be a number at least 0 and below 1; got 1.0.",
        ),
    ],
)
def test_what_cannot_be_swept_gets_its_sentence(changes, sentence):
    with pytest.raises(ov.SpecError) as error:
        ov.sweep(**({"surface": "quadratic", "optimizer": ov.optimizer("momentum"), "axes": {"lr": [0.1]}} | changes))
    assert sentence in str(error.value)
