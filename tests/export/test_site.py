"""The site without a server: its files, its links, and what is said of what it cannot show."""

import json
import re
import subprocess
from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest
from hypothesis import given, settings

import optim_viz as ov
from optim_viz.cli import main as cli
from optim_viz.experiments import links
from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.presets import PRESETS
from optim_viz.export import site, site_data
from optim_viz.lessons.table import LESSONS
from optim_viz.lessons.told import told
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player.bundle import SOURCES
from optim_viz.player.scenes import GRID
from optim_viz.surfaces.surface import height_map
from optim_viz.surfaces.table import SURFACES
from tests.node import node_path
from tests.strategies import comparisons, without_typed

FIRST = PRESETS["valley"].spec
MANGLED = (
    "?steps=0", "?steps=many", "?steps=", "?start=1", "?start=99~0", "?seed=-1", "?seed=0x10", "?noise=nan", "?batch=3",
    "?f=linear_regression&batch=25&o=sgd", "?f=constructor", "?o=adma~lr~1", "?o=__proto__~lr~1", "?o=%00%ff~~~",
    "?" + "o=sgd&" * 9, "?o=adam~lr~-1", "?o=adam~foo~1", "?o=adam~constructor~1", "?o=adam~lr", "?o=adam~beta1~1",
    "?o=adam~amsgrad~maybe", "?o=momentum~nesterov~true~dampening~0.5", "?o=rprop~step_min~99", "?o=sgd~scale~1",
    "?o=sgd~clip_norm~-1",
    "?o=adam~s~never", "?o=adam~s~step~s.step_size~0.5", "?o=adam~s.gamma~0.5", "?o=sgd~label~" + "x" * 81,
)  # fmt: skip
#: Reads and writes links as a page does: each query with the first preset as the default, and whole.
READER = f"""
import {{ readLink, writeLink }} from "{(SOURCES / "site" / "links.js").as_uri()}";
import {{ readFileSync }} from "node:fs";
const {{ tables, queries }} = JSON.parse(readFileSync(0, "utf8"));
const first = readLink(tables, `?${{tables.presets[0].query}}`, {{}}).asked;
console.log(JSON.stringify(queries.map((query) => {{
  const {{ asked, notes }} = readLink(tables, query, first);
  return {{ notes, short: writeLink(tables, asked, first), whole: writeLink(tables, asked), asked }};
}})));
"""


def in_node(queries):
    """What a page makes of links."""
    path = node_path()
    given = json.dumps({"tables": site_data.catalogue(), "queries": queries})
    run = [path, "--input-type=module", "-e", READER]
    done = subprocess.run(run, input=given, capture_output=True, text=True, check=True)
    return json.loads(done.stdout)


def address(spec, default=None):
    """The link that the app writes."""
    if default is None:
        return "?" + urlencode(links.write(links.DESCENT, spec), doseq=True)
    return "?" + urlencode(links.write(links.FAIR_DESCENT, Fair(spec), Fair(default)), doseq=True)


def query(text):
    return parse_qs(text.removeprefix("?"), keep_blank_values=True)


def random_specs():
    """Random comparisons; of those with a function or a schedule of one's own, the same with one of the table."""
    found = []

    @settings(max_examples=120)
    @given(comparisons())
    def collect(spec):
        known = spec.surface.name in SURFACES
        ground = spec.surface if known else SURFACES["himmelblau"]
        start = spec.start if known else (0.1, -1e-7)
        found.append(replace(without_typed(spec), surface=ground, start=start))

    collect()
    return found


@pytest.fixture(scope="module")
def folder(tmp_path_factory):
    out = tmp_path_factory.mktemp("public") / "below" / "it"
    site.write(out, [told(LESSONS["momentum"]), told(LESSONS["adam-faster"])])
    return out


def test_a_link_is_read_and_written_as_the_app_does():
    specs = random_specs()
    assert len(specs) >= 100
    for default, kind in ((None, "whole"), (FIRST, "short")):
        for spec, found in zip(specs, in_node([address(spec, default) for spec in specs]), strict=True):
            assert found["notes"] == []
            assert query(found[kind]) == query(address(spec, default))
            assert links.read(links.DESCENT, query(found["whole"]), FIRST) == (spec, [])


def test_every_preset_is_read_as_it_is():
    found = in_node([f"?{row['query']}" for row in site_data.catalogue()["presets"]])
    for row, one in zip(PRESETS.values(), found, strict=True):
        assert one["notes"] == [] and links.read(links.DESCENT, query(one["whole"]), FIRST) == (row.spec, [])


@pytest.mark.parametrize(
    ("link", "sentence", "whole"),
    [
        ("?f=x^2+%2B+y^2&box=-1~1~-1~1&start=0.5~0.5&o=sgd~lr~0.1",
         "'x^2 + y^2', is left out: it needs the app; Rosenbrock is shown instead.",
         address(replace(FIRST, optimizers=(ov.optimizer("sgd", lr=0.1),)))),
        ("?o=lbfgs~lr~0.5&o=adam~lr~0.1", "L-BFGS is left out: it needs the app.",
         address(replace(FIRST, optimizers=(ov.optimizer("adam", lr=0.1),)))),
        ("?o=muon~lr~0.02&o=adam~lr~0.1", "Muon takes matrices of weights as a whole, and a surface has two single",
         address(replace(FIRST, optimizers=(ov.optimizer("adam", lr=0.1),)))),
        ("?o=adam~lr~0.1&o=sparseadam", "SparseAdam needs sparse gradients",
         address(replace(FIRST, optimizers=(ov.optimizer("adam", lr=0.1),)))),
        ("?o=sgd~s~lambda~s.lr_lambda~0.9^t~lr~0.1", "A formula of the step is left out: it needs the app.",
         address(replace(FIRST, optimizers=(ov.optimizer("sgd", lr=0.1),)))),
        ("?o=sgd~s~multistep~s.milestone13~9~s.milestone14~12~lr~0.1", "Milestones is left out: it needs the app.",
         address(replace(FIRST, optimizers=(ov.optimizer("sgd", lr=0.1),)))),
        ("?o=sgd~s~onecycle~s.cycle_momentum~true~lr~0.1", "sgd has no momentum that onecycle could cycle",
         address(replace(FIRST, optimizers=(ov.optimizer("sgd", lr=0.1, schedule=ov.schedule("onecycle")),)))),
        ("?fair=best", "Learning rates tuned by one rule for all are left out", address(FIRST)),
        ("?a=3", "A function of your own is left out", address(FIRST)),
        ("?steps=20000", "A page runs at most 5,000 steps; 20,000 were", address(replace(FIRST, steps=5000))),
        ("?banana=1", "The link's 'banana' is unknown here", address(FIRST)),
    ],
)  # fmt: skip
def test_what_needs_the_app_is_left_out_and_said_and_the_rest_shown(link, sentence, whole):
    (found,) = in_node([link])
    assert len(found["notes"]) == 1 and sentence in found["notes"][0]
    assert query(found["whole"]) == query(whole)


@pytest.fixture(scope="module")
def mangled_found():
    return dict(zip(MANGLED, in_node(MANGLED), strict=True))


@pytest.mark.parametrize("link", MANGLED)
def test_a_mangled_link_opens_with_what_the_app_opens_with_and_says_so(link, mangled_found):
    found = mangled_found[link]
    spec, notes = links.read(links.DESCENT, query(link), FIRST)
    assert len(found["notes"]) >= 1 and len(notes) >= 1
    expected = spec if spec.surface.name in SURFACES else FIRST
    assert query(found["whole"]) == query(address(expected))


def test_the_pages_name_files_of_the_folder_by_relative_addresses(folder):
    for name in site.PAGES:
        text = (folder / name).read_text()
        named = re.findall(r'(?:src|href)="([^"]*)"', text) + re.findall(r'data-files="([^"]*)"', text)
        assert len(named) >= 8
        assert [path for path in named if path.startswith(("/", "http", "..")) or not (folder / path).exists()] == []
        assert not re.search(r"<script(?![^>]*src=)|\son\w+=|<style", text), "nothing that a policy would have to allow"


def test_the_player_is_copied_once_and_an_older_site_is_written_over(folder):
    before = sorted(path.relative_to(folder) for path in folder.rglob("*"))
    assert len(list(folder.glob("player-*"))) == 1 and len(list(folder.glob("plotly-*"))) == 2
    site.write(folder, [told(LESSONS["momentum"]), told(LESSONS["adam-faster"])])
    assert sorted(path.relative_to(folder) for path in folder.rglob("*")) == before


def test_every_surface_and_every_rule_has_its_files(folder):
    (data,) = folder.glob("data-*")
    for name, row in SURFACES.items():
        grid = np.frombuffer((data / f"surfaces/{name}.bin").read_bytes(), "<f4").reshape(GRID, GRID)
        np.testing.assert_array_equal(grid, height_map(row, GRID)[2].astype("<f4"))
        assert json.loads((data / f"surfaces/{name}.json").read_text())["gradient"]["results"]
    for name, row in OPTIMIZERS.items():
        path = data / f"rules/{name}.json"
        assert path.exists() == (row.rule is not None)
        if row.rule is not None:
            switches = [h for h in row.hyperparameters if h.scale == "bool"]
            variants = json.loads(path.read_text())
            assert len(variants) == 2 ** len(switches)
            assert all(one["program"]["step"]["operations"] and one["cards"][""]["rows"] for one in variants.values())


def test_the_inspector_of_the_site_knows_switches_and_each_coordinates_rate():
    cards = {on: one["cards"][""] for on, one in site_data.texts()["rules/momentum.json"].items() if one["cards"]}
    assert cards["nesterov maximize"]["hyperparameters"] == {"nesterov": True, "maximize": True}
    assert cards[""]["hyperparameters"] == {"nesterov": False, "maximize": False}
    assert ["{lr.y}" in line for line in cards[""]["numbers"]] == [False, False, False, True]
    assert "(−{gx}" in cards["maximize"]["numbers"][0] and "−{gx}" not in cards[""]["numbers"][0]


def test_a_lessons_pictures_have_all_their_numbers(folder):
    (data,) = folder.glob("data-*")
    listed = json.loads((data / "lessons.json").read_text())
    assert [row["slug"] for row in listed] == ["momentum", "adam-faster"]
    for row in listed:
        words = json.loads((data / f"lessons/{row['slug']}.json").read_text())
        assert words["claim"] == LESSONS[row["slug"]].claim and words["measured"]["holds"] is True
        assert len(words["pictures"]) == row["pictures"] + 1  # and all of them beside each other
        for picture in words["pictures"]:
            scene = json.loads((data / f"lessons/{row['slug']}/{picture['name']}.json").read_text())
            blobs = [track["blob"] for track in scene["tracks"]]
            blobs += [panel["surface"]["blob"] for panel in scene["panels"] if "surface" in panel]
            assert blobs and all((data / f"blobs/{blob}.bin").stat().st_size > 0 for blob in blobs)
            assert scene["live"] is None


def test_a_picture_opens_in_compare_where_the_site_can_show_it():
    words, _ = told(LESSONS["momentum"])
    ravine, slope, *_ = words["pictures"]
    assert slope["query"] == "" and "needs the app" in slope["left"]
    spec = LESSONS["momentum"]["ravine"].spec
    assert links.read(links.DESCENT, query(ravine["query"]), FIRST) == (spec, [])


def test_a_folder_that_cannot_be_written_is_said_in_a_sentence(tmp_path, capsys):
    (tmp_path / "taken").write_text("a file")
    assert cli.main(["site", str(tmp_path / "taken")]) == 2
    said = capsys.readouterr().err
    assert "taken' could not be written" in said and len(said.splitlines()) == 1
