"""The stored results of the lessons' matrix tasks: searches take half a minute, and a page draws them at once.

    python -m optim_viz.lessons.matrix_store        # half a minute; the same machine writes the same bytes

All losses are stored, and the singular values of the error of what is drawn: the first seed's runs.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from urllib.parse import urlencode

import numpy as np

from optim_viz.experiments import files
from optim_viz.lessons import stored
from optim_viz.lessons.table import ROWS
from optim_viz.network import matrix_task
from optim_viz.network.matrix_runs import MatrixRun, MatrixTask
from optim_viz.network.training import TrainingOutcome
from optim_viz.spec import MatrixSpec, SpecError, unique_labels

FILE = stored.DATA / "lessons_matrix.npz"
_OUTCOMES = tuple(TrainingOutcome)


def key(spec: MatrixSpec) -> str:
    """Everything about a task, as text: its link.

    >>> from optim_viz import optimizer
    >>> key(MatrixSpec((optimizer("adam"),)))
    'task=matrix&condition=10000.0&shape=16~16&steps=100&seed=0&seeds=1&o=adam'
    """
    return urlencode(files.link(spec)[1], doseq=True)


def tasks() -> Iterator[tuple[MatrixSpec, bool]]:
    """Every matrix task of the lessons, and whether a picture shows it."""
    for row in ROWS:
        for experiment in row.all_experiments:
            if isinstance(experiment.spec, MatrixSpec):
                yield experiment.spec, experiment not in row.behind


def pack(found: MatrixTask, drawn: bool) -> dict[str, np.ndarray]:
    """Return a task's arrays, the runs stacked; all of its runs must have ended."""
    first = [found[label].errors for label in found.labels] if drawn else []
    with np.errstate(over="ignore"):  # what float32 cannot hold belongs to a run which leaves
        return {
            "losses": np.stack([run.losses for run in found]).astype(np.float32),
            "left": np.array([run.errors[-1, 0] for run in found]),
            "lrs": np.stack([np.resize(found[label].lrs, found.steps) for label in found.labels]).astype(np.float32),
            "errors": np.array(first).astype(np.float32),
            "outcomes": np.array([(_OUTCOMES.index(run.outcome), run.outcome_step) for run in found]),
        }


def unpack(spec: MatrixSpec, kept: Mapping[str, np.ndarray]) -> MatrixTask:
    """Return the task that `pack` was given, less its matrices; of runs that are not drawn the last error alone."""
    labels = unique_labels(spec.optimizers)
    runs = []
    for i, (outcome, step) in enumerate(kept["outcomes"].tolist()):
        seed, place = divmod(i, len(labels))
        drawn = not seed and len(kept["errors"])
        errors = kept["errors"][place].astype(float) if drawn else kept["left"][i : i + 1, None]
        runs.append(
            MatrixRun(
                spec=spec.optimizers[place],
                label=labels[place],
                seed=spec.each_seed[seed],
                losses=kept["losses"][i].astype(float),
                lrs=kept["lrs"][place][:step].astype(float),
                spectrum=np.full_like(errors, np.nan),
                errors=errors,
                weights=np.zeros((0, 0)),
                outcome=_OUTCOMES[outcome],
                outcome_step=step,
            )
        )
    return MatrixTask(spec, tuple(runs))


def regenerate() -> dict[str, np.ndarray]:
    """Run all of them; return the arrays of the file, as "number.column"."""
    every = dict(tasks())
    return stored.gathered((key(spec), pack(matrix_task.run(spec), drawn)) for spec, drawn in every.items())


def keys() -> tuple[str, ...]:
    """The tasks that are stored."""
    return stored.keys(FILE)


def load(spec: MatrixSpec) -> MatrixTask:
    """Return a stored task; SpecError where the lessons have changed, and the command must be run again."""
    found = stored.part(FILE, key(spec))
    if found is None:
        raise SpecError("This matrix task is not stored: run python -m optim_viz.lessons.matrix_store.")
    return unpack(spec, found)


if __name__ == "__main__":
    stored.write(FILE, regenerate())
