"""Weights are found wherever a module holds them, of any shape, and where they are now; others end in a sentence."""

import copy

import numpy as np
import pytest
import torch
from torch import nn
from torch.nn.utils import prune

import optim_viz as ov
from tests.network.models import vector


class Scaled(nn.Module):
    """A number that all is multiplied by, alone or behind a layer."""

    def __init__(self, behind):
        super().__init__()
        self.before, self.scale = behind, nn.Parameter(torch.tensor(1.5))

    def forward(self, x):
        return self.before(x) * self.scale


def square(call, x):
    return call(x).square().mean()


def run(model, x, steps=4, **options):
    adam = torch.optim.Adam(model.parameters(), lr=0.1)
    rec = ov.record(model, "adam", optimizer=adam, scales=True, **options)
    for _ in range(steps):
        adam.zero_grad()
        value = square(model, x)
        value.backward()
        adam.step()
        rec.step(value)
    return rec


@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("behind", [nn.Identity(), nn.Linear(3, 2)], ids=["alone", "with others"])
def test_a_parameter_may_be_one_number(behind, dtype, tmp_path):
    model, x, path = Scaled(copy.deepcopy(behind)), torch.ones(4, 3), tmp_path / "run.safetensors"
    rec = run(model, x, dtype=dtype)
    known, asked = rec.recording, {"loss": square, "data": x}
    assert dict(zip(known.weights.names, known.weights.shapes, strict=True))["scale"] == ()
    np.testing.assert_allclose(known.snapshot(-1), vector(model), atol=1e-3)
    found, plane = ov.sharpness(rec, **asked), None
    assert np.isfinite(found["adam"].eigenvalues).all()
    if known.weights.size > 1:
        plane = ov.project(rec, **asked, resolution=5)
        assert np.isfinite(plane.loss).all()
        np.testing.assert_allclose(plane.true_losses["adam"][:-1], rec.losses, rtol=1e-2)
    rec.save(path, plane, sharpness=found)
    back = ov.load(path, model)
    assert back.weights == known.weights
    np.testing.assert_array_equal(back.snapshot(-1), known.snapshot(-1))
    assert ov.between(rec, back, **asked, points=3).distance == 0


def other(shape=(2, 4)):
    return nn.Parameter(torch.full(shape, 7.0))


def put_anew(model):
    model[0].weight = other()


def part_anew(model):
    model[0] = nn.Linear(4, 2)
    nn.init.constant_(model[0].weight, 7.0)


def wrapped(model):
    model[0] = nn.Linear(4, 2).requires_grad_(False)
    model[0].weight = other()


def assigned(model):
    model.load_state_dict({n: torch.full_like(p, 7.0) for n, p in model.state_dict().items()}, assign=True)


def data_anew(model):
    model[0].weight.data = torch.full((2, 4), 7.0)


def tied(model):
    model[0].weight = model[1].weight = other()


@pytest.mark.parametrize("change", [put_anew, part_anew, wrapped, assigned, data_anew, tied])
@pytest.mark.parametrize("keep", [2, 50], ids=["between snapshots", "at one"])
def test_what_is_put_in_the_place_of_a_parameter_is_recorded(change, keep):
    model = nn.Sequential(nn.Linear(4, 2), nn.Linear(4, 2))
    rec = ov.record(model, keep=keep)
    for _ in range(4):
        rec.step(0.5)
    before = rec.recording.snapshot(-1)
    change(model)
    rec.step(0.5)
    known = rec.recording
    assert known.snapshot_steps[-1] == 5
    now = {name: p.detach().numpy() for name, p in model.named_parameters(remove_duplicate=False)}
    for name, value in known.weights.split(known.snapshot(-1)).items():
        np.testing.assert_array_equal(value, now[name])
    assert (known.weights.split(known.snapshot(-1))["0.weight"] == 7).all()
    np.testing.assert_array_equal(known.snapshot(known.snapshot_steps.tolist().index(4)), before)
    with torch.no_grad():
        dict(model.named_parameters())["0.weight"].fill_(3.0)  # and it is followed from then on
    rec.step(0.5)
    assert (rec.recording.weights.split(rec.recording.snapshot(-1))["0.weight"] == 3).all()


def test_a_parameter_that_is_pruned_goes_on_under_its_new_name():
    model = nn.Sequential(nn.Linear(4, 2))
    rec = ov.record(model)
    prune.l1_unstructured(model[0], "weight", 0.5)
    with torch.no_grad():
        model[0].weight_orig.fill_(3.0)
    rec.step(0.5)
    assert (rec.recording.weights.split(rec.recording.snapshot(-1))["0.weight"] == 3).all()


def narrowed(model):
    model[0].weight.data = model[0].weight.data[:1]  # which lies where the whole did


def reshaped(model):
    model[0].weight.data = torch.zeros(3, 4)


def resized(model):
    model[0].weight = other((3, 4))


def gone(model):
    del model[0].weight


def emptied(model):
    model[0] = nn.Identity()


def normed(model):
    nn.utils.parametrizations.weight_norm(model[0])


def lazy(model):
    model[0] = nn.LazyLinear(2)


@pytest.mark.parametrize(
    ("change", "words"),
    [
        (narrowed, "The model's '0.weight' has the shape (1, 4); recorded was (2, 4)."),
        (reshaped, "The model's '0.weight' has the shape (3, 4); recorded was (2, 4)."),
        (resized, "The model's '0.weight' has the shape (3, 4); recorded was (2, 4)."),
        (gone, "The model has no parameter '0.weight', which was recorded."),
        (emptied, "The model has no parameter '0.weight', which was recorded."),
        (normed, "The model has no parameter '0.weight', which was recorded."),
        (lazy, "The model's '0.weight' has no shape yet: call the model once with a batch, then record it."),
    ],
)
def test_weights_that_are_others_in_mid_training_end_in_a_sentence(change, words):
    model = nn.Sequential(nn.Linear(4, 2))
    rec = ov.record(model)
    rec.step(0.5)
    before = rec.recording
    change(model)
    for _ in range(2):
        with pytest.raises(ov.SpecError) as error:
            rec.step(0.5)
        assert str(error.value) == words
    assert rec.recording.steps == 1  # what was recorded by then is there
    np.testing.assert_array_equal(rec.recording.snapshot(0), before.snapshot(0))


def under_inference():
    with torch.inference_mode():
        return nn.Linear(4, 2)


def sparse():
    model = nn.Linear(4, 2)
    model.weight = nn.Parameter(torch.eye(2).to_sparse())
    return model


@pytest.mark.parametrize(
    ("model", "words"),
    [
        (lambda: nn.LazyLinear(2), "The model's 'weight' has no shape yet: call the model once"),
        (lambda: nn.Sequential(nn.Linear(4, 2), nn.LazyConv1d(2, 1)), "The model's '1.weight' has no shape yet"),
        (lambda: nn.Linear(4, 2, device="meta"), "The model's 'weight' is on the device 'meta': only dense"),
        (sparse, "The model's 'weight' is sparse: only dense parameters that hold numbers can be recorded."),
        (under_inference, "The model's 'weight' was made under torch.inference_mode() and cannot be trained"),
        (lambda: nn.Linear(4, 2, dtype=torch.complex64), "Complex parameters cannot be recorded."),
    ],
)
def test_weights_that_cannot_be_recorded_say_why(model, words):
    with pytest.raises(ov.SpecError) as error:
        ov.record(model())
    assert words in str(error.value)


def test_statistics_that_have_no_numbers_yet_are_left_out():
    model = nn.Sequential(nn.Linear(4, 2), nn.LazyBatchNorm1d(affine=False))
    rec = ov.record(model)
    assert rec.recording.statistics == {}
    rec.model(torch.randn(5, 4))
    assert set(rec.recording.statistics) == {"1.running_mean", "1.running_var"}
