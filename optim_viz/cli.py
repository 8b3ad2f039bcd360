"""The command line: comparisons and trainings from a shell, as a table or as a file; and the site without a server.

python -m optim_viz compare rosenbrock sgd adam --lr 0.001 0.05 --steps 500 --out race.gif
python -m optim_viz train sgd adam~lr~0.002 --epochs 2 --out runs.csv
python -m optim_viz site public
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING, Any, TextIO

from optim_viz.language import LANGUAGES, OWN, speaking
from optim_viz.optimizers.specs import with_values
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import PARAMETERS, OptimizerSpec, SpecError

if TYPE_CHECKING:
    from optim_viz.network.training import Training
    from optim_viz.surfaces.trajectory import Comparison


_OUT = "a file: its suffix says what is written (.html .gif .png .svg .csv .parquet .json .py); without it, a table"
_OPTIMIZERS = f"by name ({', '.join(OPTIMIZERS)}), or with settings as in a link: adam~lr~0.05~beta1~0.8"
_OPTIMIZERS += "; with pytorch-optimizer installed also one of its classes: pytorch_optimizer.Lion~lr~0.001"
_WIDTH = 28


def main(arguments: Sequence[str] | None = None) -> int:
    """Run a command; return 0, or 2 after saying in a sentence what was wrong with it."""
    given = _parser().parse_args([_plain(text) for text in (sys.argv[1:] if arguments is None else arguments)])
    try:
        given.command(given)
    except SpecError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130
    return 0


def _plain(text: str) -> str:
    """argparse takes -1e-3 for an option, but -0.001 for a number.

    >>> _plain("-1e-3"), _plain("--lr"), _plain("-x")
    ('-0.001', '--lr', '-x')
    """
    return format(Decimal(text), "f") if re.fullmatch(r"-(\d+\.?\d*|\.\d+)[eE][+-]?\d{1,3}", text) else text


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("python -m optim_viz", description="See how optimizers work.")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    compare = commands.add_parser("compare", help="optimizers side by side on a surface of two weights")
    compare.set_defaults(command=_compare)
    compare.add_argument("surface", help="a name such as rosenbrock, or a function such as 'x^2 + 10*y^2'")
    _shared(compare)
    compare.add_argument("--steps", default=500, help="1 to 100,000 (500)")
    compare.add_argument("--start", nargs=2, metavar=("X", "Y"), help="the surface's own if left out")
    compare.add_argument("--box", nargs=4, metavar=("X0", "X1", "Y0", "Y1"), help="the part drawn of a typed function")
    for name in PARAMETERS:
        compare.add_argument(f"--{name}", help=f"the value of {name} in a typed function (1)")
    compare.add_argument("--noise", default=0.0, help="standard deviation added to every gradient (0)")
    compare.add_argument("--batch-size", help="examples a mini-batch, on linear_regression and logistic_regression")
    train = commands.add_parser("train", help="optimizers side by side on a network that reads digits")
    train.set_defaults(command=_train)
    _shared(train)
    train.add_argument("--epochs", default=2, help="1 to 100 (2)")
    train.add_argument("--batch-size", default=64, help="digits a mini-batch (64)")
    train.add_argument("--hidden", nargs="+", default=(300, 200), metavar="UNITS", help="layer sizes (300 200)")
    train.add_argument("--seeds", default=1, help="runs of every optimizer (1)")
    train.add_argument("--no-final-relu", action="store_true", help="do not clip the logits at 0")
    site = commands.add_parser("site", help="a folder of pages for any static host, which needs no server")
    site.set_defaults(command=_site)
    site.add_argument("folder", metavar="OUT", help="the folder to write; other files in it stay")
    return parser


def _shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("optimizers", nargs="+", metavar="OPTIMIZER", help=_OPTIMIZERS)
    parser.add_argument("--lr", nargs="+", default=(), help="learning rates: one for all, or one for each")
    parser.add_argument("--seed", default=0, help="of all draws (0)")
    parser.add_argument("--out", metavar="FILE", help=_OUT)
    parser.add_argument("--language", choices=LANGUAGES, default=OWN, help="of the words in pictures and pages (en)")


def _compare(given: argparse.Namespace) -> None:
    from optim_viz.surfaces import descent
    from optim_viz.surfaces.surface import surface

    _check_out(given.out)
    letters = {name: value for name in PARAMETERS if (value := getattr(given, name)) is not None}
    found = surface(given.surface, **({"bounds": given.box} if given.box else {}), **letters)
    specs = _optimizers(given)
    runs = descent.descend(found, specs, given.start, given.steps, _number(given.noise), given.batch_size, given.seed)
    with speaking(given.language):
        _deliver(runs, given.out, _comparison_rows(runs))


def _train(given: argparse.Namespace) -> None:
    from optim_viz.network.project import project
    from optim_viz.network.train import check as check_training
    from optim_viz.network.train import run as run_training
    from optim_viz.network.training import TrainingOutcome

    _check_out(given.out)
    bar = Bar("training")
    spec = check_training(
        _optimizers(given),
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
        _deliver(training, given.out, _training_rows(training), project(training) if drawn and paths else None)


#: Files that have no use for the plane of weights, which takes seconds.
_TABLES = (".csv", ".parquet", ".json", ".py")


def _site(given: argparse.Namespace) -> None:
    from optim_viz.export import site
    from optim_viz.lessons.table import ROWS
    from optim_viz.lessons.told import told

    bar = Bar("lessons")

    def lessons() -> Iterator[site.Story]:
        for done, row in enumerate(ROWS):
            bar(done / len(ROWS))
            yield told(row)

    pages = site.write(given.folder, lessons())
    bar.end()
    sys.stderr.write(f"{given.folder}: {', '.join(pages)} written\n")


def _number(value: Any) -> float:
    from optim_viz.spec import number

    return number(value, "noise")


def _optimizers(given: argparse.Namespace) -> list[OptimizerSpec]:
    """The optimizers asked for; what a link would drop with a note is an error here."""
    from optim_viz.experiments.links import read_optimizer

    names, lrs = given.optimizers, list(given.lr)
    if len(lrs) not in (0, 1, len(names)):
        raise SpecError(
            "--lr takes one learning rate, or one for each of the {count} optimizers; got {given}.",
            count=len(names),
            given=len(lrs),
        )
    specs = []
    for name, lr in zip(names, lrs * (len(names) if len(lrs) == 1 else 1) or [None] * len(names), strict=True):
        spec, notes = read_optimizer(name, beyond=True)
        if spec is None or notes:
            raise SpecError(notes[0].replace("; the default is used.", "."))
        specs.append(spec if lr is None else with_values(spec, {"lr": lr}))
    return specs


def _check_out(path: str | None) -> None:
    """Refuse a file that nothing can write before anything is computed."""
    if path is not None:
        from optim_viz.export.table import by_suffix

        by_suffix(path)


def _deliver(runs: Comparison | Training, path: str | None, rows: list[tuple[str, ...]], plane: Any = None) -> None:
    if path is None:
        print_table(rows, sys.stdout)
        return
    from optim_viz.export.table import save

    bar = Bar("drawing")
    save(runs, path, plane, bar)
    bar.end()
    sys.stderr.write(f"{path} written\n")


def _lr(spec: OptimizerSpec) -> str:
    """The learning rate of a run; some of a package's optimizers have none."""
    return f"{spec['lr']:g}" if "lr" in spec.hyperparameters else ""


def _comparison_rows(runs: Comparison) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [("optimizer", "lr", "final loss", "x", "y", "outcome")]
    for run in runs:
        x, y = run.points[-1]
        rows.append((run.label, _lr(run.spec), f"{run.final_loss:.6g}", f"{x:.6g}", f"{y:.6g}", run.status))
    return rows


def _training_rows(training: Training) -> list[tuple[str, ...]]:
    rows: list[tuple[str, ...]] = [
        ("optimizer", "seed", "lr", "last mini-batch loss", "test loss", "test accuracy", "outcome")
    ]
    for run in training:
        losses = f"{run.losses[-1]:.6g}", f"{run.test_losses[-1]:.6g}", f"{run.final_accuracy:.2%}"
        rows.append((run.label, str(run.seed), _lr(run.spec), *losses, run.status))
    return rows


def print_table(rows: list[tuple[str, ...]], file: TextIO) -> None:
    """Write rows with their columns aligned; the first is the head.

    >>> print_table([("run", "loss"), ("adam", "0.5")], sys.stdout)
    run   loss
    adam  0.5
    """
    widths = [max(map(len, column)) for column in zip(*rows, strict=True)]
    for row in rows:
        line = "  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True))
        file.write(line.rstrip() + "\n")


class Bar:
    """A bar of one line on stderr, where that is a terminal; call it with the share that is done."""

    def __init__(self, what: str, file: TextIO | None = None) -> None:
        self.what, self.file, self.shown = what, file or sys.stderr, ""

    def __call__(self, share: float) -> None:
        full = int(share * _WIDTH)
        line = f"{self.what} [{'#' * full}{'.' * (_WIDTH - full)}] {share:4.0%}"
        if self.file.isatty() and line != self.shown:
            self.file.write(f"\r{line}")
            self.file.flush()
            self.shown = line

    def end(self) -> None:
        """Clear the line."""
        if self.shown:
            self.file.write("\r" + " " * len(self.shown) + "\r")
            self.shown = ""
