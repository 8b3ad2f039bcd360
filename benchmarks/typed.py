"""How long others wait while the dearest functions that can be typed are compiled: two real sessions on one server.

One visitor moves sliders on Compare, first alone, then while another opens one dear function after the other, each a
new one. Printed is how long the changes of the first take, and how long the second waits for each function, or for the
sentence that it is too dear.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
from pathlib import Path
from urllib.parse import urlencode

import websockets
from browsing import ROOT, server_of
from load import Session, share

#: The dearest functions of 300 characters that were found, each with a place {k} that makes it a new one.
DEAR = {
    "29 factors": "*".join(f"(x+{i}*y)" for i in range(2, 29)) + "*(x+1.{k}*y)",
    "24 powers": "*".join(f"(x+{i})^-63" for i in range(2, 23)) + "*(x+1.{k})^-63",
    "38 sines": "sin(" * 37 + "{k}*x*y" + ")" * 37,
    "38 tanh": "tanh(" * 37 + "{k}*x*y" + ")" * 37,
    "19 logarithms": "log(1+x^2+" * 18 + "{k}*y^2" + ")" * 18,
    "sums in tanh": "tanh(x*y+" * 17 + "{k}*x" + ")" * 17,
}
#: What a change may take longer than alone, in seconds.
DELAY = 1.0


def connect(address: str) -> websockets.connect:
    """A session's socket."""
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    return websockets.connect(stream, subprotocols=["streamlit"], max_size=None)  # type: ignore[list-item]


async def moving(session: Session, until: asyncio.Event, seconds: list[float]) -> None:
    """Move sliders until it is over."""
    while not until.is_set():
        session.move()
        seconds.append(await session.run())
        await asyncio.sleep(0.1)


async def measure(address: str, rounds: int) -> float:
    """Print the table; return the longest delay."""
    async with connect(address) as socket:
        first = Session(socket, 1)
        await first.run()
        alone: list[float] = []
        over = asyncio.Event()
        asyncio.get_running_loop().call_later(5.0, over.set)
        await moving(first, over, alone)
        print(f"alone: p50 {share(alone, 0.5):.0f} ms, slowest {1000 * max(alone):.0f} ms")
        print("| function | its visitor waits s | another's changes | p50 ms | slowest ms | errors |")
        print("|---|---|---|---|---|---|")
        worst = 0.0
        for name, text in DEAR.items():
            beside: list[float] = []
            waits, over = [], asyncio.Event()
            mover = asyncio.create_task(moving(first, over, beside))
            errors = 0
            for k in range(1, rounds + 1):
                async with connect(address) as other:
                    second = Session(other, k)
                    waits.append(await second.run(urlencode({"f": text.format(k=k)}), "compare"))
                    errors += len(second.complaints)
            over.set()
            await mover
            cells = (f"{max(waits):.1f}", len(beside), f"{share(beside, 0.5):.0f}", f"{1000 * max(beside):.0f}", errors)
            print("|", name, "|", *(f"{cell} |" for cell in cells), flush=True)
            worst = max(worst, max(beside) - max(alone))
    return worst


def main() -> int:
    """Measure on a server of its own; 1 where somebody waited too long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--rounds", type=int, default=3, help="new functions of each kind (default 3)")
    asked = parser.parse_args()
    with server_of(Path(ROOT / "app.py")) as (address, _):
        worst = asyncio.run(measure(address, asked.rounds))
    print(f"longest delay: {worst:.2f} s (at most {DELAY:g})")
    return int(worst > DELAY)


if __name__ == "__main__":
    sys.exit(main())
