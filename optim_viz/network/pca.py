"""Principal components of a few long vectors, through their Gram matrix: never a matrix of weights by weights."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, NamedTuple

import numpy as np

from optim_viz.network.device import device
from optim_viz.network.snapshots import let_go

#: Weights that are multiplied at once: bounds the memory of a product.
BLOCK = 2**14
#: A component with less than this share of the first one's variance is rounding.
FLAT = 1e-12


class Shifted(NamedTuple):
    """Rows, and what is to be added to each of them: [rows, wide] and [wide] of any float types."""

    rows: np.ndarray
    by: np.ndarray

    @property
    def shape(self) -> tuple[int, ...]:
        """As that of the rows."""
        return self.rows.shape


Rows = Sequence[np.ndarray | Shifted]  # of any float type [rows, wide], taken as one below the other


def _block(rows: Rows, i: int, place: str) -> Any:
    """Return columns i to i + BLOCK of all rows as float64: a NumPy array, or on a GPU a tensor.

    By torch in any case, because NumPy converts float16 many times slower.
    """
    import torch

    def double(array: np.ndarray) -> Any:
        return torch.from_numpy(array).to(place).double()

    def columns(part: np.ndarray | Shifted) -> Any:
        rows = part.rows if isinstance(part, Shifted) else part
        found = double(rows[:, i : i + BLOCK])
        let_go(rows)
        return found + double(part.by[i : i + BLOCK]) if isinstance(part, Shifted) else found

    block = torch.cat([columns(part) for part in rows])
    return block.numpy() if place == "cpu" else block


def _fetched(array: Any) -> np.ndarray:
    """Return an array or a tensor on any device as a NumPy array."""
    return array if isinstance(array, np.ndarray) else array.cpu().numpy()


def products(a: Rows, b: Rows) -> np.ndarray:
    """Return a @ b.T, float64 [rows of a, rows of b], for wide arrays, block by block in float64.

    >>> products([np.ones((1, 70_000), np.float16)], [np.ones((2, 70_000))])
    array([[70000., 70000.]])
    """
    place, total = device(), 0.0
    for i in range(0, a[0].shape[1], BLOCK):
        left = _block(a, i, place)
        total = total + left @ (left if b is a else _block(b, i, place)).T
    return _fetched(total)


def combine(weights: np.ndarray, rows: Rows) -> np.ndarray:
    """Return weights [m, rows] @ rows as float32 [m, wide], block by block."""
    import torch

    place, out = device(), np.empty((len(weights), rows[0].shape[1]), np.float32)
    left: Any = weights if place == "cpu" else torch.from_numpy(np.ascontiguousarray(weights)).to(place)
    for i in range(0, out.shape[1], BLOCK):
        out[:, i : i + BLOCK] = _fetched(left @ _block(rows, i, place))
    return out


def centred(gram: np.ndarray) -> np.ndarray:
    """Return the Gram matrix of the same vectors less their mean."""
    rows = gram - gram.mean(0)
    return rows - rows.mean(1, keepdims=True)


def shares(gram: np.ndarray) -> np.ndarray:
    """Return the share of the variance that each component of a centred Gram matrix explains, largest first."""
    values = np.maximum(np.linalg.eigvalsh(gram)[::-1], 0.0)
    return values / values.sum() if values.sum() else values


def principal_axes(rows: Rows, gram: np.ndarray, seed: int = 0) -> np.ndarray:
    """Return the first two principal axes of `rows`, orthonormal float32 [2, wide]; `gram` is the rows' own, centred.

    With C the centred rows and C C^T u = s^2 u, an axis is C^T u / s; it points where the last row lies. Rows that all
    lie on one line (or point) have no second axis: a random one, drawn from `seed`, takes its place.
    """
    values, units = np.linalg.eigh(gram)
    values, units = values[::-1][:2], units[:, ::-1][:, :2]
    units = (units - units.mean(0)) * np.where(units[-1] < 0, -1.0, 1.0)  # the mean then has no part in C^T u
    axes = np.zeros((2, rows[0].shape[1]), np.float32)
    axes[: len(values)] = combine(units.T, rows)
    rng = np.random.default_rng(seed)
    for i in range(2):
        if i >= len(values) or values[i] <= FLAT * max(values[0], np.finfo(float).tiny):
            axes[i] = rng.standard_normal(axes.shape[1], np.float32)
        for j in range(i):
            axes[i] -= axes[j] * products([axes[i : i + 1]], [axes[j : j + 1]])[0, 0]
        axes[i] /= np.sqrt(products([axes[i : i + 1]], [axes[i : i + 1]])[0, 0])
    return axes


def random_walk_shares(counts: Sequence[int]) -> np.ndarray:
    """Return the shares of the variance that two principal components of a pure random walk explain, float64 [2].

    `counts` are the snapshots of each walk; walks have a common start and independent steps in infinitely many
    dimensions, where snapshots i and j of one walk have the inner product min(i, j). For one long walk the shares are
    6 / pi^2 = 61 % and 15 %, with nothing learned at all: Antognini & Sohl-Dickstein, PCA of High Dimensional Random
    Walks with Comparison to Neural Network Training (2018).

    >>> random_walk_shares([52]).round(2)
    array([0.61, 0.15])
    """
    walk = np.repeat(np.arange(len(counts)), counts)
    step = np.concatenate([np.arange(count) for count in counts])
    gram = np.minimum.outer(step, step) * (walk[:, None] == walk)
    return np.append(shares(centred(gram.astype(float))), [0.0, 0.0])[:2]
