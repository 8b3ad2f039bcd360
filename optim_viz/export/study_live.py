"""A map or basins as the browser computes them: every cell's run, how cells are coloured, and what Python found."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from optim_viz.language import of_browser
from optim_viz.player.fields import fields
from optim_viz.spec import SweepSpec

if TYPE_CHECKING:
    from optim_viz.export.study_table import StudyResult


def packed(drawn: StudyResult, dark: bool, answered: int = 0, charts: str = "") -> bytes:
    """Return what the browser computes a picture from: JSON behind its length, then what Python found, as float32.

    Components take bytes only as a whole, not beside or in JSON. `charts` is the class of the element that holds the
    charts; `answered` is how often something was turned before.
    """
    study, live = drawn.asked.study, drawn.pictures.live
    if live is None:
        raise ValueError(f"A browser cannot compute the view {study.view}.")
    pairs = zip(drawn.asked.labels, drawn.asked.work.specs, strict=True)
    specs = {label: spec for label, spec in pairs if isinstance(spec, SweepSpec)}
    found, programs = fields(specs, watch=study.view == "map")
    pictures, cells = zip(*live(study, drawn.found, dark), strict=True)
    data = {
        "view": study.view, "answered": answered, "fields": found, "programs": programs, "charts": charts,
        "key": f"{study.view} {study.descent.surface.name} {study.descent.surface.expression} {drawn.asked.labels}",
        "pictures": pictures, **of_browser(),
    }  # fmt: skip
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)  # floats begin at a multiple of their size
    return len(text).to_bytes(4, "little") + text + b"".join(exact.tobytes() for exact in cells)
