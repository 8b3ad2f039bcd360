"""The largest eigenvalues are the dense Hessian's, the edges are where torch's optimizers lose their hold."""

import copy

import numpy as np
import pytest
import torch
from scipy.sparse import linalg
from torch import nn

import optim_viz as ov
from optim_viz.network import hessian
from optim_viz.network.device import device
from optim_viz.network.edges import EDGES, hyperparameters
from optim_viz.network.mlp import Layout
from tests.network.models import MODELS, images, loss, made, trained

#: torch's own, of what it imports for its first derivative forward: the dense Hessian's.
pytestmark = pytest.mark.filterwarnings("ignore:.*torch.jit.script:DeprecationWarning")


def dense(model, batch):
    """The Hessian of the loss in all weights, float64, by torch's own function."""
    shapes = [(n, p.shape, p.numel()) for n, p in model.named_parameters()]
    flat = torch.cat([p.detach().reshape(-1) for p in model.parameters()]).double()
    double, batch = copy.deepcopy(model).double(), tuple(t.double() if t.is_floating_point() else t for t in batch)

    def value(w):
        parts = w.split([n for *_, n in shapes])
        named = {name: part.view(shape) for (name, shape, _), part in zip(shapes, parts, strict=True)}
        return loss(lambda x: torch.func.functional_call(double, named, (x,)), batch)

    with torch.nn.attention.sdpa_kernel(torch.nn.attention.SDPBackend.MATH):
        return torch.func.hessian(value)(flat).numpy()


@pytest.mark.parametrize("name", MODELS)
def test_the_largest_eigenvalues_are_the_dense_hessians(name):
    rec, batch = trained(made(name), MODELS[name][1](), steps=3), MODELS[name][1]()
    found = ov.sharpness(rec, loss=loss, data=batch, count=3, snapshots=1)["sgd"].eigenvalues[0]
    nn.utils.vector_to_parameters(torch.from_numpy(rec.recording.snapshot(0)), rec.model.parameters())
    for part in rec.model.modules():
        if isinstance(part, nn.BatchNorm2d):
            part.track_running_stats = False
    wanted = np.linalg.eigvalsh(dense(rec.model, batch))[::-1][:3]
    assert found[0] == pytest.approx(wanted[0], rel=1e-4)
    np.testing.assert_allclose(found, wanted, rtol=1e-3)


def test_adams_is_that_of_the_preconditioned_hessian():
    model, batch = made("logistic"), images()
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    rec = ov.record(model, "adam", optimizer=adam, scales=True)
    for _ in range(4):
        adam.zero_grad()
        value = loss(model, batch)
        value.backward()
        adam.step()
        rec.step(value)
    found = ov.sharpness(rec, loss=loss, data=batch)["adam"]
    assert np.isnan(found.preconditioned[0]) and found.adaptive
    scale = rec.recording.scale(-1).astype(float)
    wanted = np.linalg.eigvalsh(dense(model, batch) / np.sqrt(np.outer(scale, scale)))[-1]
    assert found.preconditioned[-1] == pytest.approx(wanted, rel=1e-4)
    np.testing.assert_allclose(found.edge, 38 / 0.01)  # (2 + 2 * 0.9) / (1 - 0.9)
    without = ov.sharpness(ov.record(model, optimizer=adam), loss=loss, data=batch).curvatures[0]
    assert np.isnan(without.edge).all() and not without.words and not without.adaptive


#: Options of a torch optimizer, lr left out, whose edge is known.
HELD = [
    ("SGD", {}),
    ("SGD", {"momentum": 0.9}),
    ("SGD", {"momentum": 0.5, "dampening": 0.3}),
    ("SGD", {"momentum": 0.8, "nesterov": True}),
    ("SGD", {"momentum": 0.3, "weight_decay": 4.0}),
]


@pytest.mark.parametrize(("name", "options"), HELD)
def test_an_edge_is_where_torchs_optimizer_loses_its_hold(name, options):
    """On s/2 * w^2: 1 % below the edge the weight shrinks, 1 % above it grows."""
    lr, ends = 0.1, []
    probe = getattr(torch.optim, name)([torch.ones(1, requires_grad=True)], lr=lr, **options)
    h = hyperparameters(probe.param_groups[0])
    edge = EDGES[name].factor(h) / lr - EDGES[name].shift(h)
    for s in (0.99 * edge, 1.01 * edge):
        w = torch.ones(1, dtype=torch.float64, requires_grad=True)
        optimizer = getattr(torch.optim, name)([w], lr=lr, **options)
        for _ in range(2000):
            w.grad = s * w.detach()
            optimizer.step()
        ends.append(abs(w.item()))
    assert ends[0] < 1e-3 and ends[1] > 1e3


@pytest.mark.parametrize("name", ["Adam", "AdamW", "RMSprop"])
def test_an_adaptive_edge_is_that_of_its_rule_with_p_held(name):
    lr, ends = 0.1, []
    h = {"lr": lr, "beta1": 0.9, "momentum": 0.6}
    beta, ema = (0.9, 0.1) if name != "RMSprop" else (0.6, 1.0)
    for s in (0.99 * EDGES[name].factor(h) / lr, 1.01 * EDGES[name].factor(h) / lr):
        w, m = 1.0, 0.0
        for _ in range(3000):
            m = beta * m + ema * s * w
            w -= lr * m
        ends.append(abs(w))
    assert ends[0] < 1e-3 and ends[1] > 1e3


@pytest.fixture(scope="module")
def training():
    adam = ov.optimizer("adam", lr=0.01, amsgrad=True)
    specs = [ov.optimizer("sgd", lr=0.04), ov.optimizer("nesterov", lr=0.01), adam, "rmsprop", "adagrad"]
    return ov.train(specs, epochs=1, batch_size=2000, hidden=(5,), final_relu=False)


def test_a_training_of_the_built_in_network(training):
    found = ov.sharpness(training, digits=50, snapshots=3)
    assert found.labels == training.labels and found["sgd"].steps.tolist() == [0, 2, 4]
    assert found["sgd"].edge.tolist() == [50.0] * 3 and found["nesterov"].words == "(2 + 2β) / (1 + 2β) / lr"
    assert found["adam"].adaptive and found["rmsprop"].adaptive and not found["adagrad"].words
    layout = Layout((5,))
    widths = layout.shapes
    model = nn.Sequential(*[part for out, into in widths for part in (nn.Linear(into, out), nn.ReLU())][:-1])
    from optim_viz.network import digits

    data = digits.load()
    batch = torch.from_numpy(data.train_x[:50]).float() / 255, torch.from_numpy(data.train_y[:50]).long()
    for label in ("sgd", "adam"):
        nn.utils.vector_to_parameters(torch.from_numpy(training[label].weights(-1)), model.float().parameters())
        top = power(model, batch)
        assert found[label].eigenvalues[-1, 0] == pytest.approx(top, rel=1e-3)


def power(model, batch, steps=200):
    """The largest eigenvalue by power iteration with autograd's double backward."""
    params = [*model.parameters()]
    slopes = torch.autograd.grad(loss(model, batch), params, create_graph=True)
    draw = torch.Generator().manual_seed(0)
    v = [torch.randn(p.shape, generator=draw) for p in params]
    for _ in range(steps):
        length = sum(float((part**2).sum()) for part in v) ** 0.5
        v = [part / length for part in v]
        inner = sum((s * part).sum() for s, part in zip(slopes, v, strict=True))
        v = torch.autograd.grad(inner, params, retain_graph=True)
    return sum(float((part**2).sum()) for part in v) ** 0.5


def test_a_replayed_run_is_the_same_run(training):
    """What Adam divided by, from the run once more, is what a plain torch loop on the same batches has."""
    from optim_viz.network import digits
    from optim_viz.network.one_run import Data
    from optim_viz.network.replay import seen_again

    run = training["adam"]
    last = [*seen_again(run, training.spec, 3)][-1]
    model = nn.Sequential(nn.Linear(784, 5), nn.ReLU(), nn.Linear(5, 10)).to(device())
    nn.utils.vector_to_parameters(torch.from_numpy(run.start.copy()).to(device()), model.parameters())
    adam = torch.optim.Adam(model.parameters(), lr=0.01, amsgrad=True)
    for turn in Data.of(digits.load()).turns(training.spec, run.seed):
        for batch in turn:
            adam.zero_grad()
            loss(model, batch).backward()
            adam.step()
    top = torch.cat([adam.state[p]["max_exp_avg_sq"].reshape(-1) for p in model.parameters()])
    wanted = (1 - 0.9**4) * ((top / (1 - 0.999**4)).sqrt() + 1e-8)
    np.testing.assert_allclose(last.scale, wanted.cpu().numpy(), rtol=1e-3, atol=1e-9)


def test_the_figure_shows_what_was_measured(training):
    found = ov.sharpness(training, digits=50, snapshots=3)
    figure = found.figure(dark=True)
    names = [trace.name for trace in figure.data]
    edges = [name for name in names if name.startswith("edge: ")]
    assert sum(name.startswith("edge: 2 / lr = ") for name in edges) == 2  # sgd's and RMSprop's
    assert any(name.startswith("edge: (2 + 2β1) / (1 - β1) / lr = ") for name in edges)
    assert figure.data[0].x.tolist() == [0, 2, 4] and figure.layout.xaxis2.title.text == "step"
    np.testing.assert_allclose(figure.data[0].y, found["sgd"].eigenvalues[:, 0], rtol=1e-6)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda rec, t: ov.sharpness(3), "takes what ov.train or ov.record returns; got 3."),
        (lambda rec, t: ov.sharpness(t, loss=loss), "loss and data are for recordings."),
        (lambda rec, t: ov.sharpness(rec, digits=5, loss=loss), "have no digits, but data"),
        (
            lambda rec, t: ov.sharpness(rec, loss=loss, data=images(), count=0),
            "count must be a whole number from 1 to 20",
        ),
        (lambda rec, t: ov.sharpness(rec, loss=loss, data=images(), batchnorm="recalibrate"), "'batch' or 'eval'"),
    ],
)
def test_a_wrong_call_says_what_to_write_instead(call, words, training):
    with pytest.raises(ov.SpecError) as error:
        call(ov.record(made("cnn")), training)
    assert words in str(error.value)


def test_where_there_is_no_hessian_there_is_no_curvature():
    rec = ov.record(made("logistic"), "sgd")
    with torch.no_grad():
        rec.model[1].bias.zero_()
    rec.step(1.0)
    found = ov.sharpness(rec, loss=lambda call, x: call(0 * x).abs().sqrt().mean(), data=images()[0])["sgd"]
    assert np.isfinite(found.eigenvalues[0]).all() and np.isnan(found.eigenvalues[1]).all()
    assert np.isnan(found.edge).all()


def test_under_inference_mode_trainings_are_seen_as_they_are_elsewhere():
    def seen():
        t = ov.train("adam", epochs=1, batch_size=1000, hidden=(4,))
        task = ov.matrix_task(["muon", "sgd"], steps=3)
        eigenvalues = ov.sharpness(t, snapshots=2, digits=100)["adam"].eigenvalues
        return ov.project(t, resolution=5, digits=100).loss, eigenvalues, task["muon"].losses

    expected = seen()
    with torch.inference_mode():
        found = seen()
    for ours, theirs in zip(found, expected, strict=True):
        np.testing.assert_allclose(ours, theirs, rtol=1e-4)


def test_an_error_of_arpacks_is_one_of_arithmetic(monkeypatch):
    def refusing(*args, **kwargs):
        raise linalg.ArpackError(-9)

    monkeypatch.setattr(linalg, "eigsh", refusing)
    with pytest.raises(ArithmeticError, match="-9"):
        hessian.largest(lambda v: v, 100, 1)
