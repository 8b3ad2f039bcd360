"""`python -m optim_viz`, and the command `optim-viz`: see optim_viz.cli."""

import sys

from optim_viz import __version__
from optim_viz.cli import main as cli


def main() -> int:
    """Run the command that was typed; return its exit code."""
    return cli.main(version=__version__)


if __name__ == "__main__":
    sys.exit(main())
