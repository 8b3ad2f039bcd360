"""ov.project: the paths of trainings, or of recordings of any module, on a plane of weights with the loss on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.network import digits as data_of_digits
from optim_viz.network.mlp import Layout
from optim_viz.network.module_loss import Given, ModuleLoss
from optim_viz.network.pca import Rows, Shifted
from optim_viz.network.plane import BATCHNORM, KINDS, Paths, Plane, random_axes, seen
from optim_viz.network.plane_loss import losses_of, losses_on_plane
from optim_viz.network.recording import Recording, gathered, is_recorded
from optim_viz.network.training import Training, TrainingOutcome, TrainingRun
from optim_viz.spec import SEEDS, SpecError, one_of, quoted, whole

#: Digits that the losses on a plane may be means of, and what is taken where nothing is said.
MAX_DIGITS, DIGITS = 60_000, 1000
#: Grid points a side: the built-in network's first layer makes them cheap.
RESOLUTION, OWN_RESOLUTION = 41, 25


def project(
    runs: Any,
    kind: str = "pca",
    resolution: int | None = None,
    digits: int | None = None,
    seed: int = 0,
    *,
    loss: Callable[[Callable[..., Any], Any], Any] | None = None,
    data: Any = None,
    batchnorm: str = "batch",
) -> Plane:
    """Return a plane through the weights that training visited, the loss on it, and the runs' paths as seen from it.

    Problem: millions of weights do not fit on a screen; a plane does, if it is said how much of the truth it holds.
    Formula: loss(origin + a*d1 + b*d2). "pca": origin is the mean of all runs' snapshots, d1 and d2 their first two
    principal axes, one plane for all runs. "random": origin is the first run's last snapshot, d1 and d2 are Gaussian,
    every filter scaled to the norm of the origin's, biases 0. "ends": the plane through the last snapshots of the first
    three runs.

    Arguments: `runs`, what `ov.train` returned (its first seed is shown), or what `ov.record` or `ov.load` returned,
    one or a list of at most 8; runs that diverged are left out. `kind`, "pca", "random" or "ends"; `resolution`, 5 to
    201 grid points a side, 41 of a training and 25 of recordings where it is left out; `seed`, of the random
    directions. Of a training: `digits`, 10 to 60,000 training digits, the first of which the losses are taken over;
    1,000 where that is left out. Of recordings: `loss`, a function of `call`, which is the model with the weights of a
    point, and of a batch, that returns one number; `data`, the batch, or a DataLoader, of which the mean over its
    batches is taken; `batchnorm`, whose mean and variance a BatchNorm takes: "batch", those of the batch itself;
    "eval", the running ones that the first recording ended with; "recalibrate", running ones taken anew at every point.
    Raises SpecError, one sentence that names the value and what is allowed.

    >>> from optim_viz import optimizer, train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> plane = project(t, resolution=5, digits=100)
    >>> plane.coordinates["adam"].shape, plane.loss.shape
    ((17, 2), (5, 5))

    Reference: Li, Xu, Taylor, Studer & Goldstein, Visualizing the Loss Landscape of Neural Nets (2018).
    """
    import torch

    one_of(kind, KINDS, N_("kind of plane"))
    seed = whole(seed, "seed", 0, SEEDS - 1)
    if isinstance(runs, Training):
        if loss is not None or data is not None:
            raise SpecError("A training has its own loss and digits; loss and data are for recordings.")
        resolution = whole(RESOLUTION if resolution is None else resolution, "resolution", 5, 201)
        with torch.inference_mode(False):  # whatever the caller is in the middle of
            return _of_training(runs, kind, resolution, DIGITS if digits is None else digits, seed)
    if not is_recorded(runs):
        raise SpecError(
            "ov.project takes what ov.train returns, or ov.record's recordings; got {value}.", value=quoted(runs)
        )
    if digits is not None:
        raise SpecError("Recordings have no digits, but data; got digits={value}.", value=quoted(digits))
    resolution = whole(OWN_RESOLUTION if resolution is None else resolution, "resolution", 5, 201)
    asked = Given(loss, data, one_of(batchnorm, BATCHNORM, "batchnorm"))
    with torch.inference_mode(False):
        return _of_recordings(runs, kind, resolution, asked, seed)


@dataclass(frozen=True, eq=False)
class _DigitsLoss:
    """The losses of the built-in network, whose first layer is linear in its weights."""

    layout: Layout
    final_relu: bool
    x: np.ndarray
    y: np.ndarray

    def on_plane(self, plane: np.ndarray, points: np.ndarray) -> np.ndarray:
        return losses_on_plane(self.layout, self.final_relu, plane, points, self.x, self.y)

    def at(self, weights: Callable[[int], np.ndarray], count: int) -> np.ndarray:
        return losses_of(self.layout, self.final_relu, weights, count, self.x, self.y)


def _of_training(training: Training, kind: str, resolution: int, digits: int, seed: int) -> Plane:
    runs = tuple(training[label] for label in training.labels)
    loaded, count = data_of_digits.loaded_for(training), whole(digits, "digits", 10, MAX_DIGITS)
    x, y = loaded.train_x[:count].astype(np.float32) / 255, loaded.train_y[:count]
    shown = tuple(run for run in runs if run.outcome is not TrainingOutcome.DIVERGED and len(run.snapshot_steps))
    if not shown:
        raise SpecError("No run has a path to show: every one diverged or was cancelled before its first step.")
    layout = Layout(training.spec.hidden)
    paths = Paths(
        tuple(run.label for run in shown),
        tuple(run.snapshot_steps for run in shown),
        [run.moves for run in shown],
        shown[0].start,
        _weights(shown),
    )
    losses = _DigitsLoss(layout, training.spec.final_relu, x, y)
    return seen(
        kind, paths, losses, lambda origin: random_axes(layout.parameters, origin, seed), resolution, len(y),
        tuple(run.label for run in runs if run not in shown),
    )  # fmt: skip


def _weights(runs: tuple[TrainingRun, ...]) -> Callable[[int], np.ndarray]:
    """Return the function that gives the weights of a snapshot, counted through all runs."""
    places = [(run, i) for run in runs for i in range(len(run.moves))]
    return lambda k: places[k][0].weights(places[k][1])


def _of_recordings(given: Any, kind: str, resolution: int, asked: Given, seed: int) -> Plane:
    recordings = gathered(given)
    shown = tuple(run for run in recordings if not run.diverged)
    if not shown:
        raise SpecError("No recording has a path to show: every one diverged.")
    losses = ModuleLoss(recordings.module, shown[0].weights, shown[0].statistics, asked)
    return seen(
        kind, paths(shown), losses, lambda origin: random_axes(shown[0].weights.shapes, origin, seed), resolution,
        losses.examples, tuple(run.label for run in recordings if run.diverged),
        "examples" if losses.examples else "the data", losses.said,
    )  # fmt: skip


def paths(runs: tuple[Recording, ...]) -> Paths:
    """Return the paths of recordings, less the first one's first snapshot."""
    reference = runs[0].snapshot(0)
    places = [(run, i) for run in runs for i in range(len(run.snapshot_steps))]
    return Paths(
        tuple(run.label for run in runs),
        tuple(run.snapshot_steps for run in runs),
        [part for run in runs for part in _less(run, reference)],
        reference,
        lambda k: places[k][0].snapshot(places[k][1]),
    )


def _less(run: Recording, reference: np.ndarray) -> Rows:
    """The snapshots of a recording less a point, which is added block by block where it is not 0."""
    offset = -reference if run.start is None else run.start - reference
    return [Shifted(part, offset) if offset.any() else part for part in run.parts if len(part)]
