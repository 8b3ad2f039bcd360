"""The exported page: opened from disk, with the network off, it plays to the end and complains of nothing."""

import base64
import json
import re

import pytest
from playwright.sync_api import expect

import optim_viz as ov
from optim_viz.export.table import export, save
from optim_viz.player.assets import FLAT, library

PLAYER = ".ov-player[data-ready='true']"
TRICK = "</script><script>document.title='owned'</script><b>adam"


@pytest.fixture(scope="module")
def runs():
    return ov.descend(
        ov.surface("x^2 + 4*y^2"), [ov.optimizer("sgd", lr=0.05), ov.optimizer("adam", lr=0.1, label=TRICK)], steps=120
    )


@pytest.fixture(scope="module")
def file(runs, tmp_path_factory):
    path = tmp_path_factory.mktemp("exported") / "race.html"
    save(runs, str(path))
    return path


def requests_of(page):
    """What the page asks the network for, from now on."""
    asked = []
    page.on("request", lambda request: asked.append(request.url))
    return asked


def test_it_plays_by_itself_to_the_end_without_a_network(file, runs, open_page):
    page = open_page(file.as_uri(), offline=True, reduced_motion="no-preference")
    player = page.locator(PLAYER)
    player.wait_for()
    expect(player).to_have_attribute("data-playing", "true")
    page.get_by_label("Playing speed").select_option("8")
    expect(player).to_have_attribute("data-frame", "120")
    expect(player).to_have_attribute("data-playing", "false")
    expect(player.locator(".ov-table")).to_contain_text(runs["sgd"].status)


def test_data_and_the_line_of_a_run_are_in_it(tmp_path, open_page):
    path = tmp_path / "fit.html"
    save(ov.descend("logistic_regression", [ov.optimizer("adam", lr=0.1)], steps=30, batch_size=4), str(path))
    page = open_page(path.as_uri(), offline=True)
    page.locator(PLAYER).wait_for()
    expect(page.locator("#about")).to_have_text("f(b, w) = softplus(-v*(b + w*u))")
    expect(page.locator("[data-panel=fit]")).to_contain_text("Data and chances")
    assert page.evaluate("document.querySelector('.ov-player').__ov.pixelOf('fit', 'adam', 30)")


def test_a_function_of_x_is_a_curve_whose_start_is_dragged_and_a_map_on_equal_axes(tmp_path, open_page):
    path = tmp_path / "curve.html"
    wells = ov.surface("x^4 - 3x^2 + x", bounds=(-2.2, 2.2, -1, 1))
    runs = ov.descend(wells, [ov.optimizer("sgd", lr=0.01)], start=2.0, steps=60)
    save(runs, str(path))
    page = open_page(path.as_uri(), offline=True)
    player = page.locator(PLAYER)
    player.wait_for()
    status = page.locator(".ov-status")
    expect(status).to_have_text(runs["sgd"].status)
    expect(page.locator("[data-knob=y]")).to_have_count(0)
    place = page.evaluate("document.querySelector('.ov-player').__ov.pixelOf('profile', 'sgd', 0)")
    page.mouse.move(place["x"], place["y"])
    page.mouse.down()
    page.mouse.move(place["x"] - 40, place["y"] + 9, steps=3)
    expect(page.locator("[data-knob=x] strong")).not_to_have_text("2")
    page.mouse.move(place["x"] - 300, place["y"] + 9, steps=3)
    page.mouse.up()
    expect(status).to_contain_text("reached x = −1.301 at step")
    assert page.evaluate("document.querySelector('.ov-player').__ov.app.live.seen().start")[1] == 0.75
    page.locator("[data-view='2d']").click()
    page.locator("[data-equal]").click()
    expect(page.locator("[data-equal]")).to_have_attribute("aria-pressed", "true")
    lengths = """() => { const { xaxis, yaxis } = document.querySelector("[data-panel=plane] .ov-gd")._fullLayout;
        return [xaxis, yaxis].map(({ _length, range }) => _length / (range[1] - range[0])); }"""
    page.wait_for_function(f"(() => {{ const [x, y] = ({lengths})(); return Math.abs(x / y - 1) < 1e-3; }})()")
    page.keyboard.press("Control+z")
    page.keyboard.press("Control+z")
    expect(page.locator("[data-kind=profile]")).to_have_count(1)


def test_it_asks_the_network_for_nothing(file, open_page):
    page = open_page("about:blank", offline=True)
    asked = requests_of(page)
    page.goto(file.as_uri())
    page.locator(PLAYER).wait_for()
    assert asked[0] == file.as_uri()
    assert [url for url in asked[1:] if not url.startswith(("data:", "blob:"))] == []


def test_what_people_typed_stays_text(file, open_page):
    page = open_page(file.as_uri(), offline=True)
    page.locator(PLAYER).wait_for()
    expect(page.locator("h1")).to_have_text("Your function")
    expect(page.locator("#about")).to_contain_text("x^2 + 4*y^2")
    expect(page).to_have_title("Your function")
    assert page.locator(".ov-legend").inner_text().count(TRICK) == 1
    assert page.locator(".ov-player b").count() == 0


@pytest.mark.parametrize("scheme", ["light", "dark"])
def test_it_takes_the_readers_colours_and_fits_a_phone(scheme, file, open_page):
    page = open_page(file.as_uri(), width=390, height=800, offline=True, color_scheme=scheme)
    player = page.locator(PLAYER)
    player.wait_for()
    expect(player).to_have_attribute("data-theme", scheme)
    assert page.evaluate("document.documentElement.scrollWidth <= innerWidth")
    assert page.evaluate("document.querySelector('.ov-player').__ov.pixelOf('plane', 'sgd', 0).x") > 0


def test_a_training_with_its_plane_plays_too(tmp_path, open_page):
    training = ov.train([ov.optimizer("sgd", lr=0.05), ov.optimizer("adam")], epochs=1, batch_size=200, hidden=(16,))
    path = tmp_path / "training.html"
    path.write_bytes(export(training, "html", ov.project(training)))
    page = open_page(path.as_uri(), offline=True)
    player = page.locator(PLAYER)
    player.wait_for()
    expect(player).to_have_attribute("data-frame", str(training.steps - 1))
    assert player.locator(".ov-panel").count() == 3


def test_the_small_page_takes_plotly_from_the_network_and_says_so_without_one(runs, open_page, browser, tmp_path):
    path = tmp_path / "race.online.html"
    save(runs, str(path))
    page = open_page("about:blank")
    headers = {"access-control-allow-origin": "*", "content-type": "text/javascript"}
    page.route(re.compile("^https:"), lambda route: route.fulfill(path=library(), headers=headers))
    page.goto(path.as_uri())  # the browser refuses what has another hash than the page says
    page.locator(PLAYER).wait_for()
    expect(page.locator(".ov-player .js-plotly-plot")).to_have_count(2)
    page.unroute_all()
    context = browser.new_context(offline=True)
    alone = context.new_page()
    alone.goto(path.as_uri())
    expect(alone.locator("#player")).to_contain_text("this small page needs the network")
    context.close()


#: A notebook's page, as far as a widget sees it: a loader of modules that a library may not take for its own, and a
#: model that answers later.
NOTEBOOK = """<!doctype html><body><div id="cell" style="width: 1000px"></div><script>
window.define = Object.assign(() => { throw new Error("a library took the page's loader"); }, { amd: {} });
const given = GIVEN, values = { story: given.story }, heard = new Map();
const bytes = (text) => new DataView(Uint8Array.from(atob(text), (c) => c.charCodeAt(0)).buffer);
const model = {
  get: (name) => values[name],
  set: (name, value) => { values[name] = value; },
  on: (name, call) => heard.set(name, call),
  off: (name) => heard.delete(name),
  save_changes: () => setTimeout(() => {
    values[values.wanted] = bytes(given.libraries[values.wanted]);
    heard.get(`change:${values.wanted}`)?.();
  }, 10),
};
const module = URL.createObjectURL(new Blob([given.module], { type: "text/javascript" }));
import(module).then((found) => found.default.render({ model, el: document.getElementById("cell") }));
</script>"""


def test_the_widget_of_a_notebook_plays_and_turns_in_three_dimensions(tmp_path, open_page):
    found = ov.descend("rosenbrock", [ov.optimizer("sgd"), ov.optimizer("adam", lr=0.1)], steps=40)
    shown = found._display_()
    libraries = {"flat": FLAT, "whole": library()}
    given = {
        "story": shown.story,
        "module": shown._esm,
        "libraries": {name: base64.b64encode(path.read_bytes()).decode() for name, path in libraries.items()},
    }
    path = tmp_path / "notebook.html"
    path.write_text(NOTEBOOK.replace("GIVEN", json.dumps(given).replace("</", "<\\/")), "utf-8")
    page = open_page(path.as_uri(), offline=True)
    player = page.locator(PLAYER)
    player.wait_for()
    expect(player.locator(".ov-table")).to_contain_text(found["adam"].status)
    page.get_by_role("button", name="3-D").click()
    player.locator(".gl-container canvas").first.wait_for()
