"""The engine on the network equals a plain torch loop, and everything that a run records is what it says."""

import itertools
import threading
import time

import numpy as np
import pytest
import torch

from optim_viz.network import digits, growing_run
from optim_viz.network.device import device
from optim_viz.network.growing_run import snapshot_steps
from optim_viz.network.train import train
from optim_viz.network.training import NO_PREDICTION, TrainingOutcome
from optim_viz.optimizers.as_torch import torch_optimizer, torch_scheduler
from optim_viz.optimizers.schedules import SCHEDULES, schedule
from optim_viz.optimizers.specs import optimizer
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import SpecError

SPECS = {
    "sgd": optimizer("sgd", lr=0.1),
    "momentum": optimizer("momentum", lr=0.01, momentum=0.9, weight_decay=1e-3),
    "adam": optimizer("adam", lr=1e-3),
}
SMALL = {"hidden": (24, 16), "batch_size": 100, "epochs": 1}
#: How far losses may be from the plain loop's, on the device that ours runs on: a GPU's sums of float32 are taken in
#: another order for another layout of the same matrices, and 200 steps carry the last bit on. TF32 is off by default.
CLOSE = {"cpu": 1e-5, "cuda": 1e-3}[device()]
#: How far runs on a GPU are compared: two orders of float32 sums part where a ReLU dies, one of them at step 179.
STEPS = {"cpu": 200, "cuda": 150}[device()]


def mlp(hidden, final_relu, seed):
    """The network as anyone would write it."""
    torch.manual_seed(seed)
    widths = (784, *hidden, 10)
    parts = []
    for into, out in itertools.pairwise(widths):
        parts += [torch.nn.Linear(into, out), torch.nn.ReLU()]
    return torch.nn.Sequential(*(parts if final_relu else parts[:-1]))


def batches(epochs, batch_size, seed):
    """The mini-batches as the docstring promises them: an order drawn from (seed, epoch), then split."""
    data = digits.load()
    x, y = torch.from_numpy(data.train_x) / 255, torch.from_numpy(data.train_y).long()
    for epoch in range(epochs):
        order = torch.from_numpy(np.random.default_rng((seed, epoch)).permutation(len(y)))
        for part in order.split(batch_size):
            yield x[part].to(device()), y[part].to(device())


def plain_loop(make, hidden=(300, 200), final_relu=True, seed=0, steps=200, batch_size=64, after=None, clip=None):
    """Train with a loop that knows nothing of ours; return the losses and the network."""
    model = mlp(hidden, final_relu, seed).to(device())
    optimizer, losses = make(model), []
    for (x, y), _ in zip(batches(99, batch_size, seed), range(steps), strict=False):

        def closure(x=x, y=y):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x), y)
            loss.backward()
            if clip is not None:
                clip(model.parameters())
            return loss

        losses.append(optimizer.step(closure).item())
        if after is not None:
            after(optimizer, losses[-1])
    return np.array(losses), model.cpu()


def go(*names, **changed):
    return train([SPECS[name] for name in names or ("sgd",)], **{**SMALL, **changed})


@pytest.mark.parametrize("final_relu", [True, False])
@pytest.mark.parametrize("name", SPECS)
def test_losses_equal_a_plain_torch_loop_over_200_steps(name, final_relu):
    run = train([SPECS[name]], epochs=2, final_relu=final_relu)[name]
    expected, _ = plain_loop(lambda m: torch_optimizer(SPECS[name], m.parameters()), final_relu=final_relu)
    np.testing.assert_allclose(run.losses[:STEPS], expected[:STEPS], rtol=0, atol=CLOSE)


def test_adam_without_the_last_relu_learns_the_digits():
    run = train([SPECS["adam"]], epochs=5, final_relu=False)["adam"]
    assert run.final_accuracy >= 0.93 and run.best_accuracy >= run.final_accuracy
    steps, seconds = run.reached(0.9)
    assert 0 < steps < 625 and 0 < seconds < run.seconds[-1] and run.reached(1.0) is None


def test_a_last_batch_that_is_smaller_is_used_too():
    run = go(batch_size=3000, epochs=2)["sgd"]
    expected, _ = plain_loop(
        lambda m: torch_optimizer(SPECS["sgd"], m.parameters()), (24, 16), steps=6, batch_size=3000
    )
    np.testing.assert_allclose(run.losses, expected, atol=CLOSE)


@pytest.mark.parametrize("kind", list(OPTIMIZERS))
def test_every_optimizer_of_the_table_equals_torch_on_the_network(kind):
    spec = optimizer(kind)
    run = train([spec], **{**SMALL, "batch_size": 1000})[kind]
    steps = 2 if kind == "lbfgs" else 8  # 20 evaluations a step: rounding soon sends them different ways
    expected, _ = plain_loop(lambda m: torch_optimizer(spec, m.parameters()), (24, 16), steps=steps, batch_size=1000)
    np.testing.assert_allclose(run.losses[:steps], expected, rtol=10 * CLOSE)


def _by_norm_and_value(parameters):
    parameters = list(parameters)
    torch.nn.utils.clip_grad_value_(parameters, 0.02)
    torch.nn.utils.clip_grad_norm_(parameters, 0.1)


@pytest.mark.parametrize("kind", list(OPTIMIZERS))
def test_gradients_are_clipped_over_all_weights_before_every_optimizer(kind):
    spec = optimizer(kind, clip_norm=0.1, clip_value=0.02)
    run = train([spec], **{**SMALL, "batch_size": 1000})[kind]
    steps = 2 if kind == "lbfgs" else 8
    expected, _ = plain_loop(
        lambda m: torch_optimizer(spec, m.parameters()), (24, 16), steps=steps, batch_size=1000, clip=_by_norm_and_value
    )
    np.testing.assert_allclose(run.losses[:steps], expected, rtol=10 * CLOSE)
    total = np.sqrt((run.gradient_norms[: 1 if kind == "lbfgs" else -1] ** 2).sum(1))
    np.testing.assert_allclose(total, 0.1, rtol=1e-3)


class InTurn:
    """Optimizers that take a step one after the other."""

    def __init__(self, *parts):
        self.parts = parts

    def zero_grad(self):
        for part in self.parts:
            part.zero_grad()

    def step(self, *closure):
        first, *others = self.parts
        loss = first.step(*closure)
        for part in others:
            part.step()
        return loss


@pytest.mark.parametrize("more", [{}, {"nesterov": False, "adjust_lr_fn": True, "ns_steps": 3}])
def test_muon_is_torchs_on_matrices_and_adamw_on_biases(more):
    def two(model):
        parameters = list(model.parameters())
        words = more | ({"adjust_lr_fn": "match_rms_adamw"} if more else {})
        muon = torch.optim.Muon([p for p in parameters if p.ndim == 2], lr=0.02, weight_decay=0.01, **words)
        return InTurn(muon, torch.optim.AdamW([p for p in parameters if p.ndim == 1], lr=0.02, weight_decay=0.01))

    run = train([optimizer("muon", lr=0.02, weight_decay=0.01, **more)], **SMALL)["muon"]
    # A step's polynomial is in bfloat16: where a GPU's sums differ in the last bit, its steps do by a part in 100, and
    # after 70 steps the trainings part (seen on an H200).
    steps = {"cpu": 80, "cuda": 50}[device()]
    expected, _ = plain_loop(two, (24, 16), steps=steps, batch_size=100)
    assert len(run.losses) == 80
    np.testing.assert_allclose(run.losses[:steps], expected, rtol=0, atol=CLOSE if device() == "cpu" else 0.1)
    assert run.final_accuracy > 0.5


def test_adafactor_and_muon_have_learning_rates_by_layer_and_schedules():
    plan = schedule("exponential", gamma=0.9)
    specs = [optimizer(k, lr_scale={"layer.0": 0.0}, schedule=plan) for k in ("muon", "adafactor")]
    for run in train(specs, **SMALL):
        assert (run.update_ratios[:-1, 0] == 0).all() and (run.update_ratios[:-1, 1:] > 0).all()
        np.testing.assert_allclose(run.lrs, run.spec["lr"] * 0.9 ** np.arange(len(run.lrs)))


@pytest.mark.parametrize("kind", list(SCHEDULES))
def test_every_schedule_of_the_table_is_torchs_own(kind):
    spec = optimizer("sgd", lr=0.1, schedule=schedule(kind))
    run = train([spec], **SMALL)["sgd"]
    schedulers = []

    def make(model):
        made = torch.optim.SGD(model.parameters(), lr=0.1)
        schedulers.append(torch_scheduler(spec.schedule, made, 80))
        return made

    lrs = []

    def after(optimizer, loss):
        schedulers[0].step(*([loss] if kind == "plateau" else []))
        lrs.append(optimizer.param_groups[0]["lr"])

    expected, _ = plain_loop(make, (24, 16), steps=80, batch_size=100, after=after)
    np.testing.assert_allclose(run.losses, expected, atol=CLOSE)
    np.testing.assert_allclose(run.lrs[1:], lrs[:-1])


def test_a_factory_of_the_users_own_gets_matrices_and_biases():
    seen = []

    def halving(params):
        seen.extend(tuple(p.shape) for p in params)
        return torch.optim.SGD(params, lr=0.05)

    run = train(halving, **SMALL)["halving"]
    assert seen == [(24, 784), (24,), (16, 24), (16,), (10, 16), (10,)]
    fused = train(optimizer("sgd", lr=0.05), **SMALL)["sgd"].losses
    np.testing.assert_allclose(run.losses, fused, rtol=0, atol=0.0 if device() == "cpu" else CLOSE)


def test_layers_have_learning_rates_of_their_own():
    spec = optimizer("sgd", lr=0.1, lr_scale={"layer.0": 0.1, "layer.2": 0.0})
    run = train([spec], **SMALL)["sgd"]

    def make(model):
        layers = [model[0], model[2], model[4]]
        lrs = (0.01, 0.1, 0.0)
        return torch.optim.SGD([{"params": m.parameters(), "lr": lr} for m, lr in zip(layers, lrs, strict=True)])

    expected, _ = plain_loop(make, (24, 16), steps=80, batch_size=100)
    np.testing.assert_allclose(run.losses, expected, atol=CLOSE)
    assert np.allclose(run.lrs, 0.1) and (run.update_ratios[:-1, 2] == 0).all()


def test_what_is_recorded_is_what_the_network_was():
    run = go("momentum")["momentum"]
    _, model = plain_loop(
        lambda m: torch_optimizer(SPECS["momentum"], m.parameters()), (24, 16), steps=80, batch_size=100
    )
    flat = torch.nn.utils.parameters_to_vector(model.parameters()).detach().numpy()
    assert run.snapshot_steps[0] == 0 and run.snapshot_steps[-1] == 80 and len(run.snapshot_steps) == 51
    assert np.array_equal(run.weights(0), run.start)
    np.testing.assert_allclose(run.weights(-1), flat, atol=100 * CLOSE * np.abs(flat - run.start).max())
    data = digits.load()
    with torch.no_grad():
        logits = model(torch.from_numpy(data.test_x) / 255)
    loss = torch.nn.functional.cross_entropy(logits, torch.from_numpy(data.test_y).long()).item()
    assert run.eval_steps.tolist() == [0, 20, 40, 60, 80]
    assert run.test_losses[-1] == pytest.approx(loss, abs=CLOSE)
    assert (run.predictions[-1] == logits.argmax(1).numpy()).mean() > 0.999
    assert run.test_accuracies[-1] == pytest.approx((run.predictions[-1] == data.test_y).mean())
    assert run.dead_outputs[-1] == int((logits <= 0).all(0).sum())


def test_gradient_norms_and_update_ratios_are_those_of_the_step_that_follows():
    run = go("sgd")["sgd"]
    model = mlp(SMALL["hidden"], True, 0).to(device())
    x, y = next(batches(1, 100, 0))
    torch.nn.functional.cross_entropy(model(x), y).backward()
    for k, layer in enumerate((model[0], model[2], model[4])):
        gradient = torch.cat([layer.weight.grad.flatten(), layer.bias.grad])
        weights = torch.cat([layer.weight.flatten(), layer.bias])
        assert run.gradient_norms[0, k] == pytest.approx(gradient.norm().item(), rel=1e-4)
        assert run.update_ratios[0, k] == pytest.approx(0.1 * (gradient.norm() / weights.norm()).item(), rel=1e-3)
    assert np.isnan(run.gradient_norms[-1]).all() and np.isfinite(run.gradient_norms[:-1]).all()


def test_equal_specs_give_bit_equal_runs_alone_or_together():
    together, again, alone = go("sgd", "momentum", "adam"), go("sgd", "momentum", "adam"), go("adam")
    for other in (again["adam"], alone["adam"]):
        run = together["adam"]
        assert np.array_equal(run.losses, other.losses) and np.array_equal(run.test_losses, other.test_losses)
        assert np.array_equal(run.moves, other.moves) and np.array_equal(run.predictions, other.predictions)
    assert len({run.losses[0] for run in together}) == 1
    assert not np.array_equal(go("adam", seed=1)["adam"].losses, alone["adam"].losses)


def test_seeds_are_runs_of_their_own_and_make_a_band():
    t = go("sgd", "adam", seeds=3, seed=4)
    assert t.labels == ("sgd", "adam") and [run.seed for run in t.seeds("adam")] == [4, 5, 6] and len(t) == 6
    assert np.array_equal(t.seeds("adam")[2].losses, go("adam", seed=6)["adam"].losses)
    band = t.band("adam", "test_accuracies")
    values = np.array([run.test_accuracies for run in t.seeds("adam")])
    assert np.array_equal(band.median, np.median(values, 0)) and band.steps.tolist() == [0, 20, 40, 60, 80]
    assert (band.low <= band.median).all() and (band.median <= band.high).all() and band.seeds == 3
    assert t.band("sgd", "losses").median.shape == (80,)
    assert len(t["sgd"].moves) == 51 and len(t.seeds("sgd")[1].moves) == 0


def test_divergence_is_an_outcome_and_infinite_from_there():
    t = train([optimizer("sgd", lr=1e6), SPECS["sgd"]], seeds=2, **SMALL)
    run = t["sgd"]
    k = run.outcome_step
    assert run.outcome is TrainingOutcome.DIVERGED and run.status == f"diverged at step {k}"
    assert np.isfinite(run.losses[:k]).all() and np.isinf(run.losses[k:]).all() and len(run.losses) == 80
    assert np.isinf(run.test_losses[-1]) and run.final_accuracy == 0.0
    assert (run.predictions[-1] == NO_PREDICTION).all()
    assert t["sgd 2"].outcome is TrainingOutcome.FINISHED
    assert np.isinf(t.band("sgd", "losses").median[-1]) and not np.isnan(t.band("sgd", "losses").low).any()
    assert len(t.to_frame()) == 4 * 81


def test_progress_is_reported_in_this_thread_and_grows():
    seen = []

    def progress(p):
        assert threading.current_thread() is here
        partial = p.so_far()
        assert sum(len(run.losses) for run in partial) >= round(p.fraction * partial.steps * len(partial))
        seen.append((p.fraction, p.seconds, p.seconds_left, partial))

    here = threading.current_thread()
    t = go("sgd", "adam", progress=progress, epochs=4)
    fractions = [s[0] for s in seen]
    assert fractions == sorted(fractions) and fractions[-1] == 1.0 and seen[-1][2] == 0.0
    partial = seen[0][3]["adam"]
    assert partial.outcome in (TrainingOutcome.RUNNING, TrainingOutcome.FINISHED)
    assert np.array_equal(partial.losses, t["adam"].losses[: len(partial.losses)])


def test_an_error_in_progress_stops_training_and_is_raised():
    def progress(_):
        raise RuntimeError("the tab was closed")

    before = threading.active_count()
    with pytest.raises(RuntimeError, match="the tab was closed"):
        go("sgd", progress=progress, epochs=100)
    assert threading.active_count() == before


@pytest.mark.timed
def test_cancel_stops_within_a_second_and_keeps_what_was_recorded():
    cancel, at = threading.Event(), []

    def progress(p):
        if all(len(run.losses) for run in p.so_far().runs) and not cancel.is_set():  # each has begun
            at.append(time.perf_counter())
            cancel.set()

    t = go("sgd", "adam", progress=progress, cancel=cancel, epochs=100)
    assert time.perf_counter() - at[0] < 1.0
    run = t["adam"]
    assert run.outcome is TrainingOutcome.CANCELLED and run.status.startswith("cancelled at step ")
    assert 0 < len(run.losses) == run.outcome_step < 8000 and np.isfinite(run.losses).all()
    assert len(run.eval_steps) == len(run.test_losses) >= 1


def test_torchs_own_number_of_threads_is_left_alone():
    threads = 2
    torch.set_num_threads(threads)
    go("sgd", "adam")
    fresh = []
    other = threading.Thread(target=lambda: fresh.append(torch.get_num_threads()))
    other.start()
    other.join()
    assert torch.get_num_threads() == threads and fresh == [threads]


@pytest.mark.parametrize(("size", "runs"), [(297_710, 3), (297_710, 6), (4_000_000, 2)])
def test_snapshots_stay_under_their_cap(size, runs):
    steps = snapshot_steps(1000, size, runs)
    assert len(steps) * size * 2 * runs <= growing_run.MAX_SNAPSHOT_BYTES
    assert steps[0] == 0 and steps[-1] == 1000 and len(steps) <= growing_run.MAX_SNAPSHOTS


@pytest.mark.parametrize(
    ("arguments", "sentence"),
    [
        ({"epochs": 0}, "epochs must be a whole number from 1 to 100; got 0."),
        ({"epochs": "many"}, "epochs must be a whole number from 1 to 100; got 'many'."),
        ({"batch_size": 8001}, "batch_size must be a whole number from 1 to 8,000; got 8001."),
        ({"batch_size": 1, "epochs": 100}, "100 epochs of batch_size 1 are 800,000 steps; at most 100,000."),
        ({"hidden": (300, 0)}, "hidden layer 2 must be a whole number from 1 to 1,024; got 0."),
        ({"hidden": ()}, "hidden must have 1 to 4 layers; got 0."),
        ({"hidden": 300}, "hidden must be a tuple of layer sizes, such as (300, 200); got 300."),
        ({"seed": -1}, "seed must be a whole number from 0 to 4,294,967,295; got -1."),
        ({"seeds": 11}, "seeds must be a whole number from 1 to 10; got 11."),
        ({"optimizers": []}, "Choose 1 to 6 optimizers; got 0."),
        ({"optimizers": [optimizer("sgd")] * 7}, "Choose 1 to 6 optimizers; got 7."),
        (
            {"optimizers": optimizer("sgd", lr_scale={"layer.3": 1.0})},
            "sgd: the network has no layer 'layer.3'; did you mean 'layer.",
        ),
        ({"optimizers": optimizer("sgd", lr_scale=(1.0, 0.5))}, "sgd: the network has no layer 'x'; choose one of"),
        ({"data": "/nowhere.npz"}, "The digits in '/nowhere.npz' could not be read: No such file or directory."),
    ],
)
def test_bad_input_gets_its_sentence(arguments, sentence):
    with pytest.raises(SpecError) as error:
        train(**{"optimizers": [optimizer("sgd")], **arguments})
    assert sentence in str(error.value) and "\n" not in str(error.value)


def test_unknown_labels_and_bands_get_their_sentence():
    t = go("adam")
    with pytest.raises(SpecError, match="No run is labelled 'adma'; did you mean 'adam'"):
        t["adma"]
    with pytest.raises(SpecError, match="Unknown band 'loss'; did you mean 'losses'"):
        t.band("adam", "loss")
