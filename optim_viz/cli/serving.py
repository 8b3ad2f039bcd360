"""The app, and a site without a server: serve, site."""

from __future__ import annotations

import argparse
import sys
from collections.abc import Iterator
from importlib.util import find_spec

from optim_viz.cli.told import Bar
from optim_viz.places import APP, STATIC
from optim_viz.spec import SpecError, whole


def of_serve(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `serve` takes."""
    parser.add_argument("--port", default=8501, help="where on this machine it is served (8501)")
    parser.add_argument("--headless", action="store_true", help="open no browser")


def of_site(parser: argparse.ArgumentParser) -> None:
    """Say which arguments `site` takes."""
    parser.add_argument("folder", metavar="OUT", help="the folder to write; other files in it stay")


def serve(given: argparse.Namespace) -> None:
    """Hand the app to Streamlit, which runs until it is stopped."""
    if find_spec("streamlit") is None:
        raise SpecError("The app needs Streamlit, which is not installed: pip install 'optim-viz[app]'.")
    port = whole(given.port, "port", 1, 65_535)
    from streamlit.web import cli as streamlit

    from optim_viz.player.assets import publish

    try:
        publish(STATIC)
    except OSError as error:
        raise SpecError(
            "The app cannot write what browsers load to {folder}: {reason}. Install it where you may write.",
            folder=str(STATIC),
            reason=error.strerror or error,
        ) from None
    headless = ["--server.headless", "true"] if given.headless else []
    quiet = ["--server.showEmailPrompt", "false", "--server.fileWatcherType", "none"]
    streamlit.main(["run", str(APP / "app.py"), "--server.port", str(port), *quiet, *headless], "streamlit")


def site(given: argparse.Namespace) -> None:
    """Write the pages of a site that needs no server."""
    from optim_viz.export import site
    from optim_viz.lessons.table import ROWS
    from optim_viz.lessons.told import told

    bar = Bar("lessons")

    def lessons() -> Iterator[site.Story]:
        for done, row in enumerate(ROWS):
            bar(done / len(ROWS))
            yield told(row)

    pages = site.write(given.folder, lessons())
    bar.end()
    sys.stderr.write(f"{given.folder}: {', '.join(pages)} written\n")
