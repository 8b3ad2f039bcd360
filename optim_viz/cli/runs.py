"""Optimizers side by side, from a shell: compare, train, matrix."""

from __future__ import annotations

import argparse
from typing import TYPE_CHECKING

from optim_viz.cli.asked import SURFACE, check_out, of_descent, optimizers, shared
from optim_viz.cli.told import Bar, deliver, lr
from optim_viz.language import speaking
from optim_viz.spec import PARAMETERS, number

if TYPE_CHECKING:
    from optim_viz.network.matrix_runs import MatrixTask
    from optim_viz.network.training import Training
    from optim_viz.surfaces.trajectory import Comparison

#: Files that have no use for the plane of weights, which takes seconds.
_TABLES = (".csv", ".parquet", ".json", ".py")


def of_compare(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `compare` takes."""
    parser.add_argument("surface", help=SURFACE)
    shared(parser)
    of_descent(parser, 500)
    parser.add_argument("--drawn", default="", help="map, of a function of x alone, or equal, a map on equal axes")
    parser.add_argument("--box", nargs=4, metavar=("X0", "X1", "Y0", "Y1"), help="the part drawn of a typed function")
    for name in PARAMETERS:
        parser.add_argument(f"--{name}", help=f"the value of {name} in a typed function (1)")


def of_train(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `train` takes."""
    shared(parser)
    parser.add_argument("--epochs", default=2, help="1 to 100 (2)")
    parser.add_argument("--batch-size", default=64, help="digits a mini-batch (64)")
    parser.add_argument("--hidden", nargs="+", default=(300, 200), metavar="UNITS", help="layer sizes (300 200)")
    parser.add_argument("--seeds", default=1, help="runs of every optimizer (1)")
    parser.add_argument("--no-final-relu", action="store_true", help="do not clip the logits at 0")


def of_matrix(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `matrix` takes."""
    shared(parser)
    parser.add_argument("--condition", default=1e4, help="how often the most frequent key for once the rarest (10000)")
    parser.add_argument(
        "--shape", nargs="+", default=(16, 16), metavar="SIDE", help="numbers of a value, and keys (16 16)"
    )
    parser.add_argument("--steps", default=100, help="1 to 5,000 (100)")
    parser.add_argument("--seeds", default=1, help="runs of every optimizer (1)")


def compare(given: argparse.Namespace) -> None:
    """Run optimizers on a surface; write a table or a file."""
    from optim_viz.surfaces import descent
    from optim_viz.surfaces.surface import surface

    check_out(given.out)
    letters = {name: value for name in PARAMETERS if (value := getattr(given, name)) is not None}
    found = surface(given.surface, **({"bounds": given.box} if given.box else {}), **letters)
    specs = optimizers(given)
    runs = descent.descend(
        found, specs, given.start, given.steps, number(given.noise, "noise"), given.batch_size, given.seed, given.drawn
    )
    with speaking(given.language):
        deliver(runs, given.out, _comparison_rows(runs))


def _comparison_rows(runs: Comparison) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("optimizer", "lr", "final loss", "x", "y", "outcome")]
    for run in runs:
        x, y = run.points[-1]
        status = run.status.replace("−", "-")  # as the numbers beside it, and every terminal has it
        rows.append((run.label, lr(run.spec), f"{run.final_loss:.6g}", f"{x:.6g}", f"{y:.6g}", status))
    return rows


def train(given: argparse.Namespace) -> None:
    """Train the network with each optimizer; write a table or a file."""
    from optim_viz.network.project import project
    from optim_viz.network.train import check as check_training
    from optim_viz.network.train import run as run_training
    from optim_viz.network.training import TrainingOutcome

    check_out(given.out)
    bar = Bar("training")
    spec = check_training(
        optimizers(given),
        given.epochs,
        given.batch_size,
        given.hidden,
        not given.no_final_relu,
        given.seed,
        given.seeds,
    )
    training = run_training(spec, progress=lambda progress: bar(progress.fraction))
    bar.end()
    drawn = given.out and not given.out.lower().endswith(_TABLES)
    paths = any(run.outcome is TrainingOutcome.FINISHED for run in training)
    with speaking(given.language):
        deliver(training, given.out, _training_rows(training), project(training) if drawn and paths else None)


def _training_rows(training: Training) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("optimizer", "seed", "lr", "last mini-batch loss", "test loss", "test accuracy", "outcome")
    ]
    for run in training:
        losses = f"{run.losses[-1]:.6g}", f"{run.test_losses[-1]:.6g}", f"{run.final_accuracy:.2%}"
        rows.append((run.label, str(run.seed), lr(run.spec), *losses, run.status))
    return rows


def matrix(given: argparse.Namespace) -> None:
    """Let optimizers fill one matrix; write a table or a file."""
    from optim_viz.network import matrix_task

    check_out(given.out)
    spec = matrix_task.check(optimizers(given), given.condition, given.shape, given.steps, given.seed, given.seeds)
    bar = Bar("matrix")
    task = matrix_task.run(spec, lambda progress: bar(progress.fraction))
    bar.end()
    with speaking(given.language):
        deliver(task, given.out, _matrix_rows(task))


def _matrix_rows(task: MatrixTask) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("optimizer", "seed", "lr", "final loss", "largest error", "outcome")]
    for run in task:
        reached = f"{run.losses[-1]:.6g}", f"{run.errors[-1, 0]:.6g}"
        rows.append((run.label, str(run.seed), lr(run.spec), *reached, run.status))
    return rows
