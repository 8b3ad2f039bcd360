"""What is turned by hand in the player: the picture follows at once, the page at rest, and nothing is lost."""

import re

import numpy as np
import pytest
from playwright.sync_api import expect

import optim_viz as ov
from optim_viz.export.table import save

PLAYER = ".ov-player[data-ready='true']"
LINK = "/?f=himmelblau&steps=60&o=sgd~lr~0.005&o=momentum~lr~0.002&o=adam~lr~0.2"
KINDS = {"sgd": 0.005, "momentum": 0.002, "adam": 0.2}


def finals(page):
    """The last losses that the player holds, by track."""
    return page.evaluate(
        """() => Object.fromEntries(document.querySelector('.ov-player').__ov.app.model.tracks
            .map((track) => [track.id, track.columns.loss.at(-1)]))"""
    )


def expected(start=None, steps=60, **rates):
    runs = ov.descend("himmelblau", [ov.optimizer(k, lr=v) for k, v in (KINDS | rates).items()], start, steps)
    return {run.label: run.final_loss for run in runs}


def wait_for(page, wanted):
    """Until the player holds these losses: the browser's floats, or Python's as they are sent."""
    for _ in range(100):
        if all(np.isclose(finals(page)[label], loss, rtol=1e-6) for label, loss in wanted.items()):
            return
        page.wait_for_timeout(100)
    assert finals(page) == pytest.approx(wanted, rel=1e-6)


def knob(page, track, name):
    return page.locator(f".ov-table tr[data-track='{track}'] [data-knob={name}]")


def requests_for_runs(page):
    """Whether the server has been asked since: frames that the page sends over its socket."""
    page.evaluate(
        """() => { const send = WebSocket.prototype.send; window.__sent = 0;
            WebSocket.prototype.send = function (data) { window.__sent += 1; return send.call(this, data); }; }"""
    )


@pytest.fixture
def page(led):
    page = led(LINK)
    page.locator(PLAYER).wait_for()
    wait_for(page, expected())
    return page


def test_a_drag_is_followed_at_once_and_told_once_at_rest(page):
    requests_for_runs(page)
    box = knob(page, "sgd", "lr").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    for i in range(1, 10):
        page.mouse.move(x + 2 * i, y)
    page.wait_for_timeout(600)  # longer than a rest: the hand still holds it
    turned = float(knob(page, "sgd", "lr").get_attribute("aria-valuenow"))
    assert turned > 0.005 and page.evaluate("window.__sent") == 0
    wait_for(page, expected(sgd=turned))
    page.mouse.up()
    expect(page).to_have_url(re.compile(f"o=sgd~lr~{turned}".replace(".", r"\.")))
    assert page.evaluate("window.__sent") == 1
    wait_for(page, expected(sgd=turned))
    page.reload()
    page.locator(PLAYER).wait_for()
    wait_for(page, expected(sgd=turned))


def test_keys_and_typing_and_what_is_no_number(page):
    knob(page, "adam", "lr").focus()
    page.keyboard.press("ArrowUp")
    wait_for(page, expected(adam=0.224))
    page.keyboard.type("0.3")
    page.keyboard.press("Enter")
    wait_for(page, expected(adam=0.3))
    expect(page).to_have_url(re.compile(r"adam~lr~0\.3"))
    for typed in ("-1", "many"):
        page.keyboard.press("Enter")
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        expect(page.locator(".ov-complaint")).to_contain_text(
            f'lr must be a number above 0 and at most 1,000,000. "{typed}" is none.'
        )
    wait_for(page, expected(adam=0.3))
    knob(page, "sgd", "lr").press("ArrowUp")  # another number that is turned ends it
    expect(page.locator(".ov-complaint")).to_be_hidden()
    expect(page).to_have_url(re.compile(r"sgd~lr~0\.00561"))  # told, before the page is led on


def test_back_and_undo(page):
    knob(page, "adam", "lr").focus()
    page.keyboard.type("0.3")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"adam~lr~0\.3"))
    page.keyboard.type("0.4")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile(r"adam~lr~0\.4"))
    page.keyboard.press("Control+z")
    expect(page).to_have_url(re.compile(r"adam~lr~0\.3"))
    wait_for(page, expected(adam=0.3))
    page.go_back()
    expect(page).to_have_url(re.compile(r"adam~lr~0\.4"))
    wait_for(page, expected(adam=0.4))


def test_the_start_is_dragged_over_the_plane(page):
    spot = page.evaluate("document.querySelector('.ov-player').__ov.pixelOf('plane', 'sgd', 0)")
    page.mouse.move(spot["x"], spot["y"])
    page.mouse.down()
    page.mouse.move(spot["x"] + 40, spot["y"] + 30, steps=5)
    start = page.evaluate("document.querySelector('.ov-player').__ov.app.live.values().start")
    wait_for(page, expected(tuple(start)))
    page.mouse.up()
    expect(page).to_have_url(re.compile("start="))
    wait_for(page, expected(tuple(start)))


def last_row(page, track):
    """The numbers of the table's row: loss, |g|, step |Δ|, lr."""
    told = page.locator(f".ov-table tr[data-track='{track}'] .ov-number").all_inner_texts()
    return [float(text.replace("\u2212", "-")) for text in told]


def test_a_run_that_has_come_to_rest_is_told_to_its_last_digits(led):
    page = led("/?f=x^2%2By^2&start=1~1&steps=100&o=sgd~lr~0.4")
    page.locator(PLAYER).wait_for()
    for lr in (0.4, 0.41):
        if lr != 0.4:
            knob(page, "sgd", "lr").focus()
            page.keyboard.type(str(lr))
            page.keyboard.press("Enter")
            expect(page).to_have_url(re.compile("lr~0.41"))
        run = ov.descend("x^2+y^2", [ov.optimizer("sgd", lr=lr)], (1, 1), 100)["sgd"]
        assert run.final_loss < 1e-100  # float32, as numbers are sent, would say 0
        step = np.hypot(*(run.points[-1] - run.points[-2]))
        for _ in range(100):
            told = last_row(page, "sgd")
            if np.allclose(told, [run.final_loss, np.hypot(*run.gradients[-1]), step, lr], rtol=5e-3, atol=0):
                break
            page.wait_for_timeout(100)
        assert told == pytest.approx([run.final_loss, np.hypot(*run.gradients[-1]), step, lr], rel=5e-3, abs=0)


def contours(page):
    """The last contour that Plotly has drawn, in its own numbers."""
    return page.evaluate("document.querySelector('[data-kind=plane] .ov-gd').data[0].contours.end")


def test_the_contours_follow_a_letter_until_python_draws_them(led):
    page = led("/?f=a*x^2%2By^2&a=1&steps=30&o=sgd~lr~0.01")
    page.locator(PLAYER).wait_for()
    runs = ov.descend(ov.surface("a*x^2+y^2", a=1), [ov.optimizer("sgd", lr=0.01)], steps=30)
    wait_for(page, {"sgd": runs["sgd"].final_loss})
    before, passing = contours(page), page.locator(".ov-passing")
    letter = page.locator(".ov-shared [data-knob=a]")
    letter.scroll_into_view_if_needed()
    box = letter.bounding_box()
    page.mouse.move(box["x"] + 10, box["y"] + 5)
    page.mouse.down()
    page.mouse.move(box["x"] + 60, box["y"] + 5, steps=3)
    expect(passing).to_be_visible()
    seen = passing.evaluate("(canvas) => canvas.toDataURL()")
    page.mouse.move(box["x"] + 110, box["y"] + 5, steps=3)
    page.wait_for_function("(seen) => document.querySelector('.ov-passing').toDataURL() !== seen", arg=seen)
    assert contours(page) == before
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"[&?]a=[5-9]\."))
    expect(passing).to_be_hidden()
    assert contours(page) > before


def test_on_an_exported_page_the_contours_are_drawn_where_a_letter_rests(tmp_path, open_page):
    path = tmp_path / "bowl.html"
    save(ov.descend(ov.surface("a*x^2 + y^2", a=1), [ov.optimizer("sgd", lr=0.01)], steps=30), str(path))
    page = open_page(path.as_uri(), offline=True)
    page.locator(PLAYER).wait_for()
    before, passing = contours(page), page.locator(".ov-passing")
    page.locator(".ov-shared [data-knob=a]").press("PageUp")
    expect(passing).to_be_visible()
    expect(passing).to_be_hidden()
    assert contours(page) > before


def test_the_steps_and_a_run_that_only_the_server_can_make(led):
    page = led("/?f=himmelblau&steps=20&o=adam~lr~0.2&o=lbfgs~lr~0.1")
    page.locator(PLAYER).wait_for()
    expect(page.locator("tr[data-track=lbfgs]")).to_contain_text("follows when you let go")
    page.locator(".ov-shared [data-knob=steps]").focus()
    page.keyboard.type("30")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("steps=30"))
    runs = ov.descend("himmelblau", [ov.optimizer("adam", lr=0.2), ov.optimizer("lbfgs", lr=0.1)], steps=30)
    wait_for(page, {run.label: run.final_loss for run in runs})


def test_a_finger_turns_a_knob_on_a_phone(server, open_page):
    page = open_page(server + LINK, phone=True)
    page.locator(PLAYER).wait_for()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    dial = knob(page, "adam", "lr")
    dial.scroll_into_view_if_needed()
    box = dial.bounding_box()
    assert box["height"] >= 24 and box["x"] + box["width"] <= 390
    session = page.context.new_cdp_session(page)
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    for kind, dx in (("touchStart", 0), ("touchMove", 8), ("touchMove", 20), ("touchEnd", None)):
        points = [] if dx is None else [{"x": x + dx, "y": y}]
        session.send("Input.dispatchTouchEvent", {"type": kind, "touchPoints": points})
    turned = float(dial.get_attribute("aria-valuenow"))
    assert turned > 0.2
    wait_for(page, expected(adam=turned))


def test_an_exported_page_computes_from_disk_without_a_network(tmp_path, open_page):
    runs = ov.descend("himmelblau", [ov.optimizer(kind, lr=lr) for kind, lr in KINDS.items()], steps=60)
    path = tmp_path / "race.html"
    save(runs, str(path))
    page = open_page(path.as_uri(), offline=True)
    page.locator(PLAYER).wait_for()
    wait_for(page, expected())
    knob(page, "momentum", "momentum").focus()
    page.keyboard.type("0.5")
    page.keyboard.press("Enter")
    changed = ov.descend(
        "himmelblau", [ov.optimizer("sgd", lr=0.005), ov.optimizer("momentum", lr=0.002, momentum=0.5)], steps=60
    )
    wait_for(page, {run.label: run.final_loss for run in changed})
