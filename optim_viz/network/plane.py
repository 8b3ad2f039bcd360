"""The path that training took, seen on a plane of weights, with gauges that say how much of it the plane holds."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np

from optim_viz.language import N_
from optim_viz.network import digits as data
from optim_viz.network.mlp import Layout
from optim_viz.network.pca import centred, combine, principal_axes, products, random_walk_shares
from optim_viz.network.plane_loss import losses_of, losses_on_plane
from optim_viz.network.training import Training, TrainingOutcome, TrainingRun
from optim_viz.spec import SEEDS, SpecError, one_of, whole

KINDS = ("pca", "random")
#: Room around the paths, as a share of what they span.
MARGIN = 0.15
#: Digits that the losses on a plane may be means of.
MAX_DIGITS = 60_000


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane through weight space, origin + a * axes[0] + b * axes[1], the loss on it, and the paths seen from it.

    Everything by label has one row per snapshot of that run. Losses are means over the same training digits.
    """

    kind: str  # "pca" or "random"
    coordinates: dict[str, np.ndarray]  # float64 [k, 2], a and b of each snapshot's projection
    snapshot_steps: dict[str, np.ndarray]  # int64 [k]
    origin: np.ndarray  # float32 [weights]
    axes: np.ndarray  # float32 [2, weights]; orthonormal for "pca", filter-normalised for "random"
    a: np.ndarray  # float64 [n]
    b: np.ndarray  # float64 [n]
    loss: np.ndarray  # float64 [n, n], row i at b[i], column j at a[j]
    explained_variance: np.ndarray  # float64 [2], share of the snapshots' variance along each axis
    random_walk: np.ndarray  # float64 [2], the same shares for random walks with as many snapshots
    distances: dict[str, np.ndarray]  # float64 [k], distance from the plane / distance from the origin, 0 to 1
    true_losses: dict[str, np.ndarray]  # float64 [k], at the snapshots themselves
    plane_losses: dict[str, np.ndarray]  # float64 [k], at their projections
    digits: int
    left_out: tuple[str, ...]  # runs that diverged

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the runs that are shown."""
        return tuple(self.coordinates)

    @property
    def worst_ratio(self) -> float:
        """By what factor the loss of a snapshot and of its projection differ at most."""
        true, plane = (np.concatenate(list(part.values())) for part in (self.true_losses, self.plane_losses))
        with np.errstate(all="ignore"):
            ratios = np.maximum(true / plane, plane / true)
        return float(np.nanmax(ratios, initial=1.0))

    @property
    def caption(self) -> str:
        """What the plane is and what it is not, in words."""
        share, walk = self.explained_variance.sum(), self.random_walk.sum()
        if self.kind == "pca":
            what = N_(
                "The plane that holds most of the snapshots' spread (PCA): {share:.1%} of it. The best "
                "plane of a pure random walk of as many snapshots holds {walk:.1%}, so a smooth curve by "
                "itself says little.",
                share=share,
                walk=walk,
            )
        else:
            what = N_(
                "A random plane through the last weights of {run}, its directions scaled filter by "
                "filter (Li et al. 2018). It holds {share:.2%} of the snapshots' spread: the paths are "
                "shadows here.",
                run=self.labels[0],
                share=share,
            )
        return N_(
            "{what} Colour is the loss of points on the plane, over {digits:,} training digits; the runs "
            "pass beside the plane, where their own loss differs from it by a factor of up to "
            "{factor:.3g}.",
            what=what,
            digits=self.digits,
            factor=self.worst_ratio,
        )


def project(training: Training, kind: str = "pca", resolution: int = 41, digits: int = 1000, seed: int = 0) -> Plane:
    """Return a plane through the weights that training visited, the loss on it, and the runs' paths as seen from it.

    Problem: 297,710 weights do not fit on a screen; a plane does, if it is said how much of the truth it holds.
    Formula: loss(origin + a*d1 + b*d2). "pca": origin is the mean of all runs' snapshots, d1 and d2 their first two
    principal axes, one plane for all runs. "random": origin is the first run's last snapshot, d1 and d2 are Gaussian,
    every row of every matrix scaled to the norm of the origin's row, biases 0.

    Arguments: `training`, what `train` returned (its first seed is shown; runs that diverged are left out); `kind`,
    "pca" or "random"; `resolution`, 5 to 201 grid points a side; `digits`, 10 to 60,000 training digits, the first of
    which the losses are taken over; `seed`, of the random directions.
    Raises SpecError, one sentence that names the value and what is allowed.

    >>> from optim_viz import optimizer, train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> plane = project(t, resolution=5, digits=100)
    >>> plane.coordinates["adam"].shape, plane.loss.shape
    ((17, 2), (5, 5))

    Reference: Li, Xu, Taylor, Studer & Goldstein, Visualizing the Loss Landscape of Neural Nets (2018).
    """
    if not isinstance(training, Training):
        raise SpecError("ov.project takes what ov.train returns; got a {kind}.", kind=type(training).__name__)
    one_of(kind, KINDS, N_("kind of plane"))
    seed = whole(seed, "seed", 0, SEEDS - 1)
    x, y = _digits(training, digits)
    resolution = whole(resolution, "resolution", 5, 201)
    runs = tuple(training[label] for label in training.labels)
    shown = tuple(run for run in runs if run.outcome is not TrainingOutcome.DIVERGED and len(run.snapshot_steps))
    if not shown:
        raise SpecError("No run has a path to show: every one diverged or was cancelled before its first step.")
    left_out = tuple(run.label for run in runs if run not in shown)
    layout = Layout(training.spec.hidden)
    return _draw(kind, layout, training.spec.final_relu, shown, left_out, resolution, (x, y), seed)


def _digits(training: Training, count: int) -> tuple[np.ndarray, np.ndarray]:
    """Return the first `count` training digits, or all there are, float32 [n, 784] from 0 to 1, and their answers."""
    loaded = data.load(training.spec.data)
    count = whole(count, "digits", 10, MAX_DIGITS)
    return loaded.train_x[:count].astype(np.float32) / 255, loaded.train_y[:count]


def _draw(
    kind: str,
    layout: Layout,
    final_relu: bool,
    runs: tuple[TrainingRun, ...],
    left_out: tuple[str, ...],
    resolution: int,
    asked: tuple[np.ndarray, np.ndarray],
    seed: int,
) -> Plane:
    """Find the plane, put the paths on it, and take the losses: of the grid, of the snapshots, of their projections."""
    moves = [run.moves for run in runs]
    gram = products(moves, moves)
    centre = np.full(len(gram), 1 / len(gram)) if kind == "pca" else np.eye(len(gram))[len(moves[0]) - 1]
    origin = runs[0].start + combine(centre[None], moves)[0]
    axes = principal_axes(moves, centred(gram)) if kind == "pca" else random_axes(layout, origin, seed)
    seen = _seen(gram, products(moves, [axes]), products([axes], [axes]), centre)
    a, b = (_ticks(column, resolution, wide=kind == "random") for column in seen.coordinates.T)
    grid = np.stack(np.meshgrid(a, b), -1).reshape(-1, 2)
    plane = np.stack([origin, *axes])
    losses = losses_on_plane(layout, final_relu, plane, np.concatenate([grid, seen.coordinates]), *asked)
    true = losses_of(layout, final_relu, _weights(runs), len(gram), *asked)
    by_label = partial(_by_label, runs)
    return Plane(
        kind=kind,
        coordinates=by_label(seen.coordinates),
        snapshot_steps={run.label: run.snapshot_steps for run in runs},
        origin=origin,
        axes=axes,
        a=a,
        b=b,
        loss=losses[: len(grid)].reshape(resolution, resolution),
        explained_variance=seen.explained,
        random_walk=random_walk_shares([len(m) for m in moves]),
        distances=by_label(seen.distances),
        true_losses=by_label(true),
        plane_losses=by_label(losses[len(grid) :]),
        digits=len(asked[1]),
        left_out=left_out,
    )


def _by_label(runs: tuple[TrainingRun, ...], rows: np.ndarray) -> dict[str, np.ndarray]:
    """Rows of all snapshots, one run's after the other's, as each run's own."""
    parts = np.split(rows, np.cumsum([len(run.moves) for run in runs])[:-1])
    return {run.label: part for run, part in zip(runs, parts, strict=True)}


@dataclass(frozen=True, eq=False)
class _Seen:
    """Snapshots as seen from a plane."""

    coordinates: np.ndarray  # float64 [k, 2]
    explained: np.ndarray  # float64 [2]
    distances: np.ndarray  # float64 [k]


def _seen(gram: np.ndarray, along: np.ndarray, metric: np.ndarray, centre: np.ndarray) -> _Seen:
    """Project snapshots onto a plane, with inner products alone.

    `gram` [k, k] of the snapshots, `along` [k, 2] of snapshots with axes, `metric` [2, 2] of the axes; the plane's
    origin is centre @ snapshots.
    """
    from_centre = np.eye(len(gram)) - centre
    lengths = np.maximum(np.einsum("ij,jk,ik->i", from_centre, gram, from_centre), 0.0)
    coordinates = np.linalg.solve(metric, (from_centre @ along).T).T
    on_plane = np.einsum("ij,jk,ik->i", coordinates, metric, coordinates)
    off = np.maximum(lengths - on_plane, 0.0)
    distances = np.sqrt(np.divide(off, lengths, out=np.zeros_like(off), where=lengths > 0))
    total = np.trace(centred(gram))
    spread = ((coordinates - coordinates.mean(0)) ** 2).sum(0) * np.diag(metric)
    return _Seen(coordinates, spread / total if total else np.zeros(2), distances)


def random_axes(layout: Layout, origin: np.ndarray, seed: int) -> np.ndarray:
    """Return two Gaussian directions, float32 [2, weights], every filter as long as the origin's, biases 0."""
    import torch

    axes = np.random.default_rng(seed).standard_normal((2, layout.size), np.float32)
    of_origin = layout.layers(torch.from_numpy(origin))
    for (drawn, biases), (matrix, _) in zip(layout.layers(torch.from_numpy(axes)), of_origin, strict=True):
        drawn.mul_(matrix.norm(dim=-1, keepdim=True) / drawn.norm(dim=-1, keepdim=True))
        biases.zero_()
    return axes


def _ticks(column: np.ndarray, count: int, wide: bool) -> np.ndarray:
    """Return grid coordinates that take in the paths with some room; `wide` ones at least from -1 to 1."""
    low, high = (min(column.min(), -1.0), max(column.max(), 1.0)) if wide else (column.min(), column.max())
    room = MARGIN * (high - low) or 1.0
    return np.linspace(low - room, high + room, count)


def _weights(runs: tuple[TrainingRun, ...]) -> Callable[[int], np.ndarray]:
    """Return the function that gives the weights of a snapshot, counted through all runs."""
    places = [(run, i) for run in runs for i in range(len(run.moves))]
    return lambda k: places[k][0].weights(places[k][1])
