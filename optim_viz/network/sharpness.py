"""ov.sharpness: the largest Hessian eigenvalues along a training, and the edge that its optimizer is stable below."""

from __future__ import annotations

import itertools
import math
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from optim_viz.network.curvature import Curvature, Sharpness
from optim_viz.network.edges import edge_of
from optim_viz.network.hessian import Product, largest, product
from optim_viz.network.module_loss import Given, Loss, ModuleLoss
from optim_viz.network.plane import BATCHNORM
from optim_viz.network.recording import Recording, Recordings, gathered, is_recorded
from optim_viz.network.recording_parts import MAX_EIGENVALUES, MAX_LOOKS
from optim_viz.network.replay import digits_loss, seen_again, torch_class
from optim_viz.network.seen import Seen, spread
from optim_viz.network.training import Training
from optim_viz.progress import Progress
from optim_viz.spec import SpecError, hooks, one_of, quoted, whole


def sharpness(
    runs: Any,
    *,
    loss: Loss | None = None,
    data: Any = None,
    count: int = 1,
    snapshots: int = 20,
    digits: int | None = None,
    batchnorm: str = "batch",
    progress: Callable[[Progress], None] | None = None,
) -> Sharpness:
    """Return the largest Hessian eigenvalues at snapshots of each run, and the edge of stability of its optimizer.

    Problem: why does a loss swing, and what keeps it from running away? Full-batch training comes up to the edge.
    Formula: the largest eigenvalues of H, the Hessian of the loss. Stable below 2 / lr; with momentum below
    (2 + 2β) / lr; for Adam those of P^(-1/2) H P^(-1/2), P = (1 - β1^t) (sqrt(v / (1 - β2^t)) + eps), below
    (2 + 2β1) / (1 - β1) / lr.

    Arguments: `runs`, what `ov.train` returned, or what `ov.record` or `ov.load` returned, one or a list; the edge of a
    recording is known if `ov.record` was given its `optimizer`, and Adam's with `scales=True`. `count`, 1 to 20
    eigenvalues; `snapshots`, 1 to 1,000: as many of each run at most, evenly spread. Of recordings `loss`, `data` and
    `batchnorm` as in `ov.project`; of a training `digits`, as there: an Adam is then run again for what it divides by.
    `progress`, called after every snapshot, with what is known by then as its so_far().
    Raises SpecError, one sentence that names the value and what is allowed.

    >>> import torch
    >>> from optim_viz.network.recorder import record
    >>> model = torch.nn.Linear(1, 1, bias=False)
    >>> rec = record(model, "sgd", optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    >>> rec.step(0.5)
    >>> s = sharpness(rec, loss=lambda call, x: call(x).square().mean(), data=torch.full((4, 1), 3.0))
    >>> s["sgd"].eigenvalues[:, 0].round(3).tolist(), s["sgd"].edge.tolist()
    ([18.0, 18.0], [20.0, 20.0])

    Reference: Cohen, Kaur, Li, Kolter & Talwalkar, Gradient Descent on Neural Networks Typically Occurs at the Edge of
    Stability (2021); Cohen, Ghorbani, Krishnan et al., Adaptive Gradient Methods at the Edge of Stability (2022).
    """
    import torch

    hooks(progress)
    count = whole(count, "count", 1, MAX_EIGENVALUES)
    snapshots = whole(snapshots, "snapshots", 1, MAX_LOOKS)
    if isinstance(runs, Training):
        if loss is not None or data is not None:
            raise SpecError("A training has its own loss and digits; loss and data are for recordings.")
        with torch.inference_mode(False):  # whatever the caller is in the middle of
            losses, every = digits_loss(runs, digits), _of_training(runs, snapshots)
            return _looked_at(losses, every, count, progress, "training digits")
    if not is_recorded(runs):
        raise SpecError("ov.sharpness takes what ov.train or ov.record returns; got {value}.", value=quoted(runs))
    if digits is not None:
        raise SpecError("Recordings have no digits, but data; got digits={value}.", value=quoted(digits))
    found = gathered(runs)
    losses = _of_recordings(found, Given(loss, data, one_of(batchnorm, BATCHNORM, "batchnorm")))
    every = [
        _Along(
            run.label, kind, str(run.optimizer.get("class", "")), _snapshots(run, snapshots),
            min(snapshots, len(run.snapshot_steps)),
        )
        for run, kind in zip(found, found.kinds, strict=True)
    ]  # fmt: skip
    with torch.inference_mode(False):
        return _looked_at(losses, every, count, progress)


def _of_training(training: Training, most: int) -> list[_Along]:
    """The first seed's runs, those that have snapshots."""
    shown = [run for label in training.labels if len((run := training[label]).snapshot_steps)]
    if not shown:
        raise SpecError("No run has weights to look at: every one was cancelled before its first step.")
    return [
        _Along(
            run.label, run.spec.kind, torch_class(run), seen_again(run, training.spec, most),
            min(most, len(run.snapshot_steps)),
        )
        for run in shown
    ]  # fmt: skip


def _of_recordings(runs: Recordings, asked: Given) -> ModuleLoss:
    if asked.batchnorm == "recalibrate":
        raise SpecError(
            "A Hessian takes batchnorm 'batch' or 'eval': what is taken anew is no function of the weights."
        )
    return ModuleLoss(runs.module, runs.runs[0].weights, runs.runs[0].statistics, asked)


def _snapshots(run: Recording, most: int) -> Iterator[Seen]:
    """Snapshots of a recording, each with the learning rate of the step that follows, or came last."""
    run.snapshot(0)  # which says so where there is none
    for i in spread(run.snapshot_steps, most):
        step, values = int(run.snapshot_steps[i]), {k: v for k, v in run.optimizer.items() if k != "class"}
        if run.steps:
            lr = run.lrs[min(step, run.steps - 1)]
            values |= {"lr": float(lr)} if math.isfinite(lr) else {}
        yield Seen(step, run.snapshot(i), run.scale(i), values)


@dataclass(eq=False)
class _Along:
    """One run that is looked at: its snapshots, what torch's class of its optimizer is called, and what is known."""

    label: str
    kind: str  # what it is drawn as
    name: str
    snapshots: Iterator[Seen]
    expected: int
    rows: list[tuple[int, np.ndarray, float, float]] = field(default_factory=list)
    words: str = ""
    guess: np.ndarray | None = None  # the last eigenvector, with which the next search begins
    guess_scaled: np.ndarray | None = None

    def look(self, losses: ModuleLoss, seen: Seen, count: int) -> None:
        """Find the eigenvalues at one more snapshot."""
        import torch

        times, edge = product(losses.value, torch.from_numpy(seen.weights)), edge_of(self.name)
        values, self.guess = _eigenvalues(times, len(seen.weights), count, self.guess)
        scaled, at, known = math.nan, math.nan, seen.hyperparameters
        if seen.scale is not None and np.isfinite(seen.scale).all() and (seen.scale > 0).all():
            inverse = torch.from_numpy(1 / np.sqrt(seen.scale))
            top, self.guess_scaled = _eigenvalues(_scaled(times, inverse), len(inverse), 1, self.guess_scaled)
            scaled = top[0]
        if edge and known.get("lr"):
            at, self.words = edge.factor(known) / known["lr"] - edge.shift(known), edge.words(known)
        self.rows.append((seen.step, values, scaled, at))

    def curvature(self, count: int) -> Curvature:
        """Return what is known by now."""
        steps, values, scaled, edges = zip(*self.rows, strict=True) if self.rows else ((),) * 4
        preconditioned, at, edge = np.array(scaled, float), np.array(edges, float), edge_of(self.name)
        unknown = edge is not None and edge.scale is not None and not np.isfinite(preconditioned).any()
        at = np.full(len(at), np.nan) if unknown else at  # it is an edge of what is not known
        found = np.array(values, float).reshape(-1, count)
        words = "" if unknown else self.words
        return Curvature(self.label, np.array(steps, np.int64), found, preconditioned, at, words)


def _looked_at(
    losses: ModuleLoss,
    runs: list[_Along],
    count: int,
    progress: Callable[[Progress], None] | None,
    over: str = "examples",
) -> Sharpness:
    """Find the eigenvalues of all snapshots: the first of every run, then the second of every run, and so on."""
    if count > losses.weights.size:
        raise SpecError(
            "count must be at most the {most:,} weights; got {count}.", most=losses.weights.size, count=count
        )
    began, expected = time.perf_counter(), sum(run.expected for run in runs)

    def so_far() -> Sharpness:
        kinds = tuple(run.kind for run in runs)
        return Sharpness(tuple(run.curvature(count) for run in runs), kinds, losses.examples, losses.said, over)

    turns = itertools.zip_longest(*(run.snapshots for run in runs))
    with losses.ready():
        for run, seen in ((run, seen) for turn in turns for run, seen in zip(runs, turn, strict=True) if seen):
            run.look(losses, seen, count)
            if progress is not None:
                share = sum(len(run.rows) for run in runs) / expected
                progress(Progress(share, time.perf_counter() - began, so_far))
    return so_far()


def _scaled(times: Product, by: Any) -> Product:
    """The product with a matrix whose rows and columns are multiplied by a vector."""
    return lambda v: by * times(by * v)


def _eigenvalues(times: Product, size: int, count: int, guess: np.ndarray | None) -> tuple[np.ndarray, Any]:
    """Eigenvalues, and the vector to begin with at the next snapshot; NaN where none are found."""
    try:
        return largest(times, size, count, guess)
    except ArithmeticError:
        return np.full(count, np.nan), None
