"""plotly figures in one HTML file that needs neither server nor network; a button saves each of them as an image.

plotly draws images in a browser only, so it is the page itself that writes PNG and SVG.
"""

from __future__ import annotations

import base64
from collections.abc import Sequence
from html import escape
from pathlib import Path
from string import Template
from typing import TYPE_CHECKING

from optim_viz.language import spoken, tr
from optim_viz.player.assets import FLAT, WHOLE, WORKER
from optim_viz.player.bundle import SOURCES
from optim_viz.player.standalone import carried, inert, whole

if TYPE_CHECKING:
    import plotly.graph_objects as go


#: Image formats that plotly.js writes, and how many of its pixels a picture's own become.
FORMATS = {"png": 2, "svg": 1}
#: The player's modules that compute pictures, and what they are called as one.
FIELDS = "fields.js"
ENTRIES = ("app/fields.js", "app/turned_fields.js", "basics/words.js")


def page(
    figures: Sequence[go.Figure],
    title: str,
    about: str,
    below: str,
    name: str,
    origin: str = "",
    live: bytes = b"",
    flat: bool = False,
) -> str:
    """Return the HTML file that shows `figures` under a title and a line about them, both plain text.

    `below` is HTML of our own making; `name` is what an image that is saved is called; `origin` is the link that the
    page carries, and at its foot each image. `live` is what its figures are computed from, where numbers are to be
    turned on the page itself. With `flat` the page is a third as large, and draws in the plane alone.

    >>> import plotly.graph_objects as go
    >>> text = page([go.Figure()], "</title><b>Bowl", "Every point is a run.", "", "bowl")
    >>> "<b>Bowl" in text, text.count("data-format=")
    (False, 2)
    """
    pictures = "\n".join(_picture(figure, i, name, i == 0 and not flat) for i, figure in enumerate(figures))
    if flat:
        pictures = f"<script>{FLAT.read_text('utf-8')}</script>\n{pictures}"
    template = Template((Path(__file__).parent / "page.html").read_text("utf-8"))
    return template.substitute(
        language=spoken(), still=escape(tr("The pictures are drawn by JavaScript, which is switched off.")),
        title=escape(title), about=escape(about), pictures=pictures, turned=_turned(live) if live else "", below=below,
        **carried(origin),
    )  # fmt: skip


def _turned(live: bytes) -> str:
    """The numbers that can be turned, and the engine that then computes the pictures."""
    template = Template((Path(__file__).parent / "turned.html").read_text("utf-8"))
    return template.substitute(
        css=(SOURCES / "player.css").read_text("utf-8"),
        modules=inert({"imports": whole(FIELDS, ENTRIES) | whole(WORKER, WHOLE[WORKER])}),
        fields=inert(base64.b64encode(live).decode()),
    )


def _picture(figure: go.Figure, number: int, name: str, library: bool) -> str:
    """One figure with its buttons; with the `library` it brings plotly.js for all."""
    import plotly.io

    place = f"picture-{number}"
    saved = name if number == 0 else f"{name}-{number + 1}"
    # An image is seen on any ground, so it takes its own along.
    figure.update_layout(paper_bgcolor="white", plot_bgcolor="white")
    drawn = plotly.io.to_html(
        figure, {"displaylogo": False, "displayModeBar": False, "responsive": True}, include_plotlyjs=library,
        full_html=False, div_id=place,
    )  # fmt: skip
    buttons = "".join(
        f'<button type="button" data-picture="{place}" data-format="{form}" data-scale="{scale}" '
        f'data-name="{escape(saved)}">{save}</button>'
        for form, scale in FORMATS.items()
        for save in [escape(tr("Save as {form}", form=form.upper()))]
    )
    return f"<div>{drawn}<p>{buttons}</p></div>"
