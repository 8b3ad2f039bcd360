"""The player in a real browser, beside st.plotly_chart with frames: 8 optimizers x 1,000 steps.

    python benchmarks/player.py [--changes 15]

Prints frames per second while playing; pictures a second while a knob, the start, or a letter of a typed function
(whose contours follow) is dragged for 5 s, and the time from the pointer's move to its picture; bytes sent on first
load and at rest after a change, and the time from a key to Python's own picture, beside a bare Streamlit app's own
rerun. Bytes are those of the WebSocket and of the player's own files; Streamlit's own frontend and plotly.js (4.8 MB,
once, cached) are left out on both sides.
"""

from __future__ import annotations

import argparse
import statistics
import tempfile
from pathlib import Path
from typing import Any

from browsing import Meter, browser, milliseconds, served, time_changes

ROOT = Path(__file__).parents[1]
KINDS = ["sgd", "momentum", "nesterov", "adagrad", "rmsprop", "adam", "adamw", "nadam"]
KNOB = ".ov-table [data-knob=lr]"
LETTER = ".ov-shared [data-knob=a]"
TYPED = "/?f=a*x^2%2Bb*y^2%2Bsin(3*x*y)&a=1&b=2&steps=300&o=sgd~lr~0.01&o=adam~lr~0.05"
LINK = "/?steps=1000&" + "&".join(f"o={kind}~lr~0.001" for kind in KINDS)

BARE = """
import streamlit as st
steps = [10 ** (k / 10) for k in range(-40, 11)]
value = st.select_slider("lr", steps, value=steps[10])
st.html(f"<p id='shown'>{value}</p>")
"""
CHART = f"""
import sys; sys.path.insert(0, {str(ROOT)!r})
import streamlit as st
import optim_viz as ov
steps = [10 ** (k / 10) for k in range(-40, 11)]
value = st.select_slider("lr", steps, value=steps[10])
specs = [ov.optimizer(kind, lr=0.001) for kind in {KINDS!r}]
specs[0] = ov.optimizer("sgd", lr=value)
figure = ov.descend("rosenbrock", specs, steps=1000).figure(milliseconds=16)
st.plotly_chart(figure, key="chart")
"""


def ours(chromium: Any, address: str, changes: int) -> dict[str, Any]:
    """Measure the Compare page."""
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    meter = Meter(page, lambda url: "/app/static/player" in url)
    page.goto(address + LINK)
    page.wait_for_selector(".ov-player[data-ready='true']", timeout=120_000)
    page.wait_for_timeout(1000)
    first = (meter.socket, meter.files)
    page.evaluate("document.querySelector('.ov-player').__ov.pause()")
    before = meter.socket
    knob = page.locator(KNOB).first
    place = knob.bounding_box()
    turned = dragged(page, KNOB, place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    start = page.evaluate("document.querySelector('.ov-player').__ov.pixelOf('plane', 'sgd', 0)")
    moved = dragged(page, ".ov-player .ov-plot", start["x"], start["y"])
    page.wait_for_timeout(2000)
    before = meter.socket
    slider = knob
    took = time_changes(page, slider, "document.querySelector('.ov-player').dataset.drawnHash", changes)
    each = (meter.socket - before) / changes
    flat = frames_per_second(page)
    page.get_by_role("button", name="3-D").click()
    page.wait_for_timeout(5000)
    space = frames_per_second(page)
    page.goto(address + TYPED)
    page.wait_for_selector(f".ov-player[data-ready='true'] {LETTER}", timeout=120_000)
    page.evaluate("document.querySelector('.ov-player').__ov.pause()")
    place = page.locator(LETTER).bounding_box()
    letter = dragged(page, LETTER, place["x"] + place["width"] / 2, place["y"] + place["height"] / 2)
    return {
        "first": first, "change": each, "took": took, "2-D": flat, "3-D": space,
        "knob": turned, "start": moved, "letter": letter,
    }  # fmt: skip


#: Moves the pressed pointer once a frame, at any time within it as a hand does, and takes the time from each move to
#: the end of the frame that shows it: what is drawn while a frame is made is seen with it, what comes later with the
#: next.
DRAG = """([selector, x, y, ms]) => new Promise((done) => {
    const target = document.querySelector(selector), app = document.querySelector('.ov-player').__ov.app;
    const show = app.showModel, ask = window.requestAnimationFrame, waits = [], began = performance.now();
    let moved = 0, making = false;
    const afterFrame = (job) => {
        const channel = new MessageChannel();
        channel.port1.onmessage = job;
        channel.port2.postMessage(0);
    };
    window.requestAnimationFrame = (job) => ask((now) => {
        making = true;
        afterFrame(() => { making = false; });
        job(now);
    });
    app.showModel = async (model) => {
        const since = moved, seen = () => waits.push(performance.now() - since);
        await show(model);
        if (making) afterFrame(seen);
        else ask(() => afterFrame(seen));
    };
    const move = () => {
        const passed = (performance.now() - began) / 1000;
        if (passed > ms / 1000) {
            Object.assign(app, { showModel: show });
            window.requestAnimationFrame = ask;
            done({ waits, took: performance.now() - began });
            return;
        }
        const place = { clientX: x + 40 * Math.sin(3 * passed), clientY: y + 10 * Math.cos(2 * passed) };
        const mouse = { pointerId: 1, pointerType: 'mouse', bubbles: true, buttons: 1 };
        moved = performance.now();
        target.dispatchEvent(new PointerEvent('pointermove', { ...place, ...mouse }));
        ask((frame) => setTimeout(move, frame + 16 * Math.random() - performance.now()));
    };
    move();
})"""


def dragged(page: Any, selector: str, x: float, y: float, seconds: float = 5.0) -> tuple[float, list[float]]:
    """Drag from a place to and fro; return pictures a second, and seconds from a move to its picture."""
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 8, y)
    seen = page.evaluate(DRAG, [selector, x, y, 1000 * seconds])
    page.mouse.up()
    page.wait_for_timeout(1500)
    return 1000 * len(seen["waits"]) / seen["took"], [wait / 1000 for wait in seen["waits"]]


def frames_per_second(page: Any, seconds: float = 5.0) -> float:
    """Frames that the player draws while it plays."""
    player = "document.querySelector('.ov-player').__ov"
    page.evaluate(f"{player}.seek(0); {player}.play()")
    page.wait_for_timeout(500)
    before = page.evaluate(f"({{...{player}.stats(), now: performance.now()}})")
    page.wait_for_timeout(1000 * (seconds - 1))
    after = page.evaluate(f"({{...{player}.stats(), now: performance.now()}})")
    page.evaluate(f"{player}.pause()")
    return 1000 * (after["frames"] - before["frames"]) / (after["now"] - before["now"])


def chart(chromium: Any, address: str, changes: int) -> dict[str, Any]:
    """Measure st.plotly_chart with the same runs as 60 frames."""
    page = chromium.new_page(viewport={"width": 1400, "height": 900})
    meter = Meter(page)
    page.goto(address)
    page.wait_for_selector(".js-plotly-plot .slider-container", timeout=120_000)
    page.wait_for_timeout(1000)
    first, before = meter.socket, meter.socket
    slider = page.get_by_role("slider")
    shown = "document.querySelector('.js-plotly-plot')?.data?.[3]?.y"
    took = time_changes(page, slider, shown, changes)
    each = (meter.socket - before) / changes
    page.evaluate("""() => {
        const plot = document.querySelector('.js-plotly-plot');
        window.__frames = 0;
        plot.on('plotly_animatingframe', () => { window.__frames += 1; window.__last = performance.now(); });
        window.__start = performance.now();
        [...plot.querySelectorAll('.updatemenu-button')][0].dispatchEvent(new MouseEvent('click', { bubbles: true }));
    }""")
    page.wait_for_timeout(1000)
    page.locator(".updatemenu-button").first.click()
    page.wait_for_timeout(15_000)
    rate = page.evaluate("1000 * window.__frames / (window.__last - window.__start)")
    return {"first": first, "change": each, "took": took, "2-D": rate}


def main() -> None:
    """Measure both and print them side by side."""
    parser = argparse.ArgumentParser()
    parser.add_argument("--changes", type=int, default=15)
    changes = parser.parse_args().changes
    with tempfile.TemporaryDirectory() as folder, browser() as chromium:
        bare_app, chart_app = Path(folder) / "bare.py", Path(folder) / "chart.py"
        bare_app.write_text(BARE)
        chart_app.write_text(CHART)
        with served(ROOT / "app.py") as address:
            mine = ours(chromium, address, changes)
        with served(chart_app) as address:
            theirs = chart(chromium, address, changes)
        with served(bare_app) as address:
            page = chromium.new_page()
            page.goto(address)
            page.wait_for_selector("#shown", timeout=60_000)
            shown = "document.querySelector('#shown')?.textContent"
            bare = time_changes(page, page.get_by_role("slider"), shown, changes)
    report(mine, theirs, bare)


def report(mine: dict[str, Any], theirs: dict[str, Any], bare: list[float]) -> None:
    """Print the table, each figure with its bound."""
    kb = 1 / 1000
    socket, files = mine["first"]
    print(f"{'8 optimizers x 1,000 steps':34}{'player':>26}{'st.plotly_chart, 60 frames':>30}")
    print(f"{'frames/s playing, 2-D (>= 50)':34}{mine['2-D']:>26.0f}{theirs['2-D']:>30.0f}")
    print(f"{'frames/s playing, 3-D (>= 50)':34}{mine['3-D']:>26.0f}{'-':>30}")
    hands = (("a knob dragged", "knob", 50), ("the start dragged", "start", 50), ("a letter dragged", "letter", 15))
    for what, name, least in hands:
        rate, waits = mine[name]
        ranked = sorted(waits)
        median, late = (1000 * ranked[int(part * len(ranked))] for part in (0.5, 0.95))
        print(f"{f'{what}, pictures/s (>= {least})':34}{rate:>26.0f}")
        print(f"{'  move to picture (<= 20, 35 ms)':34}{f'{median:.0f} ms, p95 {late:.0f} ms':>26}")
    print(f"{'first load, kB (<= 450)':34}{(socket + files) * kb:>26.0f}{theirs['first'] * kb:>30.0f}")
    print(f"{'  of it WebSocket / player files':34}{f'{socket * kb:.0f} / {files * kb:.0f}':>26}")
    print(f"{'at rest after a change, kB (<= 200)':36}{mine['change'] * kb:>24.0f}{theirs['change'] * kb:>30.0f}")
    print(f"{'key to the picture of Python':34}{milliseconds(mine['took']):>26}{milliseconds(theirs['took']):>30}")
    print(f"{'a bare Streamlit app, same change':34}{milliseconds(bare):>26}")
    ratio = statistics.median(theirs["took"]) / statistics.median(mine["took"])
    faster = mine["2-D"] / theirs["2-D"]
    print(f"\nThe player shows a change {ratio:.1f} times as fast and plays {faster:.1f} times as many frames.")


if __name__ == "__main__":
    main()
