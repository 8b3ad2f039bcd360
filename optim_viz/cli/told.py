"""What a command answers: tables, files, and bars while it works."""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any, TextIO

from optim_viz.language import tr
from optim_viz.optimizers.schedules import long_warm_ups
from optim_viz.spec import DescentSpec, MatrixSpec, OptimizerSpec

if TYPE_CHECKING:
    from optim_viz.network.matrix_runs import MatrixTask
    from optim_viz.network.training import Training
    from optim_viz.surfaces.trajectory import Comparison

_WIDTH = 28


def deliver(
    runs: Comparison | Training | MatrixTask, path: str | None, rows: list[tuple[str, ...]], plane: Any = None
) -> None:
    """Write runs to a file, with a plane through them if there is one; or, where there is no file, their table."""
    asked = runs.spec
    steps = asked.steps if isinstance(asked, DescentSpec | MatrixSpec) else max(len(run.losses) for run in runs)
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


def lr(spec: OptimizerSpec) -> str:
    """The learning rate of a run; some of a package's optimizers have none."""
    return f"{spec['lr']:g}" if "lr" in spec.hyperparameters else ""


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
