"""The lowest loss that is known of a surface: its table's, or for a typed function what a search finds."""

from __future__ import annotations

import functools

import numpy as np

from optim_viz.compiling import compiled
from optim_viz.spec import Surface
from optim_viz.surfaces import grid
from optim_viz.verdict import stationary


@functools.lru_cache(maxsize=64)
def lowest(surface: Surface) -> float:
    """Return the lowest known loss: of the known minima, or else of a grid, polished by Newton's method.

    >>> from optim_viz.surfaces import SURFACES, surface
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
