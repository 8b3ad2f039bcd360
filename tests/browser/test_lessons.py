"""Every lesson in a real browser: drawn and playing, measured, wide and on a phone; its way to Compare."""

import re
from urllib.parse import parse_qs, urlsplit

import pytest
from playwright.sync_api import expect

from optim_viz.experiments import files
from optim_viz.export.table import EXPORTS
from optim_viz.lessons import links, table
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import DescentSpec
from tests.browser.conftest import PHONE, WIDE, lead

PLAYER = ".ov-player[data-ready='true']"


@pytest.fixture(scope="module")
def wide(server, open_once):
    """One page for all lessons, and what its console complained about."""
    return open_once(server + "/lessons"), open_once.complaints


def drawn(page, row, run=1):
    """Wait until a lesson's picture is drawn; return the player."""
    name = links.shown(row)[run - 1].name
    player = page.locator(f"{PLAYER}[data-scene-key='lesson {row.slug} {name}']")
    player.wait_for()
    return player


def resized(page, size):
    page.set_viewport_size(dict(zip(("width", "height"), size, strict=True)))


def in_view(page, selector):
    """Wait until the whole of it is in a wide window that is not scrolled."""
    page.wait_for_function("s => document.querySelector(s).getBoundingClientRect().bottom <= 900", arg=selector)


def top(page, selector):
    return page.evaluate("s => document.querySelector(s).getBoundingClientRect().top", selector)


def final_losses(page):
    """What the player's table says at the last frame, without the knobs that a lesson's has not."""
    page.evaluate("document.querySelector('.ov-player').__ov.seek(1e6)")
    last = page.evaluate("document.querySelector('.ov-player input[type=range]').max")
    expect(page.locator(PLAYER)).to_have_attribute("data-frame", last)
    return page.locator(".ov-readout td").all_inner_texts()


def go_to(page, server, slug):
    """Open a lesson: by "Next" from the one before it, else by its link."""
    slugs = list(table.LESSONS)
    before = slugs[slugs.index(slug) - 1]
    if parse_qs(urlsplit(page.url).query).get("lesson", slugs[:1]) == [before] and slug != slugs[0]:
        page.get_by_role("button", name="Next", exact=True).click()
    else:
        page.goto(f"{server}/lessons?lesson={slug}")


def one_column(page):
    """Nothing is beside anything, nor beyond a phone's edge."""
    page.get_by_text("Formulas beside the code").wait_for()
    assert page.evaluate("[document.scrollingElement, document.querySelector('.stMain')].every("
                         "e => e.scrollWidth <= innerWidth)")  # fmt: skip
    places = [top(page, s) for s in (".st-key-lessons-text", ".st-key-lessons-picture", ".st-key-lessons-rest")]
    assert places == sorted(places)
    box = page.locator(".ov-player .js-plotly-plot").first.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0]


@pytest.mark.parametrize("slug", table.LESSONS)
def test_every_lesson_opens_on_a_phone_is_drawn_in_a_wide_window_and_measured(slug, server, wide):
    (page, complaints), row = wide, table.lesson(slug)
    resized(page, PHONE)
    go_to(page, server, slug)
    drawn(page, row)
    one_column(page)
    resized(page, WIDE)
    assert page.evaluate("document.querySelector('.ov-player').__ov.app.model.autoplay")
    fitted = isinstance(row.experiments[0].spec, DescentSpec) and row.experiments[0].spec.surface.data
    expect(page.locator(".ov-player section:not([hidden]) .js-plotly-plot")).to_have_count(3 if fitted else 2)
    expect(page.get_by_role("heading", name=row.claim)).to_be_visible()
    in_view(page, ".ov-bar")  # the question, too
    expect(page.get_by_text("The claim holds.")).to_have_count(0)
    page.get_by_role("button", name="Show me").click()
    expect(page.get_by_text("The claim holds.")).to_be_visible()
    expect(page.get_by_text("Measured too.")).to_be_visible()
    page.evaluate("document.querySelector('.stMain').scrollTo(0, 0)")
    in_view(page, ".st-key-lessons-text")  # all that is read, and the whole picture: no scrolling
    in_view(page, ".ov-bar")
    assert page.locator("[data-testid=stException], .ov-problem:not([hidden])").count() == 0
    assert complaints == []


#: What is painted of the runs, beside the background: pixels of the trails of every curve.
PAINTED = """() => [...document.querySelectorAll(".ov-panel[data-kind='curve'] canvas:first-of-type")]
    .map((one) => one.getContext("2d").getImageData(0, 0, one.width, one.height).data)
    .reduce((sum, pixels) => sum + pixels.filter((value, i) => i % 4 === 3 && value).length, 0)"""


def test_a_lesson_waits_for_a_guess_and_then_plays_where_motion_is_welcome(server, open_page):
    page = open_page(server + "/lessons?lesson=momentum&run=2", reduced_motion="no-preference")
    player = drawn(page, table.lesson("momentum"), 2)
    expect(player).to_have_attribute("data-playing", "false")
    expect(player).to_have_attribute("data-frame", "0")
    assert page.evaluate(PAINTED) == 0  # nor is anything to be seen of what comes
    page.locator(".st-key-lessons-guess").get_by_text("plain descent", exact=True).click()
    page.locator(f"{PLAYER}[data-playing='true']").wait_for()
    page.wait_for_function("document.querySelector('.ov-player').dataset.frame !== '0'")
    assert page.evaluate(PAINTED) > 0


def test_all_pictures_play_side_by_side_and_a_name_hides_its_runs_in_all_of_them(wide):
    page, _ = wide
    lead(page, "/lessons?lesson=momentum")
    page.get_by_text("side by side").click()
    page.locator(f"{PLAYER}[data-scene-key='lesson momentum together']").wait_for()
    expect(page).to_have_url(re.compile(r"\?lesson=momentum&run=all$"))
    page.locator(".st-key-lessons-guess").get_by_text("plain descent", exact=True).click()
    expect(page.locator(PLAYER)).to_have_attribute("data-frame", "400")  # where nothing is to move, the end is shown
    expect(page.locator(".ov-panel .js-plotly-plot")).to_have_count(4)
    expect(page.locator(".ov-table tbody tr")).to_have_count(8)
    in_view(page, ".ov-bar")
    page.locator(".ov-legend button", has_text="sgd").click()
    expect(page.locator(".ov-table tbody tr")).to_have_count(4)


def test_turning_pages_and_pictures_writes_the_link(wide):
    page, _ = wide
    lead(page, "/lessons?lesson=local-minima")
    drawn(page, table.lesson("local-minima"))
    page.get_by_role("button", name="Next", exact=True).click()
    row = table.lesson("momentum")
    drawn(page, row)
    expect(page).to_have_url(re.compile(r"\?lesson=momentum$"))
    page.go_back()
    drawn(page, table.lesson("local-minima"))
    page.go_forward()
    drawn(page, row)
    page.get_by_text(links.tab(row, 4)).click()
    drawn(page, row, 4)
    expect(page).to_have_url(re.compile(r"\?lesson=momentum&run=4$"))
    page.reload()
    drawn(page, row, 4)
    page.get_by_text("Answer").click()
    expect(page.get_by_text("A hundred times the gradient's own step")).to_be_visible()
    page.get_by_text(OPTIMIZERS["nesterov"].title, exact=True).click()
    expect(page.locator(".stCode")).to_contain_text("optimizer.zero_grad()")
    expect(page.locator(".st-key-lessons-rest .katex").first).to_be_visible()
    page.get_by_role("button", name="Back", exact=True).click()
    drawn(page, table.lesson("local-minima"))
    expect(page.get_by_text("A hundred times the gradient's own step")).to_have_count(0)


def test_open_in_compare_shows_the_lessons_final_losses(server, open_page):
    row = table.lesson("momentum")
    page = open_page(server + "/lessons?lesson=momentum")
    drawn(page, row)
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_label("The link to this experiment")).to_have_value(page.url)
    with page.expect_download() as started:
        page.get_by_role("button", name=EXPORTS["json"].title).click()
    experiment = links.shown(row)[0]
    assert started.value.suggested_filename == f"optim-viz-momentum-{experiment.name}.json"
    assert files.read(started.value.path().read_text()) == experiment.spec
    page.keyboard.press("Escape")
    here = final_losses(page)
    page.get_by_role("link", name="Open in Compare").click()
    expect(page).to_have_url(re.compile(r"o=momentum~lr~0\.02~momentum~0\.8"))
    page.locator(f"{PLAYER}:not([data-scene-key^='lesson'])").wait_for()
    assert final_losses(page) == here
    assert page.get_by_text("Part of this link could not be used.").count() == 0
