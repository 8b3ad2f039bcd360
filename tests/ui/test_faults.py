"""What may go wrong around the app: nonsense in links and in typed functions, no disk, no cache, no browser."""

import contextlib
import errno
import io
import os
import random
import time
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import pytest

import optim_viz as ov
from optim_viz import settings
from optim_viz.experiments import links
from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.jobs import JobState, Line
from optim_viz.experiments.study_links import read_study
from optim_viz.experiments.study_views import VIEWS
from optim_viz.network import digit_files, digits, train, uploads
from optim_viz.surfaces import compiled, descent, expression

ROOT = Path(__file__).parents[2]
ADAM = [ov.optimizer("adam")]
READERS = {
    "compare": (partial(links.read, links.FAIR_DESCENT), Fair(descent.check("rosenbrock", ADAM))),
    "network": (partial(links.read, links.FAIR_TRAINING), Fair(train.check(ADAM))),
    "tune": (read_study, VIEWS["map"].opens),
}
#: What links and functions are misspelt from.
WORDS = """
    adam sgd lr ~ -1 1e999 nan 0x10 ٣ %00 💥 ' " <script> .. /etc/passwd true None himmelblau best
    x y ^ ** sin ( ) )( /0 log e 1/ lambda __import__ [ ] , ; 1e-400 abs sqrt max exp rosenbrock
    s step label scale layer.0"""
PIECES = [*WORDS.split(), "\x00", "\ud800", "\n", "9" * 40, "a" * 500]
KEYS = [*WORDS.split()[-5:], "f", "box", "start", "steps", "noise", "batch", "seed", "o", "fair", "epochs", "hidden"]
KEYS += ["relu", "seeds", "view", "x", "rates", "v"]


def text(draw):
    return "".join(draw.choices(PIECES, k=draw.randint(0, 8)))


def test_a_thousand_malformed_links_are_read_in_bounded_time_and_memory():
    draw = random.Random(1)  # noqa: S311
    slowest, sizes = 0.0, []
    tracemalloc.start()
    try:
        for i in range(1000):
            query = {draw.choice(KEYS): [text(draw) for _ in range(draw.randint(1, 12))] for _ in range(5)}
            read, default = READERS[draw.choice(list(READERS))]
            began = time.process_time()
            spec, notes = read(query, default)
            slowest = max(slowest, time.process_time() - began)
            assert type(spec) is type(default) and all(isinstance(note, str) for note in notes)
            if i in (499, 999):
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert slowest < 10.0 and sizes[1] - sizes[0] < 5e6


def test_a_thousand_typed_functions_are_sentences_or_surfaces():
    draw = random.Random(2)  # noqa: S311
    written, refused, slowest, sizes = 0, 0, 0.0, []
    tracemalloc.start()
    try:
        for i in range(1000):
            began = time.process_time()
            try:
                ov.surface(text(draw), bounds=(-1, 1, -1, 1))
                written += 1
            except ov.SpecError as error:
                assert str(error) and len(str(error)) < 2000
                refused += 1
            slowest = max(slowest, time.process_time() - began)
            if i in (499, 999):
                sizes.append(tracemalloc.get_traced_memory()[0])
    finally:
        tracemalloc.stop()
    assert written + refused == 1000 and refused > 900
    assert slowest < 10.0 and sizes[1] - sizes[0] < 5e6


def test_compiled_functions_do_not_pile_up():
    """Good functions, every one another: what is kept of them is bounded."""
    caches = (compiled._compile, compiled._compile_sum, expression.parse, digits.kept)
    assert all(cache.cache_info().maxsize is not None for cache in caches)


# ---------------------------------------------------------------- the disk


@pytest.fixture
def upload():
    packed = io.BytesIO()
    draw = np.random.default_rng(0)
    np.savez(packed, x=draw.integers(0, 256, (200, 784), dtype=np.uint8), y=np.arange(200, dtype=np.uint8) % 10)
    return {"mine.npz": packed.getvalue()}


def test_a_full_disk_is_a_sentence_and_leaves_nothing_behind(tmp_path, monkeypatch, upload):
    monkeypatch.setenv("OPTIM_VIZ_CACHE", str(tmp_path))

    def full(path, content):
        with path.open("wb") as file:
            file.write(content[:10])
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(Path, "write_bytes", full)
    with pytest.raises(ov.SpecError, match=r"cannot be kept on this server just now.*No space left"):
        uploads.keep(upload)
    assert list(tmp_path.iterdir()) == []


def test_an_unreadable_cache_is_a_sentence(tmp_path, monkeypatch, upload):
    blocked = tmp_path / "file"
    blocked.write_text("no folder")
    monkeypatch.setenv("OPTIM_VIZ_CACHE", str(blocked))
    with pytest.raises(ov.SpecError, match="cannot be kept on this server just now"):
        uploads.keep(upload)
    monkeypatch.delenv("OPTIM_VIZ_MNIST_URL", raising=False)
    with pytest.raises(ov.SpecError, match="The full MNIST is not here"):
        digit_files.mnist()


def test_the_cache_may_be_deleted_while_work_waits_for_it(tmp_path, monkeypatch, upload):
    monkeypatch.setenv("OPTIM_VIZ_CACHE", str(tmp_path))
    path = uploads.keep(upload)
    spec = train.check(ADAM, epochs=1, batch_size=100, hidden=(4,), data=path)
    Path(path).unlink()
    digits.kept.cache_clear()
    line = Line(train.run)
    job = line.ask(spec, "a")
    for _ in range(1000):
        if not job.active:
            break
        time.sleep(0.01)
    assert job.state is JobState.FAILED and "could not be read" in job.error
    assert uploads.keep(upload) == path and Path(path).exists()  # the next run of the page brings it back


def test_uploads_on_disk_are_bounded(tmp_path, monkeypatch):
    monkeypatch.setenv("OPTIM_VIZ_CACHE", str(tmp_path))
    values = settings.read({"OPTIM_VIZ_DISK_MB": "1"})
    monkeypatch.setattr(settings, "_read_once", lambda: values)
    draw, paths = np.random.default_rng(0), []
    for i in range(4):
        packed = io.BytesIO()
        np.savez(packed, x=draw.integers(0, 256, (600, 784), dtype=np.uint8), y=np.zeros(600, dtype=np.uint8))
        paths.append(Path(uploads.keep({"mine.npz": packed.getvalue()})))  # 470 kB of noise do not shrink
        os.utime(paths[-1], (i, i))
    assert [path.exists() for path in paths] == [False, False, True, True]


# ---------------------------------------------------------------- the browser and the server


@contextlib.contextmanager
def visit(server):
    """A browser's side of one session."""
    from websockets.sync.client import connect

    address = f"ws://127.0.0.1:{server.port}/_stcore/stream"
    with connect(address, subprotocols=["streamlit"], max_size=None) as socket:
        yield Visitor(socket)


class Visitor:
    """Asks for a page and sees what comes."""

    def __init__(self, socket):
        self._socket = socket

    def ask(self, query, page="network"):
        from streamlit.proto.BackMsg_pb2 import BackMsg

        message = BackMsg()
        message.rerun_script.query_string, message.rerun_script.page_name = query, page
        self._socket.send(message.SerializeToString())

    def see(self, wanted, seconds=30):
        """Read what the server sends until an element of a kind in `wanted` comes; an exception is a failure."""
        from streamlit.proto.ForwardMsg_pb2 import ForwardMsg

        until = time.monotonic() + seconds
        while time.monotonic() < until:
            element = ForwardMsg.FromString(self._socket.recv(timeout=seconds)).delta.new_element
            kind = element.WhichOneof("type")
            assert kind != "exception", element.exception.message
            if kind == wanted:
                return element
        raise AssertionError(f"no {wanted} came")


LONG = "epochs=90&hidden=128&o=sgd~lr~0.1&seed={seed}"


def ended(server, count, seconds=20):
    """The jobs that are over, once there are `count` of them."""
    until = time.monotonic() + seconds
    while time.monotonic() < until:
        found = [event for event in server.events() if event["event"] == "job"]
        if len(found) >= count:
            return found
        time.sleep(0.1)
    return []


SWEEP = "view=map&n=128&seeds=25&noise=0.1&steps=2000"  # 409,600 runs


def test_work_stops_when_its_browser_is_closed(killable):
    asked = (("network", LONG.format(seed=1)), ("tune", "view=network"), ("tune", SWEEP))
    for count, (page, query) in enumerate(asked, 1):
        with visit(killable) as visitor:
            visitor.ask(query, page)
            visitor.see("progress")
        began = time.monotonic()
        over = ended(killable, count)
        assert [job["ended"] for job in over] == ["cancelled"] * count and time.monotonic() - began < 15
    assert sum(event["event"] == "session gone" for event in killable.events()) == len(asked)


def test_a_killed_server_starts_anew(killable):
    server = killable
    with visit(server) as visitor:  # killed in mid-training: the page's link starts it again on the next server
        visitor.ask(LONG.format(seed=2))
        visitor.see("progress")
        server.kill()
    server.start()
    with visit(server) as visitor:
        visitor.ask(LONG.format(seed=2))
        visitor.see("progress")
    requests = [event for event in server.events() if event["event"] == "request" and event["page"] == "network"]
    assert requests and all(event["errors"] == 0 and "failed" not in event and event["ms"] > 0 for event in requests)
    assert requests[0]["runs"] == 1 and requests[0]["steps"] == 90 * 125
