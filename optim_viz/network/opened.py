"""A visitor's own recordings: read from an uploaded file without their weights, and only as much as a page shows."""

from __future__ import annotations

import tempfile
from pathlib import Path

import numpy as np

from optim_viz.network.recording import Recordings
from optim_viz.network.recording_files import read
from optim_viz.settings import limit
from optim_viz.spec import SpecError, quoted

#: Of all recordings of a file together; and points a side of the plane.
MAX_STEPS, MAX_RESOLUTION = 1_000_000, 201


def opened(name: str, content: bytes) -> Recordings:
    """Return what a page shows of a file that `ov.save` or `rec.save` wrote, from its bytes.

    Its weights, most of such a file, are never read, and it is kept nowhere. Raises SpecError, one sentence, where it
    is none, too large, or holds nothing that could be drawn.
    """
    if len(content) > limit("upload_mb") * 2**20:
        raise SpecError(
            "{size:.0f} MB are too much: at most {most} MB. ov.save(recordings, path, plane, weights=False) writes a "
            "small file.",
            size=len(content) / 2**20,
            most=limit("upload_mb"),
        )
    try:
        with tempfile.TemporaryDirectory(prefix="optim-viz-") as folder:
            path = Path(folder) / "opened.safetensors"
            path.write_bytes(content)
            found = read(path, name, weights=False)
    except OSError as error:
        raise SpecError(
            "A file cannot be opened on this server just now ({reason}).", reason=error.strerror or error
        ) from None
    return _checked(name, found)


def _checked(name: str, found: Recordings) -> Recordings:
    steps, plane = sum(run.steps for run in found), found.plane
    if steps > MAX_STEPS:
        raise SpecError(
            "{file} holds {count:,} steps: a page shows at most {most:,}.",
            file=quoted(name),
            count=steps,
            most=MAX_STEPS,
        )
    if plane and max(plane.loss.shape) > MAX_RESOLUTION:
        raise SpecError(
            "The plane in {file} has {across} x {up} points: a page shows at most {most} a side.",
            file=quoted(name),
            across=len(plane.a),
            up=len(plane.b),
            most=MAX_RESOLUTION,
        )
    drawn = any(np.isfinite(values).any() for run in found for values in (run.losses, run.accuracies))
    if not (plane or drawn):
        raise SpecError(
            "{file} holds nothing to draw: neither a loss nor an accuracy, and no plane.", file=quoted(name)
        )
    return found
