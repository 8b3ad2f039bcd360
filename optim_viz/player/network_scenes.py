"""Trainings to scenes: mini-batch loss and test accuracy by step, and the paths on a plane of weights."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.network.plane import Plane
from optim_viz.network.training import Training, TrainingRun, smooth
from optim_viz.optimizers import styles
from optim_viz.player.scenes import DURATION, VERSION, Scene, grid_blob, track


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


def path_columns(label: str, plane: Plane, done: np.ndarray) -> dict[str, np.ndarray]:
    """Where a run is on the plane once so many steps are done: its snapshots, joined by straight lines."""
    at = plane.snapshot_steps[label]
    a, b = plane.coordinates[label].T
    columns = {"a": a, "b": b, "plane_loss": plane.plane_losses[label]}
    return {name: np.interp(done, at, values, right=np.nan) for name, values in columns.items()}


def network(training: Training, plane: Plane | None = None, live: bool = False) -> Scene:
    """Return the scene of a training: its curves, and its paths on `plane`; while `live` the playhead follows."""
    blobs: dict[str, bytes] = {}
    tracks = []
    window = max(1, training.steps // 40)
    runs = [training[label] for label in training.labels]
    for run, style in zip(runs, styles.styles(training.kinds), strict=True):
        columns = _training_columns(run, training.steps, window)
        if plane and run.label in plane.labels:
            columns |= path_columns(run.label, plane, np.arange(1.0, training.steps + 1))
        shown, blob = track(run.label, style, columns, (run.status, run.outcome_step - 1))
        tracks.append(shown)
        blobs |= blob
    panels = curves(", ".join(training.labels), window)
    if plane:
        panel, blob = plane_panel(plane)
        panels, blobs = [panel, *panels], blobs | blob
    # Each report of where the playhead rests is a rerun of the page: on a training that goes on, it would come beside
    # every look, and one that overtakes a click on another page's name would be run in that page's place.
    scene = {
        "version": VERSION, "key": f"network {plane.kind if plane else ''}", "frames": training.steps,
        "frame_title": "step", "frame_values": list(range(1, training.steps + 1)), "autoplay": not live,
        "duration": DURATION, "report_rest": not live, "tracks": tracks, "panels": panels,
    }  # fmt: skip
    return Scene(scene, blobs)


def curves(
    names: str, window: int, of_loss: str = "Mini-batch loss", of_accuracy: str = "Accuracy on the test digits"
) -> list[dict[str, Any]]:
    """Return the panels of the loss and of the accuracy, each under its title."""
    curve = {"kind": "curve", "x": "step", "x_title": "step"}
    title = of_loss + f", mean of {window} steps" * (window > 1)
    loss = {
        **curve, "id": "loss", "title": title, "short": "loss", "y": "loss",
        "raw": "raw", "y_title": "cross-entropy", "log": True, "alt": f"{of_loss} by step of {names}",
    }  # fmt: skip
    rising = {
        **curve, "id": "accuracy", "title": of_accuracy, "short": "accuracy", "y": "accuracy",
        "y_title": "correct, %", "log": False, "rising": True, "alt": f"{of_accuracy} by step of {names}",
    }  # fmt: skip
    return [loss, rising]


def plane_panel(plane: Plane) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the panel of a plane of weights, and its grid."""
    name, data = grid_blob(np.where(np.isfinite(plane.loss), plane.loss, np.nan))
    axis = {"pca": "principal axis", "random": "random direction", "ends": "axis through the ends"}[plane.kind]
    panel = {
        "id": "plane", "kind": "plane", "title": plane.title, "short": "plane", "x": "a", "y": "b",
        "z": "plane_loss", "x_title": f"{axis} 1", "y_title": f"{axis} 2", "z_title": "loss",
        "bounds": [float(v) for v in (plane.a[0], plane.a[-1], plane.b[0], plane.b[-1])],
        "surface": {"blob": name, "nx": len(plane.a), "ny": len(plane.b)}, "scale": "log", "minima": [], "pick": False,
        "view": "2d", "alt": f"Paths of {', '.join(plane.labels)} on a plane of weights, coloured by loss",
    }  # fmt: skip
    return panel, {name: data}
