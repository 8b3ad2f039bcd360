"""By keyboard, by touch, and by whoever needs contrast: axe-core on every page, a way past the controls, targets."""

import pytest
from playwright.sync_api import expect

from tests.browser.conftest import PHONE, axe_findings

PLAYER = ".ov-player[data-ready='true']"
#: A page -> its link, and what is there once it is drawn.
PAGES = {
    "compare": ("/?f=himmelblau&steps=60&o=sgd~lr~0.005&o=adam~lr~0.2", PLAYER),
    "network": ("/network?epochs=1&batch=256&hidden=16&seed=11&o=adam", f"{PLAYER}:has([data-panel=plane])"),
    "tune": ("/tune?view=map&n=16", ".stPlotlyChart .main-svg"),
    "stress": ("/stress", ".stPlotlyChart .main-svg"),
    "lessons": ("/lessons", PLAYER),
    "regression": ("/?f=logistic_regression&steps=60&o=sgd~lr~0.5&o=adam~lr~0.2", PLAYER),
}
TARGET = 44  # px, the least height and width of what a finger presses
SMALL = f"""() => [...document.querySelectorAll(".ov-player :is(button, select, summary, .ov-knob, input[type=range])")]
    .filter((one) => one.offsetParent)
    .filter((one) => one.offsetHeight < {TARGET} || one.offsetWidth < {TARGET}).map((one) => one.outerHTML)"""


@pytest.mark.parametrize("name", PAGES)
def test_axe_finds_nothing_serious_or_moderate(led, name):
    link, drawn = PAGES[name]
    page = led(link)
    page.locator(drawn).first.wait_for()
    expect(page.locator("[data-testid=stApp]")).to_have_attribute("data-test-script-state", "notRunning")
    assert axe_findings(page) == []


def test_the_first_tab_stop_leads_past_the_controls_to_the_picture(server, open_page):
    page = open_page(server + PAGES["compare"][0])
    page.locator(PLAYER).wait_for()
    page.keyboard.press("Tab")
    expect(page.get_by_role("link", name="Skip to the picture")).to_be_focused()
    expect(page.get_by_role("link", name="Skip to the picture")).to_be_in_viewport()
    page.keyboard.press("Enter")
    expect(page.locator(PLAYER)).to_be_focused()
    page.keyboard.press("Home")
    expect(page.locator(PLAYER)).to_have_attribute("data-frame", "0")
    page.get_by_role("link", name="Stress").click()
    expect(page.locator(".ov-skip")).to_have_count(0)  # on a page that has none


def test_what_a_finger_presses_is_large_enough_and_nothing_is_wider_than_a_phone(server, open_page):
    page = open_page(server + PAGES["compare"][0], phone=True)
    page.locator(PLAYER).wait_for()
    assert page.evaluate(SMALL) == []
    assert page.evaluate("document.documentElement.scrollWidth") <= PHONE[0]
    bar = page.locator(".ov-bar").evaluate(
        "(bar) => [...bar.children].map((one) => one.getBoundingClientRect().toJSON())"
    )
    for i, one in enumerate(bar):  # none lies over another
        for two in bar[i + 1 :]:
            apart = one["right"] <= two["left"] + 1 or two["right"] <= one["left"] + 1
            assert apart or one["bottom"] <= two["top"] + 1 or two["bottom"] <= one["top"] + 1


def test_at_200_percent_the_picture_is_in_the_first_view(server, open_page):
    page = open_page(server + PAGES["compare"][0], 700, 450)
    page.locator(PLAYER).wait_for()
    top = page.locator(".ov-panel .ov-plot").first.bounding_box()["y"]
    assert page.locator(".ov-bar").bounding_box()["y"] - top >= 120
