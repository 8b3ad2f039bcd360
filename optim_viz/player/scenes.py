"""Results to scenes: what the player is given, as plain JSON beside float32 blobs named by their hash.

A scene names its numbers, a blob holds them; a blob that did not change keeps its name and is not sent again.
"""

from __future__ import annotations

import functools
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.language import N_, of_browser, told
from optim_viz.optimizers import styles
from optim_viz.optimizers.cycled import cycled
from optim_viz.optimizers.row import Style
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player import fits, profiles
from optim_viz.player.cards import inspector
from optim_viz.player.live import live
from optim_viz.spec import OptimizerSpec, Surface
from optim_viz.surfaces.descent import rates_apart
from optim_viz.surfaces.surface import height_map
from optim_viz.surfaces.trajectory import Comparison, Trajectory

VERSION = 1
GRID = 85
#: Seconds that a whole playthrough takes at speed 1.
DURATION = 6.0


@dataclass(frozen=True)
class Scene:
    """Everything that the player shows: `data` is JSON, `blobs` the numbers by name."""

    data: dict[str, Any]
    blobs: dict[str, bytes]

    @property
    def told(self) -> dict[str, Any]:
        """Its data in the language that is spoken, with the player's own words."""
        return told(self.data) | of_browser()


def _float32(values: np.ndarray) -> np.ndarray:
    """Little-endian float32; what that cannot hold is drawn as infinite."""
    with np.errstate(over="ignore"):
        return np.asarray(values, dtype="<f4")


def pack(columns: Mapping[str, np.ndarray]) -> tuple[str, bytes, dict[str, tuple[int, ...]]]:
    """Return name, bytes and places of `columns`, laid end to end as little-endian float32.

    A place is (offset, count) in floats; a constant column is one number with its place (offset, 1, rows), and a column
    equal to an earlier one shares that one's place.

    >>> name, data, places = pack({"x": np.arange(3.0), "y": np.zeros(2)})
    >>> len(data), places["y"]
    (16, (3, 1, 2))
    """
    places: dict[str, tuple[int, ...]] = {}
    seen: dict[bytes, tuple[int, ...]] = {}
    parts, offset = [], 0
    for column, values in columns.items():
        flat = _float32(values).ravel()
        data = flat.tobytes()
        if data not in seen:
            constant = flat.size > 1 and bool((flat == flat[0]).all())
            part = data[:4] if constant else data
            seen[data] = (offset, 1, flat.size) if constant else (offset, flat.size)
            parts.append(part)
            offset += len(part) // 4
        places[column] = seen[data]
    data = b"".join(parts)
    return hashlib.sha256(data).hexdigest()[:32], data, places


def grid_blob(heights: np.ndarray) -> tuple[str, bytes]:
    """Return name and bytes of the heights of a plane, every one of them even where all are the same.

    >>> len(grid_blob(np.full((3, 2), 5.0))[1])
    24
    """
    largest = np.finfo("<f4").max  # what is higher is drawn as high as that, not as a hole
    data = _float32(np.clip(heights, -largest, largest)).tobytes()
    return hashlib.sha256(data).hexdigest()[:32], data


@functools.lru_cache(maxsize=64)
def _surface_blob(surface: Surface) -> tuple[str, bytes]:
    return grid_blob(height_map(surface, GRID)[2])


def _costly(runs: Comparison) -> bool:
    """Whether some run looks at more gradients than it takes steps: L-BFGS, say."""
    return any((run.gradient_evaluations > np.arange(len(run.losses))).any() for run in runs)


def _is_computed(spec: OptimizerSpec) -> bool:
    """Whether a browser can make its runs, and so knows the digits that float32 leaves out."""
    row = OPTIMIZERS.get(spec.kind)
    return spec.factory is None and row is not None and row.rule is not None


def steps_of(points: np.ndarray) -> dict[str, np.ndarray]:
    """Return the steps between points (n, 2) as columns, where they are too short to be told by points of float32.

    >>> steps_of(np.array([[3.0, 1.0], [3.0 + 1e-9, 2.0]]))["dx"].round(12)
    array([1.e-09,    nan])
    >>> steps_of(np.array([[3.0, 1.0], [3.1, 2.0]]))
    {}
    """
    steps = np.diff(points, axis=0)
    unknown = np.abs(steps) < 1000 * np.finfo("<f4").eps * np.abs(points[1:])
    if not (unknown & (steps != 0)).any():
        return {}
    dx, dy = np.pad(steps, ((0, 1), (0, 0)), constant_values=np.nan).T
    return {"dx": dx, "dy": dy}


def _columns(run: Trajectory, costly: bool, still: bool) -> dict[str, np.ndarray]:
    columns = {
        "x": run.points[:, 0], "y": run.points[:, 1], "loss": run.losses,
        "gx": run.gradients[:, 0], "gy": run.gradients[:, 1], "lr": run.lrs,
    }  # fmt: skip
    if (apart := rates_apart(run)) is not None:
        columns |= {"lr.x": apart[:, 0], "lr.y": apart[:, 1]}
    if cycle := cycled(run.spec, len(run.lrs) - 1, len(run.lrs)):
        columns |= {cycle[0]: cycle[1]}
    if costly:
        columns["evaluations"] = run.gradient_evaluations
    for name, values in run.state.items():
        columns |= {f"state.{name}.x": values[:, 0], f"state.{name}.y": values[:, 1]}
    if still or not _is_computed(run.spec):
        columns |= steps_of(run.points)
    return columns


def track(
    label: str, style: Style, columns: Mapping[str, np.ndarray], status: tuple[str, int]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return one run as the player's track, and its blob; `status` is how it ended and from which row on that holds."""
    name, data, places = pack(columns)
    shown = {
        "id": label, "label": label, "color": {"light": style.light, "dark": style.dark},
        "dash": style.dash, "marker": style.marker, "status": status[0], "status_from": status[1],
        "blob": name, "columns": places, "inspector": None,
    }  # fmt: skip
    return shown, {name: data}


def shown(data: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Return those panels of a scene's data that are drawn now: of a curve and a map of the same function one, where
    both are there.

    >>> from optim_viz import descend, optimizer
    >>> [panel["id"] for panel in shown(compare(descend("x^2", optimizer("sgd"), steps=3)).data)]
    ['profile', 'loss']
    >>> [panel["id"] for panel in shown(compare(descend("x^2", optimizer("sgd"), steps=3, drawn="map")).data)]
    ['plane', 'loss']
    """
    live = data.get("live")
    if not live:
        return list(data["panels"])
    wanted = "curve" if live["surface"]["alone"] and not live["drawn"] else "map"
    return [panel for panel in data["panels"] if panel.get("shape", wanted) == wanted]


def _plane(runs: Comparison, grid: str) -> dict[str, Any]:
    """The surface as a plane, whose heights are the blob `grid`."""
    surface, (x, y) = runs.surface, runs.spec.start
    return {
        "id": "plane", "kind": "plane", "title": surface.title, "x": "x", "y": "y", "z": "loss",
        "x_title": surface.weights[0], "y_title": surface.weights[1], "z_title": N_("loss"),
        "bounds": list(surface.bounds),
        "surface": {"blob": grid, "nx": GRID, "ny": GRID}, "scale": "log" if surface.log else "linear",
        "minima": [list(m[:2]) for m in surface.minima], "pick": True, "view": "2d", "shape": "map",
        "lowest": [m in surface.global_minima for m in surface.minima], "named": bool(surface.data),
        "equal": runs.spec.drawn == "equal",
        "alt": N_("Contour map of {surface} with the paths of {names} from ({x:g}, {y:g})",
                  surface=surface.title, names=", ".join(runs.labels), x=x, y=y),
    }  # fmt: skip


def compare(runs: Comparison, still: bool = False) -> Scene:
    """Return the scene of a comparison on a surface: the plane with its paths, the data if it has some, the loss.

    A `still` one is not computed any further by who shows it.
    A function of x alone is there as a curve and as a plane; see `shown` for which of the two is drawn.
    """
    surface = runs.surface
    grid_name, grid = _surface_blob(surface)
    blobs, tracks, costly = {grid_name: grid}, [], _costly(runs)
    for run, style in zip(runs, styles.styles([r.spec.kind for r in runs]), strict=True):
        shown, blob = track(run.label, style, _columns(run, costly, still), (run.status, run.outcome_step))
        shown["inspector"] = inspector(run.spec)
        tracks.append(shown)
        blobs |= blob
    computed, programs = live(runs.spec, runs.labels)
    names = ", ".join(runs.labels)
    positive = all((run.losses > 0).all() for run in runs)
    loss = {
        "id": "loss", "kind": "curve", "title": N_("Loss"), "x": None, "y": "loss", "x_title": N_("step"),
        "y_title": N_("loss"), "log": positive,
        "alt": N_("Loss by step of {names} on {surface}", names=names, surface=surface.title),
    }  # fmt: skip
    curve = [profiles.panel(runs)] if surface.alone else []
    panels = [*curve, _plane(runs, grid_name), *fits.drawn(runs.spec), loss]
    if costly:  # then steps are not a fair measure
        panels.append({
            **loss, "id": "cost", "title": N_("Loss by gradient evaluations"), "short": N_("gradients"),
            "x": "evaluations", "readout": "evaluations", "x_title": N_("gradient evaluations"),
            "alt": N_("Loss by gradient evaluations of {names} on {surface}", names=names, surface=surface.title),
        })  # fmt: skip
    scene = {
        "version": VERSION, "key": f"{surface.name} {surface.expression} {surface.bounds}",
        "frames": runs.spec.steps + 1, "frame_title": N_("step"), "frame_values": None, "autoplay": True,
        "duration": DURATION, "tracks": tracks, "panels": panels, "live": computed,
    }  # fmt: skip
    return Scene(scene, blobs | programs)
