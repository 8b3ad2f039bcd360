"""The player in a real browser: one playhead, mouse, keyboard, theme, size, and memory."""

import base64
import re

import numpy as np
import pytest
from playwright.sync_api import expect

import optim_viz as ov
from optim_viz.optimizers import styles
from optim_viz.player import scenes
from tests.browser.conftest import between

PLAYER = ".ov-player[data-ready='true']"
LINK = "/?f=quadratic&steps=200&o=sgd~lr~0.02&o=momentum~lr~0.01&o=adam~lr~0.05"
SPECS = [ov.optimizer("sgd", lr=0.02), ov.optimizer("momentum", lr=0.01), ov.optimizer("adam", lr=0.05)]


@pytest.fixture(scope="module")
def runs():
    return ov.descend("quadratic", SPECS, steps=200)


@pytest.fixture(scope="module")
def opened(server, open_once):
    page = open_once(server + LINK)
    page.locator(PLAYER).wait_for()
    return page


@pytest.fixture
def page(opened):
    """The page as it opens, for tests that leave it so: the last frame, nothing under the pointer."""
    opened.mouse.move(0, 0)
    seek(opened, 200)
    return opened


@pytest.fixture(scope="module")
def moved(led):
    """A page whose experiment may be changed: what is asked of it holds wherever the runs start, and of which runs."""
    page = led(LINK)
    page.locator(PLAYER).wait_for()
    return page


def player(page):
    return page.locator(PLAYER)


def call(page, code):
    return page.evaluate(f"(() => {{ const ov = document.querySelector('.ov-player').__ov; return {code}; }})()")


def pixel(page, panel, track, frame):
    spot = call(page, f"ov.pixelOf('{panel}', '{track}', {frame})")
    return spot["x"], spot["y"]


def frame(page):
    return int(player(page).get_attribute("data-frame"))


def seek(page, to):
    call(page, f"ov.seek({to})")
    expect(player(page)).to_have_attribute("data-frame", str(to))


def wait_until_near(page, spot, colour, there=True, reach=6):
    """Wait until a canvas of the player has, or has not, a pixel of about this colour within `reach` px of a spot:
    a client position, or what `pixelOf` takes."""
    page.wait_for_function(
        """([spot, colour, reach, there]) => {
          const { pixelOf } = document.querySelector('.ov-player').__ov;
          const { x, y } = spot.length === 2 ? { x: spot[0], y: spot[1] } : pixelOf(...spot);
          return there === [...document.querySelectorAll('.ov-player canvas')].some((canvas) => {
            const box = canvas.getBoundingClientRect();
            if (x < box.left || y < box.top || x > box.right || y > box.bottom) return false;
            const context = canvas.getContext('2d', { willReadFrequently: true });
            if (!context) return false;
            const scale = canvas.width / box.width;
            const side = Math.max(1, Math.round(2 * reach * scale));
            const [left, top] = [(x - box.left - reach) * scale, (y - box.top - reach) * scale];
            const data = context.getImageData(left, top, side, side).data;
            const want = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
            for (let i = 0; i < data.length; i += 4) {
                if (data[i + 3] > 200 && want.every((c, k) => Math.abs(data[i + k] - c) < 25)) return true;
            }
            return false;
          });
        }""",
        arg=[spot, colour, reach, there],
    )


def test_one_playhead_draws_the_heads_in_every_panel(page, runs):
    for at in (0, 37, 200):
        seek(page, at)
        for run in runs if at == 37 else [runs["adam"]]:
            colour = styles.style(run.spec.kind).light
            for panel in ("plane", "loss"):
                wait_until_near(page, [panel, run.label, at], colour)


def test_readout_and_inspector_equal_the_trajectory(page, runs):
    page.get_by_role("button", name="inspector").click()
    seek(page, 37)
    for run in runs:
        row = page.locator(f".ov-readout tr[data-track='{run.label}']").inner_text()
        assert numbers(row)[-4:] == pytest.approx(
            [run.losses[37], np.hypot(*run.gradients[37]), np.hypot(*(run.points[37] - run.points[36])), run.lrs[37]],
            rel=1e-2,
        )
        card = page.locator(f"[data-inspect='{run.label}']")
        cells = {r.locator("th").inner_text(): numbers(r.inner_text()) for r in card.locator("tbody tr").all()[1:]}
        assert cells["point θ"] == pytest.approx(list(run.points[37]), rel=1e-3)
        assert cells["gradient g"] == pytest.approx(list(run.gradients[37]), rel=1e-3)
        for name, values in run.state.items():
            assert cells[name.replace("_", " ")] == pytest.approx(list(values[37]), rel=1e-3)
        moved = run.points[38] - run.points[37]
        assert cells["step Δθ from here"] == pytest.approx(list(moved), rel=2e-3)
    page.get_by_role("button", name="inspector").click()


def numbers(text):
    found = re.findall(r"[−-]?\d+(?:\.\d+)?(?:e[−-]?\d+)?", text.replace("−", "-"))
    return [float(n) for n in found]


def test_keyboard(page):
    player(page).focus()
    for key, at in (("Home", 0), ("ArrowRight", 1), ("ArrowRight", 2), ("ArrowLeft", 1), ("End", 200)):
        page.keyboard.press(key)
        expect(player(page)).to_have_attribute("data-frame", str(at))
    page.keyboard.press("Home")
    page.keyboard.press("Space")
    expect(player(page)).to_have_attribute("data-playing", "true")
    page.wait_for_function("Number(document.querySelector('.ov-player').dataset.frame) > 5")
    page.keyboard.press("Space")
    expect(player(page)).to_have_attribute("data-playing", "false")
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") != "none"


def test_reduced_motion_does_not_play_by_itself(page):
    expect(player(page)).to_have_attribute("data-playing", "false")


def test_controls_have_names_and_speed_works(page):
    for control in page.locator(".ov-player button, .ov-player input, .ov-player select").all():
        name = control.evaluate("e => e.ariaLabel || e.textContent || e.title || e.labels?.[0]?.textContent")
        assert name and name.strip(), control.evaluate("e => e.outerHTML")
    page.locator(".ov-player select").first.select_option(label="8×")
    seek(page, 0)
    player(page).focus()
    page.keyboard.press("Space")
    expect(player(page)).to_have_attribute("data-frame", "200", timeout=15_000)
    page.locator(".ov-player select").first.select_option(label="1×")


def test_click_sets_the_start_within_one_pixel(moved):
    page = moved
    box = page.locator(".ov-player .js-plotly-plot").first.bounding_box()
    x, y = round(box["x"] + 0.6 * box["width"]), round(box["y"] + 0.3 * box["height"])
    drawn = player(page).get_attribute("data-drawn-hash")
    page.mouse.click(x, y)
    expect(player(page)).not_to_have_attribute("data-drawn-hash", drawn, timeout=30_000)
    wait_until_start_is_at(page, x, y, 1.0)
    expect(page).to_have_url(re.compile("start="))


def wait_until_start_is_at(page, x, y, within):
    page.wait_for_function(
        """([x, y, within]) => {
            const spot = document.querySelector('.ov-player').__ov.pixelOf('plane', 'sgd', 0);
            return Math.abs(spot.x - x) <= within && Math.abs(spot.y - y) <= within;
        }""",
        arg=[x, y, within],
        timeout=30_000,
    )


def test_drag_moves_the_paths_and_ends_where_the_pointer_ends(moved):
    page = moved
    x, y = pixel(page, "plane", "sgd", 0)
    page.mouse.move(x, y)
    page.mouse.down()
    page.mouse.move(x + 80, y + 60, steps=20)
    page.mouse.up()
    wait_until_start_is_at(page, x + 80, y + 60, 1.0)


def test_hover_on_a_curve_names_the_run_and_the_step(page, runs):
    page.mouse.move(*pixel(page, "loss", "sgd", 120))
    tip = page.locator(".ov-tip")
    expect(tip).to_be_visible()
    text = tip.inner_text()
    assert "sgd" in text and "step" in text
    step = int(re.search(r"step (\d+)", text)[1])
    assert abs(step - 120) <= 1
    assert numbers(text.split("loss")[1])[0] == pytest.approx(runs["sgd"].losses[step], rel=1e-3)
    page.mouse.move(*pixel(page, "plane", "momentum", 3))
    expect(tip).to_contain_text("momentum")


def test_a_step_that_is_pointed_at_shows_its_vectors(page, runs):
    run, colour = runs["momentum"], styles.style("momentum").light
    here, there = (np.array(pixel(page, "plane", "momentum", row)) for row in (4, 9))
    scale = (there - here) / (run.points[9] - run.points[4])  # px for a unit of x and of y
    downhill = -run.gradients[4] * scale
    tip = here + 15 * downhill / np.hypot(*downhill)  # no arrow is shorter
    wait_until_near(page, list(tip), colour, there=False, reach=1)
    page.mouse.move(*here)
    wait_until_near(page, list(tip), colour, reach=1)
    said = page.locator(".ov-tip").inner_text().splitlines()
    vectors = (-run.gradients[4], -run.state["momentum_buffer"][4], run.points[5] - run.points[4])
    for name, vector in zip(("−gradient", "momentum", "next step"), vectors, strict=True):
        line = next(line for line in said if line.startswith(f"{name} ("))
        assert numbers(line) == pytest.approx(list(vector), rel=1e-2)


def test_steps_that_lie_apart_are_dots(page):
    here, there = (np.array(pixel(page, "plane", "sgd", row)) for row in (0, 1))
    along = (there - here) / np.hypot(*(there - here))
    beside = 2.4 * np.array([-along[1], along[0]])  # off the line, on a dot
    wait_until_near(page, list(there + beside), styles.style("sgd").light, reach=0.8)
    wait_until_near(page, list((here + there) / 2 + beside), styles.style("sgd").light, there=False, reach=0.8)


def test_legend_hides_a_run_everywhere(page):
    seek(page, 60)
    spots = [pixel(page, panel, "sgd", 60) for panel in ("plane", "loss")]
    colour = styles.style("sgd").light
    for spot in spots:
        wait_until_near(page, spot, colour)
    button = page.locator(".ov-legend [data-track='sgd']")
    button.click()
    expect(button).to_have_attribute("aria-pressed", "false")
    for spot in spots:
        wait_until_near(page, spot, colour, there=False)
    assert page.locator(".ov-readout tr[data-track='sgd']").count() == 0
    button.click()
    expect(button).to_have_attribute("aria-pressed", "true")


def test_theme_switches_live(page):
    light = page.evaluate("getComputedStyle(document.querySelector('.ov-player')).color")
    page.emulate_media(color_scheme="dark")
    page.wait_for_function("document.querySelector('.ov-player').dataset.theme === 'dark'", timeout=20_000)
    page.wait_for_function(
        "before => getComputedStyle(document.querySelector('.ov-player')).color !== before", arg=light
    )
    page.emulate_media(color_scheme="light")
    page.wait_for_function("document.querySelector('.ov-player').dataset.theme === 'light'", timeout=20_000)


def test_resize_keeps_heads_on_their_paths(page):
    seek(page, 50)
    page.set_viewport_size({"width": 900, "height": 800})
    wait_until_near(page, ["loss", "adam", 50], styles.style("adam").light)
    assert page.evaluate("document.scrollingElement.scrollWidth <= innerWidth")
    page.set_viewport_size({"width": 1400, "height": 900})
    wait_until_near(page, ["loss", "adam", 50], styles.style("adam").light)


def test_zoom_and_playhead_survive_a_change_of_a_hyperparameter(moved):
    page = moved
    seek(page, 44)
    x, y = pixel(page, "plane", "adam", 200)
    player(page).focus()
    page.mouse.move(x, y)
    page.mouse.wheel(0, -400)
    ranges = "[...document.querySelectorAll('.ov-player .js-plotly-plot')][0]._fullLayout.xaxis.range.map((v) => v)"
    page.wait_for_function(f"(([low, high]) => high - low < 5.9)({ranges})")
    zoomed = page.evaluate(ranges)
    drawn = player(page).get_attribute("data-drawn-hash")
    page.locator(".ov-table [data-knob=lr]").first.focus()
    page.keyboard.press("ArrowRight")
    expect(player(page)).not_to_have_attribute("data-drawn-hash", drawn, timeout=30_000)
    assert page.evaluate(ranges) == pytest.approx(zoomed) and frame(page) == 44
    after = player(page).get_attribute("data-drawn-hash").split("+")
    assert len(set(after) - set(drawn.split("+"))) == 1  # only the changed run travelled


#: How many pixels of the player's canvases are of about this colour.
COLOURED = """(colour) => {
    const want = [1, 3, 5].map((i) => parseInt(colour.slice(i, i + 2), 16));
    let count = 0;
    for (const canvas of document.querySelectorAll(".ov-player canvas.ov-canvas")) {
        if (!canvas.offsetParent) continue;
        const { data } = canvas.getContext("2d").getImageData(0, 0, canvas.width, canvas.height);
        for (let i = 0; i < data.length; i += 4) {
            count += data[i + 3] > 200 && want.every((part, k) => Math.abs(data[i + k] - part) < 25);
        }
    }
    return count;
}"""


def test_the_hint_says_how_to_zoom_and_a_waiting_picture_that_it_waits(page):
    expect(page.locator("[data-panel=plane] .ov-where")).to_contain_text("Ctrl+wheel to zoom".replace(" ", "\u00a0"))
    line = """(state) => {
        document.querySelector("[data-testid=stApp]").dataset.testScriptState = state;
        const { content, animationDelay } = getComputedStyle(document.querySelector(".ov-player"), "::before");
        return [content !== "none", animationDelay];
    }"""
    page.emulate_media(reduced_motion="no-preference")
    assert page.evaluate(line, "running") == [True, "0.5s"]  # what is there within a moment needs no sign
    assert page.evaluate(line, "notRunning")[0] is False
    page.emulate_media(reduced_motion="reduce")


def test_three_dimensions_draw_without_complaint(page):
    page.get_by_role("button", name="3-D").click()
    page.wait_for_function(
        "[...document.querySelectorAll('.ov-player .js-plotly-plot')].some((p) => p._fullLayout?.scene?._scene?.glplot)"
    )
    seek(page, 3)
    wait_until_near(page, ["plane", "sgd", 3], styles.style("sgd").light, reach=9)
    page.locator(".ov-menu summary").click()
    before = page.evaluate(COLOURED, styles.style("adam").light)
    page.locator("[data-arrow=step]").check()  # an arrow at the head, at least 20 px long and 3 wide
    page.wait_for_function(
        f"([colour, least]) => ({COLOURED})(colour) > least", arg=[styles.style("adam").light, before + 25]
    )
    page.locator("[data-arrow=step]").uncheck()
    page.locator(".ov-menu summary").click()
    page.get_by_role("button", name="2-D").click()
    wait_until_near(page, ["plane", "sgd", 3], styles.style("sgd").light)


def test_what_the_axis_of_the_loss_leaves_out_is_said(led):
    page = led("/?f=quadratic&steps=60&o=sgd~lr~0.1&o=sgd~lr~2.3~label~wild")
    expect(page.get_by_text("wild goes on above")).to_be_visible()


def test_data_are_shown_with_the_line_of_every_run_at_the_playhead(led):
    page = led("/?f=linear_regression&start=2~1.5&steps=200&o=sgd~lr~0.05&o=adam~lr~0.05")
    page.locator(PLAYER).wait_for()
    colour = styles.style("sgd").light
    spots = {}
    for at in (0, 200):
        seek(page, at)
        spots[at] = pixel(page, "fit", "sgd", at)
        wait_until_near(page, ["fit", "sgd", at], colour)
    assert spots[0] != spots[200]
    wait_until_near(page, [*spots[0]], colour, there=False)
    page.mouse.move(*pixel(page, "plane", "sgd", 0))  # what is pointed at shows its line as well
    expect(page.locator(".ov-tip")).to_contain_text("at b = 2, w = 1.5")
    wait_until_near(page, [*spots[0]], colour)
    page.mouse.move(0, 0)
    page.locator(".ov-legend").get_by_text("sgd").click()
    wait_until_near(page, [*spots[200]], colour, there=False)
    page.locator(".ov-legend").get_by_text("sgd").click()
    page.locator("[data-knob=w]").press("ArrowUp")
    moved = "([x]) => document.querySelector('.ov-player').__ov.pixelOf('fit', 'sgd', 0).x !== x"
    page.wait_for_function(moved, arg=[spots[0][0]])
    expect(page.locator("[data-panel=fit] [role=img]")).to_have_attribute("aria-label", re.compile("^The 24 examples"))
    page.locator("[data-switch=fit]").click()
    expect(page.locator("[data-panel=fit]")).to_be_hidden()


#: What Streamlit does at every rerun, without Streamlit: the scene's blobs go to their stores, the scene to the player.
RERUN = """() => {
    const [module] = Object.values(globalThis.__ovModules), root = document.createElement("div");
    const bytes = (text) => Uint8Array.from(atob(text), (letter) => letter.charCodeAt(0));
    const slots = [], style = document.querySelector("link[data-ov]").dataset.ov;
    root.style.width = "900px";
    document.body.append(root);
    globalThis.rerun = async ({ data, blobs }) => {
        blobs.forEach((blob, i) => {
            slots[i] ??= document.createElement("div");
            module.store({ parentElement: slots[i], data: bytes(blob) });
        });
        const component = { parentElement: root, data, setTriggerValue() {}, setStateValue() {} };
        module.player(component, { plotlyUrl: "", cssUrl: style });
        while (!root.querySelector(".ov-player")) await new Promise(requestAnimationFrame);
        await root.querySelector(".ov-player").__ov.shown;
        return root.querySelector(".ov-player").dataset.drawnHash;
    };
}"""


def test_200_reruns_do_not_grow_memory(moved):
    """The heap after 200 changes of a learning rate, garbage collected, is where it was after 20."""
    session = moved.context.new_cdp_session(moved)

    def heap():
        session.send("HeapProfiler.collectGarbage")
        return session.send("Runtime.getHeapUsage")["usedSize"] / 1e6

    def scene(lr):
        made = scenes.compare(ov.descend("quadratic", [ov.optimizer("sgd", lr=lr), *SPECS[1:]], steps=200))
        blobs = [base64.b64encode(name.encode() + data).decode() for name, data in made.blobs.items()]
        return {"data": made.data, "blobs": blobs}

    def change(first):
        """Twenty changes, no two of all of them alike; return the names of what was drawn."""
        made = [scene(0.02 * 1.001**i) for i in range(first, first + 20)]
        return moved.evaluate(
            """async (scenes) => {
                const drawn = [];
                for (const one of scenes) drawn.push(await rerun(one));
                return drawn;
            }""",
            made,
        )

    moved.evaluate(RERUN)
    assert len(set(change(0))) == 20  # every one of them is drawn
    before = heap()
    for first in range(20, 220, 20):
        change(first)
    after = heap()
    assert after - before < 12, f"{before:.1f} MB -> {after:.1f} MB"
    assert moved.evaluate("globalThis.__ovBlobs.blobs.size") <= 64


def test_embedded(server, open_page):
    page = open_page(server + LINK + "&embed=true")
    page.locator(PLAYER).wait_for()
    assert page.locator(".ov-player .js-plotly-plot").count() == 2
    for name in ("stSidebar", "stHeader"):
        expect(page.get_by_test_id(name)).to_be_hidden()
    expect(page.get_by_role("heading", level=1)).to_be_hidden()
    assert page.locator(PLAYER).bounding_box()["width"] >= 1350


def test_a_player_that_cannot_be_loaded_says_so(server, tabs):
    def refuse(send, event):
        send("Fetch.failRequest", {"requestId": event["requestId"], "errorReason": "Failed"})

    page, kind = tabs.take({})  # its console may complain
    session = page.context.new_cdp_session(page)
    session.send("Network.enable")
    session.send("Network.setCacheDisabled", {"cacheDisabled": True})  # or it would not be asked for
    with between(page, "*/whole/app.js*", refuse):
        page.goto(server)
        page.get_by_text("The player could not be loaded. Reload the page to try again.").first.wait_for()
    session.detach()
    page.reload()
    page.locator(PLAYER).wait_for()
    assert page.get_by_text("could not be loaded").count() == 0
    tabs.give_back(page, kind)
