"""The site behind python -m http.server, below a prefix: cold links, knobs, the address bar, Tune, and the lessons."""

import functools
import http.server
import json
import re
import threading
from urllib.parse import parse_qs, urlsplit

import numpy as np
import pytest
from playwright.sync_api import expect

import optim_viz as ov
from optim_viz.experiments import links, study_runs
from optim_viz.experiments.presets import PRESETS
from optim_viz.experiments.study_links import read_study
from optim_viz.experiments.study_views import FIRST as FIRST_STUDY
from optim_viz.experiments.study_views import check
from optim_viz.export import site
from optim_viz.lessons.lesson import Lesson
from optim_viz.lessons.predictions import PREDICTIONS
from optim_viz.lessons.table import LESSONS
from optim_viz.lessons.told import told
from optim_viz.surfaces import descent
from tests.browser.conftest import axe_findings, landscape_and_film

PLAYER = ".ov-player[data-ready='true']"
#: Tune's pictures, once they are fine and at rest.
RESTING = "#charts[data-resting^='?']"
TUNE = "tune.html?view=map&f=rosenbrock&steps=60&o=adam~lr~0.05&n=16"
FIRST = PRESETS["valley"].spec
#: Every part of an experiment: mini-batches, noise, schedules, plateau too, switches, copies, factors, a label.
RICH = (
    "?f=linear_regression&start=-1.5~2.5&steps=400&noise=0.05&seed=7&batch=4&o=sgd~lr~0.05~s~step~s.step_size~50"
    "&o=sgd~lr~0.1~scale~1.0~0.5~label~half%20%3Cb%3E%257E&o=adam~lr~0.05~amsgrad~true~s~plateau~s.patience~5"
    "&o=momentum~lr~0.01~nesterov~true&o=rmsprop~lr~0.02~centered~true~momentum~0.5&o=asgd~lr~0.05&o=adamw~lr~0.1"
)
#: The losses at the end of every run, as the engine of the page has them: float64, of what the player shows.
ENDS = """() => Object.fromEntries(document.querySelector('.ov-player').__ov.app.model.tracks
    .map((track) => [track.id, track.columns.loss.at(-1)]))"""


#: As strict as a host may be: no script and no worker but the folder's own, no text that is run.
POLICY = (
    "default-src 'none'; script-src 'self' 'wasm-unsafe-eval'; style-src 'self' 'unsafe-inline'; "
    "img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'none'"
)


class Quiet(http.server.SimpleHTTPRequestHandler):
    """What `python -m http.server` serves with, under a policy and without its lines on every file."""

    def end_headers(self):
        """Every answer carries the policy."""
        self.send_header("Content-Security-Policy", POLICY)
        super().end_headers()

    def log_message(self, *_):
        """Say nothing."""


@pytest.fixture(scope="module")
def address(tmp_path_factory):
    """The site below a prefix."""
    root = tmp_path_factory.mktemp("host")
    site.write(root / "some" / "prefix", [told(LESSONS[slug]) for slug in ("momentum", "pictures")])
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(Quiet, directory=root))
    threading.Thread(target=server.serve_forever, daemon=True).start()
    yield f"http://127.0.0.1:{server.server_port}/some/prefix/"
    server.shutdown()
    server.server_close()


@pytest.fixture
def open_site(address, open_page):
    def open_(path="", **options):
        page = open_page(address + path, **options)
        page.locator(RESTING if path.startswith("tune") else PLAYER).wait_for()
        return page

    return open_


@pytest.fixture(scope="module")
def standing(address, open_once):
    """A page of the site that stays open for all who only look at it."""
    pages = {}

    def open_(path):
        if path not in pages:
            pages[path] = open_once(address + path)
            pages[path].locator(RESTING if path.startswith("tune") else PLAYER).wait_for()
        pages[path].bring_to_front()
        return pages[path]

    return open_


def query(page):
    return parse_qs(urlsplit(page.url).query, keep_blank_values=True)


def spec_of(page):
    """What the app would make of the address bar."""
    spec, notes = links.read(links.DESCENT, query(page), FIRST)
    assert notes == []
    return spec


def holds_the_engines_own_losses(page):
    """What the page shows is what Python computes from its link."""
    runs, ends = descent.run(spec_of(page)), page.evaluate(ENDS)
    assert list(ends) == list(runs.labels)
    for run in runs:
        np.testing.assert_allclose(ends[run.label], run.final_loss, rtol=1e-9, atol=1e-9, err_msg=run.label)
        expect(page.locator(f".ov-table tr[data-track='{run.label}'] .ov-status")).to_have_text(run.status)


def knob(page, name):
    return page.locator(f".ov-knob[aria-label='{name}']")


def shown(page, name):
    return knob(page, name).locator("strong").inner_text()


def at_rest(page, pattern):
    """Wait until the address bar says so."""
    expect(page).to_have_url(re.compile(pattern))


def picture(page):
    """The pixels of the canvas that the paths are drawn on."""
    return page.locator(".ov-panel[data-kind='plane'] canvas.ov-canvas").first.evaluate("(c) => c.toDataURL()")


@pytest.mark.parametrize("link", ["", "index.html", RICH, "?f=ackley&steps=60&o=nadam~lr~0.1&o=nadam~lr~0.2&o=rprop"])
def test_a_cold_link_gives_the_engines_own_losses(link, open_site):
    page = open_site(link)
    holds_the_engines_own_losses(page)
    expect(page.locator("#notes")).to_be_hidden()


def test_a_knob_changes_the_picture_and_at_rest_the_address_which_opens_the_same_again(open_site):
    page = open_site("?f=himmelblau&steps=50&o=sgd~lr~0.005&o=adam~lr~0.2")
    before, link, losses = picture(page), page.url, page.evaluate(ENDS)
    for _ in range(3):
        knob(page, "adam: lr").press("ArrowUp")
    expect(knob(page, "adam: lr").locator("strong")).to_have_text("0.282")
    at_rest(page, r"o=adam~lr~0\.282")
    assert picture(page) != before and page.evaluate(ENDS)["adam"] != losses["adam"]
    holds_the_engines_own_losses(page)
    turned = page.evaluate(ENDS)
    page.reload()
    page.locator(PLAYER).wait_for()
    assert page.evaluate(ENDS) == turned and shown(page, "adam: lr") == "0.282"
    page.go_back()
    expect(knob(page, "adam: lr").locator("strong")).to_have_text("0.2")
    expect(page).to_have_url(link)
    page.wait_for_function(f"() => ({ENDS})().adam === {losses['adam']!r}")
    page.go_forward()
    expect(knob(page, "adam: lr").locator("strong")).to_have_text("0.282")


def test_undo_goes_back_and_into_the_address(open_site):
    page = open_site("?f=quadratic&steps=30&o=sgd~lr~0.05")
    knob(page, "steps").press("Enter")
    page.keyboard.type("40")
    page.keyboard.press("Enter")
    at_rest(page, "steps=40")
    page.keyboard.press("Control+z")
    at_rest(page, "steps=30")
    holds_the_engines_own_losses(page)


def test_a_schedule_is_turned_beside_its_run_and_pinched_on_its_curve(open_site):
    page = open_site("?f=quadratic&steps=60&o=sgd~lr~0.05~s~step~s.step_size~20&o=adam~lr~0.1")
    knob(page, "sgd: step_size").press("ArrowUp")
    at_rest(page, "s.step_size~21")
    page.locator("[data-switch=rate]").click()
    handle = page.locator(".ov-pinch").nth(1)
    handle.scroll_into_view_if_needed()  # a third panel stands below the two others
    box, area = handle.bounding_box(), page.locator("[data-panel=rate] .nsewdrag").bounding_box()
    x, y = box["x"] + box["width"] / 2, box["y"] + box["height"] / 2
    before = page.evaluate(ENDS)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + area["width"] / 6, y - area["height"] / 8, steps=4)
    page.wait_for_function(f"() => ({ENDS})().sgd !== {before['sgd']!r}")
    assert "s.step_size~21" in page.url  # nothing is told while it is held
    page.mouse.up()
    at_rest(page, r"s\.step_size~3[01]~s\.gamma~0\.[34]")
    assert page.evaluate(ENDS)["adam"] == before["adam"]
    assert shown(page, "sgd: step_size") in ("30", "31")
    holds_the_engines_own_losses(page)
    page.locator(PLAYER).press("Control+z")
    at_rest(page, r"s\.step_size~21&")


def test_choices_keep_what_was_turned_and_stand_in_the_address(open_site):
    page = open_site("?f=quadratic&steps=60&o=sgd~lr~0.05&o=momentum~lr~0.01")
    knob(page, "sgd: lr").press("PageUp")
    page.get_by_label("Optimizer").nth(1).select_option("adam")  # before the knob has come to rest
    at_rest(page, "o=sgd~lr~0.158&o=adam~lr~0.05$")
    page.get_by_label("Schedule").first.select_option("step")
    page.get_by_text("Switches and label").nth(1).click()
    page.get_by_label("amsgrad").check()
    page.locator("#o1-label").fill("second <b>")
    page.get_by_role("button", name="Add an optimizer").click()
    at_rest(page, "s~step.*amsgrad~true.*o=momentum$")
    expect(page.locator(".ov-legend")).to_contain_text("second <b>")
    page.get_by_role("button", name="Remove SGD").click()
    at_rest(page, r"\?f=quadratic&steps=60&o=adam.*o=momentum$")
    page.wait_for_function(f"() => Object.keys(({ENDS})()).length === 2")
    holds_the_engines_own_losses(page)
    page.locator(PLAYER).press("Control+z")  # not into what had another optimizer
    knob(page, "momentum: lr").press("ArrowUp")
    at_rest(page, "o=momentum~lr~0.00112")
    page.get_by_label("Surface", exact=True).select_option("logistic_regression")
    page.get_by_label("Examples a step").select_option("2")
    at_rest(page, "f=logistic_regression.*batch=2")
    expect(page.locator("h1")).to_have_text("Logistic regression")
    expect(page.locator("#function")).to_have_text("f(b, w) = softplus(−v·(b + w·u))")
    expect(page.get_by_label("Rate of w, times").first).to_be_attached()
    expect(page.locator("[data-panel=fit]")).to_contain_text("Data and chances")
    assert page.evaluate("document.querySelector('.ov-player').__ov.pixelOf('fit', 'momentum', 3)")
    page.wait_for_function("() => document.querySelector('.ov-player').__ov.app.live.live().batch === 2")
    holds_the_engines_own_losses(page)


def test_what_is_impossible_is_said_and_the_last_comparison_stays(open_site):
    page = open_site("?f=quadratic&steps=60&o=momentum~lr~0.01~dampening~0.5")
    page.get_by_text("Switches and label").click()
    page.get_by_label("nesterov").click()
    expect(page.locator("#notes")).to_contain_text("nesterov needs momentum above 0 and dampening 0")
    expect(page.get_by_label("nesterov")).not_to_be_checked()
    assert "nesterov" not in page.url


def test_a_preset_is_a_link_and_says_what_to_watch_for(open_site):
    page = open_site()
    expect(page.locator("#watch")).to_have_text(PRESETS["valley"].text)
    page.get_by_role("link", name="Zig-zag").click()
    expect(page.locator("#watch")).to_have_text(PRESETS["ravine"].text)
    expect(page.locator(".ov-legend")).to_contain_text("small steps, momentum")
    assert spec_of(page) == PRESETS["ravine"].spec
    page.go_back()
    expect(page.locator("h1")).to_have_text("Rosenbrock")


def test_the_landscape_and_a_film_are_within_the_policy(open_site):
    page = open_site("?f=himmelblau&steps=20&o=adam~lr~0.2")
    landscape_and_film(page)


def test_what_needs_the_app_is_said_and_the_rest_is_shown(open_site):
    page = open_site("?f=x^2%2By^2&o=lbfgs&o=adam~lr~0.1&fair=best")
    for words in ("A function of your own, 'x^2+y^2', is left out", "L-BFGS is left out", "tuned by one rule"):
        expect(page.locator("#notes")).to_contain_text(words)
    assert list(page.evaluate(ENDS)) == ["adam"]


@pytest.mark.parametrize("path", ["", "lessons.html", TUNE, "tune.html?view=basins&n=16"])
def test_axe_finds_nothing_serious_or_moderate(path, standing):
    assert axe_findings(standing(path)) == []


@pytest.mark.parametrize("path", ["", "lessons.html", TUNE])
def test_a_phone_needs_no_sideways_scrolling(path, open_site):
    page = open_site(path, width=390, height=844, color_scheme="dark")
    for scheme in ("dark", "light"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        if not path.startswith("tune"):
            expect(page.locator(PLAYER)).to_have_attribute("data-theme", scheme)
        for summary in page.locator("summary:visible").all():
            if summary.locator("xpath=..").get_attribute("open") is None:
                summary.click()
        assert page.evaluate("document.documentElement.scrollWidth") <= 390


@pytest.mark.parametrize("path", ["", TUNE])
def test_every_name_of_the_form_has_its_label(path, standing):
    page = standing(path)
    for control in page.locator("form select, form input, #lesson").all():
        assert control.evaluate("(node) => node.labels.length") == 1


def reads(page, row: Lesson):
    expect(page.locator("#claim")).to_have_text(row.claim)
    expect(page.locator("#text")).to_have_text(row.text)
    expect(page.locator("#measured")).to_contain_text("✓ The claim holds.")


def test_a_lesson_is_read_seen_and_measured(open_site):
    page = open_site("lessons.html?lesson=momentum")
    row = LESSONS["momentum"]
    reads(page, row)
    expect(page.locator("#caption")).to_contain_text(row.experiments[0].caption)
    runs = ov.descend(row["ravine"].spec.surface, row["ravine"].spec.optimizers, steps=row["ravine"].spec.steps)
    page.locator(PLAYER).press("End")  # it waits at its start
    for run in runs:
        expect(page.locator(f".ov-table tr[data-track='{run.label}'] .ov-status")).to_have_text(run.status)
    assert page.locator(".ov-knob").count() == 0
    page.get_by_role("link", name="Open in Compare").click()
    page.locator(PLAYER).wait_for()
    assert spec_of(page) == row["ravine"].spec


def test_a_guess_is_told_right_or_wrong_once_it_is_made(open_site):
    page = open_site("lessons.html?lesson=momentum")
    told = page.locator("#guess-reply")
    expect(page.locator("#guess-question")).to_have_text(PREDICTIONS["momentum"].question)
    expect(told).to_be_empty()
    for part in ("#look", "#measured", "#limit"):
        expect(page.locator(part)).to_be_hidden()
    page.locator("#guess-answers").get_by_text("plain descent").click()
    for part in ("#look", "#measured", "#limit"):
        expect(page.locator(part)).to_be_visible()
    expect(page.locator("#held")).to_be_hidden()
    expect(told).to_contain_text(
        "✗ No: momentum. Steps until the loss stays below a millionth: 373 (plain descent), 75 (momentum)."
    )
    page.locator("#guess-answers").get_by_text("momentum").click()
    expect(told).to_contain_text("✓ Yes: momentum.")
    page.get_by_role("link", name="side by side").click()
    at_rest(page, "lesson=momentum&run=all")
    page.locator(f"{PLAYER}[data-scene-key='lesson momentum together']").wait_for()
    expect(page.locator(PLAYER)).to_have_attribute("data-frame", "400")
    page.get_by_role("link", name="Next").click()
    reads(page, LESSONS["pictures"])
    expect(told).to_be_empty()
    expect(page.locator(PLAYER)).to_have_attribute("data-frame", "0")
    expect(page.locator("#measured")).to_be_hidden()
    page.get_by_role("button", name="Show me").click()
    expect(page.locator("#measured")).to_be_visible()
    expect(told).not_to_contain_text("Yes")


def test_lessons_are_turned_by_links_and_back(open_site):
    page = open_site("lessons.html")
    page.get_by_role("link", name="where it stops: rings").click()
    at_rest(page, "lesson=momentum&run=4")
    page.get_by_role("link", name="Next").click()
    reads(page, LESSONS["pictures"])
    page.wait_for_function("() => document.querySelector('.ov-player').dataset.sceneKey.startsWith('lesson pictures')")
    expect(page.locator("#plane")).not_to_be_empty()
    expect(page.locator("#open")).to_contain_text("training it again needs the app")
    page.go_back()
    reads(page, LESSONS["momentum"])
    page.get_by_label("Lesson").select_option("pictures")
    reads(page, LESSONS["pictures"])


def test_a_lesson_that_is_not_there_is_said(open_site):
    page = open_site("lessons.html?lesson=nothing")
    expect(page.locator("#notes")).to_contain_text("There is no lesson 'nothing'; the first one is shown.")
    reads(page, LESSONS["momentum"])


def study_of(page):
    """What the app would make of Tune's address bar."""
    study, notes = read_study(query(page), FIRST_STUDY.opens)
    assert notes == []
    return check(study).study


def rests(page):
    """Wait until the picture is that of the address."""
    page.wait_for_function("() => document.querySelector('#charts').dataset.resting === location.search")


def values_of(page):
    """The numbers that a map is coloured by, rows from the bottom."""
    return np.array(page.evaluate("document.querySelector('#charts .chart').data[0].z"), float)


def holds_pythons_map(page):
    rests(page)
    study = study_of(page)
    (found,) = study_runs.run(check(study).work, lambda progress: None, threading.Event())
    wanted = np.where(found.diverging, np.nan, found.final_loss).T
    np.testing.assert_allclose(10.0 ** values_of(page), wanted, rtol=1e-5, atol=1e-12)


def test_a_map_is_computed_turned_undone_and_stands_in_the_address(open_site):
    page = open_site(TUNE)
    holds_pythons_map(page)
    before, link = values_of(page), page.url
    plane = page.locator(".ov-start-plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    for part, what in ((0.3, page.mouse.down), (0.5, lambda: None), (0.75, lambda: None)):
        page.mouse.move(box["x"] + part * box["width"], box["y"] + box["height"] / 4)
        what()
    expect(page.locator("#charts image.ov-live")).to_have_count(1)
    assert page.url == link
    page.mouse.up()
    at_rest(page, r"start=1\.0\d*~2\.0")
    expect(page.locator("#charts image.ov-live")).to_have_count(0)
    holds_pythons_map(page)
    page.keyboard.press("Control+z")
    expect(page).not_to_have_url(re.compile("start="))
    rests(page)
    np.testing.assert_array_equal(values_of(page), before)
    page.go_back()
    at_rest(page, "start=1")
    knob(page, "steps").press("Enter")
    page.keyboard.type("40")
    page.keyboard.press("Enter")
    at_rest(page, "steps=40.*o=adam~lr~0.05&n=16")
    page.reload()
    page.locator(RESTING).wait_for()
    holds_pythons_map(page)


def test_what_is_chosen_on_tune_is_drawn_and_what_cannot_be_is_said(open_site):
    page = open_site("tune.html")
    expect(page.locator("#charts")).to_have_attribute("data-resting", "?view=map")
    expect(page.locator("h1")).to_have_text("Momentum on Quadratic bowl")
    expect(page.locator("#charts .legend")).to_contain_text("theory: fastest")
    page.get_by_label("Colour").select_option("steps")
    page.get_by_label("Cells a side").select_option("32")
    page.get_by_label("Across", exact=True).select_option("x")
    at_rest(page, r"n=32&x=x~-3\.0~3\.0&.*measure=steps")
    rests(page)
    expect(page.locator("#charts .legend")).not_to_contain_text("theory")
    expect(page.locator("#charts .legend")).to_contain_text("does not arrive")
    expect(page.locator(".ov-start-plane .ov-handle")).to_be_hidden()  # there is no one start to drag
    page.get_by_label("Across, to").fill("99")
    page.get_by_label("Across, to").press("Enter")
    expect(page.locator("#notes")).to_contain_text("lies outside the plane drawn")
    assert values_of(page).shape == (32, 32)
    page.get_by_label("Optimizer").select_option("adam")
    at_rest(page, "o=adam")
    expect(page.locator("#notes")).to_be_hidden()
    page.get_by_label("View").select_option("basins")
    rests(page)
    expect(page.locator("h1")).to_have_text("Basins of Quadratic bowl")
    expect(page.locator("#shares")).to_contain_text("A (0, 0)")
    page.get_by_label("Surface", exact=True).select_option("himmelblau")
    page.get_by_role("button", name="Add an optimizer").click()
    rests(page)
    expect(page.locator("#charts .chart")).to_have_count(2)
    expect(page.locator("#legend")).to_contain_text("lost: reaches no minimum")


def test_a_cell_is_pointed_at_gone_through_by_keys_and_opened_in_compare(open_site):
    page = open_site(TUNE)
    picture = page.locator("#charts .cells")
    picture.scroll_into_view_if_needed()
    box = page.locator("#charts .nsewdrag").bounding_box()
    page.mouse.move(box["x"] + box["width"] * 0.53, box["y"] + box["height"] * 0.47)
    expect(page.locator("#cell")).to_contain_text(
        re.compile(r"^lr 0\.0\d+, beta1 0\.5\d+, loss .*Open this run in Compare$")
    )
    expect(page.locator(".ov-tip")).to_be_visible()
    said = page.locator("#cell").inner_text()
    picture.focus()
    picture.press("ArrowRight")
    expect(page.locator("#cell")).not_to_have_text(said)
    picture.press("ArrowLeft")
    expect(page.locator("#cell")).to_have_text(said)
    to = page.locator("#cell a").get_attribute("href")
    picture.press("Enter")
    page.locator(PLAYER).wait_for()
    assert page.url.endswith(to)
    loss = float(re.search(r"loss (\S+),", said)[1])
    assert page.evaluate(ENDS)["adam"] == pytest.approx(loss, rel=0.01)
    holds_the_engines_own_losses(page)
    page.go_back()
    page.locator(RESTING).wait_for()
    page.mouse.click(box["x"] + box["width"] * 0.53, box["y"] + box["height"] * 0.47)
    page.locator(PLAYER).wait_for()
    assert page.url.endswith(to)


def test_workers_are_files_of_the_folder_and_draw_coarse_then_fine(open_site):
    page = open_site("tune.html?view=basins&n=128")
    drawn = json.loads(page.locator("#turned").get_attribute("data-drawn"))
    assert drawn["workers"] > 0 and drawn["coarse"] >= 1 and drawn["fine"] == 1
