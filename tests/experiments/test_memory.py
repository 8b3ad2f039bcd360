"""What the garbage collector looks through on a server: not what modules hold."""

import gc
import sys
import weakref
from types import ModuleType

import pytest

from optim_viz.experiments.memory import Settled


@pytest.fixture
def nothing_set_aside():
    gc.unfreeze()
    yield
    gc.unfreeze()


@pytest.mark.usefixtures("nothing_set_aside")
def test_what_lives_is_set_aside_when_modules_were_loaded_and_only_then(monkeypatch):
    settled = Settled()
    assert settled.look()
    aside = gc.get_freeze_count()
    assert aside > 10_000
    kept = [[] for _ in range(1000)]
    assert not settled.look()
    assert gc.get_freeze_count() <= aside
    monkeypatch.setitem(sys.modules, "loaded_later", ModuleType("loaded_later"))
    assert settled.look()
    assert gc.get_freeze_count() >= aside + len(kept) // 2


class Ring:
    """Garbage that only the collector finds."""

    def __init__(self):
        self.itself = self


@pytest.mark.usefixtures("nothing_set_aside")
def test_garbage_is_not_kept_with_it():
    gone = weakref.ref(Ring())
    Settled().look()
    assert gone() is None
