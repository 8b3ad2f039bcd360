"""The lessons' page without a browser: every lesson and picture from its link, turning the page, bad links."""

import json
from pathlib import Path
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest
from streamlit.testing.v1 import AppTest

from optim_viz.experiments import links
from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.openings import read_network
from optim_viz.export.table import EXPORTS
from optim_viz.lessons import results, table
from optim_viz.lessons.lesson import Verdict
from optim_viz.lessons.links import (
    DEFAULT,
    TOGETHER,
    Place,
    called,
    left_behind,
    opened,
    read_lesson,
    shown,
    tab,
    write_lesson,
)
from optim_viz.lessons.predictions import PREDICTIONS, reply
from optim_viz.spec import DescentSpec, NetworkSpec, SpecError
from optim_viz.surfaces import descent
from optim_viz.ui import lessons as parts

ROOT = Path(__file__).parents[2]
PLACES = [Place(row.slug, run) for row in table.LESSONS.values() for run in (*range(1, len(shown(row)) + 1), TOGETHER)]


def open_lesson(**query):
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    app.switch_page("pages/lessons.py")
    app.query_params.update(query)
    return app.run()


def scene(app):
    return json.loads(next(e.proto.json for e in app.get("bidi_component") if e.proto.json))


def link(app):
    return {key: [value] if isinstance(value, str) else value for key, value in app.query_params.items()}


def said(app):
    return " ".join(m.value for m in app.markdown)


@pytest.mark.parametrize("place", PLACES, ids=lambda p: f"{p.lesson} {p.run}")
def test_a_place_is_its_link(place):
    query = parse_qs(urlencode(write_lesson(place), doseq=True))
    assert read_lesson(query, Place("pictures", 2)) == (place, [])


def test_bad_links_are_said_and_the_rest_is_used():
    place, notes = read_lesson({"lesson": ["momentun"], "run": ["2"]}, DEFAULT)
    assert place == DEFAULT and "did you mean 'momentum'" in notes[0]
    for run in ("0", "5", "-1", "two", ""):
        place, notes = read_lesson({"lesson": ["momentum"], "run": [run]}, DEFAULT)
        assert place == Place("momentum") and f"pictures 1 to 4; got {run!r}" in notes[0]
    place, notes = read_lesson({"lessons": ["momentum"]}, DEFAULT)
    assert place == DEFAULT and "did you mean 'lesson'" in notes[0]


def test_every_lesson_shows_its_text_its_picture_and_both_verdicts():
    app = open_lesson(lesson="mini-batches")
    for slug, row in table.LESSONS.items():
        app.selectbox(key="lessons.slug").set_value(slug).run()
        app.button(key=f"lessons.{slug}.told.now").click().run()
        assert not app.exception and not app.error and not app.warning, slug
        assert scene(app)["waits"] is False
        assert app.title[0].value == row.claim and row.text in said(app)
        assert any(str(row.source) in c.value for c in app.caption)
        found = results.verdict(row)
        assert found.sentence in said(app) and found.limit_sentence in said(app)
        assert "The claim holds." in said(app) and "Measured too." in said(app) and "not hold" not in said(app)
        assert scene(app)["key"] == f"lesson {slug} {row.experiments[0].name}"
        assert link(app) == write_lesson(Place(slug))
        tabs = [option.content for option in app.get("button_group")[0].proto.options]
        assert tabs == [tab(row, run) for run in (*range(1, len(shown(row)) + 1), TOGETHER)]


@pytest.mark.parametrize("slug", table.LESSONS)
def test_every_picture_has_its_scene_and_its_way_out(slug):
    row = table.lesson(slug)
    app = open_lesson(lesson=slug)
    for run, experiment in enumerate(shown(row), 1):
        app.session_state["lessons.run"] = run
        app.run()
        assert not app.exception and not app.error, (slug, run)
        drawn = scene(app)
        assert drawn["key"] == f"lesson {slug} {experiment.name}"
        assert [t["label"] for t in drawn["tracks"]] == [o.label or o.kind for o in experiment.all.optimizers]
        page, query = opened(experiment)
        way = app.get("page_link")[0].proto
        assert way.page == page or (page == "compare" and way.page == "")
        assert parse_qs(way.query_string) == query
        behind = left_behind(experiment)
        assert bool(behind) == bool(experiment.beside or page == "network") and (
            not behind or behind in [c.value for c in app.caption]
        )


@pytest.mark.parametrize("slug", table.LESSONS)
def test_all_pictures_stand_beside_each_other_each_with_its_own_runs(slug):
    row = table.lesson(slug)
    app = open_lesson(lesson=slug, run="all")
    assert not app.exception and not app.error and link(app) == write_lesson(Place(slug, TOGETHER))
    drawn, columns = scene(app), []
    assert [panel["title"] for panel in drawn["panels"]] == [tab(row, run) for run in range(1, len(shown(row)) + 1)]
    for panel, experiment in zip(drawn["panels"], shown(row), strict=True):
        own = [track for track in drawn["tracks"] if panel["y"] in track["columns"]]
        assert [track["name"] for track in own] == [o.label or o.kind for o in experiment.all.optimizers]
        assert [track["label"] for track in own] == [f"{called(experiment)}: {track['name']}" for track in own]
        assert all("loss" in track["columns"] for track in own)
        columns += [panel[name] for name in ("x", "y") if panel[name] is not None]
    assert len(set(columns)) == len(columns)  # no picture draws another one's runs
    assert len({track["id"] for track in drawn["tracks"]}) == len(drawn["tracks"])


def test_back_and_next_stop_at_the_ends_and_start_at_the_first_picture():
    first, second, *_, last = table.LESSONS
    app = open_lesson(lesson=second, run="2")
    assert app.session_state["lessons.run"] == 2
    app.button(key="lessons-back").click().run()
    assert app.session_state["lessons.slug"] == first and app.session_state["lessons.run"] == 1
    assert app.button(key="lessons-back").disabled and not app.button(key="lessons-next").disabled
    app.button(key="lessons-next").click().run()
    assert link(app) == write_lesson(Place(second))
    app.selectbox(key="lessons.slug").set_value(last).run()
    assert app.button(key="lessons-next").disabled and not app.exception


def test_a_guess_is_told_right_or_wrong_once_it_is_made():
    app = open_lesson(lesson="momentum")
    asked = PREDICTIONS["momentum"]
    right, numbers = asked.measure(results.results(table.lesson("momentum")))
    key = "lessons.momentum.guess"
    assert asked.question in app.button_group(key=key).label and numbers not in said(app)
    assert scene(app)["waits"] is True
    for i in range(len(asked.answers)):
        app.button_group(key=key).set_value(i).run()
        assert not app.exception and f"**{reply(asked, right, i)}**] {numbers}" in said(app)
        assert (":green[:material/check_circle: **Yes" in said(app)) == (i == right)
    assert scene(app)["waits"] is False
    app.button(key="lessons-next").click().run()
    assert numbers not in said(app) and scene(app)["waits"] is True


@pytest.mark.parametrize("slug", ["momentum", "bias-correction", "final-relu"])
def test_what_would_answer_the_question_is_told_after_the_guess(slug):
    app, row = open_lesson(lesson=slug), table.lesson(slug)
    _, numbers = PREDICTIONS[slug].measure(results.results(row))
    answers = (row.look, results.verdict(row).sentence, results.verdict(row).limit_sentence)
    assert not any(answer in said(app) for answer in (*answers, numbers)) and parts.HELD in [
        c.value for c in app.caption
    ]
    app.button(key=f"lessons.{slug}.told.now").click().run()
    assert all(answer in said(app) for answer in (*answers, numbers)) and not app.exception
    assert parts.HELD not in [c.value for c in app.caption] and "Yes" not in said(app)
    app = open_lesson(lesson=slug)
    app.button_group(key=f"lessons.{slug}.guess").set_value(0).run()
    assert all(answer in said(app) for answer in answers) and len(app.button) == 3


class Asked(dict):
    """Results that remember which of them were asked for."""

    def __getitem__(self, name):
        self.names = [*getattr(self, "names", ()), name]
        return super().__getitem__(name)


@pytest.mark.parametrize("slug", table.LESSONS)
def test_a_lesson_opens_with_a_picture_that_its_question_is_about(slug):
    row = table.lesson(slug)
    found = Asked(results.results(row))
    PREDICTIONS[slug].measure(found)
    assert shown(row)[0].name in found.names


def test_a_mangled_link_says_so_and_opens_a_lesson():
    app = open_lesson(lesson="momentun")
    assert not app.exception and "did you mean 'momentum'" in app.warning[0].value
    assert app.title[0].value == table.lesson(DEFAULT.lesson).claim


def test_the_link_of_a_picture_opened_on_compare_gives_the_same_numbers_bit_for_bit():
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120).run()
    default = app.session_state["link.compare.good"].asked.spec
    for row in table.LESSONS.values():
        for experiment in filter(lambda e: isinstance(e.spec, DescentSpec), shown(row)):
            query = parse_qs(urlencode(opened(experiment)[1], doseq=True))
            spec, notes = links.read(links.DESCENT, query, default)
            assert notes == [] and spec == experiment.spec
            here = results.result(experiment).comparisons[0]
            for there in descent.run(spec):
                assert np.array_equal(there.points, here[there.label].points, equal_nan=True)
                assert np.array_equal(there.losses, here[there.label].losses)


def test_the_link_of_a_training_opened_on_network_is_that_training():
    found = 0
    for row in table.LESSONS.values():
        for experiment in filter(lambda e: isinstance(e.spec, NetworkSpec), shown(row)):
            query = parse_qs(urlencode(opened(experiment)[1], doseq=True))
            query.pop("plane", None)  # how it is looked at
            assert read_network(query) == (Fair(experiment.spec), [])
            found += 1
    assert found > 5


@pytest.mark.parametrize("place", [Place("momentum", 2), Place("final-relu"), Place("bias-correction")])
def test_a_lesson_gives_the_files_of_its_picture(place):
    app = AppTest.from_file(str(ROOT / "frame.py"), default_timeout=120)
    app.switch_page("pages/lessons.py")
    app.query_params.update(write_lesson(place))
    app.session_state["share.lessons"] = True
    app.run()
    experiment = shown(table.lesson(place.lesson))[place.run - 1]
    assert not app.exception
    # An optimizer that is the lesson's own is in no JSON.
    assert len(app.get("download_button")) == len(EXPORTS) - 1 - bool(experiment.beside)


def test_a_claim_that_fails_and_a_training_that_is_not_stored_say_so(monkeypatch):
    def missing(experiment):
        raise SpecError("This training is not stored.")

    monkeypatch.setattr(parts, "_verdict", lambda slug: Verdict(False, "It was 3.", False, "It was 4.", {}))
    monkeypatch.setattr(parts, "_drawn", missing)
    app = open_lesson(lesson="final-relu")
    app.button(key="lessons.final-relu.told.now").click().run()
    assert not app.exception and app.error[0].value == "This training is not stored."
    assert ":red[:material/cancel: **The claim does not hold here.**] It was 3." in said(app)
    assert "**Not seen here.**] It was 4." in said(app) and "The claim holds" not in said(app)
