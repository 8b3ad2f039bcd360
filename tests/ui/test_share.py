"""Sharing without a browser: lazy, complete, in sentences; and the presets, each one click."""

import html
import re
from pathlib import Path

import numpy as np
import pytest
import segno
import streamlit as st
from streamlit.testing.v1 import AppTest

import optim_viz as ov
from optim_viz.experiments import links
from optim_viz.experiments.presets import PRESETS
from optim_viz.export.table import EXPORTS, export
from optim_viz.ui import page, share
from optim_viz.ui.share import frame, linked, runs_parcel

ROOT = Path(__file__).parents[2]
NETWORK = {"epochs": "1", "batch": "500", "hidden": "16", "o": ["sgd~lr~0.1"]}


def compare(query=None):
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    app.query_params.update(query or {})
    return app.run()


def opened():
    """A page that shares what can be drawn, but neither written as JSON nor as a script."""
    import streamlit as st
    import torch

    import optim_viz as ov
    from optim_viz.ui import share

    st.session_state["share.mine"] = True
    runs = ov.descend("quadratic", [lambda params: torch.optim.SGD(params, lr=0.1)], steps=5)
    st.session_state["share.mine.code"] = True
    share.share("mine", runs)


def test_nothing_is_made_while_the_button_is_closed():
    app = compare()
    assert not app.exception
    assert len(app.get("popover")) <= 1 and len(app.get("download_button")) == 0


def test_what_a_format_cannot_hold_is_said_in_a_sentence():
    app = AppTest.from_function(opened, default_timeout=120).run()
    assert not app.exception
    said = " ".join(caption.value for caption in app.caption)
    assert "JSON cannot hold it" in said and "no PyTorch script but your own" in said
    assert len(app.get("download_button")) == len(EXPORTS) - 2


def test_a_file_is_the_export_of_its_name():
    runs = ov.descend("quadratic", [ov.optimizer("sgd", lr=0.1)], steps=5)
    files = {file.row.name: file for file in runs_parcel(runs).files}
    assert set(files) | {"pytorch"} == set(EXPORTS)
    for name in ("csv", "json", "svg"):
        assert files[name].write() == export(runs, name)


def test_a_page_knows_the_address_of_its_app(monkeypatch):
    for url, home in (
        ("http://localhost:8501/?f=beale", "http://localhost:8501"), ("https://a.org/b/network", "https://a.org/b"),
        ("https://a.org/b/", "https://a.org/b"), (None, ""),
    ):  # fmt: skip
        monkeypatch.setattr(type(st.context), "url", property(lambda _, url=url: url))
        assert page.address() == home


def test_a_frame_holds_its_link_and_nothing_that_was_typed_as_markup():
    query = {"f": ['x^2"><script>'], "o": ["sgd~lr~0.1", "adam"], "embed": ["true"]}
    text = frame("https://example.org/", query)
    assert "<script" not in text and text.count("<") == 2
    src = html.unescape(re.search(r'src="([^"]*)"', text)[1])
    assert src == "https://example.org/?f=x%5E2%22%3E%3Cscript%3E&o=sgd~lr~0.1&o=adam&embed=true"


def test_a_link_is_a_code_of_its_own_or_a_sentence():
    link = linked("https://example.org/lab", {"f": ["x^2"], "o": ["sgd", "adam"]})
    assert link == "https://example.org/lab?f=x%5E2&o=sgd&o=adam"
    dark = sum(map(sum, segno.make(link, micro=False, error="l").matrix))  # modules; a path draws them in runs
    runs = re.findall(r"h(\d+)", share.qr_code(link).split('stroke="#000"')[1])
    assert sum(map(int, runs)) == dark
    assert linked("https://example.org", {}) == "https://example.org"
    with pytest.raises(ov.SpecError, match=r"This link of 3,000 characters is too long for a QR code: at most 2,953\."):
        share.qr_code("h" * 3000)


def coded():
    """A page whose QR code is unfolded."""
    import streamlit as st

    import optim_viz as ov
    from optim_viz.ui import share

    st.session_state["share.mine"] = st.session_state["share.mine.qr"] = True
    share.share("mine", ov.descend("quadratic", [ov.optimizer("sgd", lr=0.1)], steps=5))


def test_the_code_is_made_when_it_is_asked_for(monkeypatch):
    monkeypatch.setattr(type(st.context), "url", property(lambda _: "http://localhost:8501"))
    app = AppTest.from_function(coded, default_timeout=120).run()
    assert not app.exception and len(app.get("image")) == 1


@pytest.mark.parametrize("name", PRESETS)
def test_one_click_loads_a_preset_and_the_link_follows(name):
    app = compare({"f": "beale", "steps": "20", "o": ["sgd~lr~0.001"]})
    assert app.session_state["preset.compare"] is None
    app.button_group(key="preset.compare").set_value(name).run()
    assert not app.exception and not app.error and not app.warning
    asked = app.session_state["link.compare.good"].asked
    assert asked.spec == PRESETS[name].spec and asked.mode == ""
    assert app.session_state["preset.compare"] == name
    assert [caption for caption in app.caption if caption.value.startswith(PRESETS[name].text)]
    query = links.write(links.DESCENT, PRESETS[name].spec, PRESETS["valley"].spec)
    assert {key: np.atleast_1d(app.query_params[key]).tolist() for key in app.query_params} == query


def test_a_preset_that_was_changed_is_no_longer_one():
    app = compare()
    assert app.session_state["preset.compare"] == "valley"
    app.select_slider(key="compare.steps").set_value(100).run()
    assert not app.exception and app.session_state["preset.compare"] is None
