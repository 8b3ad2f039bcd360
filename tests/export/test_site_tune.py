"""The site's Tune beside the app's: the same links, the same fields, the same pictures and sentences."""

import json
import re
import subprocess
import threading
from dataclasses import replace
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest
from hypothesis import given, settings

import optim_viz as ov
from optim_viz.experiments import links, study_runs
from optim_viz.experiments.presets import PRESETS
from optim_viz.experiments.study import Axis, one_run
from optim_viz.experiments.study_links import read_study, write_study
from optim_viz.experiments.study_views import FIRST, VIEWS, check
from optim_viz.export import site, site_data, site_tune
from optim_viz.figures import basins, maps
from optim_viz.player.fields import fields
from optim_viz.surfaces.table import SURFACES
from tests.node import node_path
from tests.strategies import studies, without_typed

SCRIPT = Path(__file__).parents[1] / "player" / "site_tune.mjs"
MAP, BASINS = VIEWS["map"].opens, VIEWS["basins"].opens


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("public")
    site.write(out, [])
    return next(out.glob("data-*"))


@pytest.fixture(scope="module")
def tuned(folder):
    """What the site's Tune makes of links."""
    path = node_path()
    tables = site_data.catalogue() | {"tune": json.loads((folder / "tune.json").read_text())}

    def ask(queries, draw=False):
        given = json.dumps({"tables": tables, "queries": queries, "folder": str(folder), "draw": draw})
        done = subprocess.run([path, str(SCRIPT)], input=given, capture_output=True, text=True, check=False)
        assert done.returncode == 0, done.stderr
        return json.loads(done.stdout)

    return ask


def address(asked):
    """The link that the app writes."""
    return "?" + urlencode({"view": [asked.view]} | write_study(asked), doseq=True)


def query(text):
    return parse_qs(text.removeprefix("?"), keep_blank_values=True)


def random_studies():
    found = []

    @settings(max_examples=100)
    @given(studies(site_tune.SHOWN))
    def collect(asked):
        found.append(replace(asked, descent=without_typed(asked.descent)))

    collect()
    return found


def bare(field):
    """A field without the names of its programs, which are other ones, and without its axes."""
    surface, run = (
        {k: v for k, v in field[name].items() if k not in ("program", "schedule")} for name in ("surface", "run")
    )
    # Once the last of the site's milestones is used, the app offers one more.
    numbers = {name: value for name, value in run["schedule_values"].items() if name != "milestone13" or value}
    run = run | {"schedule_values": numbers}
    return field | {"surface": surface, "run": run, "axes": [axis["name"] for axis in field["axes"]]}


def test_a_link_is_read_and_written_as_the_app_does_and_gives_the_same_fields(tuned):
    asked = random_studies()
    for one, found in zip(asked, tuned([address(one) for one in asked]), strict=True):
        assert "refused" not in found, (found, address(one))
        assert found["notes"] == [] and query(found["link"]) == query(address(one))
        checked = check(read_study(query(address(one)), FIRST.opens)[0])
        specs = dict(zip(checked.labels, checked.work.specs, strict=True))
        wanted, _ = fields(specs, one.view == "map")
        assert found["cost"] == checked.cost
        assert [bare(field) for field in found["fields"]] == json.loads(json.dumps([bare(field) for field in wanted]))
        for here, there in zip(found["fields"], wanted, strict=True):
            for a, b in zip(here["axes"], there["axes"], strict=True):
                np.testing.assert_allclose(a["values"], b["values"], rtol=1e-14)
        run, notes = links.read(links.DESCENT, query(found["run"]), PRESETS["valley"].spec)
        last = checked.work.specs[-1]
        expected = one_run(last, tuple(n - 1 for n in last.shape))
        assert notes == [] and run == replace(expected, optimizers=run.optimizers)
        assert dict(run.optimizers[0].values) == pytest.approx(dict(expected.optimizers[0].values), rel=1e-12)


def test_where_two_axes_are_the_same_a_map_has_its_own_as_in_the_app(tuned):
    axes = ["x=clip_norm~0~5&y=lr~0.001~1", "x=lr~0.1~1&y=lr~0.1~1", "x=lr~1~1&y=lr~1~2"]
    asked = [f"?view=map&{both}" for both in axes]
    for link, found in zip(asked, tuned(asked), strict=True):
        _, notes = read_study(query(link), FIRST.opens)
        assert (found["link"], found["notes"][-1]) == ("?view=map", notes[-1])


RASTRIGIN = SURFACES["rastrigin"]
DRAWN = {
    "as it opens": MAP,
    "by steps": replace(MAP, measure="steps", resolution=24),
    "turned round": replace(MAP, x=MAP.y, y=MAP.x, resolution=16),
    "of starts": replace(MAP, x=Axis("x", -3.0, 3.0), y=Axis("lr", 0.01, 1.0), resolution=12),
    "of a lowest loss that is not 0": replace(
        MAP, resolution=12,
        descent=replace(MAP.descent, surface=SURFACES["styblinski_tang"], start=SURFACES["styblinski_tang"].start),
    ),
    "with a schedule and mini-batches": replace(
        MAP, resolution=12, seeds=3, x=Axis("lr", 1e-4, 3.0), y=Axis("beta1", 0.0, 0.99),
        descent=replace(MAP.descent, surface=SURFACES["linear_regression"], start=SURFACES["linear_regression"].start,
                        batch_size=4, optimizers=(ov.optimizer("adam", schedule=ov.schedule("cosine")),)),
    ),
    "basins": replace(BASINS, resolution=48),
    "basins of many minima": replace(
        BASINS, resolution=32, descent=replace(BASINS.descent, surface=RASTRIGIN, start=RASTRIGIN.start)
    ),
}  # fmt: skip


@pytest.fixture(scope="module")
def drawn(tuned):
    return dict(zip(DRAWN, tuned([address(one) for one in DRAWN.values()], draw=True), strict=True))


@pytest.mark.parametrize("name", DRAWN)
def test_a_picture_is_the_apps_own(name, drawn):
    asked, page = DRAWN[name], drawn[name]
    found = study_runs.run(check(asked).work, lambda progress: None, threading.Event())
    (_maps if asked.view == "map" else _basins)(asked, found, page)


def _maps(asked, found, page):
    (s,), (chart,) = found, page["charts"]
    logs = tuple(name == "lr" for name, _ in s.spec.axes)
    figure = json.loads(maps.map_chart(s, asked.measure, logs).to_json())
    assert [trace.get("name") for trace in chart["traces"]] == [trace.get("name") for trace in figure["data"]][:-1]
    z, wanted = (
        np.array(data, float) for data in (chart["traces"][0]["z"], np.log10(maps._numbers(s, asked.measure).T))
    )
    np.testing.assert_array_equal(np.isnan(z), np.isnan(wanted))
    np.testing.assert_allclose(z, wanted, atol=1e-2 * (np.nanmax(wanted) - np.nanmin(wanted)))
    titles = [one["colorbar"]["title"]["text"] for one in (chart["traces"][0], figure["data"][0])]
    assert titles == [maps.measured(s, asked.measure)] * 2 and titles[0] in chart["alt"]
    picture, _ = maps.live_picture(s, asked.measure)
    ends = [[one.pop(end) for end in ("low", "high")] for one in (chart["picture"], picture)]
    assert chart["picture"] == json.loads(json.dumps(picture)) and ends[0] == pytest.approx(ends[1], rel=1e-3)
    for axis in ("xaxis", "yaxis"):
        here, there = chart["layout"][axis], figure["layout"][axis]
        assert here | {"range": 0} == there | {"range": 0} and here["range"] == pytest.approx(there["range"])
    assert chart["words"] == maps._told(s, 0, 0)
    whole = maps.sentence(s, asked.measure)
    region = maps._region_words(s, asked.measure)
    assert page["sentence"] == (whole.replace(f" {region}", "") if region else whole)


def _basins(asked, found, page):
    named = basins.name_minima(found)
    for i, chart in enumerate(page["charts"]):
        z = np.where(named.labels[i] == -1, len(named.minima) + 1, named.labels[i])
        assert np.mean(np.array(chart["traces"][0]["z"]) != z) < 0.002  # there, rounding decides
        np.testing.assert_allclose(page["shares"][i], named.shares(i), atol=0.002)
        np.testing.assert_allclose(chart["picture"]["minima"], named.minima[:, :2], atol=1e-6)
        figure = json.loads(basins.basin_chart(named, i).to_json())
        assert chart["traces"][0]["colorscale"] == figure["data"][0]["colorscale"]
        assert chart["traces"][1]["text"] == figure["data"][1]["text"]
        assert chart["layout"]["xaxis"] == figure["layout"]["xaxis"]
        assert chart["layout"]["title"] == figure["layout"]["title"]
    assert page["names"] == named.names


@pytest.mark.parametrize(
    ("link", "sentence", "shown"),
    [
        ("", "", MAP),
        ("?view=rates&f=rosenbrock&rates=1e-05~10.0", "'Learning rate' needs the app; 'Map' is shown", "map"),
        ("?f=beale", "'Learning rate' needs the app", "map"),
        ("?view=network&epochs=2", "'Network' needs the app", "map"),
        ("?view=mpa", "Unknown view 'mpa'; choose one of map, basins", "map"),
        ("?view=map&x=lr~1", "3 values joined by ~ are needed; got 'lr~1'", MAP),
        ("?view=map&x=beta1~0~1", "momentum has no axis 'beta1'", MAP),
        ("?view=map&x=lr~1.0~0.1", "must rise from one number above 0 to a larger one; got 1 to 0.1", MAP),
        ("?view=map&measure=los", "Unknown measure 'los'", MAP),
        ("?view=map&tol=1", "tolerance must be above 0 and below 1; got '1'", MAP),
        ("?view=map&tol=2", "tolerance must be above 0 and below 1; got '2'", MAP),
        ("?view=map&n=1e9", "n must be a whole number from 2 to 256", MAP),
        ("?view=map&which=1", "which must be a whole number from 0 to 0", MAP),
        ("?view=basins&measure=steps", "the view 'Basins' has none", BASINS),
        ("?view=map&rates=1~2", "the view 'Map' has none", MAP),
        ("?view=map&fair=best", "Learning rates tuned by one rule for all are left out", MAP),
        ("?view=map&f=x^2%2By^2&a=3", "A function of your own, 'x^2+y^2', is left out", MAP),
        ("?view=map&banana=1", "'banana' is unknown here", MAP),
        ("?view=map&o=lbfgs", "L-BFGS is left out", MAP),
    ],
)
def test_what_a_link_asks_in_vain_is_said_and_the_rest_is_shown(link, sentence, shown, mangled):
    found = mangled[link]
    assert len(found["notes"]) == bool(sentence)
    assert sentence in "".join(found["notes"])
    if shown == "map":
        assert query(found["link"])["view"] == ["map"]
    else:
        assert query(found["link"]) == query(address(shown))


@pytest.fixture(scope="module")
def mangled(tuned, request):
    rows = test_what_a_link_asks_in_vain_is_said_and_the_rest_is_shown.pytestmark[0].args[1]
    return dict(zip((row[0] for row in rows), tuned([row[0] for row in rows]), strict=True))


@pytest.mark.parametrize(
    ("link", "sentence"),
    [
        ("?view=map&n=256&steps=5000&noise=1.0&seeds=25", r"takes [\d,]+ steps; at most 1,000,000,000"),
        ("?view=map&o=adam&y=beta1~0.0~2.0", "beta1 must be a number at least 0 and below 1"),
        ("?view=map&x=x~-99.0~0.0&y=lr~0.1~1.0", "lies outside the plane drawn"),
    ],
)
def test_what_cannot_be_run_is_refused_in_a_sentence_as_in_the_app(link, sentence, tuned):
    (found,) = tuned([link])
    assert re.search(sentence, found["refused"])
    with pytest.raises(ov.SpecError):
        check(read_study(query(link), FIRST.opens)[0])


def test_the_charts_come_without_numbers_and_with_every_kind_of_trace():
    tables = site_tune.tune()
    for view, names in (("map", site_tune._MAP), ("basins", site_tune._BASINS)):
        for chart in tables["charts"][view]:
            assert tuple(chart["traces"]) == names
            assert not {"x", "y", "z", "customdata"} & {key for trace in chart["traces"].values() for key in trace}
    assert tables["charts"]["map"][0]["traces"]["diverging"]["name"] == "diverges"
    assert tables["charts"]["map"][0]["traces"]["waiting"]["name"] == "does not arrive"
