"""One colour, dash and marker per optimizer, used by every chart: colour never stands alone.

Colours are from the colour-blind-safe sets of Okabe & Ito (2008) and Tol (2021), with a lighter twin for dark pages.
"""

from __future__ import annotations

from dataclasses import dataclass

DASHES = ("solid", "dash", "dot", "dashdot", "longdash", "longdashdot")
MARKERS = ("circle", "square", "diamond", "triangle-up", "x", "star", "pentagon", "hexagon", "triangle-down", "cross")


@dataclass(frozen=True)
class Style:
    """How one run is drawn; `light` and `dark` are its colour on a light and on a dark page."""

    light: str
    dark: str
    dash: str
    marker: str


STYLES: dict[str, Style] = {
    "sgd": Style("#0072B2", "#56B4E9", "solid", "circle"),
    "momentum": Style("#D55E00", "#FF8F4A", "dash", "square"),
    "nesterov": Style("#AA4499", "#DD88CC", "dot", "diamond"),
    "adagrad": Style("#B8860B", "#F0C040", "dashdot", "triangle-up"),
    "rmsprop": Style("#332288", "#9A8CFF", "longdash", "x"),
    "adadelta": Style("#882255", "#E0709A", "longdashdot", "star"),
    "adam": Style("#009E73", "#2FD6A3", "longdash", "diamond"),
    "adamw": Style("#117733", "#6CCB78", "dash", "triangle-down"),
    "nadam": Style("#44887A", "#7FD8C6", "dot", "pentagon"),
    "radam": Style("#777722", "#CFCF5A", "dashdot", "hexagon"),
    "adamax": Style("#CC3311", "#FF7A5C", "solid", "triangle-up"),
    "rprop": Style("#5B2C83", "#C39BE8", "longdashdot", "cross"),
    "asgd": Style("#33809B", "#88CCEE", "dash", "star"),
    "lbfgs": Style("#444444", "#D0D0D0", "solid", "x"),
}
#: The user's own torch.optim.Optimizer.
OTHER = Style("#6B6B6B", "#B5B5B5", "dot", "cross")


def style(kind: str, copy: int = 0) -> Style:
    """Return how an optimizer is drawn; its second and further copies keep the colour and change dash and marker.

    >>> style("adam").dash, style("adam", copy=1).dash
    ('longdash', 'longdashdot')
    """
    base = STYLES.get(kind, OTHER)
    if copy == 0:
        return base
    dash = DASHES[(DASHES.index(base.dash) + copy) % len(DASHES)]
    marker = MARKERS[(MARKERS.index(base.marker) + 3 * copy) % len(MARKERS)]
    return Style(base.light, base.dark, dash, marker)


def styles(kinds: list[str]) -> list[Style]:
    """Return one style per run, telling copies of the same optimizer apart.

    >>> len(set(styles(["adam", "adam", "sgd"])))
    3
    """
    return [style(kind, kinds[:i].count(kind)) for i, kind in enumerate(kinds)]
