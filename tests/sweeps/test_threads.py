"""However many threads work, a sweep, a training and a plane have the same bits; by default there is one a core."""

import os

import numpy as np
import pytest

import optim_viz as ov
from optim_viz import settings
from optim_viz.sweeps import sweep


@pytest.fixture
def set_threads(monkeypatch):
    def to(count):
        values = settings.read({"OPTIM_VIZ_THREADS": str(count)})
        monkeypatch.setattr(settings, "_read_once", lambda: values)

    return to


def test_there_is_one_thread_a_core_unless_the_setting_says_otherwise(set_threads, monkeypatch):
    set_threads(7)
    assert settings.threads() == 7
    set_threads(0)
    monkeypatch.setattr(os, "sched_getaffinity", lambda _: {0, 3, 5}, raising=False)
    assert settings.threads() == 3
    monkeypatch.delattr(os, "sched_getaffinity")  # as on macOS and Windows
    monkeypatch.setattr(os, "cpu_count", lambda: None)
    assert settings.threads() == 1


@pytest.mark.parametrize("surface", ["rosenbrock", "ackley"])
def test_a_sweep_has_the_same_bits_on_any_number_of_threads(set_threads, surface):
    axes = {"lr": np.geomspace(1e-3, 1.0, 5), "beta2": np.linspace(0.9, 0.999, 7), "x": np.linspace(-1.5, 1.5, 1000)}
    spec, found = sweep.check(surface, ov.optimizer("adam"), axes, steps=10), []
    for count in (1, 2, 5):  # blocks of 32,768, 17,500 and 8,192 runs
        set_threads(count)
        found.append(sweep.run(spec))
    for other in found[1:]:
        np.testing.assert_array_equal(other.losses, found[0].losses)
        np.testing.assert_array_equal(other.steps_to, found[0].steps_to)


def test_so_have_a_training_and_its_plane(set_threads):
    found = []
    three = [ov.optimizer("sgd", lr=1e6, weight_decay=1.0), ov.optimizer("sgd"), ov.optimizer("adam")]
    for count in (1, 6):  # of six, three are free to evaluate what the others train
        set_threads(count)
        t = ov.train(three, epochs=1, batch_size=500, hidden=(16,), final_relu=False)
        found.append((t, ov.project(t, resolution=5, digits=50)))
    (one, plane), (six, other) = found
    assert one.runs[0].status.startswith("diverged")
    for a, b in zip(one.runs, six.runs, strict=True):
        for name in ("losses", "test_losses", "predictions", "moves", "gradient_norms", "status"):
            np.testing.assert_array_equal(getattr(a, name), getattr(b, name))
    np.testing.assert_array_equal(plane.loss, other.loss)
