"""Programs: what the engine in the browser runs, as lists of operations in plain JSON.

A rule, a schedule and a surface are traced where they are written, in Python; hyperparameters, start, steps, noise and
batches are inputs, so that one program serves every value. What changes a program's shape makes another: a switch, and
a number that a rule leaves out at 0. No text goes along: names are numbered, and each operation is one of a table.
"""

from __future__ import annotations

import functools
import math
from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from optim_viz.optimizers.clipping import CLIPPING, clip
from optim_viz.optimizers.plateau import after
from optim_viz.optimizers.row import Optimizer
from optim_viz.optimizers.rules import flat
from optim_viz.optimizers.schedule_row import Rate
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.specs import knobs_of
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.optimizers.trace import Trace, traced_function
from optim_viz.spec import Hyperparameter
from optim_viz.surfaces.examples import examples
from optim_viz.surfaces.traced import traced, traced_examples, traced_hessian

Json = dict[str, Any]
#: The scales of what makes another program, and such settings with their values.
FIXED = ("bool", "text")
Fixed = tuple[tuple[str, Any], ...]
#: Hyperparameters at whose 0 a rule rounds otherwise, because a term is left out there.
_LEFT_OUT = ("momentum",)
_OF_PLATEAU = ("best", "bad", "cooling", "lr", "lr_x", "lr_y")


def written(trace: Trace) -> Json:
    """Return a trace as JSON: operands are the places of inputs, then constants, then results of operations before.

    >>> from optim_viz.optimizers.trace import traced_function
    >>> written(traced_function(lambda x, y: (2.0 * x + y,), "xy"))
    {'inputs': ['x', 'y'], 'constants': [2.0], 'operations': [['multiply', 2, 0], ['add', 3, 1]], 'results': [4]}
    """
    names = [*trace.inputs, *trace.constants, *(name for name, _, _ in trace.operations)]
    place = {name: i for i, name in enumerate(names)}
    return {
        "inputs": list(trace.inputs),
        "constants": [_number(value) for value in trace.constants.values()],
        "operations": [[called, *(place[o] for o in operands)] for _, called, operands in trace.operations],
        "results": [place[name] for name in trace.results],
    }


def _number(value: Any) -> float | str:
    """A constant; JSON has no word for what is not finite."""
    value = float(value)
    return value if math.isfinite(value) else "nan" if math.isnan(value) else "inf" if value > 0 else "-inf"


@functools.lru_cache(maxsize=64)
def surface_program(expression: str, data: str) -> Json:
    """Return loss, gradient and second derivatives of a surface; those of one example as well where it has data."""
    whole, second = traced(expression, data), traced_hessian(expression, data)
    program: Json = {
        "value": written(whole.value), "gradient": written(whole.gradient), "mean": whole.examples,
        "hessian": None if second is None else written(second), "examples": [],
    }  # fmt: skip
    if data:
        one = traced_examples(expression)
        program |= {"example": {"value": written(one.value), "gradient": written(one.gradient)}}
        program |= {"examples": examples(data).tolist()}
    return program


@functools.lru_cache(maxsize=256)
def rule_program(kind: str, switches: tuple[tuple[str, bool], ...]) -> Json:
    """Return an optimizer's update with these switches set: its first step, the others, its state and its numbers.

    An optimizer without an elementwise rule (L-BFGS, a class of a package) has its numbers alone. `zero` holds, for a
    number that the rule leaves out at 0, the update without it; `clip` clips gradients, where that is asked for.
    """
    row = OPTIMIZERS.get(kind)
    numbers = [h for h in knobs_of(kind) if h.scale != "bool"]
    knobs = [_knob(h) for h in (*numbers, *CLIPPING)]
    if row is None or row.rule is None:
        return {"step": None, "knobs": knobs}
    zero = {h.name: _update(row, switches, h.name) for h in numbers if h.name in _LEFT_OUT}
    return _update(row, switches, "") | {"knobs": knobs, "zero": zero, "clip": _clip_program()}


def _clip_program() -> Json:
    """What happens to a gradient before the update: (gx, gy, clip_norm, clip_value) -> (gx, gy), inf for no bound."""
    return written(traced_function(clip(np), ("gx", "gy", *(row.name for row in CLIPPING))))


def _update(row: Optimizer, switches: tuple[tuple[str, bool], ...], left_out: str) -> Json:
    """The update of one coordinate as (t, lr, theta, g, *state, *numbers) -> (theta, *state)."""
    free = [h.name for h in row.hyperparameters if h.scale != "bool" and h.name not in ("lr", left_out)]
    state = row.state_names(dict(switches) | dict.fromkeys(free, 1.0) | {left_out: 0.0})

    def step(first: bool, t: Any, lr: Any, theta: Any, g: Any, *rest: Any) -> tuple[Any, ...]:
        values: dict[str, Any] = dict(switches) | {left_out: 0.0} | dict(zip(free, rest[len(state) :], strict=True))
        return flat(row.step_with(_known(row, values), np))(1 if first else t, lr, theta, g, *rest[: len(state)])

    names = ("t", "lr", "theta", "g", *state, *free)
    firsts = dict(row.initial)
    return {
        "first": written(traced_function(functools.partial(step, True), names)),
        "step": written(traced_function(functools.partial(step, False), names)),
        "state": list(state),
        "initial": [firsts.get(name, 0.0) for name in state],
    }


def _known(row: Optimizer, values: Mapping[str, Any]) -> dict[str, Any]:
    """Those of `values` that the optimizer has."""
    return {h.name: values[h.name] for h in row.hyperparameters if h.name in values}


@functools.lru_cache(maxsize=64)
def schedule_program(kind: str, switches: Fixed, rows: tuple[Hyperparameter, ...] = ()) -> Json:
    """Return a schedule: (step, base, total, *numbers) -> rate, or for plateau its state after a step's loss.

    `rows` are its settings where they are not those of its row. A rate that is a product over the steps so far is
    also given `product0`, ...; `running` are the factors of a step, (step, total) -> numbers.
    """
    row = SCHEDULES[kind]
    numbers = [h for h in rows or row.hyperparameters if h.scale not in FIXED]
    names, rate = [h.name for h in numbers], row.rate
    program: Json = {"knobs": [_knob(h) for h in numbers], "watches": rate is None, "running": None, "momentum": None}
    if rate is None:
        watched = ("loss", *_OF_PLATEAU, *names)
        count = len(_OF_PLATEAU) + 1
        following = traced_function(
            lambda *a: after(np, dict(switches) | dict(zip(names, a[count:], strict=True)), a[0], a[1:count]), watched
        )
        return program | {"after": written(following)}
    if row.momentum is not None and dict(switches)["cycle_momentum"]:
        cycle = functools.partial(row.momentum, **dict(switches))
        numbered = traced_function(
            lambda step, total, *a: (cycle(step, total, **dict(zip(names, a, strict=True))),), ("step", "total", *names)
        )
        program |= {"momentum": written(numbered)}
    if row.running is not None:
        return program | _running_program(rate, functools.partial(row.running, **dict(switches)), dict(switches))
    given = traced_function(
        lambda step, base, total, *a: (rate(step, base, total, **dict(switches), **dict(zip(names, a, strict=True))),),
        ("step", "base", "total", *names),
    )
    return program | {"rate": written(given)}


def _running_program(rate: Rate, running: Callable[..., tuple[Any, ...]], values: Json) -> Json:
    """A rate that takes products, and the factors that they are of; of a chain without such factors there are none."""
    each = traced_function(running, ("step", "total"))
    names = [f"product{i}" for i in range(len(each.results))]
    given = traced_function(
        lambda step, base, total, *products: (rate(step, base, total, **values, products=products),),
        ("step", "base", "total", *names),
    )
    return {"rate": written(given), "running": written(each) if names else None}


def _knob(h: Hyperparameter) -> Json:
    """What a knob may be turned to, as its row says."""
    return {
        "name": h.name, "low": h.low, "high": h.high, "scale": h.scale, "text": h.text, "minimum": h.minimum,
        "maximum": h.maximum, "open_low": h.open_low, "open_high": h.open_high, "after": h.after,
    }  # fmt: skip


def split(rows: tuple[Hyperparameter, ...], values: Mapping[str, Any]) -> tuple[Fixed, Json]:
    """Return the switches and texts among `values`, which make a program, and the numbers, which it takes.

    >>> split(OPTIMIZERS["sgd"].hyperparameters, {"lr": 0.1, "weight_decay": 0.0, "maximize": False})
    ((('maximize', False),), {'lr': 0.1, 'weight_decay': 0.0})
    """
    switches = tuple((h.name, values[h.name]) for h in rows if h.scale in FIXED)
    return switches, {h.name: float(values[h.name]) for h in rows if h.scale not in FIXED}
