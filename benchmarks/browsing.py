"""What benchmarks and tests in a browser share: a server, a browser that counts bytes, the time to a new picture."""

from __future__ import annotations

import base64
import contextlib
import shutil
import socket
import statistics
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import IO, Any

ROOT = Path(__file__).parents[1]
FLAGS = [
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
    "--enable-precise-memory-info",
]


@contextlib.contextmanager
def served(script: Path) -> Iterator[str]:
    """Serve a Streamlit script on a free port; yield its address."""
    with server_of(script) as (address, _):
        yield address


def held_memory(pid: int, what: str = "VmRSS") -> float:
    """The memory that a process holds, in MB; "VmHWM" is the most that it ever held."""
    lines = Path(f"/proc/{pid}/status").read_text().splitlines()
    return int(next(line.split()[1] for line in lines if line.startswith(what))) / 1024


@contextlib.contextmanager
def server_of(script: Path, log: IO[str] | int = subprocess.DEVNULL) -> Iterator[tuple[str, int]]:
    """Serve a Streamlit script on a free port, its standard error into `log`; yield its address and its process."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", str(script), "--server.port", str(port)]
    options = ["--server.headless", "true", "--server.fileWatcherType", "none"]
    server = subprocess.Popen([*command, *options], cwd=ROOT, stdout=subprocess.DEVNULL, stderr=log)
    try:
        _wait_until_healthy(f"http://127.0.0.1:{port}", server)
        yield f"http://127.0.0.1:{port}", server.pid
    finally:
        server.terminate()
        server.wait(20)


def _wait_until_healthy(address: str, server: subprocess.Popen[bytes]) -> None:
    for _ in range(600):
        if server.poll() is not None:
            raise RuntimeError("The server ended at its start.")
        with contextlib.suppress(OSError), urllib.request.urlopen(f"{address}/_stcore/health") as answer:  # noqa: S310
            if answer.read() == b"ok":
                return
        time.sleep(0.1)
    raise RuntimeError("The server did not come up within a minute.")


@contextlib.contextmanager
def browser() -> Iterator[Any]:
    """A headless Chromium with software rendering."""
    from playwright.sync_api import sync_playwright

    path = shutil.which("chromium") or shutil.which("google-chrome")
    if path is None:
        raise SystemExit("This benchmark needs a browser: apt-get install chromium")
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=path, args=FLAGS)
        yield chromium
        chromium.close()


class Meter:
    """Counts the bytes that a page gets over its WebSocket, and in files whose address passes `counted`."""

    def __init__(self, page: Any, counted: Callable[[str], bool] = lambda url: False) -> None:
        self.socket = self.files = 0
        session = page.context.new_cdp_session(page)
        session.send("Network.enable")
        session.on("Network.webSocketFrameReceived", self._frame)
        page.on("response", lambda answer: self._file(answer) if counted(answer.url) else None)

    def _frame(self, event: Any) -> None:
        data = event["response"]["payloadData"]
        self.socket += len(base64.b64decode(data)) if event["response"]["opcode"] == 2 else len(data)

    def _file(self, answer: Any) -> None:
        self.files += int(answer.headers.get("content-length", 0))


def time_changes(page: Any, slider: Any, shown: str, times: int) -> list[float]:
    """Seconds from each press of an arrow key on a slider until the JavaScript expression `shown` has a new value."""
    slider.focus()
    seconds = []
    for i in range(times):
        key = "ArrowRight" if i % 2 == 0 else "ArrowLeft"
        # Clocked inside the page: the key event starts it, a frame that sees the new value stops it.
        page.evaluate(
            """(shown) => {
                const read = new Function('return ' + shown), before = read();
                window.__took = new Promise((resolve, reject) => addEventListener('keydown', () => {
                    setTimeout(() => reject(new Error('No new value within 30 s of a key.')), 30000);
                    const start = performance.now();
                    const done = () => resolve(performance.now() - start);
                    const look = () => (read() !== before ? done() : requestAnimationFrame(look));
                    look();
                }, { once: true, capture: true }));
            }""",
            shown,
        )
        page.keyboard.press(key)
        seconds.append(page.evaluate("window.__took") / 1000)
        page.wait_for_timeout(300)
    return seconds


def milliseconds(seconds: list[float]) -> str:
    """Median and worst, for a table."""
    return f"{1000 * statistics.median(seconds):.0f} ms (worst {1000 * max(seconds):.0f})"
