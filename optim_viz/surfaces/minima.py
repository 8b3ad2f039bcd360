"""Where a surface is level, by Newton's method: the minimum or saddle next to a point, and the lowest known loss.

The Hessian comes from central differences of the exact gradient, without compiling second derivatives: good enough for
many starts at once. What a single run's verdict rests on is level.py's.
"""

from __future__ import annotations

import functools

import numpy as np

from optim_viz.spec import Surface
from optim_viz.surfaces.compiled import Compiled, compiled
from optim_viz.surfaces.surface import grid

#: Half the width of the Hessian's differences, in units of the coordinate where that is above 1.
DIFFERENCE = 1e-5
#: Newton's method either settles within so many iterations, or the point is not next to a stationary one.
ITERATIONS = 8
#: A place is flat where one curvature is so many times the other: there is no one point that is stationary.
FLAT = 1e12


def stationary(functions: Compiled, points: np.ndarray, alone: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Find the stationary point next to each of `points`, [2, n], by Newton's method.

    Returns the places, float64 [2, n], and the curvatures there, ascending, float64 [2, n]; NaN where there is none.
    Of a function of x `alone` the places are those of x, where y is as it was.

    >>> from optim_viz import SURFACES
    >>> place, curvatures = stationary(compiled(SURFACES["quadratic"]), np.array([[1.0], [1.0]]))
    >>> (abs(place) < 1e-9).all().item(), curvatures.round(6).tolist()
    (True, [[1.0], [10.0]])
    """
    places, curvatures = np.array(points, float), np.full(np.shape(points), np.nan)
    going = np.arange(places.shape[1])
    for _ in range(ITERATIONS):
        here = places[:, going]
        (gx, gy), ((a, b), (_, c)) = functions.gradients(*here), hessian(functions, here)
        c = a if alone else c  # a level valley along y would have no stationary point of its own
        with np.errstate(all="ignore"):
            half, det = (a + c) / 2, a * c - b * b
            large = half + np.copysign(np.hypot((a - c) / 2, b), half)  # the curvature of the larger size
            small = det / large
            here = here - np.stack([c * gx - b * gy, a * gy - b * gx]) / det
            move = np.hypot(*(here - places[:, going]))
            sound = (np.abs(small) * FLAT >= np.abs(large)) & np.isfinite(move)
            # At a kink the differences see a huge curvature, so the move is tiny although the gradient is not.
            kink = np.hypot(gx, gy) > 1e-2 * DIFFERENCE * np.hypot(large, small)
            there = sound & (move <= 1e-9 * np.maximum(1.0, np.hypot(*here)))
        places[:, going] = here
        curvatures[:, going[there & ~kink]] = np.sort([small, large], axis=0)[:, there & ~kink]
        going = going[sound & ~there]
        if not going.size:
            break
    return np.where(np.isnan(curvatures), np.nan, places), curvatures


def hessian(functions: Compiled, points: np.ndarray) -> np.ndarray:
    """The second derivatives at points [2, ...], float64 [2, 2, ...], by central differences of the exact gradient.

    They are good to about 1e-9.

    >>> from optim_viz import SURFACES
    >>> hessian(compiled(SURFACES["quadratic"]), np.array([1.0, 1.0])).round(6).tolist()
    [[1.0, 0.0], [0.0, 10.0]]
    """
    points = np.asarray(points, float)[..., None]
    steps = DIFFERENCE * np.maximum(1.0, np.abs(points))
    sides = np.array([[1.0, -1.0, 0.0, 0.0], [0.0, 0.0, 1.0, -1.0]]).reshape(2, *(1,) * (points.ndim - 2), 4)
    with np.errstate(all="ignore"):
        g = functions.gradients(*(points + steps * sides))
        matrix = np.stack([g[..., 0] - g[..., 1], g[..., 2] - g[..., 3]]) / (2 * steps[:, None, ..., 0])
    return (matrix + matrix.swapaxes(0, 1)) / 2


@functools.lru_cache(maxsize=64)
def lowest(surface: Surface) -> float:
    """Return the lowest known loss: of the known minima, or else of a grid, polished by Newton's method.

    >>> from optim_viz import SURFACES, surface
    >>> lowest(SURFACES["rosenbrock"]), round(lowest(surface("(x - 0.1)^2 + y^2 + 2")), 9)
    (0.0, 2.0)
    """
    if surface.minima:
        return min(f for _, _, f in surface.minima)
    functions, (x, y) = compiled(surface), grid(surface, 201)
    values = np.where(np.isfinite(found := functions.values(x, y)), found, np.inf)
    i = int(values.argmin())
    best = float(values.flat[i])
    (px, py), _ = stationary(functions, np.array([[x.flat[i]], [y.flat[i]]]))
    if surface.contains((px[0], py[0])):  # not if there is none: NaN
        value = float(functions.values(px, py)[0])
        best = min(best, value) if np.isfinite(value) else best
    return best
