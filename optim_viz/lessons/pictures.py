"""A lesson's pictures: a result as the scene that the player plays, and the words that stand beside it."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace
from typing import Any

from optim_viz.language import N_
from optim_viz.lessons import links
from optim_viz.lessons.lesson import Experiment, Lesson, Result
from optim_viz.player import matrix_scenes, network_scenes, scenes
from optim_viz.player.scenes import Scene
from optim_viz.spec import DescentSpec
from optim_viz.surfaces.trajectory import Comparison


def scene(found: Result, key: str) -> Scene:
    """Return the scene of a result, under a key of its own so that every picture plays from its start.

    Nothing can be turned or picked here: a lesson's picture stays the one that its numbers were measured on. Beside a
    plane of weights, accuracy is folded away.

    >>> from optim_viz.lessons import results, table
    >>> found = results.result(table.lesson("momentum")["ravine"])
    >>> scene(found, "ravine").data["live"] is None
    True
    """
    if found.matrix:
        drawn = matrix_scenes.matrix_task(found.matrix)
    elif found.training:
        drawn = network_scenes.network(found.training, found.plane)
    else:
        drawn = scenes.compare(named(found.comparisons[0]), still=True)
    fixed = {"pick": False}
    change: dict[str, dict[str, bool]] = {
        "plane": fixed, "profile": fixed, "accuracy": {"closed": found.plane is not None}
    }  # fmt: skip
    panels = [panel | change.get(panel["id"], {}) for panel in scenes.shown(drawn.data)]
    still = {"key": key, "panels": panels, "report_rest": False, "live": None}
    used = {track["blob"] for track in drawn.data["tracks"]} | _grids(panels)
    return Scene(drawn.data | still, {name: blob for name, blob in drawn.blobs.items() if name in used})


def _grids(panels: Sequence[dict[str, Any]]) -> set[str]:
    """The blobs of the planes among some panels."""
    return {panel["surface"]["blob"] for panel in panels if panel.get("surface")}


#: What stands above all pictures of a lesson.
ALL = N_("All pictures of this lesson at the same step; a run that is over stands still.")
#: What of a picture stands beside the others: its panel of the first kind that it has.
_MAIN = ("profile", "plane", "curve")
#: What of a panel names columns.
_NAMES = ("x", "y", "z", "raw", "slope")
#: Columns that the table reads, whatever picture a run is of.
_READ = ("loss", "gx", "gy", "lr")


def together(row: Lesson, found: Sequence[Result]) -> Scene:
    """Return all pictures of a lesson beside each other under one playhead, each with its own runs; `found` is what
    came of the experiments that the lesson shows, in order.

    A panel draws the runs that have its columns, so every picture's columns get names of their own.

    >>> from optim_viz.lessons import results, table
    >>> row = table.lesson("momentum")
    >>> drawn = together(row, [results.result(experiment) for experiment in links.shown(row)]).data
    >>> [panel["id"] for panel in drawn["panels"]], len(drawn["tracks"]), drawn["frames"]
    (['1', '2', '3', '4'], 8, 401)
    """
    parts = [_beside(row, number, result) for number, result in enumerate(found, 1)]
    panels = [panel for panel, _, _ in parts]
    shared = {"key": f"lesson {row.slug} together", "frames": max(scene.data["frames"] for _, _, scene in parts)}
    data = parts[0][2].data | shared | {"panels": panels, "tracks": [one for _, tracks, _ in parts for one in tracks]}
    wanted = {track["blob"] for track in data["tracks"]} | _grids(panels)
    blobs = {name: blob for _, _, scene in parts for name, blob in scene.blobs.items() if name in wanted}
    return Scene(data | {"frame_values": None}, blobs)


def _beside(row: Lesson, number: int, found: Result) -> tuple[dict[str, Any], list[dict[str, Any]], Scene]:
    """One picture's panel and runs as they stand beside others, and its own scene."""
    drawn = scene(found, "")
    panel = next(panel for kind in _MAIN for panel in drawn.data["panels"] if panel["kind"] == kind)
    lines = panel.get("lines", [])
    columns = {name: f"{number} {name}" for name in (*(panel.get(key) for key in _NAMES), *lines) if name}
    renamed: dict[str, Any] = {key: columns[panel[key]] for key in _NAMES if panel.get(key)}
    renamed |= {"lines": [columns[name] for name in lines]} if lines else {}
    title = links.tab(row, number)
    tracks = []
    for track in drawn.data["tracks"]:
        kept = {name: place for name, place in track["columns"].items() if name in _READ}
        steps = {f"d{old}": f"d{new}" for old, new in columns.items() if f"d{old}" in track["columns"]}
        kept |= {new: track["columns"][old] for old, new in (columns | steps).items()}
        label = N_("{picture}: {run}", picture=links.called(found.experiment), run=track["label"])
        tracks.append(track | {"id": f"{number} {track['id']}", "label": label, "name": track["label"],
                               "columns": kept, "inspector": None})  # fmt: skip
    return panel | renamed | {"id": str(number), "title": title, "short": title, "small": True}, tracks, drawn


def named(runs: Comparison) -> Comparison:
    """Return a comparison as a lesson calls it: a typed function is the visitor's elsewhere, here it is the lesson's.

    >>> from optim_viz import descend, optimizer, surface
    >>> named(descend(surface("x^2 + y^2"), optimizer("sgd"), steps=5)).surface.title
    "This lesson's function"
    """
    if runs.surface.name != "own":
        return runs
    return replace(runs, spec=replace(runs.spec, surface=replace(runs.surface, title=N_("This lesson's function"))))


def weights(experiment: Experiment) -> tuple[str, ...]:
    """Return what the weights of an experiment's function are called; none for a training or a matrix.

    >>> from optim_viz.lessons import table
    >>> weights(table.lesson("gradient-step")["dip"]), weights(table.lesson("momentum")["ravine"])
    (('x',), ('x', 'y'))
    """
    if not isinstance(experiment.spec, DescentSpec):
        return ()
    return experiment.spec.surface.weights[: 1 if experiment.spec.as_curve else 2]


def drawn_seed(experiment: Experiment) -> str:
    """Return which of several seeds a picture shows, in a sentence; "" where there is but one.

    >>> from optim_viz.lessons import table
    >>> drawn_seed(table.lesson("momentum")["ravine"])
    ''
    """
    spec = experiment.spec
    seeds = experiment.seeds if isinstance(spec, DescentSpec) else spec.seeds
    return N_("Drawn: the first of {seeds} seeds.", seeds=seeds) if seeds > 1 else ""
