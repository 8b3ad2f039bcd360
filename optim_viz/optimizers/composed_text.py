"""Schedules made of schedules, as one line of text: linear(total_iters=100), cosine.

The line is what a link, the command line and a page's field hold, and what a spec keeps: it has one way of writing.
"""

from __future__ import annotations

import functools
import itertools
import re
from collections.abc import Callable, Iterable, Mapping
from typing import Any

from optim_viz.language import N_
from optim_viz.optimizers.schedule_row import Schedule
from optim_viz.spec import LARGEST, ScheduleSpec, SpecError, one_of, quoted, whole

FEWEST, MOST = 2, 8
_PART = re.compile(r"\s*([A-Za-z_]\w*)\s*(?:\((.*)\))?\s*", re.DOTALL)
_NAMED = re.compile(r"\s*([A-Za-z_]\w*)\s*=(.*)", re.DOTALL)


def written(parts: Iterable[ScheduleSpec], rows: Mapping[str, Schedule]) -> str:
    """Return schedules as text; what is at its default stays out.

    >>> from optim_viz.optimizers.schedule_rows import ROWS
    >>> written([ScheduleSpec("step", (("step_size", 20), ("gamma", 0.1)))], ROWS)
    'step(step_size=20)'
    """
    return ", ".join(_written(part, rows[part.kind]) for part in parts)


def _written(part: ScheduleSpec, row: Schedule) -> str:
    known = {h.name: h.default for h in row.settings(dict(part.values))}
    named = [f"{name}={_text(value)}" for name, value in part.values if value != known.get(name)]
    return f"{part.kind}({', '.join(named)})" if named else part.kind


def _text(value: Any) -> str:
    return str(value).lower() if isinstance(value, bool) else value if isinstance(value, str) else repr(value)


def reader(rows: Mapping[str, Schedule], elsewhere: Mapping[str, str]) -> Callable[[Any, str], str]:
    """Return what makes one way of writing of parts, text or what ov.schedule returns; SpecError for any others.

    `elsewhere` says of kinds that may not be parts why.
    """

    def read(given: Any, owner: str) -> str:
        specs = given if isinstance(given, (list, tuple)) else None
        if specs is None and not isinstance(given, str):
            raise _no_parts(given, owner)
        if specs is not None and not all(isinstance(part, ScheduleSpec) for part in specs):
            raise _no_parts(given, owner)
        made = (
            tuple(_part(text, owner, rows, elsewhere) for text in _pieces(given))
            if specs is None
            else tuple(_checked(p.kind, dict(p.values), owner, rows, elsewhere) for p in specs)
        )
        if not FEWEST <= len(made) <= MOST:
            raise SpecError(
                "{owner} is made of {fewest} to {most} schedules; got {count}.",
                owner=owner,
                fewest=FEWEST,
                most=MOST,
                count=len(made),
            )
        return written(made, rows)

    return read


@functools.lru_cache(maxsize=256)
def parsed(text: str, kinds: Callable[[], Mapping[str, Schedule]]) -> tuple[ScheduleSpec, ...]:
    """Return the schedules of a text that was checked before."""
    return tuple(_part(piece, "", kinds(), {}) for piece in _pieces(text))


def _no_parts(given: Any, owner: str) -> SpecError:
    return SpecError(
        "{owner}: parts are what ov.schedule returns, or a text such as {example}; got {given}.",
        owner=owner,
        example="linear(total_iters=100), cosine",
        given=quoted(given),
    )


def _pieces(text: str) -> list[str]:
    """What the commas outside of parentheses divide."""
    pieces, depth = [""], 0
    for character in text:
        depth += {"(": 1, ")": -1}.get(character, 0)
        if character == "," and depth == 0:
            pieces.append("")
        else:
            pieces[-1] += character
    return [] if not text.strip() else pieces


def _part(text: str, owner: str, rows: Mapping[str, Schedule], elsewhere: Mapping[str, str]) -> ScheduleSpec:
    found = _PART.fullmatch(text)
    if found is None:
        raise SpecError(
            "{owner}: a part is a schedule and its settings, such as step(step_size=20, gamma=0.5); got {given}.",
            owner=owner,
            given=quoted(text.strip()),
        )
    kind, inside = found[1], found[2] or ""
    given: dict[str, Any] = {}
    for piece in _pieces(inside):
        named = _NAMED.fullmatch(piece)
        typed = [h.name for h in rows[kind].hyperparameters if h.scale == "text"] if kind in rows else []
        name, value = (named[1], named[2]) if named else (typed[0] if typed else piece.strip(), piece)
        given[name] = value.strip()
    return _checked(kind, given, owner, rows, elsewhere)


def _checked(
    kind: str, given: Mapping[str, Any], owner: str, rows: Mapping[str, Schedule], elsewhere: Mapping[str, str]
) -> ScheduleSpec:
    if kind in elsewhere:
        raise SpecError(elsewhere[kind], owner=owner, part=kind)
    return rows[one_of(kind, rows, N_("schedule"))].checked(given)


def read_milestones(given: Any, owner: str) -> str:
    """Return the steps where the next part begins, "100, 200"; SpecError unless they are whole numbers that rise."""
    items = given.split(",") if isinstance(given, str) else given if isinstance(given, (list, tuple)) else [given]
    try:
        steps = [whole(item, "milestones", 1, int(LARGEST)) for item in items]
    except SpecError:
        steps = []
    if not steps or not all(a < b for a, b in itertools.pairwise(steps)):
        raise SpecError(
            "{owner}: milestones are steps that rise, from 1 to {most:,.0f}, such as {example}; got {given}.",
            owner=owner,
            most=LARGEST,
            example="100, 300",
            given=quoted(given),
        )
    return ", ".join(map(str, steps))
