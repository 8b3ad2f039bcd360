"""Sharpness on the page Network: the numbers are ov.sharpness', in its link, cancelled, and bounded in time."""

import io
import threading
import time
from dataclasses import replace

import numpy as np
import pandas as pd
import pytest

import optim_viz as ov
from optim_viz import settings
from optim_viz.experiments import sharpness_runs
from optim_viz.experiments.jobs import Line
from optim_viz.experiments.presets import NETWORK_PRESETS
from optim_viz.figures.results_table import curved
from optim_viz.language import speaking
from tests.experiments.test_jobs import limits, wait
from tests.ui.test_app import open_page, scene
from tests.ui.test_languages import ENGLISH, KEPT, texts
from tests.ui.test_languages import opened as in_language

QUERY = {"epochs": "1", "batch": "500", "hidden": "4", "relu": "false", "o": ["sgd~lr~0.1", "adam"]}


def measured(app):
    """The job behind the page once it is over."""
    scene(app)
    job = app.session_state["work.sharpness.job"]
    wait(job)
    app.run()
    assert not app.exception and not app.error
    return job


def test_the_page_opens_at_it_from_its_link_with_the_librarys_numbers():
    app = open_page("network.py", QUERY | {"view": "sharpness"})
    job = measured(app)
    training, found = job.spec.training, job.result.found
    assert app.query_params["view"] in ("sharpness", ["sharpness"]) and job.spec.snapshots == 10
    again = ov.sharpness(training, snapshots=10)
    for label in training.labels:
        for name in ("steps", "eigenvalues", "preconditioned", "edge"):
            np.testing.assert_allclose(getattr(found[label], name), getattr(again[label], name), rtol=1e-4)
    assert "1,000 training digits" in found.caption and found.caption in [c.value for c in app.caption]
    chart = next(c for c in app.get("plotly_chart") if "network-sharpness" in c.proto.id)
    assert "Sharpness and the edge of stability" in chart.proto.spec
    pd.testing.assert_frame_equal(app.dataframe[0].value, curved(found), check_dtype=False)
    app.segmented_control(key="network.view").set_value("results").run()
    assert "view" not in app.query_params and not app.exception
    app.segmented_control(key="network.view").set_value("sharpness").run()
    assert app.session_state["work.sharpness.job"] is job


def test_a_preset_may_open_at_it(monkeypatch):
    row = replace(NETWORK_PRESETS["edge"], spec=replace(NETWORK_PRESETS["edge"].spec, epochs=1, hidden=(2,)))
    monkeypatch.setitem(NETWORK_PRESETS, "edge", row)
    app = open_page("network.py", QUERY)
    app.pills(key="preset.network").set_value("edge").run()
    assert measured(app).spec.digits == 8000
    assert app.query_params["view"] in ("sharpness", ["sharpness"]) and app.query_params["batch"] in ("8000", ["8000"])


def test_no_english_is_left_beside_it():
    app = in_language("network", QUERY | {"view": "sharpness"}, "zh")
    with speaking("zh"):
        measured(app)
    found = [text for text in texts(app._tree) if len(text) < 3000]
    assert [text for text in found if ENGLISH.search(KEPT.sub("", text))] == []


@pytest.fixture(scope="module")
def training():
    specs = [ov.optimizer("sgd", lr=0.1), ov.optimizer("adam")]
    return ov.train(specs, epochs=1, batch_size=500, hidden=(4,), final_relu=False)


def test_a_cancel_keeps_what_was_measured(training):
    line = Line(sharpness_runs.run)
    job = line.ask(sharpness_runs.asked(training), "a")
    while job.progress is None:
        time.sleep(0.001)
    line.let_go("a")
    wait(job)
    steps = [len(curvature.steps) for curvature in job.result.found]
    assert job.state.name == "CANCELLED" and 1 <= sum(steps) < 20 and not job.result.sentence
    assert job.result.found.figure().data


def test_time_is_bounded_and_said(training, monkeypatch):
    limits(monkeypatch, OPTIM_VIZ_SHARPNESS_SECONDS="1")
    now, told = time.monotonic, []
    monkeypatch.setattr(time, "monotonic", lambda: now() + 2.0 * len(told))  # it is over once one is measured
    found = sharpness_runs.run(sharpness_runs.asked(training), told.append, threading.Event())
    assert len(told) == 1 and len(found.found["sgd"].steps) == 1 and "Stopped after the 1 s" in found.sentence
    assert settings.limit("sharpness_seconds") == 1


def test_its_cost_is_bounded(training, monkeypatch):
    """In snapshots of all runs together, and in digits: as many as a batch has, where that is more than usual."""
    assert sharpness_runs.asked(training).digits == 1000
    six = ov.train([ov.optimizer("sgd", lr=0.1)] * 6, epochs=1, batch_size=8000, hidden=(4,))
    asked = sharpness_runs.asked(six)
    assert asked.snapshots * 6 <= sharpness_runs.ALL_SNAPSHOTS and asked.digits == 8000


def test_its_table_reads_back(training):
    from optim_viz.export.table import as_csv

    found = ov.sharpness(training, snapshots=2, digits=50, count=2)
    back = pd.read_csv(io.BytesIO(as_csv(found.to_frame())))
    assert [*back] == ["optimizer", "step", "eigenvalue", "eigenvalue 2", "preconditioned", "edge"]
    np.testing.assert_array_equal(back["eigenvalue"][:2], found["sgd"].eigenvalues[:, 0])
    assert back["optimizer"].tolist() == ["sgd"] * 2 + ["adam"] * 2
