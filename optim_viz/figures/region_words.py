"""What is said of the good region of learning rates, or of a map: how wide it is, or that the best is a single dip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optim_viz.figures.good_region import Region, good_region, steady, stretches

#: Neighbours that lie further apart than this factor are too far from each other for a best rate to be called a dip.
COARSE = 1.5
DIP = "a single dip, not a region to rely on"
NARROW = "what is good is narrower than these cells"
BEYOND = "so it may go on beyond"


def rates_words(
    label: str, lrs: np.ndarray, losses: np.ndarray, best: int, near: float, lost: np.ndarray | None = None
) -> str:
    """Return what is to be said of an optimizer's learning rates, `near` the factor within which a loss is good.

    >>> lrs = np.array([0.1, 0.11, 0.12, 0.13, 0.14])
    >>> rates_words("sgd", lrs, np.array([90.0, 2.0, 1.0, 5.0, 90.0]), 2, 10.0)
    'sgd: best 0.12; within a factor of 10 of that loss from 0.11 to 0.13, a factor of 1.2 wide.'
    >>> rates_words("sgd", lrs, np.array([90.0, 40.0, 1.0, 50.0, np.inf]), 2, 10.0)
    'sgd: best 0.12, but its neighbours are at least 40 times worse: a single dip, not a region to rely on.'
    """
    region = good_region(losses, (best,), near, lost)
    if region is None:
        return f"{label}: none of the learning rates tried works."
    rate, again = f"{label}: best {lrs[best]:.2g}", _as_good(lrs, region)
    if len(lrs) == 1:
        return f"{rate}, the only learning rate tried."
    if region.points > 1:
        return f"{rate}; {_within(region, near)} {width(lrs, region)}{again}."
    if not region.single:
        return f"{rate}, the {'smallest' if best == 0 else 'largest'} tried: better ones may lie beyond{again}."
    apart = float(max(lrs[best] / lrs[best - 1], lrs[best + 1] / lrs[best]))
    if apart > COARSE or not region.dip:
        good = f"no other tried around it is within a factor of {near:g} of that loss"
        text = f"{rate}, and {good}: its neighbours, {_apart(apart)} away, {worse(region)}{again}."
    else:
        text = f"{rate}, but its neighbours {worse(region)}: {DIP}{again}."
    return text + (_steadier(lrs, losses, near, lost) if apart <= COARSE else "")


def short_words(lrs: np.ndarray, region: Region | None) -> str:
    """Return the same for a cell of a table.

    >>> lrs = np.array([0.1, 0.11, 0.12])
    >>> short_words(lrs, good_region(np.array([1.0, 9.0, 99.0]), (0,), 10.0))
    '0.1 to 0.11, a factor of 1.1 wide, and maybe below'
    >>> short_words(lrs, good_region(np.array([99.0, 1.0, 99.0]), (1,), 10.0))
    'at 0.11 alone'
    """
    if region is None:
        return "none"
    ((first, last),), ((low, high),) = region.box, region.beyond
    ends = " and ".join(word for word, there in (("below", low), ("above", high)) if there)
    beyond = f", and maybe {ends}" if ends else ""
    if first == last:
        return f"at {lrs[first]:.2g} alone{beyond}"
    return f"{lrs[first]:.2g} to {lrs[last]:.2g}, {_wide(lrs[last] / lrs[first])}{beyond}"


def width(lrs: np.ndarray, region: Region) -> str:
    """Return from where to where a region of learning rates goes, and whether the grid ends before it does."""
    ((first, last),), ((low, high),) = region.box, region.beyond
    ends = f"from {lrs[first]:.2g} to {lrs[last]:.2g}, {_wide(lrs[last] / lrs[first])}"
    if low and high:
        return f"{ends}: at all that were tried, {BEYOND} both ends"
    if low or high:
        return f"{ends}: the {'smallest' if low else 'largest'} tried is one of them, {BEYOND}"
    return ends


def worse(region: Region) -> str:
    """Return how much worse a best point's neighbours are."""
    if not np.isfinite(region.worse):
        return "do not work at all"
    return f"are at least {_two(region.worse)} times worse" if region.worse < 1e6 else "are over a million times worse"


def cells_words(
    axes: Sequence[tuple[str, np.ndarray, bool]], values: np.ndarray, best: tuple[int, ...], near: float, what: str
) -> str:
    """Return what is to be said of the good region of a map.

    `axes` are names, values, and whether they are logarithmic; `values` is NaN where a run is lost; `what` says in
    words what is within the factor `near` of the best.

    >>> x, y = ("lr", np.array([0.1, 0.2, 0.4]), True), ("beta1", np.array([0.0, 0.5, 0.9]), False)
    >>> values = np.array([[9.0, 99, 99], [1, 2, 99], [99, 99, 99]])
    >>> print(cells_words((x, y), values, (1, 0), 10.0, "within a factor of 10 of it").replace(". ", ".\\n"))
    Around it 3 of 9 cells are within a factor of 10 of it: lr from 0.1 to 0.2 (a factor of 2), beta1 from 0 to 0.5.
    They reach the map's edge, so it may go on beyond.
    """
    region = good_region(values, best, near)
    if region is None:
        return ""
    others = int(region.elsewhere.sum())
    apart = (
        f" {_cells(others)} elsewhere {'is' if others == 1 else 'are'} as good, not connected with it."
        if others
        else ""
    )
    edge = any(map(any, region.beyond))
    if region.points == 1:
        text = f"Its neighbours {worse(region)}: {DIP if region.dip else NARROW}."
        return (f"{text[:-1]}, and at the map's edge: better ones may lie beyond." if edge else text) + apart
    good = f"are {_rounded(region)}" if region.rounding else f"are {what}"
    spans = ", ".join(_span(*axis, *ends) for axis, ends in zip(axes, region.box, strict=True))
    beyond = f" They reach the map's edge, {BEYOND}." if edge else ""
    return f"Around it {region.points:,} of {_cells(values.size)} {good}: {spans}.{beyond}{apart}"


def _two(factor: float) -> str:
    """A factor to two digits, without powers of ten."""
    return f"{float(f'{factor:.2g}'):,.12g}"


def _apart(factor: float) -> str:
    return f"a factor of {_two(factor)}"


def _wide(factor: float) -> str:
    return f"{_apart(factor)} wide"


def _cells(count: int) -> str:
    return f"{count:,} cell{'s' * (count != 1)}"


def _span(name: str, values: np.ndarray, log: bool, first: int, last: int) -> str:
    low, high = values[first], values[last]
    if first == last:
        return f"{name} at {low:.3g}"
    return f"{name} from {low:.3g} to {high:.3g}" + (f" ({_apart(high / low)})" if log else "")


def _rounded(region: Region) -> str:
    """What is as good as a best value that is mere rounding; where all is 0, there is nothing to be below."""
    return f"as good but for rounding (below {region.limit:.1g})" if region.limit > 1e-290 else "as good"


def _within(region: Region, near: float) -> str:
    if region.rounding:
        return _rounded(region)
    return f"within a factor of {near:g} of that loss"


def _as_good(lrs: np.ndarray, region: Region) -> str:
    """What is as good and does not hang together with the best."""
    found = stretches(region.elsewhere)
    if not found:
        return ""
    if len(found) > 3:
        return (
            f"; as good again in {len(found)} other places between {lrs[found[0][0]]:.2g} and {lrs[found[-1][1]]:.2g}"
        )
    places = [f"at {lrs[a]:.2g}" if a == b else f"from {lrs[a]:.2g} to {lrs[b]:.2g}" for a, b in found]
    return f"; as good again, with worse ones between, {', '.join(places)}"


def _steadier(lrs: np.ndarray, losses: np.ndarray, near: float, lost: np.ndarray | None) -> str:
    """Where the best is a dip: the rate whose neighbours can be relied on, and how wide its region is."""
    at = steady(losses, lost)
    region = None if at is None else good_region(losses, at, near, lost)
    if at is None or region is None or region.points == 1:
        return ""
    return f" Steadier is {lrs[at]:.2g}, loss {losses[at]:.2g}; {_within(region, near)} {width(lrs, region)}."
