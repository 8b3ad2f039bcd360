"""What came of runs as tables: of trainings, recordings and the matrix task, and of what was measured along them."""

from __future__ import annotations

import numpy as np
import pandas as pd

from optim_viz.figures.training import complete
from optim_viz.language import N_, together, tr
from optim_viz.network.curvature import Curvature, Sharpness
from optim_viz.network.matrix_runs import MatrixRun, MatrixTask
from optim_viz.network.recording import Recording, Recordings
from optim_viz.network.training import Training, TrainingRun


def results(training: Training, accuracy: float = 0.9) -> pd.DataFrame:
    """Return one row per optimizer: how well it reads the test digits, how soon, and what a step costs.

    Problem: the whole comparison in numbers, no seed picked. Over several seeds every number is the median; a seed that
    never reached the accuracy counts as infinitely late, one that was cut short is left out when others are whole.
    Arguments: `training`; `accuracy`, 0 to 1, that the time is taken to. Steps and seconds are <NA> when it never came,
    the dead outputs when there is no last ReLU or the run diverged, ms per step when none was timed.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network.train import train
    >>> t = train([optimizer("adam")], epochs=1, batch_size=500, hidden=(16,))
    >>> results(t)[["optimizer", "steps to 90 %", "status"]].values.tolist()
    [['adam', <NA>, 'finished 16 steps']]

    Reference: Dahl et al., Benchmarking Neural Network Training Algorithms (2023): time to a target.
    """
    part = complete(training)
    rows = [_row(training, label, part.seeds(label), accuracy) for label in training.labels]
    target = f"{100 * accuracy:g} %"
    late = {
        tr("steps to {target}", target=target): "Int64",
        tr("seconds to {target}", target=target): "Float64",
        tr("dead outputs (of 10)"): "Float64",
    }
    frame = pd.DataFrame(rows).astype(late)
    return frame.drop(columns=tr("seeds")) if training.spec.seeds == 1 else frame


def _row(training: Training, label: str, runs: tuple[TrainingRun, ...], accuracy: float) -> dict[str, object]:
    """One optimizer's row; `runs` are the seeds that count."""
    reached = np.array([run.reached(accuracy) or (np.inf, np.inf) for run in runs])
    steps, seconds = np.median(reached, axis=0)
    losses = np.array([run.test_losses[-1] if len(run.test_losses) else np.nan for run in runs])
    tells = training.spec.final_relu and np.isfinite(losses).any()
    dead = [run.dead_outputs[-1] for run, loss in zip(runs, losses, strict=True) if np.isfinite(loss)]
    target = f"{100 * accuracy:g} %"
    return {
        tr("optimizer"): label,
        tr("seeds"): len(runs),
        tr("final test accuracy, %"): round(100 * _median([run.final_accuracy for run in runs]), 2),
        tr("best test accuracy, %"): round(100 * _median([run.best_accuracy for run in runs]), 2),
        tr("final test loss, nats"): round(_median(losses), 4),
        tr("steps to {target}", target=target): round(steps) if np.isfinite(steps) else None,
        tr("seconds to {target}", target=target): round(float(seconds), 2) if np.isfinite(seconds) else None,
        tr("ms per step"): round(1000 * _median([run.seconds_per_step for run in runs]), 2),
        tr("dead outputs (of 10)"): _median(dead) if tells else None,
        tr("status"): status(training.seeds(label)),
    }


def recorded(recordings: Recordings) -> pd.DataFrame:
    """Return one row per recording: its optimizer, its steps, what was given last of loss and accuracy, how it ended.

    What was never given is <NA>.

    >>> import torch
    >>> from optim_viz.network.recorder import record
    >>> from optim_viz.network.recording import gathered
    >>> rec = record(torch.nn.Linear(2, 1), "sgd", optimizer=torch.optim.SGD([torch.zeros(1)], lr=0.1))
    >>> rec.step(0.5)
    >>> recorded(gathered(rec)).values.tolist()
    [['sgd', 'SGD, lr 0.1', 1, 0.5, <NA>, '1 steps recorded']]
    """
    rows = [
        {
            tr("recording"): run.label,
            tr("optimizer"): _optimizer(run),
            tr("steps"): run.steps,
            tr("last loss"): _last(run.losses),
            tr("last accuracy, %"): _last(100 * run.accuracies),
            tr("status"): tr(run.status),
        }
        for run in recordings
    ]
    return pd.DataFrame(rows).astype({tr("last loss"): "Float64", tr("last accuracy, %"): "Float64"})


def matrix_results(found: MatrixTask) -> pd.DataFrame:
    """Return one row per optimizer: the loss that it ends with over the seeds, and what it has not learned.

    Arguments: `found`; the error left is the largest singular value of the weights less the target, a median as well.

    >>> from optim_viz.network.matrix_task import matrix_task
    >>> matrix_results(matrix_task("sgd", steps=9))[["optimizer", "lr", "status"]].values.tolist()
    [['sgd', 0.001, 'finished 9 steps']]
    """
    rows = []
    for label in found.labels:
        runs = found.seeds(label)
        losses = [float(run.losses[-1]) for run in runs]
        ends = {tr("seeds"): len(runs), tr("lowest"): min(losses), tr("highest"): max(losses)} if len(runs) > 1 else {}
        rows.append(
            {
                tr("optimizer"): label,
                "lr": runs[0].spec.hyperparameters.get("lr"),
                tr("final loss"): _median(losses),
                **ends,
                tr("largest error left"): _median([run.errors[-1, 0] for run in runs]),
                tr("status"): status(runs),
            }
        )
    return pd.DataFrame(rows)


def curved(found: Sharpness) -> pd.DataFrame:
    """Return one row per run: its largest eigenvalue at first, at its highest and last, and the edge at the last step.

    Of an adaptive optimizer the eigenvalues are those of its preconditioned Hessian, which the edge is an edge of.

    >>> import torch
    >>> from optim_viz.network.recorder import record
    >>> from optim_viz.network.sharpness import sharpness
    >>> model = torch.nn.Linear(1, 1, bias=False)
    >>> rec = record(model, "sgd", optimizer=torch.optim.SGD(model.parameters(), lr=0.1))
    >>> curved(sharpness(rec, loss=lambda call, x: call(x).square().mean(), data=torch.ones(4, 1))).values.tolist()
    [['sgd', 2.0, 2.0, 0, 2.0, '2 / lr', 20.0, 10.0]]
    """
    late = {tr("edge there"): "Float64", tr("of it, %"): "Float64"}
    return pd.DataFrame([_curved(curvature) for curvature in found if len(curvature.steps)]).astype(late)


def _curved(curvature: Curvature) -> dict[str, object]:
    values, edge = curvature.compared, curvature.edge[-1]
    known = np.flatnonzero(np.isfinite(values))
    first, top, last = (known[0], known[np.argmax(values[known])], known[-1]) if known.size else (0, 0, 0)
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):  # an edge may be next to nothing
        share = 100 * values[last] / edge
    return {
        tr("optimizer"): curvature.label,
        tr("eigenvalue at first"): _digits(values[first]),
        tr("at its highest"): _digits(values[top]),
        tr("at step"): int(curvature.steps[top]),
        tr("at last"): _digits(values[last]),
        tr("formula of the edge"): curvature.words,
        tr("edge there"): _digits(edge),
        tr("of it, %"): _digits(share),
    }


def _digits(value: float) -> float | None:
    """A number to 4 digits, if it is one."""
    return float(f"{value:.4g}") if np.isfinite(value) else None


def _optimizer(run: Recording) -> str | None:
    """Its class and learning rate, as far as they are known."""
    name, lr = run.optimizer.get("class"), run.optimizer.get("lr")
    if name is None:
        return None
    return f"{name}, lr {lr:g}" if isinstance(lr, int | float) else str(name)


def _last(values: np.ndarray) -> float | None:
    """The last finite number, to 4 digits."""
    known = values[np.isfinite(values)]
    return _digits(known[-1]) if known.size else None


def _median(values: object) -> float:
    return float(np.median(np.asarray(values, float)))


def status(runs: tuple[TrainingRun, ...] | tuple[MatrixRun, ...]) -> str:
    """Say how an optimizer's runs ended: one run with its step, several by number.

    >>> from optim_viz import optimizer
    >>> from optim_viz.network.train import train
    >>> status(train([optimizer("sgd")], epochs=1, batch_size=500, hidden=(16,), seeds=2).seeds("sgd"))
    '2 finished'
    """
    if len(runs) == 1:
        return tr(runs[0].status)
    ends = [run.outcome for run in runs]
    counted = (N_("{count} {ended}", count=ends.count(end), ended=end.short) for end in dict.fromkeys(ends))
    return tr(together(counted, "{before}, {after}"))
