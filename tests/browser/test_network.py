"""Training in a real browser: it grows, can be cancelled, is found again, waits in line, survives a broken upload."""

import contextlib
import io
import re

import numpy as np
import pytest
from playwright.sync_api import TimeoutError, expect

import optim_viz as ov
from optim_viz.network import digits
from tests.network.models import images, loss, made, trained

PLAYER = ".ov-player[data-ready='true']"
#: Long enough to be looked at, unlike any other test's, and on one core: the other one is the browser's.
LONG = "/network?epochs=90&hidden=128&seed={seed}&o=adam"
SHORT = "/network?epochs=1&batch=256&hidden=16&seed={seed}&o=adam"


def steps_drawn(page):
    """How many steps have a loss in the player's first track."""
    return page.evaluate("""() => {
        const track = document.querySelector('.ov-player').__ov.app.model.tracks[0];
        return [...track.columns.raw].filter(Number.isFinite).length;
    }""")


MORE_STEPS = """before => [...document.querySelector('.ov-player').__ov.app.model.tracks[0].columns.raw]
    .filter(Number.isFinite).length > before"""


def cancel(page):
    page.get_by_role("button", name="Cancel").click()
    page.get_by_text("What was recorded until then is shown.").wait_for()


def choose_view(page, view):
    page.get_by_role("radio", name=view, exact=True).or_(page.get_by_role("button", name=view, exact=True)).click()


@pytest.fixture
def quiet(server, open_page):
    """Open an address; whatever still trains at the end is cancelled, so that the next test's turn comes at once."""
    pages = []

    def open_(link, **options):
        pages.append(open_page(server + link, **options))
        return pages[-1]

    yield open_
    for page in pages:
        button = page.get_by_role("button", name="Cancel")
        with contextlib.suppress(TimeoutError):  # it may end by itself just now
            if button.count():
                button.click(timeout=5_000)
        expect(button).to_have_count(0)


def test_curves_grow_while_training_and_cancel_keeps_them(quiet):
    page = quiet(LONG.format(seed=1))
    page.locator(PLAYER).wait_for()
    first = steps_drawn(page)
    page.wait_for_function(MORE_STEPS, arg=first + 5)
    expect(page.get_by_text("s left")).to_be_visible()
    before = steps_drawn(page)
    cancel(page)
    assert page.locator(".ov-player").bounding_box()["height"] > 300  # and not a blank until the plane is computed
    page.get_by_text("The plane that holds most").wait_for()
    page.locator(".ov-player[data-ready='true'][data-scene-key='network pca']").wait_for()
    kept = steps_drawn(page)
    assert kept >= before
    choose_view(page, "Layers")
    page.locator(".stPlotlyChart").first.wait_for()
    assert steps_drawn(page) == kept  # nothing went on behind the page's back
    page.evaluate("document.querySelector('.ov-player').__ov.seek(1e6)")
    assert "cancelled" in page.locator(".ov-readout").inner_text()


def test_a_training_goes_on_when_the_page_is_left_and_is_found_again(quiet):
    page = quiet(LONG.format(seed=2))
    page.locator(PLAYER).wait_for()
    before = steps_drawn(page)
    page.get_by_role("link", name="Compare").first.click()
    page.get_by_role("heading", name="Rosenbrock", level=1).wait_for()
    page.get_by_role("link", name="Network").first.click()
    page.get_by_role("button", name="Cancel").wait_for()
    page.locator(PLAYER).wait_for()
    page.wait_for_function(MORE_STEPS, arg=before)
    expect(page).to_have_url(re.compile("seed=2"))


def test_two_sessions_wait_in_line(quiet):
    first = quiet(LONG.format(seed=3))
    first.locator(PLAYER).wait_for()
    second = quiet(SHORT.format(seed=4))
    second.get_by_text("Waiting: 1 trainings come before this one.").wait_for()
    cancel(first)
    second.locator(PLAYER).wait_for()
    second.get_by_text("The plane that holds most").wait_for()


def test_the_paths_on_the_plane_and_every_view(quiet):
    page = quiet(SHORT.format(seed=5) + "&o=sgd~lr~0.1&seeds=2")
    page.get_by_text("The plane that holds most").wait_for()
    expect(page.locator(".ov-player .js-plotly-plot")).to_have_count(3)
    for view, text in (("Seeds", "2 seeds"), ("Layers", "layer"), ("Plane", "random walk"), ("What it reads", "step")):
        choose_view(page, view)
        page.locator(".stPlotlyChart .js-plotly-plot").first.wait_for()
        expect(page.locator(".stPlotlyChart").first).to_contain_text(text)
    assert page.evaluate("document.querySelector('.ov-player').__ov.app.rested") is None  # nobody moved it
    expect(page.locator(".stPlotlyChart").first).not_to_contain_text("step 0:")
    page.evaluate("document.querySelector('.ov-player').__ov.seek(0)")
    expect(page.locator(".stPlotlyChart").first).to_contain_text("step 0:")
    page.get_by_text("Random directions").click()
    page.get_by_text("A random plane through the last weights").wait_for()
    assert page.locator("[data-testid=stException]").count() == 0


def give_file(page, where, name, content):
    """Unfold a place for files in the sidebar and give it one."""
    page.get_by_text(where, exact=True).click()
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": content}
    page.locator("[data-testid=stExpander]", has_text=where).locator("input[type=file]").set_input_files(file)


def upload(page, name, content):
    give_file(page, "Your own digits", name, content)


def test_a_broken_upload_gets_its_sentence_and_keeps_the_picture(quiet):
    page = quiet(SHORT.format(seed=6))
    page.get_by_text("The plane that holds most").wait_for()
    upload(page, "digits.npz", b"PK not really")
    expect(page.get_by_text("The shipped digits are used.")).to_be_visible()
    expect(page.locator(PLAYER)).to_have_count(1)


def test_a_sound_upload_is_trained_on(quiet):
    page = quiet(SHORT.format(seed=7) + "&plane=none")
    page.locator(PLAYER).wait_for()
    shipped, kept = digits.load(), io.BytesIO()
    np.savez(kept, x=shipped.test_x[:500], y=shipped.test_y[:500])
    upload(page, "mine.npz", kept.getvalue())
    # 400 of them are learned from, in batches of 256: two steps instead of the shipped digits' 32.
    page.wait_for_function("document.querySelector('.ov-player')?.__ov?.app.model.tracks[0].columns.raw.length === 2")
    expect(page.get_by_text("finished 2 steps").first).to_be_attached()
    assert page.locator("[data-testid=stException]").count() == 0


def test_a_recording_is_opened_and_the_digits_are_found_again(quiet, tmp_path):
    recording = trained(made("cnn"), images(), label="my net")
    path = tmp_path / "run.safetensors"
    ov.save(recording, path, ov.project(recording, loss=loss, data=images(), resolution=5), weights=False)
    page = quiet(SHORT.format(seed=8) + "&plane=none")
    page.locator(PLAYER).wait_for()
    give_file(page, "Your own network", "run.safetensors", path.read_bytes())
    expect(page.get_by_role("heading", name="A network of your own")).to_be_visible()
    page.locator(f"{PLAYER}[data-scene-key='recording pca']").wait_for()
    expect(page.locator(".ov-table tbody tr")).to_contain_text(["my net"])
    page.get_by_role("button", name="Back to the digits").click()
    expect(page.get_by_role("heading", name="An MLP on handwritten digits")).to_be_visible()
    page.locator(f"{PLAYER}[data-scene-key^='network']").wait_for()
    expect(page.get_by_label("Seed", exact=True)).to_have_value("8")
