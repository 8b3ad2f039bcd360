"""The command line: the app, and comparisons, trainings and sweeps from a shell, as a table or as a file.

optim-viz serve
optim-viz compare rosenbrock sgd adam --lr 0.001 0.05 --steps 500 --out race.gif
optim-viz train sgd adam~lr~0.002 --epochs 2 --out runs.csv
optim-viz sweep quadratic momentum --over lr 0.01 0.1 1 --over momentum 0 0.5 0.9 --out map.csv
optim-viz stress --out stress.csv
optim-viz site public

`python -m optim_viz` is the same command where none was installed.
"""

from __future__ import annotations

import argparse
import re
import sys
from collections.abc import Iterator, Sequence
from decimal import Decimal
from importlib.util import find_spec
from typing import TYPE_CHECKING, Any, TextIO

import numpy as np

from optim_viz.language import LANGUAGES, OWN, speaking, tr
from optim_viz.optimizers.schedules import long_warm_ups
from optim_viz.optimizers.specs import with_values
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.places import APP, STATIC
from optim_viz.spec import PARAMETERS, DescentSpec, OptimizerSpec, SpecError, number, whole
from optim_viz.sweeps.stress import HORIZONS

if TYPE_CHECKING:
    from optim_viz.network.training import Training
    from optim_viz.surfaces.trajectory import Comparison
    from optim_viz.sweeps.stress import Stress
    from optim_viz.sweeps.sweep import Sweep


_OUT = "a file: its suffix says what is written (.html .gif .png .svg .csv .parquet .json .py); without it, a table"
_OPTIMIZERS = f"by name ({', '.join(OPTIMIZERS)}), or with settings as in a link: adam~lr~0.05~beta1~0.8"
_OPTIMIZERS += "; with pytorch-optimizer installed also one of its classes: pytorch_optimizer.Lion~lr~0.001"
_SURFACE = "a name such as rosenbrock, or a function such as 'x^2 + 10*y^2'"
_OVER = "a hyperparameter (or x or y of the start) and its values: --over lr 0.01 0.1 1; once for each axis"
_WIDTH = 28


def main(arguments: Sequence[str] | None = None, version: str = "") -> int:
    """Run a command; return 0, or 2 after saying in a sentence what was wrong with it."""
    given = _parser(version).parse_args([_plain(text) for text in (sys.argv[1:] if arguments is None else arguments)])
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


def _parser(version: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("optim-viz", description="See how optimizers work.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {version}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND")
    for add in (_add_serve, _add_compare, _add_train, _add_sweep, _add_stress, _add_site):
        add(commands)
    return parser


def _add_serve(commands: Any) -> None:
    serve = commands.add_parser("serve", help="the app, in the browser (needs optim-viz[app])")
    serve.set_defaults(command=_serve)
    serve.add_argument("--port", default=8501, help="where on this machine it is served (8501)")
    serve.add_argument("--headless", action="store_true", help="open no browser")


def _add_compare(commands: Any) -> None:
    compare = commands.add_parser("compare", help="optimizers side by side on a surface of two weights")
    compare.set_defaults(command=_compare)
    compare.add_argument("surface", help=_SURFACE)
    _shared(compare)
    _of_descent(compare, 500)
    compare.add_argument("--drawn", default="", help="map, of a function of x alone, or equal, a map on equal axes")
    compare.add_argument("--box", nargs=4, metavar=("X0", "X1", "Y0", "Y1"), help="the part drawn of a typed function")
    for name in PARAMETERS:
        compare.add_argument(f"--{name}", help=f"the value of {name} in a typed function (1)")


def _add_train(commands: Any) -> None:
    train = commands.add_parser("train", help="optimizers side by side on a network that reads digits")
    train.set_defaults(command=_train)
    _shared(train)
    train.add_argument("--epochs", default=2, help="1 to 100 (2)")
    train.add_argument("--batch-size", default=64, help="digits a mini-batch (64)")
    train.add_argument("--hidden", nargs="+", default=(300, 200), metavar="UNITS", help="layer sizes (300 200)")
    train.add_argument("--seeds", default=1, help="runs of every optimizer (1)")
    train.add_argument("--no-final-relu", action="store_true", help="do not clip the logits at 0")


def _add_sweep(commands: Any) -> None:
    sweep = commands.add_parser("sweep", help="one optimizer under every combination of some hyperparameters")
    sweep.set_defaults(command=_sweep)
    sweep.add_argument("surface", help=_SURFACE)
    sweep.add_argument("optimizer", metavar="OPTIMIZER", help=_OPTIMIZERS)
    sweep.add_argument("--over", nargs="+", action="append", required=True, metavar=("NAME", "VALUE"), help=_OVER)
    _of_descent(sweep, 300)
    sweep.add_argument("--seed", default=0, help="of all draws (0)")
    sweep.add_argument("--seeds", default=1, help="runs of every combination (1)")
    sweep.add_argument("--out", metavar="FILE", help="a .csv or .parquet file of every run; without it, a table")


def _add_stress(commands: Any) -> None:
    stress = commands.add_parser("stress", help="every optimizer tuned on every surface, and who wins where")
    stress.set_defaults(command=_stress)
    stress.add_argument("--steps", nargs="+", default=HORIZONS, help="after how many steps it is asked (100 1000)")
    stress.add_argument("--surfaces", nargs="+", help="names; all if left out")
    stress.add_argument("--optimizers", nargs="+", help=f"{_OPTIMIZERS}; all with a rule if left out")
    stress.add_argument("--out", metavar="FILE", help="a file: .csv or .parquet; without it, a table of ranks")
    stress.add_argument("--language", choices=LANGUAGES, default=OWN, help="of the sentences (en)")


def _add_site(commands: Any) -> None:
    site = commands.add_parser("site", help="a folder of pages for any static host, which needs no server")
    site.set_defaults(command=_site)
    site.add_argument("folder", metavar="OUT", help="the folder to write; other files in it stay")


def _of_descent(parser: argparse.ArgumentParser, steps: int) -> None:
    parser.add_argument("--steps", default=steps, help=f"1 to 100,000 ({steps})")
    parser.add_argument("--start", nargs="+", metavar="NUMBER", help="x and y; the surface's own if left out")
    parser.add_argument("--noise", default=0.0, help="standard deviation added to every gradient (0)")
    parser.add_argument("--batch-size", help="examples a mini-batch, on linear_regression and logistic_regression")


def _shared(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("optimizers", nargs="+", metavar="OPTIMIZER", help=_OPTIMIZERS)
    parser.add_argument("--lr", nargs="+", default=(), help="learning rates: one for all, or one for each")
    parser.add_argument("--seed", default=0, help="of all draws (0)")
    parser.add_argument("--out", metavar="FILE", help=_OUT)
    parser.add_argument("--language", choices=LANGUAGES, default=OWN, help="of the words in pictures and pages (en)")


def _serve(given: argparse.Namespace) -> None:
    if find_spec("streamlit") is None:
        raise SpecError("The app needs Streamlit, which is not installed: pip install 'optim-viz[app]'.")
    port = whole(given.port, "port", 1, 65_535)
    from streamlit.web import cli as streamlit

    from optim_viz.player.assets import publish

    try:
        publish(STATIC)
    except OSError as error:
        raise SpecError(
            "The app cannot write what browsers load to {folder}: {reason}. Install it where you may write.",
            folder=str(STATIC),
            reason=error.strerror or error,
        ) from None
    headless = ["--server.headless", "true"] if given.headless else []
    quiet = ["--server.showEmailPrompt", "false", "--server.fileWatcherType", "none"]
    streamlit.main(["run", str(APP / "app.py"), "--server.port", str(port), *quiet, *headless], "streamlit")


def _compare(given: argparse.Namespace) -> None:
    from optim_viz.surfaces import descent
    from optim_viz.surfaces.surface import surface

    _check_out(given.out)
    letters = {name: value for name in PARAMETERS if (value := getattr(given, name)) is not None}
    found = surface(given.surface, **({"bounds": given.box} if given.box else {}), **letters)
    specs = _optimizers(given)
    runs = descent.descend(
        found, specs, given.start, given.steps, number(given.noise, "noise"), given.batch_size, given.seed, given.drawn
    )
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


def _stress(given: argparse.Namespace) -> None:
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from optim_viz.export.table import frame_writer
    from optim_viz.settings import threads
    from optim_viz.sweeps import stress

    write = frame_writer(given.out) if given.out else None
    given.lr = ()
    spec = stress.check(_optimizers(given) if given.optimizers else None, given.surfaces, given.steps)
    bar = Bar("tuning")
    with ProcessPoolExecutor(threads(), get_context("spawn")) as pool:
        found = stress.run(spec, bar, None, pool)
    bar.end()
    if write is None:
        with speaking(given.language):
            print_table(_stress_rows(found), sys.stdout)
            sys.stdout.write(f"\n{tr(found.sentence)}\n{tr(found.caution)}\n")
    else:
        write(found.to_frame())
        sys.stderr.write(f"{given.out} written\n")


def _stress_rows(found: Stress) -> list[tuple[str, ...]]:
    frame = found.summary()
    rows = [tuple(name.replace("_", " ") for name in frame)]
    return rows + [tuple(cell if isinstance(cell, str) else f"{cell:.3g}" for cell in row) for row in frame.values]


#: Files that have no use for the plane of weights, which takes seconds.
_TABLES = (".csv", ".parquet", ".json", ".py")


def _sweep(given: argparse.Namespace) -> None:
    from optim_viz.export.table import frame_writer
    from optim_viz.sweeps.sweep import sweep

    write = frame_writer(given.out) if given.out else None
    axes = {name: [number(value, name) for value in values] for name, *values in given.over}
    bar = Bar("sweep")
    found = sweep(
        given.surface, _optimizer(given.optimizer), axes, given.start, given.steps, number(given.noise, "noise"),
        given.batch_size, given.seed, given.seeds, progress=bar,
    )  # fmt: skip
    bar.end()
    if write is None:
        print_table(_sweep_rows(found), sys.stdout)
    else:
        write(found.to_frame())
        sys.stderr.write(f"{given.out} written\n")


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


def _optimizers(given: argparse.Namespace) -> list[OptimizerSpec]:
    """The optimizers asked for; what a link would drop with a note is an error here."""
    names, lrs = given.optimizers, list(given.lr)
    if len(lrs) not in (0, 1, len(names)):
        raise SpecError(
            "--lr takes one learning rate, or one for each of the {count} optimizers; got {given}.",
            count=len(names),
            given=len(lrs),
        )
    rates = lrs * (len(names) if len(lrs) == 1 else 1) or [None] * len(names)
    specs = [_optimizer(name) for name in names]
    return [spec if lr is None else with_values(spec, {"lr": lr}) for spec, lr in zip(specs, rates, strict=True)]


def _optimizer(name: str) -> OptimizerSpec:
    from optim_viz.experiments.links import read_optimizer

    spec, notes = read_optimizer(name)
    if spec is None or notes:
        raise SpecError(notes[0].removeprefix("The default is used: "))
    return spec


def _check_out(path: str | None) -> None:
    """Refuse a file that nothing can write before anything is computed."""
    if path is not None:
        from optim_viz.export.table import by_suffix

        by_suffix(path)


def _deliver(runs: Comparison | Training, path: str | None, rows: list[tuple[str, ...]], plane: Any = None) -> None:
    steps = runs.spec.steps if isinstance(runs.spec, DescentSpec) else max(len(run.losses) for run in runs)
    for said in long_warm_ups(runs.spec.optimizers, steps):
        sys.stderr.write(f"{tr(said)}\n")
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
        status = run.status.replace("−", "-")  # as the numbers beside it, and every terminal has it
        rows.append((run.label, _lr(run.spec), f"{run.final_loss:.6g}", f"{x:.6g}", f"{y:.6g}", status))
    return rows


def _sweep_rows(found: Sweep) -> list[tuple[str, ...]]:
    rows = [(*found.axes, "final loss", "steps to arrive")]
    for cell in np.ndindex(found.spec.shape):
        values = (values[i] for values, i in zip(found.axes.values(), cell, strict=True))
        steps = found.steps_to[cell]
        arrived = f"{steps:g}" if np.isfinite(steps) else "-"
        rows.append((*(f"{value:g}" for value in values), f"{found.final_loss[cell]:.6g}", arrived))
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
