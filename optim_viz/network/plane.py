"""Paths through weight space seen on a plane of it, with gauges that say how much of them the plane holds."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import NamedTuple, Protocol

import numpy as np

from optim_viz.language import N_, together
from optim_viz.network.pca import FLAT, Rows, centred, combine, principal_axes, products, random_walk_shares
from optim_viz.spec import SpecError, quoted

KINDS = ("pca", "random", "ends")
#: What the losses on a plane are means of, and how it is said.
EXAMPLES = {
    "training digits": N_("{count:,} training digits"),
    "examples": N_("{count:,} examples"),
    "the data": N_("the data"),
}


class Statistics(NamedTuple):
    """What a BatchNorm takes for mean and variance: a title short enough for a third of a page, and a sentence."""

    title: str
    sentence: str


#: A mode of BatchNorm -> what it takes; {run} is the run whose statistics are meant.
BATCHNORM = {
    "batch": Statistics(
        N_("Loss, BatchNorm: batch"),
        N_("BatchNorm takes mean and variance of the batch itself, as while training."),
    ),
    "eval": Statistics(
        N_("Loss, BatchNorm: running"),
        N_("BatchNorm takes the running mean and variance that {run} ended with, at every point."),
    ),
    "recalibrate": Statistics(
        N_("Loss, BatchNorm: anew"),
        N_("BatchNorm's running mean and variance are taken anew at every point, from the same data."),
    ),
}
#: Room around the paths, as a share of what they span.
MARGIN = 0.15


def _by_pca(plane: Plane, share: float, walk: float) -> str:
    return N_(
        "The plane that holds most of the snapshots' spread (PCA): {share:.1%} of it. The best "
        "plane of a pure random walk of as many snapshots holds {walk:.1%}, so a smooth curve by "
        "itself says little.",
        share=share,
        walk=walk,
    )


def _by_chance(plane: Plane, share: float, walk: float) -> str:
    return N_(
        "A random plane through the last weights of {run}, its directions scaled filter by "
        "filter (Li et al. 2018). It holds {share:.2%} of the snapshots' spread: the paths are "
        "shadows here.",
        run=plane.labels[0],
        share=share,
    )


def _by_ends(plane: Plane, share: float, walk: float) -> str:
    return N_(
        "The plane through the last weights of {runs} (Garipov et al. 2018). It holds {share:.1%} of the snapshots' "
        "spread.",
        runs=", ".join(plane.labels[:3]),
        share=share,
    )


_WHAT: dict[str, Callable[..., str]] = {"pca": _by_pca, "random": _by_chance, "ends": _by_ends}


@dataclass(frozen=True, eq=False)
class Plane:
    """A plane through weight space, origin + a * axes[0] + b * axes[1], the loss on it, and the paths seen from it.

    Everything by label has one row per snapshot of that run. Losses are means over the same examples.
    """

    kind: str  # "pca", "random", or "ends", through the ends of three runs
    coordinates: dict[str, np.ndarray]  # float64 [k, 2], a and b of each snapshot's projection
    snapshot_steps: dict[str, np.ndarray]  # int64 [k]
    origin: np.ndarray  # float32 [weights]
    axes: np.ndarray  # float32 [2, weights]; orthonormal, filter-normalised for "random"
    a: np.ndarray  # float64 [n]
    b: np.ndarray  # float64 [n]
    loss: np.ndarray  # float64 [n, n], row i at b[i], column j at a[j]
    explained_variance: np.ndarray  # float64 [2], share of the snapshots' variance along each axis
    random_walk: np.ndarray  # float64 [2], the same shares for random walks with as many snapshots
    distances: dict[str, np.ndarray]  # float64 [k], distance from the plane / distance from the origin, 0 to 1
    true_losses: dict[str, np.ndarray]  # float64 [k], at the snapshots themselves
    plane_losses: dict[str, np.ndarray]  # float64 [k], at their projections
    digits: int  # how many examples the losses are means of; 0 where that is not known
    left_out: tuple[str, ...]  # runs that diverged
    examples: str = "training digits"  # a row of EXAMPLES: what they are
    batchnorm: str = ""  # a row of BATCHNORM; none where there is no BatchNorm

    @property
    def labels(self) -> tuple[str, ...]:
        """The labels of the runs that are shown."""
        return tuple(self.coordinates)

    def __repr__(self) -> str:
        return f"<Plane ({self.kind}) of {', '.join(self.labels)}: {len(self.b)} x {len(self.a)}>"

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
        what = _WHAT[self.kind](self, share=self.explained_variance.sum(), walk=self.random_walk.sum())
        told = N_(
            "{what} Colour is the loss of points on the plane, over {examples}; the runs pass beside the plane, where "
            "their own loss differs from it by a factor of up to {factor:.3g}.",
            what=what,
            examples=N_(EXAMPLES[self.examples], count=self.digits),
            factor=self.worst_ratio,
        )
        return together(
            [told, N_(BATCHNORM[self.batchnorm].sentence, run=self.labels[0])] if self.batchnorm else [told]
        )

    @property
    def title(self) -> str:
        """What a picture of it is called."""
        return BATCHNORM[self.batchnorm].title if self.batchnorm else N_("Loss on the plane")


class Losses(Protocol):
    """What knows the loss of weights; inf where it is no finite number."""

    def on_plane(self, plane: np.ndarray, points: np.ndarray) -> np.ndarray:
        """Return the loss at points [n, 2] of a plane float32 [3, weights], its origin and axes; float64 [n]."""

    def at(self, weights: Callable[[int], np.ndarray], count: int) -> np.ndarray:
        """Return the loss of `count` vectors weights(i), float32 [weights]; float64 [count]."""


@dataclass(frozen=True, eq=False)
class Paths:
    """Paths through weight space: the snapshots of several runs, one run's after the other's."""

    labels: tuple[str, ...]
    steps: tuple[np.ndarray, ...]  # int64 [k] of each
    rows: Rows  # one below the other [all k, weights], less `reference`
    reference: np.ndarray  # float32 [weights]
    weights: Callable[[int], np.ndarray]  # of a snapshot, counted through all runs; float32 [weights]

    @property
    def ends(self) -> np.ndarray:
        """The last snapshot of every run, counted through all."""
        return np.cumsum([len(steps) for steps in self.steps]) - 1

    def by_label(self, values: np.ndarray) -> dict[str, np.ndarray]:
        """Values of all snapshots as each run's own."""
        return dict(zip(self.labels, np.split(values, self.ends[:-1] + 1), strict=True))


@dataclass(frozen=True, eq=False)
class Frame:
    """A plane that is not yet looked at: where its origin lies, as weights of the snapshots, and its axes."""

    centre: np.ndarray  # float64 [all k]; the origin is the reference + centre @ rows
    origin: np.ndarray  # float32 [weights]
    axes: np.ndarray  # float32 [2, weights]


def frame(kind: str, paths: Paths, gram: np.ndarray, drawn: Callable[[np.ndarray], np.ndarray]) -> Frame:
    """Return the plane of a kind through snapshots of a Gram matrix; `drawn` makes random axes at a point."""
    ends, every = paths.ends, np.eye(len(gram))
    centre = every[ends[0]] if kind == "random" else np.full(len(gram), 1 / len(gram))
    if kind == "ends":
        if len(ends) < 3:
            raise SpecError("A plane through ends takes three runs; got {count}.", count=len(ends))
        centre = every[ends[:3]].mean(0)
    origin = paths.reference + combine(centre[None], paths.rows)[0]
    if kind == "random":
        return Frame(centre, origin, drawn(origin))
    if kind == "pca":
        return Frame(centre, origin, principal_axes(paths.rows, centred(gram)))
    three = combine(every[ends[:3]], paths.rows)
    return Frame(centre, origin, principal_axes([three], centred(gram[np.ix_(ends[:3], ends[:3])])))


def seen(
    kind: str,
    paths: Paths,
    losses: Losses,
    drawn: Callable[[np.ndarray], np.ndarray],
    resolution: int,
    digits: int,
    left_out: tuple[str, ...],
    examples: str = "training digits",
    batchnorm: str = "",
) -> Plane:
    """Find the plane, put the paths on it, and take the losses: of the grid, of the snapshots, of their projections."""
    if len(paths.reference) < 2:
        raise SpecError("A plane takes two weights; here there is one alone.")
    gram = products(paths.rows, paths.rows)
    if not np.isfinite(gram).all():
        raise SpecError("Some snapshot holds weights that are no finite numbers.")
    found = frame(kind, paths, gram, drawn)
    axes = found.axes
    metric = _spanned(products([axes], [axes]), paths.labels[0])
    on_it = _seen(gram, products(paths.rows, [axes]), metric, found.centre)
    a, b = (_ticks(column, resolution, wide=kind == "random") for column in on_it.coordinates.T)
    grid = np.stack(np.meshgrid(a, b), -1).reshape(-1, 2)
    of_grid = losses.on_plane(np.stack([found.origin, *axes]), np.concatenate([grid, on_it.coordinates]))
    return Plane(
        kind=kind,
        coordinates=paths.by_label(on_it.coordinates),
        snapshot_steps=dict(zip(paths.labels, paths.steps, strict=True)),
        origin=found.origin,
        axes=axes,
        a=a,
        b=b,
        loss=of_grid[: len(grid)].reshape(resolution, resolution),
        explained_variance=on_it.explained,
        random_walk=random_walk_shares([len(steps) for steps in paths.steps]),
        distances=paths.by_label(on_it.distances),
        true_losses=paths.by_label(losses.at(paths.weights, len(gram))),
        plane_losses=paths.by_label(of_grid[len(grid) :]),
        digits=digits,
        left_out=left_out,
        examples=examples,
        batchnorm=batchnorm,
    )


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


def _spanned(metric: np.ndarray, run: str) -> np.ndarray:
    """Return the inner products of two axes; SpecError where they are parallel, as only random ones can be."""
    if not np.linalg.det(metric) > FLAT * metric[0, 0] * metric[1, 1]:  # nor where some is no number
        raise SpecError(
            "The random directions span no plane: they are scaled to the filters of {run}, and too few of its weights "
            "are those of matrices and not 0; take kind='pca'.",
            run=quoted(run),
        )
    return metric


def random_axes(shapes: Sequence[tuple[int, ...]], origin: np.ndarray, seed: int) -> np.ndarray:
    """Return two Gaussian directions, float32 [2, weights], every filter as long as the origin's, biases 0.

    A filter is a row of a matrix, or what makes one output channel of a convolution; all that has fewer than two
    dimensions (biases, the weights of norms) is 0, as in Li et al. (2018).
    """
    axes = np.random.default_rng(seed).standard_normal((2, len(origin)), np.float32)
    place = 0
    for shape in shapes:
        size = math.prod(shape)
        drawn, own = axes[:, place : place + size], origin[place : place + size]
        place += size
        if len(shape) < 2 or not size:
            drawn[:] = 0.0
            continue
        filters, of_origin = drawn.reshape(2, shape[0], -1), own.reshape(shape[0], -1)
        filters *= (np.linalg.norm(of_origin, axis=-1) / np.linalg.norm(filters, axis=-1))[..., None]
    return axes


def _ticks(column: np.ndarray, count: int, wide: bool) -> np.ndarray:
    """Return grid coordinates that take in the paths with some room; `wide` ones at least from -1 to 1."""
    low, high = (min(column.min(), -1.0), max(column.max(), 1.0)) if wide else (column.min(), column.max())
    room = MARGIN * (high - low) or 1.0
    return np.linspace(low - room, high + room, count)
