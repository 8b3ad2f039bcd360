"""Maps and basins that are turned under the picture: they follow in workers, and Python's picture takes their place."""

import base64
import io
import json
import re
import threading
import time
from dataclasses import replace

import numpy as np
import pytest
from PIL import Image
from playwright.sync_api import expect

import optim_viz as ov
from optim_viz.experiments import study_runs
from optim_viz.experiments.study_views import VIEWS, check
from optim_viz.export.study_table import STUDY_EXPORTS, StudyResult
from optim_viz.figures import basins as basin_figures
from optim_viz.figures import maps
from tests.browser.conftest import headed, lead
from tests.proxy import HEADERS

TURNED = ".ov-turned"
LIVE = "image.ov-live"
CHART = ".st-key-tune-charts .js-plotly-plot"
ONE = "/tune?view=basins&n=128&o=adam~lr~0.1"

#: Moves a pressed pointer over a knob once a frame for so many milliseconds; returns how many pictures were drawn.
DRAG = """([name, time]) => new Promise((done) => {
  const root = document.querySelector('.ov-turned'), knob = root.querySelector(`[data-knob="${name}"]`);
  const left = knob.getBoundingClientRect().left, end = performance.now() + time;
  const drawn = () => {
    const { coarse, fine } = JSON.parse(root.dataset.drawn ?? '{"coarse":0,"fine":0}');
    return coarse + fine;
  };
  const before = drawn();
  let moves = 0;
  const step = () => {
    if (performance.now() > end) return done(drawn() - before);
    const clientX = left + 15 + (moves++ % 40);
    knob.dispatchEvent(new PointerEvent('pointermove', { clientX, pointerId: 1, bubbles: true }));
    requestAnimationFrame(step);
  };
  step();
})"""


def knob(page, name):
    found = page.locator(f'{TURNED} [data-knob="{name}"]').first
    found.wait_for()
    page.locator(f"{CHART} .heatmaplayer image").first.wait_for(state="attached")
    return found


def press(page, name):
    """Press the pointer on a knob, past what counts as a click."""
    box = knob(page, name).bounding_box()
    x, y = box["x"] + 10, box["y"] + box["height"] / 2
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 5, y)
    page.mouse.move(x + 30, y)


def drawn(page):
    return json.loads(page.locator(TURNED).get_attribute("data-drawn"))


def settled(page):
    """Wait for Python's picture; return how many cells it draws otherwise than the browser did."""
    expect(page.locator(TURNED)).to_have_attribute("data-differ", re.compile(r"\d+"))
    expect(page.locator(LIVE)).to_have_count(0)
    return int(page.locator(TURNED).get_attribute("data-differ"))


@pytest.fixture(scope="module")
def turned(led):
    """The page of a link, with nothing said of a picture that was turned there before."""

    def open_(link):
        page = led(link)
        page.evaluate(f"delete document.querySelector('{TURNED}')?.dataset.differ")
        return page

    return open_


def test_a_map_follows_its_start_and_python_takes_over_at_rest(turned):
    page = turned("/tune?view=map&n=32")
    press(page, "x")
    expect(page.locator(LIVE)).to_have_count(1)
    assert page.url.endswith("/tune?view=map&n=32")  # nothing is sent while it is held
    expect(page.locator(f"{CHART} .scatterlayer .trace").first).to_be_hidden()  # the crosses of the map before
    page.mouse.up()
    expect(page).to_have_url(re.compile("start="))
    assert settled(page) == 0
    expect(page.locator(f"{TURNED} .ov-hint").last).to_have_text("")
    expect(page.locator(f"{CHART} .scatterlayer .trace").first).to_be_visible()
    value = knob(page, "x").get_attribute("aria-valuenow")
    expect(page.get_by_label("Start x")).to_have_value(value)
    page.reload()
    expect(knob(page, "x")).to_have_attribute("aria-valuenow", value)


def test_the_start_is_dragged_on_a_plane_and_undone(turned):
    page = turned("/tune?view=map&f=rosenbrock&o=adam&n=16")
    expect(knob(page, "x")).to_have_attribute("aria-valuenow", "-1.5")
    before = [knob(page, name).get_attribute("aria-valuenow") for name in "xy"]
    plane = page.locator(".ov-start-plane")
    plane.scroll_into_view_if_needed()
    box = plane.bounding_box()
    at = [(box["x"] + part * box["width"], box["y"] + box["height"] / 4) for part in (0.3, 0.4, 0.75)]
    page.mouse.move(*at[0])
    page.mouse.down()
    page.mouse.move(*at[1])
    page.mouse.move(*at[2])
    expect(page.locator(LIVE)).to_have_count(1)
    page.mouse.up()
    expect(page).to_have_url(re.compile(r"start=1\.0\d*~2\.0"))  # of -2 to 2, -1 to 3
    assert settled(page) == 0
    expect(plane).to_have_attribute("aria-label", re.compile(r"starts at \(1(\.0\d*)?, 2"))
    page.keyboard.press("Control+z")
    expect(page).not_to_have_url(re.compile("start="))
    for name, value in zip("xy", before, strict=True):
        expect(knob(page, name)).to_have_attribute("aria-valuenow", value)
    turned("/tune?view=map&n=16&x=x~-1.0~1.0&y=lr~0.01~1.0")
    knob(page, "y")
    expect(plane.locator(".ov-handle")).to_be_hidden()  # one of its places is an axis


def test_theory_is_hidden_once_what_is_turned_leaves_it(turned):
    page = turned("/tune?view=map&n=32")
    theory = page.locator(f"{CHART} .scatterlayer .trace").nth(2)
    press(page, "x")
    expect(page.locator(LIVE)).to_have_count(1)
    expect(theory).to_be_visible()
    page.mouse.up()
    settled(page)
    press(page, "weight_decay")
    expect(page.locator(LIVE)).to_have_count(1)
    expect(theory).to_be_hidden()
    page.mouse.up()
    expect(page).to_have_url(re.compile("weight_decay"))
    expect(page.locator(LIVE)).to_have_count(0)
    page.locator(CHART).locator(".scatterlayer").click(position={"x": 100, "y": 100}, force=True)
    page.locator(".ov-player[data-ready='true']").wait_for()  # a click opens that run still
    expect(page).to_have_url(re.compile("weight_decay"))


def test_a_number_is_typed_and_stepped_and_one_that_is_none_is_refused(turned):
    page = turned(ONE.replace("128", "32"))
    knob(page, "lr").click()
    page.keyboard.type("0.3")
    page.keyboard.press("Enter")
    expect(page).to_have_url(re.compile("lr~0.3&"))
    assert settled(page) == 0
    knob(page, "lr").press("ArrowUp")
    expect(page).to_have_url(re.compile("lr~0.33"))
    knob(page, "lr").click()
    page.keyboard.type("-1")
    page.keyboard.press("Enter")
    expect(page.locator(f"{TURNED} .ov-complaint")).to_contain_text("lr must be a number above 0")
    page.go_back()
    expect(page).not_to_have_url(re.compile("lr~0.33"))


@pytest.mark.timed
def test_basins_are_drawn_ten_times_a_second_while_they_are_turned(server, open_page):
    page = open_page(server + ONE)
    press(page, "lr")
    expect(page.locator(LIVE)).to_have_count(1)
    page.wait_for_timeout(500)  # workers start, machine code is made
    before = drawn(page)["fine"]
    rate = page.evaluate(DRAG, ["lr", 3000]) / 3
    began = time.perf_counter()
    page.wait_for_function(f"JSON.parse(document.querySelector('{TURNED}').dataset.drawn).fine > {before}")
    fine = time.perf_counter() - began
    page.mouse.up()
    differ = settled(page)
    print(f"\n{rate:.0f} coarse pictures/s, the fine one after {1000 * fine:.0f} ms, {differ} of 16,384 cells differ")
    assert rate >= 5 and differ == 0  # 10 on a machine of its own


def test_only_what_is_turned_is_drawn_over(turned):
    page = turned("/tune?view=basins&n=32")
    expect(page.locator(CHART)).to_have_count(3)
    press(page, "lr")  # sgd's
    expect(page.locator(LIVE)).to_have_count(1)
    expect(page.locator(CHART).nth(0).locator(LIVE)).to_have_count(1)
    page.mouse.up()
    settled(page)
    press(page, "steps")
    expect(page.locator(LIVE)).to_have_count(3)
    page.mouse.up()
    settled(page)


def without_workers(headers):
    policy = headers["content-security-policy"]
    assert "worker-src 'self' blob:" in policy
    return {**headers, "content-security-policy": policy.replace("worker-src 'self' blob:", "worker-src 'none'")}


@pytest.mark.parametrize(("change", "workers"), [(dict, True), (without_workers, False)])
def test_workers_run_under_the_headers_of_the_proxy_and_the_page_itself_where_none_may(
    server, open_page, change, workers
):
    page, complaints = open_page("about:blank", reduced_motion="no-preference"), open_page.complaints
    with headed(page, server, change(HEADERS)):
        page.goto(server + ONE.replace("128", "32") + "&noise=0.1")  # workers draw the noise, too
        press(page, "lr")
        for _ in range(30):  # workers take their time to start
            page.evaluate(DRAG, ["lr", 300])
            if page.locator(LIVE).count() and bool(drawn(page)["workers"]) == workers:
                break
        expect(page.locator(LIVE)).to_have_count(1)
        page.mouse.up()
        assert settled(page) == 0
        assert bool(drawn(page)["workers"]) == workers
    complaints[:] = [text for text in complaints if workers or "worker" not in text.lower()]


def test_on_a_phone_and_in_the_dark_the_numbers_stand_below_the_picture(server, open_page):
    page = open_page("about:blank", phone=True, color_scheme="dark")
    for view in ("map", "basins"):
        link = f"/tune?view={view}&n=32"
        if view == "map":
            page.goto(server + link)
        else:
            lead(page, link)
            page.evaluate(f"delete document.querySelector('{TURNED}').dataset.differ")
        name = "x" if view == "map" else "lr"
        knob(page, name).scroll_into_view_if_needed()
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), view
        below = page.locator(TURNED).bounding_box()["y"]
        assert below > page.locator(CHART).last.bounding_box()["y"]
        knob(page, name).press("ArrowUp")
        assert settled(page) == 0


@pytest.mark.parametrize("view", ["map", "basins"])
def test_a_saved_page_computes_from_disk_without_a_network(saved, view):
    asked = check(replace(VIEWS[view].opens, resolution=24))
    found = study_runs.run(asked.work, lambda progress: None, threading.Event())
    page = saved(STUDY_EXPORTS["html"].write(StudyResult(asked, found)))
    chart = "#picture-0"
    page.locator(f"{chart} .heatmaplayer image").first.wait_for(state="attached")
    turned = page.locator(f'{TURNED} [data-knob="{"x" if view == "map" else "lr"}"]').first
    before = turned.get_attribute("aria-valuenow")
    seen = set()
    for _ in range(2):
        turned.press("PageUp" if view == "map" else "PageDown")
        expect(page.locator(f"{TURNED} .ov-hint").last).to_contain_text("those it was saved with")
        image = page.locator(f"{chart} {LIVE}")
        page.wait_for_function(
            "([chart, seen]) => !seen.includes(document.querySelector(chart)?.getAttribute('href') ?? seen[0])",
            arg=[f"{chart} {LIVE}", [*seen, None]],
        )
        seen.add(image.get_attribute("href"))
    assert drawn(page)["workers"] > 0
    turned.click()
    page.keyboard.type(before)
    page.keyboard.press("Enter")  # as it was saved: the page's own picture again
    expect(page.locator(LIVE)).to_have_count(0)
    expect(page.locator(f"{TURNED} .ov-hint").last).to_have_text("")
    with page.expect_download() as started:
        page.get_by_role("button", name="Save as SVG").first.click()
    image = started.value.path().read_text("utf-8")  # alone it says what it shows: its optimizer's name, or all
    words = re.sub(r"<[^>]*>", "\n", image).splitlines()
    assert (asked.title if view == "map" else "sgd") in words


#: What a picture's cells are coloured with, from the left and from the bottom.
PIXELS = """async (node) => {
  const image = new Image();
  image.src = node.getAttribute('href');
  await image.decode();
  const { width, height } = image, canvas = new OffscreenCanvas(width, height), drawing = canvas.getContext('2d');
  drawing.drawImage(image, 0, 0);
  const { data } = drawing.getImageData(0, 0, width, height);
  return Array.from({ length: width }, (_, i) => Array.from({ length: height }, (_, j) =>
    '#' + [0, 1, 2].map((k) => data[4 * ((height - 1 - j) * width + i) + k].toString(16).padStart(2, '0')).join('')));
}"""


def test_in_the_frames_of_a_notebook_a_map_and_basins_follow_and_are_pythons(saved):
    axes = {"lr": np.geomspace(1e-3, 1.0, 16), "momentum": np.linspace(0.0, 0.9, 9)}

    def swept(x):
        return ov.sweep("quadratic", ov.optimizer("momentum"), axes, start=(x, 1.0), steps=30)

    s, b = swept(-2.0), ov.basins("himmelblau", ov.optimizer("adam", lr=0.1), resolution=24)
    page = saved(f"<!doctype html><title>cells</title>{s._repr_html_()}{b._repr_html_()}".encode())
    told = []
    page.on("console", lambda said: said.type == "error" and told.append(said.text))
    a_map, starts = (page.frame_locator("iframe").nth(i) for i in range(2))
    for frame, name, value in ((a_map, "x", "1.5"), (starts, "lr", "0.02")):
        frame.locator(".heatmaplayer image").first.wait_for(state="attached")
        frame.locator(f'{TURNED} [data-knob="{name}"]').first.click()
        page.keyboard.type(value)
        page.keyboard.press("Enter")
        expect(frame.locator(f"{TURNED} .ov-hint").last).to_contain_text("the result in the notebook")
        frame.locator(LIVE).wait_for(state="attached")
    drawn_with, turned = maps.live_picture(s, "loss")[0], swept(1.5)
    low, high, shades = drawn_with["low"], drawn_with["high"], drawn_with["scale"]
    with np.errstate(divide="ignore"):
        place = np.clip((np.log10(turned.final_loss) - low) / (high - low), 0, 1)
    wanted = np.where(
        turned.diverging, drawn_with["diverges"], np.array(shades)[np.rint(place * (len(shades) - 1)).astype(int)]
    )
    found = np.array(a_map.locator(LIVE).evaluate(PIXELS))
    assert found.shape == wanted.shape and (found != wanted).sum() <= 1  # where a shade ends
    assert len(set(wanted.ravel())) > 10
    kept = a_map.locator("#picture-0").evaluate("seen")  # what a button saves
    image = Image.open(io.BytesIO(base64.b64decode(kept["layout"]["images"][0]["source"].partition(",")[2])))
    middles = [((i + 0.5) / 16 * image.width, (1 - (j + 0.5) / 9) * image.height) for i in range(16) for j in range(9)]
    assert ["#" + bytes(image.getpixel(one)[:3]).hex() for one in middles] == found.ravel().tolist()
    shown = {trace.get("name"): trace.get("visible", True) for trace in kept["data"]}
    assert not shown["diverges"] and shown["theory: fastest"] and [*shown.values()].count(False) == 2  # and the best
    named = np.array(starts.locator(LIVE).evaluate(PIXELS)).T
    letters = basin_figures.name_minima([b])
    after = ov.basins("himmelblau", ov.optimizer("adam", lr=0.02), resolution=24)
    for k, color in enumerate(basin_figures.COLORS[: len(letters.minima)]):
        mine = np.hypot(*(after.minima[:, :2] - letters.minima[k, :2]).T) < 0.01
        np.testing.assert_array_equal(named == color.lower(), np.append(mine, False)[after.labels])
    assert (after.labels != b.labels).any()
    a_map.locator("#picture-0 .nsewdrag").first.hover(position={"x": 60, "y": 60})
    expect(a_map.locator(".ov-run-card .ov-hint")).to_contain_text("lr 0.00")
    expect(a_map.locator(".hoverlayer")).to_be_hidden()  # what it says is of the numbers before
    assert told == []
