"""The stored results of the lessons' trainings: a page draws them at once, and a command makes them again.

    python -m optim_viz.lessons.store        # about two minutes; the same machine writes the same bytes

A training is stored without its weights, predictions and times: what its curves and its verdict need. A plane is stored
without its axes, which are as long as the weights.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any
from urllib.parse import urlencode

import numpy as np

from optim_viz.experiments import files
from optim_viz.lessons import stored
from optim_viz.lessons.lesson import Experiment
from optim_viz.lessons.table import ROWS
from optim_viz.network import train
from optim_viz.network.plane import Plane
from optim_viz.network.project import project
from optim_viz.network.training import Training, TrainingOutcome, TrainingRun
from optim_viz.spec import NetworkSpec, SpecError, unique_labels

FILE = stored.DATA / "lessons_network.npz"
_RESOLUTION = 31
_OUTCOMES = tuple(TrainingOutcome)
#: Columns of a run as they are stored: runs stacked, row by row.
_COLUMNS = {
    "losses": np.float32,
    "lrs": np.float64,
    "test_losses": np.float64,
    "test_accuracies": np.float64,
    "dead_outputs": np.uint8,
    "gradient_norms": np.float32,
    "update_ratios": np.float32,
}
_BY_LABEL = ("coordinates", "snapshot_steps", "distances", "true_losses", "plane_losses")
_OF_PLANE = ("a", "b", "loss", "explained_variance", "random_walk")


def key(spec: NetworkSpec) -> str:
    """Everything about a training, as text: its link.

    >>> from optim_viz import optimizer
    >>> key(NetworkSpec((optimizer("adam"),), epochs=1))
    'epochs=1&batch=64&hidden=300~200&seed=0&seeds=1&o=adam'
    """
    return urlencode(files.link(spec)[1], doseq=True)


def trainings() -> dict[NetworkSpec, tuple[str, ...]]:
    """Every training of the lessons, with the kinds of planes that it is seen on."""
    planes: dict[NetworkSpec, tuple[str, ...]] = {}
    for experiment in (e for row in ROWS for e in row.all_experiments):
        if isinstance(experiment.spec, NetworkSpec):
            known = planes.setdefault(experiment.spec, ())
            planes[experiment.spec] = (*known, experiment.plane) if experiment.plane else known
    return planes


def pack(training: Training) -> dict[str, np.ndarray]:
    """Return a training's arrays, the runs stacked; all of its runs must have ended."""
    columns = {name: np.stack([getattr(r, name) for r in training]).astype(kind) for name, kind in _COLUMNS.items()}
    outcomes = [(_OUTCOMES.index(run.outcome), run.outcome_step) for run in training]
    return {**columns, "eval_steps": training.runs[0].eval_steps, "outcomes": np.array(outcomes)}


def unpack(spec: NetworkSpec, kept: Mapping[str, np.ndarray]) -> Training:
    """Return the training that `pack` was given, less weights, predictions and times."""
    labels = unique_labels(spec.optimizers)
    runs = []
    for i, (outcome, step) in enumerate(kept["outcomes"].tolist()):
        seed, place = divmod(i, len(labels))
        columns = {name: kept[name][i].astype(np.float64) for name in _COLUMNS}
        columns["dead_outputs"] = columns["dead_outputs"].astype(np.int64)
        rows = len(kept["eval_steps"])
        runs.append(
            TrainingRun(
                spec=spec.optimizers[place],
                label=labels[place],
                seed=spec.seed + seed,
                eval_steps=kept["eval_steps"],
                predictions=np.zeros((rows, 0), np.uint8),
                gradient_evaluations=kept["eval_steps"],
                seconds=np.full(rows, np.nan),
                snapshot_steps=np.zeros(0, np.int64),
                start=np.zeros(0, np.float32),
                moves=np.zeros((0, 0), np.float16),
                outcome=_OUTCOMES[outcome],
                outcome_step=step,
                **columns,
            )
        )
    return Training(spec, tuple(runs), kept["losses"].shape[1], np.nan)


def pack_plane(plane: Plane) -> dict[str, np.ndarray]:
    """Return a plane's arrays but for its origin and axes."""
    arrays = {name: np.asarray(getattr(plane, name)) for name in (*_OF_PLANE, "digits")}
    arrays |= {f"{n}.{i}": getattr(plane, n)[label] for n in _BY_LABEL for i, label in enumerate(plane.labels)}
    names = {"labels": np.array(plane.labels), "left_out": np.array(plane.left_out, dtype=np.str_)}
    return {**arrays, "loss": plane.loss.astype(np.float32), **names}


def unpack_plane(kind: str, kept: Mapping[str, np.ndarray]) -> Plane:
    """Return the plane that `pack_plane` was given, with neither origin nor axes."""
    labels = kept["labels"].tolist()
    columns: dict[str, Any] = {n: {label: kept[f"{n}.{i}"] for i, label in enumerate(labels)} for n in _BY_LABEL}
    columns |= {name: kept[name].astype(np.float64) for name in _OF_PLANE}
    return Plane(
        kind=kind,
        origin=np.zeros(0, np.float32),
        axes=np.zeros((2, 0), np.float32),
        digits=int(kept["digits"]),
        left_out=tuple(kept["left_out"].tolist()),
        **columns,
    )


def regenerate() -> dict[str, np.ndarray]:
    """Run every training of the lessons; return the arrays of the file, as "number.column" or "number.plane.column"."""
    return stored.gathered((key(spec), _packed(train.run(spec), kinds)) for spec, kinds in trainings().items())


def _packed(training: Training, kinds: Iterable[str]) -> dict[str, np.ndarray]:
    """A training's arrays, and those of its planes as "kind.column"."""
    planes = {kind: pack_plane(project(training, kind, _RESOLUTION)) for kind in kinds}
    return pack(training) | {f"{kind}.{name}": column for kind, one in planes.items() for name, column in one.items()}


def keys() -> tuple[str, ...]:
    """The trainings that are stored."""
    return stored.keys(FILE)


def load(experiment: Experiment) -> tuple[Training, Plane | None]:
    """Return the stored training of an experiment, and its plane if it asks for one; SpecError if there is none."""
    spec = experiment.spec
    if not isinstance(spec, NetworkSpec):
        raise SpecError("{name!r} is no training: it is run, not stored.", name=experiment.name)
    plane = unpack_plane(experiment.plane, part(spec, f"{experiment.plane}.")) if experiment.plane else None
    return unpack(spec, part(spec)), plane


def part(spec: NetworkSpec, prefix: str = "") -> dict[str, np.ndarray]:
    """Return the stored arrays of a training, as `pack` named them; with "pca." or "random.", those of its plane.

    Raises SpecError for a training that is not stored: the lessons have changed, and the command must be run again.
    """
    found = stored.part(FILE, key(spec), prefix)
    if found is None:
        raise SpecError("This training is not stored: run python -m optim_viz.lessons.store.")
    return found


if __name__ == "__main__":
    stored.write(FILE, regenerate())
