"""Trainings to scenes: mini-batch loss and test accuracy by step, and the paths on a plane of weights."""

from __future__ import annotations

from typing import Any, NamedTuple

import numpy as np

from optim_viz.language import N_
from optim_viz.network.plane import Plane
from optim_viz.network.training import Training, TrainingRun, smooth
from optim_viz.optimizers import styles
from optim_viz.player.scenes import DURATION, VERSION, Scene, grid_blob, track

#: What the directions of a plane are called.
_AXES = {
    "pca": N_("principal axis {number}"),
    "random": N_("random direction {number}"),
    "ends": N_("axis {number} through the ends"),
}


class Titles(NamedTuple):
    """What the two curves are called."""

    loss: str
    mean: str
    unit: str
    loss_alt: str
    accuracy: str
    accuracy_alt: str


OF_DIGITS = Titles(
    N_("Mini-batch loss"),
    N_("Mini-batch loss, mean of {window} steps"),
    N_("cross-entropy"),
    N_("Mini-batch loss by step of {names}"),
    N_("Accuracy on the test digits"),
    N_("Test accuracy by step of {names}"),
)
#: Where every step sees all digits.
OF_ALL_DIGITS = OF_DIGITS._replace(
    loss=N_("Training loss"),
    mean=N_("Training loss, mean of {window} steps"),
    loss_alt=N_("Training loss by step of {names}"),
)


def last_known(done: np.ndarray, at: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return the last of `values`, known once `at` steps are done, for every number of steps done.

    >>> last_known(np.arange(1, 6), np.array([2, 4]), np.array([10.0, 20.0]))
    array([nan, 10., 10., 20., 20.])
    """
    return np.append(np.nan, values)[np.searchsorted(at, done, side="right")]


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
    return columns | {"evaluated": last_known(done, run.eval_steps, 100.0 * run.test_accuracies)}


def path_columns(label: str, plane: Plane, done: np.ndarray) -> dict[str, np.ndarray]:
    """Where a run is on the plane once so many steps are done: its snapshots, joined by straight lines."""
    at = plane.snapshot_steps[label]
    a, b = plane.coordinates[label].T
    columns = {"a": a, "b": b, "plane_loss": plane.plane_losses[label]}
    drawn = {name: np.interp(done, at, values, right=np.nan) for name, values in columns.items()}
    if (np.diff(at) == 1).all() and (np.diff(done) == 1).all():  # else steps are not known, or not drawn
        drawn |= {f"d{name}": np.append(np.diff(drawn[name]), np.nan) for name in "ab"}
    return drawn


def network(training: Training, plane: Plane | None = None, live: bool = False) -> Scene:
    """Return the scene of a training: its curves, and its paths on `plane`; while `live` the playhead follows.

    It is as long as the longest run so far: of one that goes on or was cancelled it says of how many steps that is.
    """
    blobs: dict[str, bytes] = {}
    tracks = []
    window = max(1, training.steps // 40)
    runs = [training[label] for label in training.labels]
    steps = max(1, *(len(run.losses) for run in runs))
    for run, style in zip(runs, styles.styles(training.kinds), strict=True):
        columns = _training_columns(run, steps, window)
        if plane and run.label in plane.labels:
            columns |= path_columns(run.label, plane, np.arange(1.0, steps + 1))
        shown, blob = track(run.label, style, columns, (run.status, run.outcome_step - 1))
        tracks.append(shown)
        blobs |= blob
    titles = OF_DIGITS if training.steps > training.spec.epochs else OF_ALL_DIGITS  # a step an epoch
    panels = curves(", ".join(training.labels), window, titles)
    if plane:
        panel, blob = plane_panel(plane)
        panels, blobs = [panel, *panels], blobs | blob
    # Each report of where the playhead rests is a rerun of the page: on a training that goes on, it would come beside
    # every look, and one that overtakes a click on another page's name would be run in that page's place.
    scene = {
        "version": VERSION, "key": f"network {plane.kind if plane else ''}", "frames": steps,
        "frame_title": N_("step"), "frame_values": list(range(1, steps + 1)), "autoplay": not live,
        "frame_total": N_("of {steps:,}", steps=training.steps) if steps < training.steps else None,
        "duration": DURATION, "report_rest": not live, "tracks": tracks, "panels": panels,
    }  # fmt: skip
    return Scene(scene, blobs)


def curves(names: str, window: int, titles: Titles) -> list[dict[str, Any]]:
    """Return the panels of the loss, a mean over `window` steps, and of the accuracy."""
    curve = {"kind": "curve", "x": "step", "x_title": N_("step")}
    loss = {
        **curve, "id": "loss", "title": N_(titles.mean, window=window) if window > 1 else titles.loss,
        "short": N_("loss"), "y": "loss", "raw": "raw", "y_title": titles.unit, "log": True,
        "alt": N_(titles.loss_alt, names=names),
    }  # fmt: skip
    accuracy = {
        **curve, "id": "accuracy", "title": titles.accuracy, "short": N_("accuracy"), "y": "accuracy",
        "y_title": N_("correct, %"), "log": False, "rising": True, "digits": 4, "told": "evaluated",
        "as_of": N_("as it was last measured"), "alt": N_(titles.accuracy_alt, names=names),
    }  # fmt: skip
    return [loss, accuracy]


def plane_panel(plane: Plane) -> tuple[dict[str, Any], dict[str, bytes]]:
    """Return the panel of a plane of weights, and its grid."""
    name, data = grid_blob(np.where(np.isfinite(plane.loss), plane.loss, np.nan))
    axis = _AXES[plane.kind]
    panel = {
        "id": "plane", "kind": "plane", "title": plane.title, "short": N_("plane"), "x": "a", "y": "b",
        "z": "plane_loss", "x_title": N_(axis, number=1), "y_title": N_(axis, number=2), "z_title": N_("loss"),
        "bounds": [float(v) for v in (plane.a[0], plane.a[-1], plane.b[0], plane.b[-1])],
        "surface": {"blob": name, "nx": len(plane.a), "ny": len(plane.b)}, "scale": "log", "minima": [], "pick": False,
        "view": "2d", "shadow": True,  # what is drawn of many weights is not all of a step
        "alt": N_("Paths of {names} on a plane of weights, coloured by loss", names=", ".join(plane.labels)),
    }  # fmt: skip
    return panel, {name: data}
