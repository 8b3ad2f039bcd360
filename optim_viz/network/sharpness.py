"""ov.sharpness: the largest Hessian eigenvalues along a training, and the edge that its optimizer is stable below."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.language import N_, together
from optim_viz.network.edges import edge_of
from optim_viz.network.hessian import Product, largest, product
from optim_viz.network.module_loss import Given, Loss, ModuleLoss
from optim_viz.network.plane import BATCHNORM, EXAMPLES
from optim_viz.network.recording import Recording, Recordings, gathered, is_recorded
from optim_viz.network.replay import digits_loss, seen_again, torch_class
from optim_viz.network.seen import Seen, spread
from optim_viz.network.training import Training
from optim_viz.spec import SpecError, one_of, quoted, whole

MAX_EIGENVALUES, MAX_SNAPSHOTS = 20, 1000


@dataclass(frozen=True, eq=False)
class Curvature:
    """The curvature along one run, one row per snapshot that was looked at.

    `edge` is what the largest eigenvalue has to stay below for full-batch steps at the snapshot's learning rate to be
    stable; of Adam, AdamW and RMSprop it is the largest of the `preconditioned` Hessian. NaN where it is not known.
    """

    label: str
    steps: np.ndarray  # int64 [k]
    eigenvalues: np.ndarray  # float64 [k, count], largest first
    preconditioned: np.ndarray  # float64 [k], of P^(-1/2) H P^(-1/2); NaN where P is not known
    edge: np.ndarray  # float64 [k]
    words: str  # the edge's formula; "" where it is not known

    @property
    def adaptive(self) -> bool:
        """Whether the edge is one of the preconditioned Hessian."""
        return bool(np.isfinite(self.preconditioned).any())

    @property
    def compared(self) -> np.ndarray:
        """What the edge is an edge of: the largest eigenvalue, preconditioned where that is what counts."""
        return self.preconditioned if self.adaptive else self.eigenvalues[:, 0]


@dataclass(frozen=True, eq=False)
class Sharpness:
    """The curvature along several runs, by label."""

    curvatures: tuple[Curvature, ...]
    kinds: tuple[str, ...]  # the optimizer that each label is drawn as
    examples: int
    batchnorm: str = ""  # a row of BATCHNORM, or "" without one

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the runs."""
        return tuple(curvature.label for curvature in self.curvatures)

    def __getitem__(self, label: str) -> Curvature:
        return self.curvatures[self.labels.index(one_of(label, self.labels, "label"))]

    def __iter__(self) -> Iterator[Curvature]:
        return iter(self.curvatures)

    @property
    def caption(self) -> str:
        """What is shown, in words."""
        told = N_(
            "The largest eigenvalue of the Hessian of the loss over {examples}: how sharply it bends in its steepest "
            "direction. Dotted: the edge above which full-batch steps swing ever wider on a quadratic; below it they "
            "are stable. With mini-batches the eigenvalue may stay below.",
            examples=N_(EXAMPLES["examples" if self.examples else "the data"], count=self.examples),
        )
        return together(
            [told, N_(BATCHNORM[self.batchnorm].sentence, run=self.labels[0])] if self.batchnorm else [told]
        )

    def __repr__(self) -> str:
        return f"<Sharpness of {', '.join(self.labels)}: {len(self.curvatures[0].steps)} snapshots>"


def sharpness(
    runs: Any,
    *,
    loss: Loss | None = None,
    data: Any = None,
    count: int = 1,
    snapshots: int = 20,
    digits: int | None = None,
    batchnorm: str = "batch",
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
    count = whole(count, "count", 1, MAX_EIGENVALUES)
    snapshots = whole(snapshots, "snapshots", 1, MAX_SNAPSHOTS)
    if isinstance(runs, Training):
        if loss is not None or data is not None:
            raise SpecError("A training has its own loss and digits; loss and data are for recordings.")
        shown = [run for label in runs.labels if len((run := runs[label]).snapshot_steps)]
        every = {run.label: (seen_again(run, runs.spec, snapshots), torch_class(run)) for run in shown}
        return _looked_at(digits_loss(runs, digits), every, runs.kinds, count)
    if not is_recorded(runs):
        raise SpecError("ov.sharpness takes what ov.train or ov.record returns; got {value}.", value=quoted(runs))
    if digits is not None:
        raise SpecError("Recordings have no digits, but data; got digits={value}.", value=quoted(digits))
    found = gathered(runs)
    losses = _of_recordings(found, Given(loss, data, one_of(batchnorm, BATCHNORM, "batchnorm")))
    every = {run.label: (_snapshots(run, snapshots), str(run.optimizer.get("class", ""))) for run in found}
    return _looked_at(losses, every, found.kinds, count)


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


def _looked_at(losses: ModuleLoss, every: dict[str, tuple[Iterator[Seen], str]], kinds: Any, count: int) -> Sharpness:
    """Find the eigenvalues of all snapshots of all runs."""
    if count > losses.weights.size:
        raise SpecError(
            "count must be at most the {most:,} weights; got {count}.", most=losses.weights.size, count=count
        )
    with losses.ready():
        found = tuple(_curvature(losses, label, seen, name, count) for label, (seen, name) in every.items())
    return Sharpness(found, tuple(kinds), losses.examples, losses.said)


def _curvature(losses: ModuleLoss, label: str, snapshots: Iterator[Seen], name: str, count: int) -> Curvature:
    import torch

    edge, rows, words = edge_of(name), [], ""
    guess = guess_scaled = None
    for seen in snapshots:
        times = product(losses.value, torch.from_numpy(seen.weights))
        values, guess = _eigenvalues(times, len(seen.weights), count, guess)
        scaled = math.nan
        if seen.scale is not None and np.isfinite(seen.scale).all() and (seen.scale > 0).all():
            inverse = torch.from_numpy(1 / np.sqrt(seen.scale))
            top, guess_scaled = _eigenvalues(_scaled(times, inverse), len(inverse), 1, guess_scaled)
            scaled = top[0]
        known = seen.hyperparameters
        at = edge.factor(known) / known["lr"] - edge.shift(known) if edge and known.get("lr") else math.nan
        words = edge.words(known) if edge and known.get("lr") else words
        rows.append((seen.step, values, scaled, at))
    steps, eigenvalues, preconditioned, edges = zip(*rows, strict=True)
    if edge is not None and edge.scale is not None and not np.isfinite(preconditioned).any():
        edges, words = (math.nan,) * len(rows), ""  # it is an edge of what is not known
    return Curvature(label, np.array(steps), np.array(eigenvalues), np.array(preconditioned), np.array(edges), words)


def _scaled(times: Product, by: Any) -> Product:
    """The product with a matrix whose rows and columns are multiplied by a vector."""
    return lambda v: by * times(by * v)


def _eigenvalues(times: Any, size: int, count: int, guess: np.ndarray | None) -> tuple[np.ndarray, np.ndarray | None]:
    """Eigenvalues, and the vector to begin with at the next snapshot; NaN where the Hessian is not finite."""
    try:
        return largest(times, size, count, guess)
    except FloatingPointError:
        return np.full(count, np.nan), None
