"""The pages in Chinese: no English is left on them, and a link means the same numbers in either language."""

import json
import re

import numpy as np
import pytest
from google.protobuf.json_format import MessageToDict
from streamlit.testing.v1 import AppTest

from optim_viz.language import speaking
from optim_viz.ui.first_pictures import KnownLink, Pictures
from tests.ui.test_app import ROOT, scene, spec_of

QUERIES = [
    ("compare", {}),
    ("compare", {"f": "linear_regression", "batch": "4", "fair": "best", "o": ["lbfgs", "adam~s~step"]}),
    ("compare", {"f": "a*x^2 + y^2", "steps": "50", "foo": "1", "o": "adam~lr~-1"}),
    ("network", {"epochs": "1", "batch": "500", "hidden": "16", "o": ["sgd~lr~0.1", "adam"]}),
    ("tune", {"view": "map"}),
    ("tune", {"view": "basins"}),
    ("stress", {"steps": "100"}),
    ("lessons", {}),
    ("lessons", {"lesson": "mini-batches", "run": "2"}),
]
#: What no language changes: formulas, code, templates of plotly's, addresses, names of torch's.
KEPT = re.compile(
    r"\$[^$]*\$|`[^`]*`|<[^>]*>|%\{[^}]*\}|\S+://\S+|optim-viz \S+|x uint8 \[n, 784\]|exp avg(?: sq)?|momentum buffer"
)
#: Parts of what components are given that nobody reads.
UNREAD = {"words", "programs", "live", "blob", "blobs", "key", "id", "columns", "js", "html", "css", "jsContent"}
#: Titles of papers.
SOURCES = re.compile(r"来源：.*|[^ ]+(?: [^ ]+)*, \d{4}[.。]")
ENGLISH = re.compile(r"(?<![\w.~])[a-z']{2,}(?: [a-z']{2,}){2,}|\b[A-Z][a-z]+ [a-z]+ [a-z]+")


def opened(page, query, language):
    """A page from its link, in a language; until its work is done."""
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    with speaking(language):  # a list's words are looked up by the test itself, too
        if page != "compare":  # which opens by itself
            app.switch_page(f"pages/{page}.py")
        app.query_params.update({"lang": language, **query})
        app.run()
        scene(app) if page == "network" else None
    assert not app.exception
    return app


def told(value):
    """All texts in what an element was given."""
    if isinstance(value, str):
        try:
            found = json.loads(value) if value.startswith("{") else None
        except ValueError:
            found = None
        yield from told(found) if isinstance(found, dict) else [value]
    elif isinstance(value, dict):
        for name, part in value.items():
            yield from told(part) if name not in UNREAD else ()
    elif isinstance(value, list):
        for part in value:
            yield from told(part)


def texts(block):
    for child in block.children.values():
        if getattr(child, "proto", None) is not None:
            yield from told(MessageToDict(child.proto))
        if hasattr(child, "children"):
            yield from texts(child)


@pytest.mark.parametrize(("page", "query"), QUERIES)
def test_no_english_is_left_on_a_chinese_page(page, query):
    app = opened(page, query, "zh")
    found = [text for text in texts(app._tree) if len(text) < 3000]
    left = [text for text in found if ENGLISH.search(SOURCES.sub("", KEPT.sub("", text)))]
    assert left == []
    assert sum(bool(re.search("[\u4e00-\u9fff]", text)) for text in found) > 30


@pytest.mark.parametrize("made", ["en", "zh"])
def test_a_link_made_in_one_language_opens_in_the_other_with_equal_numbers(made):
    there = {"en": "zh", "zh": "en"}[made]
    first = opened(
        "compare", {"f": "himmelblau", "steps": "40", "o": ["sgd~lr~0.005~label~steps", "adam~lr~0.2"]}, made
    )
    assert first.query_params.pop("lang") == made
    second = opened("compare", dict(first.query_params), there)
    assert spec_of(first, "compare") == spec_of(second, "compare")
    runs = [app.session_state["link.compare.good"].runs for app in (first, second)]
    assert all(np.array_equal(a.points, b.points) for a, b in zip(*runs, strict=True))
    shown = [scene(app) for app in (first, second)]
    assert [s["language"] for s in shown] == [made, there]
    assert [t["label"] for t in shown[0]["tracks"]] == [t["label"] for t in shown[1]["tracks"]] == ["steps", "adam"]
    assert shown[0]["panels"][0]["alt"] != shown[1]["panels"][0]["alt"]


def test_the_browsers_language_is_taken_where_the_link_says_nothing_and_stays_out_of_it():
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    app.context["locale"] = "zh-CN"
    with speaking("zh"):
        app.run()
        assert "更新规则" in [one.label for one in app.expander]
        assert "lang" not in app.query_params
        app.button(key="app.language.en").click().run()
    assert "Update rules" in [one.label for one in app.expander] and app.query_params["lang"] == "en"


def test_a_first_picture_is_of_one_language():
    kept = Pictures()
    kept.keep(KnownLink("compare", {}, language="zh"), {"version": 1}, {})
    assert kept.name("compare", {}) is None and kept.name("compare", {}, "zh")
