"""Cells of a sweep by their numbers: where each starts, and which values it has."""

from __future__ import annotations

import numpy as np

from optim_viz.spec import SweepSpec


def cell_values(
    spec: SweepSpec, cells: np.ndarray, axes: dict[str, np.ndarray] | None = None
) -> tuple[np.ndarray, dict[str, np.ndarray]]:
    """Return the starts, float64 [n, 2], and the changed hyperparameters, {name: float64 [n]}, of numbered cells.

    `axes` are the spec's as arrays, for who asks often.
    """
    pairs = zip((axes or axis_arrays(spec)).items(), places(spec, cells), strict=True)
    values = {name: axis[place] for (name, axis), place in pairs}
    starts = np.empty((len(cells), 2))
    starts[:, 0], starts[:, 1] = values.pop("x", spec.start[0]), values.pop("y", spec.start[1])
    return starts, values


def places(spec: SweepSpec, cells: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return for each axis which of its values numbered cells have, int64 [n]."""
    return (cells,) * len(spec.axes) if spec.paired else np.unravel_index(cells, spec.shape)


def axis_arrays(spec: SweepSpec) -> dict[str, np.ndarray]:
    """Return the values of each axis by its name."""
    return {name: np.array(axis) for name, axis in spec.axes}
