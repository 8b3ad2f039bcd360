"""Work behind the pages rests at its looks while a page is at work, wherever it runs, and a page's own never does."""

import threading

import pytest

import optim_viz as ov
from optim_viz import precedence
from optim_viz.experiments.jobs import JobState, Line
from optim_viz.optimizers.specs import optimizer

ALONE = optimizer("lbfgs")
WORK = {
    "steps in its thread": lambda: ov.descend("rosenbrock", optimizer("sgd", lr=1e-4), steps=1000),
    "runs in others": lambda: ov.sweep("rosenbrock", ALONE, {"lr": [0.1, 0.2]}, steps=300, progress=lambda told: None),
    "trainings": lambda: ov.train(["sgd", "adam"], epochs=1, batch_size=500, hidden=(8,)),
}


@pytest.fixture
def rests(monkeypatch):
    """How often who has rested, by thread."""
    found = []

    def rest(seconds):
        found.append((threading.current_thread().name, seconds))

    monkeypatch.setattr(precedence.time, "sleep", rest)
    return found


def done_behind(work):
    """Do it as a line does."""
    line = Line(lambda spec, look, cancel: work())
    job = line.ask("spec", "owner")
    while job.active:
        threading.Event().wait(0.01)
    assert job.state is JobState.FINISHED, job.error


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_what_is_done_behind_a_page_at_work_rests_and_goes_on(work, rests):
    precedence.come()
    try:
        done_behind(work)
    finally:
        precedence.go()
    assert rests and {seconds for _, seconds in rests} == {precedence.REST}
    assert all(name.startswith("optim-viz") for name, _ in rests)
    rests.clear()
    done_behind(work)
    assert rests == []


@pytest.mark.parametrize("work", WORK.values(), ids=WORK)
def test_what_a_page_computes_itself_never_rests(work, rests):
    precedence.come()
    try:
        work()
    finally:
        precedence.go()
    assert rests == []
