"""A figure that shows itself in any notebook."""

from __future__ import annotations

from importlib.util import find_spec

import plotly.graph_objects as go


class NotebookFigure(go.Figure):
    """A plotly figure that is shown in a kernel without nbformat, too.

    plotly asks for nbformat before it hands a figure to a notebook, but does nothing with it: IPython takes what the
    renderer made as it is.
    """

    def _ipython_display_(self) -> None:
        bundle = {} if find_spec("nbformat") else self._repr_mimebundle_()
        if bundle:
            from IPython.display import display

            display(bundle, raw=True)
        else:  # there is nbformat, or the figure is shown elsewhere, as in a browser
            super()._ipython_display_()
