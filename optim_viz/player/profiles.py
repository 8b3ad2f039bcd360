"""A loss that depends on x alone, as the player shows it: a curve over x, on which every run has its point."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.trajectory import Comparison

#: Points of the curve: between two of them it is drawn straight.
POINTS = 161
#: Air above and below the curve, as a part of its height.
AIR = 0.06


def panel(runs: Comparison) -> dict[str, Any]:
    """Return the panel that takes the plane's place: the loss over x, at the y that the runs start at.

    >>> from optim_viz import descend, optimizer, surface
    >>> runs = descend(surface("x^2", bounds=(-2, 2, -1, 1)), optimizer("sgd"), start=(-2, 0), steps=3)
    >>> found = panel(runs)
    >>> found["curve"][0], found["bounds"]
    ([-2.0, 4.0], [-2.0, 2.0, -0.24, 4.24])
    """
    x0, x1 = runs.surface.bounds[:2]
    x = np.linspace(x0, x1, POINTS)
    heights = compiled(runs.surface).values(x, np.full(POINTS, runs.spec.start[1]))
    air = AIR * float(np.ptp(heights))
    names = ", ".join(runs.labels)
    return {
        "id": "profile", "kind": "profile", "title": N_("The curve"), "short": N_("curve"), "x": "x", "y": "loss",
        "slope": "gx", "x_title": "x", "y_title": "f(x)", "curve": np.column_stack([x, heights]).round(6).tolist(),
        "bounds": np.round([x0, x1, heights.min() - air, heights.max() + air], 6).tolist(),
        "alt": N_("The loss f(x) as a curve over x, with the points, slopes and steps of {names}", names=names),
    }  # fmt: skip
