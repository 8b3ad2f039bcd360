"""A lesson's pictures: a result as the scene that the player plays, and the words that stand beside it."""

from __future__ import annotations

from dataclasses import replace

from optim_viz.language import N_
from optim_viz.lessons.lesson import Experiment, Result
from optim_viz.player import network_scenes, profiles, scenes
from optim_viz.player.scenes import Scene
from optim_viz.spec import NetworkSpec
from optim_viz.surfaces.trajectory import Comparison


def scene(found: Result, key: str) -> Scene:
    """Return the scene of a result, under a key of its own so that every picture plays from its start.

    Nothing can be turned or picked here: a lesson's picture stays the one that its numbers were measured on. Beside a
    plane of weights, accuracy is folded away. A profile takes the plane's place.

    >>> from optim_viz.lessons import results, table
    >>> found = results.result(table.lesson("momentum")["ravine"])
    >>> scene(found, "ravine").data["live"] is None
    True
    """
    if found.training:
        drawn = network_scenes.network(found.training, found.plane)
    else:
        drawn = scenes.compare(named(found.comparisons[0]))
    change: dict[str, dict[str, bool]] = {"plane": {"pick": False}, "accuracy": {"closed": found.plane is not None}}
    panels = [panel | change.get(panel["id"], {}) for panel in drawn.data["panels"]]
    unused = {(drawn.data.get("live") or {}).get("programs")}
    if found.experiment.profile:
        unused |= {panel["surface"]["blob"] for panel in panels if panel["kind"] == "plane"}
        curve = profiles.panel(found.comparisons[0])
        panels = [curve if panel["kind"] == "plane" else panel for panel in panels]
    still = {"key": key, "panels": panels, "report_rest": False, "live": None}
    return Scene(drawn.data | still, {name: blob for name, blob in drawn.blobs.items() if name not in unused})


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
    """Return what the weights of an experiment's function are called; none for a training.

    >>> from optim_viz.lessons import table
    >>> weights(table.lesson("gradient-step")["dip"]), weights(table.lesson("momentum")["ravine"])
    (('x',), ('x', 'y'))
    """
    if isinstance(experiment.spec, NetworkSpec):
        return ()
    return experiment.spec.surface.weights[: 1 if experiment.profile else 2]


def drawn_seed(experiment: Experiment) -> str:
    """Return which of several seeds a picture shows, in a sentence; "" where there is but one.

    >>> from optim_viz.lessons import table
    >>> drawn_seed(table.lesson("momentum")["ravine"])
    ''
    """
    spec = experiment.spec
    seeds = spec.seeds if isinstance(spec, NetworkSpec) else experiment.seeds
    return N_("Drawn: the first of {seeds} seeds.", seeds=seeds) if seeds > 1 else ""
