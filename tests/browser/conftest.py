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
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=[*FLAGS, "--disable-gpu-rasterization"])
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


class Tabs:
    """Pages of one browser context, used again when they are free.

    Most of the time of a fresh page goes into Streamlit's files and plotly.js; here they are in the cache.
    """

    def __init__(self, context):
        self._context, self._free = context, []

    def take(self):
        page = self._free.pop() if self._free else self._context.new_page()
        page.set_default_timeout(PATIENCE)
        return page

    def give_back(self, page):
        page.goto("about:blank")
        self._free.append(page)


@pytest.fixture(scope="session")
def tabs(browser):
    context = browser.new_context(permissions=["clipboard-read", "clipboard-write"])
    yield Tabs(context)
    context.close()


@contextlib.contextmanager
def opening(browser, tabs):
    """A function that opens an address, with the console's `complaints` beside it.

    Nothing moves unless it is asked for with reduced_motion="no-preference". What `options` a tab cannot change
    (offline, touch ...) gets a context of its own.
    """
    contexts, taken, complaints = [], [], []

    def note(message):
        own = message.type in ("error", "warning") and not any(text in message.text for text in NOT_OURS)
        if own:
            complaints.append(f"{message.type}: {message.text}")

    def fail(error):
        complaints.append(f"page error: {error}")

    def new_page(options):
        if not options:
            taken.append(tabs.take())
            return taken[-1]
        contexts.append(browser.new_context(**options))
        page = contexts[-1].new_page()
        page.set_default_timeout(PATIENCE)
        return page

    def open_(address, width=1400, height=900, color_scheme="light", reduced_motion="reduce", **options):
        page = new_page(options)
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
        page.mouse.move(0, 0)
        page.on("console", note)
        page.on("pageerror", fail)
        page.goto(address)
        return page

    open_.complaints = complaints
    yield open_
    for context in contexts:
        context.close()
    for page in taken:
        page.remove_listener("console", note)
        page.remove_listener("pageerror", fail)
        tabs.give_back(page)
    assert complaints == []


@pytest.fixture
def open_page(browser, tabs):
    """Open an address; at the end the console must have been silent."""
    with opening(browser, tabs) as open_:
        yield open_


@pytest.fixture(scope="module")
def open_once(browser, tabs):
    """The same for a page that a whole file's tests share."""
    with opening(browser, tabs) as open_:
        yield open_
