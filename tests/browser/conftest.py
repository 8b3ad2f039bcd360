"""A real browser and a freshly started server."""

import contextlib
import os
import shutil

import pytest
from playwright.sync_api import expect, sync_playwright

from benchmarks.browsing import FLAGS, ROOT, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
#: Console messages that are not ours: Streamlit, on a deep link, looks for its server below the page's address first;
#: software rendering is slow and says so; the tests themselves read canvases back.
NOT_OURS = ("/_stcore/", "status of 404", "GL Driver Message", "willReadFrequently")
#: Milliseconds that anything may take on a slow machine.
PATIENCE = 90_000
expect.set_options(timeout=PATIENCE)


@pytest.fixture(scope="session")
def browser():
    if CHROMIUM is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs a browser: apt-get install chromium")
        pytest.skip("no browser found: install one with `apt-get install chromium` (or Google Chrome)")
    with sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=FLAGS)
        yield browser
        browser.close()


def serve():
    """Start the app as a user would, on a free port; yield its address."""
    return served(ROOT / "app.py")


@pytest.fixture
def fresh_server():
    with serve() as address:
        yield address


@pytest.fixture(scope="session")
def server():
    with serve() as address:
        yield address


@contextlib.contextmanager
def opening(browser):
    """A function that opens an address in a context of its own, with the console's `complaints` beside it."""
    contexts, complaints = [], []

    def note(message):
        own = message.type in ("error", "warning") and not any(text in message.text for text in NOT_OURS)
        if own:
            complaints.append(f"{message.type}: {message.text}")

    def open_(address, width=1400, height=900, **options):
        context = browser.new_context(viewport={"width": width, "height": height}, **options)
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(PATIENCE)
        page.on("console", note)
        page.on("pageerror", lambda error: complaints.append(f"page error: {error}"))
        page.goto(address)
        return page

    open_.complaints = complaints
    yield open_
    for context in contexts:
        context.close()
    assert complaints == []


@pytest.fixture
def open_page(browser):
    """Open an address in a context of its own; at the end the console must have been silent."""
    with opening(browser) as open_:
        yield open_


@pytest.fixture(scope="module")
def open_once(browser):
    """The same for a page that a whole file's tests share."""
    with opening(browser) as open_:
        yield open_
