"""Tune in a real browser: a click opens that very run, long work is cancelled and found again, a phone has room."""

import io
import re
import threading
from dataclasses import replace
from urllib.parse import parse_qs, urlsplit

import pandas as pd
import pytest
from playwright.sync_api import expect

import optim_viz as ov
from optim_viz.experiments import study_runs
from optim_viz.experiments.fairness import FAIRNESS
from optim_viz.experiments.files import read
from optim_viz.experiments.study_links import write_study
from optim_viz.experiments.study_views import VIEWS, check
from optim_viz.export.study_table import STUDY_EXPORTS, StudyResult
from optim_viz.figures import maps
from tests.browser.conftest import lead

PLAYER = ".ov-player[data-ready='true']"
CHART = ".stPlotlyChart .js-plotly-plot .main-svg"
#: About 650 million steps through sines: long enough to be looked at, and asked for by no other test.
LONG = "/tune?view=map&n=256&steps=10000&f=levy&o=adam&start=-1.0~{y}"

_PLACE = """([chart, share]) => {
  const plot = document.querySelectorAll('.stPlotlyChart .js-plotly-plot')[chart];
  const points = plot._fullData.filter((trace) => trace.customdata).pop();
  const k = Math.floor(points.x.length * share), box = plot.getBoundingClientRect();
  const { xaxis, yaxis } = plot._fullLayout;
  return { left: box.left + xaxis._offset + xaxis.d2p(points.x[k]), x: points.x[k],
           top: box.top + yaxis._offset + yaxis.d2p(points.y[k]), y: points.y[k] };
}"""


def found(asked):
    """What comes of a checked study."""
    return study_runs.run(asked.work, lambda progress: None, threading.Event())


def point(page, share, chart=0):
    """Point at what lies that share of the way through the points; return where on the page, and its x and y."""
    page.locator(CHART).nth(0).wait_for()
    page.wait_for_function(
        "document.querySelector('.stPlotlyChart .js-plotly-plot')?._fullData?.some(t => t.customdata)"
    )
    place = page.evaluate(_PLACE, [chart, share])
    page.mouse.move(place["left"] - 1, place["top"])
    page.mouse.move(place["left"], place["top"])
    return (place["left"], place["top"]), place["x"], place["y"]


def click(page, share, chart=0):
    """Click the point that lies that share of the way through the points; return its x and y."""
    place, x, y = point(page, share, chart)
    page.mouse.click(*place)
    return x, y


def settings(page):
    """The query in the address bar, and the settings of its one optimizer."""
    query = parse_qs(urlsplit(page.url).query)
    kind, *parts = query["o"][0].split("~")
    return query, kind, {name: float(value) for name, value in zip(parts[::2], parts[1::2], strict=True)}


def test_a_click_on_the_map_opens_compare_with_those_values(led):
    page = led("/tune?view=map&n=32")
    (here,) = found(check(replace(VIEWS["map"].opens, resolution=32)))
    expect(page.get_by_text(maps.sentence(here, "loss"))).to_be_visible()  # the best cell and its loss
    before = page.url
    page.locator(".ov-turned .ov-knob").first.wait_for()
    place, lr, momentum = point(page, 0.3)
    spec = VIEWS["map"].opens.descent
    chosen = ov.optimizer("momentum", lr=lr, momentum=momentum)
    run = ov.descend(spec.surface, [chosen], spec.start, spec.steps)["momentum"]
    card = page.locator(".ov-run-card")  # the cell's run, before it is opened
    expect(card).to_contain_text(f"lr {lr:.4g}, momentum {momentum:.4g}: {run.status}, loss {run.final_loss:.2f}")
    expect(card.get_by_role("img", name="Loss over 50 steps")).to_be_visible()
    page.mouse.click(*place)
    expect(page).not_to_have_url(re.compile("/tune"))
    page.locator(PLAYER).wait_for()
    expect(page.get_by_role("heading", name="Quadratic bowl", level=1)).to_be_visible()
    query, kind, values = settings(page)
    assert (kind, query["f"], query["steps"]) == ("momentum", ["quadratic"], ["50"])
    assert values == {"lr": pytest.approx(lr), "momentum": pytest.approx(momentum)}
    expect(page.locator(".ov-readout")).to_contain_text("momentum")
    page.go_back()  # one entry: the map as it was, and no second jump
    expect(page).to_have_url(before)
    page.locator(CHART).first.wait_for()
    expect(page.locator("[data-testid=stAlert]")).to_have_count(0)
    page.go_forward()
    page.locator(PLAYER).wait_for()
    page.get_by_role("link", name="Tune").first.click()  # nor by its link
    expect(page.get_by_role("heading", name="Momentum on Quadratic bowl", level=1)).to_be_visible()
    page.locator(CHART).first.wait_for()
    expect(page).to_have_url(re.compile(r"/tune\?view=map"))


def test_files_of_a_study_read_back_and_its_page_works_from_disk(led, saved):
    page = led("/tune?view=basins&n=32&o=sgd~lr~0.01&o=adam~lr~0.2")
    page.locator(CHART).nth(1).wait_for()
    page.get_by_role("button", name="Share").click()
    expect(page.get_by_label("The link to this experiment")).to_have_value(page.url)
    files = {}
    for name, row in STUDY_EXPORTS.items():
        with page.expect_download() as started:
            page.get_by_role("button", name=row.title).click()
        assert started.value.suggested_filename == f"optim-viz-basins-himmelblau{row.suffix}"
        files[name] = started.value.path().read_bytes()
    page.keyboard.press("Escape")
    asked = read(files["json"].decode())
    assert write_study(asked) == parse_qs(urlsplit(page.url).query)
    frame = StudyResult(check(asked), found(check(asked))).to_frame()
    pd.testing.assert_frame_equal(pd.read_csv(io.BytesIO(files["csv"])), frame, rtol=0, atol=0)
    pd.testing.assert_frame_equal(pd.read_parquet(io.BytesIO(files["parquet"])), frame, rtol=0, atol=0)
    offline = saved(files["html"])
    expect(offline.locator(".plotly-graph-div .main-svg").first).to_be_visible()
    expect(offline.locator(".plotly-graph-div")).to_have_count(2)
    offline.wait_for_function(  # side by side, none over the other
        """[...document.querySelectorAll('.plotly-graph-div')].every((div) =>
            div.querySelector('.main-svg').getBoundingClientRect().width <= div.clientWidth)"""
    )
    for form, start in (("PNG", b"\x89PNG"), ("SVG", b"<svg")):
        with offline.expect_download() as started:
            offline.get_by_role("button", name=f"Save as {form}").nth(1).click()
        assert started.value.suggested_filename == f"optim-viz-basins-himmelblau-2.{form.lower()}"
        assert started.value.path().read_bytes().startswith(start)


def test_a_click_on_a_curve_and_on_a_start_opens_compare(led):
    page = led("/tune?o=rmsprop")
    lr, _ = click(page, 0.25)
    page.locator(PLAYER).wait_for()
    _, kind, values = settings(page)
    assert kind == "rmsprop" and values["lr"] == pytest.approx(lr)
    page = led("/tune?view=basins&n=32&o=sgd~lr~0.01&o=adam~lr~0.2")
    start = click(page, 0.4, chart=1)
    page.locator(PLAYER).wait_for()
    query, kind, values = settings(page)
    assert (kind, values) == ("adam", {"lr": 0.2})
    assert tuple(map(float, query["start"][0].split("~"))) == pytest.approx(start)


def test_a_large_map_is_cancelled_and_run_again(led):
    page = led(LONG.format(y=2.0))
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled.").wait_for()
    expect(page.get_by_role("button", name="Cancel")).to_have_count(0)
    page.get_by_role("button", name="Run again").click()
    page.get_by_text("s left").wait_for()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled.").wait_for()
    assert page.locator("[data-testid=stException]").count() == 0


def test_the_network_curve_goes_on_when_the_page_is_left_is_found_again_and_cancelled(led):
    page = led("/tune?view=network&n=17&epochs=2&seeds=2")
    page.get_by_text("s left").wait_for()
    page.get_by_role("link", name="Compare").first.click()
    page.locator(PLAYER).wait_for()
    page.get_by_role("link", name="Tune").first.click()
    expect(page).to_have_url(re.compile("view=network"))
    page.get_by_text("s left").wait_for()
    page.locator(CHART).first.wait_for()  # the curve grows with every training that is done
    expect(page.get_by_role("button", name="Cancel")).to_be_visible()
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("Cancelled. What was done until then is shown.").wait_for()
    page.locator(CHART).first.wait_for()
    assert page.locator("[data-testid=stException]").count() == 0


def test_a_phone_needs_no_sideways_scrolling(server, open_page):
    page = open_page(server + "/tune?view=rates&n=32", phone=True)
    for view in ("rates", "map", "basins"):
        if view != "rates":
            lead(page, f"/tune?view={view}&n=32")
        page.locator(CHART).first.wait_for()
        assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth"), view
        box = page.locator(".stPlotlyChart").first.bounding_box()
        assert box["x"] >= 0 and box["x"] + box["width"] <= 390 and box["y"] < 420, view


def test_no_menu_cuts_off_what_is_chosen_in_it(led):
    longest = max(FAIRNESS, key=lambda mode: len(FAIRNESS[mode]))
    for path in ("/tune?f=logistic", "/tune?view=map&n=16&o=adam", f"/?fair={longest}"):
        page = led(path)
        menus = page.locator("[data-testid=stSelectbox] input")
        menus.nth(1).wait_for()
        cut = "boxes => boxes.filter((box) => box.scrollWidth > box.clientWidth).map((box) => box.value)"
        assert menus.evaluate_all(cut) == [], path
