"""How the app holds under a crowd: real sessions that turn knobs on Compare, over Streamlit's own WebSocket.

A session connects, runs the page, and then, for as long as it is told, drags a learning rate for three seconds, which
its own browser computes and draws (benchmarks/player.py), and rests for three: at the beginning of the rest its player
tells the server once, and is answered with the exact runs. Clocked is the time from that message to the script's end.
With --sliders it moves one of the sidebar's sliders instead, about once a second. Whoever is told that too many are
waiting looks at that for as long, and tries again. Anything but a run that ended well and drew no error is an error.
"""

from __future__ import annotations

import argparse
import asyncio
import contextlib
import json
import random
import sys
import time
from dataclasses import dataclass, field
from pathlib import Path

import websockets
from browsing import ROOT, held_memory, server_of
from streamlit.components.v2.bidi_component.main import _make_trigger_id
from streamlit.proto.BackMsg_pb2 import BackMsg
from streamlit.proto.ForwardMsg_pb2 import ForwardMsg
from streamlit.proto.Slider_pb2 import Slider
from streamlit.proto.WidgetStates_pb2 import WidgetState

CROWDS = (1, 5, 20, 50)
#: Seconds that a visitor looks at a picture before a slider's next change; drawn evenly from this range.
LOOK = (0.5, 1.5)
#: Seconds that a knob is dragged, and that it rests.
DRAG, REST = 3.0, 3.0
#: A run that takes longer than this has failed.
PATIENCE = 60.0
PEAK_MB = 900
#: What is said to whoever is sent away.
BUSY = "waiting for this server; try again"


@dataclass
class Tally:
    """What a crowd went through."""

    seconds: list[float] = field(default_factory=list)
    first: list[float] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    sent_away: int = 0


class Session:
    """One visitor: the socket, and the sliders as they were last seen."""

    def __init__(self, socket: websockets.ClientConnection, seed: int) -> None:
        self._socket = socket
        self._draw = random.Random(seed)  # noqa: S311 (a visitor, not a secret)
        self._moved: dict[str, WidgetState] = {}
        self._page = ""
        self.sliders: dict[str, Slider] = {}
        self._before: dict[str, Slider] = {}
        self.complaints: list[str] = []
        self.sent_away = 0
        self._player, self._live, self._turns = "", {}, 0
        self._told: WidgetState | None = None

    async def run(self, query: str = "", page: str = "") -> float:
        """Ask for a run, of another page where one is named, and wait for its end; returns the seconds that it took."""
        message = BackMsg()
        message.rerun_script.query_string, message.rerun_script.page_name = query, page
        message.rerun_script.page_script_hash = self._page
        message.rerun_script.widget_states.widgets.extend(s for s in self._moved.values() if s.id in self.sliders)
        if self._told is not None:
            message.rerun_script.widget_states.widgets.append(self._told)
            self._told = None
        begun = time.perf_counter()
        await self._socket.send(message.SerializeToString())
        async with asyncio.timeout(PATIENCE):
            while not self._ends(ForwardMsg.FromString(await self._socket.recv())):
                pass
        return time.perf_counter() - begun

    def _ends(self, message: ForwardMsg) -> bool:
        kind = message.WhichOneof("type")
        if kind == "new_session":
            self.sliders, self._before = {}, self.sliders
        if kind == "navigation":
            self._page = message.navigation.page_script_hash
        if kind == "delta":
            self._see(message.delta.new_element)
        if kind != "script_finished":
            return False
        if message.script_finished == ForwardMsg.FINISHED_WITH_COMPILE_ERROR:
            self.complaints.append("the script did not compile")
        return bool(message.script_finished != ForwardMsg.FINISHED_EARLY_FOR_RERUN)

    def _see(self, element) -> None:  # type: ignore[no-untyped-def]
        kind = element.WhichOneof("type")
        if kind == "slider":
            self.sliders[element.slider.id] = element.slider
        if kind == "bidi_component" and '"live"' in element.bidi_component.json:
            self._player, scene = element.bidi_component.id, json.loads(element.bidi_component.json)
            self._live = scene["live"] or {}
        if kind == "alert" and BUSY in element.alert.body:
            self.sent_away += 1
            self.sliders = self._before
        if kind == "exception":
            self.complaints.append("\n".join([element.exception.message, *element.exception.stack_trace[-3:]]))

    def move(self) -> None:
        """Move one of the sliders somewhere else."""
        name = self._draw.choice(sorted(self.sliders))
        slider = self.sliders[name]
        if slider.options:  # one of a list: it travels as its text
            self._moved[name] = WidgetState(id=name, string_array_value={"data": [self._draw.choice(slider.options)]})
        else:
            place = self._draw.uniform(slider.min, slider.max)
            self._moved[name] = WidgetState(id=name, double_array_value={"data": [place]})

    def turn(self) -> None:
        """Turn a learning rate: what the player tells once it rests."""
        live, self._turns = self._live, self._turns + 1
        run = self._draw.choice(live["runs"])
        run["values"]["lr"] = float(f"{run['values']['lr'] * self._draw.uniform(0.9, 1.1):.3g}")
        shared = {key: live[key] for key in ("start", "steps", "noise", "seed", "runs")}
        value = {**shared, "parameters": live["surface"]["parameters"], "n": self._turns}
        self._told = WidgetState(
            id=_make_trigger_id(self._player, "events"),
            json_trigger_value=json.dumps([{"event": "turn", "value": value}]),
        )

    @property
    def shown(self) -> bool:
        """Whether the page is there, with its sliders and its player."""
        return bool(self.sliders and self._live.get("runs"))

    @property
    def answered(self) -> bool:
        """Whether the last run brought the answer to what was turned."""
        return self._live.get("answered") == self._turns

    async def look(self) -> None:
        """Look at the picture for a while."""
        await asyncio.sleep(self._draw.uniform(*LOOK))


async def visit(address: str, seed: int, until: float, tally: Tally, sliders: bool) -> None:
    """One visitor's stay."""
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    async with websockets.connect(stream, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[list-item]
        session = Session(socket, seed)
        tally.first.append(await session.run())
        while session.sent_away and not session.shown and time.perf_counter() < until:
            await session.look()
            await session.run()
        while time.perf_counter() < until and session.shown:
            if sliders:
                await session.look()
                session.move()
                tally.seconds.append(await session.run())
                continue
            await asyncio.sleep(DRAG)
            session.turn()
            took = await session.run()
            tally.seconds.append(took)
            if not session.answered and not session.sent_away:
                tally.errors.append("what was turned was not answered")
            await asyncio.sleep(max(0.0, REST - took))
        if not session.shown and not session.sent_away:
            tally.errors.append("the page showed no picture")
        tally.errors += session.complaints
        tally.sent_away += session.sent_away


async def crowd(address: str, count: int, seconds: float, sliders: bool) -> Tally:
    """`count` visitors at once, for `seconds` and until the last change is answered."""
    tally = Tally()
    until = time.perf_counter() + seconds

    async def guest(seed: int) -> None:
        """One visitor, until the time is over."""
        await asyncio.sleep(seed * min(0.12, seconds / 4 / count))  # nobody's clock strikes with another's
        try:
            await visit(address, seed, until, tally, sliders)
        except (OSError, TimeoutError, websockets.WebSocketException) as error:
            tally.errors.append(f"{type(error).__name__}: {error}")

    await asyncio.gather(*(guest(seed) for seed in range(count)))
    return tally


def share(values: list[float], part: float) -> float:
    """The value below which `part` of `values` lie, in milliseconds."""
    return 1000 * sorted(values)[min(len(values) - 1, int(part * len(values)))] if values else float("nan")


def main() -> int:
    """Measure each crowd on a server of its own and print a table; 1 where there were errors or too much memory."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--seconds", type=float, default=60.0, help="how long each crowd stays (default 60)")
    parser.add_argument("--sessions", type=int, nargs="+", default=list(CROWDS), help="crowds (default 1 5 20 50)")
    parser.add_argument("--sliders", action="store_true", help="move the sidebar's sliders, about once a second")
    asked = parser.parse_args()
    knobs = f"a knob dragged for {DRAG:g} s, then at rest for {REST:g} s, which asks the server once"
    sliders = f"a slider moved, then {LOOK[0]} to {LOOK[1]} s of looking at the picture"
    print(f"{asked.seconds:g} s each; {sliders if asked.sliders else knobs}.")
    print("| sessions | changes | a second | p50 ms | p95 ms | first page p50 | sent away | errors | peak MB |")
    print("|---|---|---|---|---|---|---|---|---|")
    bad = False
    for count in asked.sessions:
        with server_of(Path(ROOT / "app.py")) as (address, pid):
            begun = time.perf_counter()
            tally = asyncio.run(crowd(address, count, asked.seconds, asked.sliders))
            took, peak = time.perf_counter() - begun, held_memory(pid, "VmHWM")
        rate, runs = len(tally.seconds) / took, tally.seconds
        figures = (len(runs), f"{rate:.1f}", *(f"{share(runs, p):.0f}" for p in (0.5, 0.95)))
        cells = (count, *figures, f"{share(tally.first, 0.5):.0f}", tally.sent_away, len(tally.errors), f"{peak:.0f}")
        print("|", *(f"{cell} |" for cell in cells))
        for text in sorted(set(tally.errors))[:5]:
            print(f"  error: {text}", file=sys.stderr)
        bad = bad or bool(tally.errors) or peak > PEAK_MB
    return int(bad)


if __name__ == "__main__":
    with contextlib.suppress(KeyboardInterrupt):
        sys.exit(main())
