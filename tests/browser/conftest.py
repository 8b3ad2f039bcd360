"""A real browser and a freshly started server."""

import base64
import collections
import contextlib
import os
import re
import shutil

import pytest
from axe_playwright_python.sync_playwright import Axe
from playwright.sync_api import expect, sync_playwright

from benchmarks.browsing import FLAGS, ROOT, served

#: The same browser without what only a window needs comes first: tests of pages cost a processor less with it.
BROWSERS = ("chromium-headless-shell", "chromium", "chromium-browser", "google-chrome")
CHROMIUM = next(filter(None, map(shutil.which, BROWSERS)), None)
#: Console messages that are not ours: Streamlit, on a deep link, looks for its server below the page's address first;
#: software rendering is slow and says so; the tests themselves read canvases back.
NOT_OURS = ("/_stcore/", "status of 404", "GL Driver Message", "willReadFrequently")
WIDE, PHONE = (1400, 900), (390, 844)
#: Headers that a body has no more once it was read.
OF_TRANSPORT = ("content-encoding", "content-length", "transfer-encoding")
#: What Chromium leaves out. The menus of an address bar that nobody sees are two pages for each context; the others
#: are those of Playwright's own list that matter here, because a second list replaces the first.
LEFT_OUT = (
    "WebUIOmniboxPopup", "WebUIOmniboxAimPopup",
    "AvoidUnnecessaryBeforeUnloadCheckSync", "DestroyProfileOnBrowserClose", "HttpsUpgrades", "LensOverlay",
    "HttpsFirstBalancedModeAutoEnable", "MediaRouter", "PaintHolding", "ThirdPartyStoragePartitioning",
    "AvoidCorsURLLoaderRestartOnRedirect", "OptimizationHints", "NetworkTimeServiceQuerying", "AimEnabled",
    "PreconnectToSearch",
)  # fmt: skip
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
        flags = [*FLAGS, "--disable-gpu-rasterization", f"--disable-features={','.join(LEFT_OUT)}"]
        browser = playwright.chromium.launch(executable_path=CHROMIUM, args=flags)
        yield browser
        browser.close()


@pytest.fixture(scope="session")
def server():
    """Start the app as a user would, on a free port; yield its address."""
    with served(ROOT / "app.py") as address:
        yield address


class Tabs:
    """Pages that are used again when they are free, a browser context for each set of options.

    Most of the time of a fresh page goes into Streamlit's files and plotly.js; here they are in the cache. Each
    context has one of its own: a phone is a page of the same context, and stays a phone.
    """

    def __init__(self, browser):
        self._browser, self._contexts, self._free = browser, {}, collections.defaultdict(list)

    def take(self, options, phone=False):
        kind = (phone, *sorted(options.items()))
        if self._free[kind]:
            return self._free[kind].pop(), kind
        if kind[1:] not in self._contexts:
            self._contexts[kind[1:]] = self._browser.new_context(
                permissions=["clipboard-read", "clipboard-write", "local-network-access"], **options
            )
        page = self._contexts[kind[1:]].new_page()
        page.set_default_timeout(PATIENCE)
        if phone:
            as_phone(page)
        return page, kind

    def give_back(self, page, kind):
        page.goto("about:blank")
        self._free[kind].append(page)


@pytest.fixture(scope="session")
def tabs(browser):
    return Tabs(browser)


def as_phone(page):
    """Make a page a phone's, with a finger: what Playwright's is_mobile and has_touch make of a whole context."""
    page.set_viewport_size(dict(zip(("width", "height"), PHONE, strict=True)))
    screen = {"width": PHONE[0], "height": PHONE[1], "screenWidth": PHONE[0], "screenHeight": PHONE[1]}
    session = page.context.new_cdp_session(page)
    upright = {"screenOrientation": {"angle": 0, "type": "portraitPrimary"}}
    session.send("Emulation.setDeviceMetricsOverride", {**screen, **upright, "deviceScaleFactor": 1, "mobile": True})
    session.send("Emulation.setTouchEmulationEnabled", {"enabled": True})


@contextlib.contextmanager
def opening(tabs):
    """A function that opens an address, with the console's `complaints` beside it.

    Nothing moves unless it is asked for with reduced_motion="no-preference". A `phone` is one with a finger, of
    PHONE's size. `options` are the context's (offline ...).
    """
    taken, complaints = [], []

    def note(message):
        own = message.type in ("error", "warning") and not any(text in message.text for text in NOT_OURS)
        if own:
            complaints.append(f"{message.type}: {message.text}")

    def fail(error):
        complaints.append(f"page error: {error}")

    def open_(address, width=1400, height=900, color_scheme="light", reduced_motion="reduce", phone=False, **options):
        page, kind = tabs.take(options, phone)
        taken.append((page, kind))
        if not phone:
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


#: Leads a page of the app to another link, as its own links do; answers once the page that is asked for has been run.
#: What the page says of itself may not tell: a short run begins and ends within one drawing. So the server is heard.
LEAD = """(link) => new Promise((done, fail) => {
    const { send } = WebSocket.prototype, FINISHED = 6;  // a field of Streamlit's ForwardMsg; 0 is success
    const succeeds = (bytes, at = 0) => {
        const number = () => {
            let value = 0, unit = 1, byte;
            do { byte = bytes[at++]; value += (byte & 127) * unit; unit *= 128; } while (byte > 127);
            return value;
        };
        while (at < bytes.length) {
            const tag = number(), size = number();
            if (tag === 8 * FINISHED) return size === 0;
            if (tag % 8 === 2) at += size;
        }
        return false;
    };
    function hear({ data }) {
        if (!succeeds(new Uint8Array(data))) return;
        this.removeEventListener("message", hear);
        setTimeout(() => requestAnimationFrame(() => setTimeout(done)), 50);
    }
    WebSocket.prototype.send = function (data) {
        WebSocket.prototype.send = send;
        this.addEventListener("message", hear);
        return send.call(this, data);
    };
    setTimeout(() => fail(new Error(`${link} was not run`)), 60000);
    history.pushState({}, "", link);
    dispatchEvent(new PopStateEvent("popstate"));
})"""
#: Whether a page has been run to its end: Streamlit calls one that was never run at rest, too.
AT_REST = """() => document.querySelector(".stApp")?.dataset.testScriptState === "notRunning"
    && document.querySelector(".stApp [data-testid=stElementContainer]")"""


def lead(page, link):
    """Lead a standing page of the app to another link, which takes a third of what opening it takes.

    A page that still runs would take the link's query for its own; one that was never run would not hear of it.
    """
    page.wait_for_function(AT_REST, polling=100)
    page.evaluate(LEAD, link)
    page.wait_for_function(AT_REST, polling=100)


@contextlib.contextmanager
def between(page, addresses, answer, stage="Request"):
    """Have `answer(send, event)` decide on what a page asks for under such addresses; what waits at the end goes on.

    `page.route` would do without the browser's cache: every script would be fetched and compiled anew.
    """
    session = page.context.new_cdp_session(page)
    session.on("Fetch.requestPaused", lambda event: answer(session.send, event))
    session.send("Fetch.enable", {"patterns": [{"urlPattern": addresses, "requestStage": stage}]})
    try:
        yield
    finally:
        session.detach()


def headed(page, server, headers):
    """Have the server's pages that have a query come under these headers, too."""

    def answer(send, event):
        asked = {"requestId": event["requestId"]}
        body = send("Fetch.getResponseBody", asked)
        content = body["body"] if body["base64Encoded"] else base64.b64encode(body["body"].encode()).decode()
        given = {one["name"].lower(): one["value"] for one in event["responseHeaders"]} | headers
        rows = [{"name": name, "value": value} for name, value in given.items() if name not in OF_TRANSPORT]
        told = {"responseCode": event["responseStatusCode"], "responseHeaders": rows, "body": content}
        send("Fetch.fulfillRequest", asked | told)  # only a whole answer's policy is read again

    return between(page, f"{server}/*\\?*", answer, "Response")


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
    # Of what it does not find wrong it would tell of every node: a megabyte, and half of its time.
    found = Axe().run(page, options={"resultTypes": ["violations"]}).response["violations"]
    return [(one["id"], node["html"][:200]) for one in found for node in one["nodes"] if one["impact"] != "minor"]


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


@pytest.fixture(scope="module")
def led(server, open_once):
    """One page of the app for all links of a file: the first is opened, and the page is led to the others."""
    pages = []

    def open_(link):
        if not pages:
            pages.append(open_once(server + link))
            return pages[0]
        (page,) = pages
        page.bring_to_front()
        page.set_viewport_size(dict(zip(("width", "height"), WIDE, strict=True)))
        page.emulate_media(color_scheme="light", reduced_motion="reduce")
        page.mouse.move(0, 0)
        lead(page, link)
        return page

    return open_


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
