"""Seconds until each lesson's player is drawn: by its link (wide, phone) and by a press of Next, beside Compare's own.

    python benchmarks/lessons.py

One server and one browser, both warm: every lesson is opened once before anything is timed.
"""

from __future__ import annotations

import time
from pathlib import Path
from typing import Any

from browsing import ROOT, browser, served

from optim_viz.lessons import table

READY = ".ov-player[data-ready='true']"
SIZES = {"wide": (1400, 900), "phone": (390, 844)}
LIMIT = 2.0


def picture(slug: str) -> str:
    """The selector of a lesson's first picture, drawn."""
    return f"{READY}[data-scene-key='lesson {slug} {table.lesson(slug).experiments[0].name}']"


def wait_for_rest(page: Any) -> None:
    """Wait until all of the page is there and its script has ended, so that the next one is timed alone."""
    page.wait_for_selector(".stApp[data-test-script-state='notRunning']", timeout=90_000)


def by_link(page: Any, address: str, selector: str) -> float:
    """Seconds from asking for an address until its picture is drawn."""
    page.goto("about:blank")
    start = time.perf_counter()
    page.goto(address, wait_until="commit")
    page.wait_for_selector(selector, timeout=90_000)
    seconds = time.perf_counter() - start
    wait_for_rest(page)
    return seconds


def by_next(page: Any, address: str) -> dict[str, float]:
    """Seconds from a press of Next until the next lesson's picture is drawn, from the first lesson to the last."""
    slugs = list(table.LESSONS)
    by_link(page, f"{address}/lessons", picture(slugs[0]))
    found = {}
    for slug in slugs[1:]:
        start = time.perf_counter()
        page.get_by_role("button", name="Next", exact=True).click()
        page.wait_for_selector(picture(slug), timeout=90_000)
        found[slug] = time.perf_counter() - start
        wait_for_rest(page)
    return found


def main() -> None:
    """Open every lesson in every way; print the table and the slowest."""
    with served(Path(ROOT / "app.py")) as address, browser() as chromium:
        columns: dict[str, dict[str, float]] = {}
        compare = []
        for name, (width, height) in SIZES.items():
            page = chromium.new_context(viewport={"width": width, "height": height}).new_page()
            # Untimed: the server's first results, then whatever each browser context keeps.
            for slug in table.LESSONS if name == "wide" else ("mini-batches",):
                by_link(page, f"{address}/lessons?lesson={slug}", picture(slug))
            by_link(page, address, READY)
            compare.append(by_link(page, address, READY))
            columns[name] = {s: by_link(page, f"{address}/lessons?lesson={s}", picture(s)) for s in table.LESSONS}
            if name == "wide":
                columns["Next"] = by_next(page, address)
            page.context.close()
    print(f"{'seconds until drawn':20}" + "".join(f"{name:>8}" for name in columns))
    for slug in table.LESSONS:
        print(f"{slug:20}" + "".join(f"{column.get(slug, float('nan')):8.2f}" for column in columns.values()))
    warm = compare[0]
    print(f"Compare's own page by its link: wide {compare[0]:.2f} s, phone {compare[1]:.2f} s")
    for name, column in columns.items():
        slug, worst = max(column.items(), key=lambda item: item[1])
        said = "within" if worst <= LIMIT else "over"
        print(f"{name}: slowest {slug} {worst:.2f} s, {said} {LIMIT:g} s, {worst / warm:.2f} times Compare's (wide)")


if __name__ == "__main__":
    main()
