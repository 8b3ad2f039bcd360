"""What is looked at aside is what it was when asked for, in order, and an error there is one of the run's."""

import threading

import pytest

from optim_viz.network.aside import Aside


def copied(own, given):
    own[:] = given


def test_looks_see_copies_in_order_and_wait_when_there_is_none_left():
    number, seen, go_on = [0], [], threading.Event()

    def look(copy):
        go_on.wait()
        seen.append(copy[0])

    with Aside([[0], [0]], copied) as aside:
        for i in range(8):
            number[0] = i
            if i == 2:
                assert not seen  # nobody has waited yet
                go_on.set()
            aside(number, look)
        number[0] = -1
        aside.finish()
    assert seen == list(range(8))


def test_an_error_in_a_look_is_raised():
    def broken(copy):
        raise RuntimeError("no")

    with Aside([[0]], copied) as aside:
        aside([1], broken)
        with pytest.raises(RuntimeError, match="no"):
            aside.finish()
