"""Many runs: sweep, stress."""

from __future__ import annotations

import argparse
import sys
from typing import TYPE_CHECKING, Any

import numpy as np

from optim_viz.cli.asked import OPTIMIZER, SURFACE, of_descent, optimizer, optimizers
from optim_viz.cli.told import Bar, print_table
from optim_viz.language import LANGUAGES, OWN, speaking, tr
from optim_viz.spec import SpecError, number, quoted
from optim_viz.sweeps.stress import HORIZONS

if TYPE_CHECKING:
    from optim_viz.sweeps.stress import Stress
    from optim_viz.sweeps.sweep import Sweep

OVER = "a hyperparameter (or x or y of the start) and its values: --over lr 0.01 0.1 1; once for each axis"


def of_sweep(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `sweep` takes."""
    parser.add_argument("surface", help=SURFACE)
    parser.add_argument("optimizer", metavar="OPTIMIZER", help=OPTIMIZER)
    parser.add_argument("--over", nargs="+", action="append", required=True, metavar=("NAME", "VALUE"), help=OVER)
    of_descent(parser, 300)
    parser.add_argument("--seed", default=0, help="of all draws (0)")
    parser.add_argument("--seeds", default=1, help="runs of every combination (1)")
    parser.add_argument("--out", metavar="FILE", help="a .csv or .parquet file of every run; without it, a table")


def of_stress(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `stress` takes."""
    parser.add_argument("--steps", nargs="+", default=HORIZONS, help="after how many steps it is asked (100 1000)")
    parser.add_argument("--surfaces", nargs="+", help="names; all if left out")
    parser.add_argument("--optimizers", nargs="+", help=f"{OPTIMIZER}; all with a rule if left out")
    parser.add_argument("--out", metavar="FILE", help="a file: .csv or .parquet; without it, a table of ranks")
    parser.add_argument("--language", choices=LANGUAGES, default=OWN, help="of the sentences (en)")


def sweep(given: argparse.Namespace) -> None:
    """Run every combination; write a table or a file."""
    from optim_viz.export.table import frame_writer
    from optim_viz.sweeps.sweep import sweep

    write = frame_writer(given.out) if given.out else None
    axes: dict[str, Any] = {name: [_value(value, name) for value in values] for name, *values in given.over}
    names = [name for name, *_ in given.over]
    for name in axes:
        if names.count(name) > 1:
            raise SpecError("The axis {name} is given twice; name it once, with all its values.", name=quoted(name))
    bar = Bar("sweep")
    found = sweep(
        given.surface, optimizer(given.optimizer), axes, given.start, given.steps, number(given.noise, "noise"),
        given.batch_size, given.seed, given.seeds, progress=bar,
    )  # fmt: skip
    bar.end()
    if write is None:
        print_table(_sweep_rows(found), sys.stdout)
    else:
        write(found.to_frame())
        sys.stderr.write(f"{given.out} written\n")


def _value(text: str, name: str) -> float | str:
    """What is typed for an axis: a number, or a switch, which stays a text."""
    return text.lower() if text.lower() in ("true", "false") else number(text, name)


def _sweep_rows(found: Sweep) -> list[tuple[str, ...]]:
    rows = [(*found.axes, "final loss", "steps to arrive")]
    for cell in np.ndindex(found.spec.shape):
        values = (values[i] for values, i in zip(found.axes.values(), cell, strict=True))
        steps = found.steps_to[cell]
        # as on a map: it ends above the loss that it began with
        arrived = "diverges" if found.diverging[cell] else f"{steps:g}" if np.isfinite(steps) else "-"
        rows.append((*(f"{value:g}" for value in values), f"{found.final_loss[cell]:.6g}", arrived))
    return rows


def stress(given: argparse.Namespace) -> None:
    """Tune every optimizer on every surface; write ranks or a file."""
    from concurrent.futures import ProcessPoolExecutor
    from multiprocessing import get_context

    from optim_viz.export.table import frame_writer
    from optim_viz.settings import threads
    from optim_viz.sweeps import stress

    write = frame_writer(given.out) if given.out else None
    given.lr = ()
    spec = stress.check(optimizers(given) if given.optimizers else None, given.surfaces, given.steps)
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
    return rows + [tuple(map(_stress_cell, frame, row)) for row in frame.values]


def _stress_cell(column: str, cell: Any) -> str:
    """A cell of the ranks: a share at LEVEL or below is not told as if it were measured."""
    from optim_viz.sweeps.stress import LEVEL

    if isinstance(cell, str):
        return cell
    return f"<{LEVEL:g}" if column.startswith("median_share") and cell <= LEVEL else f"{cell:.3g}"
