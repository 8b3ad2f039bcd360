"""The FITS table: how the player shows the data of a surface that is a mean over examples, and the model of a point.

A point (x, y) of such a surface is a model: b = x and w = y of b + w·u. What it says of every u is a curve over them.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.spec import DescentSpec, Surface
from optim_viz.surfaces.surface import dataset


@dataclass(frozen=True)
class Fit:
    """How a data set is drawn: `curve` is "line" for b + w·u itself, "chance" for its logistic curve; then words."""

    curve: str
    title: str
    y_title: str
    alt: str


#: By the names of DATASETS.
FITS = {
    "line": Fit("line", N_("Data and lines"), "v",
                N_("The {count} examples of linear regression, with the line v = b + w·u of every run")),
    "classes": Fit("chance", N_("Data and chances"), N_("chance of v = 1"),
                   N_("The {count} examples of logistic regression, v = 1 above and v = −1 below, "
                      "with the chance of v = 1 that every run gives to u")),
}  # fmt: skip
#: Air around the data, as a part of their range.
AIR = 0.06


def panel(surface: Surface) -> dict[str, Any] | None:
    """Return the panel of a surface's data; None where it has none.

    >>> from optim_viz import surface
    >>> panel(surface("linear_regression"))["points"][0], panel(surface("quadratic"))
    ([-1.0, 0.284], None)
    """
    if not surface.data:
        return None
    fit, points = FITS[surface.data], dataset(surface)
    shown = points if fit.curve == "line" else np.column_stack([points[:, 0], points[:, 1] > 0])
    low, high = shown.min(axis=0), shown.max(axis=0)
    air = AIR * (high - low)
    return {
        "id": "fit", "kind": "fit", "title": fit.title, "short": N_("data"), "curve": fit.curve, "x": "x", "y": "y",
        "x_title": "u", "y_title": fit.y_title, "points": points.tolist(), "best": list(surface.global_minima[0][:2]),
        "bounds": np.column_stack([low - air, high + air]).round(6).ravel().tolist(),
        "alt": N_(fit.alt, count=len(points)),
    }  # fmt: skip


def drawn(spec: DescentSpec) -> list[dict[str, Any]]:
    """Return the panels of a comparison's data, none or one, with what its mini-batches are drawn by."""
    found = panel(spec.surface)
    return [found | {"drawn": {"seed": spec.seed, "batch": spec.batch_size}}] if found else []
