"""Recordings of any module on a plane: exact for three snapshots, the loop's own losses, each mode of BatchNorm."""

import re
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere
from torch.utils.data import DataLoader, TensorDataset

import optim_viz as ov
from optim_viz.language import speaking, tr
from optim_viz.network import chunks, pca
from optim_viz.network.module_loss import Given, ModuleLoss
from optim_viz.network.plane import BATCHNORM
from tests.network.models import MODELS, accuracy, images, loss, made, trained, vector


@pytest.fixture(scope="module")
def recordings():
    """Each network's recording of 12 steps, and its batch."""
    return {name: (trained(made(name), data()), data()) for name, (_, data) in MODELS.items()}


@pytest.mark.parametrize("name", MODELS)
def test_the_loss_at_a_snapshot_is_the_loops_own(name, recordings):
    rec, batch = recordings[name]
    plane = ov.project(rec, loss=loss, data=batch, resolution=5)
    steps = plane.snapshot_steps["sgd"]
    assert steps[-1] == 12
    np.testing.assert_allclose(plane.true_losses["sgd"][:-1], rec.losses[steps[:-1]], rtol=1e-6)
    assert plane.digits == 24 and plane.examples == "examples"


@pytest.mark.parametrize("mode", BATCHNORM)
def test_where_three_snapshots_span_the_plane_its_losses_are_the_paths(mode):
    rec = trained(made("cnn"), images(), steps=2, lr=0.2)
    plane = ov.project(rec, loss=loss, data=images(), resolution=5, batchnorm=mode)
    assert plane.explained_variance.sum() == pytest.approx(1.0, abs=1e-9)
    for i, (a, b) in enumerate(plane.coordinates["sgd"]):
        seen = plane.origin + a * plane.axes[0] + b * plane.axes[1]
        np.testing.assert_allclose(seen, rec.recording.snapshot(i), atol=1e-6)
    np.testing.assert_allclose(plane.plane_losses["sgd"], plane.true_losses["sgd"], rtol=1e-4)
    assert plane.caption.endswith(BATCHNORM[mode].sentence.format(run="sgd")) and plane.title == BATCHNORM[mode].title
    with speaking("zh"):
        assert not re.findall("[a-z]{3,}", f"{tr(plane.title)} {tr(plane.caption)}".replace("sgd", ""))


def test_each_mode_of_batchnorm_is_torchs_own():
    rec, (x, y) = trained(made("cnn"), images(), steps=6), images()
    found = {mode: ov.project(rec, loss=loss, data=(x, y), resolution=5, batchnorm=mode) for mode in BATCHNORM}
    model = rec.model
    torch.nn.utils.vector_to_parameters(torch.from_numpy(rec.recording.snapshot(-1)), model.parameters())
    with torch.no_grad():
        model.eval()
        assert found["eval"].true_losses["sgd"][-1] == pytest.approx(loss(model, (x, y)).item(), rel=1e-6)
        model[1].train()
        assert found["batch"].true_losses["sgd"][-1] == pytest.approx(loss(model, (x, y)).item(), rel=1e-6)
        model[1].reset_running_stats()
        model[1].momentum = None
        model(x)
        model[1].eval()
        assert found["recalibrate"].true_losses["sgd"][-1] == pytest.approx(loss(model, (x, y)).item(), rel=1e-6)
    assert len({round(plane.loss[0, 0], 6) for plane in found.values()}) == 3


def test_the_module_is_left_as_it_was():
    rec, batch = trained(made("cnn"), images(), steps=3), images()
    model = rec.model
    before = {name: value.clone() for name, value in model.state_dict().items()}
    modes, random = [part.training for part in model.modules()], torch.get_rng_state()
    for mode in BATCHNORM:
        ov.project(rec, loss=loss, data=batch, resolution=5, batchnorm=mode)
    with pytest.raises(ZeroDivisionError):
        ov.project(rec, loss=lambda call, b: 1 / 0, data=batch)
    assert [part.training for part in model.modules()] == modes and model[1].track_running_stats
    assert model[1].momentum == 0.1 and torch.equal(torch.get_rng_state(), random)
    for name, value in model.state_dict().items():
        assert torch.equal(value, before[name])


@pytest.mark.parametrize("name", MODELS)
def test_every_way_gives_the_losses_of_the_loop(name, recordings, monkeypatch):
    rec, batch = recordings[name]
    names, planes = [], []
    for i in range(3 if name == "cnn" else 2):

        def taken(ways, rest, out, i=i):
            names.append([way.__name__ for way in ways])
            return ways[i]

        monkeypatch.setattr(chunks, "_fastest", taken)
        planes.append(ov.project(rec, loss=loss, data=batch, resolution=7))
    assert names == [["loop", "by_pixel", "mapped"] if name == "cnn" else ["loop", "mapped"]] * len(planes)
    for plane in planes[1:]:
        np.testing.assert_allclose(plane.loss, planes[0].loss, rtol=1e-5)
        np.testing.assert_allclose(plane.true_losses["sgd"], planes[0].true_losses["sgd"], rtol=1e-5)


def test_a_network_that_looks_at_how_an_image_lies_is_looped(monkeypatch):
    """A view that is none where channels lie last; and one whose loss is another there."""

    def viewed(call, batch):
        return F.cross_entropy(call(batch[0]).view(len(batch[1]), -1)[:, :5], batch[1])

    def asking(call, batch):
        found = call(batch[0])
        return found.square().mean() * found.stride(1)

    rec = ov.record(nn.Sequential(nn.Conv2d(1, 3, 3), nn.ReLU()), "sgd")
    for one in (viewed, asking):
        seen = []
        monkeypatch.setattr(chunks, "_fastest", lambda ways, rest, out, seen=seen: seen.extend(ways) or ways[0])
        plane = ov.project(rec, kind="random", loss=one, data=images(), resolution=9)
        assert [way.__name__ for way in seen] == ["loop", "mapped"]
        assert plane.true_losses["sgd"][0] == pytest.approx(one(rec.model, images()).item(), rel=1e-6)


def test_the_fastest_way_takes_what_is_left_and_one_that_fails_none(monkeypatch):
    clock = []
    monkeypatch.setattr(chunks, "time", SimpleNamespace(perf_counter=lambda: sum(clock)))

    def way(seconds):
        def taken(chunk):
            clock.append(seconds)
            return [1 / seconds] * len(chunk)

        return taken

    ways, rest, out = [way(4), way(2), way(20), way(0)], [torch.zeros(1)] * 9, []
    assert chunks._fastest(ways, rest, out) is ways[1]
    assert out == [1 / 4] * 2 + [1 / 2] * 2 + [1 / 20] and len(rest) == 4  # the slow one is not tried twice


def test_what_vmap_cannot_is_looped(recordings):
    rec, batch = recordings["logistic"]

    def branching(call, batch):
        value = loss(call, batch)
        return value if value.item() > 0 else -value

    plain = ov.project(rec, loss=loss, data=batch, resolution=9)
    np.testing.assert_allclose(ov.project(rec, loss=branching, data=batch, resolution=9).loss, plain.loss, rtol=1e-5)


def test_two_recordings_from_different_starts_are_on_their_plane(tmp_path):
    a, b = (trained(made("cnn", seed), images(), label="sgd", dtype=d) for seed, d in ((0, "float16"), (1, "float32")))
    plane = ov.project([a, b], loss=loss, data=images(), resolution=5)
    assert plane.labels == ("sgd", "sgd 2")
    runs = (a.recording, b.recording)
    snapshots = np.array([r.snapshot(i) for r in runs for i in range(len(r.snapshot_steps))], float)
    centred = snapshots - snapshots.mean(0)
    s = np.linalg.svd(centred, compute_uv=False)
    np.testing.assert_allclose(plane.explained_variance, (s**2 / (s**2).sum())[:2], rtol=1e-5)
    seen = np.concatenate([plane.coordinates[label] for label in plane.labels])
    np.testing.assert_allclose(seen, centred @ plane.axes.T, atol=1e-5)
    a.save(tmp_path / "a.safetensors")
    b.save(tmp_path / "b.safetensors")
    loaded = [ov.load(tmp_path / "a.safetensors", a.model), ov.load(tmp_path / "b.safetensors")]
    again = ov.project(loaded, loss=loss, data=images(), resolution=5)
    np.testing.assert_allclose(again.loss, plane.loss, rtol=1e-6)


@pytest.mark.parametrize("name", ["cnn", "tied"])
def test_random_directions_are_normalised_filter_by_filter(name, recordings):
    rec, batch = recordings[name]
    plane = ov.project(rec, kind="random", loss=loss, data=batch, resolution=5, seed=3)
    np.testing.assert_allclose(plane.origin, rec.recording.snapshot(-1), atol=1e-7)
    own, axes = rec.weights.split(plane.origin), rec.weights.split(plane.axes)
    for part, value in own.items():
        if value.ndim < 2:
            assert not axes[part].any()
            continue
        lengths = np.linalg.norm(axes[part].reshape(2, len(value), -1), axis=-1)
        np.testing.assert_allclose(lengths[1], np.linalg.norm(value.reshape(len(value), -1), axis=-1), rtol=1e-5)


def test_a_plane_through_three_ends_holds_them():
    recs = [trained(made("logistic", seed), images(), label=f"start {seed}") for seed in range(3)]
    plane = ov.project(recs, kind="ends", loss=loss, data=images(), resolution=5)
    np.testing.assert_allclose(pca.products([plane.axes], [plane.axes]), np.eye(2), atol=1e-6)
    for rec, label in zip(recs, plane.labels, strict=True):
        assert plane.distances[label][-1] < 1e-3
        assert plane.plane_losses[label][-1] == pytest.approx(plane.true_losses[label][-1], rel=1e-4)
        a, b = plane.coordinates[label][-1]
        np.testing.assert_allclose(
            plane.origin + a * plane.axes[0] + b * plane.axes[1], rec.recording.snapshot(-1), atol=1e-5
        )
    with pytest.raises(ov.SpecError, match="A plane through ends takes three runs; got 2"):
        ov.project(recs[:2], kind="ends", loss=loss, data=images())


def test_a_dataloader_is_the_mean_over_its_batches(recordings):
    rec, (x, y) = recordings["logistic"]
    loader = DataLoader(TensorDataset(x, y), batch_size=7)
    whole, parts = (ov.project(rec, loss=loss, data=d, resolution=5) for d in ((x, y), loader))
    np.testing.assert_allclose(parts.loss, whole.loss, rtol=1e-5)
    assert parts.digits == 24


def test_other_values_of_the_weights_can_be_asked_for(recordings):
    rec, batch = recordings["logistic"]
    losses = ModuleLoss(rec.model, rec.weights, {}, Given(loss, batch))
    share = losses.at(lambda i: vector(rec.model), 1, accuracy)[0]
    assert share == pytest.approx(float(accuracy(rec.model, batch)))


def diverged():
    rec = ov.record(made("logistic"))
    rec.step(np.inf)
    return rec


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (ov.project, "Recordings need a loss, such as loss=lambda call, batch:"),
        (lambda rec: ov.project(rec, loss=loss), "Recordings need data: a batch that the loss takes"),
        (lambda rec: ov.project(rec, loss=lambda call, b: call(b[0]), data=images()), "tensor of shape (24, 5)"),
        (lambda rec: ov.project(rec, loss=loss, data=images(), batchnorm="train"), "Unknown batchnorm 'train'"),
        (lambda rec: ov.project(rec, loss=loss, data=images(), digits=5), "Recordings have no digits, but data"),
        (lambda rec: ov.project([rec, 3], loss=loss, data=images()), "ov.record's recordings; got ["),
        (lambda rec: ov.project([], loss=loss, data=images()), "ov.record's recordings; got ["),
        (lambda rec: ov.project([rec] * 9, loss=loss, data=images()), "Give 1 to 8 recordings; got 9."),
        (lambda rec: ov.project([rec, ov.record(made("cnn"))], loss=loss, data=images()), "of different weights"),
        (lambda rec: ov.project(diverged(), loss=loss, data=images()), "every one diverged"),
        (lambda rec: ov.save(rec, "a.json"), "JSON file could repeat: rec.save('run.safetensors')"),
        (lambda rec: ov.save(rec, "a.py"), "The script of a recording is the loop that was recorded."),
    ],
)
def test_a_wrong_call_says_what_to_write_instead(call, words, recordings):
    with pytest.raises(ov.SpecError) as error:
        call(recordings["logistic"][0])
    assert words in str(error.value) and len(str(error.value)) < 420


class Times(nn.Module):
    """So many numbers that the columns are multiplied by."""

    def __init__(self, *numbers):
        super().__init__()
        self.by = nn.Parameter(torch.tensor(numbers))

    def forward(self, x):
        return x[:, : len(self.by)] * self.by


def line(weight, bias=True, trained=True):
    """A layer whose weights are these."""
    model = nn.Linear(len(weight[0]), len(weight), bias=bias)
    model.weight = nn.Parameter(torch.tensor(weight), requires_grad=trained)
    return model


def moved(model, steps):
    """The recording of some steps of a model, and what to ask for a plane with."""
    x = torch.linspace(0.5, 2.0, 4 * model.in_features if isinstance(model, nn.Linear) else 16).view(4, -1)
    sgd = torch.optim.SGD([p for p in model.parameters() if p.requires_grad], 0.1)
    rec = ov.record(model, "sgd")
    for _ in range(steps):
        sgd.zero_grad()
        value = model(x).square().mean()
        value.backward()
        sgd.step()
        rec.step(value)
    return rec, {"loss": lambda call, b: call(b).square().mean(), "data": x, "resolution": 5}


ALONE, PARALLEL = "A plane takes two weights; here there is one alone.", "The random directions span no plane: they are"
#: A model, and why it has no plane of a kind; "" where it has one.
FEW = {
    "one weight": (lambda: Times(0.3), {"pca": ALONE, "random": ALONE, "ends": ALONE}),
    "one weight of a matrix": (lambda: line([[0.3]], bias=False), {"pca": ALONE, "random": ALONE, "ends": ALONE}),
    "two weights of no matrix": (lambda: Times(0.3, 0.4), {"pca": "", "random": PARALLEL, "ends": ""}),
    "a weight and a bias": (lambda: line([[0.3]]), {"pca": "", "random": PARALLEL, "ends": ""}),
    "biases": (lambda: line([[0.3, 0.4]] * 2, trained=False), {"pca": "", "random": PARALLEL, "ends": ""}),
    "all 0": (lambda: line([[0.0, 0.0]] * 2, bias=False), {"pca": "", "random": PARALLEL, "ends": ""}),
    "one row 0": (lambda: line([[0.0, 0.0], [0.3, 0.4]]), {"pca": "", "random": "", "ends": ""}),
    "two weights of a matrix": (lambda: line([[0.3, 0.4]], bias=False), {"pca": "", "random": "", "ends": ""}),
}


@pytest.mark.parametrize("steps", [0, 1, 5])
@pytest.mark.parametrize("kind", ["pca", "random", "ends"])
@pytest.mark.parametrize("name", FEW)
def test_few_weights_have_a_plane_or_a_sentence(name, kind, steps, tmp_path):
    make, why = FEW[name]
    rec, asked = moved(make(), steps)
    runs = [rec] * 3 if kind == "ends" else rec
    if why[kind]:
        with pytest.raises(ov.SpecError, match=f"^{why[kind]}"):
            ov.project(runs, kind, **asked)
        return
    plane = ov.project(runs, kind, **asked)
    assert np.isfinite(plane.axes).all() and np.isfinite(plane.loss).all() and plane.caption
    ov.save(runs, tmp_path / "run.safetensors", plane)
    np.testing.assert_array_equal(ov.load(tmp_path / "run.safetensors").plane.loss, plane.loss)


@pytest.mark.parametrize("value", [10**400, "0.5", None, 1j, np.zeros(2), [0.5]], ids=lambda v: repr(v)[:20])
def test_a_loss_or_an_accuracy_that_is_no_number_says_so(value, recordings):
    rec, batch = recordings["logistic"]
    wrong, right = (lambda call, b: value), {"loss": loss, "data": batch}
    for call, words in (
        (lambda: ov.project(rec, **{**right, "loss": wrong}), "loss returns one number, such as F.cross"),
        (lambda: ov.sharpness(rec, **{**right, "loss": wrong}), "loss returns one number, such as F.cross"),
        (lambda: ov.between(rec, rec, **right, accuracy=wrong), "accuracy returns one number, such as (call(x)"),
    ):
        with pytest.raises(ov.SpecError) as error:
            call()
        assert words in str(error.value) and len(str(error.value)) < 300


@pytest.mark.parametrize("value", [1, 0.5, True, np.float32(0.5), np.float64(0.5), np.int64(2), np.True_], ids=repr)
def test_a_loss_may_be_a_number_of_python_or_numpy(value, recordings):
    rec, batch = recordings["logistic"]
    found = ov.between(rec, rec, loss=lambda call, b: value, data=batch, points=3)
    assert found.losses.tolist() == [float(value)] * 3


@pytest.mark.filterwarnings("ignore:.torch.jit:DeprecationWarning")
@pytest.mark.parametrize("compiled", [torch.jit.script, lambda model: torch.jit.trace(model, torch.ones(3, 4))])
def test_a_model_that_torch_jit_compiled_says_with_what_to_go_on(compiled, tmp_path):
    plain, asked = nn.Linear(4, 2), {"loss": lambda call, x: call(x).square().mean(), "data": torch.ones(3, 4)}
    rec = ov.record(compiled(plain), "sgd")
    for call in (ov.project, ov.sharpness, lambda rec, **asked: ov.between(rec, rec, **asked)):
        with pytest.raises(ov.SpecError, match=r"A model that torch\.jit compiled computes with its own"):
            call(rec, **asked)
    rec.save(tmp_path / "run.safetensors")
    assert np.isfinite(ov.project(ov.load(tmp_path / "run.safetensors", plain), **asked, resolution=5).loss).all()


def test_a_file_without_its_model_says_so(recordings, tmp_path):
    rec, batch = recordings["cnn"]
    ov.save(rec, str(tmp_path / "run.safetensors"))
    with pytest.raises(ov.SpecError, match=r"ov.load\(path, model\) takes the one that was recorded"):
        ov.project(ov.load(tmp_path / "run.safetensors"), loss=loss, data=batch)
    with pytest.raises(ov.SpecError, match=r"The model has no parameter '0.bias'|no parameter '0.weight'"):
        ov.load(tmp_path / "run.safetensors", made("logistic"))
