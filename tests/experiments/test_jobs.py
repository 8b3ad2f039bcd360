"""Trainings in the background: one at a time, in line, shared, cancelled within a second."""

import functools
import threading
import time

import numpy as np
import pytest

import optim_viz as ov
from optim_viz import settings, threads
from optim_viz.experiments import jobs
from optim_viz.experiments.jobs import JobState, Line
from optim_viz.network import train
from optim_viz.progress import Progress, Unfinished

SMALL = train.check([ov.optimizer("sgd", lr=0.1)], epochs=1, batch_size=500, hidden=(8,))
LONG = train.check([ov.optimizer("sgd", lr=0.1)], epochs=100, batch_size=64, hidden=(64,))


def limits(monkeypatch, **variables):
    """The settings as they are under other environment variables."""
    values = settings.read(variables)
    monkeypatch.setattr(settings, "_read_once", lambda: values)


def wait(job, seconds=60):
    until = time.monotonic() + seconds
    while job.active and time.monotonic() < until:
        time.sleep(0.01)
    assert not job.active


def test_an_identical_spec_is_served_from_the_shelf():
    line = Line(train.run)
    job = line.ask(SMALL, "a")
    wait(job)
    assert job.state is JobState.FINISHED and job.result["sgd"].losses.shape == (16,)
    assert line.ask(SMALL, "b") is job


def test_two_sessions_wait_in_line_and_see_their_place():
    line = Line(train.run)
    first, second = line.ask(LONG, "a"), line.ask(SMALL, "b")
    assert (line.place(first), line.place(second)) == (0, 1)
    assert first.state is JobState.RUNNING and second.state is JobState.WAITING
    line.let_go("a")
    wait(first), wait(second)
    assert first.state is JobState.CANCELLED and second.state is JobState.FINISHED


@pytest.mark.timed
def test_cancel_stops_within_a_second_and_keeps_what_was_recorded():
    line = Line(train.run)
    job = line.ask(LONG, "a")
    while job.progress is None or len(job.progress.so_far()["sgd"].losses) < 20:
        time.sleep(0.01)
    began = time.monotonic()
    line.let_go("a")
    wait(job)
    assert time.monotonic() - began < 1.0
    assert job.state is JobState.CANCELLED and len(job.result["sgd"].losses) >= 20
    again = line.ask(LONG, "a")
    assert again is not job  # half a training is nobody's result
    line.let_go("a")
    wait(again)


def test_a_job_that_others_wait_for_goes_on():
    line = Line(train.run)
    job = line.ask(LONG, "a")
    assert line.ask(LONG, "b") is job
    line.let_go("a")
    assert not job.cancel.is_set()
    line.let_go("b")
    assert job.cancel.is_set()
    wait(job)


def test_asking_for_something_else_lets_go_of_the_job_before():
    line = Line(train.run)
    job = line.ask(LONG, "a")
    other = line.ask(SMALL, "a")
    wait(other)
    assert job.state is JobState.CANCELLED and other.state is JobState.FINISHED


def test_a_crowd_is_refused_with_a_sentence(monkeypatch):
    line = Line(train.run)
    limits(monkeypatch, OPTIM_VIZ_WAITING_JOBS="2")
    busy = [line.ask(train.check(SMALL.optimizers, epochs=100, seed=seed), str(seed)) for seed in range(3)]
    with pytest.raises(ov.SpecError, match="3 jobs are waiting already; try again in about "):
        line.ask(SMALL, "late")
    for seed in range(3):
        line.let_go(str(seed))
    for job in busy:
        wait(job)


def test_an_error_is_a_message_and_the_line_goes_on():
    gate = threading.Event()

    def run(spec, *rest):
        if spec is LONG:
            gate.wait(10)
            raise RuntimeError("out of memory")
        return train.run(spec, *rest)

    line = Line(run)
    bad, good = line.ask(LONG, "a"), line.ask(SMALL, "b")
    gate.set()
    wait(bad), wait(good)
    assert bad.state is JobState.FAILED and "out of memory" in bad.error and good.state is JobState.FINISHED


def test_what_is_kept_is_bounded_in_entries_and_in_bytes(monkeypatch):
    limits(monkeypatch, OPTIM_VIZ_KEPT_RESULTS="3", OPTIM_VIZ_KEPT_MB="2")
    line = Line(lambda spec, *rest: {"numbers": np.zeros(spec[1], dtype=np.uint8)})

    small = [("small", size) for size in (1, 2, 3, 4)]
    for spec in small:
        wait(line.ask(spec, "a"))
    assert list(line._finished) == small[1:]
    for spec in (("large", 2**20), ("large too", 2**20 - 100)):
        wait(line.ask(spec, "a"))
    assert list(line._finished) == [small[3], ("large", 2**20), ("large too", 2**20 - 100)]
    wait(line.ask(("larger", 3 * 2**19), "a"))
    assert list(line._finished) == [("larger", 3 * 2**19)]
    job = line.ask(("too large", 3 * 2**20), "a")
    wait(job)
    assert job.state is JobState.FINISHED and len(job.result["numbers"]) == 3 * 2**20
    assert line.ask(job.spec, "a") is job and not line._finished  # kept until it was asked for


def test_an_owner_who_is_gone_lets_go_in_every_line():
    lines = [Line(lambda spec, report, cancel: cancel.wait(20)) for _ in range(2)]
    busy = [line.ask(i, "gone") for i, line in enumerate(lines)]
    assert "gone" in jobs.owners()
    jobs.let_go("gone")
    for job in busy:
        wait(job, 5)
        assert job.state is JobState.CANCELLED
    assert "gone" not in jobs.owners()


@pytest.fixture
def logged(monkeypatch):
    """The events that are logged: name, fields and error."""
    events = []
    monkeypatch.setattr(
        jobs.log, "event", lambda name, level=0, error=None, **fields: events.append((name, fields, error))
    )
    return events


def raised(error):
    """What raises an error when it is called."""

    def fail(*_):
        raise error

    return fail


DEATHS = {
    "memory": (raised(MemoryError()), "this server has not enough memory for it."),
    "recursion": (raised(RecursionError("too deep")), "too deep"),
    "exit": (raised(SystemExit(3)), "3"),
    "interrupt": (raised(KeyboardInterrupt()), "KeyboardInterrupt"),
    "long": (raised(ValueError("long\n" * 99)), "long long"),
    "look": (lambda spec, look, cancel: (look("no progress"), look("at all")), "no attribute 'fraction'"),
    "thread": (lambda spec, look, cancel: threads.in_threads(raised(KeyError("w")), 2, None, cancel), "'w'"),
    "report": (
        lambda spec, look, cancel: threads.in_threads(lambda stopped: cancel.wait(0.3), 1, raised(TypeError("r"))),
        "r",
    ),
    "weight": (lambda spec, look, cancel: nested(3000), "recursion"),
}


def nested(depth):
    """A result too deep to be weighed."""
    return (nested(depth - 1),) if depth % 500 else functools.reduce(lambda inner, _: (inner,), range(5000), ())


@pytest.mark.parametrize(("run", "said"), DEATHS.values(), ids=DEATHS)
def test_whatever_happens_in_a_job_ends_that_job_and_the_next_one_starts(run, said, logged):
    line = Line(lambda spec, *rest: run(spec, *rest) if spec == "bad" else spec)
    bad, good = line.ask("bad", "a"), line.ask("good", "b")
    wait(bad), wait(good)
    assert bad.state is JobState.FAILED and said in bad.error and len(bad.error) < 120 and "\n" not in bad.error
    assert good.state is JobState.FINISHED and good.result == "good"
    (failed,) = [error for name, _, error in logged if name == "job" and error is not None]
    assert failed.__traceback__ is not None


def test_a_result_stays_until_its_visitor_has_seen_it_or_is_gone(monkeypatch):
    limits(monkeypatch, OPTIM_VIZ_KEPT_RESULTS="2")
    line = Line(lambda spec, *rest: spec)
    mine = line.ask(0, "me")
    wait(mine)
    for i in range(1, 9):
        wait(line.ask(i, "other"))
    assert list(line._finished) == [0, 8] and line.owners() == {"me", "other"}
    wait(line.ask(9, "gone"))
    jobs.let_go("gone")
    assert line.ask(0, "me") is mine and line.owners() == {"other"}
    for i in range(10, 13):
        wait(line.ask(i, "other"))
    assert list(line._finished) == [11, 12] and line.ask(12, "other").result == 12 and not line.owners()


def test_a_line_that_stands_still_says_so_and_goes_on_once_that_is_cancelled(monkeypatch, logged):
    monkeypatch.setattr(jobs, "STILL", 0.02)
    gate = threading.Event()
    line = Line(lambda spec, look, cancel: gate.wait(20) if spec == "stuck" else spec)
    stuck, good = line.ask("stuck", "a"), line.ask("good", "b")
    while not line.still():
        time.sleep(0.005)
    line.watch(), line.watch()
    assert [name for name, _, _ in logged] == ["line stands still"] and stuck.state is JobState.RUNNING
    line.let_go("a")
    line.watch()
    wait(good)
    assert stuck.state is JobState.CANCELLED and good.state is JobState.FINISHED
    gate.set()
    later = line.ask("later", "a")
    wait(later)
    assert later.state is JobState.FINISHED and stuck.state is JobState.CANCELLED and not line.still()


def test_a_job_that_moves_is_not_said_to_stand_still(monkeypatch):
    job = jobs.Job("spec")
    job.start()
    moved = job.moved
    job.look(Progress(0.1, 1.0))
    assert job.moved > moved
    moved = job.moved
    job.look(Progress(0.1, 2.0))
    assert job.moved == moved and job.progress.seconds == 2.0


def test_a_line_without_a_thread_gets_one_at_the_next_look(monkeypatch, logged):
    line = Line(lambda spec, *rest: spec)
    with monkeypatch.context() as broken:
        broken.setattr(threading.Thread, "start", raised(RuntimeError("can't start new thread")))
        job = line.ask(1, "a")
    assert job.active and [name for name, _, _ in logged] == ["line has no thread"]
    jobs.watch()
    wait(job)
    assert job.state is JobState.FINISHED


def test_half_a_result_is_shown_and_is_nobody_elses():
    line = Line(raised(Unfinished("3 of 9 trainings were done when the scheduler was lost.", "half")))
    job = line.ask(1, "a")
    wait(job)
    assert (job.state, job.result, job.error[:6]) == (JobState.FAILED, "half", "3 of 9") and not line._finished
