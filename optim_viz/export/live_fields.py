"""A map or basins as the browser computes them: every cell's run, how cells are coloured, and what Python found.

A study has them on Tune and on its saved page, a result of the library on its page in a notebook.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.language import of_browser
from optim_viz.optimizers.specs import has_rule
from optim_viz.player.fields import fields
from optim_viz.settings import limit
from optim_viz.spec import SweepSpec, unique_labels
from optim_viz.sweeps.basins import Basins
from optim_viz.sweeps.groups import is_outer
from optim_viz.sweeps.sweep import Sweep

if TYPE_CHECKING:
    from optim_viz.export.study_table import StudyResult

#: How a browser colours one chart's cells, and of each of them what it should find.
Picture = tuple[dict[str, Any], np.ndarray]


def of_study(drawn: StudyResult, dark: bool, answered: int | None = None, charts: str = "") -> bytes:
    """Return what the browser computes a study's charts from.

    `charts` is the class of the element that holds them; `answered` is how often something was turned before, None on a
    page where nobody answers: what Python found of the cells, which its answer is held to, is left out there.
    """
    study, live = drawn.asked.study, drawn.pictures.live
    if live is None:
        raise ValueError(f"A browser cannot compute the view {study.view}.")
    pairs = zip(drawn.asked.labels, drawn.asked.work.specs, strict=True)
    specs = {label: spec for label, spec in pairs if isinstance(spec, SweepSpec)}
    pictures = live(study, drawn.found, dark)
    return _packed(study.view, specs, pictures, answered is not None, answered=answered or 0, charts=charts)


def of_result(result: Sweep | Basins) -> bytes:
    """Return what the browser computes a map or basins in a notebook from; nothing where it cannot.

    >>> from optim_viz import optimizer, sweep
    >>> axes = {"lr": [0.01, 0.1], "momentum": [0.0, 0.5]}
    >>> len(of_result(sweep("booth", optimizer("momentum"), axes, steps=5))) > 1000
    True
    >>> of_result(sweep("booth", optimizer("momentum"), axes | {"x": [0.0, 1.0]}, steps=5))
    b''
    """
    if not computed(result.spec):
        return b""
    from optim_viz.figures import basins, maps

    specs = dict.fromkeys(unique_labels([result.spec.optimizer]), result.spec)
    if isinstance(result, Sweep):
        view, picture = "map", maps.live_picture(result, "loss")
    else:
        view, picture = "basins", basins.live_picture(basins.name_minima([result]), 0)
    return _packed(view, specs, [picture], exact=False, stands="notebook")


def computed(spec: SweepSpec) -> bool:
    """Whether a browser computes a sweep: one batch of a rule over two axes that go one way, of bearable length.

    >>> from optim_viz import optimizer
    >>> from optim_viz.sweeps.sweep import check
    >>> adam, rates = optimizer("adam"), {"lr": [0.01, 0.1]}
    >>> [computed(check("booth", adam, rates | more)) for more in ({"beta1": [0.9, 0.5]}, {"noise": [0, 1]})]
    [True, False]
    """
    if len(spec.axes) != 2 or spec.paired or spec.optimizers or not has_rule(spec.optimizer):
        return False
    batch = not any(is_outer(name, spec.optimizer) for name, _ in spec.axes)
    return batch and go_one_way(spec) and spec.steps_in_all <= limit("sweep_steps")


def go_one_way(spec: SweepSpec) -> bool:
    """Whether the values of every axis rise, or fall, so that a cell has its place on a map."""
    steps = [np.diff(values) for _, values in spec.axes]
    return all((step > 0).all() or (step < 0).all() for step in steps)


def _packed(
    view: str, specs: Mapping[str, SweepSpec], pictures: Sequence[Picture], exact: bool, **page: int | str
) -> bytes:
    """Return JSON behind its length, then, with `exact`, what Python found, as float32.

    Components take bytes only as a whole, not beside or in JSON. `page` is what there is to say of where this stands.
    """
    found, programs = fields(specs, watch=view == "map")
    surface = next(iter(specs.values())).surface
    data = {
        "view": view, "fields": found, "programs": programs, "pictures": [picture for picture, _ in pictures],
        "key": f"{view} {surface.name} {surface.expression} {tuple(specs)}", **page, **of_browser(),
    }  # fmt: skip
    text = json.dumps(data, allow_nan=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)  # floats begin at a multiple of their size
    return len(text).to_bytes(4, "little") + text + b"".join(cells.tobytes() for _, cells in pictures if exact)
