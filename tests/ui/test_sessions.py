"""What goes on beside the pages of a server."""

import gc
import threading
import time
from types import SimpleNamespace

import pytest

from optim_viz.ui import sessions


class AwakeAgain(BaseException):
    """The first round is over."""


def test_whoever_looks_after_a_server_sets_aside_what_its_modules_hold(monkeypatch):
    here, asleep = threading.current_thread(), time.sleep

    def sleep(seconds):
        if threading.current_thread() is here:  # a server of another test may be looked after, too
            raise AwakeAgain
        asleep(seconds)

    monkeypatch.setattr(sessions.time, "sleep", sleep)
    monkeypatch.setattr(sessions.runtime, "get_instance", lambda: SimpleNamespace(is_active_session=bool))
    gc.unfreeze()
    try:
        with pytest.raises(AwakeAgain):
            sessions._watch()
        assert gc.get_freeze_count() > 10_000
    finally:
        gc.unfreeze()
