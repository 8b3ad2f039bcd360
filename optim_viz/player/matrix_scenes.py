"""The matrix task to scenes: the loss by step, and beside it the singular values of the error."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.network.matrix_runs import MatrixRun, MatrixTask
from optim_viz.optimizers import styles
from optim_viz.player.scenes import DURATION, VERSION, Scene, track
from optim_viz.spec import MatrixSpec

#: What its page and its files are called.
TITLE = N_("One matrix that learns pairs")


def _columns(run: MatrixRun, rows: int) -> dict[str, np.ndarray]:
    """Row i is after i steps; what a run did not reach is NaN."""

    def padded(values: np.ndarray) -> np.ndarray:
        return np.pad(np.where(np.isfinite(values), values, np.nan), (0, rows - len(values)), constant_values=np.nan)

    every = {f"error_{i}": padded(values) for i, values in enumerate(run.errors.T, 1)}
    return {"loss": padded(run.losses), "lr": padded(run.lrs), **every}


def matrix_task(found: MatrixTask) -> Scene:
    """Return the scene of the first seed's runs: loss, and how much is still to be learned in every direction.

    >>> from optim_viz.network.matrix_task import matrix_task as measured
    >>> [panel["id"] for panel in matrix_task(measured("adam", steps=3)).data["panels"]]
    ['errors', 'loss']
    """
    rows = found.steps + 1
    blobs: dict[str, bytes] = {}
    tracks = []
    for label, style in zip(found.labels, styles.styles(found.kinds), strict=True):
        run = found[label]
        shown, blob = track(label, style, _columns(run, rows), (run.status, min(run.outcome_step, rows - 1)))
        tracks.append(shown)
        blobs |= blob
    scene = {
        "version": VERSION, "key": f"matrix {found.spec.condition:g} {found.spec.shape}", "frames": rows,
        "frame_title": N_("step"), "frame_values": None, "autoplay": True, "duration": DURATION,
        "report_rest": False, "tracks": tracks, "panels": _panels(found),
    }  # fmt: skip
    return Scene(scene, blobs)


def told(spec: MatrixSpec) -> str:
    """Return what is asked of the optimizers, in a line.

    >>> told(MatrixSpec((), condition=100.0))
    '16 x 16, the most frequent key 100 times as often as the rarest, 100 steps'
    """
    rows, columns = spec.shape
    return N_(
        "{rows} x {columns}, the most frequent key {condition:,.6g} times as often as the rarest, {steps:,} steps",
        rows=rows, columns=columns, condition=spec.condition, steps=spec.steps,
    )  # fmt: skip


def _panels(found: MatrixTask) -> list[dict[str, Any]]:
    names, count = ", ".join(found.labels), min(found.spec.shape)
    curve = {"kind": "curve", "x": None, "x_title": N_("step"), "log": True}
    errors = {
        **curve, "id": "errors", "log": False, "title": N_("Singular values of the error"),
        "short": N_("largest error"), "y": "error_1", "lines": [f"error_{i}" for i in range(2, count + 1)],
        "y_title": N_("singular value"), "alt": N_("Singular values of the error by step of {names}", names=names),
    }  # fmt: skip
    loss = {
        **curve, "id": "loss", "title": N_("Loss"), "y": "loss", "y_title": N_("loss"),
        "alt": N_("Loss by step of {names} on the matrix task", names=names),
    }  # fmt: skip
    return [errors, loss]
