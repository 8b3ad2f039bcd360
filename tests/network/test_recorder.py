"""A recording is what happened in the loop: bounded, exact, on disk and in files; no file does harm."""

import dataclasses
import json
import math
import os
import re
import resource
import signal
import struct
import time
import zipfile
from pathlib import Path

import numpy as np
import pytest
import torch
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from safetensors.numpy import load_file, save_file
from safetensors.numpy import save as written
from torch import nn

import optim_viz as ov
from optim_viz.language import speaking, tr
from optim_viz.network.edges import EDGES, FORMULAS
from optim_viz.network.module_loss import Given, ModuleLoss
from optim_viz.network.module_weights import Shapes
from optim_viz.network.opened import opened
from optim_viz.network.recording import Recording, gathered
from optim_viz.network.recording_files import _header, packed
from optim_viz.network.snapshots import Snapshots
from tests.network.models import MODELS, images, loss, made, trained, vector
from tests.network.models import words as images_of_words


@pytest.mark.parametrize("folder", [False, True])
@pytest.mark.parametrize("dtype", ["float32", "float16"])
@pytest.mark.parametrize("name", MODELS)
def test_snapshots_are_the_loops_weights(name, dtype, folder, tmp_path):
    model, batch = made(name), MODELS[name][1]()
    own, steps = [vector(model)], 11
    rec = ov.record(model, "sgd", keep=3, dtype=dtype, folder=tmp_path if folder else None)
    sgd = torch.optim.SGD(model.parameters(), lr=0.05)
    for _ in range(steps):
        sgd.zero_grad()
        model(batch[0]).square().mean().backward()
        sgd.step()
        rec.step(1.0, lr=0.05)
        own.append(vector(model))
    known = rec.recording
    assert known.snapshot_steps.tolist() == [0, 4, 8, 11]  # at most 2 * 3, and the end
    for i, step in enumerate(known.snapshot_steps):
        far = np.abs(own[step] - own[0]).max() if dtype == "float16" else 0.0
        np.testing.assert_allclose(known.snapshot(i), own[step], rtol=0, atol=6e-4 * far + 1e-9)
    if dtype == "float32":
        np.testing.assert_array_equal(known.snapshot(-1), own[-1])
    assert known.weights.size == len(own[0]) and known.lrs.tolist() == [0.05] * steps


@given(st.integers(2, 9), st.integers(0, 400))
def test_memory_is_bounded_and_steps_are_evenly_spread(keep, steps):
    kept = Snapshots(2, keep)
    for step in range(steps):
        if kept.wanted(step):
            kept.add(step, torch.full((2,), float(step)))
    found = kept.steps
    assert len(found) < 2 * keep and (len(found) >= min(keep, steps))
    assert (np.diff(found) == kept.stride).all() and kept.view()[:, 1].tolist() == found.tolist()


def resident():
    """KiB of main memory that this process takes."""
    return int(Path("/proc/self/statm").read_text().split()[1]) * resource.getpagesize() // 1024


@pytest.mark.skipif(not Path("/proc/self/statm").exists(), reason="only Linux says what is resident")
def test_rows_in_a_file_leave_main_memory_and_come_back(tmp_path):
    """A memory map counts as memory of the process until its pages are given back."""
    kept, before = Snapshots(2**20, 25, "float16", tmp_path), 0
    for step in range(40):
        kept.add(step, torch.full((2**20,), float(step)))
        before = before or resident()
    assert resident() - before < 39 * 2048 / 2
    assert kept.view()[:, -1].tolist() == list(range(40)) and kept.sound() == 40


def test_what_was_handed_out_stays():
    rec = trained(made("logistic"), images(), steps=5, keep=4)
    before = rec.recording
    copies = [part.copy() for part in before.parts]
    trained(rec.model, images(), steps=40, rec=rec)
    for part, copy in zip(before.parts, copies, strict=True):
        np.testing.assert_array_equal(part, copy)


def test_the_path_ends_where_the_last_step_did_and_nowhere_else():
    rec = trained(made("logistic"), images(), steps=9, keep=2)
    assert rec.snapshot_steps.tolist() == [0, 4, 8, 9]
    np.testing.assert_array_equal(rec.recording.snapshot(-1), vector(rec.model))
    rec.model.load_state_dict(made("logistic", seed=1).state_dict())  # another run begins
    assert rec.snapshot_steps.tolist() == [0, 4, 8]
    nn.utils.vector_to_parameters(torch.zeros(rec.weights.size), rec.model.parameters())
    assert rec.snapshot_steps.tolist() == [0, 4, 8]


def test_a_tied_weight_is_recorded_once_and_a_frozen_one_not():
    assert ov.record(made("tied")).weights.names == ("embed.weight",)
    model = made("cnn")
    model[0].requires_grad_(False)
    assert ov.record(model).weights.names == ("1.weight", "1.bias", "6.weight", "6.bias")
    assert ov.record(model, params=["6."]).weights.names == ("6.weight", "6.bias")
    assert ov.record(model, params=lambda name, p: p.ndim > 1).weights.names == ("0.weight", "6.weight")


def test_weights_of_other_types_and_infinite_ones():
    model = nn.Sequential(nn.Linear(2, 2), nn.Linear(2, 1).double()).requires_grad_()
    rec = ov.record(model, keep=4)
    rec.step(torch.tensor([0.5], dtype=torch.bfloat16), accuracy=torch.tensor(0.25))
    with torch.no_grad():
        model[0].weight.fill_(np.inf)
    rec.step(torch.tensor(np.nan))
    rec.step(0.5)
    known = rec.recording
    assert known.snapshot_steps.tolist() == [0, 1] and known.losses.tolist() == [0.5, np.inf, 0.5]
    assert known.diverged and known.status == "diverged at step 1"
    assert known.accuracies[0] == 0.25 and np.isnan(known.accuracies[1:]).all() and np.isnan(known.lrs).all()


NUMBERS = [
    *(kind(0.5) for kind in (float, str, np.float64, np.float32, np.float16, np.array, torch.tensor)),
    np.mean([True, False]), np.array([0.5], np.float16), np.array([[0.5]]), torch.tensor([0.5]), True, np.True_, 1,
    np.int64(1), np.array(1), torch.tensor(1), torch.tensor(True),
]  # fmt: skip


@pytest.mark.parametrize("value", NUMBERS, ids=lambda v: f"{type(v).__name__}-{v}")
def test_a_number_is_one_of_python_numpy_or_torch(value):
    rec = ov.record(nn.Linear(4, 2))
    rec.step(value, lr=value, accuracy=value)
    rec.note(value, value)
    for column in (rec.recording.losses, rec.recording.lrs, rec.recording.accuracies):
        assert column.tolist() == [float(np.ravel(value)[0])]


@pytest.mark.parametrize(
    "value",
    ["much", b"\xff", 1j, np.array([0.5, 0.5]), np.zeros(0), np.array("much"), np.array(None), np.complex64(1j),
     torch.zeros(2), torch.zeros((), device="meta"), 10**400, object],
    ids=lambda v: repr(v)[:20],
)  # fmt: skip
@pytest.mark.parametrize("name", ["loss", "lr", "accuracy"])
@pytest.mark.filterwarnings("ignore::numpy.exceptions.ComplexWarning")
def test_what_is_no_number_is_refused_before_anything_is_noted(name, value):
    rec = ov.record(nn.Linear(4, 2))
    with pytest.raises(ov.SpecError, match=f"{name} is one number a step; got "):
        rec.step(**{"loss": 0.25, "lr": 0.25, "accuracy": 0.25, name: value})
    assert rec.steps == 0 and rec.recording.to_frame().empty
    rec.step(0.5)
    assert rec.recording.to_frame().loss.tolist() == [0.5]


@pytest.mark.parametrize("keep", [5, 5.0, "5", np.float64(5), np.int8(5), torch.tensor(5)], ids=repr)
def test_keep_is_the_number_that_was_checked(keep):
    rec = ov.record(nn.Linear(4, 2), keep=keep)
    for _ in range(12):
        rec.step(0.5)
    assert rec.snapshot_steps.tolist() == [0, 2, 4, 6, 8, 10, 12]


@pytest.mark.parametrize(
    "value",
    [
        0.5, np.float64(0.5), np.float32(0.5), np.float16(0.5), np.array(0.5), np.array([0.5]), torch.tensor(0.5),
        torch.tensor([0.5], requires_grad=True), torch.tensor(0.5, dtype=torch.float16),
    ],
    ids=repr,
)  # fmt: skip
def test_a_number_of_any_library_is_one(value):
    rec = ov.record(made("logistic"))
    rec.step(value, lr=value, accuracy=value)
    rec.note(loss=value)
    known = rec.recording
    assert known.losses.tolist() == known.lrs.tolist() == known.accuracies.tolist() == [0.5]


@pytest.mark.parametrize(
    "value", [1j, np.complex128(0.5 + 5j), np.complex64(0.5), np.array(0.5 + 1j), torch.tensor(0.5 + 1j), np.ones(2)],
    ids=repr,
)  # fmt: skip
@pytest.mark.parametrize("name", ["loss", "lr", "accuracy"])
def test_what_is_no_number_is_told(name, value, recwarn):
    with pytest.raises(ov.SpecError, match="is one number a step; got"):
        ov.record(made("logistic")).step(**{name: value})
    assert not recwarn.list


@pytest.mark.parametrize("dtype", ["float32", "float16"])
def test_it_goes_on_where_it_stopped(dtype, tmp_path):
    whole = trained(made("logistic"), images(), steps=30, keep=3, dtype=dtype).recording
    first = trained(made("logistic"), images(), steps=20, keep=3, dtype=dtype)
    weights = first.recording.snapshot(-1)  # those of step 20, as a checkpoint would have them
    first.save(tmp_path / "run.safetensors")
    model = made("logistic")
    nn.utils.vector_to_parameters(torch.from_numpy(weights), model.parameters())
    rec = ov.record(model, "sgd", keep=3, dtype=dtype, resume=tmp_path / "run.safetensors")
    again = trained(model, images(), steps=10, rec=rec).recording
    assert again.snapshot_steps.tolist() == whole.snapshot_steps.tolist()
    tight = {"rtol": 1e-3, "atol": 5e-4} if dtype == "float16" else {"rtol": 0, "atol": 0}
    np.testing.assert_allclose(again.losses, whole.losses, **tight)
    np.testing.assert_allclose(again.snapshot(-1), whole.snapshot(-1), **tight)
    back = ov.record(model, keep=3, resume=first.recording, at=9)
    assert back.steps == 9 and back.snapshot_steps.tolist() == [0, 8]


def test_a_file_gives_back_what_was_saved(tmp_path):
    model = made("cnn")
    adam = torch.optim.Adam(model.parameters(), lr=0.01)
    rec = ov.record(model, "adam", optimizer=adam, scales=True, dtype="float16")
    for _ in range(3):
        adam.zero_grad()
        model(images()[0]).square().mean().backward()
        adam.step()
        rec.step(0.5, accuracy=0.5)
    rec.save(tmp_path / "run.safetensors")
    known, back = rec.recording, ov.load(tmp_path / "run.safetensors", model)
    assert (back.label, back.weights, back.optimizer, back.module) == ("adam", known.weights, known.optimizer, model)
    assert back.optimizer["class"] == "Adam" and back.optimizer["beta2"] == 0.999
    for name in ("losses", "lrs", "accuracies", "snapshot_steps", "start"):
        np.testing.assert_array_equal(getattr(back, name), getattr(known, name))
    for i in range(4):
        np.testing.assert_array_equal(back.snapshot(i), known.snapshot(i))
        np.testing.assert_array_equal(back.scale(i), known.scale(i))
    assert np.isnan(known.scale(0)).all()
    corrected = adam.state[model[6].weight]["exp_avg_sq"] / (1 - 0.999**3)
    wanted = (1 - 0.9**3) * (corrected.sqrt() + 1e-8)
    np.testing.assert_allclose(known.weights.split(known.scale(3))["6.weight"], wanted, rtol=1e-6)
    assert {"1.running_mean", "1.running_var"} == set(back.statistics)
    assert back.to_frame().equals(known.to_frame())


def test_a_step_costs_next_to_nothing_in_memory_that_grows():
    rec = trained(made("logistic"), images(), steps=300, keep=5)
    assert sum(len(part) for part in rec.recording.parts) <= 10 and len(rec.recording.losses) == 300
    assert repr(rec).startswith("<Recorder 'sgd': 300 steps of 325 weights")


@pytest.fixture(scope="module")
def file(tmp_path_factory):
    rec = trained(made("logistic"), images(), steps=6, keep=3)
    path = tmp_path_factory.mktemp("own") / "run.safetensors"
    asked = {"loss": lambda call, b: call(b).square().mean(), "data": images()[0]}
    rec.save(path, ov.project(rec, **asked, resolution=5), sharpness=ov.sharpness(rec, **asked, snapshots=3, count=2))
    return path


def test_a_plane_travels_with_its_recording(file):
    plane = ov.load(file).plane
    assert plane.labels == ("sgd",) and plane.loss.shape == (5, 5) and "24 examples" in plane.caption
    assert ov.load(file).snapshot_steps.tolist() == plane.snapshot_steps["sgd"].tolist()


def test_a_sharpness_travels_with_its_recording(tmp_path):
    recs = [trained(made("cnn"), images(), label=name, steps=6, keep=4) for name in ("sgd", "sgd")]
    found = ov.sharpness(recs, loss=loss, data=images(), snapshots=3, count=2, batchnorm="eval")
    ov.save(recs, tmp_path / "run.safetensors", weights=False, sharpness=found)
    back = ov.load(tmp_path / "run.safetensors")
    assert back.sharpness.to_frame().equals(found.to_frame())
    for name in ("labels", "kinds", "caption", "examples", "batchnorm", "over"):
        assert getattr(back.sharpness, name) == getattr(found, name)
    assert [c.words for c in back.sharpness] == [c.words for c in found] == ["2 / lr"] * 2
    assert back["sgd 2"].sharpness is back.sharpness and back.plane is None
    seen = opened("run.safetensors", (tmp_path / "run.safetensors").read_bytes())
    assert seen.sharpness.to_frame().equals(found.to_frame())
    ov.save(back, tmp_path / "again.safetensors")  # what was loaded goes on
    assert ov.load(tmp_path / "again.safetensors").sharpness.caption == found.caption
    for call, words in (
        (lambda: recs[0].save(tmp_path / "a.safetensors", sharpness=found), "sharpness is of 'sgd', 'sgd 2', the"),
        (lambda: ov.save(recs, tmp_path / "a.html", sharpness=found.to_frame()), "sharpness is what ov.sharpness"),
        (lambda: ov.save(ov.descend("quadratic", "sgd", steps=2), tmp_path / "a.html", sharpness=found), "recordings"),
    ):
        with pytest.raises(ov.SpecError, match=words):
            call()


@given(st.sampled_from(list(EDGES)), st.floats(0, 0.99), st.booleans(), st.floats(0, 0.5))
def test_every_edge_has_one_of_the_formulas_that_a_file_may_hold(name, momentum, nesterov, dampening):
    values = {"momentum": momentum, "nesterov": nesterov, "dampening": dampening}
    assert EDGES[name].words(values) in FORMULAS


def header(path):
    data = path.read_bytes()
    size = struct.unpack("<Q", data[:8])[0]
    return json.loads(data[8 : 8 + size]), data[8 + size :]


def with_header(parts, path):
    text = json.dumps(parts[0]).encode()
    path.write_bytes(struct.pack("<Q", len(text)) + text + parts[1])


def changed(arrays=(), words=()):
    """A spoiler that replaces arrays and words of a file."""

    def spoil(source, path):
        have = load_file(source)
        said = json.loads(header(source)[0]["__metadata__"]["optim_viz"])
        have = {n: v for n, v in {**have, **dict(arrays)}.items() if v is not None}
        save_file(have, path, {"optim_viz": json.dumps({**said, **dict(words)})})

    return spoil


def cut(source, path):
    path.write_bytes(source.read_bytes()[:-10])


def huge(source, path):
    path.write_bytes(struct.pack("<Q", 2**60) + source.read_bytes()[8:])


def too_long(source, path):
    parts, rest = header(source)
    parts["__metadata__"]["more"] = "x" * 5 * 2**20
    with_header((parts, rest), path)


def outside(source, path):
    parts, rest = header(source)
    parts["0.losses"]["data_offsets"] = [0, 2**50]
    with_header((parts, rest), path)


def bomb(source, path):
    save_file(load_file(source), path, {"optim_viz": "[" * 100_000})


def pickled(source, path):
    torch.save({"a": torch.zeros(2)}, path)


PLANE = {"kind": "pca", "labels": ["sgd"], "left_out": [], "digits": 3, "examples": "examples", "batchnorm": ""}
RUN = {"label": "sgd", "optimizer": {}}
SHARP = {"examples": 3, "batchnorm": "", "over": "examples", "formulas": ["2 / lr"]}


def doubled(source, path):
    """The name of one array twice, as JSON allows."""
    parts, rest = header(source)
    text = json.dumps(parts)[:-1] + f', "0.losses": {json.dumps(parts["0.lrs"])}}}'
    path.write_bytes(struct.pack("<Q", len(text)) + text.encode() + rest)


def overlapping(source, path):
    parts, rest = header(source)
    parts["0.losses"]["data_offsets"] = parts["0.lrs"]["data_offsets"]
    with_header((parts, rest), path)


def zipped(source, path):
    with zipfile.ZipFile(path, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr("run.safetensors", bytes(10_000_000))


HOSTILE = [
    (cut, "it is cut off, or no safetensors file"),
    (huge, "its header claims 1,152,921,504,606,846,976 bytes, of which 4,194,304 are allowed"),
    (too_long, "of which 4,194,304 are allowed"),
    (outside, "it is cut off, or no safetensors file"),
    (overlapping, "it is cut off, or no safetensors file"),
    (doubled, "it is cut off, or no safetensors file"),
    (zipped, "its header claims"),
    (bomb, "its words are no JSON"),
    (pickled, "its header claims"),
    (lambda _, path: path.write_bytes(b""), "it is cut off"),
    (lambda _, path: save_file({"a": np.zeros(2)}, path), "it does not say that it is one of version 2"),
    (changed(words={"version": 1}), "it does not say that it is one of version 2"),
    (changed(words={"runs": []}), "it does not hold 1 to 8 recordings"),
    (changed(words={"runs": [RUN] * 9}), "it does not hold 1 to 8 recordings"),
    (changed(words={"runs": [RUN, RUN]}), "it has no losses"),
    (changed({"0.losses": None}), "it has no losses"),
    (changed({"0.losses": np.full(6, -np.inf)}), "its losses holds a number that cannot be"),
    (changed({"0.lrs": np.zeros(5)}), "its lrs is float64 (5,), where 6 numbers belong"),
    (changed({"0.lrs": np.full(6, -1.0)}), "its lrs holds a number that cannot be"),
    (changed({"0.accuracies": np.full(6, 1e300)}), "its accuracies holds a number that cannot be"),
    (changed({"0.snapshots.0": np.zeros((4, 9), np.float32)}), "its snapshots.0 is float32 (4, 9), where n x 325"),
    (changed({"0.snapshots.0": None}), "it has 0 snapshots, where 4 belong"),
    (changed({"0.snapshot_steps": np.array([0, 3, 2, 6])}), "the steps of its snapshots do not rise"),
    (changed({"0.snapshot_steps": np.array([0, 2, 4, 60])}), "do not rise from 0 to at most 6"),
    (changed({"0.snapshot_steps": np.array([0.0, 2, 4, 6])}), "its snapshot_steps is float64"),
    (changed(words={"runs": [{**RUN, "label": "x" * 199}]}), "its label is no text of at most 160 characters"),
    (changed(words={"runs": [{**RUN, "label": "\ud800"}]}), "its words are no JSON"),
    (changed(words={"runs": [{**RUN, "optimizer": {"class": []}}]}), "its optimizer is no table of numbers"),
    (changed(words={"runs": [{**RUN, "optimizer": {"class": "x" * 99}}]}), "its optimizer is no table of numbers"),
    (changed(words={"runs": [{**RUN, "optimizer": {"lr": math.inf}}]}), "its optimizer is no table of numbers"),
    (changed(words={"runs": [{**RUN, "optimizer": {"lr": math.nan}}]}), "its optimizer is no table of numbers"),
    (changed(words={"runs": [{**RUN, "optimizer": {"lr": -(10**400)}}]}), "its optimizer is no table of numbers"),
    (changed(words={"runs": [7]}), "its label is no text"),
    (changed(words={"weights": 3}), "its weights are not a list of names and shapes"),
    (changed(words={"weights": [["a", [-1]]]}), "its weights have shapes that cannot be"),
    (changed(words={"weights": [["a", [2**40] * 9]]}), "its weights have shapes that cannot be"),
    (changed(words={"weights": [["a", [2]], ["a", [2]]]}), "one is named twice"),
    (changed(words={"plane": 1}), "its plane does not say what it is"),
    (changed(words={"plane": {**PLANE, "kind": "cpa"}}), "its plane does not say what it is"),
    (changed(words={"plane": {**PLANE, "labels": ["a", "a"]}}), "its plane does not say what it is"),
    (changed(words={"plane": {**PLANE, "examples": "x" * 999}}), "its plane does not say what it is"),
    (changed(words={"plane": {**PLANE, "batchnorm": []}}), "its plane does not say what it is"),
    (changed(words={"plane": {**PLANE, "digits": 10**999}}), "its plane does not say what it is"),
    (changed({"plane.a": np.zeros(5)}), "the axes of its plane do not rise"),
    (changed({"plane.b": np.full(5, np.nan)}), "its b holds a number that cannot be"),
    (changed({"plane.coordinates.0": np.full((4, 2), np.nan)}), "its coordinates.0 holds a number that cannot be"),
    (changed({"plane.explained_variance": np.full(2, 1e300)}), "its explained_variance holds a number that cannot"),
    (changed({"plane.loss": np.zeros((5, 4))}), "its loss is float64 (5, 4), where 5 x 5 numbers belong"),
    (changed({"0.statistics.x": np.zeros((2, 2))}), "its statistics.x is float64 (2, 2)"),
    (changed(words={"sharpness": 1}), "its sharpness does not say what it is"),
    (changed(words={"sharpness": {**SHARP, "formulas": ["<a href='javascript:x'>2 / lr</a>"]}}), "its sharpness does"),
    (changed(words={"sharpness": {**SHARP, "formulas": ["2 / lr"] * 2}}), "its sharpness does not say what it is"),
    (changed(words={"sharpness": {**SHARP, "formulas": [[]]}}), "its sharpness does not say what it is"),
    (changed(words={"sharpness": {**SHARP, "examples": 10**999}}), "its sharpness does not say what it is"),
    (changed(words={"sharpness": {**SHARP, "examples": True}}), "its sharpness does not say what it is"),
    (changed(words={"sharpness": {**SHARP, "over": {}}}), "its sharpness does not say what it is"),
    (changed(words={"sharpness": {**SHARP, "batchnorm": "x"}}), "its sharpness does not say what it is"),
    (changed({"sharpness.edge.0": None}), "it has no edge.0"),
    (changed({"sharpness.edge.0": np.array([1.0, np.inf, 1.0])}), "its edge.0 holds a number that cannot be"),
    (changed({"sharpness.preconditioned.0": np.zeros(4)}), "its preconditioned.0 is float64 (4,), where 3 numbers"),
    (changed({"sharpness.steps.0": np.array([0, 3, 60])}), "the steps of its sharpness do not rise"),
    (changed({"sharpness.steps.0": np.array([0, 3, 2**63], np.uint64)}), "the steps of its sharpness do not rise"),
    (changed({"sharpness.steps.0": np.zeros(0, int)}), "the steps of its sharpness do not rise"),
    (changed({"sharpness.eigenvalues.0": np.zeros(3)}), "its eigenvalues.0 is float64 (3,), where n x n numbers"),
    (changed({"sharpness.eigenvalues.0": np.zeros((3, 0))}), "its sharpness is of 3 snapshots and 0 eigenvalues;"),
    (changed({"sharpness.eigenvalues.0": np.zeros((3, 21))}), "its sharpness is of 3 snapshots and 21 eigenvalues;"),
    (changed({"sharpness.eigenvalues.0": np.full((3, 2), 1e301)}), "its eigenvalues.0 holds a number that cannot be"),
]  # fmt: skip


@pytest.mark.parametrize(("spoil", "words"), HOSTILE)
def test_a_hostile_file_ends_in_a_sentence(spoil, words, file, tmp_path):
    spoil(file, tmp_path / "bad.safetensors")
    with pytest.raises(ov.SpecError) as error:
        ov.load(tmp_path / "bad.safetensors")
    print(error.value)  # pytest -s shows what a visitor reads
    assert words in str(error.value) and "\n" not in str(error.value) and len(str(error.value)) < 300
    with speaking("zh"):
        assert re.fullmatch(r"'bad.safetensors' 不是 optim-viz 的记录：.*[\u4e00-\u9fff].*。", tr(str(error.value)))


#: What is only wrong with weights that a page does not read.
UNSEEN = {"its snapshots.0 is float32", "it has 0 snapshots", "the steps of its snapshots", "do not rise from",
          "its snapshot_steps is", "its statistics.x is"}  # fmt: skip


@pytest.mark.parametrize(("spoil", "words"), HOSTILE)
def test_a_page_refuses_what_the_library_refuses(spoil, words, file, tmp_path):
    spoil(file, tmp_path / "bad.safetensors")
    content = (tmp_path / "bad.safetensors").read_bytes()
    if any(words.startswith(part) for part in UNSEEN):
        assert opened("bad.safetensors", content).plane is not None
        return
    with pytest.raises(ov.SpecError, match=re.escape(words)):
        opened("bad.safetensors", content)


def test_weights_that_were_no_numbers_from_the_start(tmp_path):
    model = made("logistic")
    with torch.no_grad():
        model[1].bias.fill_(np.nan)
    rec = ov.record(model)
    rec.step(np.nan)
    rec.save(tmp_path / "run.safetensors")
    assert ov.load(tmp_path / "run.safetensors").diverged
    with pytest.raises(ov.SpecError, match="they were no numbers from the start"):
        ov.sharpness(rec, loss=loss, data=images())


def many(steps):
    """A file of so many steps, without a plane."""

    def spoil(source, path):
        changed({f"0.{name}": np.zeros(steps, np.float16) for name in ("losses", "lrs", "accuracies")},
                {"plane": None})(source, path)  # fmt: skip

    return spoil


def wide(source, path):
    grid = {"plane.a": np.arange(300.0), "plane.b": np.arange(300.0), "plane.loss": np.zeros((300, 300), np.float16)}
    changed(grid)(source, path)


@pytest.mark.parametrize(
    ("spoil", "words"),
    [
        (many(1_000_001), "'bad.safetensors' holds 1,000,001 steps: a page shows at most 1,000,000."),
        (wide, "The plane in 'bad.safetensors' has 300 x 300 points: a page shows at most 201 a side."),
        (changed({f"0.{name}": np.full(6, np.nan) for name in ("losses", "accuracies")}, {"plane": None}),
         "'bad.safetensors' holds nothing to draw: neither a loss nor an accuracy, and no plane."),
        (lambda _, path: path.write_bytes(bytes(65 * 2**20)), "65 MB are too much: at most 64 MB."),
    ],
)  # fmt: skip
def test_a_page_shows_no_more_than_it_can(spoil, words, file, tmp_path):
    spoil(file, tmp_path / "bad.safetensors")
    began = time.perf_counter()
    with pytest.raises(ov.SpecError) as error:
        opened("bad.safetensors", (tmp_path / "bad.safetensors").read_bytes())
    print(error.value)
    assert words in str(error.value) and time.perf_counter() - began < 5
    with speaking("zh"):
        assert re.search("[\u4e00-\u9fff]", tr(str(error.value)))


def test_a_file_without_weights_is_small_and_says_so(tmp_path):
    recs = [trained(made("transformer", seed), images_of_words(), steps=6, keep=3) for seed in (0, 1)]
    plane = ov.project(recs, loss=loss, data=images_of_words(), resolution=5)
    path = tmp_path / "run.safetensors"
    ov.save(recs, path, plane, weights=False)
    assert path.stat().st_size < 20_000 < 4 * recs[0].weights.size * 8
    back = ov.load(path)
    assert back.labels == ("sgd", "sgd 2") and back.plane.labels == plane.labels
    for run, rec in zip(back, recs, strict=True):
        np.testing.assert_array_equal(run.losses, rec.losses)
        assert run.weights == rec.weights and not run.held
    np.testing.assert_array_equal(back.plane.loss, plane.loss)
    assert back.plane.caption == plane.caption
    with_all = tmp_path / "all.safetensors"
    ov.save(recs, with_all, plane)
    np.testing.assert_array_equal(ov.load(with_all)["sgd 2"].snapshot(-1), recs[1].recording.snapshot(-1))
    np.testing.assert_array_equal(ov.load(with_all).plane.axes, plane.axes)
    seen = opened("all.safetensors", with_all.read_bytes())
    assert not seen.runs[0].held and seen.plane.axes.size == 0 and seen.plane.caption == plane.caption
    ov.save(recs[0], path, weights=False)
    alone = ov.load(path, recs[0].model)
    for call in (
        lambda: ov.project(alone, loss=loss, data=images_of_words()),
        lambda: ov.between(alone, alone, loss=loss, data=images_of_words()),
        lambda: ov.sharpness(alone, loss=loss, data=images_of_words()),
        lambda: ov.record(recs[0].model, resume=path),
    ):
        with pytest.raises(ov.SpecError, match="has no weights: its file was written without them"):
            call()


def named(words, **group):
    """An optimizer whose class has a name, and whose group holds more than torch's do."""
    model = nn.Linear(2, 1)
    sgd = type(words, (torch.optim.SGD,), {})(model.parameters(), lr=0.1)
    sgd.param_groups[0].update(group)
    return model, sgd


ANY = st.one_of(st.floats(), st.just(10**5000), st.integers(), st.booleans(), st.text(max_size=3))
GIVEN = st.none() | st.floats(0, 1) | st.sampled_from([math.nan, math.inf, -math.inf])


@given(
    st.lists(st.tuples(st.none() | st.floats(), GIVEN, GIVEN), max_size=4),
    st.dictionaries(st.text(st.characters(exclude_categories=()), max_size=3), ANY, max_size=4),
    st.sampled_from(["SGD", "S" * 900]), st.sampled_from([0, 150]), st.booleans(),
)  # fmt: skip
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture], deadline=None)
def test_what_is_saved_loads_again(tmp_path, steps, group, words, more, weights):
    model, sgd = named(words, **{k: v for k, v in group.items() if k != "params"}, **{f"n{i}": i for i in range(more)})
    rec = ov.record(model, "a", keep=2, optimizer=sgd)
    for one in steps:
        rec.step(*one)
    path = tmp_path / "run.safetensors"
    rec.save(path, weights=weights)
    back = ov.load(path)
    for name in ("losses", "lrs", "accuracies"):
        np.testing.assert_array_equal(getattr(back, name), getattr(rec.recording, name))
    assert back.optimizer["class"][:79] == words[:79] and set(back.optimizer) <= set(rec.recording.optimizer)
    ov.save(back, path, weights=weights)
    assert ov.load(path).optimizer == back.optimizer
    path.write_bytes(packed(gathered(rec)))
    assert ov.load(path).optimizer == back.optimizer


def test_a_number_that_is_none_was_not_given():
    rec = ov.record(nn.Linear(2, 1))
    for value in (math.nan, math.inf, -math.inf):
        rec.step(value, lr=value, accuracy=value)
        rec.note(accuracy=value)
    known = rec.recording
    assert known.losses.tolist() == [math.inf] * 3 and np.isnan([known.lrs, known.accuracies]).all()


def test_what_a_file_cannot_hold_of_an_optimizer_is_left_out(tmp_path):
    model, sgd = named("S" * 900, weight_decay=math.inf, max_norm=10**5000, eps=math.nan, momentum=0.5)
    ov.record(model, optimizer=sgd).save(tmp_path / "run.safetensors")
    found = ov.load(tmp_path / "run.safetensors").optimizer
    assert found["class"] == "S" * 79 + "…" and (found["lr"], found["momentum"]) == (0.1, 0.5)
    assert not {"weight_decay", "max_norm", "eps"} & set(found)


def test_statistics_of_any_shape_come_back(tmp_path):
    model = made("cnn")
    model[1].running_mean = torch.ones(1, 4)
    model[1].running_var = torch.tensor(2.0)
    rec = ov.record(model)
    rec.step(0.5)
    rec.save(tmp_path / "run.safetensors")
    back = ov.load(tmp_path / "run.safetensors")
    assert back.statistics["1.running_mean"].tolist() == [1.0] * 4 and back.statistics["1.running_var"].tolist() == [2]
    losses = ModuleLoss(model, back.weights, back.statistics, Given(loss, images(), "eval"))
    assert losses.buffers["1.running_mean"].shape == (1, 4) and losses.buffers["1.running_var"].shape == ()


def long_names():
    """As many names as a header has no room for."""
    shapes = Shapes(tuple(f"{i:0500}" for i in range(9000)), ((1,),) * 9000)
    row = np.zeros((1, 9000), np.float32)
    nothing = np.zeros(0)
    return Recording("a", shapes, nothing, nothing, nothing, np.zeros(1, int), (row,), None)


def far_away():
    rec = trained(made("logistic"), images(), steps=6, keep=3)
    plane = ov.project(rec, loss=loss, data=images(), resolution=5)
    far = {label: rows * 1e31 + 1e31 for label, rows in plane.coordinates.items()}
    return rec, dataclasses.replace(plane, coordinates=far)


@pytest.mark.parametrize(
    ("made_up", "words"),
    [
        (lambda: (long_names(), None), "of which 4,194,304 are allowed"),
        (far_away, "its coordinates.0 holds a number that cannot be"),
        (lambda: (dataclasses.replace(trained(made("cnn"), images(), steps=1).recording, label="a\ud800"), None),
         "its words are no JSON"),
        (lambda: (dataclasses.replace(trained(made("cnn"), images(), steps=1).recording,
                                      accuracies=np.full(1, 7.0)), None), "its accuracies holds a number that cannot"),
    ],
)  # fmt: skip
def test_what_could_not_be_read_again_is_not_written(made_up, words, tmp_path):
    rec, plane = made_up()
    path = tmp_path / "run.safetensors"
    path.write_bytes(b"before")
    with pytest.raises(ov.SpecError, match=f"'run.safetensors' is not written, for ov.load could .*{words}") as error:
        ov.save(rec, path, plane)
    assert path.read_bytes() == b"before" and "\n" not in str(error.value)


@given(st.lists(st.text(st.characters(exclude_categories=["Cs"]), max_size=9), unique=True, max_size=9), st.text())
def test_the_length_of_a_header_is_known_before_it_is_written(names, text):
    arrays = {f"0.{name}": np.zeros(len(name)) for name in names}
    found = struct.unpack("<Q", written(arrays, {"optim_viz": text})[:8])[0]
    assert found <= _header(arrays, text) <= found + 40 * len(names) + 40


@pytest.fixture
def soon():
    """Whoever still waits after ten seconds is told so."""

    def late(*_):
        raise OSError("it waited")

    before = signal.signal(signal.SIGALRM, late)
    signal.alarm(10)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


@pytest.mark.skipif(not hasattr(os, "mkfifo"), reason="there are no pipes with names")
@pytest.mark.parametrize("name", ["a.safetensors", "a.npz", "images-idx3"])
@pytest.mark.parametrize("call", [ov.load, lambda path: ov.train(["sgd"], data=str(path))], ids=["load", "train"])
def test_a_pipe_is_not_waited_for(call, name, tmp_path, soon):
    os.mkfifo(tmp_path / name)
    with pytest.raises(ov.SpecError, match=f"{name}' could not be read: it is no file, but a pipe or a device."):
        call(tmp_path / name)


@pytest.mark.parametrize(
    ("path", "words"),
    [
        ("/dev/null", "'/dev/null' could not be read: No such device|cut off, or no safetensors file"),
        ("/", "'/' could not be read: Is a directory."),
        ("/no/such", "'/no/such' could not be read: No such file or directory."),
    ],
)
def test_what_else_is_no_file_says_so_as_ever(path, words):
    with pytest.raises(ov.SpecError, match=words):
        ov.load(path)


@pytest.mark.parametrize("suffix", ["json", "csv", "html"])
def test_a_text_is_told_from_a_long_header(suffix, tmp_path):
    ov.save(ov.descend("quadratic", ["sgd"], steps=5), tmp_path / f"c.{suffix}")
    with pytest.raises(ov.SpecError, match=rf"'c.{suffix}' is no recording of optim-viz: it begins with text, as no"):
        ov.load(tmp_path / f"c.{suffix}")


@given(st.data())
@settings(max_examples=60, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_a_damaged_file_is_read_or_refused(file, tmp_path, data):
    content = bytearray(file.read_bytes())
    size = struct.unpack("<Q", content[:8])[0]
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, min(len(content), size + 8) - 1))] = data.draw(st.integers(0, 255))
    (tmp_path / "bad.safetensors").write_bytes(content[: data.draw(st.integers(0, len(content)))])
    try:
        assert ov.load(tmp_path / "bad.safetensors").steps >= 0
    except ov.SpecError as error:
        assert "\n" not in str(error)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda model: ov.record("model"), "model is a torch.nn.Module; got 'model'."),
        (lambda model: ov.record(model, keep=1), "keep must be a whole number from 2 to 1,000; got 1."),
        (lambda model: ov.record(model, dtype="float61"), "did you mean 'float16'?"),
        (lambda model: ov.record(model, "x" * 81), "A label has at most 80 characters"),
        (lambda model: ov.record(model, "a\ud800"), r"A label is Unicode text; 'a\ud800' holds half a character"),
        (
            lambda model: ov.record(nn.ModuleDict({"a\ud800": model})),
            r"The model's 'a\ud800.1.weight' has half a character in its name, which no file can hold",
        ),
        (lambda model: ov.record(model, params=["7."]), "No parameter of this Sequential is to be recorded."),
        (lambda model: ov.record(model, folder="/no/such"), "'/no/such' takes no file: No such file or directory."),
        (lambda model: ov.record(model, resume=3), "resume is a recording or the path of one; got 3."),
        (lambda model: ov.record(model, resume=ov.record(made("cnn")).recording), "it cannot go on."),
        (lambda model: ov.record(model).step("much"), "loss is one number a step; got 'much'."),
        (lambda model: ov.record(model).step(torch.zeros(2)), "loss is one number a step; got tensor([0., 0.])."),
        (lambda model: ov.record(model).step(accuracy=93), "accuracy must be a number from 0 to 1; got 93"),
        (lambda model: ov.record(model).save("run.pt"), "A recording's file ends in .safetensors; got 'run.pt'."),
        (lambda model: ov.record(model).save("/no/such/a.safetensors"), "could not be written"),
        (lambda model: ov.load("/no/such.safetensors"), "could not be read: No such file or directory."),
        (lambda model: ov.load(3), "path must be a path, as a text or a pathlib.Path; got 3."),
        (lambda model: ov.record(model).save(True), "path must be a path, as a text or a pathlib.Path; got True."),
        (lambda model: ov.record(model, folder=True), "folder must be a path, as a text or a pathlib.Path; got True."),
        (lambda model: ov.record(model, folder=1.5), "folder must be a path, as a text or a pathlib.Path; got 1.5."),
        (lambda model: ov.record(model, folder=[]), "folder must be a path, as a text or a pathlib.Path; got []."),
        (lambda model: ov.record(model, optimizer=5), "optimizer is a torch.optim.Optimizer; got 5."),
        (lambda model: ov.record(model, params=5), "or a list of beginnings of names; got 5."),
        (lambda model: ov.record(model, params=[1]), "or a list of beginnings of names; got [1]."),
        (lambda model: ov.record(model, scales=1e300), "scales must be true or false; got 1e+300."),
        (lambda model: ov.record(model, at=math.nan), "at is a step of the recording to resume, and none was given"),
        (lambda model: ov.record(model, resume=b"a"), "resume is a recording or the path of one; got b'a'."),
    ],
)
def test_a_wrong_call_says_what_is_wrong(call, words):
    with pytest.raises(ov.SpecError) as error:
        call(made("logistic"))
    assert words in str(error.value) and len(str(error.value)) < 420
