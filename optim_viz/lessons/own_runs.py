"""The stored runs of optimizers that exist for a lesson only: torch's loop would hold up the page for seconds.

    python -m optim_viz.lessons.own_runs        # a few seconds; the same machine writes the same bytes

A run is stored as its loop leaves it; losses and how it ended follow from that.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import replace
from urllib.parse import urlencode

import numpy as np

from optim_viz.experiments import files
from optim_viz.lessons import stored
from optim_viz.lessons.lesson import Experiment
from optim_viz.lessons.table import ROWS
from optim_viz.spec import DescentSpec, OptimizerSpec, SpecError, unique_labels
from optim_viz.surfaces import descent
from optim_viz.surfaces.trajectory import Comparison, RawRun

FILE = stored.DATA / "lessons_own.npz"
_COLUMNS = ("points", "gradients", "lrs", "evaluations")
_STATE = "state."


def key(spec: DescentSpec, optimizer: OptimizerSpec) -> str:
    """Everything about a run, as text: the link of what is beside it, and its label.

    >>> from optim_viz import optimizer
    >>> key(descent.check("quadratic", optimizer("sgd"), steps=9), OptimizerSpec("own", label="mine"))
    'f=quadratic&steps=9&noise=0.0&seed=0&o=sgd mine'
    """
    return f"{urlencode(files.link(spec)[1], doseq=True)} {optimizer.label}"


def seeds(experiment: Experiment) -> list[DescentSpec]:
    """The specs that an experiment on a surface is run as, one a seed, without what is beside."""
    spec = experiment.spec
    if not isinstance(spec, DescentSpec):
        raise SpecError("{name!r} is a training: it has no runs on a surface.", name=experiment.name)
    return [replace(spec, seed=spec.seed + seed) for seed in range(experiment.seeds)]


def stored_runs() -> Iterator[tuple[DescentSpec, OptimizerSpec]]:
    """Every run that is stored."""
    for experiment in (e for row in ROWS for e in row.all_experiments if e.beside):
        for spec in seeds(experiment):
            yield from ((spec, optimizer) for optimizer in experiment.beside)


def comparison(experiment: Experiment, spec: DescentSpec) -> Comparison:
    """Run one of an experiment's `seeds`; what is beside it is loaded."""
    whole = replace(spec, optimizers=(*spec.optimizers, *experiment.beside))
    labels = unique_labels(whole.optimizers)[len(spec.optimizers) :]
    loaded = [
        descent.finished(whole, optimizer, label, load(spec, optimizer))
        for optimizer, label in zip(experiment.beside, labels, strict=True)
    ]
    return Comparison(whole, (*descent.run(spec), *loaded))


def run(spec: DescentSpec, optimizer: OptimizerSpec) -> RawRun:
    """Run what is stored."""
    from optim_viz.surfaces.torch_run import through_torch

    return through_torch(spec, optimizer)


def pack(raw: RawRun) -> dict[str, np.ndarray]:
    """Return a run's arrays by the names that they are stored under."""
    points, gradients, state, lrs, evaluations = raw
    columns = dict(zip(_COLUMNS, (points, gradients, lrs, evaluations), strict=True))
    return columns | {f"{_STATE}{name}": values for name, values in state.items()}


def keys() -> tuple[str, ...]:
    """The runs that are stored."""
    return stored.keys(FILE)


def load(spec: DescentSpec, optimizer: OptimizerSpec) -> RawRun:
    """Return a stored run; SpecError where the lessons have changed, and the command must be run again."""
    kept = stored.part(FILE, key(spec, optimizer))
    if kept is None:
        raise SpecError("This run is not stored: run python -m optim_viz.lessons.own_runs.")
    found = {name: values.copy() for name, values in kept.items()}
    state = {name.removeprefix(_STATE): values for name, values in found.items() if name.startswith(_STATE)}
    return found["points"], found["gradients"], state, found["lrs"], found["evaluations"]


def regenerate() -> dict[str, np.ndarray]:
    """Run all of them; return the arrays of the file, as "number.column"."""
    return stored.gathered((key(*one), pack(run(*one))) for one in stored_runs())


if __name__ == "__main__":
    stored.write(FILE, regenerate())
