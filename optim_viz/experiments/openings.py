"""What the pages Compare and Network open with, and their links as they write them themselves.

A link leaves out what is as in its page's default. Whoever leads to a page with the link that it would write anyway
leaves one entry in the browser's history, and Back leads back.
"""

from __future__ import annotations

from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.links import FAIR_DESCENT, FAIR_MATRIX, FAIR_TRAINING, Query, asks_for_matrix, read, write
from optim_viz.experiments.presets import MATRIX_PRESETS, NETWORK_PRESETS, PRESETS
from optim_viz.spec import DescentSpec, MatrixSpec, NetworkSpec

COMPARE = Fair(PRESETS["valley"].spec)
#: Of the network a link leaves out what is as in the source material, ...
NETWORK = Fair(NETWORK_PRESETS["source"].spec)
#: ... but one that says nothing at all opens with a network that is seen to learn.
LEARNS = Fair(NETWORK_PRESETS["learns"].spec)
#: The matrix task as it opens on the same page.
MATRIX = Fair(MATRIX_PRESETS["uneven"].spec)
OnNetwork = Fair[NetworkSpec] | Fair[MatrixSpec]


def write_compare(asked: Fair[DescentSpec]) -> Query:
    """Return the link of a comparison.

    >>> write_compare(COMPARE)
    {}
    """
    return write(FAIR_DESCENT, asked, COMPARE)


def read_compare(query: Query, default: Fair[DescentSpec] = COMPARE) -> tuple[Fair[DescentSpec], list[str]]:
    """Read a link of a comparison, and return what was dropped of it.

    >>> read_compare({}) == (COMPARE, [])
    True
    """
    return read(FAIR_DESCENT, query, default)


def write_network(asked: OnNetwork) -> Query:
    """Return the link of a training or of the matrix task; it says something even of the default.

    >>> write_network(NETWORK), write_network(LEARNS)["relu"], write_network(MATRIX)
    ({'relu': ['true']}, ['false'], {'task': ['matrix']})
    """
    if isinstance(asked.spec, MatrixSpec):
        return write(FAIR_MATRIX, asked, MATRIX)
    return write(FAIR_TRAINING, asked, NETWORK) or {"relu": ["true"]}


def read_network(query: Query, default: OnNetwork = NETWORK) -> tuple[OnNetwork, list[str]]:
    """Read a link of a training or of the matrix task, and return what was dropped of it.

    >>> read_network({})[0] == LEARNS, read_network({"relu": ["true"]})[0] == NETWORK
    (True, True)
    >>> read_network({"task": ["matrix"]})[0] == MATRIX
    True
    """
    if asks_for_matrix(query):
        return read(FAIR_MATRIX, query, MATRIX)
    if not set(query) & set(FAIR_TRAINING):
        return LEARNS, []
    return read(FAIR_TRAINING, query, default)
