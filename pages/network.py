"""Network: optimizers side by side on an MLP that reads handwritten digits."""

from optim_viz import ui

ui.start_page("network")
