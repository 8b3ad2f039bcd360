"""Any machine: torch is asked for what it has fused where, and a GPU's way through training and plane is right.

"cpu:0" is the CPU by a name that is not "cpu": whatever is done on a GPU alone is done there, too.
"""

import sys

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.network import one_run, pca, plane_loss
from optim_viz.optimizers.as_torch import fused_if_possible
from optim_viz.optimizers.table import OPTIMIZERS

FUSED = {"SGD", "Adam", "AdamW", "Adagrad"}
SMALL = {"epochs": 1, "batch_size": 500, "hidden": (16,)}


@pytest.fixture
def asked_anew():
    fused_if_possible.cache_clear()
    yield
    fused_if_possible.cache_clear()


@pytest.mark.parametrize("name", sorted({row.torch_class for row in OPTIMIZERS.values()}))
def test_torch_is_asked_for_a_fused_step_device_by_device(name, monkeypatch, asked_anew):
    assert fused_if_possible(name, "cpu") == ({"fused": True} if name in FUSED else {})
    fused_if_possible.cache_clear()
    optimizer = sys.modules["torch.optim.optimizer"]
    monkeypatch.setattr(optimizer, "_get_fused_kernels_supported_devices", lambda: ["cuda"])
    assert fused_if_possible(name, "cpu") == {}  # now of a kind of device that has none


def test_adagrad_trains_where_its_fused_step_is_refused(monkeypatch, asked_anew):
    """As on CUDA under some versions of torch: a RuntimeError at the first step, if it is asked to be fused."""

    def refuse(*_, **__):
        raise RuntimeError("`fused=True` requires all the params to be floating point Tensors of supported devices")

    as_is = ov.train(ov.optimizer("adagrad", lr=0.01), **SMALL)["adagrad"]
    monkeypatch.setattr(sys.modules["torch.optim.adagrad"], "_fused_adagrad", refuse)
    fused_if_possible.cache_clear()
    run = ov.train(ov.optimizer("adagrad", lr=0.01), **SMALL)["adagrad"]
    assert run.status == "finished 16 steps"
    np.testing.assert_allclose(run.losses, as_is.losses, rtol=1e-5)


def test_a_gpus_way_through_training_and_plane_gives_the_same(monkeypatch):
    def both():
        t = ov.train([ov.optimizer("sgd"), ov.optimizer("adagrad")], **SMALL)
        return t, ov.project(t, resolution=5, digits=100), ov.project(t, "random", resolution=5, digits=100)

    def on(name):
        for module in (one_run, pca, plane_loss):
            monkeypatch.setattr(module, "device", lambda: name)
        return both()

    here, there = on("cpu"), on("cpu:0")
    for run, other in zip(here[0], there[0], strict=True):
        np.testing.assert_array_equal(other.losses, run.losses)
        np.testing.assert_array_equal(other.moves, run.moves)
    for plane, other in zip(here[1:], there[1:], strict=True):
        np.testing.assert_allclose(other.loss, plane.loss, rtol=1e-4)
        for label, places in plane.coordinates.items():
            np.testing.assert_allclose(other.coordinates[label], places, rtol=1e-4, atol=1e-6)
        np.testing.assert_allclose(other.explained_variance, plane.explained_variance, rtol=1e-6)
