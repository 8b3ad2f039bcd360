"""Puts the player's JavaScript and plotly.js where a server finds static files, under names that change with them."""

from __future__ import annotations

import functools
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path

from optim_viz.player.bundle import SOURCES, joined

#: What a worker runs.
WORKER = "whole/worker.js"
#: The files that pages load, and the modules that each is: one file, because every module that is asked for by another
#: would be a round trip of its own.
WHOLE = {
    "whole/app.js": ("app/streamlit.js", "app/fields.js"),
    "whole/compare.js": ("site/compare.js",),
    "whole/tune.js": ("site/tune.js",),
    "whole/lessons.js": ("site/lessons.js",),
    WORKER: ("engine/worker.js",),
}


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

    files = _files()
    named = (name.encode() + content for name, content in sorted(files.items()))
    digest = hashlib.sha256(b"".join(named)).hexdigest()[:12]
    player, charts = f"player-{digest}", f"plotly-{plotly.__version__}.min.js"
    static.mkdir(exist_ok=True)
    if not (static / charts).exists():
        _place(static, charts, lambda target: shutil.copyfile(library(), target))
    if not (static / player).exists():
        _place(static, player, lambda target: _write_all(files, target))
    return player, charts


def _files() -> dict[str, bytes]:
    """The player's files as they are served, by their paths: whole pages, what workers run, and styles."""
    whole = {name: joined(entries).encode() for name, entries in WHOLE.items()}
    styles = [str(path.relative_to(SOURCES)) for path in SOURCES.rglob("*.css")]
    return whole | {name: (SOURCES / name).read_bytes() for name in styles}


def _write_all(files: Mapping[str, bytes], target: Path) -> None:
    for name, content in files.items():
        (target / name).parent.mkdir(parents=True, exist_ok=True)
        (target / name).write_bytes(content)


def _place(static: Path, name: str, write) -> None:  # type: ignore[no-untyped-def]
    """Write beside, then rename: another process never sees half a file, and the first one to finish wins."""
    with tempfile.TemporaryDirectory(dir=static) as scratch:
        write(Path(scratch) / name)
        try:
            (Path(scratch) / name).rename(static / name)
        except OSError:
            if not (static / name).exists():
                raise
