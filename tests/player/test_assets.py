"""What browsers load is what was published, and plotly.js for the plane is of the same version as the whole."""

import re
from pathlib import Path

import optim_viz
from optim_viz.player.assets import FLAT, library, place


def version(path):
    return re.search(r"plotly\.js (?:\([\w, -]+\) )?v([\d.]+)", path.read_text()[:2000])[1]


def test_both_files_of_plotly_are_of_one_version():
    """Where plotly has brought another one: set PLOTLY in the Makefile, and `make plotly`."""
    assert version(FLAT) == version(library())


def test_names_change_with_what_is_in_them_and_a_second_time_nothing_is_written(tmp_path):
    names = place(tmp_path)
    assert {path.name for path in tmp_path.iterdir()} == set(names)
    assert (tmp_path / names.flat).read_bytes() == FLAT.read_bytes()
    assert (tmp_path / names.whole).read_bytes() == library().read_bytes()
    before = {path: path.stat().st_mtime_ns for path in Path(tmp_path).rglob("*")}
    assert place(tmp_path) == names
    assert {path: path.stat().st_mtime_ns for path in Path(tmp_path).rglob("*")} == before


def test_plotly_for_the_plane_has_every_kind_of_chart_that_is_drawn():
    kinds = set(re.search(r"plotly\.js \(([\w, ]+) - minified\)", FLAT.read_text()[:200])[1].split(", "))
    package = Path(optim_viz.__file__).parent
    python = {n.lower() for path in package.rglob("*.py") for n in re.findall(r"\bgo\.([A-Z]\w+)\(", path.read_text())}
    charts = python - {"figure", "frame", "layout"}
    assert {"scatter", "heatmap", "contour"} <= charts <= kinds
    assert kinds == charts, "nor one that is not"
