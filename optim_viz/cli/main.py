"""Which commands there are, and what happens when one is given.

optim-viz serve
optim-viz compare rosenbrock sgd adam --lr 0.001 0.05 --steps 500 --out race.gif
optim-viz train sgd adam~lr~0.002 --epochs 2 --out runs.csv
optim-viz matrix muon adamw --lr 0.2 --condition 1000 --out task.html
optim-viz sweep quadratic momentum --over lr 0.01 0.1 1 --over momentum 0 0.5 0.9 --out map.csv
optim-viz stress --out stress.csv
optim-viz site public

`python -m optim_viz` is the same command where none was installed.
"""

from __future__ import annotations

import argparse
import io
import os
import re
import sys
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from decimal import Decimal

from optim_viz.cli import runs, serving, studies
from optim_viz.spec import SpecError

#: What a shell says of a command whose reader went away: 128 and SIGPIPE's number, which Windows has not.
CLOSED_PIPE = 141


@dataclass(frozen=True)
class Command:
    """One row: what a command is for, which arguments it takes, and what it does with them."""

    help: str
    arguments: Callable[[argparse.ArgumentParser], None]
    run: Callable[[argparse.Namespace], None]


COMMANDS = {
    "serve": Command("the app, in the browser (needs optim-viz[app])", serving.of_serve, serving.serve),
    "compare": Command("optimizers side by side on a surface of two weights", runs.of_compare, runs.compare),
    "train": Command("optimizers side by side on a network that reads digits", runs.of_train, runs.train),
    "matrix": Command("optimizers side by side on one matrix that learns pairs", runs.of_matrix, runs.matrix),
    "sweep": Command("one optimizer under every combination of some hyperparameters", studies.of_sweep, studies.sweep),
    "stress": Command("every optimizer tuned on every surface, and who wins where", studies.of_stress, studies.stress),
    "site": Command("a folder of pages for any static host, which needs no server", serving.of_site, serving.site),
}


def main(arguments: Sequence[str] | None = None, version: str = "") -> int:
    """Run a command; return 0, or 2 after saying in a sentence what was wrong with it."""
    given = _parser(version).parse_args([_plain(text) for text in (sys.argv[1:] if arguments is None else arguments)])
    if sys.stdout is None:  # closed before it began: what is said there is for nobody
        sys.stdout = io.StringIO()
    try:
        COMMANDS[given.command].run(given)
        sys.stdout.flush()
    except SpecError as error:
        sys.stderr.write(f"{error}\n")
        return 2
    except BrokenPipeError:  # whoever read it, such as `head`, has enough
        _nothing_more()
        return CLOSED_PIPE
    except OSError as error:
        if error.filename is not None:
            raise
        _nothing_more()
        sys.stderr.write(f"The output could not be written: {error.strerror}.\n")
        return 2
    except KeyboardInterrupt:
        sys.stderr.write("\nStopped.\n")
        return 130
    return 0


def _nothing_more() -> None:
    """What is still to be written goes nowhere: Python would try it once more at its end."""
    os.dup2(os.open(os.devnull, os.O_WRONLY), 1)  # be it what sys.stdout was at first, or not


def _plain(text: str) -> str:
    """argparse takes -1e-3 for an option, but -0.001 for a number.

    >>> _plain("-1e-3"), _plain("--lr"), _plain("-x")
    ('-0.001', '--lr', '-x')
    """
    return format(Decimal(text), "f") if re.fullmatch(r"-(\d+\.?\d*|\.\d+)[eE][+-]?\d{1,3}", text) else text


def _parser(version: str) -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser("optim-viz", description="See how optimizers work.")
    parser.add_argument("--version", action="version", version=f"%(prog)s {version}")
    commands = parser.add_subparsers(required=True, metavar="COMMAND", dest="command")
    for name, command in COMMANDS.items():
        command.arguments(commands.add_parser(name, help=command.help))
    return parser
