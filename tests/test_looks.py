"""Long loops ask whether they may go on, and end with the answer."""

import itertools
import sys
import threading

import pytest

import optim_viz as ov
from optim_viz import looks, threads
from optim_viz.experiments.fairness import Fair, fair_run
from optim_viz.network.project import project
from optim_viz.surfaces import bounded, descent
from optim_viz.surfaces.surface import described, surface

SGD, LBFGS = ov.optimizer("sgd", lr=1e-4), ov.optimizer("lbfgs")
PLATEAU = ov.optimizer("sgd", lr=1e-4, schedule=ov.schedule("plateau"))
TUNED = Fair(descent.check("rosenbrock", [SGD], steps=100), "best")
#: What a page computes in its own thread.
LOOPS = {
    "floats": lambda: ov.descend("rosenbrock", SGD, steps=100_000),
    "watched rates": lambda: ov.descend("rosenbrock", PLATEAU, steps=100_000),
    "overflow": lambda: ov.descend("rosenbrock", ov.optimizer("sgd", lr=10.0), steps=100_000),
    "torch": lambda: ov.descend("rosenbrock", LBFGS, steps=100_000),
    "one block": lambda: ov.sweep("rosenbrock", SGD, {"lr": [1e-4]}, steps=100_000),
    "tuning": lambda: fair_run(TUNED),
    "typed": lambda: surface("*".join(f"(x+{i}*y)" for i in range(1, 28))),
}


class No(ov.SpecError):
    """The answer."""


@pytest.mark.parametrize("loop", LOOPS.values(), ids=LOOPS)
def test_what_a_page_computes_ends_when_it_may_not_go_on(loop):
    answers = itertools.chain([None], itertools.repeat(No("too long")))

    def answer():
        if isinstance(no := next(answers), No):
            raise no

    with looks.answering(answer), pytest.raises(No):
        loop()


def test_a_plane_ends_when_it_may_not_go_on():
    training = ov.train([ov.optimizer("sgd")], epochs=1, batch_size=500, hidden=(8,))

    def answer():
        raise No("no")

    with looks.answering(answer), pytest.raises(No):
        project(training)


def test_nothing_is_read_ahead():
    items, seen = iter(range(10)), []
    for item in looks.looked(items, every=3):
        seen.append(item)
        if item == 4:
            break
    assert seen == [0, 1, 2, 3, 4] and next(items) == 5


def test_a_cancel_ends_the_threads_of_a_loop_where_they_look():
    cancel, reached = threading.Event(), []

    def work(stopped):
        cancel.set()
        for i in looks.looked(range(1000), every=10):
            reached.append(i)

    threads.in_threads(work, 2, None, cancel)
    assert len(reached) < 1000


def test_a_function_that_sympy_would_never_be_done_with_is_refused(monkeypatch):
    monkeypatch.setattr(bounded, "MOST", 60_000)
    text = "tanh(x*y + " * 12 + "x" + ")" * 12
    with pytest.raises(ov.SpecError, match="takes too long to differentiate"):
        surface(text)
    with pytest.raises(ov.SpecError, match="takes too long to differentiate"):
        surface(text)  # remembered
    assert surface("tanh(x*y)").name == "own"


def test_whoever_catches_everything_on_the_way_does_not_keep_sympy_going(monkeypatch):
    """mpmath does; which call is the last one that is allowed decides whether it is inside mpmath."""
    for most in range(20_000, 21_500, 25):
        monkeypatch.setattr(bounded, "MOST", most)
        bounded.too_dear.cache_clear()
        assert bounded.too_dear(described("tanh(x*y + " * 12 + "x" + ")" * 12)), most
    assert sys.gettrace() is None and sys.getprofile() is None
