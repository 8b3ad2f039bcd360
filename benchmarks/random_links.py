"""How the app holds under links that nobody foresaw: random experiments on all pages, opened as real sessions.

A few visitors at a time, on one server, over Streamlit's own WebSocket: each opens a link and waits until the server
says that the script has run, and goes. A link may set everything that the pages can: any surface, a typed function with
its letters, every hyperparameter within its range, a package's classes, clipping, schedules, typed and composed, noise,
fairness, views, axes, the language; one in ten was damaged on its way. Work that waits in line is let go with its
visitor. Counted are runs that drew an error or ended badly, and answers that took too long; printed is the memory.
"""

from __future__ import annotations

import argparse
import asyncio
import math
import random
import re
import sys
import tempfile
from collections import Counter
from dataclasses import replace
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import websockets
from browsing import ROOT, held_memory, server_of
from load import Session, share

import optim_viz as ov
from optim_viz.experiments import links, study
from optim_viz.experiments.fairness import FAIRNESS, ON_NETWORK, Fair
from optim_viz.experiments.stress_links import write_stress
from optim_viz.experiments.study_links import write_study
from optim_viz.experiments.study_views import VIEWS
from optim_viz.lessons.links import Place, write_lesson
from optim_viz.lessons.table import LESSONS
from optim_viz.network import matrix_task, train
from optim_viz.optimizers import packages
from optim_viz.optimizers.schedule_row import Schedule
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import ON_SURFACES, OPTIMIZERS
from optim_viz.surfaces import descent
from optim_viz.surfaces.surface import described
from optim_viz.surfaces.table import SURFACES
from optim_viz.sweeps.stress import HORIZONS

#: Seconds that an answer may take.
PATIENCE = 5.0
#: A traceback in the server's log, Streamlit's or one of ours within a line of JSON, up to its last line.
TRACE = re.compile(r"Traceback \(most recent call last\)[^\n]*(?:\n +.*)*\n?.*")
TYPED = (
    "x^2 + sin(3*y)",
    "log(1 + x^2) + abs(y)^1.5",
    "*".join(f"(x + {i}*y)" for i in range(1, 12)),
    "exp(-x*y + " * 8 + "x" + ")" * 8,
    "sin(" * 30 + "x*y" + ")" * 30,
    "tanh(x*y + " * 9 + "x" + ")" * 9,
    "a*x^2 + b*y^2 + c*x*y",
    "|x|^a + ln(1 + b^2*y^2) + d",
    "x^4 - a*x^2",
)
#: Schedules that are typed or made of others, and clipping, as a link has them.
PLANS = (
    ov.schedule("lambda", lr_lambda="0.95^(t/30)"),
    ov.schedule("multiplicative", lr_lambda="1 - 1/(t + 2)"),
    ov.schedule("sequential", parts=[ov.schedule("linear"), ov.schedule("cosine")], milestones=[100]),
    ov.schedule("chained", parts=[ov.schedule("step"), ov.schedule("linear")]),
)
#: One link in so many is damaged, by one of these texts.
DAMAGED = 10
GARBAGE = (
    "",
    "~",
    "nan",
    "-1",
    "1e999",
    "9" * 400,
    "\x00",
    "<b>",
    "\u202e",
    "adam~lr~~",
    "sgd~s~step~s.gamma~x",
    "x~5~-5",
)


def number(draw: random.Random, h: Any) -> float | int | bool | str:
    """A value of a hyperparameter, anywhere in its range; of one that is typed its default."""
    if h.scale == "text":
        return h.default
    if h.scale == "bool":
        return draw.random() < 0.5
    low, high = max(h.low, 1e-12), h.high
    if h.scale == "int":
        return draw.randint(math.ceil(max(h.low, getattr(h, "minimum", h.low))), int(high))
    value = math.exp(draw.uniform(math.log(low), math.log(high))) if h.scale == "log" else draw.uniform(low, high)
    return min(value, math.nextafter(high, 0.0))


def values(draw: random.Random, hyperparameters: Any) -> dict[str, Any]:
    """Some of a row's hyperparameters."""
    return {h.name: number(draw, h) for h in hyperparameters if draw.random() < 0.5}


def optimizer(draw: random.Random, table: Any) -> Any:
    """A random optimizer; where its values do not go together, one at its defaults."""
    of_package = draw.random() < 0.1
    kind = draw.choice(packages.kinds() if of_package else list(table))
    row = packages.hyperparameters(kind) if of_package else OPTIMIZERS[kind].hyperparameters
    plan = draw.choice([None, None, None, *SCHEDULES.values(), *PLANS])
    clip = draw.choice([{}, {}, {}, {"clip_norm": draw.uniform(0.01, 10.0)}, {"clip_value": 0.5}])
    try:
        plain = isinstance(plan, Schedule)
        schedule = ov.schedule(plan.name, **values(draw, plan.hyperparameters)) if plain else plan
        return ov.optimizer(kind, schedule=schedule, **clip, **values(draw, row))
    except ov.SpecError:
        return ov.optimizer(kind)


def optimizers(draw: random.Random, most: int, table: Any = ON_SURFACES) -> list[Any]:
    """One to `most` of them."""
    return [optimizer(draw, table) for _ in range(draw.randint(1, most))]


def comparison(draw: random.Random) -> Any:
    """A random comparison, up to the most steps and optimizers that a page takes."""
    text = draw.choice([*SURFACES, *TYPED])
    letters = {letter: draw.uniform(-3.0, 3.0) for letter in "abcd" if re.search(rf"\b{letter}\b", text)}
    surface = SURFACES[text] if text in SURFACES else described(text, SURFACES["quadratic"].bounds, letters)
    batch = draw.choice([None, 8, 24]) if surface.data else None
    noise = draw.choice([0.0, 0.0, 0.1, 10.0])
    place = tuple(draw.uniform(*surface.bounds[i : i + 2]) for i in (0, 2))
    steps = draw.choice([50, 500, 2000, 5000])
    return descent.check(surface, optimizers(draw, 8), place, steps, noise, batch, draw.randrange(2**32))


def compare(draw: random.Random) -> dict[str, list[str]]:
    """A link of Compare."""
    return links.write(links.FAIR_DESCENT, Fair(comparison(draw), draw.choice(list(FAIRNESS))))


def network(draw: random.Random) -> dict[str, list[str]]:
    """A link of Network: a training, or the matrix task."""
    if draw.random() < 0.2:
        task = matrix_task.check(optimizers(draw, 4, OPTIMIZERS), draw.choice([1.0, 1e4]), seeds=draw.choice([1, 5]))
        return links.write(links.FAIR_MATRIX, Fair(task, draw.choice(list(ON_NETWORK))))
    hidden = [draw.choice([8, 64, 300]) for _ in range(draw.randint(1, 3))]
    spec = train.check(
        optimizers(draw, 4, OPTIMIZERS),
        draw.randint(1, 9),
        draw.choice([32, 256]),
        hidden,
        draw.random() < 0.5,
        draw.randrange(99),
    )
    return links.write(links.FAIR_TRAINING, Fair(spec, draw.choice(list(ON_NETWORK))))


def tune(draw: random.Random) -> dict[str, list[str]]:
    """A link of Tune: any view, some of them beyond what the server allows, which it says."""
    view, spec = draw.choice(list(VIEWS.values())), comparison(draw)
    asked = replace(view.opens, descent=spec, resolution=draw.choice(view.resolutions), seeds=draw.choice([1, 1, 5]))
    names = study.axis_names(asked.mapped)
    x, y = (study.whole_axis(asked.mapped, spec.surface, name) for name in draw.sample(names, 2))
    return write_study(replace(asked, x=x, y=y))


def lesson(draw: random.Random) -> dict[str, list[str]]:
    """A link of Lessons."""
    return write_lesson(Place(draw.choice(list(LESSONS)), draw.randint(1, 3)))


def stress(draw: random.Random) -> dict[str, list[str]]:
    """A link of Stress."""
    return write_stress(draw.choice(HORIZONS))


PAGES = {"compare": compare, "network": network, "tune": tune, "lessons": lesson, "stress": stress}
#: Stress has two links in all.
WEIGHTS = (3, 3, 3, 2, 0.2)


def link(draw: random.Random) -> tuple[str, str]:
    """A page and a query, perhaps in Chinese, perhaps damaged."""
    (page,) = draw.choices(list(PAGES), WEIGHTS)
    query = PAGES[page](draw)
    if draw.random() < 0.2:
        query["lang"] = ["zh"]
    if query and draw.randrange(DAMAGED) == 0:
        key = draw.choice(list(query))
        query[draw.choice([key, key, key[:-1], "zz"])] = [draw.choice(GARBAGE)]
    return page, urlencode(query, doseq=True)


async def visit(address: str, seed: int) -> tuple[float, list[str]]:
    """Open link number `seed`; return how long it took and what went wrong."""
    draw = random.Random(seed)  # noqa: S311 (a visitor, not a secret)
    page, query = link(draw)
    return await opened(address, page, query, seed)


async def opened(address: str, page: str, query: str, seed: int) -> tuple[float, list[str]]:
    """Open a link; return how long it took and what went wrong."""
    stream = address.replace("http", "ws", 1) + "/_stcore/stream"
    try:
        async with websockets.connect(stream, subprotocols=["streamlit"], max_size=None) as socket:  # type: ignore[list-item]
            session = Session(socket, seed)
            seconds = await session.run(query, page)
    except (OSError, TimeoutError, websockets.WebSocketException) as error:
        return math.inf, [f"{type(error).__name__}: {error} at /{page}?{query}"]
    if seconds > PATIENCE:
        print(f"  {seconds:.1f} s: /{page}?{query}", file=sys.stderr)
    return seconds, [f"{text} at /{page}?{query}" for text in session.complaints]


async def visits(address: str, seeds: range, visitors: int) -> list[tuple[float, list[str]]]:
    """A few visitors open all of these links, each the next one that is left."""
    left = iter(seeds)
    found: list[tuple[float, list[str]]] = []

    async def visitor() -> None:
        """One visitor, until no link is left."""
        for seed in left:
            found.append(await visit(address, seed))

    await asyncio.gather(*(visitor() for _ in range(visitors)))
    return found


def main() -> int:
    """Open the links and print a line for so many of them; 1 where anything went wrong or took too long."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("--links", type=int, default=2000, help="how many (default 2000)")
    parser.add_argument("--every", type=int, default=200, help="links a line (default 200)")
    parser.add_argument("--visitors", type=int, default=2, help="how many at a time (default 2, one a core)")
    parser.add_argument("--first", type=int, default=0, help="the first one's number, to repeat it (default 0)")
    asked = parser.parse_args()
    print(f"| links | p50 ms | p95 ms | slowest s | over {PATIENCE:g} s | errors | traces in the log | memory MB |")
    print("|---|---|---|---|---|---|---|---|")
    bad = 0
    with tempfile.TemporaryFile("a+") as log, server_of(Path(ROOT / "app.py"), log) as (address, pid):
        cold = [asyncio.run(opened(address, page, "", 0))[0] for page in PAGES]
        print("The pages once on the cold server:", ", ".join(f"{s:.1f} s" for s in cold), file=sys.stderr)
        for low in range(asked.first, asked.first + asked.links, asked.every):
            seeds = range(low, min(low + asked.every, asked.first + asked.links))
            found = asyncio.run(visits(address, seeds, asked.visitors))
            seconds, errors = [s for s, _ in found], Counter(text for _, texts in found for text in texts)
            slow = sum(s > PATIENCE for s in seconds)
            log.seek(0)
            traces = TRACE.findall(log.read())
            cells = [f"{share(seconds, p):.0f}" for p in (0.5, 0.95)] + [f"{max(seconds):.1f}", slow, errors.total()]
            print("|", *(f"{c} |" for c in (seeds.stop, *cells, len(traces), f"{held_memory(pid):.0f}")), flush=True)
            for text, count in errors.most_common(5):
                print(f"  {count} x {text}", file=sys.stderr)
            for text, count in Counter(traces).most_common(5):
                print(f"  {count} x in the log: {text}", file=sys.stderr)
            bad += slow + errors.total() + len(traces)
    return int(bad > 0)


if __name__ == "__main__":
    sys.exit(main())
