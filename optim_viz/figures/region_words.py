"""What is said of the good region of learning rates, or of a map: how wide it is, or that the best is a single dip."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from optim_viz.figures.good_region import Region, good_region, steady, stretches
from optim_viz.language import N_, together

#: Neighbours that lie further apart than this factor are too far from each other for a best rate to be called a dip.
COARSE = 1.5
#: More places than these are counted instead of told one by one.
MOST_PLACES = 3
DIP = N_("a single dip, not a region to rely on")
#: Said of a run that ends lower than any place that is known.
BELOW = N_("below the lowest loss known")
NARROW = N_("what is good is narrower than these cells")


def loss_words(floor: float) -> str:
    """Return what the losses of a study are, `floor` the lowest known: what is drawn is the excess above it.

    >>> loss_words(0.0), loss_words(-5.0)
    ('loss after the last step', 'loss after the last step, above the lowest known (-5)')
    """
    above = N_("loss after the last step, above the lowest known ({floor:.4g})", floor=floor)
    return above if floor else N_("loss after the last step")


def near_words(near: float, floor: float) -> str:
    """Return what is good: within a factor of the best loss, or of its excess above the lowest known.

    >>> near_words(10.0, -5.0)
    'within a factor of 10 of that loss, both taken above the lowest known (-5)'
    """
    if not floor:
        return N_("within a factor of {near:g} of that loss", near=near)
    return N_("within a factor of {near:g} of that loss, both taken above the lowest known ({floor:.4g})",
              near=near, floor=floor)  # fmt: skip


def rates_words(
    label: str,
    lrs: np.ndarray,
    losses: np.ndarray,
    best: int,
    near: float,
    lost: np.ndarray | None = None,
    floor: float = 0.0,
) -> str:
    """Return what is to be said of an optimizer's learning rates, `near` the factor within which a loss is good.

    `losses` are what lies above `floor`, the lowest known.

    >>> lrs = np.array([0.1, 0.11, 0.12, 0.13, 0.14])
    >>> rates_words("sgd", lrs, np.array([90.0, 2.0, 1.0, 5.0, 90.0]), 2, 10.0)
    'sgd: best 0.12; within a factor of 10 of that loss from 0.11 to 0.13, a factor of 1.2 wide.'
    >>> rates_words("sgd", lrs, np.array([90.0, 40.0, 1.0, 50.0, np.inf]), 2, 10.0)
    'sgd: best 0.12, but its neighbours are at least 40 times worse: a single dip, not a region to rely on.'
    """
    region = good_region(losses, (best,), near, lost)
    if region is None:
        return N_("{run}: none of the learning rates tried works.", run=label)
    rate, again = N_("{run}: best {rate:.2g}", run=label, rate=lrs[best]), _as_good(lrs, region)
    if len(lrs) == 1:
        return N_("{rate}, the only learning rate tried.", rate=rate)
    if region.points > 1:
        good = _within(region, near, floor)
        return N_("{rate}; {good} {width}{again}.", rate=rate, good=good, width=width(lrs, region), again=again)
    if not region.single:
        if best == 0:
            return N_("{rate}, the smallest tried: better ones may lie beyond{again}.", rate=rate, again=again)
        return N_("{rate}, the largest tried: better ones may lie beyond{again}.", rate=rate, again=again)
    apart = float(max(lrs[best] / lrs[best - 1], lrs[best + 1] / lrs[best]))
    if apart > COARSE or not region.dip:
        text = N_(
            "{rate}, and no other tried around it is {good}: its neighbours, {apart} away, {worse}{again}.",
            rate=rate, good=near_words(near, floor), apart=_apart(apart), worse=worse(region, floor), again=again,
        )  # fmt: skip
    else:
        text = N_("{rate}, but its neighbours {worse}: {dip}{again}.", rate=rate, worse=worse(region, floor), dip=DIP,
                  again=again)  # fmt: skip
    steadier = _steadier(lrs, losses, near, lost, floor) if apart <= COARSE else ""
    return together([text, steadier]) if steadier else text


def short_words(lrs: np.ndarray, region: Region | None) -> str:
    """Return the same for a cell of a table.

    >>> lrs = np.array([0.1, 0.11, 0.12])
    >>> short_words(lrs, good_region(np.array([1.0, 9.0, 99.0]), (0,), 10.0))
    '0.1 to 0.11, a factor of 1.1 wide, and maybe below'
    >>> short_words(lrs, good_region(np.array([99.0, 1.0, 99.0]), (1,), 10.0))
    'at 0.11 alone'
    >>> short_words(lrs, good_region(np.array([2.0, 99.0, 1.0]), (2,), 10.0))
    'at 0.12, and maybe above; also at 0.1'
    """
    if region is None:
        return N_("none")
    ((first, last),), (ends,) = region.box, region.beyond
    beyond, others = _BEYOND[bool(ends[0]), bool(ends[1])], stretches(region.elsewhere)
    if first < last:
        text = N_("{low:.2g} to {high:.2g}, {wide}{beyond}", low=lrs[first], high=lrs[last],
                  wide=_wide(lrs[last] / lrs[first]), beyond=beyond)  # fmt: skip
    elif others:
        text = N_("at {rate:.2g}{beyond}", rate=lrs[first], beyond=beyond)
    else:
        text = N_("at {rate:.2g} alone{beyond}", rate=lrs[first], beyond=beyond)
    return N_("{text}; also {places}", text=text, places=_places(lrs, others)) if others else text


#: By whether a region may go on below and above what was tried.
_BEYOND = {
    (False, False): "", (True, False): N_(", and maybe below"), (False, True): N_(", and maybe above"),
    (True, True): N_(", and maybe below and above"),
}  # fmt: skip


def width(lrs: np.ndarray, region: Region) -> str:
    """Return from where to where a region of learning rates goes, and whether the grid ends before it does."""
    ((first, last),), ((low, high),) = region.box, region.beyond
    ends = N_("from {low:.2g} to {high:.2g}, {wide}", low=lrs[first], high=lrs[last],
              wide=_wide(lrs[last] / lrs[first]))  # fmt: skip
    if low and high:
        return N_("{ends}: at all that were tried, so it may go on beyond both ends", ends=ends)
    if low:
        return N_("{ends}: the smallest tried is one of them, so it may go on beyond", ends=ends)
    return N_("{ends}: the largest tried is one of them, so it may go on beyond", ends=ends) if high else ends


def worse(region: Region, floor: float = 0.0) -> str:
    """Return how much worse a best point's neighbours are; of a `floor` other than 0, by what lies above it."""
    if not np.isfinite(region.worse):
        return N_("do not work at all")
    if region.worse < 1e6:
        factor = _two(region.worse)
        if floor:
            return N_(
                "lie at least {factor} times as far above the lowest known ({floor:.4g})", factor=factor, floor=floor
            )
        return N_("are at least {factor} times worse", factor=factor)
    if floor:
        return N_("lie over a million times as far above the lowest known ({floor:.4g})", floor=floor)
    return N_("are over a million times worse")


def cells_words(
    axes: Sequence[tuple[str, np.ndarray, bool]],
    values: np.ndarray,
    best: tuple[int, ...],
    near: float,
    what: str,
    floor: float = 0.0,
) -> str:
    """Return what is to be said of the good region of a map.

    `axes` are names, values, and whether they are logarithmic; `values` is NaN where a run is lost; `what` says in
    words what is within the factor `near` of the best, and `floor` is the loss above which the values lie.

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
    apart = [_elsewhere(others)] if others else []
    edge = any(map(any, region.beyond))
    if region.points == 1:
        alone = N_("Its neighbours {worse}: {why}", worse=worse(region, floor), why=DIP if region.dip else NARROW)
        beyond = N_("{alone}, and at the map's edge: better ones may lie beyond.", alone=alone)
        return together([beyond if edge else N_("{alone}.", alone=alone), *apart])
    spans = [_span(*axis, *ends) for axis, ends in zip(axes, region.box, strict=True)]
    around = N_(
        "Around it {count:,} of {cells} are {good}: {spans}.", count=region.points, cells=_cells(values.size),
        good=_rounded(region, floor) if region.rounding else what, spans=together(spans, "{before}, {after}"),
    )  # fmt: skip
    on = [N_("They reach the map's edge, so it may go on beyond.")] if edge else []
    return together([around, *on, *apart])


def _elsewhere(cells: int) -> str:
    if cells == 1:
        return N_("1 cell elsewhere is as good, not connected with it.")
    return N_("{count:,} cells elsewhere are as good, not connected with it.", count=cells)


def _two(factor: float) -> str:
    """A factor to two digits, without powers of ten."""
    return f"{float(f'{factor:.2g}'):,.12g}"


def _apart(factor: float) -> str:
    return N_("a factor of {factor}", factor=_two(factor))


def _wide(factor: float) -> str:
    return N_("a factor of {factor} wide", factor=_two(factor))


def _cells(count: int) -> str:
    return N_("1 cell") if count == 1 else N_("{count:,} cells", count=count)


def _span(name: str, values: np.ndarray, log: bool, first: int, last: int) -> str:
    low, high = values[first], values[last]
    if first == last:
        return N_("{name} at {value:.3g}", name=name, value=low)
    span = N_("{name} from {low:.3g} to {high:.3g}", name=name, low=low, high=high)
    return N_("{span} ({factor})", span=span, factor=_apart(high / low)) if log else span


def _rounded(region: Region, floor: float) -> str:
    """What is as good as a best value that is mere rounding; where all is 0, there is nothing to be below."""
    if region.limit <= 1e-290:
        return N_("as good")
    if not floor:
        return N_("as good but for rounding (below {limit:.1g})", limit=region.limit)
    return N_("as good but for rounding (less than {limit:.1g} above the lowest known, {floor:.4g})",
              limit=region.limit, floor=floor)  # fmt: skip


def _within(region: Region, near: float, floor: float) -> str:
    return _rounded(region, floor) if region.rounding else near_words(near, floor)


def _as_good(lrs: np.ndarray, region: Region) -> str:
    """What is as good and does not hang together with the best."""
    found = stretches(region.elsewhere)
    if not found:
        return ""
    if len(found) > MOST_PLACES:
        return N_("; as good again {places}", places=_places(lrs, found))
    return N_("; as good again, with worse ones between, {places}", places=_places(lrs, found))


def _places(lrs: np.ndarray, found: Sequence[tuple[int, int]]) -> str:
    """Where stretches of learning rates lie; of many, how many and between which ends."""
    if len(found) > MOST_PLACES:
        return N_("in {count} other places between {low:.2g} and {high:.2g}", count=len(found), low=lrs[found[0][0]],
                  high=lrs[found[-1][1]])  # fmt: skip
    places = [
        N_("at {rate:.2g}", rate=lrs[a]) if a == b else N_("from {low:.2g} to {high:.2g}", low=lrs[a], high=lrs[b])
        for a, b in found
    ]
    return together(places, "{before}, {after}")


def _steadier(lrs: np.ndarray, losses: np.ndarray, near: float, lost: np.ndarray | None, floor: float) -> str:
    """Where the best is a dip: the rate whose neighbours can be relied on, and how wide its region is."""
    at = steady(losses, lost)
    region = None if at is None else good_region(losses, at, near, lost)
    if at is None or region is None or region.points == 1:
        return ""
    told = {"rate": lrs[at], "loss": losses[at], "good": _within(region, near, floor), "width": width(lrs, region)}
    if not floor:
        return N_("Steadier is {rate:.2g}, loss {loss:.2g}; {good} {width}.", **told)
    return N_("Steadier is {rate:.2g}, {loss:.2g} above the lowest known; {good} {width}.", **told)
