"""The arguments that several commands share, and what they ask for."""

from __future__ import annotations

import argparse

from optim_viz.language import LANGUAGES, OWN
from optim_viz.optimizers.specs import with_values
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import OptimizerSpec, SpecError

_OUT = "a file: its suffix says what is written (.html .gif .png .svg .csv .parquet .json .py); without it, a table"
OPTIMIZER = f"by name ({', '.join(OPTIMIZERS)}), or with settings as in a link: adam~lr~0.05~beta1~0.8"
OPTIMIZER += "; with pytorch-optimizer installed also one of its classes: pytorch_optimizer.Lion~lr~0.001"
SURFACE = "a name such as rosenbrock, or a function such as 'x^2 + 10*y^2'"


def of_descent(parser: argparse.ArgumentParser, steps: int) -> None:
    """Add what a run on a surface takes; `steps` where none are given."""
    parser.add_argument("--steps", default=steps, help=f"1 to 100,000 ({steps})")
    parser.add_argument("--start", nargs="+", metavar="NUMBER", help="x and y; the surface's own if left out")
    parser.add_argument("--noise", default=0.0, help="standard deviation added to every gradient (0)")
    parser.add_argument("--batch-size", help="examples a mini-batch, on linear_regression and logistic_regression")


def shared(parser: argparse.ArgumentParser) -> None:
    """Add what runs side by side take, and where they go."""
    parser.add_argument("optimizers", nargs="+", metavar="OPTIMIZER", help=OPTIMIZER)
    parser.add_argument("--lr", nargs="+", default=(), help="learning rates: one for all, or one for each")
    parser.add_argument("--seed", default=0, help="of all draws (0)")
    parser.add_argument("--out", metavar="FILE", help=_OUT)
    parser.add_argument("--language", choices=LANGUAGES, default=OWN, help="of the words in pictures and pages (en)")


def optimizers(given: argparse.Namespace) -> list[OptimizerSpec]:
    """The optimizers asked for; what a link would drop with a note is an error here."""
    names, lrs = given.optimizers, list(given.lr)
    if len(lrs) not in (0, 1, len(names)):
        raise SpecError(
            "--lr takes one learning rate, or one for each of the {count} optimizers; got {given}.",
            count=len(names),
            given=len(lrs),
        )
    rates = lrs * (len(names) if len(lrs) == 1 else 1) or [None] * len(names)
    specs = [optimizer(name) for name in names]
    return [spec if lr is None else with_values(spec, {"lr": lr}) for spec, lr in zip(specs, rates, strict=True)]


def optimizer(name: str) -> OptimizerSpec:
    """One optimizer as a link writes it, or by its name."""
    from optim_viz.experiments.links import read_optimizer

    spec, notes = read_optimizer(name)
    if spec is None or notes:
        raise SpecError(notes[0].removeprefix("The default is used: "))
    return spec


def check_out(path: str | None) -> None:
    """Refuse a file that nothing can write before anything is computed."""
    if path is not None:
        from optim_viz.export.table import by_suffix

        by_suffix(path)
