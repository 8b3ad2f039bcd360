"""A server (cold before that), a worker or a scheduler that is killed under a browser: the same experiment goes on."""

import socket
import subprocess
import sys

import pytest
from playwright.sync_api import expect

from tests.conftest import ROOT, Server

#: What a browser says of a server that is gone; that is the point of this test.
GONE = ("WebSocket", "ERR_CONNECTION_REFUSED", "Failed to load resource", "Network Error")
PLAYER = ".ov-player[data-ready='true']"


def test_a_page_survives_its_server(killable, browser):
    page = browser.new_page()
    page.set_default_timeout(60_000)
    failures = []
    page.on("pageerror", lambda error: failures.append(str(error)))
    page.goto(f"http://127.0.0.1:{killable.port}/network?epochs=90&hidden=128&o=sgd~lr~0.1&seed=7")
    expect(page.get_by_text("s left")).to_be_visible(timeout=60_000)
    page.locator(PLAYER).wait_for()
    expect(page.locator("[data-testid=stSidebar] .stSelectbox")).not_to_have_count(0)
    killable.kill()
    lost = page.get_by_text("Connecting").or_(page.get_by_text("Connection error"))
    expect(lost).not_to_have_count(0, timeout=30_000)
    killable.start()
    expect(lost).to_have_count(0, timeout=60_000)
    expect(page.get_by_text("s left")).to_be_visible(timeout=60_000)
    page.locator(PLAYER).wait_for()
    jobs = [event for event in killable.events() if event["event"] == "request" and event["page"] == "network"]
    assert all("failed" not in event and event["errors"] == 0 for event in jobs)
    assert "seed=7" in page.url and page.locator("[data-testid='stException']").count() == 0
    assert [text for text in failures if not any(known in text for known in GONE)] == []
    page.close()


@pytest.fixture
def cluster():
    """A scheduler of dask's and two workers, each a process of its own, and their address."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    address = f"tcp://127.0.0.1:{port}"
    scheduler = ("dask_scheduler", "--host", "127.0.0.1", "--port", str(port))
    worker = ("dask_worker", address, "--nthreads", "1", "--no-nanny")
    commands = [[sys.executable, "-m", f"distributed.cli.{name}", *rest] for name, *rest in (scheduler, worker, worker)]
    quiet = {"stdout": subprocess.DEVNULL, "stderr": subprocess.DEVNULL, "cwd": ROOT}
    processes = [subprocess.Popen([*command, "--no-dashboard"], **quiet) for command in commands]
    yield address, processes
    for process in processes:
        process.kill()
        process.wait(20)


@pytest.mark.timed  # beside other work the loss of a scheduler is noticed too late
def test_a_curve_survives_its_workers_and_says_that_its_scheduler_is_gone(cluster, browser, tmp_path):
    address, (scheduler, worker, _) = cluster
    server = Server(tmp_path / "log", OPTIM_VIZ_SCHEDULER=address, OPTIM_VIZ_CACHE=str(tmp_path))
    server.start()
    page = browser.new_page()
    page.set_default_timeout(60_000)
    query = "view=network&rates=0.001~0.1&seed=7&seeds=9&o=sgd&n=17"
    page.goto(f"http://127.0.0.1:{server.port}/tune?{query}")
    going = page.get_by_text("s left")
    expect(going).to_be_visible()
    worker.kill()
    expect(page.locator(".js-plotly-plot .scatterlayer .trace").first).to_be_attached()  # the curve grows
    expect(going).to_be_visible()
    scheduler.kill()
    expect(page.get_by_text("trainings were done when the scheduler that ran them was lost")).to_be_visible()
    expect(page.get_by_text("Partial: ")).to_be_visible()
    assert "seed=7" in page.url and "seeds=9" in page.url
    page.get_by_role("button", name="Run again").click()
    expect(going).to_be_visible()  # here, in threads
    assert page.locator("[data-testid='stException']").count() == 0
    page.close()
    server.kill()
    jobs = [event for event in server.events() if event["event"] == "job"]
    assert [job["ended"] for job in jobs] == ["failed"]
