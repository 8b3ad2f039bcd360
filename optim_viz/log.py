"""One JSON line an event, on the standard error: what was asked for, what it cost, how it ended; nobody is named."""

from __future__ import annotations

import functools
import json
import logging
from typing import Any

_LOGGER = logging.getLogger("optim_viz")


class _Lines(logging.Formatter):
    """A record as one line of JSON."""

    def format(self, record: logging.LogRecord) -> str:
        fields = getattr(record, "fields", {})
        line = {"time": self.formatTime(record), "level": record.levelname.lower(), "event": record.getMessage()}
        return json.dumps(line | fields | ({"trace": self.formatException(record.exc_info)} if record.exc_info else {}))


@functools.cache
def start(level: str) -> None:
    """Log to the standard error from now on, from `level` up; the library alone never does."""
    handler = logging.StreamHandler()
    handler.setFormatter(_Lines(datefmt="%Y-%m-%dT%H:%M:%S%z"))
    _LOGGER.addHandler(handler)
    _LOGGER.setLevel(level.upper())
    _LOGGER.propagate = False


def event(name: str, level: int = logging.INFO, error: BaseException | None = None, **fields: Any) -> None:
    """Log an event: numbers, names of tables' rows and of pages; never what somebody typed, nor who.

    >>> event("request", page="compare", runs=3, steps=500, ms=41.2, errors=0)
    """
    _LOGGER.log(level, name, extra={"fields": fields}, exc_info=error)
