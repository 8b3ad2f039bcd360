"""Puts the player's JavaScript and plotly.js where a server finds static files, under names that change with them."""

from __future__ import annotations

import functools
import hashlib
import shutil
import tempfile
from collections.abc import Mapping
from pathlib import Path
from typing import NamedTuple

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


#: plotly.js with the charts in the plane that are drawn here alone, by `make plotly`: a quarter of the whole in bytes,
#: and a fifth of what a browser takes to begin with its makers' own bundle of charts in the plane.
FLAT = SOURCES.parent / "vendor" / "plotly-plane.min.js"


class Published(NamedTuple):
    """Where browsers find the player's files, plotly.js for the plane, and the whole of it, which landscapes need."""

    player: str
    flat: str
    whole: str


def library() -> Path:
    """Where the whole plotly.js lies, which comes with plotly."""
    import plotly

    return Path(plotly.__file__).parent / "package_data" / "plotly.min.js"


@functools.cache
def publish(static: Path) -> Published:
    """Copy what browsers load into the folder `static`, once a process; return what `place` does."""
    return place(static)


def place(static: Path) -> Published:
    """Copy what browsers load into the folder `static`; return the paths inside it.

    A name carries its content's hash or version, so browsers may cache it for good. Older versions stay: another server
    may still be serving them.
    """
    import plotly

    files = _files()
    named = (name.encode() + content for name, content in sorted(files.items()))
    digest = hashlib.sha256(b"".join(named)).hexdigest()[:12]
    flat = hashlib.sha256(FLAT.read_bytes()).hexdigest()[:12]
    names = Published(f"player-{digest}", f"plotly-flat-{flat}.min.js", f"plotly-{plotly.__version__}.min.js")
    static.mkdir(exist_ok=True)
    for name, file in ((names.flat, FLAT), (names.whole, library())):
        if not (static / name).exists():
            _place(static, name, functools.partial(shutil.copyfile, file))
    if not (static / names.player).exists():
        _place(static, names.player, functools.partial(_write_all, files))
    return names


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
