"""A loss that depends on x alone, as the player shows it: a curve over x, on which every run has its point."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.trajectory import Comparison

#: Points of the curve: between two of them it is drawn straight.
POINTS = 401
#: Air above and below the curve, as a part of its height.
AIR = 0.06
#: Where the curve's sides rise far above the rest, so many times the height that three quarters of it stay below.
USUAL = 1.8


def panel(runs: Comparison) -> dict[str, Any]:
    """Return the panel that stands in the plane's place: the loss over x, at the y that the runs start at.

    >>> from optim_viz import descend, optimizer, surface
    >>> runs = descend(surface("x^2", bounds=(-2, 2, -1, 1)), optimizer("sgd"), start=-2, steps=3)
    >>> found = panel(runs)
    >>> found["heights"][0], found["bounds"]
    (4.0, [-2.0, 2.0, -0.24, 4.24])
    """
    surface, (x, y) = runs.surface, runs.spec.start
    x0, x1 = surface.bounds[:2]
    heights = compiled(surface).values(np.linspace(x0, x1, POINTS), np.full(POINTS, y))
    low, high = frame(heights, float(compiled(surface).values(np.array([x]), np.array([y]))[0]))
    return {
        "id": "profile", "kind": "profile", "title": surface.title, "short": N_("curve"), "x": "x", "y": "loss",
        "slope": "gx", "x_title": "x", "y_title": "f(x)", "bounds": [x0, x1, float(f"{low:.7g}"), float(f"{high:.7g}")],
        "heights": [float(f"{height:.7g}") if np.isfinite(height) else None for height in heights],
        "pick": True, "shape": "curve",
        "alt": N_("The loss f(x) as a curve over x, with the points, slopes and steps of {names}",
                  names=", ".join(runs.labels)),
    }  # fmt: skip


def frame(heights: np.ndarray, start: float) -> tuple[float, float]:
    """Return the lowest and the highest loss to show: wells are seen, and the start, not all that is beside them.

    >>> x = np.linspace(-3, 3, 401)
    >>> [round(end, 1) for end in frame(x**4 - 3 * x**2 + x, 3.0)]
    [-5.0, 23.6]
    """
    sound = heights[np.isfinite(heights)]
    if not sound.size:
        return 0.0, 1.0
    low, most = float(sound.min()), float(sound.max())
    usual = low + USUAL * (float(np.quantile(sound, 0.75)) - low)
    high = min(most, max(usual, start)) if usual > low else most
    air = AIR * (high - low or abs(high) or 1.0)
    return low - air, high + air
