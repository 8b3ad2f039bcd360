"""Every export reads back: tables and JSON to the last bit, images in size and frames, pages in their data."""

import base64
import hashlib
import html
import io
import json
import re
import xml.etree.ElementTree as ET
from concurrent.futures import ThreadPoolExecutor
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pylopdf_fonts_zh_cn
import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st
from matplotlib import font_manager
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from PIL import Image

import optim_viz as ov
from docs import make_words
from optim_viz.experiments import files, links, study_views
from optim_viz.export import images
from optim_viz.export.drawing import DASHES, HEIGHT, MARKERS, WIDTH, Drawing, _fonts, styled
from optim_viz.export.origin import origin
from optim_viz.export.panels import curve_range, surface
from optim_viz.export.study_table import STUDY_EXPORTS, StudyResult
from optim_viz.export.table import EXPORTS, by_suffix, export, save
from optim_viz.language import speaking
from optim_viz.network import train
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import ON_SURFACES, OPTIMIZERS
from optim_viz.player import assets, network_scenes, scenes, standalone
from optim_viz.surfaces import descent
from optim_viz.surfaces.table import SURFACES
from tests.frames import results_of, same_frame

TEXT = "{http://www.w3.org/2000/svg}text"
SPECS = [
    ov.optimizer("sgd", lr=1e-3),
    ov.optimizer("adam", lr=0.05, label='a "quoted", label\u2028~ <&'),
    ov.optimizer("sgd", lr=0.5, label="too much"),  # diverges
]


@pytest.fixture(scope="module")
def runs():
    return ov.descend("rosenbrock", SPECS, steps=150, noise=0.1)


@pytest.fixture(scope="module")
def training():
    return ov.train([ov.optimizer("sgd", lr=0.05), ov.optimizer("adam")], epochs=1, batch_size=500, hidden=(8,))


@pytest.fixture(scope="module")
def plane(training):
    return ov.project(training)


READERS = {
    "csv": lambda data: pd.read_csv(io.BytesIO(data), dtype=str, keep_default_na=False),
    "parquet": lambda data: pd.read_parquet(io.BytesIO(data)),
    "json": lambda data: results_of(data.decode()),
}


@pytest.mark.parametrize("name", READERS)
@pytest.mark.parametrize("what", ["runs", "training"])
def test_tables_read_back_equal(name, what, request):
    result = request.getfixturevalue(what)
    assert not np.isfinite(result.to_frame().select_dtypes("number")).all(axis=None)  # there is something to lose
    same_frame(READERS[name](export(result, name)), result.to_frame())


def test_json_holds_the_experiment(runs, training):
    for result in (runs, training):
        assert files.read(export(result, "json").decode()) == result.spec


@pytest.mark.parametrize("what", ["runs", "training"])
def test_gif_and_png_have_the_right_size_and_frames(what, request, plane):
    result = request.getfixturevalue(what)
    told = []
    film = Image.open(io.BytesIO(export(result, "gif", plane if what == "training" else None, told.append)))
    rows = 151 if what == "runs" else result.steps
    assert (film.size, film.n_frames) == ((WIDTH, HEIGHT), min(images.MAX_FRAMES, rows))
    assert told[-1] == 1.0 and told == sorted(told) and len(told) == film.n_frames
    durations = []
    for frame in range(film.n_frames):
        film.seek(frame)
        durations.append(film.info["duration"])
    assert 1.0 < sum(durations) / 1000 < 12.0
    still = Image.open(io.BytesIO(export(result, "png")))
    assert still.size == (images.SCALE * WIDTH, images.SCALE * HEIGHT)


def pixel(pixels, runs, place):
    """The colour at a place in shares of a panel, RGB."""
    x, y = runs.trails.axes.bbox.min + place * runs.trails.axes.bbox.size
    return pixels[round(HEIGHT - y), round(x)]


def rgb(color):
    return [int(color[i : i + 2], 16) for i in (1, 3, 5)]


def drawn(scene):
    with styled():
        return Drawing(scene)


def frames_of(scene, *numbers):
    film = Image.open(io.BytesIO(images.gif(scene)))
    for number in numbers:
        film.seek(number % film.n_frames)
        yield np.asarray(film.convert("RGB")).astype(int)


def test_a_film_shows_the_heads_where_the_runs_are():
    runs = ov.descend("quadratic", [ov.optimizer("sgd", lr=0.02), ov.optimizer("adam", lr=0.05)], steps=60)
    scene = scenes.compare(runs)
    drawing = drawn(scene)
    plane, curve = drawing.panels
    bounds = np.reshape(runs.surface.bounds, (2, 2))
    places = (runs["adam"].points - bounds[:, 0]) / np.ptp(bounds, axis=1)
    np.testing.assert_allclose(plane.points[1], places, atol=1e-6)
    assert np.allclose(np.diff(curve.points[1, :, 0]), curve.points[1, 1, 0] - curve.points[1, 0, 0])
    for frame, pixels in zip((0, 30, 60), frames_of(scene, 0, 30, 60), strict=True):
        for panel in drawing.panels:  # the last one drawn lies on top
            assert np.abs(pixel(pixels, panel, panel.points[-1, frame]) - rgb(drawing.colors[-1])).max() < 12


def test_the_last_frame_of_the_film_is_the_picture():
    runs = ov.descend("rosenbrock", [ov.optimizer("sgd", lr=1e-3), ov.optimizer("momentum", lr=1e-3)], steps=80)
    scene = scenes.compare(runs)
    (last,) = frames_of(scene, -1)
    with styled():  # at the film's size: at twice of it letters have other shapes
        drawing = Drawing(scene)
        drawing.canvas.draw()
    apart = np.abs(last - np.asarray(drawing.canvas.buffer_rgba())[..., :3].astype(int)).max(2)
    assert np.quantile(apart, 0.99) <= 12  # the film has 256 colours
    # Dashes drawn frame by frame meet those drawn at once but for an edge pixel here and there.
    assert (apart > 60).mean() < 2e-3


def test_a_run_that_leaves_is_drawn_to_the_edge_where_a_triangle_says_which_way():
    bowl = ov.surface("x^2 + y^2", bounds=(-3, 3, -3, 3))
    runs = ov.descend(bowl, [ov.optimizer("sgd", lr=3.0)], start=(1.0, 0.0), steps=90)  # x is 1, -5, 25, ... 1e63
    scene = scenes.compare(runs)
    drawing = drawn(scene)
    plane, color = drawing.panels[0], rgb(drawing.colors[0])
    (first, last) = frames_of(scene, 1, -1)
    for share in (0.2, 0.4, 0.6):  # on the way from the start through the left edge
        assert np.abs(pixel(first, plane, np.array([share, 0.5])) - color).max() < 12
    assert plane.turns[0, 1] == pytest.approx(90.0) and np.isnan(plane.turns[0, 0])
    beside = plane.places[0, -1]
    assert 0 < beside[0] < 0.05 or 0.95 < beside[0] < 1
    assert np.abs(pixel(last, plane, beside) - color).max() < 12


def test_drawing_is_the_same_whoever_draws_beside_it(runs):
    import matplotlib

    scene = scenes.compare(runs)
    alone = images.png(scene), images.svg(scene)
    with matplotlib.rc_context({"font.size": 30, "svg.fonttype": "path", "axes.facecolor": "black"}):
        with ThreadPoolExecutor(3) as pool:
            found = list(pool.map(lambda make: make(scene), [images.png, images.svg, images.gif, images.svg]))
        assert matplotlib.rcParams["font.size"] == 30
    assert (found[0], found[1]) == alone and found[3] == alone[1] and found[2] == images.gif(scene)


@given(st.lists(st.text(max_size=20), min_size=6, max_size=6))
@example(["$x^2$ \\frac \u6f22 \x00", "", " ", "~", "<b>", "&amp;"])
@settings(max_examples=5)
def test_any_label_is_written_as_it_is(labels):
    shown = scenes.compare(ov.descend("quadratic", [ov.optimizer("sgd", lr=0.1)] * len(labels), steps=2))
    for track, label in zip(shown.data["tracks"], labels, strict=True):
        track["label"] = label
    words = [(element.text or "").strip() for element in ET.fromstring(images.svg(shown)).iter(TEXT)]  # noqa: S314 - our own
    clean = {"".join(c for c in " ".join(label.split()) if c.isprintable()).strip() for label in labels}
    assert clean - {""} <= set(words)


@pytest.mark.parametrize("optimizers", [[SPECS[2]], SPECS, [ov.optimizer(k) for k in ON_SURFACES]], ids=len)
def test_pictures_of_anything(optimizers):
    for loss, steps in (("rosenbrock", 40), ("saddle", 1), (ov.surface("log(x)*sqrt(y) + 5"), 40)):
        result = ov.descend(loss, optimizers, start=(1.0, 1.0), steps=steps)
        text = export(result, "svg").decode()
        root = ET.fromstring(text)  # noqa: S314 - our own
        assert root.attrib["viewBox"] == f"0 0 {WIDTH} {HEIGHT}"
        assert "nan" not in re.sub(r"base64,[^\"]*", "", text).lower()
        export(result, "png")


def png_comment(data):
    return Image.open(io.BytesIO(data)).text["Comment"]


def gif_comment(data):
    return Image.open(io.BytesIO(data)).info["comment"].decode()


def svg_source(data):
    (source,) = ET.fromstring(data).iter("{http://purl.org/dc/elements/1.1/}source")  # noqa: S314 - our own
    return source.text


def html_source(data):
    found = re.search(
        r'<link rel="canonical" href="(.*?)">|<meta name="dcterms.source" content="(.*?)">', data.decode()
    )
    return html.unescape(found[1] or found[2])


CARRIED = {"png": png_comment, "gif": gif_comment, "svg": svg_source, "html": html_source}


@pytest.mark.parametrize("name", CARRIED)
@pytest.mark.parametrize("address", ["", "https://example.org/app/"])
def test_every_picture_carries_the_link_that_it_was_made_by(name, address):
    typed = ov.surface("a*x² + |y|", a=2.5)
    asked = ov.descend(typed, [ov.optimizer("sgd", lr=0.1, label='<&" é')], steps=3, seed=9)
    said = CARRIED[name](export(asked, name, address=address))
    start, _, query = said.partition("?")
    assert start == (address or "optim-viz ")
    default = descent.check("quadratic", [ov.optimizer("adam")])
    assert links.read(links.DESCENT, parse_qs(query), default) == (asked.spec, [])


def test_the_pages_of_a_link(training):
    assert origin(training.spec, "https://example.org").startswith("https://example.org/network?epochs=1&batch=500")
    own = ov.descend("quadratic", [own_optimizer], steps=2)
    assert origin(own.spec) == "optim-viz, with an optimizer or digits of one's own, which no link holds"
    assert png_comment(export(own, "png")) == origin(own.spec)


def test_the_line_at_the_foot_is_whole_or_ends_in_an_ellipsis():
    scene = scenes.compare(ov.descend("quadratic", [ov.optimizer("sgd", lr=0.1)], steps=2))
    for whole, shown in (("optim-viz ?f=quadratic", "optim-viz ?f=quadratic"), ("?" + "x" * 900, "\u2026")):
        with styled():
            drawing = Drawing(scene, whole)
            (foot,) = [t for t in drawing.figure.texts if t.get_text().endswith(shown)]
            ends = foot.get_window_extent()
            lowest = min(runs.trails.axes.get_tightbbox().y0 for runs in drawing.panels)
        assert ends.x1 <= WIDTH - 24 and ends.y0 > 0 and ends.y1 < lowest
    assert ends.x1 > WIDTH - 80  # cut no further than it must be


def test_svg_words_are_text(runs):
    root = ET.fromstring(export(runs, "svg").decode())  # noqa: S314 - our own
    words = {element.text for element in root.iter(TEXT)}
    assert {"sgd", 'a "quoted", label ~ <&', "too much", "Rosenbrock", "Loss", "step 150"} <= words


def test_a_page_holds_the_scene_and_all_modules(runs):
    text = export(runs, "html").decode()
    story = json.loads(story_of(text))
    scene = scenes.compare(runs)
    assert {name: base64.b64decode(blob) for name, blob in story["blobs"].items()} == scene.blobs
    assert story["scene"]["tracks"] == json.loads(json.dumps(scene.data["tracks"]))
    assert story["scene"]["live"] == scene.data["live"]  # so a start can be picked there, too
    assert next(panel["pick"] for panel in story["scene"]["panels"]) is True
    modules = standalone.modules()
    for url in modules.values():
        source = base64.b64decode(url.partition(",")[2]).decode()
        wanted = re.findall(r'^import .* from "([^"]+)"', source, re.MULTILINE)
        assert set(wanted) <= set(modules)


def story_of(text):
    return re.search(r'id="story">(.*?)</script>', text, re.DOTALL)[1]


@given(st.text(max_size=40))
@settings(max_examples=20, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_text_leaves_its_element(runs, words):
    text = standalone.page(scenes.compare(runs), "<!--<script>" + words, "</script>" + words)
    story = story_of(text)
    assert "<" not in story
    assert json.loads(story)["title"] == "<!--<script>" + words


def test_the_small_page_links_what_the_large_one_holds(runs):
    whole, small = (export(runs, name).decode() for name in ("html", "html-online"))
    assert len(small) < len(whole) / 8
    digest = base64.b64encode(hashlib.sha256(assets.library().read_bytes()).digest()).decode()
    assert f'integrity="sha256-{digest}" crossorigin="anonymous"' in small
    assert story_of(whole) == story_of(small)


def test_every_row_writes_both_kinds_of_result(runs, training, tmp_path):
    assert len({row.suffix for row in EXPORTS.values()}) == len(EXPORTS)
    for name, row in EXPORTS.items():
        assert row.name == name
        assert by_suffix(f"a/b{row.suffix.upper()}") is row
        for result in (runs, training):
            path = tmp_path / f"file{row.suffix}"
            save(result, str(path))
            assert path.stat().st_size > 100


def test_what_cannot_be_written_is_said(runs, tmp_path):
    with pytest.raises(ov.SpecError, match="did you mean 'parquet'"):
        export(runs, "parqet")
    with pytest.raises(ov.SpecError, match=r"must end in one of \.html"):
        save(runs, "race.mp4")
    with pytest.raises(ov.SpecError, match="could not be written"):
        save(runs, str(tmp_path / "no" / "race.csv"))
    own = ov.descend("quadratic", [own_optimizer], steps=2)
    with pytest.raises(ov.SpecError, match="own_optimizer"):
        export(own, "json")
    assert export(own, "csv").startswith(b"optimizer,step")


LABELS = ["=1+1", "+x", "-x", "@x", "\tx", "\rx", "sgd", "1e-3", "a\r=1+1"]


def test_no_text_of_a_table_starts_a_formula_and_numbers_stay_numbers():
    """A label comes from a link, and so perhaps from a stranger: what opens the file would compute it."""
    runs = ov.descend("saddle", [ov.optimizer("sgd", label=label) for label in LABELS], start=(-1, 1), steps=1)
    back = pd.read_csv(io.BytesIO(export(runs, "csv")))
    told = [f"'{label}" if i < 6 else label for i, label in enumerate(LABELS)]
    told = [label.replace("\r", " ") for label in told]
    assert back["optimizer"].unique().tolist() == told
    frame = runs.to_frame()
    assert (frame["x"] < 0).any() and back["x"].tolist() == frame["x"].tolist()
    assert not re.search(rb'(^|[\n,"])[=+@\t\r]', export(runs, "csv"))


def own_optimizer(params):
    import torch

    return torch.optim.SGD(params, lr=0.1)


def knob_values(knob):
    if knob.scale == "text":
        return st.just(knob.default)
    if knob.scale == "bool":
        return st.just(False) if knob.name == "cycle_momentum" else st.booleans()
    if knob.scale == "int":
        return st.integers(int(knob.low), int(knob.high))
    inside = st.floats(knob.low, knob.high, allow_subnormal=False)
    return inside.filter(
        lambda v: not (knob.open_low and v <= knob.minimum) and not (knob.open_high and v >= knob.maximum)
    )


def rows_of(table):
    def settings_of(name):
        knobs = table[name].hyperparameters
        return st.tuples(st.just(name), st.fixed_dictionaries({}, optional={k.name: knob_values(k) for k in knobs}))

    return st.sampled_from([*table]).flatmap(settings_of)


SCALES = {
    "compare": st.none() | st.tuples(st.floats(0, 5), st.floats(0, 5)),
    "network": st.none() | st.dictionaries(st.sampled_from(["layer.0", "layer.1"]), st.floats(0, 5), min_size=1),
}


@st.composite
def optimizers(draw, page):
    kind, values = draw(rows_of(ON_SURFACES if page == "compare" else OPTIMIZERS))
    if values.get("nesterov"):
        values |= {"momentum": 0.9} | ({"dampening": 0.0} if "dampening" in values else {})
    if kind == "rprop":
        values.pop("step_min", None)
        values.pop("step_max", None)
    name, options = draw(rows_of(SCHEDULES))
    timed = draw(st.none() | st.just(ov.schedule(name, **options)))
    scale = None if kind == "lbfgs" else draw(SCALES[page])
    return ov.optimizer(kind, schedule=timed, lr_scale=scale, label=draw(st.text(max_size=12)), **values)


def inside(low, high):
    return st.floats(low, high, allow_subnormal=False)


@st.composite
def descents(draw):
    surface = draw(st.sampled_from([*SURFACES.values(), ov.surface("x^2 + y^4", bounds=(-1.5, 2.0, -0.1, 7.0))]))
    x0, x1, y0, y1 = surface.bounds
    return descent.check(
        surface,
        draw(st.lists(optimizers("compare"), min_size=1, max_size=10)),
        draw(st.none() | st.tuples(inside(x0, x1), inside(y0, y1))),
        draw(st.integers(1, 100_000)),
        draw(st.floats(0, 10)),
        draw(st.none() | st.integers(1, 24)) if surface.data else None,
        draw(st.integers(0, 2**32 - 1)),
    )


@st.composite
def networks(draw):
    return train.check(
        draw(st.lists(optimizers("network"), min_size=1, max_size=6)),
        draw(st.integers(1, 10)),
        draw(st.integers(8, 8000)),
        draw(st.lists(st.integers(1, 1024), min_size=1, max_size=4)),
        draw(st.booleans()),
        draw(st.integers(0, 2**32 - 1)),
        draw(st.integers(1, 10)),
    )


@given(descents() | networks())
@settings(max_examples=80)
def test_an_experiment_goes_to_json_and_back(spec):
    assert files.read(files.write(spec)) == spec


@pytest.mark.parametrize(
    "text, words",
    [
        ("", "not a JSON file"),
        ("[" * 100_000, "not a JSON file"),
        ("[]", "not a file of optim-viz's version 1"),
        ('{"optim_viz": 2}', "not a file of optim-viz's version 1"),
        (
            '{"optim_viz": 1, "page": "lessons", "query": {}}',
            "page is compare, network or tune; this file says 'lessons'",
        ),
        ('{"optim_viz": 1, "page": "compare", "query": {}}', "those of o the optimizers"),
        ('{"optim_viz": 1, "page": "compare", "query": {"o": ["adma"]}}', "did you mean 'adam'"),
        (
            '{"optim_viz": 1, "page": "compare", "query": {"o": ["sgd"], "steps": ["0"]}}',
            "steps must be a whole number",
        ),
        ('{"optim_viz": 1, "page": "network", "query": {"o": ["sgd"], "spets": ["0"]}}', "'spets' is unknown"),
    ],
)
def test_a_file_that_holds_no_experiment_says_why(text, words):
    with pytest.raises(ov.SpecError, match=re.escape(words)):
        files.read(text)


def test_every_marker_and_dash_of_the_theme_can_be_drawn():
    from optim_viz.optimizers import styles

    assert set(styles.MARKERS) <= set(MARKERS)
    assert set(styles.DASHES) <= set(DASHES)


def test_curves_show_what_matters():
    calm, wild = np.array([1.0, 0.5, 0.1]), np.array([1.0, 1e10, np.nan])
    low, high = curve_range([calm, wild], log=False)
    assert low <= 0.1 and high < 10
    assert curve_range([np.array([np.nan])], log=True) == (0.0, 1.0)
    assert curve_range([np.array([0.0, 90.0])], log=False, rising=True)[1] >= 90


def surface_pixels(grid, log):
    """A surface as it is drawn, 100 x 80 px."""
    with styled():
        figure = Figure((100 / 72, 80 / 72))
        canvas = FigureCanvasAgg(figure)
        axes = figure.add_axes((0, 0, 1, 1), xlim=(0, 1), ylim=(0, 1))
        surface(axes, grid, log, (0, 1, 0, 1))
        canvas.draw()
        return np.asarray(canvas.buffer_rgba())[..., :3].astype(int)


def test_a_surface_has_the_grids_corners_on_the_corners():
    grid = np.linspace(0, 1, 25).reshape(5, 5)
    image = surface_pixels(grid, False)
    assert image[-4, 3].sum() > image[3, -4].sum()  # lowest row at the bottom, low values bright
    holes = grid.copy()
    holes[4, 4] = np.nan
    hole, low = surface_pixels(holes, True), surface_pixels(grid * np.nan, True)
    assert tuple(hole[3, -4]) == (236, 236, 236) and tuple(hole[-4, 3]) != (236, 236, 236)
    assert (low[9:-9, 9:-9] == 236).all()


@pytest.mark.parametrize("log", [False, True])
def test_a_surface_of_any_height_is_drawn_as_a_low_one_is(log):
    x, y = np.meshgrid(np.linspace(-1, 1, 9), np.linspace(-1, 1, 7))
    grid = (x - 0.3) ** 2 + 0.5 * y**2 + 0.1 * np.sin(9 * x)
    low = surface_pixels(grid, log)
    for exponent in (-900, -140, 20, 120, 128, 900):  # beyond float32, too
        assert np.abs(surface_pixels(np.ldexp(grid, exponent), log) - low).max() <= (3 if log else 0)


@pytest.mark.parametrize("suffix", ["png", "svg", "gif"])
@pytest.mark.parametrize("steep", ["1e38", "1e45", "1e200", "1e300"])
@pytest.mark.filterwarnings("error")
def test_steep_surfaces_become_pictures(steep, suffix, tmp_path):
    ov.save(ov.descend(f"{steep}*x^2 + y^2", ["sgd"], steps=5), tmp_path / f"a.{suffix}")
    assert (tmp_path / f"a.{suffix}").stat().st_size > 5000


def test_a_training_with_its_plane_is_drawn_with_it(training, plane):
    scene = network_scenes.network(training, plane)
    shown = drawn(scene)
    axes = shown.panels[0].trails.axes
    assert axes.get_title(loc="left") == "Loss on the plane"
    known = np.array(plane.coordinates["adam"])
    assert np.isfinite(shown.panels[0].points).all() and len(shown.panels) == 2
    assert axes.get_xlim()[0] <= known[:, 0].min() <= known[:, 0].max() <= axes.get_xlim()[1]
    assert (
        len(np.unique(next(frames_of(scene, 0))[200:300, 150:350].reshape(-1, 3), axis=0)) > 10
    )  # the surface is there


def test_chinese_is_drawn_with_a_font_that_is_installed_and_has_every_letter_of_the_catalogue():
    """It is no font of the machine's: a picture is the same everywhere."""
    names = _fonts("\u6821\u51c6")["font.family"]
    found = [font_manager.findfont(name, fallback_to_default=False) for name in names]
    assert "matplotlib" in found[0] and pylopdf_fonts_zh_cn.sans_path().samefile(found[1])
    letters = {ord(letter) for message in make_words.read("zh") for letter in str(message.string)} - {ord("\n")}
    held = set().union(*(font_manager.get_font(path).get_charmap() for path in found))
    assert letters <= held
    assert _fonts("sgd, \u03b8") == {}
    scene = scenes.compare(ov.descend("saddle", ov.optimizer("sgd"), steps=3))
    with speaking("zh"):
        assert images.png(scene) == images.png(scene)
        told = images.svg(scene).decode()
    assert "\u978d\u70b9" in told and "\u978d\u70b9" not in images.svg(scene).decode()


def test_exported_pages_are_told_in_the_language_that_is_spoken():
    runs = ov.descend("saddle", ov.optimizer("sgd"), steps=3)
    study = StudyResult(
        study_views.check(study_views.VIEWS["map"].opens),
        [ov.sweep("quadratic", ov.optimizer("momentum"), {"lr": [0.01, 0.1], "momentum": [0.0, 0.5]})],
    )
    with speaking("zh"):
        page = export(runs, "html").decode()
        chart = STUDY_EXPORTS["html"].write(study).decode()
    story = json.loads(re.search(r'id="story">(.*?)</script>', page)[1])
    assert '<html lang="zh">' in page and story["title"] == "\u978d\u70b9"
    assert (
        story["scene"]["words"]["still moving"] == story["scene"]["tracks"][0]["status"] == "\u4ecd\u5728\u79fb\u52a8"
    )
    assert '<html lang="zh">' in chart and "\u5b58\u4e3a PNG" in chart and "Save as" not in chart
    assert '<html lang="en">' in export(runs, "html").decode()


def test_on_equal_axes_a_unit_of_x_is_as_long_as_one_of_y_and_the_loss_keeps_its_room():
    sizes = {}
    for drawn in ("", "equal"):
        with styled():
            drawing = Drawing(scenes.compare(ov.descend("quadratic", "sgd", steps=5, drawn=drawn)))
        sizes[drawn] = [axes.bbox.bounds for axes in drawing.figure.axes]
    (left, bottom, width, height), loss = sizes["equal"]
    assert width / 6 == pytest.approx(height / 4) and loss == sizes[""][1]
    whole = sizes[""][0]
    assert (left, width) == pytest.approx((whole[0], whole[2])) and bottom > whole[1]
