"""From an address to a picture, in a browser that has never been here, beside a bare Streamlit app with one slider.

    python benchmarks/opening.py [--times 7]

A link that the server knows has its picture before the page runs; a new one has it when the page has run. The site
without a server, and going from page to page, are measured too. All ways take turns, so their ratios are of one run.
"""

from __future__ import annotations

import argparse
import contextlib
import functools
import http.server
import statistics
import tempfile
import threading
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

from browsing import ROOT, browser, served

BARE = "import streamlit as st\nst.slider('x', 0, 10)\n"
PICTURE = ".ov-player[data-ready]"
PAGES = ("Network", "Tune", "Lessons", "Compare")
#: What stands on each page when it has been gone to.
SEEN = {
    "Network": "[data-testid=stMain] h1",
    "Tune": ".js-plotly-plot .main-svg",
    "Lessons": PICTURE,
    "Compare": PICTURE,
}


class Silent(http.server.SimpleHTTPRequestHandler):
    """Serves a folder's files and says nothing about it."""

    def log_message(self, *_: object) -> None:
        """Say nothing."""


@contextlib.contextmanager
def site() -> Iterator[str]:
    """The site without a server, under Python's own."""
    from optim_viz.export.site import write

    with tempfile.TemporaryDirectory() as folder:
        write(folder, [])
        handler = functools.partial(Silent, directory=folder)
        with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as server:
            threading.Thread(target=server.serve_forever, daemon=True).start()
            yield f"http://127.0.0.1:{server.server_port}/"
            server.shutdown()


def opened(chromium: Any, address: str, seen: str) -> float:
    """Seconds from the address to `seen`, in a browser without a cache."""
    context = chromium.new_context(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    page = context.new_page()
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.locator(seen).first.wait_for(timeout=120_000)
    took = time.perf_counter() - start
    context.close()
    return took


def switches(chromium: Any, address: str, times: int) -> dict[str, list[float]]:
    """Seconds from a click on a page's name to what stands on it, each page seen before."""
    page = chromium.new_page(viewport={"width": 1400, "height": 900}, reduced_motion="reduce")
    page.goto(address)
    page.locator(PICTURE).wait_for(timeout=120_000)
    found: dict[str, list[float]] = {name: [] for name in PAGES}
    for turn in range(times + 1):
        for name in PAGES:
            page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(timeout=120_000)
            before = page.locator("h1").inner_text()
            start = time.perf_counter()
            page.get_by_role("link", name=name, exact=True).first.click()
            page.wait_for_function(
                "before => ![before, undefined].includes(document.querySelector('h1')?.innerText)", arg=before
            )
            page.locator(SEEN[name]).first.wait_for(timeout=120_000)
            if turn:
                found[name].append(time.perf_counter() - start)
    page.close()
    return found


def main() -> None:
    """Measure and print."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--times", type=int, default=7)
    times = parser.parse_args().times
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        bare_app = Path(folder) / "bare.py"
        bare_app.write_text(BARE)
        with served(ROOT / "app.py") as cold:
            first = opened(chromium, cold, PICTURE)
        with served(ROOT / "app.py") as app, served(bare_app) as bare, site() as still:
            opened(chromium, app, PICTURE)
            numbers = iter(range(100, 1000))
            ways: dict[str, Callable[[], float]] = {
                "a bare Streamlit app, its slider": lambda: opened(chromium, bare, "[data-testid=stSlider]"),
                "a link that the server knows": lambda: opened(chromium, app, PICTURE),
                "a link that nobody has opened": lambda: opened(chromium, f"{app}/?steps={next(numbers)}", PICTURE),
                "the site without a server": lambda: opened(chromium, still, PICTURE),
            }
            took: dict[str, list[float]] = {name: [] for name in ways}
            for turn in range(times + 1):  # the first of each warms the server
                for name, way in ways.items():
                    seconds = way()
                    if turn:
                        took[name].append(seconds)
            report(took, first, switches(chromium, app, times))


def report(took: dict[str, list[float]], first: float, between: dict[str, list[float]]) -> None:
    """Print the table, each figure beside the bare app's."""
    bare = statistics.median(next(iter(took.values())))
    print(f"{'from an address to the picture':36}{'median':>8}{'least':>8}{'of the bare app':>18}")
    for name, seconds in took.items():
        median = statistics.median(seconds)
        print(f"{name:36}{median:>6.2f} s{min(seconds):>6.2f} s{median / bare:>16.2f} x")
    print(f"{'the first visitor of a server':36}{first:>6.2f} s")
    for name, seconds in between.items():
        print(f"{'going to ' + name:36}{statistics.median(seconds):>6.2f} s{min(seconds):>6.2f} s")


if __name__ == "__main__":
    main()
