"""A site that needs no server: a folder for any static host, whose pages compute in the browser.

Pages name everything by relative addresses, so that the folder works below any prefix. What they fetch lies in a folder
named by its content, the player in one named by its own: a page never meets the files of another version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from optim_viz.export import site_data, site_tune
from optim_viz.player.assets import place
from optim_viz.player.bundle import SOURCES
from optim_viz.player.scenes import Scene
from optim_viz.spec import SpecError, quoted

#: A lesson: its words as JSON, and the scenes of its pictures by their names.
Story = tuple[dict[str, Any], Mapping[str, Scene]]
#: The pages by their files: a name in the navigation, and what a search engine reads of it.
PAGES = {
    "index.html": ("Compare", "Optimizers side by side on a surface, computed in your browser."),
    "tune.html": ("Tune", "Maps over two hyperparameters and basins of attraction, computed in your browser."),
    "lessons.html": ("Lessons", "Claims about optimizers: each seen, measured, and shown where it stops holding."),
}
TEMPLATES = SOURCES / "site"


def write(folder: str | Path, lessons: Iterable[Story]) -> list[str]:
    """Write the site into a folder, new or of an older site; return the pages' paths in it.

    Problem: an app needs a server for every visitor, a folder of files none.
    Arguments: `folder`, made where it is missing, other files in it stay; `lessons`, each one's words and scenes.
    Raises SpecError where the folder cannot be written.

    >>> import tempfile
    >>> write(tempfile.mkdtemp(), [])
    ['index.html', 'tune.html', 'lessons.html']
    """
    data = site_data.files() | {"tune.json": site_data.as_json(site_tune.tune())} | _of_lessons(lessons)
    name = f"data-{_digest(data)}"
    out = Path(folder)
    try:
        out.mkdir(parents=True, exist_ok=True)
        player, charts = place(out)
        for path, content in data.items():
            _put(out / name / path, content)
        _put(out / "icon.svg", (TEMPLATES / "icon.svg").read_bytes())
        for file in PAGES:
            _put(out / file, _page(file, player, charts, name).encode())
    except OSError as error:
        raise SpecError(f"{quoted(str(folder))} could not be written: {error.strerror or error}.") from None
    return list(PAGES)


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for path, content in sorted(files.items()):
        whole.update(path.encode() + b"\0" + content)
    return whole.hexdigest()[:12]


def _of_lessons(lessons: Iterable[Story]) -> dict[str, bytes]:
    """Files of lessons: of each its words and its pictures' scenes, every blob of numbers, and the list of them all."""
    found: dict[str, bytes] = {}
    listed = []
    for words, scenes in lessons:
        slug = words["slug"]
        listed.append({"slug": slug, "title": words["title"], "pictures": len(words["pictures"])})
        found[f"lessons/{slug}.json"] = site_data.as_json(words)
        for name, scene in scenes.items():
            found[f"lessons/{slug}/{name}.json"] = site_data.as_json(scene.data)
            found |= {f"blobs/{blob}.bin": data for blob, data in scene.blobs.items()}
    return found | {"lessons.json": site_data.as_json(listed)}


def _page(file: str, player: str, charts: str, data: str) -> str:
    """One page: the frame that all share, around its own part. All of it is the program's own text."""
    title, about = PAGES[file]
    links = "\n".join(
        f'<a href="{escape(to)}"{" aria-current=page" if to == file else ""}>{escape(name)}</a>'
        for to, (name, _) in PAGES.items()
    )
    main = (TEMPLATES / file).read_text("utf-8")
    frame = Template((TEMPLATES / "frame.html").read_text("utf-8"))
    entry = f"whole/{Path(file).stem.replace('index', 'compare')}.js"
    return frame.substitute(
        title=escape(title), about=escape(about), links=links, main=main, player=player, charts=charts, data=data,
        entry=entry,
    )  # fmt: skip
