"""What the site's pages fetch, as JSON and float32: tables to choose from, programs to compute with, grids to draw.

Everything here is data: a page of the site runs no text of it.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict
from typing import Any
from urllib.parse import urlencode

from optim_viz.experiments import links
from optim_viz.experiments.presets import PRESETS, Preset
from optim_viz.optimizers import styles
from optim_viz.optimizers.clipping import CLIPPING
from optim_viz.optimizers.cycled import WITH_MOMENTUM, cycled_name
from optim_viz.optimizers.row import Optimizer
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.specs import optimizer
from optim_viz.optimizers.table import NOWHERE, ON_SURFACES, OPTIMIZERS, not_on_surfaces
from optim_viz.player import fits
from optim_viz.player.cards import inspector
from optim_viz.player.programs import rule_program, schedule_program, surface_program
from optim_viz.player.scenes import DURATION, GRID, grid_blob
from optim_viz.spec import ECHO, LARGEST, PARAMETERS, SEEDS, Hyperparameter, SpecError, Surface
from optim_viz.surfaces.minima import lowest
from optim_viz.surfaces.surface import dataset, height_map
from optim_viz.surfaces.table import SURFACES

Json = dict[str, Any]
Switches = tuple[tuple[str, bool], ...]
#: The most steps of a run on a page, as the app has it.
STEPS = 5_000

#: The functions of presets that were typed, by what their files are called: they have no name.
TYPED: dict[str, Surface] = {
    f"typed-{name}": row.spec.surface for name, row in PRESETS.items() if row.spec.surface.name not in SURFACES
}


def as_json(value: Any) -> bytes:
    """Return a value as the JSON of a file.

    >>> as_json({"steps": 5})
    b'{"steps":5}'
    """
    return json.dumps(value, separators=(",", ":"), allow_nan=False, ensure_ascii=False).encode()


def catalogue() -> Json:
    """Return the tables that Compare chooses from: surfaces, optimizers with a rule, schedules, presets, limits.

    >>> sorted(catalogue()["elsewhere"])
    ['lbfgs']
    """
    ruled = {name: row for name, row in OPTIMIZERS.items() if row.rule is not None}
    typed = {row.expression: _surface(row) | {"file": file} for file, row in TYPED.items()}
    return {
        "surfaces": {name: _surface(row) for name, row in SURFACES.items()} | typed,
        "optimizers": {name: _optimizer(row) for name, row in ruled.items()},
        "elsewhere": {name: row.title for name, row in ON_SURFACES.items() if row.rule is None},
        "refused": {name: not_on_surfaces(row) for name, row in OPTIMIZERS.items() if row.matrices} | NOWHERE,
        "schedules": {
            name: {"title": row.title, "problem": row.problem, "hyperparameters": _rows(row.hyperparameters),
                   "numbered": row.numbered}
            for name, row in SCHEDULES.items()
            if not row.typed
        },
        "typed": {name: row.title for name, row in SCHEDULES.items() if row.typed},
        "presets": [_preset(row) for row in PRESETS.values()],
        "parameters": list(PARAMETERS),
        "with_momentum": list(WITH_MOMENTUM),
        "suggested": {"adam": 0.05},
        "limits": {
            "optimizers": links.MAX_OPTIMIZERS, "steps": STEPS, "seeds": SEEDS, "largest": LARGEST, "label": ECHO,
            "grid": GRID, "duration": DURATION,
        },
    }  # fmt: skip


def _rows(rows: tuple[Hyperparameter, ...]) -> list[Json]:
    return [asdict(row) for row in rows]


def _surface(row: Surface) -> Json:
    return {
        "title": row.title, "expression": row.expression, "bounds": row.bounds, "start": row.start, "log": row.log,
        "minima": row.minima, "best": len(row.global_minima), "lowest": lowest(row), "story": row.story,
        "source": row.source, "examples": len(dataset(row)) if row.data else 0,
        "weights": row.weights, "fit": fits.panel(row), "alone": row.alone,
    }  # fmt: skip


def _optimizer(row: Optimizer) -> Json:
    """A row, and how each of its copies in one comparison is drawn."""
    return {
        "title": row.title, "problem": row.problem, "paper": row.paper, "year": row.year,
        "cycled": cycled_name(row.name), "formula": row.card.symbolic, "added": row.added,
        "hyperparameters": _rows((*row.hyperparameters, *CLIPPING)),
        "styles": [asdict(style) for style in styles.styles([row.name] * links.MAX_OPTIMIZERS)],
    }  # fmt: skip


def _preset(row: Preset) -> Json:
    query = urlencode(links.write(links.DESCENT, row.spec), doseq=True)
    return {"name": row.name, "title": row.title, "text": row.text, "query": query}


def files() -> dict[str, bytes]:
    """Return the files of Compare that hold no words, by their paths: programs and grids.

    >>> files()["surfaces/quadratic.bin"][:0]
    b''
    """
    found = {}
    for name, row in (SURFACES | TYPED).items():
        found[f"surfaces/{name}.json"] = as_json(surface_program(row.expression, row.data))
        found[f"surfaces/{name}.bin"] = grid_blob(height_map(row, GRID)[2])[1]
    plans = {name: {_called(on): schedule_program(name, on) for on in _every(row.hyperparameters)}
             for name, row in SCHEDULES.items() if not row.typed}  # fmt: skip
    return found | {"schedules.json": as_json(plans)}


def texts() -> Json:
    """Return what Compare's other files hold, by their paths, to be told in any language: its tables, and its rules.

    >>> texts()["catalogue.json"]["surfaces"]["saddle"]["title"]
    'Saddle'
    """
    rules = {
        f"rules/{name}.json": {_called(on): _rule(row, on) for on in _every(row.hyperparameters)}
        for name, row in OPTIMIZERS.items()
        if row.rule is not None
    }
    return {"catalogue.json": catalogue()} | rules


def _every(rows: tuple[Hyperparameter, ...]) -> list[Switches]:
    """Every way in which the switches among `rows` can be set."""
    names = [row.name for row in rows if row.scale == "bool"]
    return [tuple(zip(names, on, strict=True)) for on in itertools.product((False, True), repeat=len(names))]


def _called(switches: Switches) -> str:
    """What a program is called among those of its row: the switches that are on."""
    return " ".join(name for name, on in switches if on)


def _rule(row: Optimizer, switches: Switches) -> Json:
    """A rule's program, and what the inspector shows of its runs: without its momentum, and with it."""
    named = {h.name for h in row.hyperparameters}
    momenta = {"momentum": 0.0, "": 0.5} if "momentum" in named else {"": None}
    cards = {left_out: _card(row.name, dict(switches), value) for left_out, value in momenta.items()}
    return {"program": rule_program(row.name, switches), "cards": {key: card for key, card in cards.items() if card}}


def _card(kind: str, switches: Json, momentum: float | None) -> Json | None:
    """What the inspector shows, with no values but the switches; None of what the optimizer does not have."""
    values = switches if momentum is None else switches | {"momentum": momentum}
    try:
        spec = optimizer(kind, **values, lr_scale=(2.0, 2.0))  # then its lines name each coordinate's rate
    except SpecError:
        return None
    return inspector(spec) | {"hyperparameters": switches}
