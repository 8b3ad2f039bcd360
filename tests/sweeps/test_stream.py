"""Sweeps into files: the numbers of ov.sweep, going on after kill -9, over dask with a worker lost."""

import functools
import json
import os
import signal
import subprocess
import sys
import threading
import time
from collections import Counter
from concurrent.futures import Executor, Future, ThreadPoolExecutor
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

import numpy as np
import pandas as pd
import pytest
import torch

import optim_viz as ov
from optim_viz.executor import completed
from optim_viz.progress import Unfinished
from optim_viz.sweeps import stream, sweep
from tests.sweeps.test_executors import Dying

ROOT = Path(__file__).parents[2]
AXES = {"lr": np.geomspace(1e-3, 1.0, 50).tolist(), "beta1": np.linspace(0, 0.99, 40).tolist()}
SPEC = sweep.check("beale", ov.optimizer("adam"), AXES, steps=40, noise=0.1, seeds=2)
PART = 300


def contents(files):
    return {path.name: path.read_bytes() for path in files.folder.iterdir()}


@pytest.fixture(scope="module")
def whole(tmp_path_factory):
    return stream.run(SPEC, tmp_path_factory.mktemp("whole"), part=PART)


def test_the_files_hold_the_numbers_of_sweep(whole):
    s = sweep.run(SPEC)
    frame = pd.concat(whole.frames(), ignore_index=True)
    assert whole.complete and len(frame) == 4000 and len(whole.done) == 14
    np.testing.assert_array_equal(frame["final_loss"], s.losses.ravel())
    expected = s.to_frame()
    for name in ("seed", "lr", "beta1"):
        np.testing.assert_array_equal(frame[name], expected[name])
    one = frame.iloc[2345]
    single = ov.optimizer("adam", lr=one["lr"], beta1=one["beta1"])
    run = ov.descend("beale", single, steps=40, noise=0.1, seed=int(one["seed"]))["adam"]
    np.testing.assert_allclose([one["end_x"], one["end_y"]], run.points[-1], rtol=1e-9)
    best = whole.best
    assert best["final_loss"] == s.losses.min() and set(best) == {*frame}


def test_whoever_computes_it_writes_the_same_bytes(whole, tmp_path):
    with ThreadPoolExecutor(2) as pool:
        shares = []
        files = stream.run(SPEC, tmp_path, pool, shares.append, part=PART)
    assert contents(files) == contents(whole) and shares[0] == 0.0 and shares[-1] == 1.0 and shares == sorted(shares)


KILLED = """
import sys, time
from tests.sweeps.test_stream import SPEC, PART
from optim_viz.sweeps import stream
stream.run(SPEC, sys.argv[1], progress=lambda share: print(share, flush=True) or time.sleep(0.05), part=PART)
"""


def test_after_kill_9_it_goes_on_and_the_bytes_are_the_same(whole, tmp_path):
    child = subprocess.Popen([sys.executable, "-c", KILLED, str(tmp_path)], stdout=subprocess.PIPE, text=True, cwd=ROOT)
    while float(child.stdout.readline()) < 0.3:
        pass
    os.kill(child.pid, signal.SIGKILL)
    assert child.wait() == -signal.SIGKILL
    child.stdout.close()
    (tmp_path / f".{stream.NOTE}.{child.pid}").write_text("half")  # what a kill may leave
    there = {path.name: path.stat().st_mtime_ns for path in tmp_path.glob("runs-*")}
    assert 4 <= len(there) < 14
    files = stream.run(SPEC, tmp_path)  # the folder knows how it is cut
    assert files.complete and contents(whole).items() <= contents(files).items()
    assert {name: (tmp_path / name).stat().st_mtime_ns for name in there} == there  # not run again


def test_a_cancel_and_a_lost_executor_keep_whole_parts(whole, tmp_path):
    cancel = threading.Event()
    files = stream.run(SPEC, tmp_path / "a", None, lambda share: share and cancel.set(), cancel, PART)
    assert len(files.done) == 1 and not files.complete
    with pytest.raises(Unfinished, match="600 of 4,000 runs were done when one of them ended with OSError") as cut:
        stream.run(SPEC, tmp_path / "b", Dying(2), part=PART)
    assert len(cut.value.so_far.done) == 2
    assert contents(cut.value.so_far).items() <= contents(whole).items()


def test_another_sweep_and_a_bad_folder_get_their_sentence(whole, tmp_path):
    with pytest.raises(ov.SpecError, match="holds another sweep: choose a new folder"):
        ov.sweep_to(whole.folder, "beale", ov.optimizer("adam"), AXES)
    (tmp_path / stream.NOTE).write_text("[]")
    with pytest.raises(ov.SpecError, match="holds another sweep"):
        stream.run(SPEC, tmp_path)
    (tmp_path / "file").write_text("")
    with pytest.raises(ov.SpecError, match="could not be written"):
        ov.sweep_to(tmp_path / "file", "beale", ov.optimizer("adam"), AXES)
    with pytest.raises(ov.SpecError, match="has 1,600,000,000 runs; at most 1,000,000,000\\."):
        ov.sweep_to(tmp_path, "beale", ov.optimizer("adam"), dict.fromkeys(("lr", "beta1"), [0.1] * 40_000))


def of_momentum(momentum):
    return lambda params, lr: torch.optim.SGD(params, lr=lr, momentum=momentum)


def test_a_function_of_ones_own_is_known_by_what_it_does_and_not_by_its_address(tmp_path):
    axes = {"lr": [1e-3]}
    made = [ov.sweep_to(tmp_path, "rosenbrock", of_momentum(0.5), axes, steps=5).best for _ in range(2)]
    assert made[0] == made[1]
    other = [lambda params, lr: torch.optim.SGD(params, lr=lr), lambda params, lr: torch.optim.Adam(params, lr=lr)]
    for factory in (of_momentum(0.9), *other, functools.partial(torch.optim.SGD, momentum=0.5), torch.optim.SGD):
        with pytest.raises(ov.SpecError, match="holds another sweep"):
            ov.sweep_to(tmp_path, "rosenbrock", factory, axes, steps=5)


def test_a_damaged_part_is_named(tmp_path):
    files = stream.run(SPEC, tmp_path, part=PART)
    damaged = files.path(files.spans[1])
    damaged.write_bytes(b"")
    with pytest.raises(ov.SpecError, match=f"{damaged.name}' is damaged, or cannot be read: delete it"):
        _ = files.best


def test_an_executor_that_takes_nothing_is_a_lost_one(tmp_path):
    closed = ThreadPoolExecutor(1)
    closed.shutdown()
    with pytest.raises(Unfinished, match="0 of 4,000 runs were done when one of them ended with RuntimeError"):
        stream.run(SPEC, tmp_path, closed, part=PART)


def test_more_runs_than_memory_is_allowed_are_no_sweep_but_may_be_streamed():
    many = {"lr": [0.1] * 2001, "momentum": [0.1] * 2000}
    with pytest.raises(ov.SpecError, match=r"at most 4,000,000.*sweep_to"):
        ov.sweep("quadratic", ov.optimizer("momentum"), many)
    assert sweep.check("quadratic", ov.optimizer("momentum"), many, most=stream.MOST_RUNS).runs == 4_002_000


def test_dask_with_a_worker_killed_writes_the_same_bytes(whole, tmp_path):
    distributed = pytest.importorskip("distributed")
    killed = []
    with (
        distributed.LocalCluster(
            n_workers=2, threads_per_worker=1, processes=True, dashboard_address=":0", silence_logs=50
        ) as cluster,
        distributed.Client(cluster, set_as_default=False) as client,
    ):

        def kill(share):
            if share > 0 and not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)

        files = stream.run(SPEC, tmp_path, client.get_executor(pure=False, retries=3), kill, part=PART)
    assert killed and contents(files) == contents(whole)
    assert json.loads((tmp_path / stream.NOTE).read_text())["runs"] == 4000


def test_nothing_waits_longer_than_it_is_awaited():
    """The executor's loop hands over at most so many tasks at once."""
    seen, most = [], []

    def one(i):
        seen.append(i)
        time.sleep(0.001)
        return i

    with ThreadPoolExecutor(2) as pool:
        tasks = completed(pool, lambda i: (lambda i, cancel: one(i), i), range(40), ahead=3)
        for done, _ in enumerate(tasks):
            most.append(len(seen) - done)
    assert sorted(seen) == [*range(40)] and max(most) <= 4


class Unsteady(Executor):
    """An executor on which every task fails so many times before it gives what it should."""

    def __init__(self, times, error):
        self.times, self.error, self.tried = times, error, Counter()

    def submit(self, function, task):
        self.tried[task] += 1
        future = Future()
        if self.tried[task] > self.times:
            future.set_result(function(task))
        else:
            future.set_exception(self.error)
        return future


@pytest.mark.parametrize(
    ("times", "error", "tries"),
    [
        (0, None, 1),
        (1, ValueError("too many values to unpack (expected 3)"), 2),  # distributed's executor, of a lost worker's
        (2, ValueError("its own"), 2),
        (1, ov.SpecError("a sentence"), 1),
        (1, BrokenProcessPool("a worker was killed"), 1),
    ],
)
def test_a_task_that_failed_for_no_reason_of_its_own_is_tried_once_more(times, error, tries):
    pool = Unsteady(times, error)
    ends = dict(completed(pool, lambda i: (abs, i), range(5), ahead=2))
    assert pool.tried == dict.fromkeys(range(5), tries) and ends.keys() == set(range(5))
    for task, future in ends.items():
        assert future.exception() is error if tries <= times else future.result() == task
