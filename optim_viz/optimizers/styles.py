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
#: How far the colour of a copy is on its way to the ink of its page: black on a light one, white on a dark one.
SHADES = (0.0, 0.5, 0.25)
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
    """Return how an optimizer is drawn; its second and further copies keep the hue and change shade, dash and marker.

    >>> style("adam"), style("adam", copy=1).light
    (Style(light='#009E73', dark='#2FD6A3', dash='longdash', marker='diamond'), '#004F3A')
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
    shade = SHADES[copy % len(SHADES)]
    return Style(_mixed(base.light, 0x00, shade), _mixed(base.dark, 0xFF, shade), dash, marker)


def _mixed(colour: str, ink: int, share: float) -> str:
    """A colour with a share of black or white, 0x00 or 0xFF of red, green and blue each."""
    parts = (int(colour[i : i + 2], 16) for i in (1, 3, 5))
    return "#" + "".join(f"{round(part + share * (ink - part)):02X}" for part in parts)


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
