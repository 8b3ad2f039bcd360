"""The style of every run, used by every chart: colour never stands alone."""

from __future__ import annotations

import re
from collections.abc import Sequence

from optim_viz.optimizers.row import Style
from optim_viz.optimizers.table import OPTIMIZERS

#: The dashes and markers that there are, in the order in which copies of an optimizer take them.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star", "pentagon", "hexagon", "triangle-down", "cross")
#: The user's own torch.optim.Optimizer.
OTHER = Style("#6B6B6B", "#B5B5B5", "dot", "cross")


def style(kind: str, copy: int = 0) -> Style:
    """Return how an optimizer is drawn; its second and further copies keep the colour and change dash and marker.

    >>> style("adam").dash, style("adam", copy=1).dash
    ('longdash', 'longdashdot')
    """
    base = OPTIMIZERS[kind].style if kind in OPTIMIZERS else OTHER
    if copy == 0:
        return base
    dash = DASHES[(DASHES.index(base.dash) + copy) % len(DASHES)]
    marker = MARKERS[(MARKERS.index(base.marker) + 3 * copy) % len(MARKERS)]
    return Style(base.light, base.dark, dash, marker)


def styles(kinds: Sequence[str]) -> list[Style]:
    """Return one style per run, telling copies of the same optimizer apart.

    >>> len(set(styles(["adam", "adam", "sgd"])))
    3
    """
    return [style(kind, kinds[:i].count(kind)) for i, kind in enumerate(kinds)]


def kinds_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the optimizer that each label is drawn as: the one that it begins with, or else one that no other has.

    >>> kinds_of(["Adam, lr 0.1", "wide", "narrow"])
    ('adam', 'sgd', 'momentum')
    """
    words = [re.split(r"\W", label.lower(), maxsplit=1)[0] for label in labels]
    free = iter([name for name in OPTIMIZERS if name not in words])
    return tuple(word if word in OPTIMIZERS else next(free, "") for word in words)
