"""A crowd, a page that takes too long, work that fails: each ends in a sentence, and nothing that was set is lost."""

import threading

import pytest
from streamlit.testing.v1 import AppTest

from optim_viz.experiments.jobs import Job, JobState, Line
from optim_viz.progress import Unfinished
from optim_viz.ui import page, sessions
from optim_viz.ui.turns import Busy, Turns
from tests.ui.test_app import ROOT


def framed(script):
    """What frame.py does, with Compare for its page: AppTest, once there is a page, passes frame.py by."""
    import runpy

    from optim_viz.ui import page, sessions

    page.start_app()
    with sessions.logged(), page.timed(), sessions.turns().turn():
        runpy.run_path(script)


@pytest.fixture
def app():
    app = AppTest.from_function(framed, args=(str(ROOT / "pages" / "compare.py"),), default_timeout=120)
    app.query_params.update({"f": "himmelblau", "steps": "50", "o": ["sgd~lr~0.005"]})
    return app.run()


def test_turns_are_had_one_after_the_other_and_those_who_would_wait_too_long_are_told():
    line, order, inside = Turns(1, patience=10.0), [], threading.Event()

    def visitor(name):
        with line.turn():
            order.append(name)
            inside.set()
            gate.wait(10)

    gate = threading.Event()
    crowd = [threading.Thread(target=visitor, args=(name,)) for name in "ab"]
    crowd[0].start()
    inside.wait(10)
    crowd[1].start()
    while not line._waiting:
        pass
    line._took.extend([30.0] * 3)  # pages take their time today
    with pytest.raises(Busy, match="2 people are waiting for this server; try again in about 60 s"), line.turn():
        pass
    gate.set()
    for thread in crowd:
        thread.join(10)
    assert order == ["a", "b"] and line._waiting == 0
    with line.turn(), line._lock:
        assert not line._free.acquire(blocking=False)


def test_a_page_that_only_waits_lets_others_have_its_turn_and_takes_one_again():
    line, order, gate = Turns(1, patience=10.0), [], threading.Event()

    def other():
        with line.turn():
            order.append("other")
            gate.wait(10)
            order.append("other ends")

    with line.turn():
        visitor = threading.Thread(target=other)
        with line.left():
            visitor.start()
            while not order:
                pass
            gate.set()
        order.append("again")
        assert not line._free.acquire(blocking=False)
    visitor.join(10)
    assert order == ["other", "other ends", "again"] and line._waiting == 0
    with line.left():  # without a turn there is none to be left
        assert line._free.acquire(blocking=False)


def test_who_is_sent_away_finds_everything_as_it_was(app, monkeypatch):
    busy = Turns(1, patience=0.0)
    with monkeypatch.context() as full, busy.turn():
        full.setattr(sessions, "turns", lambda: busy)
        app.select_slider(key="compare.steps").set_value(100).run()
        assert not app.exception and "1 person is waiting for this server; try again" in app.error[0].value
    app.button[0].click().run()
    assert not app.exception and not app.error
    spec = app.session_state["link.compare.good"].asked.spec
    assert (spec.steps, spec.surface.name, spec.optimizers[0]["lr"]) == (100, "himmelblau", 0.005)


def test_a_page_that_takes_too_long_says_so_and_shows_what_was_there(app, monkeypatch):
    monkeypatch.setattr(page, "limit", lambda name: 0)
    app.select_slider(key="compare.steps").set_value(100).run()
    assert not app.exception and "This takes longer than the 0 s that this server has for it" in app.error[0].value
    assert app.session_state["link.compare.good"].asked.spec.steps == 50


def failing():
    """A page whose work fails."""
    import streamlit as st

    from optim_viz.ui import progress

    job = progress.ask("w", st.session_state["line"], "spec")
    while job.active:
        pass
    st.session_state["asked"] = job
    progress.ended("w", job, "Half of it is shown.", "Run again")


@pytest.mark.parametrize("result", [None, "half"])
def test_work_that_failed_says_so_once_and_runs_again_only_when_it_is_asked_to(result):
    ran = []

    def run(spec, look, cancel):
        ran.append(spec)
        raise Unfinished("The scheduler was lost.", result) if result else MemoryError

    app = AppTest.from_function(failing)
    app.session_state["line"] = Line(run)
    app.run(), app.run()
    said = "The scheduler was lost. Half of it is shown." if result else "not enough memory"
    assert not app.exception and said in app.error[0].value and len(ran) == 1
    app.button(key="w.again").click().run()
    job: Job = app.session_state["asked"]
    assert len(ran) == 2 and job.state is JobState.FAILED and not app.session_state["line"].owners()
