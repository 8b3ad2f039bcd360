"""Sweeps, basins and tuning by an executor have the bits of one machine, and say what was done where it is lost."""

import multiprocessing
import threading
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.progress import Unfinished
from optim_viz.sweeps import batch

ADAM = ov.optimizer("adam", schedule=ov.schedule("cosine"))
AXES = {"lr": np.geomspace(1e-3, 1.0, 60), "beta1": np.linspace(0, 0.99, 40)}


def swept(**how):
    s = ov.sweep("beale", ADAM, AXES, steps=20, noise=0.1, seeds=3, **how)
    return s.losses, s.steps_to, s.done


def based(**how):
    b = ov.basins("himmelblau", ov.optimizer("momentum", lr=0.01), resolution=60, steps=100, **how)
    return b.labels, b.minima, b.losses


def tuned(**how):
    kinds = ["sgd", ov.optimizer("lbfgs", max_iter=2), "adam"]
    t = ov.tune("linear_regression", kinds, steps=30, batch_size=4, seeds=2, momentum=True, **how)
    lrs = np.array([o["lr"] for o in t.optimizers])
    return lrs, np.array(t.before), np.array(t.after), *(a for curve in t.curves.values() for a in curve)


@pytest.fixture(scope="module")
def processes():
    with ProcessPoolExecutor(1, multiprocessing.get_context("spawn")) as pool:
        yield pool


@pytest.fixture
def small(monkeypatch):
    """Parts so small that there are several."""
    monkeypatch.setattr(batch, "LEAST", 500)


@pytest.mark.parametrize("work", [swept, based, tuned])
def test_an_executor_gives_the_same_bits(work, processes, small):
    here, shares = work(), []
    with ThreadPoolExecutor(2) as threads:
        for pool in (threads, processes):
            there = work(executor=pool, progress=shares.append)
            assert [a.tobytes() for a in there] == [a.tobytes() for a in here]
            assert shares[-1] == 1.0 and min(shares) >= 0.0


class Dying(ThreadPoolExecutor):
    """Does what it is given at once, up to its death."""

    def __init__(self, lives):
        super().__init__(1)
        self.lives = lives

    def submit(self, function, *arguments):
        self.lives -= 1
        future = Future()
        if self.lives >= 0:
            future.set_result(function(*arguments))
        else:
            future.set_exception(OSError("gone"))
        return future


def test_a_lost_executor_leaves_what_was_done(small):
    whole = swept()
    with pytest.raises(Unfinished, match="1,000 of 7,200 runs were done when one of them ended with OSError") as cut:
        swept(executor=Dying(2))
    part = cut.value.so_far
    assert part.losses.ravel()[:1000].tobytes() == whole[0].ravel()[:1000].tobytes()
    with pytest.raises(Unfinished, match="1,000 of 3,600 runs"):
        based(executor=Dying(2))
    with pytest.raises(Unfinished, match="1 of 3 optimizers were tuned"):
        tuned(executor=Dying(1))


def test_a_cancel_keeps_whole_parts(small):
    cancel = threading.Event()
    with ThreadPoolExecutor(1) as pool:
        s = ov.sweep(
            "beale", ADAM, AXES, steps=300, executor=pool, cancel=cancel, progress=lambda share: share and cancel.set()
        )
    assert s.cancelled and s.done.any() and not s.done.all()
    whole = ov.sweep("beale", ADAM, AXES, steps=300)
    np.testing.assert_array_equal(s.final_loss[s.done], whole.final_loss[s.done])
