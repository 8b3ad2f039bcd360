"""The picture of a link that nobody has opened yet, made while Streamlit starts in the browser, where it costs little.

A page runs only once Streamlit stands; a comparison of a few thousand steps is computed and drawn by then.
"""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import ThreadPoolExecutor

from optim_viz.experiments.budgets import evaluations_of, within
from optim_viz.experiments.fairness import Fair, fair_run
from optim_viz.experiments.openings import COMPARE, read_compare
from optim_viz.experiments.presets import PRESETS, matching
from optim_viz.language import speaking
from optim_viz.optimizers.packages import is_of_package
from optim_viz.optimizers.specs import has_rule
from optim_viz.player import scenes
from optim_viz.spec import DescentSpec, SpecError
from optim_viz.surfaces.table import SURFACES
from optim_viz.ui.first_pictures import first_data, picture_file

#: A picture that takes more gradient evaluations than this waits for its page, whose turn is counted.
MOST = 10_000
#: One thread makes them all, and so many may wait for it: who comes then sees the page's own picture, a little later.
_THREAD, _ROOM = ThreadPoolExecutor(1, "optim-viz new pictures"), threading.BoundedSemaphore(4)


def may_be_quick(page: str, query: Mapping[str, Sequence[str]]) -> bool:
    """Whether a link may be one of those; a look that reads nothing, for the thread that answers everybody.

    >>> may_be_quick("compare", {"f": ["beale"]}), may_be_quick("compare", {"f": ["x^2"]}), may_be_quick("tune", {})
    (True, False, False)
    """
    surface = query.get("f", [COMPARE.spec.surface.name])[-1]
    foreign = any(map(is_of_package, query.get("o", ())))  # reading it imports its package, for seconds
    return page == "compare" and surface in SURFACES and not foreign and not {"fair", "embed"} & set(query)


async def soon(query: Mapping[str, Sequence[str]], language: str) -> bytes | None:
    """Return `new_picture`, made in a thread; None where too many wait for it."""
    if not _ROOM.acquire(blocking=False):
        return None
    try:
        return await asyncio.get_running_loop().run_in_executor(_THREAD, new_picture, query, language)
    finally:
        _ROOM.release()


def new_picture(query: Mapping[str, Sequence[str]], language: str) -> bytes | None:
    """Return the file of a link's picture in a language; None where its page has more to say or to compute.

    >>> new_picture({"f": ["beale"], "steps": ["20"]}, "en")[:2].hex(), new_picture({"f": ["bale"]}, "en")
    ('1f8b', None)
    """
    if not may_be_quick("compare", query):
        return None
    asked, notes = read_compare({key: list(values) for key, values in query.items()})
    if notes or not _cheap(asked):
        return None
    try:
        runs = fair_run(within(asked)).runs
    except SpecError:  # the page says it
        return None
    scene = scenes.compare(runs)
    with speaking(language):
        return picture_file(bool(matching(asked.spec, PRESETS)), first_data(scene), scene.blobs)


def _cheap(asked: Fair[DescentSpec]) -> bool:
    rules = all(has_rule(one) for one in asked.spec.optimizers)
    return rules and not asked.mode and evaluations_of(asked.spec) <= MOST
