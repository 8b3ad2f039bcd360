"""Make the README's pictures again: the player as a short animation, and the pages as they are.

    python docs/make_pictures.py

Needs Chromium (apt-get install chromium) and what requirements-dev.txt installs.
"""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import Any

from PIL import Image

DOCS = Path(__file__).parent
sys.path.insert(0, str(DOCS.parent / "benchmarks"))

from browsing import browser, served  # noqa: E402 - the path above

READY = ".ov-player[data-ready='true']"
FRAMES, MILLISECONDS = 40, 110


def animate(page: Any, target: Path) -> None:
    """Write the player, frame after frame, as a GIF."""
    player = page.locator(READY)
    player.wait_for(timeout=120_000)
    page.wait_for_timeout(1500)
    call = "document.querySelector('.ov-player').__ov"
    last = page.evaluate(f"{call}.pause(), Number(document.querySelector('.ov-player input[type=range]').max)")
    shots = []
    for i in range(FRAMES):
        # Most happens early, so early steps get more frames.
        page.evaluate(f"{call}.seek({round(last * (i / (FRAMES - 1)) ** 1.7)})")
        page.wait_for_timeout(60)
        shot = Image.open(io.BytesIO(player.screenshot())).convert("RGB")
        shots.append(shot.quantize(128, Image.Quantize.FASTOCTREE, dither=Image.Dither.NONE))
    pauses = [MILLISECONDS] * (FRAMES - 1) + [2000]
    shots[0].save(target, save_all=True, append_images=shots[1:], duration=pauses, loop=0, optimize=True)


def main() -> None:
    """Serve the app, and take all pictures."""
    with browser() as chromium, served(DOCS.parent / "app.py") as address:
        page = chromium.new_page(viewport={"width": 1240, "height": 1100})
        page.goto(address)
        animate(page, DOCS / "compare.gif")
        page = chromium.new_page(viewport={"width": 1400, "height": 900})
        page.goto(f"{address}/network?relu=false")
        page.get_by_text("The plane that holds most").wait_for(timeout=240_000)
        page.wait_for_timeout(2500)
        page.screenshot(path=DOCS / "network.png")


if __name__ == "__main__":
    main()
