"""The player with its scene, its numbers and plotly.js in one HTML file that needs neither server nor network.

ES modules cannot be imported from a file on disk, so an import map gives each of the player's modules as a data URL.
What people typed travels as JSON in an inert script element; it is never part of a script or of markup.
"""

from __future__ import annotations

import base64
import json
import posixpath
import re
from pathlib import Path
from typing import Any

from optim_viz.player.assets import SOURCES
from optim_viz.player.scenes import Scene

ENTRY = "app/main.js"
_IMPORT = re.compile(r'^(import .* from )"(\.[\w./]+)";$', re.MULTILINE)

_PAGE = """<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>optim-viz</title>
<style>
%(css)s
:root { color-scheme: light dark; --page: #ffffff; --ink: #262b33; }
@media (prefers-color-scheme: dark) { :root { --page: #0e1117; --ink: #e8ecf2; } }
body { margin: 0; background: var(--page); color: var(--ink); font: 15px/1.45 system-ui, sans-serif; }
main { max-width: 1280px; margin: 0 auto; padding: 16px clamp(12px, 3vw, 32px) 32px; }
h1 { font-size: 1.35rem; font-weight: 600; margin: 0 0 2px; overflow-wrap: anywhere; }
#about { margin: 0 0 14px; opacity: 0.75; overflow-wrap: anywhere; }
.ov-player { --ov-text: var(--ink); --ov-back: var(--page); }
</style>
</head>
<body>
<main>
<h1 id="title"></h1>
<p id="about"></p>
<div id="player"></div>
<noscript>This picture moves by JavaScript, which is switched off.</noscript>
</main>
<script type="application/json" id="story">%(story)s</script>
<script type="importmap">%(modules)s</script>
<script>%(plotly)s</script>
<script type="module">
import { mount } from "optim-viz/app/main.js";
const story = JSON.parse(document.getElementById("story").textContent);
const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0)).buffer;
const blobs = new Map(Object.entries(story.blobs).map(([name, text]) => [name, bytes(text)]));
document.title = document.getElementById("title").textContent = story.title;
document.getElementById("about").textContent = story.about;
mount(document.getElementById("player"), { scene: story.scene, blobs, plotly: globalThis.Plotly });
</script>
</body>
</html>
"""


def page(scene: Scene, title: str, about: str = "") -> str:
    """Return the HTML file that plays `scene` under a title and a line about it, both plain text.

    >>> from optim_viz import descend, optimizer
    >>> from optim_viz.player.scenes import compare
    >>> text = page(compare(descend("quadratic", [optimizer("sgd", lr=0.1)], steps=20)), "</script><b>Bowl")
    >>> "<b>Bowl" in text
    False
    """
    import plotly

    library = (Path(plotly.__file__).parent / "package_data" / "plotly.min.js").read_text("utf-8")
    return _PAGE % {
        "css": (SOURCES / "player.css").read_text("utf-8"),
        "story": _inert(_story(scene, title, about)),
        "modules": _inert({"imports": modules()}),
        # No script of plotly's holds this today; should one do so, it must not end the element.
        "plotly": library.replace("</script", r"<\/script"),
    }


def modules() -> dict[str, str]:
    """Return the player's modules, ENTRY and whatever it needs, as data URLs by the names they import each other by."""
    found: dict[str, str] = {}
    waiting = [ENTRY]
    while waiting:
        name = waiting.pop()
        if f"optim-viz/{name}" in found:
            continue
        source = (SOURCES / name).read_text("utf-8")
        folder = posixpath.dirname(name)

        def whole(found: re.Match[str], folder: str = folder) -> str:
            """The name that "./" and "../" mean: a data URL has no folder."""
            needed = posixpath.normpath(posixpath.join(folder, found[2]))
            waiting.append(needed)
            return f'{found[1]}"optim-viz/{needed}";'

        bare = _IMPORT.sub(whole, source)
        content = base64.b64encode(bare.encode()).decode()
        found[f"optim-viz/{name}"] = f"data:text/javascript;base64,{content}"
    return dict(sorted(found.items()))


def _story(scene: Scene, title: str, about: str) -> dict[str, Any]:
    """Everything that the page is about; nobody answers a pick there, so no panel offers one."""
    panels = [{**panel, "pick": False} for panel in scene.data["panels"]]
    blobs = {name: base64.b64encode(data).decode() for name, data in scene.blobs.items()}
    return {"title": title, "about": about, "scene": {**scene.data, "panels": panels}, "blobs": blobs}


def _inert(value: Any) -> str:
    """`value` as JSON in which nothing can end the script element that it stands in."""
    return json.dumps(value, allow_nan=False, ensure_ascii=True).replace("<", r"\u003c")
