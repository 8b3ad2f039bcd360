"""A stranger's optimizer does here what it does in a plain torch loop, on a surface and on the network, or is refused.

The loops below know nothing of ours: each is written as the optimizer's own documentation asks for it.
"""

import dataclasses
import itertools
import random
import threading

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz.network import digits, train
from optim_viz.network.device import device
from optim_viz.optimizers.specs import as_spec
from optim_viz.surfaces import descent
from optim_viz.surfaces.examples import examples
from optim_viz.surfaces.expression import FUNCTIONS
from optim_viz.surfaces.oracles import batch_indices, draws
from optim_viz.surfaces.table import SURFACES
from tests.reference import torch_loss

SGD = torch.optim.SGD
STEPS, SMALL = 15, {"epochs": 1, "batch_size": 2000, "hidden": (8,)}
#: name -> how its documentation says it is called, and how it is made of a package and parameters.
REAL = {
    "SAM": ("gradients, then closure", lambda po, p: po.SAM(p, base_optimizer=SGD, lr=1e-3, rho=0.5)),
    "LookSAM": ("gradients, then closure", lambda po, p: po.LookSAM(p, base_optimizer=SGD, lr=1e-3, k=3)),
    "FriendlySAM": ("gradients, then closure", lambda po, p: po.FriendlySAM(p, base_optimizer=SGD, lr=1e-3)),
    "BSAM": ("gradients, then closure", lambda po, p: po.BSAM(p, num_data=100, lr=1e-3)),
    "EmoNavi": ("closure", lambda po, p: po.EmoNavi(p, lr=1e-3)),
    "LBFGS": ("closure", lambda po, p: torch.optim.LBFGS(p, lr=0.1, max_iter=3)),
    # Where a curvature is all but 0 its step is huge, and rounding with it: at 0.05 processors part in the first step.
    "AdaHessian": ("graph", lambda po, p: po.AdaHessian(p, lr=1e-3)),
    "SophiaH": ("graph", lambda po, p: po.SophiaH(p, lr=0.01, update_period=3)),
    "Gravity": ("gradients", lambda po, p: po.Gravity(p, lr=1e-3)),
    "Lion": ("gradients", lambda po, p: po.Lion(p, lr=1e-3)),
    "Lookahead": ("gradients", lambda po, p: po.Lookahead(SGD(p, lr=1e-3), k=3)),
    "FlashAdamW": ("gradients", lambda po, p: po.FlashAdamW(p, lr=1e-3)),
    "ScheduleFreeAdamW": ("train and eval", lambda po, p: po.ScheduleFreeAdamW(p, lr=0.05)),
    "ScheduleFreeWrapper": ("train and eval", lambda po, p: po.ScheduleFreeWrapper(SGD(p, lr=1e-3))),
    "SPlus": ("train and eval", lambda po, p: po.SPlus(p, lr=0.05)),
}


@pytest.fixture(scope="module")
def po():
    import pytorch_optimizer  # seconds: once

    return pytorch_optimizer


def named(name, factory):
    """A factory under a name of its own."""
    factory.__name__ = name
    return factory


def seeded(seed):
    torch.manual_seed(seed)
    np.random.seed(seed)
    random.seed(seed)


def plain_loop(protocol, make, params, losses, look_at):
    """Step once for each of `losses`; return what was looked at after each step, the losses, and how many looks.

    A closure that is called where the step's first look was tells nothing new, so that is no second look.
    """
    seeded(0)
    optimizer, seen, values, looks = make(params), [], [], 0
    averages = protocol == "train and eval"
    if averages:
        optimizer.train()
    for loss in losses:
        looked = []

        def closure(loss=loss, looked=looked):
            nonlocal looks
            now = torch.cat([p.detach().flatten() for p in params])
            looks += not (len(looked) == 1 and now.equal(looked[0]))
            looked.append(now)
            optimizer.zero_grad()
            value = loss()
            if protocol == "graph":  # backward(create_graph=True), without its warning
                for p, slope in zip(params, torch.autograd.grad(value, params, create_graph=True), strict=True):
                    p.grad = slope
            else:
                value.backward()
            return value

        first = None if protocol == "closure" else closure()
        takes = protocol in ("closure", "gradients, then closure")
        result = optimizer.step(closure) if takes else optimizer.step()
        values.append(float((result if first is None else first).detach()))
        training = [p.detach().clone() for p in params]
        if averages:
            optimizer.eval()
        seen.append(look_at())
        if averages:
            optimizer.train()
            for p, value in zip(params, training, strict=True):
                p.data.copy_(value)
    return np.array(seen), np.array(values), looks


@pytest.mark.parametrize("name", REAL)
def test_on_a_surface_it_walks_as_in_a_plain_loop(po, name):
    protocol, build = REAL[name]
    start = SURFACES["rosenbrock"].start
    theta, height = torch.tensor(start, dtype=torch.float64, requires_grad=True), torch_loss(SURFACES["rosenbrock"])
    make = named(name, lambda params: build(po, params))
    points, _, looks = plain_loop(
        protocol, make, [theta], [lambda: height(*theta)] * STEPS, lambda: theta.detach().numpy().copy()
    )
    run = ov.descend("rosenbrock", make, steps=STEPS)[name]
    np.testing.assert_allclose(run.points[1:], points, rtol=1e-7)
    assert run.gradient_evaluations[-1] == looks
    assert np.abs(points[-1] - start).max() > 1e-6


@pytest.mark.parametrize("name", REAL)
def test_on_the_network_it_learns_as_in_a_plain_loop(po, name):
    protocol, build = REAL[name]
    data, (hidden,) = digits.load(), SMALL["hidden"]
    arrays = (data.train_x, data.train_y, data.test_x, data.test_y)
    x, y, test_x, test_y = (torch.from_numpy(a).to(device()) for a in arrays)  # its draws are those of where it trains
    order = torch.from_numpy(np.random.default_rng((0, 0)).permutation(len(y))).split(SMALL["batch_size"])
    torch.manual_seed(0)
    model = torch.nn.Sequential(
        torch.nn.Linear(784, hidden), torch.nn.ReLU(), torch.nn.Linear(hidden, 10), torch.nn.ReLU()
    ).to(device())

    def loss(rows):
        return torch.nn.functional.cross_entropy(model(x[rows] / 255), y[rows].long())

    def tested():
        with torch.no_grad():
            return torch.nn.functional.cross_entropy(model(test_x / 255), test_y.long()).item()

    make = named(name, lambda params: build(po, params))
    losses = [lambda rows=rows: loss(rows) for rows in order]
    seen, expected, looks = plain_loop(protocol, make, list(model.parameters()), losses, tested)
    run = ov.train(make, **SMALL)[name]
    np.testing.assert_allclose(run.losses, expected, rtol=1e-4)
    np.testing.assert_allclose(run.test_losses[1:], seen, rtol=1e-4)
    assert run.gradient_evaluations[-1] == looks
    assert np.isfinite(run.gradient_norms[:-1]).all() and (run.update_ratios[:-1] > 0).all()


def plain_sgd(params):
    return SGD(params, lr=1e-3)


class Clearing(SGD):
    def step(self, closure=None):
        super().step()
        self.zero_grad()


class Replacing(SGD):
    """Keeps the gradient that it was given, leaves another in its place, and new weights where the old were."""

    @torch.no_grad()
    def step(self):
        for p in self.param_groups[0]["params"]:
            for kept, copy in self.state[p].get("kept", []):
                assert kept.equal(copy)
            self.state[p].setdefault("kept", []).append((p.grad, p.grad.clone()))
            p.data = p.data.add(p.grad, alpha=-1e-3)
            p.grad = torch.full_like(p, torch.inf)


class InBackward(SGD):
    """Steps while gradients are made, as optimizers do that save their memory."""

    def __init__(self, params, lr):
        super().__init__(params, lr=lr)
        for p in params:
            p.register_post_accumulate_grad_hook(self.now)

    @torch.no_grad()
    def now(self, p):
        p.sub_(p.grad, alpha=1e-3)
        p.grad = None

    def step(self):
        pass


@pytest.mark.parametrize("odd", [Clearing, Replacing, InBackward])
def test_what_it_does_to_gradients_and_weights_is_its_own_affair(odd):
    def factory(params):
        return odd(params, lr=1e-3)

    c = ov.descend("rosenbrock", [factory, plain_sgd], steps=STEPS)
    assert np.array_equal(c["factory"].points, c["plain_sgd"].points)
    assert np.array_equal(c["factory"].gradients, c["plain_sgd"].gradients)
    t = ov.train([factory, plain_sgd], **SMALL)
    assert np.array_equal(t["factory"].losses, t["plain_sgd"].losses)
    assert np.array_equal(t["factory"].moves, t["plain_sgd"].moves)


class Drawing(SGD):
    """Draws from everything that a process has to draw from."""

    @torch.no_grad()
    def step(self):
        super().step()
        for p in self.param_groups[0]["params"]:
            p.add_(torch.randn_like(p), alpha=1e-3 * np.random.rand() * random.random())  # noqa: S311


def drawing(params):
    return Drawing(params, lr=1e-3)


def test_equal_seeds_draw_equal_numbers_alone_or_beside_others():
    outside = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    other = as_spec(named("other", lambda params: Drawing(params, lr=1e-2)))
    alone, beside = ov.train(drawing, **SMALL), ov.train([other, drawing, other], seeds=2, **SMALL)
    assert np.array_equal(alone["drawing"].losses, beside["drawing"].losses)
    assert np.array_equal(alone["drawing"].moves, beside["drawing"].moves)
    assert not np.array_equal(alone["drawing"].losses, ov.train(drawing, seed=1, **SMALL)["drawing"].losses)
    paths = []

    def walk():
        paths.append(ov.descend("rosenbrock", drawing, steps=STEPS)["drawing"].points)

    threads = [threading.Thread(target=walk) for _ in range(3)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert all(np.array_equal(a, b) for a, b in itertools.pairwise(paths)) and len(paths) == 3
    assert not np.array_equal(paths[0], ov.descend("rosenbrock", drawing, steps=STEPS, seed=1)["drawing"].points)
    after = torch.get_rng_state(), np.random.get_state()[1].tolist(), random.getstate()
    assert torch.equal(outside[0], after[0]) and outside[1:] == after[1:]


class Newton(SGD):
    """Divides by the curvature along each coordinate, for which gradients must have a graph."""

    def step(self):
        (p,) = self.param_groups[0]["params"]
        rows = [torch.autograd.grad(slope, p, retain_graph=True)[0] for slope in p.grad]
        with torch.no_grad():
            p.sub_(p.grad / torch.stack(rows).diag().abs().clamp(min=1e-3), alpha=0.1)


def test_curvature_is_that_of_the_mini_batch_and_noise_has_none():
    surface = SURFACES["logistic_regression"]
    spec = descent.check(surface, lambda p: Newton(p, lr=0.1), steps=8, batch_size=4, noise=0.1)
    (run,) = descent.run(spec)
    theta = torch.tensor(surface.start, dtype=torch.float64)
    for rows, noise, ours in zip(batch_indices(spec), draws(spec), run.points[1:], strict=True):
        u, v = torch.tensor(examples(surface.data)[rows]).unbind(1)

        def loss(t, u=u, v=v):
            return torch.nn.functional.softplus(-v * (t[0] + t[1] * u)).mean()

        slope = torch.autograd.functional.jacobian(loss, theta) + torch.tensor(noise)
        curvature = torch.autograd.functional.hessian(loss, theta).diag().abs().clamp(min=1e-3)
        theta = theta - 0.1 * slope / curvature
        np.testing.assert_allclose(ours, theta.numpy(), rtol=1e-9)


@pytest.mark.parametrize("function", FUNCTIONS)
def test_every_function_that_can_be_typed_has_a_curvature(function):
    """Newton's first move on f(x) + 50 x^2 is by a tenth of f' + 100 x over f'' + 100."""
    second = FUNCTIONS[function].fewest - 1
    text = f"{function}(0.3*x{', 0.2' * second}) + 50*x^2"
    run = ov.descend(ov.surface(text), lambda p: Newton(p, lr=0.1), start=(0.5, 0.0), steps=1)
    x, parts = torch.tensor(0.5, dtype=torch.float64), [torch.tensor(0.2, dtype=torch.float64)] * second
    other = {"softplus": torch.nn.functional.softplus, "max": torch.maximum, "min": torch.minimum}
    f = other.get(function) or getattr(torch, function)
    slope, curvature = (
        derivative(lambda x: f(0.3 * x, *parts) + 50 * x**2, x)
        for derivative in (torch.autograd.functional.jacobian, torch.autograd.functional.hessian)
    )
    assert run["own"].points[1, 0] == pytest.approx((x - 0.1 * slope / curvature).item(), rel=1e-12)


def muon(params):
    return torch.optim.Muon(params, lr=0.02)


def raising(params):
    class Raising(SGD):
        def step(self, closure=None):
            raise ArithmeticError("no\nmore " + "x" * 500)

    return Raising(params, lr=0.1)


def needy(params):
    class Needy(SGD):
        def step(self, loss):
            return loss.item()

    return Needy(params, lr=0.1)


@pytest.mark.parametrize(
    ("factory", "sentence"),
    [
        (muon, "muon stopped with ValueError: Muon only supports 2D parameters"),
        (raising, "raising stopped with ArithmeticError: no more"),
        (needy, "needy stopped with AttributeError: 'function' object has no attribute 'item'"),
        (named("three", lambda params: 3), "three stopped with AttributeError: 'int' object has no attribute 'step'"),
    ],
)
def test_what_it_stops_with_is_one_sentence_everywhere(factory, sentence):
    for run in (lambda: ov.descend("rosenbrock", factory, steps=3), lambda: ov.train(factory, **SMALL)):
        with pytest.raises(ov.SpecError) as error:
            run()
        assert str(error.value).startswith(sentence) and "\n" not in str(error.value) and len(str(error.value)) < 250


class MuteError(Exception):
    def __str__(self):
        raise ZeroDivisionError


@pytest.mark.parametrize(
    ("error", "sentence"), [(ValueError("x" * 500), "ValueError: " + "x" * 100), (MuteError(), "MuteError: ")]
)
def test_a_message_is_cut_by_characters_and_one_that_cannot_be_told_is_left_out(error, sentence):
    class Raising(SGD):
        def step(self, closure=None):
            raise error

    for run in (lambda: ov.descend("quadratic", Raising, steps=3), lambda: ov.matrix_task(Raising, steps=3)):
        with pytest.raises(ov.SpecError) as told:
            run()
        assert str(told.value).startswith(f"Raising stopped with {sentence}") and len(str(told.value)) < 250


def halved(optimizer, p):
    p.data = p.data.half()


def stretched(optimizer, p):
    p.data = torch.zeros(7)


def frozen(optimizer, p):
    p.requires_grad_(False)


@pytest.mark.parametrize(
    ("change", "sentence"),
    [
        (halved, "Changing made a parameter another tensor, from float"),
        (stretched, "Changing made a parameter another tensor, from float"),
        (frozen, "Changing switched off a parameter's gradient (requires_grad)"),
    ],
)
def test_a_step_that_makes_parameters_other_tensors_is_told(change, sentence):
    class Changing(SGD):
        def step(self, closure=None):
            super().step(closure)
            for p in self.param_groups[0]["params"]:
                change(self, p)

    for run in (
        lambda: ov.descend("quadratic", Changing, steps=3),
        lambda: ov.sweep("quadratic", Changing, {"x": [1.0, 2.0]}, steps=3),
        lambda: ov.train(Changing, **SMALL),
        lambda: ov.matrix_task(Changing, steps=3),
    ):
        with pytest.raises(ov.SpecError) as error:
            run()
        assert str(error.value).startswith(sentence)


def elsewhere(params):
    return SGD([torch.zeros(2, requires_grad=True)], lr=0.1)


@pytest.mark.parametrize(
    "run",
    [
        lambda: ov.descend("quadratic", elsewhere, steps=3),
        lambda: ov.sweep("quadratic", elsewhere, {"x": [1.0, 2.0]}, steps=3),
        lambda: ov.train(elsewhere, **SMALL),
        lambda: ov.matrix_task(elsewhere, steps=3),
    ],
)
def test_one_that_is_made_over_other_tensors_is_refused(run):
    with pytest.raises(ov.SpecError, match="elsewhere was made over other tensors than the parameters"):
        run()


def test_state_without_numbers_is_no_history_and_sparse_state_is():
    class Stateful(SGD):
        def step(self, closure=None):
            super().step(closure)
            for p in self.param_groups[0]["params"]:
                self.state[p].update(none=torch.zeros(2, device="meta"), few=torch.ones_like(p).to_sparse())

    state = ov.descend("quadratic", Stateful, steps=3)["Stateful"].state
    assert "none" not in state and (state["few"][1:] == 1).all()


def test_a_scale_of_learning_rates_is_refused_where_it_would_be_ignored():
    spec = dataclasses.replace(as_spec(plain_sgd), lr_scale=(("layer.0", 0.5),))
    with pytest.raises(ov.SpecError, match="plain_sgd: lr_scale is not possible with an optimizer of your own"):
        train.check([spec])
