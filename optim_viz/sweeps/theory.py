"""What theory says of momentum on a quadratic bowl: where it is stable, and which values are best."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.spec import Surface
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.surface import as_surface

#: A gradient is taken for affine when it is so at this many random points, to this share of its size.
POINTS, EXACT = 16, 1e-9


@dataclass(frozen=True)
class Theory:
    """Curvatures of a quadratic bowl, 0 < low <= high, and what follows for gradient descent with momentum."""

    low: float
    high: float

    def limit(self, momentum: Any = 0.0) -> Any:
        """The learning rate from which on heavy-ball momentum diverges: 2 (1 + momentum) / high; arrays welcome."""
        return 2.0 * (1.0 + np.asarray(momentum, float)) / self.high

    @property
    def momentum(self) -> float:
        """The best momentum, ((sqrt high - sqrt low) / (sqrt high + sqrt low))^2."""
        return ((math.sqrt(self.high) - math.sqrt(self.low)) / (math.sqrt(self.high) + math.sqrt(self.low))) ** 2

    @property
    def lr(self) -> float:
        """The best learning rate with the best momentum, (2 / (sqrt high + sqrt low))^2."""
        return (2.0 / (math.sqrt(self.high) + math.sqrt(self.low))) ** 2

    @property
    def plain_lr(self) -> float:
        """The best learning rate without momentum, 2 / (low + high)."""
        return 2.0 / (self.low + self.high)


def theory(surface: str | Surface) -> Theory | None:
    """Return what theory says of momentum on `surface`, or None where that is no quadratic bowl.

    Problem: on a quadratic the whole map of learning rate and momentum is known; a measured one can be held against it.
    Formula: stable for 0 < lr < 2 (1 + mu) / L; fastest at lr = (2 / (sqrt L + sqrt l))^2 and
    mu = ((sqrt L - sqrt l) / (sqrt L + sqrt l))^2, with l and L the smallest and largest curvature.

    Arguments: `surface`, a name or what ov.surface returns.

    >>> t = theory("quadratic")
    >>> round(t.high, 9), round(float(t.limit(0.5)), 9), round(t.lr, 4), round(t.momentum, 4)
    (10.0, 0.3, 0.2309, 0.2699)
    >>> theory("rosenbrock") is None
    True

    Reference: Polyak, Some methods of speeding up the convergence of iteration methods (1964); Goh, Why Momentum
    Really Works (2017).
    """
    surface = as_surface(surface)
    functions, (x0, x1, y0, y1) = compiled(surface), surface.bounds
    points = np.random.default_rng(0).uniform((x0, y0), (x1, y1), (POINTS, 2))
    with np.errstate(all="ignore"):  # what is not finite is looked for
        origin, right, up = functions.gradients(*np.array([[0.0, 0.0], [1.0, 0.0], [0.0, 1.0]]).T).T
        matrix = np.stack([right - origin, up - origin], 1)
        actual = functions.gradients(*points.T).T
        off, curvature = np.abs(actual - (origin + points @ matrix.T)).max(), matrix / 2 + matrix.T / 2
    if not (np.isfinite(actual).all() and np.isfinite(curvature).all()):
        return None
    if not off <= EXACT * max(1.0, np.abs(actual).max()):
        return None
    low, high = np.linalg.eigvalsh(curvature)
    return Theory(float(low), float(high)) if low > 1e-12 * high else None
