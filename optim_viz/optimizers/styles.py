"""The style of every run, used by every chart: colour never stands alone."""

from __future__ import annotations

import re
import zlib
from collections.abc import Sequence

from optim_viz.optimizers.packages import is_of_package
from optim_viz.optimizers.row import Style
from optim_viz.optimizers.table import OPTIMIZERS

#: The dashes and markers that there are, in the order in which copies of an optimizer take them.
DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star", "pentagon", "hexagon", "triangle-down", "cross")
#: The user's own torch.optim.Optimizer.
OTHER = Style("#6B6B6B", "#B5B5B5", "dot", "cross")
#: The classes of the package pytorch_optimizer, of which no table says how they look: as many as a comparison has.
FURTHER = (
    Style("#B2182B", "#FF6F80", "dashdot", "pentagon"),
    Style("#00708A", "#36C5E0", "longdash", "hexagon"),
    Style("#8A5A00", "#E8B04A", "longdashdot", "square"),
    Style("#6A3DC8", "#B69CFF", "dash", "diamond"),
    Style("#5A9E00", "#B8F04A", "dot", "triangle-up"),
    Style("#C2185B", "#FF86B5", "longdashdot", "circle"),
    Style("#3A5FCD", "#8FB0FF", "dashdot", "star"),
    Style("#7A6A55", "#CDBBA2", "longdash", "triangle-down"),
)


def style(kind: str, copy: int = 0) -> Style:
    """Return how an optimizer is drawn; its second and further copies keep the colour and change dash and marker.

    >>> style("adam").dash, style("adam", copy=1).dash
    ('longdash', 'longdashdot')
    """
    return _copy(_bases([kind])[kind], copy)


def _bases(kinds: Sequence[str]) -> dict[str, Style]:
    """How the first of each kind is drawn; a package's class takes the next look that none beside it has."""
    found: dict[str, Style] = {}
    for kind in dict.fromkeys(kinds):
        first = zlib.crc32(kind.encode())
        further = [FURTHER[(first + i) % len(FURTHER)] for i in range(len(FURTHER) if is_of_package(kind) else 0)]
        own = OPTIMIZERS[kind].style if kind in OPTIMIZERS else next(iter(further), OTHER)
        found[kind] = next((look for look in further if look not in found.values()), own)
    return found


def _copy(base: Style, copy: int) -> Style:
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
    bases = _bases(kinds)
    return [_copy(bases[kind], kinds[:i].count(kind)) for i, kind in enumerate(kinds)]


def kinds_of(labels: Sequence[str]) -> tuple[str, ...]:
    """Return the optimizer that each label is drawn as: the one that it begins with, or else one that no other has.

    >>> kinds_of(["Adam, lr 0.1", "wide", "narrow"])
    ('adam', 'sgd', 'momentum')
    """
    words = [re.split(r"\W", label.lower(), maxsplit=1)[0] for label in labels]
    free = iter([name for name in OPTIMIZERS if name not in words])
    return tuple(word if word in OPTIMIZERS else next(free, "") for word in words)
