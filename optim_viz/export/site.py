"""A site that needs no server: a folder for any static host, whose pages compute in the browser.

Pages name everything by relative addresses, so that the folder works below any prefix; those of another language lie
in a folder of their own. What they fetch lies in a folder
named by its content, the player in one named by its own: a page never meets the files of another version.
"""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping
from html import escape
from pathlib import Path
from string import Template
from typing import Any

from optim_viz.export import site_data, site_tune
from optim_viz.language import LANGUAGES, N_, OWN, of_browser, speaking, spoken, told, tr
from optim_viz.player.assets import Published, place
from optim_viz.player.bundle import SOURCES
from optim_viz.player.scenes import Scene
from optim_viz.spec import SpecError, path_of, quoted

#: A lesson: its words as JSON, and the scenes of its pictures by their names.
Story = tuple[dict[str, Any], Mapping[str, Scene]]
#: The pages by their files: a name in the navigation, and what a search engine reads of it.
PAGES = {
    "index.html": (N_("Compare"), N_("Optimizers side by side on a surface, computed in your browser.")),
    "tune.html": (
        N_("Tune"),
        N_("Maps over two hyperparameters and basins of attraction, computed in your browser."),
    ),
    "lessons.html": (
        N_("Lessons"),
        N_("Claims about optimizers: each seen, measured, and shown where it stops holding."),
    ),
}
#: What each page reads first, told in its language, and what has no words: asked for before its program is there.
TOLD = {
    "index.html": ("catalogue.json",),
    "tune.html": ("catalogue.json", "tune.json"),
    "lessons.html": ("lessons.json",),
}
NUMBERS = {"index.html": ("schedules.json",), "tune.html": (), "lessons.html": ()}
TEMPLATES = SOURCES / "site"
#: What stands in the pages' templates, by the names that it has there.
WORDS = {
    "back": N_("Back"), "next": N_("Next"), "lesson": N_("Lesson"), "pages": N_("Pages"), "pictures": N_("Pictures"),
    "compare": N_("Compare"), "experiments": N_("Experiments"), "rules": N_("Update rules"),
    "compared": N_("What is compared"), "look": N_("What to look at."), "guess": N_("Guess first."),
    "held": N_("What to look at, and what was measured, is shown once you have guessed."),
    "measured": N_("Measured"), "limit": N_("Where it stops"), "try": N_("Try it"), "answer": N_("Answer"),
    "code": N_("Formulas beside the code"),
    "tune": N_("Tune"), "shares": N_("Shares of the starts"), "run": N_("What is run"),
    "cells": N_(
        "Numbers are turned under the picture: drag one sideways, use the arrow keys, or type. A click on a cell opens "
        "its run in Compare. Curves over learning rates, the network and functions of your own need the app."
    ),
    "off": N_("These pages compute in your browser, by JavaScript, which is switched off."),
    "hint": N_(
        "Numbers are turned under the picture: drag one sideways, use the arrow keys, or type. Learning rates tuned by "
        "one rule for all, L-BFGS, functions of your own and the network need the app."
    ),
}  # fmt: skip


def write(folder: str | Path, lessons: Iterable[Story]) -> list[str]:
    """Write the site into a folder, new or of an older site; return the pages' paths in it.

    Problem: an app needs a server for every visitor, a folder of files none.
    Arguments: `folder`, made where it is missing, other files in it stay; `lessons`, each one's words and scenes.
    Raises SpecError where the folder cannot be written.

    >>> import tempfile
    >>> write(tempfile.mkdtemp(), [])
    ['index.html', 'tune.html', 'lessons.html', 'zh/index.html', 'zh/tune.html', 'zh/lessons.html']
    """
    out, told_once = path_of(folder, "folder"), list(lessons)
    data = site_data.files() | _numbers(told_once)
    for language in LANGUAGES:
        with speaking(language):
            data |= {in_language(path, language): site_data.as_json(told(text)) for path, text in _texts(told_once)}
    name = f"data-{_digest(data)}"
    try:
        out.mkdir(parents=True, exist_ok=True)
        published = place(out)
        for path, content in data.items():
            _put(out / name / path, content)
        _put(out / "icon.svg", (TEMPLATES / "icon.svg").read_bytes())
        for language in LANGUAGES:
            with speaking(language):
                for file in PAGES:
                    _put(out / in_language(file, language), _page(file, published, name).encode())
    except OSError as error:
        raise SpecError(
            "{path} could not be written: {reason}.", path=quoted(str(folder)), reason=error.strerror or error
        ) from None
    return [in_language(file, language) for language in LANGUAGES for file in PAGES]


def in_language(path: str, language: str) -> str:
    """Return where a file lies that is told in a language: that of the code has no folder of its own.

    >>> in_language("index.html", "en"), in_language("index.html", "zh")
    ('index.html', 'zh/index.html')
    """
    return path if language == OWN else f"{language}/{path}"


def _put(path: Path, content: bytes) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_bytes(content)


def _digest(files: Mapping[str, bytes]) -> str:
    whole = hashlib.sha256()
    for path, content in sorted(files.items()):
        whole.update(path.encode() + b"\0" + content)
    return whole.hexdigest()[:12]


def _numbers(lessons: Iterable[Story]) -> dict[str, bytes]:
    """Every blob of numbers of the lessons' pictures."""
    scenes = (scene for _, pictures in lessons for scene in pictures.values())
    return {f"blobs/{blob}.bin": data for scene in scenes for blob, data in scene.blobs.items()}


def _texts(lessons: Iterable[Story]) -> Iterator[tuple[str, Any]]:
    """What is told in every language, by its files: Compare's tables, of lessons the words and scenes, their list."""
    yield from site_data.texts().items()
    yield "tune.json", site_tune.tune()
    listed = []
    for words, scenes in lessons:
        slug = words["slug"]
        listed.append({"slug": slug, "title": words["title"], "pictures": len(words["pictures"]) - 1})
        yield f"lessons/{slug}.json", words
        yield from ((f"lessons/{slug}/{name}.json", scene.data) for name, scene in scenes.items())
    yield "lessons.json", listed
    if spoken() != OWN:
        yield "words.json", of_browser()


def _page(file: str, published: Published, data: str) -> str:
    """One page in the language that is spoken: the frame that all share, around its own part."""
    language, (title, about) = spoken(), PAGES[file]
    root = "" if language == OWN else "../"
    links = "\n".join(
        f'<a href="{escape(to)}"{" aria-current=page" if to == file else ""}>{escape(tr(name))}</a>'
        for to, (name, _) in PAGES.items()
    )
    others = "\n".join(
        f'<a class="language" lang="{other}" href="{root}{in_language(file, other)}">{escape(name)}</a>'
        for other, name in LANGUAGES.items()
        if other != language
    )
    told = [in_language(path, language) for path in (*TOLD[file], *([] if language == OWN else ["words.json"]))]
    early = "\n".join(
        f'<link rel="preload" as="fetch" crossorigin href="{root}{data}/{path}">' for path in (*told, *NUMBERS[file])
    )
    words = {name: escape(tr(message)) for name, message in WORDS.items()}
    files = {name: root + path for name, path in published._asdict().items()}
    entry = f"whole/{Path(file).stem.replace('index', 'compare')}.js"
    return Template((TEMPLATES / "frame.html").read_text("utf-8")).substitute(
        title=escape(tr(title)), about=escape(tr(about)), links=links, others=others, root=root, language=language,
        main=Template((TEMPLATES / file).read_text("utf-8")).substitute(words), data=root + data, entry=entry,
        early=early, **words, **files,
    )  # fmt: skip
