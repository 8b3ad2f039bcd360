"""The stress page as a link and back: after how many steps it is looked at; and the run of one of its cells."""

from __future__ import annotations

from optim_viz.experiments.fairness import Fair
from optim_viz.experiments.links import Key, Query, Table, read, write
from optim_viz.experiments.openings import write_compare
from optim_viz.language import N_
from optim_viz.spec import DescentSpec, SpecError, quoted
from optim_viz.sweeps.stress import HORIZONS, Stress


def _horizon(text: str) -> int:
    if text not in map(str, HORIZONS):
        raise SpecError(
            "steps must be one of {names}; got {text}.", names=", ".join(map(str, HORIZONS)), text=quoted(text)
        )
    return int(text)


#: One key: the horizon.
STRESS: Table = {
    "steps": Key(
        lambda _, texts: (_horizon(texts[-1]), []), lambda steps: [str(steps)], lambda steps, default: steps == default
    )
}
#: What the page opens with.
OPENS = HORIZONS[-1]


def read_stress(query: Query, default: int) -> tuple[int, list[str]]:
    """Return the horizon that a link asks for, and what was dropped.

    >>> read_stress({"steps": ["100"]}, OPENS)
    (100, [])
    """
    return read(STRESS, query, default)


def write_stress(steps: int) -> Query:
    """Return the link of a horizon.

    >>> write_stress(100), write_stress(1000)
    ({'steps': ['100']}, {})
    """
    return write(STRESS, steps, OPENS)


def play(found: Stress, surface: int, horizon: int, optimizer: int) -> Query:
    """Return Compare's link of one cell beside the first that nobody is ahead of, each tuned."""
    best = int(found.ranks[surface, horizon].argmin()) if found.ranked[surface] else optimizer
    specs = tuple(found.optimizer(surface, horizon, k) for k in dict.fromkeys((optimizer, best)))
    where = found.spec.surfaces[surface]
    return write_compare(Fair(DescentSpec(where, specs, where.start, found.spec.horizons[horizon])))


#: What a click does, in words.
INVITATION = N_(
    "The number is the place, the colour what is left. Click a cell to play it in Compare beside the winner."
)
