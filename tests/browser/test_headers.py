"""The app under the headers that the proxy sets: drawn in 2-D and 3-D, recorded and exported, and nothing complains."""

from playwright.sync_api import expect

from tests.browser.conftest import headed, landscape_and_film
from tests.proxy import HEADERS

READY = ".ov-player[data-ready='true']"


def test_nothing_that_a_page_does_is_against_its_headers(server, open_page):
    page = open_page("about:blank")
    with headed(page, server, HEADERS):
        page.goto(f"{server}/?f=himmelblau&steps=20&o=adam~lr~0.2")
        page.locator(READY).wait_for()
        sent = page.evaluate("fetch(location.href).then((answer) => answer.headers.get('x-content-type-options'))")
        assert sent == "nosniff"
        landscape_and_film(page)
        page.get_by_role("button", name="Share").click()
        expect(page.get_by_text("Web page that plays anywhere")).to_be_visible()
