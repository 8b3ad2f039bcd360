"""plotly figures in one HTML file that needs neither server nor network; a button saves each of them as an image.

plotly draws images in a browser only, so it is the page itself that writes PNG and SVG.
"""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import plotly.graph_objects as go


#: Image formats that plotly.js writes, and how many of its pixels a picture's own become.
FORMATS = {"png": 2, "svg": 1}

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>%(title)s</title>
<style>
body { margin: 0; background: #ffffff; color: #262b33; font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 1280px; margin: 0 auto; padding: 16px clamp(12px, 3vw, 32px) 32px; }
h1 { font-size: 1.35rem; font-weight: 600; margin: 0 0 2px; overflow-wrap: anywhere; }
.about { margin: 0 0 14px; opacity: 0.75; overflow-wrap: anywhere; }
.pictures { display: grid; gap: 20px; grid-template-columns: repeat(auto-fit, minmax(min(100%%, 340px), 1fr)); }
.pictures > div { min-width: 0; }
.below { overflow-x: auto; }
button { font: inherit; font-size: 13px; color: inherit; background: none; padding: 3px 12px; margin-right: 6px;
  border: 1px solid #c9ced6; border-radius: 6px; cursor: pointer; }
button:hover, button:focus-visible { border-color: #262b33; }
table { border-collapse: collapse; margin-top: 14px; font-variant-numeric: tabular-nums; }
th, td { border: 0; border-bottom: 1px solid #dfe3e8; padding: 5px 18px 5px 0; text-align: left; white-space: nowrap; }
</style>
</head>
<body>
<main>
<h1>%(title)s</h1>
<p class="about">%(about)s</p>
<div class="pictures">
%(pictures)s
</div>
<div class="below">%(below)s</div>
<noscript>The pictures are drawn by JavaScript, which is switched off.</noscript>
</main>
<script>
// Each was drawn when those after it were not there yet, and so too wide.
for (const figure of document.querySelectorAll(".plotly-graph-div")) Plotly.Plots.resize(figure);
for (const button of document.querySelectorAll("button[data-format]")) {
  const { picture, format, scale, name } = button.dataset;
  const figure = document.getElementById(picture);
  button.onclick = () => Plotly.downloadImage(figure, { format, scale: Number(scale), filename: name,
    width: figure.clientWidth, height: figure.clientHeight });
}
</script>
</body>
</html>
"""


def page(figures: Sequence[go.Figure], title: str, about: str, below: str, name: str) -> str:
    """Return the HTML file that shows `figures` under a title and a line about them, both plain text.

    `below` is HTML of our own making; `name` is what an image that is saved is called.

    >>> import plotly.graph_objects as go
    >>> text = page([go.Figure()], "</title><b>Bowl", "Every point is a run.", "", "bowl")
    >>> "<b>Bowl" in text, text.count("data-format=")
    (False, 2)
    """
    pictures = "\n".join(_picture(figure, number, name) for number, figure in enumerate(figures))
    return _PAGE % {"title": escape(title), "about": escape(about), "pictures": pictures, "below": below}


def _picture(figure: go.Figure, number: int, name: str) -> str:
    """One figure with its buttons; the first brings plotly.js for all."""
    import plotly.io

    place = f"picture-{number}"
    saved = name if number == 0 else f"{name}-{number + 1}"
    # An image is seen on any ground, so it takes its own along.
    figure.update_layout(paper_bgcolor="white", plot_bgcolor="white")
    drawn = plotly.io.to_html(
        figure, {"displaylogo": False, "displayModeBar": False, "responsive": True}, include_plotlyjs=number == 0,
        full_html=False, div_id=place,
    )  # fmt: skip
    buttons = "".join(
        f'<button type="button" data-picture="{place}" data-format="{form}" data-scale="{scale}" '
        f'data-name="{escape(saved)}">Save as {form.upper()}</button>'
        for form, scale in FORMATS.items()
    )
    return f"<div>{drawn}<p>{buttons}</p></div>"
