"""The player with its scene and its numbers in one HTML file: with plotly.js in it, so that it needs neither server nor
network; or a tenth as large with a link to plotly.js, for readers online.

ES modules cannot be imported from a file on disk, so an import map gives each of the player's modules as a data URL.
What people typed travels as JSON in an inert script element; it is never part of a script or of markup.
"""

from __future__ import annotations

import base64
import functools
import json
import re
from collections.abc import Sequence
from html import escape
from string import Template
from typing import Any

from optim_viz.language import spoken, tr
from optim_viz.player.assets import library
from optim_viz.player.bundle import IMPORT, SOURCES, joined, meant, needed, source
from optim_viz.player.scenes import Scene

ENTRY, STORY = "app/main.js", "app/carried_story.js"


def page(scene: Scene, title: str, about: str = "", origin: str = "", online: bool = False) -> str:
    """Return the HTML file that plays `scene` under a title and a line about it, both plain text.

    `origin` is the link that the page carries, and the videos that are recorded of it. With `online` plotly.js is a
    link to where its makers publish it, with the hash that it must have.

    >>> from optim_viz import descend, optimizer
    >>> from optim_viz.player.scenes import compare
    >>> text = page(compare(descend("quadratic", [optimizer("sgd", lr=0.1)], steps=20)), "</script><b>Bowl")
    >>> "<b>Bowl" in text
    False
    """
    return Template((SOURCES / "page.html").read_text("utf-8")).substitute(
        language=spoken(),
        still=tr("This picture moves by JavaScript, which is switched off."),
        small=inert(tr("plotly.js could not be loaded: this small page needs the network. The large one does not.")),
        css=(SOURCES / "player.css").read_text("utf-8"),
        story=inert(story(scene, title, about, origin)),
        **carried(origin),
        modules=inert({"imports": modules(ENTRY, STORY)}),
        plotly=_linked_plotly() if online else _whole_plotly(),
    )


def _whole_plotly() -> str:
    # No script of plotly's holds this today; should one do so, it must not end the element.
    return "<script>" + library().read_text("utf-8").replace("</script", r"<\/script") + "</script>"


@functools.cache
def _linked_plotly() -> str:
    """The element that plotly itself links its library with: address, version and hash are its own."""
    import plotly.graph_objects as go

    text = go.Figure().to_html(include_plotlyjs="cdn", full_html=False)
    found = re.search(r'<script[^>]* src="https://[^>]* integrity="[^>]*></script>', text)
    if found is None:
        raise RuntimeError("plotly no longer links its library with a hash.")
    return found[0]


def carried(origin: str) -> dict[str, str]:
    """Return what a page says of where it comes from: the HTML of its `head`, and that of its `foot`.

    >>> carried("https://example.org/?f=quadratic")["head"]
    '<link rel="canonical" href="https://example.org/?f=quadratic">'
    """
    said, whole = escape(origin), origin.startswith(("http://", "https://"))
    if not origin:
        return {"head": "", "foot": ""}
    head = f'<link rel="canonical" href="{said}">' if whole else f'<meta name="dcterms.source" content="{said}">'
    words = f'<a href="{said}">{said}</a>' if whole else said
    return {"head": head, "foot": f'<p class="origin">{words}</p>'}


def modules(*entries: str) -> dict[str, str]:
    """Return modules of the player, `entries` and whatever they need, as data URLs by the names in their imports."""
    return {f"optim-viz/{name}": _module(name) for name in sorted(needed(entries))}


def whole(name: str, entries: Sequence[str]) -> dict[str, str]:
    """Return modules and whatever they need as one data URL, by the name that a saved page knows it by.

    It takes two thirds of the bytes of a URL a module, but nothing else can import what is in it.
    """
    return {f"optim-viz/{name}": _data_url(joined(entries))}


def _module(name: str) -> str:
    """A module whose imports name others wholly: a data URL has no folder for "./" and "../" to mean anything."""

    def named(found: re.Match[str]) -> str:
        return f'import {found[1]} from "optim-viz/{meant(found[2], name)}";\n'

    return _data_url(IMPORT.sub(named, source(name)))


def _data_url(script: str) -> str:
    return f"data:text/javascript;base64,{base64.b64encode(script.encode()).decode()}"


def story(scene: Scene, title: str, about: str, origin: str) -> dict[str, Any]:
    """Return everything that a page is about, its blobs in base64; where it computes, a start can be picked."""
    data = scene.told
    picks = bool(data.get("live"))
    panels = [{**panel, "pick": picks and panel.get("pick", False)} for panel in data["panels"]]
    blobs = {name: base64.b64encode(data).decode() for name, data in scene.blobs.items()}
    drawn = {**data, "panels": panels, "origin": origin}
    return {"title": tr(title), "about": tr(about), "scene": drawn, "blobs": blobs}


def inert(value: Any) -> str:
    """Return `value` as JSON in which nothing can end the script element that it stands in.

    >>> inert("</script>")
    '"\\\\u003c/script>"'
    """
    return json.dumps(value, allow_nan=False, ensure_ascii=True).replace("<", r"\u003c")
