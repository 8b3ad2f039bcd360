"""`python -m optim_viz`: see optim_viz.cli."""

import sys

from optim_viz.cli import main

sys.exit(main())
