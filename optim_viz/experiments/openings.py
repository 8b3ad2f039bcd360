"""What the pages Compare and Network open with, and their links as they write them themselves.

A link leaves out what is as in its page's default. Whoever leads to a page with the link that it would write anyway
leaves one entry in the browser's history, and Back leads back.
"""

from __future__ import annotations

from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.links import FAIR_DESCENT, FAIR_TRAINING, Query, read, write
from optim_viz.experiments.presets import NETWORK_PRESETS, PRESETS
from optim_viz.spec import DescentSpec, NetworkSpec

COMPARE = Fair(PRESETS["valley"].spec)
#: Of the network a link leaves out what is as in the source material, ...
NETWORK = Fair(NETWORK_PRESETS["source"].spec)
#: ... but one that says nothing at all opens with a network that is seen to learn.
LEARNS = Fair(NETWORK_PRESETS["learns"].spec)


def write_compare(asked: Fair[DescentSpec]) -> Query:
    """Return the link of a comparison.

    >>> write_compare(COMPARE)
    {}
    """
    return write(FAIR_DESCENT, asked, COMPARE)


def write_network(asked: Fair[NetworkSpec]) -> Query:
    """Return the link of a training; it says something even of the default.

    >>> write_network(NETWORK), write_network(LEARNS)["relu"]
    ({'relu': ['true']}, ['false'])
    """
    return write(FAIR_TRAINING, asked, NETWORK) or {"relu": ["true"]}


def read_network(query: Query, default: Fair[NetworkSpec] = NETWORK) -> tuple[Fair[NetworkSpec], list[str]]:
    """Read a link of a training, and return what was dropped of it.

    >>> read_network({})[0] == LEARNS, read_network({"relu": ["true"]})[0] == NETWORK
    (True, True)
    """
    if not set(query) & set(FAIR_TRAINING):
        return LEARNS, []
    return read(FAIR_TRAINING, query, default)
