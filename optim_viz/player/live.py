"""The part of a scene that computes: what runs a comparison in the browser, and what its knobs stand at.

Programs go as one blob, named by its hash, so that a value that changes sends none of them again. A run that only the
server can make has no step (L-BFGS, a package's class: its numbers can be turned all the same) or no program at all (a
factory of the user's own).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterable
from typing import Any

from optim_viz.optimizers.clipping import CLIPPING
from optim_viz.optimizers.own import OWN
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.specs import knobs
from optim_viz.player.programs import Json, rule_program, schedule_program, split, surface_program
from optim_viz.spec import DescentSpec, OptimizerSpec, Surface
from optim_viz.surfaces.minima import lowest


def live(spec: DescentSpec, labels: tuple[str, ...]) -> tuple[Json, dict[str, bytes]]:
    """Return what the browser computes a comparison's runs from, and beside it the blob that holds their programs.

    >>> from optim_viz import descend, optimizer
    >>> runs = descend("quadratic", [optimizer("sgd", lr=0.1)], steps=20)
    >>> found, blobs = live(runs.spec, runs.labels)
    >>> found["runs"][0]["values"], len(blobs)
    ({'lr': 0.1, 'weight_decay': 0.0, 'clip_norm': 0.0, 'clip_value': 0.0}, 1)
    """
    found, programs = whole(spec, labels)
    data = json.dumps(_packed(programs), separators=(",", ":"), allow_nan=False).encode()
    name = hashlib.sha256(data).hexdigest()[:32]
    return {"programs": name, **found}, {name: data}


def whole(spec: DescentSpec, labels: tuple[str, ...]) -> tuple[Json, Json]:
    """Return the same with the programs by name, each whole.

    >>> from optim_viz import optimizer
    >>> from optim_viz.surfaces.descent import check
    >>> sorted(whole(check("quadratic", [optimizer("sgd")]), ("sgd",))[1]["rule sgd"])
    ['clip', 'first', 'initial', 'knobs', 'state', 'step', 'zero']
    """
    programs: Json = {}
    found = {
        "surface": ground(spec.surface, programs), "start": list(spec.start), "steps": spec.steps,
        "noise": spec.noise, "seed": spec.seed, "batch": spec.batch_size, "drawn": spec.drawn,
        "runs": [run(one, label, programs) for one, label in zip(spec.optimizers, labels, strict=True)],
    }  # fmt: skip
    return found, programs


#: The name under which travels, once, what all rules have: what clips gradients, and its numbers, the last of each.
_EVERY = "every rule"


def _packed(programs: Json) -> Json:
    rules = {name: program for name, program in programs.items() if "clip" in program}
    if not rules:
        return programs
    last = len(CLIPPING)
    short = {
        name: {key: value for key, value in rule.items() if key != "clip"} | {"knobs": rule["knobs"][:-last]}
        for name, rule in rules.items()
    }
    one = next(iter(rules.values()))
    return programs | short | {_EVERY: {"clip": one["clip"], "knobs": one["knobs"][-last:]}}


def ground(surface: Surface, programs: Json) -> Json:
    """Return what is known of a surface; its program, which no parameter's value is part of, goes into `programs`."""
    name = f"surface {surface.expression} {surface.data}"
    programs[name] = surface_program(surface.expression, surface.data)
    return {
        "program": name, "parameters": dict(surface.parameters), "bounds": list(surface.bounds),
        "minima": [list(m) for m in surface.minima], "best": len(surface.global_minima), "lowest": lowest(surface),
        "alone": surface.alone,
    }  # fmt: skip


def run(optimizer: OptimizerSpec, label: str, programs: Json) -> Json:
    """Return one run's numbers; its programs go into `programs`."""
    if optimizer.kind == OWN:
        return {"id": label, "program": None, "values": {}, "schedule_values": {}}
    plan, name = optimizer.schedule, optimizer.kind
    kind, plan_given = (plan.kind, dict(plan.values)) if plan else ("constant", {})
    switches, values = split(knobs(optimizer), optimizer.hyperparameters)
    values |= dict.fromkeys((bound.name for bound in CLIPPING), 0.0) | dict(optimizer.clip)
    settings = SCHEDULES[kind].settings(plan_given)
    planned, plan_values = split(settings, plan_given)
    rule, rates = _key("rule", name, switches), _key("schedule", kind, planned)
    if len(settings) > len(SCHEDULES[kind].hyperparameters):  # milestones beyond those that are always there
        rates += f" {len(settings)}"
    programs[rule], programs[rates] = rule_program(name, switches), schedule_program(kind, planned, settings)
    return {
        "id": label, "program": rule, "values": values, "schedule": rates, "schedule_values": plan_values,
        "scale": [optimizer.factor("x"), optimizer.factor("y")],
    }  # fmt: skip


def _key(what: str, name: str, fixed: Iterable[tuple[str, Any]]) -> str:
    """What a program is called: its row, the switches that are on, and what is typed."""
    words = (f"{setting}={value}" if isinstance(value, str) else setting for setting, value in fixed if value)
    return " ".join([what, name, *words])
