"""Sweeps of trainings give the same numbers whoever runs them: threads, processes, dask with a worker lost."""

import contextlib
import importlib.util
import os
import signal
import subprocess
import sys
import threading
import time
from concurrent.futures import Executor, Future, ProcessPoolExecutor, ThreadPoolExecutor
from dataclasses import replace
from multiprocessing import forkserver, get_context

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz import executor
from optim_viz.experiments import study_runs
from optim_viz.experiments.jobs import JobState, Line
from optim_viz.experiments.study_views import VIEWS, check
from optim_viz.export.study_pictures import PICTURES
from optim_viz.network import rate_sweep
from optim_viz.progress import Unfinished

TWO = [ov.optimizer("momentum"), ov.optimizer("adam", schedule=ov.schedule("cosine"))]
SMALL = {"lrs": [1e-3, 1e-2, 1e5], "batch_size": 250, "hidden": (12,), "seeds": 2, "seed": 3}


@pytest.fixture(scope="module")
def expected():
    return ov.train_sweep(TWO, **SMALL)


def same(a, b):
    np.testing.assert_array_equal(a.losses, b.losses)
    np.testing.assert_array_equal(a.accuracies, b.accuracies)
    assert a.done.all() and b.done.all() and not a.cancelled


def test_every_point_of_a_curve_is_the_run_of_train(expected):
    for i, base in enumerate(TWO):
        for j, lr in enumerate(SMALL["lrs"]):
            given = ov.optimizer(base.kind, lr=lr, schedule=base.schedule)
            t = ov.train(given, epochs=1, batch_size=250, hidden=(12,), seed=3, seeds=2)
            for k, run in enumerate(t.runs):
                assert expected.losses[i, j, k] == run.test_losses[-1]
                assert expected.accuracies[i, j, k] == run.test_accuracies[-1]
    assert not np.isnan(expected.losses).any()
    assert expected.labels == ("momentum", "adam") and expected.best["adam"] == 1e-2
    frame = expected.to_frame()
    assert (
        len(frame) == 12 and set(frame.seed) == {3, 4} and frame.test_loss.tolist() == expected.losses.ravel().tolist()
    )


def test_factories_that_take_lr_are_swept_as_they_are_trained():
    def mine(params, lr):
        return torch.optim.RMSprop(params, lr=lr)

    asked = SMALL | {"lrs": [1e-3, 1e-2], "seeds": 1}
    s = ov.train_sweep([mine, ov.optimizer("rmsprop")], **asked)
    lrs = asked.pop("lrs")
    for i, lr in enumerate(lrs):
        run = ov.train(ov.optimizer(mine, lr=lr), epochs=1, **asked).runs[0]
        assert s.losses[0, i, 0] == run.test_losses[-1]
    np.testing.assert_allclose(s.losses[0], s.losses[1], rtol=1e-4)


def test_a_training_that_its_optimizer_ends_on_the_way_has_diverged():
    class Breaking(torch.optim.SGD):
        def step(self, closure=None):
            super().step(closure)
            self.taken = getattr(self, "taken", 0) + 1
            if self.taken == 3 and self.param_groups[0]["lr"] > 0.5:
                raise RuntimeError("it did not converge")

    s = ov.train_sweep(Breaking, [0.01, 1.0], batch_size=2000, hidden=(8,))
    assert np.isfinite(s.losses[0, 0, 0]) and np.isinf(s.losses[0, 1, 0])


@pytest.fixture(scope="module")
def forked():
    """Processes are forked off one that has torch and what its optimizers import: else each would import it anew."""
    modules = ["distributed"] if importlib.util.find_spec("distributed") else []
    forkserver.set_forkserver_preload([*modules, "optim_viz.network.rate_sweep", "torch._dynamo"])
    forkserver.ensure_running()
    return get_context("forkserver")


def test_any_executor_gives_the_same_numbers(expected):
    with ThreadPoolExecutor(3) as pool:
        same(ov.train_sweep(TWO, **SMALL, executor=pool), expected)
    with ProcessPoolExecutor(1, get_context("spawn")) as pool:
        same(ov.train_sweep(TWO, **SMALL, executor=pool), expected)


FORKED = """
import faulthandler, multiprocessing
from concurrent.futures import ProcessPoolExecutor
import numpy as np
import optim_viz as ov

if __name__ == "__main__":
    faulthandler.dump_traceback_later(60, exit=True)
    asked = {"batch_size": 1000, "hidden": (8,)}
    here = ov.train_sweep("sgd", [0.1, 0.2], **asked)
    ov.train("sgd", epochs=1, **asked)
    with ProcessPoolExecutor(2, multiprocessing.get_context("fork")) as pool:
        there = ov.train_sweep("sgd", [0.1, 0.2], executor=pool, **asked)
    assert np.array_equal(here.losses, there.losses)
"""


@pytest.mark.skipif(not hasattr(os, "fork"), reason="there are no forks")
def test_processes_that_are_forked_after_a_training_do_not_wait_for_its_threads(tmp_path):
    script = tmp_path / "forked.py"
    script.write_text(FORKED)
    # A group of its own, so that its children end with it.
    own = os.environ | {"OMP_NUM_THREADS": "2"}
    with subprocess.Popen(
        [sys.executable, script], env=own, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    ) as process:
        try:
            process.wait(timeout=75)
        finally:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
    assert process.returncode == 0


def test_a_run_that_overflows_is_inf():
    s = ov.train_sweep(
        ov.optimizer("momentum", weight_decay=1.0), [1e-2, 1e6], batch_size=500, hidden=(8,), final_relu=False
    )
    assert np.isinf(s.losses[0, 1, 0]) and s.accuracies[0, 1, 0] == 0.0 and np.isfinite(s.losses[0, 0, 0])


def test_cancel_keeps_what_is_done_and_progress_rises():
    seen, cancel = [], threading.Event()

    def look(share):
        seen.append(share)
        if share > 0:
            cancel.set()

    s = ov.train_sweep(TWO, [1e-3] * 20, hidden=(12,), progress=look, cancel=cancel)
    assert s.cancelled and s.done.any() and not s.done.all()
    assert np.isfinite(s.losses[s.done]).all() and np.isinf(s.losses[~s.done]).all()
    assert seen == sorted(seen) and len(s.to_frame()) == s.done.sum()


def test_what_is_done_so_far_is_seen_after_every_training(expected):
    seen = []
    rate_sweep.run(expected.spec, seen=seen.append)
    assert [int(so_far.done.sum()) for so_far in seen] == list(range(1, 13))
    assert sorted(expected.spec.tasks[:4]) == [(0, 0, 0), (0, 1, 0), (1, 0, 0), (1, 1, 0)]  # all curves grow together
    for so_far in seen:
        np.testing.assert_array_equal(so_far.losses[so_far.done], expected.losses[so_far.done])


class Dying(Executor):
    """Runs what it is given at once, up to its death; what comes after that is cancelled, or ends in an error."""

    def __init__(self, lives, error=None):
        self.lives, self.error = lives, error

    def submit(self, function, *arguments):
        self.lives -= 1
        future = Future()
        if self.lives >= 0:
            future.set_result(function(*arguments))
        elif self.error:
            future.set_exception(self.error)
        else:
            future.cancel()
            future.set_running_or_notify_cancel()
        return future


TINY = {"lrs": [1e-3, 1e-2, 1e-1], "batch_size": 500, "hidden": (4,)}


@pytest.mark.parametrize(
    ("error", "why"),
    [(None, "the scheduler that ran them was lost"), (OSError("gone"), "one of them ended with OSError")],
)
def test_whoever_loses_the_executor_keeps_what_was_done_and_is_told(error, why):
    with pytest.raises(Unfinished, match=f"2 of 6 trainings were done when {why}") as cut:
        ov.train_sweep(TWO, **TINY, executor=Dying(2, error))
    half = cut.value.so_far
    assert half.cancelled and half.done.sum() == 2 and np.isfinite(half.losses[half.done]).all()


def test_a_curve_that_lost_its_scheduler_says_that_it_is_partial_and_is_run_again(monkeypatch):
    study = replace(VIEWS["network"].opens, resolution=5, rates=(1e-3, 1e-1))
    asked = check(replace(study, descent=replace(study.descent, optimizers=(ov.optimizer("sgd"),))))
    lives = iter([3, 99])
    monkeypatch.setattr(executor, "executor", lambda: contextlib.nullcontext(Dying(next(lives))))
    line = Line(study_runs.run)

    def ended(job):
        for _ in range(6000):
            if not job.active:
                return job
            time.sleep(0.01)
        pytest.fail("the job goes on")

    first = ended(line.ask(asked.work, "a"))
    assert first.state is JobState.FAILED and first.error.startswith("3 of 5 trainings were done when the scheduler")
    pictures = PICTURES["network"]
    assert pictures.sentence(asked.study, first.result).startswith("Partial: 3 of 5 trainings were done.\n")
    again = ended(line.ask(asked.work, "a"))
    assert again is not first and again.state is JobState.FINISHED
    assert pictures.sentence(asked.study, again.result).startswith("sgd: best ")


@pytest.fixture(scope="module")
def cluster(forked):
    distributed = pytest.importorskip("distributed")
    method = {"distributed.worker.multiprocessing-method": forked.get_start_method()}
    with (
        pytest.importorskip("dask").config.set(method),
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as local,
    ):
        yield local


def test_dask_gives_the_same_numbers_with_a_worker_killed_in_mid_sweep(cluster, expected, monkeypatch):
    monkeypatch.setenv(executor.SCHEDULER, cluster.scheduler_address)
    killed = []

    def kill(share):
        if share > 0 and not killed:
            killed.append(next(iter(cluster.workers.values())).pid)
            assert share < 1.0
            os.kill(killed[0], signal.SIGKILL)

    same(ov.train_sweep(TWO, **SMALL, progress=kill), expected)
    assert killed
    for _ in range(100):  # the cluster soon has a new process in its place
        if all(worker.pid != killed[0] for worker in cluster.workers.values()):
            return
        time.sleep(0.1)
    pytest.fail("the worker was not killed")


def test_without_a_scheduler_there_are_a_sentence_and_threads(monkeypatch):
    monkeypatch.setattr(executor, "PATIENCE", 0.3)
    told = []
    with executor.executor("tcp://127.0.0.1:9", told.append) as pool:
        assert isinstance(pool, ThreadPoolExecutor)
    with executor.executor("nonsense://there", told.append) as pool:
        assert isinstance(pool, ThreadPoolExecutor)
    assert len(told) == 2
    assert all(t.startswith("No scheduler answers at ") and t.endswith("Using threads here.") for t in told)
    monkeypatch.setenv(executor.SCHEDULER, "tcp://127.0.0.1:9")
    with pytest.warns(RuntimeWarning, match="No scheduler answers at tcp://127.0.0.1:9"), executor.executor() as pool:
        assert pool.submit(pow, 2, 3).result() == 8


def test_without_dask_there_are_a_sentence_and_threads(monkeypatch):
    monkeypatch.setitem(sys.modules, "distributed", None)
    told = []
    with executor.executor("tcp://127.0.0.1:9", told.append) as pool:
        assert isinstance(pool, ThreadPoolExecutor)
    (sentence,) = told
    assert sentence == (
        "The scheduler tcp://127.0.0.1:9 needs dask: pip install 'optim-viz[distributed]'. Using threads here."
    )


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (
            lambda: ov.train_sweep(TWO, [0.0]),
            "train_sweep: lr must be a number above 0 and at most 1,000,000; got 0.0.",
        ),
        (lambda: ov.train_sweep(TWO, 0.1), "lrs must be a list of learning rates; got 0.1."),
        (lambda: ov.train_sweep(TWO, []), "This sweep has 0 trainings; 1 to 2,000 are possible."),
        (lambda: ov.train_sweep(lambda params: None, [0.1]), "'own' takes no lr: write it as lambda params, lr: ..."),
        (lambda: ov.train_sweep(TWO, [0.1], seeds=99), "seeds must be a whole number from 1 to 10; got 99."),
    ],
)
def test_what_cannot_be_swept_gets_its_sentence(call, sentence):
    with pytest.raises(ov.SpecError) as error:
        call()
    assert sentence in str(error.value)


def test_specs_hash():
    assert hash(rate_sweep.check(TWO, **SMALL)) == hash(rate_sweep.check(TWO, **SMALL))


def test_weight_decay_batch_size_and_width_are_axes(expected):
    axes = {"width": [6, 12], "batch_size": [250, 500], "weight_decay": [0.0, 0.1]}
    s = ov.train_sweep(TWO[0], [1e-2, 1e-1], hidden=(9, 9), seeds=2, seed=3, axes=axes)
    assert s.losses.shape == (1, 2, 2, 2, 2, 2) and s.done.all() and len(s.to_frame()) == 32
    for task in ((0, 0, 0, 1, 1, 0), (0, 1, 1, 0, 0, 1)):
        _, r, w, b, d, k = task
        given = ov.optimizer("momentum", lr=s.spec.lrs[r], weight_decay=axes["weight_decay"][d])
        run = ov.train(given, 1, axes["batch_size"][b], (axes["width"][w],) * 2, seed=3 + k).runs[0]
        assert s.losses[task] == run.test_losses[-1]
        row = s.to_frame().query(
            f"lr == {s.spec.lrs[r]} and width == {axes['width'][w]} and batch_size == {axes['batch_size'][b]} "
            f"and weight_decay == {axes['weight_decay'][d]} and seed == {3 + k}"
        )
        assert row.test_loss.tolist() == [s.losses[task]]
    best = s.best_values["momentum"]
    assert list(best) == ["lr", *axes] and s.best == {"momentum": best["lr"]}
    assert s.final_loss.min() == s.final_loss[0][np.unravel_index(s.final_loss[0].argmin(), (2, 2, 2, 2))]
    steps = sum(-(-8000 // size) for size in axes["batch_size"])  # what an epoch of each size takes
    assert s.spec.steps_in_all == 2 * 2 * 2 * 2 * steps
    assert ov.train_sweep(TWO, **SMALL, axes={}).losses.tobytes() == expected.losses.tobytes()


@pytest.mark.parametrize(
    ("axes", "sentence"),
    [
        ({"widht": [1]}, "Unknown axis 'widht'; did you mean 'width'?"),
        ({"width": [0]}, "must be"),
        ({"batch_size": 5}, "The axis 'batch_size' must be a list of numbers; got 5."),
        ({"batch_size": [0]}, "batch_size must be a whole number"),
        ({"weight_decay": [-1]}, "momentum: weight_decay must be a number"),
        ({"width": range(1, 1025)}, "This sweep has 2,048 trainings"),
    ],
)
def test_what_cannot_be_an_axis_gets_its_sentence(axes, sentence):
    with pytest.raises(ov.SpecError) as error:
        ov.train_sweep(TWO, [0.1], axes=axes)
    assert sentence in str(error.value)
