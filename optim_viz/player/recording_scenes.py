"""Recordings of any module to scenes: loss, accuracy and sharpness by step, as far as given; paths on a plane."""

from __future__ import annotations

from typing import Any

import numpy as np

from optim_viz.language import N_
from optim_viz.network.curvature import Curvature, Sharpness
from optim_viz.network.plane import Plane
from optim_viz.network.recording import Recording, Recordings
from optim_viz.network.training import smooth
from optim_viz.optimizers import styles
from optim_viz.player.network_scenes import Titles, curves, last_known, path_columns, plane_panel
from optim_viz.player.scenes import DURATION, VERSION, Scene, track

#: Rows of a scene at most: of a longer recording they are evenly spread steps.
ROWS = 5000
#: From where on one axis of eigenvalues shows a factor better than a difference.
WIDE = 8.0
TITLES = Titles(
    N_("Loss of each step"),
    N_("Loss, mean of {window} steps"),
    N_("loss"),
    N_("Loss by step of {names}"),
    N_("Accuracy"),
    N_("Accuracy by step of {names}"),
)


def recorded(recordings: Recordings, plane: Plane | None = None) -> Scene:
    """Return the scene of recordings: what was given of their curves, their sharpness, and their paths on `plane`.

    >>> import torch
    >>> from optim_viz.network.recorder import record
    >>> from optim_viz.network.recording import gathered
    >>> rec = record(torch.nn.Linear(2, 1), "sgd")
    >>> rec.step(0.5, lr=0.1)
    >>> [panel["id"] for panel in recorded(gathered(rec)).data["panels"]]
    ['loss']
    """
    steps = max(recordings.steps, 1)
    done = np.unique(np.linspace(1, steps, min(steps, ROWS)).round())
    window = max(1, steps // 40)
    blobs: dict[str, bytes] = {}
    tracks = []
    for run, style in zip(recordings, styles.styles(recordings.kinds), strict=True):
        columns = _columns(run, done, window)
        if plane and run.label in plane.labels:
            columns |= path_columns(run.label, plane, done)
        if recordings.sharpness:
            columns |= _sharp_columns(recordings.sharpness[run.label], done)
        ended = int(np.searchsorted(done, run.outcome_step))
        shown, blob = track(run.label, style, columns, (run.status, min(ended, len(done) - 1)))
        tracks.append(shown)
        blobs |= blob
    told = {"loss": any(np.isfinite(run.losses).any() for run in recordings),
            "accuracy": any(np.isfinite(run.accuracies).any() for run in recordings)}  # fmt: skip
    panels = [panel for panel in curves(", ".join(recordings.labels), window, TITLES) if told[panel["id"]]]
    for panel in panels:
        if panel["id"] == "loss":
            positive = all((run.losses[np.isfinite(run.losses)] > 0).all() for run in recordings)
            panel["log"] = positive
        elif window > 1:
            panel["title"] = N_("Accuracy, mean of {window} steps", window=window)
    if recordings.sharpness:
        panels.insert(1, _sharpness_panel(recordings.sharpness))
    if plane:
        panel, blob = plane_panel(plane)
        panels, blobs = [panel, *panels], blobs | blob
    scene = {
        "version": VERSION, "key": f"recording {plane.kind if plane else ''}", "frames": len(done),
        "frame_title": N_("step"), "frame_values": done.astype(int).tolist(), "autoplay": True,
        "duration": DURATION, "report_rest": False, "tracks": tracks, "panels": panels,
    }  # fmt: skip
    return Scene(scene, blobs)


def _columns(run: Recording, done: np.ndarray, window: int) -> dict[str, np.ndarray]:
    """What is known once so many steps are done, on the line between two steps at which it was given."""
    until = run.outcome_step if run.diverged else run.steps
    given = np.flatnonzero(np.isfinite(run.losses[:until]))
    losses = np.interp(np.arange(until), given, run.losses[given]) if given.size else np.full(until, np.nan)
    at = np.minimum(done.astype(int), max(until, 1)) - 1
    there = done <= until
    columns = {"step": done}
    for name, values in (("loss", smooth(losses, window)), ("raw", losses), ("lr", run.lrs[:until])):
        columns[name] = np.where(there, values[at], np.nan) if until else done * np.nan
    known = np.flatnonzero(np.isfinite(run.accuracies))
    columns["accuracy"] = columns["evaluated"] = done * np.nan
    if known.size:
        shares = smooth(run.accuracies[known], max(1, round(window * known.size / run.steps)))
        columns["accuracy"] = np.interp(done, known + 1.0, 100 * shares, left=np.nan, right=np.nan)
        columns["evaluated"] = last_known(done, known + 1, 100 * shares)
    return columns


def _sharp_columns(curvature: Curvature, done: np.ndarray) -> dict[str, np.ndarray]:
    """The eigenvalue that an edge is one of, and that edge, on the line between two snapshots."""
    known = {"sharpness": curvature.compared, "edge": curvature.edge}
    return {name: np.interp(done, curvature.steps, values, np.nan, np.nan) for name, values in known.items()}


def _sharpness_panel(found: Sharpness) -> dict[str, Any]:
    """The largest eigenvalues, and as thin lines the edges that they come up to."""
    shown = np.concatenate([values for c in found for values in (c.compared, c.edge)])
    known = shown[np.isfinite(shown)]
    plain, scaled = N_("largest eigenvalue"), N_("largest eigenvalue; of adaptive ones preconditioned")
    return {
        "id": "sharpness", "kind": "curve", "x": "step", "x_title": N_("step"), "y": "sharpness", "lines": ["edge"],
        "title": N_("Sharpness; thin: the edge of stability"), "short": N_("sharpness"),
        "y_title": scaled if any(c.adaptive for c in found) else plain, "rising": True,
        "log": bool(known.size and known.min() > 0 and known.max() > WIDE * known.min()),
        "alt": N_("Largest eigenvalue of the Hessian by step of {names}", names=", ".join(found.labels)),
    }  # fmt: skip
