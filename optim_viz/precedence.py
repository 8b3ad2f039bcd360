"""Who goes first: the page that somebody waits for, before work that goes on behind the pages.

Python runs one thread at a time. Beside two jobs a page would have a third of it, and take three times as long.
"""

from __future__ import annotations

import threading
import time

#: Seconds that work behind the pages rests at a look while a page is at work. It looks after some milliseconds, so that
#: it goes on all the same, at about a third of its pace, however many pages there are.
REST = 0.005

_lock = threading.Lock()
_pages = 0


def come() -> None:
    """A page begins its work: what gives way rests until it goes.

    >>> come()
    >>> began = time.monotonic()
    >>> give_way()
    >>> time.monotonic() - began >= REST
    True
    >>> go()
    """
    _count(1)


def go() -> None:
    """A page that came has done its work, or only waits."""
    _count(-1)


def _count(more: int) -> None:
    global _pages  # noqa: PLW0603 - there is one interpreter to share
    with _lock:
        _pages += more


def give_way() -> None:
    """Rest for a moment if a page is at work: what is done behind the pages does so at each of its looks."""
    if _pages:
        time.sleep(REST)
