"""How fast maps and basins follow a knob on Tune: pictures a second while it is dragged, and the time to the fine one.

Printed is for each picture how many were drawn a second, coarse ones where the fine one takes too long, how long the
fine one takes after the last move, and how many of its cells Python draws otherwise.
"""

from __future__ import annotations

import argparse
import json
import shutil
import sys
import time
from typing import Any

from browsing import FLAGS, ROOT, served
from playwright.sync_api import Page, sync_playwright

TURNED = ".ov-turned"
#: Pictures: the link, and the knob that is dragged.
PICTURES = {
    "basins 128 x 128, 300 steps of Adam": ("view=basins&n=128&o=adam~lr~0.1", "lr"),
    "basins 96 x 96 of three optimizers": ("view=basins", "steps"),
    "map 64 x 64, 50 steps of momentum": ("view=map", "x"),
    "map 128 x 128, 300 steps of Adam": ("view=map&f=rosenbrock&o=adam&n=128&steps=300", "x"),
    "basins 128 x 128 of Rastrigin": ("view=basins&f=rastrigin&o=adam~lr~0.1&n=128", "lr"),
}
#: What must be drawn a second.
LEAST = 10.0
#: Moves a pressed pointer over a knob once a frame for so many milliseconds.
DRAG = """([name, time]) => new Promise((done) => {
  const knob = document.querySelector(`.ov-turned [data-knob="${name}"]`);
  const left = knob.getBoundingClientRect().left, end = performance.now() + time;
  let moves = 0;
  const step = () => {
    if (performance.now() > end) return done();
    const clientX = left + 15 + (moves++ % 40);
    knob.dispatchEvent(new PointerEvent('pointermove', { clientX, pointerId: 1, bubbles: true }));
    requestAnimationFrame(step);
  };
  step();
})"""


def drawn(page: Page) -> dict[str, int]:
    """How many pictures were drawn so far, by kind."""
    told: dict[str, int] = json.loads(page.locator(TURNED).get_attribute("data-drawn") or '{"coarse": 0, "fine": 0}')
    return told


def measure(page: Page, address: str, name: str, seconds: float) -> dict[str, Any]:
    """Drag a knob of the picture at `address`."""
    page.goto(address)
    knob = page.locator(f'{TURNED} [data-knob="{name}"]').first
    knob.wait_for()
    x, y = knob.evaluate("(knob) => { const box = knob.getBoundingClientRect(); return [box.x + 10, box.y + 8]; }")
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 5, y)
    page.evaluate(DRAG, [name, 1000])  # workers start, machine code is made
    before = drawn(page)
    page.evaluate(DRAG, [name, 1000 * seconds])
    after, began = drawn(page), time.perf_counter()
    if after["coarse"]:
        page.wait_for_function(f"JSON.parse(document.querySelector('{TURNED}').dataset.drawn).fine > {after['fine']}")
    fine = 1000 * (time.perf_counter() - began)
    page.mouse.up()
    page.wait_for_function(f"document.querySelector('{TURNED}').dataset.differ !== undefined")
    rate = sum(after[kind] - before[kind] for kind in ("coarse", "fine")) / seconds
    differ = page.locator(TURNED).get_attribute("data-differ")
    return {"rate": rate, "fine": fine, "differ": differ, "workers": after["workers"]}


def main() -> int:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--seconds", type=float, default=5.0, help="how long each knob is dragged")
    seconds, slowest = parser.parse_args().seconds, LEAST
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    print("| picture | pictures/s | fine one after ms | cells that differ | workers |\n|---|---|---|---|---|")
    with served(ROOT / "app.py") as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=chromium, args=FLAGS)
        for title, (query, name) in PICTURES.items():
            page = browser.new_page(viewport={"width": 1400, "height": 900})
            got = measure(page, f"{address}/tune?{query}", name, seconds)
            page.close()
            print(
                f"| {title} | {got['rate']:.0f} | {got['fine']:.0f} | {got['differ']} | {got['workers']} |", flush=True
            )
            slowest = min(slowest, got["rate"])
        browser.close()
    return 0 if slowest >= LEAST else 1


if __name__ == "__main__":
    sys.exit(main())
