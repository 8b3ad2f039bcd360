"""A real browser and a freshly started server."""

import base64
import contextlib
import os
import re
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from benchmarks.browsing import FLAGS, ROOT, served

CHROMIUM = shutil.which("chromium") or shutil.which("chromium-browser") or shutil.which("google-chrome")
#: Console messages that are not ours: Streamlit, on a deep link, looks for its server below the page's address first;
#: software rendering is slow and says so; the tests themselves read canvases back.
NOT_OURS = ("/_stcore/", "status of 404", "GL Driver Message", "willReadFrequently")
WIDE, PHONE = (1400, 900), (390, 844)
#: Headers that a body has no more once it was read.
OF_TRANSPORT = ("content-encoding", "content-length", "transfer-encoding")
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


@pytest.fixture(scope="session")
def server():
    """Start the app as a user would, on a free port; yield its address."""
    with served(ROOT / "app.py") as address:
        yield address


class Tabs:
    """Pages that are used again when they are free, a browser context for each set of options.

    Most of the time of a fresh page goes into Streamlit's files and plotly.js; here they are in the cache.
    """

    def __init__(self, browser):
        self._browser, self._contexts, self._free = browser, {}, {}

    def take(self, options):
        kind = tuple(sorted(options.items()))
        if kind not in self._contexts:
            self._contexts[kind] = self._browser.new_context(
                permissions=["clipboard-read", "clipboard-write", "local-network-access"], **options
            )
            self._free[kind] = []
        page = self._free[kind].pop() if self._free[kind] else self._contexts[kind].new_page()
        page.set_default_timeout(PATIENCE)
        return page, kind

    def give_back(self, page, kind):
        page.goto("about:blank")
        self._free[kind].append(page)


@pytest.fixture(scope="session")
def tabs(browser):
    return Tabs(browser)


@contextlib.contextmanager
def opening(tabs):
    """A function that opens an address, with the console's `complaints` beside it.

    Nothing moves unless it is asked for with reduced_motion="no-preference". `options` are the context's
    (offline, touch ...).
    """
    taken, complaints = [], []

    def note(message):
        own = message.type in ("error", "warning") and not any(text in message.text for text in NOT_OURS)
        if own:
            complaints.append(f"{message.type}: {message.text}")

    def fail(error):
        complaints.append(f"page error: {error}")

    def open_(address, width=1400, height=900, color_scheme="light", reduced_motion="reduce", **options):
        page, kind = tabs.take(options)
        taken.append((page, kind))
        page.set_viewport_size({"width": width, "height": height})
        page.emulate_media(color_scheme=color_scheme, reduced_motion=reduced_motion)
        page.mouse.move(0, 0)
        page.on("console", note)
        page.on("pageerror", fail)
        page.goto(address)
        return page

    open_.complaints = complaints
    yield open_
    for page, kind in taken:
        page.remove_listener("console", note)
        page.remove_listener("pageerror", fail)
        tabs.give_back(page, kind)
    assert complaints == []


@contextlib.contextmanager
def headed(page, server, headers):
    """Have the server's pages that have a query come under these headers, too.

    `page.route` would do without the browser's cache: every script would be fetched and compiled anew.
    """
    session = page.context.new_cdp_session(page)

    def answer(event):
        asked = {"requestId": event["requestId"]}
        body = session.send("Fetch.getResponseBody", asked)
        content = body["body"] if body["base64Encoded"] else base64.b64encode(body["body"].encode()).decode()
        given = {one["name"].lower(): one["value"] for one in event["responseHeaders"]} | headers
        rows = [{"name": name, "value": value} for name, value in given.items() if name not in OF_TRANSPORT]
        told = {"responseCode": event["responseStatusCode"], "responseHeaders": rows, "body": content}
        session.send("Fetch.fulfillRequest", asked | told)  # only a whole answer's policy is read again

    session.on("Fetch.requestPaused", answer)
    queried = [{"urlPattern": f"{server}/*\\?*", "requestStage": "Response"}]
    session.send("Fetch.enable", {"patterns": queried})
    try:
        yield
    finally:
        session.detach()


def landscape_and_film(page):
    """Turn a page's plane into a landscape and back, and film the run: what asks most of a page's policy."""
    page.get_by_role("button", name="3-D").click()
    # A function, because a text that is polled would be eval, which the headers forbid.
    page.wait_for_function(
        "() => [...document.querySelectorAll('.js-plotly-plot')].some((p) => p._fullLayout?.scene?._scene?.glplot)"
    )
    page.get_by_role("button", name="2-D").click()  # without a GPU every frame of a landscape takes its time
    page.get_by_label("Playing speed").select_option("8")
    page.get_by_role("button", name=re.compile("^Record")).click()
    with page.expect_download() as film:
        pass
    assert film.value.suggested_filename.startswith("optim-viz")


def axe_findings(page):
    """What axe-core finds on a page, light and wide, dark and on a phone, but for what it calls minor.

    Colours do not depend on the width, nor places and sizes on the colours.
    """
    told = []
    for scheme, (width, height) in (("light", WIDE), ("dark", PHONE)):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.set_viewport_size({"width": width, "height": height})
        for wait in (300, 2000, 5000):  # colours that fade into each other are measured half-way
            page.wait_for_timeout(wait)
            found = _axe(page)
            if not found:
                break
        told += [(scheme, width, *one) for one in found]
    return told


def _axe(page):
    return [
        (one["id"], node["html"][:200])
        for one in Axe().run(page).response["violations"]
        for node in one["nodes"]
        if one["impact"] != "minor"
    ]


@pytest.fixture
def open_page(tabs):
    """Open an address; at the end the console must have been silent."""
    with opening(tabs) as open_:
        yield open_


@pytest.fixture(scope="module")
def open_once(tabs):
    """The same for a page that a whole file's tests share."""
    with opening(tabs) as open_:
        yield open_


@pytest.fixture
def saved(browser, tmp_path):
    """Open a file from disk in a browser without a network; whatever it asks for elsewhere fails the test."""
    context, asked = browser.new_context(viewport={"width": 1200, "height": 900}, offline=True), []

    def open_(content):
        path = tmp_path / "page.html"
        path.write_bytes(content)
        page = context.new_page()
        page.on("request", lambda request: asked.append(request.url))
        page.on("pageerror", lambda error: asked.append(str(error)))
        page.goto(path.as_uri())
        return page

    yield open_
    context.close()
    assert [url for url in asked if not url.startswith(("file:", "data:", "blob:"))] == []
