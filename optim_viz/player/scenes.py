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

from optim_viz import theme
from optim_viz.figures import height_map
from optim_viz.player.inspector import inspector
from optim_viz.spec import Surface
from optim_viz.training import Training, TrainingRun
from optim_viz.trajectory import Comparison, Trajectory

VERSION = 1
GRID = 85
#: Seconds that a whole playthrough takes at speed 1.
DURATION = 6.0


@dataclass(frozen=True)
class Scene:
    """Everything that the player shows: `data` is JSON, `blobs` the numbers by name."""

    data: dict[str, Any]
    blobs: dict[str, bytes]


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
        flat = np.asarray(values, dtype="<f4").ravel()
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


@functools.lru_cache(maxsize=64)
def _surface_blob(surface: Surface) -> tuple[str, bytes]:
    name, data, _ = pack({"z": height_map(surface, GRID)[2]})
    return name, data


def _columns(run: Trajectory) -> dict[str, np.ndarray]:
    columns = {
        "x": run.points[:, 0], "y": run.points[:, 1], "loss": run.losses,
        "gx": run.gradients[:, 0], "gy": run.gradients[:, 1], "lr": run.lrs,
    }  # fmt: skip
    for name, values in run.state.items():
        columns |= {f"state.{name}.x": values[:, 0], f"state.{name}.y": values[:, 1]}
    with np.errstate(over="ignore"):  # what float32 cannot hold is drawn as infinite
        return {name: values.astype("<f4") for name, values in columns.items()}


def track(
    label: str, style: theme.Style, columns: Mapping[str, np.ndarray], status: tuple[str, int]
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return one run as the player's track, and its blob; `status` is how it ended and from which row on that holds."""
    name, data, places = pack(columns)
    shown = {
        "id": label, "label": label, "color": {"light": style.light, "dark": style.dark},
        "dash": style.dash, "marker": style.marker, "status": status[0], "status_from": status[1],
        "blob": name, "columns": places, "inspector": None,
    }  # fmt: skip
    return shown, {name: data}


def compare(runs: Comparison) -> Scene:
    """Return the scene of a comparison on a surface: the plane with its paths beside the loss curves."""
    surface = runs.surface
    grid_name, grid = _surface_blob(surface)
    blobs, tracks = {grid_name: grid}, []
    for run, style in zip(runs, theme.styles([r.spec.kind for r in runs]), strict=True):
        shown, blob = track(run.label, style, _columns(run), (run.status, run.outcome_step))
        shown["inspector"] = inspector(run.spec)
        tracks.append(shown)
        blobs |= blob
    names = ", ".join(runs.labels)
    positive = all((run.losses > 0).all() for run in runs)
    plane = {
        "id": "plane", "kind": "plane", "title": surface.title, "x": "x", "y": "y", "z": "loss",
        "x_title": "x", "y_title": "y", "z_title": "loss", "bounds": list(surface.bounds),
        "surface": {"blob": grid_name, "nx": GRID, "ny": GRID}, "scale": "log" if surface.log else "linear",
        "minima": [list(m[:2]) for m in surface.minima], "pick": True, "view": "2d",
        "alt": f"Contour map of {surface.title} with the paths of {names} from ({runs.spec.start[0]:g}, "
               f"{runs.spec.start[1]:g})",
    }  # fmt: skip
    loss = {
        "id": "loss", "kind": "curve", "title": "Loss", "x": None, "y": "loss", "x_title": "step",
        "y_title": "loss", "log": positive, "alt": f"Loss by step of {names} on {surface.title}",
    }  # fmt: skip
    scene = {
        "version": VERSION, "key": f"{surface.name} {surface.expression} {surface.bounds}",
        "frames": runs.spec.steps + 1, "frame_title": "step", "frame_values": None, "autoplay": True,
        "duration": DURATION, "tracks": tracks, "panels": [plane, loss],
    }  # fmt: skip
    return Scene(scene, blobs)


def smooth(values: np.ndarray, window: int) -> np.ndarray:
    """Return the mean of the last `window` values at every row, of fewer at the beginning.

    >>> smooth(np.array([1.0, 2.0, 3.0]), 2).tolist()
    [1.0, 1.5, 2.5]
    """
    total = np.cumsum(np.insert(values, 0, 0.0))
    ends = np.arange(1, len(values) + 1)
    starts = np.maximum(ends - window, 0)
    return (total[ends] - total[starts]) / (ends - starts)


def _training_columns(run: TrainingRun, steps: int, window: int) -> dict[str, np.ndarray]:
    """Row i is step i + 1: its mini-batch loss, and the test results on the line between two evaluations."""
    done = np.arange(1.0, steps + 1)
    sound = run.losses[np.isfinite(run.losses)]

    def padded(values: np.ndarray) -> np.ndarray:
        return np.pad(values, (0, steps - len(values)), constant_values=np.nan)

    columns = {"step": done, "loss": padded(smooth(sound, window)), "raw": padded(sound), "lr": padded(run.lrs)}
    evaluated = len(run.eval_steps) > 0
    for name, values in (("accuracy", 100.0 * run.test_accuracies), ("test_loss", run.test_losses)):
        line = np.interp(done, run.eval_steps, values, right=np.nan) if evaluated else done * np.nan
        columns[name] = line
    return columns


def network(training: Training) -> Scene:
    """Return the scene of a training: smoothed mini-batch loss beside test accuracy, by step."""
    blobs: dict[str, bytes] = {}
    tracks = []
    window = max(1, training.steps // 40)
    runs = [training[label] for label in training.labels]
    for run, style in zip(runs, theme.styles([r.spec.kind for r in runs]), strict=True):
        columns = _training_columns(run, training.steps, window)
        shown, blob = track(run.label, style, columns, (run.status, run.outcome_step - 1))
        tracks.append(shown)
        blobs |= blob
    names = ", ".join(training.labels)
    curve = {"kind": "curve", "x": "step", "x_title": "step"}
    loss = {
        **curve, "id": "loss", "title": f"Mini-batch loss, mean of {window} steps", "short": "loss", "y": "loss",
        "raw": "raw", "y_title": "cross-entropy", "log": True, "alt": f"Mini-batch loss by step of {names}",
    }  # fmt: skip
    accuracy = {
        **curve, "id": "accuracy", "title": "Accuracy on the test digits", "short": "accuracy", "y": "accuracy",
        "y_title": "correct, %", "log": False, "alt": f"Test accuracy by step of {names}",
    }  # fmt: skip
    scene = {
        "version": VERSION, "key": "network", "frames": training.steps, "frame_title": "step",
        "frame_values": list(range(1, training.steps + 1)), "autoplay": True, "duration": DURATION,
        "tracks": tracks, "panels": [loss, accuracy],
    }  # fmt: skip
    return Scene(scene, blobs)
