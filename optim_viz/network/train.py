"""The engine on the network: torch.optim on one MLP, every optimizer from the same weights on the same batches."""

from __future__ import annotations

import contextlib
import heapq
import math
import threading
import time
from collections.abc import Callable, Generator, Sequence
from pathlib import Path
from typing import Any

from optim_viz.language import N_
from optim_viz.network import digits
from optim_viz.network.growing_run import GrowingRun, evaluation_steps, snapshot_steps
from optim_viz.network.mlp import Layout
from optim_viz.network.one_run import Data, run_in_turns
from optim_viz.network.training import Training, TrainingOutcome
from optim_viz.optimizers.schedules import check_schedules
from optim_viz.optimizers.specs import as_specs
from optim_viz.progress import Progress
from optim_viz.settings import threads
from optim_viz.spec import (
    SEEDS,
    NetworkSpec,
    OptimizerSpec,
    SpecError,
    flag,
    hooks,
    nearest,
    parts,
    quoted,
    unique_labels,
    whole,
)
from optim_viz.threads import in_torch_threads

MAX_OPTIMIZERS, MAX_SEEDS, MAX_EPOCHS, MAX_STEPS = 6, 10, 100, 100_000
MAX_LAYERS, MAX_WIDTH = 4, 1024


def train(
    optimizers: Sequence[OptimizerSpec | Callable[..., Any]] | OptimizerSpec | Callable[..., Any],
    epochs: int = 5,
    batch_size: int = 64,
    hidden: Sequence[int] = (300, 200),
    final_relu: bool = True,
    seed: int = 0,
    seeds: int = 1,
    data: str = "",
    progress: Callable[[Progress], None] | None = None,
    cancel: threading.Event | None = None,
) -> Training:
    """Train one small network with several optimizers, side by side, and return their runs.

    Problem: see what each optimizer makes of the same weights, digits and mini-batches.
    Formula: minimise the mean of -log softmax(f(x))_y, f(x) = [relu](W3 relu(W2 relu(W1 x + b1) + b2) + b3), with x the
    784 grey levels divided by 255; the weights start as torch.nn.Linear's.

    Arguments: `optimizers`, 1 to 6 specs or factories params -> torch.optim.Optimizer (an lr_scale is a mapping of
    "layer.0", "layer.1", ... to factors; "muon" is torch's Muon on the matrices and AdamW on the biases, both with its
    lr, schedule, lr_scale, weight_decay; clip_norm bounds the norm over all weights); `epochs`, 1 to 100; `batch_size`,
    1 to all training digits; `hidden`, 1 to 4 layers of 1 to 1,024 units; `final_relu`, whether the logits are clipped
    at 0, as in the source material (it hurts); `seed`, 0 to 2**32 - 1, of weights and batches; `seeds`, 1 to 10: as
    many runs of each optimizer, from seed, seed + 1, ...; `data`, "" for the shipped 10,000 digits, "mnist" or the path
    of a file (see digits.load); `progress`, called about ten times a second in this thread; `cancel`, an event that
    ends training within a few steps, keeping what was recorded.
    Raises SpecError, one sentence that names the value and what is allowed. Divergence is an outcome, not an error.

    >>> from optim_viz import optimizer
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> t["adam"].status, t["adam"].losses.shape, t["adam"].eval_steps
    ('finished 16 steps', (16,), array([ 0,  4,  8, 12, 16]))

    Reference: LeCun, Bottou, Bengio & Haffner, Gradient-Based Learning Applied to Document Recognition (1998).
    """
    hooks(progress, cancel)
    return run(check(optimizers, epochs, batch_size, hidden, final_relu, seed, seeds, data), progress, cancel)


def check(
    optimizers: Sequence[OptimizerSpec | Callable[..., Any]] | OptimizerSpec | Callable[..., Any],
    epochs: int = 5,
    batch_size: int = 64,
    hidden: Sequence[int] = (300, 200),
    final_relu: bool = True,
    seed: int = 0,
    seeds: int = 1,
    data: str = "",
) -> NetworkSpec:
    """Return the arguments of `train` as a checked, frozen spec, or raise a SpecError."""
    specs = check_optimizers(optimizers)
    data = _check_data(data)
    layout = Layout(_check_hidden(hidden))
    for spec in specs:
        _check_scale(spec, layout)
    count = len(digits.load(data).train_y)
    checked = NetworkSpec(
        specs,
        whole(epochs, "epochs", 1, MAX_EPOCHS),
        whole(batch_size, "batch_size", 1, count),
        layout.hidden,
        flag(final_relu, "final_relu"),
        whole(seed, "seed", 0, SEEDS - 1),
        whole(seeds, "seeds", 1, MAX_SEEDS),
        data,
    )
    total = checked.epochs * steps_per_epoch(checked)
    if total > MAX_STEPS:
        raise SpecError(
            "{epochs} epochs of batch_size {batch_size} are {total:,} steps; at most {most:,}.",
            epochs=checked.epochs,
            batch_size=batch_size,
            total=total,
            most=MAX_STEPS,
        )
    check_schedules(specs, total)
    return checked


def check_optimizers(given: Any) -> tuple[OptimizerSpec, ...]:
    """Return one optimizer or several as specs, as many as a training takes."""
    specs = as_specs(given)
    if not 1 <= len(specs) <= MAX_OPTIMIZERS:
        raise SpecError("Choose 1 to {most} optimizers; got {count}.", most=MAX_OPTIMIZERS, count=len(specs))
    return specs


def steps_per_epoch(spec: NetworkSpec) -> int:
    """Return how many mini-batches an epoch has."""
    return math.ceil(len(digits.load(spec.data).train_y) / spec.batch_size)


def _check_data(data: Any) -> str:
    if not isinstance(data, str | Path):
        raise SpecError(
            "data is '' (the shipped digits), 'mnist' or the path of a file, such as "
            "np.savez('mine.npz', x=x, y=y) writes; got {data}.",
            data=quoted(data),
        )
    return str(data)


def _check_hidden(hidden: Any) -> tuple[int, ...]:
    try:
        sizes = parts(hidden)
    except TypeError:
        raise SpecError(
            "hidden must be a tuple of layer sizes, such as (300, 200); got {hidden}.", hidden=quoted(hidden)
        ) from None
    if not 1 <= len(sizes) <= MAX_LAYERS:
        raise SpecError("hidden must have 1 to {most} layers; got {count}.", most=MAX_LAYERS, count=len(sizes))
    return tuple(whole(size, N_("hidden layer {i}", i=i), 1, MAX_WIDTH) for i, size in enumerate(sizes, 1))


def _check_scale(spec: OptimizerSpec, layout: Layout) -> None:
    for name, _ in spec.lr_scale:
        if name not in layout.names:
            raise SpecError(
                "{kind}: the network has no layer {name}; {hint}",
                kind=spec.kind,
                name=quoted(name),
                hint=nearest(name, layout.names),
            )
    if spec.lr_scale and spec.factory is not None:
        raise SpecError(
            "{label}: lr_scale is not possible with an optimizer of your own: give it param groups.", label=spec.label
        )
    if spec.lr_scale and spec.kind == "lbfgs":
        raise SpecError("lbfgs: lr_scale is not possible, torch's LBFGS takes one learning rate for all weights.")


def run(
    spec: NetworkSpec, progress: Callable[[Progress], None] | None = None, cancel: threading.Event | None = None
) -> Training:
    """Run a checked spec; equal specs give bit-equal numbers on one machine, however the runs share the threads."""
    began = time.perf_counter()
    loaded = digits.load(spec.data)
    runs = _empty_runs(spec, len(loaded.test_y))
    workers = min(threads(), len(runs))
    turns = _Turns(spec, runs, Data.of(loaded), idle=threads() >= 2 * len(runs))

    def so_far() -> Training:
        views = tuple(run.view() for run in runs)
        return Training(spec, views, len(runs[0].losses), time.perf_counter() - began, loaded.digest)

    def report() -> None:
        if progress is not None:
            done = sum(run.done for run in runs)
            every = len(runs) * len(runs[0].losses)
            progress(Progress(done / every, time.perf_counter() - began, so_far))

    with contextlib.closing(turns):
        in_torch_threads(turns.work, workers, report, cancel)
    for run in runs:
        if run.outcome is TrainingOutcome.RUNNING:
            run.end(TrainingOutcome.CANCELLED)
    report()
    return so_far()


def _empty_runs(spec: NetworkSpec, test_digits: int) -> list[GrowingRun]:
    """Return an empty run for every optimizer and seed, seed after seed; only the first seed's runs keep snapshots."""
    layout = Layout(spec.hidden)
    evals = evaluation_steps(spec.epochs, steps_per_epoch(spec))
    snaps = snapshot_steps(int(evals[-1]), layout.size, len(spec.optimizers))
    labels = unique_labels(spec.optimizers)
    runs = []
    for i, seed in enumerate(spec.each_seed):
        start = layout.start(seed).numpy()
        for optimizer, label in zip(spec.optimizers, labels, strict=True):
            kept = snaps if i == 0 else snaps[:0]
            runs.append(GrowingRun(optimizer, label, seed, layout, start, evals, kept, test_digits))
    return runs


class _Turns:
    """Runs that take turns on a few threads: always the one that is furthest behind, seed after seed.

    So curves grow side by side, and three runs keep two threads busy to the end.
    """

    def __init__(self, spec: NetworkSpec, runs: list[GrowingRun], data: Data, idle: bool) -> None:
        self.lock = threading.Lock()
        self.heap: list[tuple[int, int, int, GrowingRun, Generator[None]]] = []
        for i, run in enumerate(runs):
            self.heap.append((i // len(spec.optimizers), 0, i, run, run_in_turns(spec, run, data, idle)))

    def work(self, stopped: Callable[[], bool]) -> None:
        """Go on with one run after the other until none is waiting: what is left then is in other threads' hands."""
        import torch

        while not stopped():
            with self.lock:
                if not self.heap:
                    return
                seed, _, i, run, turns = heapq.heappop(self.heap)
            # No tape is kept, so nothing needs to be kept track of; but a stranger's optimizer may read the tape.
            with torch.inference_mode(run.spec.factory is None):
                ended = next(turns, True)
            if not ended:
                with self.lock:
                    heapq.heappush(self.heap, (seed, run.done, i, run, turns))

    def close(self) -> None:
        """Let go of the runs that were not ended: nothing is written to them any more."""
        for *_, turns in self.heap:
            turns.close()
