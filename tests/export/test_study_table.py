"""What is exported of a study reads back equal, and its page needs no network."""

import html
import io
import json
import re
import threading
from dataclasses import replace
from urllib.parse import parse_qs

import numpy as np
import pandas as pd
import pytest

import optim_viz as ov
from optim_viz.experiments import files, study_runs
from optim_viz.experiments.study_links import read_study
from optim_viz.experiments.study_views import FIRST, VIEWS, check, fitting
from optim_viz.export import study_table
from optim_viz.export.study_table import STUDY_EXPORTS, StudyResult
from optim_viz.network.rate_sweep import TrainSweep
from optim_viz.surfaces import descent
from optim_viz.ui.tune_views import _parcel
from tests.frames import results_of, same_frame

SPECS = [ov.optimizer("sgd", lr=0.5), ov.optimizer("adam", lr=0.1, label='<b>a</b>, "b"'), ov.optimizer("adam")]


def run(view):
    """A small study of a view and what comes of it; of the network, the shape of it with made-up numbers."""
    asked = fitting(replace(
        VIEWS[view].opens, descent=descent.check("beale", SPECS, steps=30, noise=0.2), resolution=5, seeds=2, which=1,
    ))  # fmt: skip
    asked = check(replace(asked, which=1 if view == "map" else 0))
    if view != "network":
        return StudyResult(asked, study_runs.run(asked.work, lambda progress: None, threading.Event()))
    (spec,) = asked.work.specs
    losses = np.random.default_rng(0).uniform(0.1, 2.0, (3, 5, 2))
    losses[0, 4] = np.inf
    done = np.ones(losses.shape, bool)
    done[2, 3:] = False
    return StudyResult(asked, (TrainSweep(spec, losses, np.exp(-losses), done, True),))


@pytest.fixture(scope="module")
def results():
    return {view: run(view) for view in VIEWS}


@pytest.mark.parametrize("view", VIEWS)
def test_a_page_of_pictures_carries_its_link(view, results):
    text = STUDY_EXPORTS["html"].write(replace(results[view], address="https://example.org/")).decode()
    found = html.unescape(re.search(r'<link rel="canonical" href="(.*?)">', text)[1])
    assert (
        found.startswith("https://example.org/tune?view=") and html.escape(found) in text.partition('class="origin"')[2]
    )
    read, notes = read_study(parse_qs(found.partition("?")[2]), FIRST.opens)
    assert notes == [] and check(read).work == results[view].asked.work
    assert 'name="dcterms.source" content="optim-viz tune?view=' in STUDY_EXPORTS["html"].write(results[view]).decode()


@pytest.mark.parametrize("view", VIEWS)
def test_tables_and_the_study_read_back_equal(view, results):
    asked, found = results[view].asked, results[view].found
    frame = results[view].to_frame()
    csv, parquet, text = (STUDY_EXPORTS[name].write(results[view]) for name in ("csv", "parquet", "json"))
    same_frame(pd.read_csv(io.BytesIO(csv), dtype=str, keep_default_na=False), frame)
    same_frame(pd.read_parquet(io.BytesIO(parquet)), frame)
    same_frame(results_of(text), frame)
    read = files.read(text.decode())
    assert read.view == view and files.read(files.write(read)) == read
    assert check(read).work == asked.work
    if view == "network":
        assert len(frame) == found[0].done.sum()
    else:
        assert not np.isfinite(frame["final_loss"]).all() or view == "map"  # there is something to lose


def test_the_table_has_every_number_under_its_optimizer(results):
    frame = results["rates"].to_frame()
    for label, s in zip(("sgd", SPECS[1].label, "adam"), results["rates"].found, strict=True):
        mine = frame[frame["optimizer"] == label]
        np.testing.assert_array_equal(mine["final_loss"], s.losses.ravel())
    assert set(results["map"].to_frame()["optimizer"]) == {SPECS[1].label}


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_holds_the_pictures_and_asks_nobody(view, results):
    asked, found = results[view].asked, results[view].found
    text = STUDY_EXPORTS["html"].write(results[view]).decode()
    bare = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"https?://|src=|href=", bare) and not re.search(r"<(script|link|img)[^>]*(src|href)=", text)
    drawn = len(results[view].pictures.charts(asked.study, found, False))
    assert text.count('class="plotly-graph-div"') == drawn and bare.count("data-format=") == 2 * drawn
    assert "<b>a</b>" not in bare and "Click one" not in bare
    assert asked.title.replace("'", "&#x27;") in bare


def test_a_table_that_is_too_long_is_refused_before_it_is_made(results, monkeypatch):
    monkeypatch.setattr(study_table, "MAX_ROWS", 9)
    for name in ("csv", "parquet", "json"):
        with pytest.raises(ov.SpecError, match="has 30 rows; at most 9"):
            STUDY_EXPORTS[name].write(results["rates"])
    checks = {file.row.name: file.check for file in _parcel(results["rates"]).files}
    assert set(checks) == set(STUDY_EXPORTS) and not checks["html"]()
    with pytest.raises(ov.SpecError, match="at most 9"):
        checks["csv"]()


def test_names(results):
    assert [results[view].name for view in VIEWS] == [
        "optim-viz-rates-beale", "optim-viz-map-beale", "optim-viz-basins-beale", "optim-viz-tune-network",
    ]  # fmt: skip


def test_a_file_that_holds_no_study_says_why(results):
    content = json.loads(files.write(results["map"].asked.study))
    for change, words in (({"n": ["0"]}, "n must be"), ({"rates": ["1~2"]}, "has none"), ({"o": []}, "those of o")):
        broken = content | {"query": content["query"] | change}
        with pytest.raises(ov.SpecError, match=words):
            files.read(json.dumps(broken))


def test_files_are_saved_by_their_suffix(tmp_path):
    ov.save(ov.descend("quadratic", [SPECS[0]], steps=2), str(tmp_path / "runs.csv"))
    assert (tmp_path / "runs.csv").read_text().startswith("optimizer,step")
    with pytest.raises(AttributeError, match="no attribute 'sav'"):
        _ = ov.sav
