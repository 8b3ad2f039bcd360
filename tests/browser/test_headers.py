"""The app under the headers that the proxy sets: drawn in 2-D and 3-D, recorded and exported, and nothing complains."""

import re

from playwright.sync_api import expect

from tests.browser.conftest import headed
from tests.proxy import HEADERS

READY = ".ov-player[data-ready='true']"


def test_nothing_that_a_page_does_is_against_its_headers(server, open_page):
    page = open_page("about:blank")
    with headed(page, server, HEADERS):
        page.goto(f"{server}/?f=himmelblau&steps=20&o=adam~lr~0.2")
        page.locator(READY).wait_for()
        sent = page.evaluate("fetch(location.href).then((answer) => answer.headers.get('x-content-type-options'))")
        assert sent == "nosniff"
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
        page.get_by_role("button", name="Share").click()
        expect(page.get_by_text("Web page that plays anywhere")).to_be_visible()
