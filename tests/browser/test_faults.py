"""A deep link to a page on a cold server, which is then killed: the page connects again and goes on from its link."""

from playwright.sync_api import expect

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
