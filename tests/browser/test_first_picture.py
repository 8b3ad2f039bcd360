"""The picture of a link that the server knows stands before the page does, and the page takes it over as it is."""

import base64

import pytest

from tests.browser.conftest import between
from tests.browser.test_live import LINK, expected, knob, wait_for

READY = ".ov-player[data-ready='true']"
EARLY = ".ov-early .ov-player[data-ready='early']"


#: What the player's colours and letters are made of; Streamlit writes colours in capitals.
COLOURS = """() => {
    const style = getComputedStyle(document.querySelector(".ov-player"));
    return ["text-color", "background-color", "secondary-background-color", "primary-color", "border-color", "font"]
        .map((name) => style.getPropertyValue(`--st-${name}`).trim().toLowerCase());
}"""


#: Has the player draw everything anew, and takes it away before that is done.
GONE = """() => {
    const player = document.querySelector(".ov-player").__ov, { app } = player;
    app.showModel({ ...app.model, key: "another" });
    player.destroy();
}"""


def looks(page):
    """How the player looks on a dark page and on a light one."""
    found = []
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme)
        page.locator(f".ov-player[data-theme={scheme}]").wait_for()
        found.append(page.evaluate(COLOURS))
    return found


@pytest.fixture(scope="module")
def opened(server, open_once):
    """A page that has opened the link, so that the server knows its picture."""
    page = open_once(server + LINK)
    page.locator(READY).wait_for()
    page.wait_for_function("!document.querySelector('.stApp[data-test-script-state=running]')")
    return page, page.url


def test_it_stands_and_computes_without_streamlit_and_is_taken_over(opened):
    page, link = opened
    with between(page, "*/_stcore/health*", lambda send, event: None):  # Streamlit waits for an answer
        page.goto(link)
        page.locator(EARLY).wait_for()
        assert page.locator("[data-testid=stSidebar]").count() == 0
        where, look = page.locator(".ov-player").bounding_box(), looks(page)
        page.evaluate("window.__early = document.querySelector('.ov-player').__ov")
        knob(page, "sgd", "lr").focus()
        page.keyboard.type("0.01")
        page.keyboard.press("Enter")
        wait_for(page, expected(sgd=0.01))
        page.keyboard.press("Enter")
        page.keyboard.type("0.0")
    page.locator(READY).wait_for()
    assert page.locator(".ov-early").count() == 0
    assert page.evaluate("window.__early === document.querySelector('.ov-player').__ov")
    assert page.locator(".ov-player").bounding_box() == pytest.approx(where, abs=1)
    page.wait_for_url(lambda url: "sgd~lr~0.01" in url)
    page.keyboard.type("2")  # the hand goes on where it was
    page.keyboard.press("Enter")
    wait_for(page, expected(sgd=0.02))
    page.wait_for_url(lambda url: "sgd~lr~0.02" in url)
    assert looks(page) == look


def test_where_it_cannot_be_had_the_page_shows_its_own(opened):
    page, link = opened
    body = base64.b64encode(b"no JSON").decode()
    asked = []

    def no_picture(send, event):
        asked.append(event["request"]["url"])
        send("Fetch.fulfillRequest", {"requestId": event["requestId"], "responseCode": 200, "body": body})

    with between(page, "*/picture-*.json", no_picture):
        page.goto(link)
        page.locator(READY).wait_for()
        assert len(asked) == 1 and page.locator(".ov-early").count() == 0
        page.evaluate(GONE)  # one that goes while it is drawn complains of nothing
        page.wait_for_timeout(500)
