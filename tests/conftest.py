"""What all tests share: torch on one thread, the option --thorough, and a server that is killed and started again."""

import gc
import json
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path

import hypothesis
import pytest
from xdist.scheduler import LoadScopeScheduling

ROOT = Path(__file__).parents[1]
# What collecting makes, modules and some thousand tests, lives to the end: looking through it for garbage again and
# again took a quarter of that time, in every worker.
gc.disable()
# Arrays here are small: a second thread would only wait for the first one, and take a core from another test.
# Set before torch is imported, and for the servers that tests start.
os.environ["OMP_NUM_THREADS"] = "1"
# Nor is a busy machine to fail a random case, ...
hypothesis.settings.register_profile("free", deadline=None)
# ... and the cases are the same on every machine; `make test-thorough` takes new ones.
hypothesis.settings.register_profile("seeded", deadline=None, derandomize=True, database=None)
hypothesis.settings.load_profile("seeded")
# Nor is it to send visitors away.
os.environ["OPTIM_VIZ_PAGE_SECONDS"] = os.environ["OPTIM_VIZ_TURN_SECONDS"] = "90"


def pytest_addoption(parser):
    parser.addoption("--thorough", action="store_true", help="full products where pairs are tested otherwise")


def pytest_collection_finish():
    gc.freeze()
    gc.enable()


class ByFile(LoadScopeScheduling):
    """Files run side by side, each whole, so that what its tests share is made once."""

    def _split_scope(self, nodeid):
        return nodeid.split("::")[0]


def pytest_xdist_make_scheduler(config, log):
    return ByFile(config, log)


@pytest.fixture(scope="session")
def thorough(request):
    return request.config.getoption("--thorough")


class Server:
    """The app on a port that stays its own, so that it can be killed and started again."""

    def __init__(self, log, **environment):
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._log, self._environment = log, environment

    def start(self):
        options = ["--server.port", str(self.port), "--server.headless", "true", "--server.fileWatcherType", "none"]
        with self._log.open("ab") as log:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "streamlit", "run", "app.py", *options],
                cwd=ROOT, stdout=subprocess.DEVNULL, stderr=log, env=os.environ | self._environment,
            )  # fmt: skip
        for _ in range(600):
            assert self.process.poll() is None, "the server ended at its start"
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{self.port}/_stcore/health") as answer:
                    if answer.read() == b"ok":
                        return
            except OSError:
                time.sleep(0.1)
        raise AssertionError("the server did not come up within a minute")

    def kill(self):
        self.process.send_signal(signal.SIGKILL)
        self.process.wait(20)

    def events(self):
        lines = self._log.read_text().splitlines()
        return [json.loads(line) for line in lines if line.startswith("{")]


@pytest.fixture
def killable(tmp_path):
    server = Server(tmp_path / "log", OPTIM_VIZ_PATIENCE_SECONDS="2", OPTIM_VIZ_CACHE=str(tmp_path / "cache"))
    server.start()
    yield server
    server.kill()
