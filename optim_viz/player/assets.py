"""Puts the player's JavaScript and plotly.js where a server finds static files, under names that change with them."""

from __future__ import annotations

import functools
import hashlib
import posixpath
import re
import shutil
import tempfile
from pathlib import Path

SOURCES = Path(__file__).parent / "js"
_IMPORT = re.compile(r'^import .* from "(\.[\w./]+)";$', re.MULTILINE)


def library() -> Path:
    """Where plotly.js lies, which comes with plotly."""
    import plotly

    return Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


@functools.cache
def publish(static: Path) -> tuple[str, str]:
    """Copy what browsers load into the folder `static`, once a process; return what `place` does."""
    return place(static)


def place(static: Path) -> tuple[str, str]:
    """Copy what browsers load into the folder `static`; return the player's and plotly.js's paths inside it.

    A name carries its content's hash or version, so browsers may cache it for good. Older versions stay: another server
    may still be serving them.
    """
    import plotly

    files = sorted([*SOURCES.rglob("*.js"), *SOURCES.rglob("*.css")])
    named = (str(file.relative_to(SOURCES)).encode() + file.read_bytes() for file in files)
    digest = hashlib.sha256(b"".join(named)).hexdigest()[:12]
    player, charts = f"player-{digest}", f"plotly-{plotly.__version__}.min.js"
    static.mkdir(exist_ok=True)
    if not (static / charts).exists():
        _place(static, charts, lambda target: shutil.copyfile(library(), target))
    if not (static / player).exists():
        _place(static, player, lambda target: _copy_all(files, target))
    return player, charts


def needed(entry: str) -> list[str]:
    """Return the player's modules that `entry` needs, itself among them, by their paths below SOURCES.

    >>> needed("basics/clock.js")
    ['basics/clock.js']
    """
    found: set[str] = set()
    waiting = [entry]
    while waiting:
        name = waiting.pop()
        if name not in found:
            found.add(name)
            texts = _IMPORT.findall((SOURCES / name).read_text("utf-8"))
            waiting += [posixpath.normpath(posixpath.join(posixpath.dirname(name), text)) for text in texts]
    return sorted(found)


def _copy_all(files: list[Path], target: Path) -> None:
    for file in files:
        copy = target / file.relative_to(SOURCES)
        copy.parent.mkdir(parents=True, exist_ok=True)
        shutil.copyfile(file, copy)


def _place(static: Path, name: str, write) -> None:  # type: ignore[no-untyped-def]
    """Write beside, then rename: another process never sees half a file, and the first one to finish wins."""
    with tempfile.TemporaryDirectory(dir=static) as scratch:
        write(Path(scratch) / name)
        try:
            (Path(scratch) / name).rename(static / name)
        except OSError:
            if not (static / name).exists():
                raise
