"""What is exported of a study reads back equal, and its page needs no network."""

import io
import json
import re
import threading
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import optim_viz as ov
from optim_viz.experiments import files, study
from optim_viz.experiments.study import PRESETS, VIEWS
from optim_viz.experiments.study_runs import pictures, run_pictures
from optim_viz.export import study_pictures, study_table
from optim_viz.export.study_table import STUDY_EXPORTS, StudyResult, export_study
from optim_viz.network.rate_sweep import TrainSweep
from optim_viz.surfaces import descent
from optim_viz.ui.tune_views import _parcel
from tests.frames import same_frame

SPECS = [ov.optimizer("sgd", lr=0.5), ov.optimizer("adam", lr=0.1, label='<b>a</b>, "b"'), ov.optimizer("adam")]


def run(view):
    """A small study of a view and what comes of it; of the network, the shape of it with made-up numbers."""
    asked = study.fitting(replace(
        PRESETS[view], descent=descent.check("beale", SPECS, steps=30, noise=0.2), resolution=5, seeds=2, which=1,
    ))  # fmt: skip
    asked = replace(asked, which=1 if view == "map" else 0)
    if view != "network":
        return StudyResult(asked, run_pictures(pictures(asked), lambda share: None, threading.Event()))
    spec = study.training_of(asked)
    losses = np.random.default_rng(0).uniform(0.1, 2.0, (3, 5, 2))
    losses[0, 4] = np.inf
    done = np.ones(losses.shape, bool)
    done[2, 3:] = False
    return StudyResult(asked, TrainSweep(spec, losses, np.exp(-losses), done, True))


@pytest.fixture(scope="module")
def results():
    return {view: run(view) for view in VIEWS}


@pytest.mark.parametrize("view", VIEWS)
def test_tables_and_the_study_read_back_equal(view, results):
    asked, found = results[view].study, results[view].found
    frame = study_pictures.table(asked, found)
    same_frame(pd.read_csv(io.BytesIO(export_study(asked, found, "csv")), dtype=str, keep_default_na=False), frame)
    same_frame(pd.read_parquet(io.BytesIO(export_study(asked, found, "parquet"))), frame)
    text = export_study(asked, found, "json").decode()
    same_frame(files.read_results(text), frame)
    read = files.read(text)
    assert read.view == view and files.read(files.write(read)) == read
    if view == "network":
        assert study.training_of(read) == study.training_of(asked)
        assert len(frame) == found.done.sum()
    else:
        assert pictures(read) == pictures(asked)
        assert not np.isfinite(frame["final_loss"]).all() or view == "map"  # there is something to lose


def test_the_table_has_every_number_under_its_optimizer(results):
    asked, found = results["rates"].study, results["rates"].found
    frame = study_pictures.table(asked, found)
    for label, s in zip(("sgd", SPECS[1].label, "adam"), found, strict=True):
        mine = frame[frame["optimizer"] == label]
        np.testing.assert_array_equal(mine["final_loss"], s.losses.ravel())
    mapped = study_pictures.table(results["map"].study, results["map"].found)
    assert set(mapped["optimizer"]) == {SPECS[1].label}


@pytest.mark.parametrize("view", VIEWS)
def test_the_page_holds_the_pictures_and_asks_nobody(view, results):
    asked, found = results[view].study, results[view].found
    text = export_study(asked, found, "html").decode()
    bare = re.sub(r"<script.*?</script>", "", text, flags=re.DOTALL)
    assert not re.search(r"https?://|src=|href=", bare) and not re.search(r"<(script|link|img)[^>]*(src|href)=", text)
    drawn = len(study_pictures.figures(asked, found))
    assert text.count('class="plotly-graph-div"') == drawn and bare.count("data-format=") == 2 * drawn
    assert "<b>a</b>" not in bare and "Click one" not in bare
    assert study.headline(asked)[0].replace("'", "&#x27;") in bare


def test_a_table_that_is_too_long_is_refused_before_it_is_made(results, monkeypatch):
    monkeypatch.setattr(study_table, "MAX_ROWS", 9)
    for name in ("csv", "parquet", "json"):
        with pytest.raises(ov.SpecError, match="has 30 rows; at most 9"):
            export_study(results["rates"].study, results["rates"].found, name)
    checks = {file.row.name: file.check for file in _parcel(results["rates"]).files}
    assert set(checks) == set(STUDY_EXPORTS) and not checks["html"]()
    with pytest.raises(ov.SpecError, match="at most 9"):
        checks["csv"]()


def test_names_and_unknown_exports(results):
    assert [results[view].name for view in VIEWS] == [
        "optim-viz-rates-beale", "optim-viz-map-beale", "optim-viz-basins-beale", "optim-viz-tune-network",
    ]  # fmt: skip
    with pytest.raises(ov.SpecError, match="did you mean 'csv'"):
        export_study(results["map"].study, results["map"].found, "cvs")


def test_a_file_that_holds_no_study_says_why(results):
    content = json.loads(files.write(results["map"].study))
    for change, words in (({"n": ["0"]}, "n must be"), ({"rates": ["1~2"]}, "has none"), ({"o": []}, "those of o")):
        broken = content | {"query": content["query"] | change}
        with pytest.raises(ov.SpecError, match=words):
            files.read(json.dumps(broken))


def test_files_are_saved_by_their_suffix(tmp_path):
    ov.save(ov.descend("quadratic", [SPECS[0]], steps=2), str(tmp_path / "runs.csv"))
    assert (tmp_path / "runs.csv").read_text().startswith("optimizer,step")
    with pytest.raises(AttributeError, match="no attribute 'sav'"):
        _ = ov.sav
