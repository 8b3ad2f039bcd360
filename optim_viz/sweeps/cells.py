"""Cells of a sweep by their numbers: where each starts, and which values it has."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.spec import SweepSpec


def cell_values(
    spec: SweepSpec, cells: Any, axes: dict[str, Any] | None = None, xp: Any = np
) -> tuple[Any, dict[str, Any]]:
    """Return the starts, float64 [n, 2], and the changed hyperparameters, {name: float64 [n]}, of numbered cells.

    `axes` are the spec's as arrays, for who asks often, in the namespace and on the device of the numbers.
    """
    pairs = zip((axes or axis_arrays(spec)).items(), places(spec, cells, xp), strict=True)
    values = {name: axis[place] for (name, axis), place in pairs}
    start = dict(zip("xy", spec.start, strict=True))
    own = (values.pop(name) if name in values else xp.full(len(cells), at) for name, at in start.items())
    return xp.stack([*own], -1), values


def places(spec: SweepSpec, cells: Any, xp: Any = np) -> tuple[Any, ...]:
    """Return for each axis which of its values numbered cells have, int64 [n]."""
    return (cells,) * len(spec.axes) if spec.paired else xp.unravel_index(cells, spec.shape)


def axis_arrays(spec: SweepSpec) -> dict[str, np.ndarray]:
    """Return the values of each axis by its name."""
    return {name: np.array(axis) for name, axis in spec.axes}
