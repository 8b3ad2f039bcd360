"""The numbered settings of a schedule that drops at any number of steps: milestone1, milestone2, ..."""

from __future__ import annotations

import re
from collections.abc import Mapping
from typing import Any

from optim_viz.language import N_
from optim_viz.spec import Hyperparameter, SpecError, as_float, parts, quoted

#: The most drops of one schedule: a link names each, and the engine in the browser asks at every step.
MOST = 1000
#: So many are always there; beyond the third each is offered once the one before is used.
SHOWN = 12
_NAME = re.compile(r"milestone([1-9]\d{0,3})")
_TEXT = N_("Step at which the rate drops; 0: none.")


def milestone(number: int) -> Hyperparameter:
    """The setting of one drop."""
    after = f"milestone{number - 1}" if number > 3 else ""
    return Hyperparameter(f"milestone{number}", {1: 150, 2: 300}.get(number, 0), 0, 1000, "int", _TEXT, after=after)


def settings(fixed: tuple[Hyperparameter, ...], values: Mapping[str, Any]) -> tuple[Hyperparameter, ...]:
    """Return the settings beside these values: as many milestones as are used and one more, then `fixed`.

    >>> [h.name for h in settings((), {"milestone20": 900})][-2:]
    ['milestone20', 'milestone21']
    """
    given = (name for name, value in values.items() if as_float(value) != 0)
    used = [int(found[1]) for name in given if (found := _NAME.fullmatch(name))]
    count = min(max([SHOWN, *(number + 1 for number in used)]), MOST)
    return (*map(milestone, range(1, count + 1)), *fixed)


def by_name(given: Mapping[str, Any]) -> dict[str, Any]:
    """Return what is given with torch's own `milestones`, a list of steps, as numbered settings.

    >>> by_name({"milestones": [30, 80]})
    {'milestone1': 30, 'milestone2': 80}
    """
    if "milestones" not in given:
        return dict(given)
    found = {name: value for name, value in given.items() if name != "milestones"}
    steps = given["milestones"]
    try:
        steps = tuple(steps) if isinstance(steps, set) else parts(steps)
    except TypeError:
        raise SpecError(
            "multistep: milestones are a list of steps, such as [30, 80]; got {given}.",
            given=quoted(steps),
        ) from None
    if len(steps) > MOST:
        raise SpecError("multistep has at most {most:,} milestones; got {count:,}.", most=MOST, count=len(steps))
    unused = {f"milestone{number}": 0 for number in (1, 2) if number > len(steps)}
    return {**found, **{f"milestone{number}": step for number, step in enumerate(steps, 1)}, **unused}
