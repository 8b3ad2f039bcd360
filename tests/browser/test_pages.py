"""Each page in a real browser, from a deep link: drawn, played to the end, and changed by a slider."""

import re
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

import optim_viz as ov
from optim_viz.experiments import links
from optim_viz.experiments.presets import PRESETS
from optim_viz.network import train
from optim_viz.surfaces import descent
from tests.browser.conftest import AT_REST

PLAYER = ".ov-player[data-ready='true']"
LINKS = {
    "compare": "/?f=himmelblau&steps=60&o=sgd~lr~0.005&o=momentum~lr~0.002&o=adam~lr~0.2",
    "network": "/network?epochs=1&batch=256&hidden=32&o=sgd~lr~0.1&o=momentum~lr~0.01&o=adam",
}
PANELS = {"compare": 2, "network": 3}
#: What takes the keys that change a learning rate: on Compare it stands under the picture.
LR = {
    "compare": lambda page: page.locator(".ov-table [data-knob=lr]").first,
    "network": lambda page: page.locator(".st-key-network-0-sgd-lr").get_by_role("slider"),
}


def shown_losses(page):
    return page.locator(".ov-readout").inner_text()


def to_the_end(page):
    """Press play (again, should it stand still) and wait until the playhead is at the last frame, fast."""
    player = page.locator(PLAYER)
    page.get_by_label("Playing speed").select_option("8")
    page.evaluate("document.querySelector('.ov-player').__ov.seek(0)")
    if player.get_attribute("data-playing") != "true":
        page.get_by_role("button", name=re.compile("^Play")).click()
    expect(player).to_have_attribute("data-playing", "true")
    expect(player).to_have_attribute("data-playing", "false", timeout=60_000)
    last = page.evaluate("Number(document.querySelector('.ov-player input[type=range]').max)")
    expect(player).to_have_attribute("data-frame", str(last))


def experiment(name):
    """What the link asks for, run here: the runs, and the columns of the player that hold their final losses."""
    query = parse_qs(urlsplit(LINKS[name]).query)
    if name == "compare":
        runs = descent.run(links.read(links.DESCENT, query, PRESETS["valley"].spec)[0])
        return {"loss": [run.losses[-1] for run in runs]}
    runs = train.run(links.read(links.TRAINING, query, train.check([ov.optimizer("sgd")]))[0]).runs
    return {"raw": [run.losses[-1] for run in runs], "test_loss": [run.test_losses[-1] for run in runs]}


def final(page, column):
    """The last number of a column of every track in the player, float32 as they are sent."""
    return page.evaluate(
        """name => document.querySelector('.ov-player').__ov.app.model.tracks.map(
            (track) => [...track.columns[name]].filter((value) => !Number.isNaN(value)).at(-1))""",
        column,
    )


@pytest.mark.parametrize("name", LINKS)
def test_a_deep_link_is_drawn_played_and_changed(name, server, open_page):
    page = open_page(server + LINKS[name])
    player = page.locator(PLAYER)
    player.wait_for()
    # Network draws its plane of weights too, once training is over.
    expect(page.locator(".ov-player .js-plotly-plot")).to_have_count(PANELS[name])
    expect(page.locator("[data-testid=stSidebar] .stSelectbox")).not_to_have_count(0)
    assert page.locator(".ov-player canvas").count() >= 2
    to_the_end(page)
    for column, losses in experiment(name).items():
        np.testing.assert_array_equal(final(page, column), np.float32(losses))
    if name == "compare":
        numbers = shown_losses(page).replace("\u2212", "-").split()
        assert all(float(f"{loss:.3g}") in [float(n) for n in numbers if re.fullmatch(r"[-\d.e]+", n)]
                   for loss in experiment(name)["loss"])  # fmt: skip
    before, drawn = shown_losses(page), player.get_attribute("data-drawn-hash")
    page.wait_for_function(AT_REST)  # a key that is pressed while Streamlit puts its sliders up anew is lost
    LR[name](page).focus()
    page.keyboard.press("ArrowRight")
    # A new training starts with no picture: the player may be away for a moment.
    changed = "drawn => (document.querySelector('.ov-player')?.dataset.drawnHash ?? drawn) !== drawn"
    page.wait_for_function(changed, arg=drawn, timeout=90_000)
    expect(page.locator(".ov-player .js-plotly-plot")).to_have_count(PANELS[name])
    expect(page).to_have_url(re.compile(r"o=sgd~lr~0\.(00561|125)"))
    to_the_end(page)
    assert shown_losses(page) != before
    assert page.locator("[data-testid=stException]").count() == 0


def test_the_link_in_the_address_bar_is_the_experiment(led, open_page):
    first = led(LINKS["compare"])
    first.locator(PLAYER).wait_for()
    LR["compare"](first).focus()
    first.keyboard.press("ArrowRight")
    expect(first).to_have_url(re.compile("0.00561"))
    to_the_end(first)
    second = open_page(first.url)
    second.locator(PLAYER).wait_for()
    to_the_end(second)
    assert shown_losses(second) == shown_losses(first)


def test_a_mangled_link_opens_and_says_what_was_dropped(led):
    page = led("/?f=himmelbau&steps=-3&o=adma&start=1")
    page.locator(PLAYER).wait_for()
    warning = page.get_by_text("Part of this link could not be used.")
    expect(warning).to_contain_text("did you mean 'himmelblau'?")
    expect(warning).to_contain_text("steps must be a whole number from 1 to 100,000; got '-3'.")
    expect(warning).to_contain_text("did you mean 'adam'?")
    assert page.locator("[data-testid=stException]").count() == 0


def test_bad_input_gets_its_sentence_and_keeps_the_picture(led):
    page = led("/?f=rosenbrock&steps=60&o=sgd~lr~0.001")
    player = page.locator(PLAYER)
    player.wait_for()
    drawn = player.get_attribute("data-drawn-hash")
    knob = page.locator(".ov-shared [data-knob=x]")
    for typed in ("99", "0.5"):
        knob.focus()
        page.keyboard.type(typed)
        page.keyboard.press("Enter")
        if typed == "99":
            expect(page.get_by_text('x must be a number from -2 to 2. "99" is none.')).to_be_visible()
            expect(player).to_have_attribute("data-drawn-hash", drawn)
    expect(page.get_by_text("must be a number")).to_have_count(0)
    expect(player).not_to_have_attribute("data-drawn-hash", drawn)


def test_changing_pages_and_coming_back_keeps_the_experiment(led):
    page = led(LINKS["compare"])
    page.locator(PLAYER).wait_for()
    page.get_by_role("link", name="Network").first.click()
    page.get_by_text("An MLP on handwritten digits").wait_for()
    page.get_by_role("link", name="Compare").first.click()
    expect(page).to_have_url(re.compile("f=himmelblau"))
    page.locator(PLAYER).wait_for()
    expect(page.get_by_role("heading", name="Himmelblau", level=1)).to_be_visible()


def test_a_phone_needs_no_sideways_scrolling(server, open_page):
    page = open_page(server, width=390, height=844)
    page.locator(PLAYER).wait_for()
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    box = page.locator(".ov-player .js-plotly-plot").first.bounding_box()
    assert box["x"] >= 0 and box["x"] + box["width"] <= 390


def test_a_function_that_is_the_same_everywhere_is_drawn(led):
    page = led("/?f=5&o=sgd&steps=20")
    page.locator(PLAYER).wait_for()
    expect(page.locator(".ov-problem")).to_be_hidden()
    expect(page.locator(".ov-player .js-plotly-plot")).to_have_count(2)
    ticks = page.locator(".ov-panel[data-kind=curve] .ytick text").all_text_contents()
    assert len(ticks) >= 3 and all(3 <= float(tick) <= 10 for tick in ticks)  # plain numbers on a short log axis


def test_network_opens_with_one_that_learns_and_the_source_materials_own_is_one_click_away(server, open_page):
    page = open_page(server + "/network")
    expect(page.get_by_role("switch", name="ReLU after the last layer")).not_to_be_checked()
    page.locator(PLAYER).wait_for()
    expect(page.locator(".ov-player .js-plotly-plot")).to_have_count(3)
    whole = "[...document.querySelectorAll('.ov-where')].every((words) => words.scrollWidth <= words.clientWidth)"
    assert page.evaluate(whole)  # no half words beside a narrow panel's title
    named = "As in the source"
    page.get_by_role("button", name=named).or_(page.get_by_role("radio", name=named)).click()
    expect(page.get_by_role("switch", name="ReLU after the last layer")).to_be_checked()
    expect(page).to_have_url(re.compile("relu=true"))
    expect(page.get_by_role("link", name="The lesson on it")).to_have_attribute("href", re.compile("lesson=final-relu"))


def test_compare_has_its_name_as_an_address(server, open_page):
    page = open_page(server + "/compare?f=himmelblau&steps=60&o=sgd~lr~0.005")
    page.locator(PLAYER).wait_for()
    found = urlsplit(page.url)
    query = parse_qs(found.query)
    assert (found.path, query["f"], query["steps"], query["o"]) == ("/", ["himmelblau"], ["60"], ["sgd~lr~0.005"])
    assert page.get_by_text("Page not found").count() == 0
