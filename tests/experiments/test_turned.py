"""What a player says was turned: checked like a link, whatever a stranger makes of it."""

import copy
import math

import pytest

import optim_viz as ov
from optim_viz.experiments.fairness import Fair, fair_descent
from optim_viz.experiments.turned import turned
from optim_viz.player.live import live
from optim_viz.spec import SpecError, unique_labels
from optim_viz.surfaces import descent

STEPS = ov.schedule("step", step_size=10)
SPEC = descent.check(
    ov.surface("a*x^2 + b*y^2", b=10),
    [
        ov.optimizer(
            "momentum", lr=0.01, schedule=ov.schedule("step", step_size=10), lr_scale=(1.0, 0.5), label="mine"
        ),
        ov.optimizer("lbfgs", lr=0.5),
    ],
    steps=40,
)


def said(spec=SPEC):
    """What the player of a comparison says while nothing was turned."""
    found, _ = live(spec, unique_labels(spec.optimizers))
    shared = {key: found[key] for key in ("start", "steps", "noise", "seed")}
    runs = [{key: run[key] for key in ("id", "values", "schedule_values")} for run in found["runs"]]
    return {**shared, "parameters": found["surface"]["parameters"], "runs": runs, "n": 1}


def test_what_was_not_turned_stays():
    assert turned(Fair(SPEC), SPEC, said()) == Fair(SPEC)


def test_every_number_is_taken():
    values = said()
    values |= {"start": [0.5, -1.0], "steps": 60, "noise": 0.25, "seed": 7, "parameters": {"a": 3.0, "b": -2.0}}
    values["runs"][0] |= {"values": values["runs"][0]["values"] | {"lr": 0.02, "momentum": 0.5}}
    values["runs"][0]["schedule_values"]["step_size"] = 20
    values["runs"][1]["values"]["lr"] = 0.25
    spec = turned(Fair(SPEC), SPEC, values).spec
    assert (spec.start, spec.steps, spec.noise, spec.seed) == ((0.5, -1.0), 60, 0.25, 7)
    assert dict(spec.surface.parameters) == {"a": 3.0, "b": -2.0}
    first, second = spec.optimizers
    assert (first["lr"], first["momentum"], first.schedule["step_size"]) == (0.02, 0.5, 20)
    assert (first.lr_scale, first.label) == (SPEC.optimizers[0].lr_scale, "mine")
    assert second["lr"] == 0.25


def test_a_curve_is_turned_into_a_map_and_back_and_what_is_no_way_of_drawing_refused():
    spec = descent.check("x^2", ov.optimizer("sgd"), start=1.0)
    flat = turned(Fair(spec), spec, said(spec) | {"drawn": "map"}).spec
    assert (spec.as_curve, flat.drawn, flat.as_curve) == (True, "map", False)
    assert turned(Fair(flat), flat, said(flat) | {"drawn": ""}).spec == spec
    assert turned(Fair(flat), flat, said(flat)).spec == flat
    assert turned(Fair(SPEC), SPEC, said() | {"drawn": "map"}).spec == SPEC  # it is one
    with pytest.raises(SpecError, match="Unknown way of drawing 'globe'; choose one of map, equal"):
        turned(Fair(SPEC), SPEC, said() | {"drawn": "globe"})


def test_a_rule_for_all_stays_until_a_rate_is_turned():
    asked = Fair(SPEC, "one")
    shown, _ = fair_descent(SPEC, "one")
    values = said(shown)
    values["start"] = [0.5, 0.5]
    moved = turned(asked, shown, values)
    assert moved.mode == "one" and moved.spec.optimizers == SPEC.optimizers and moved.spec.start == (0.5, 0.5)
    values["runs"][1]["values"]["lr"] = 0.3
    own = turned(asked, shown, values)
    assert own.mode == "" and [o["lr"] for o in own.spec.optimizers] == [0.01, 0.3]


def _with(path, value):
    values = copy.deepcopy(said())
    place = values
    for key in path[:-1]:
        place = place[key]
    place[path[-1]] = value
    return values


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        (None, "player's values must be names with numbers; got None"),
        ([1, 2], "must be names with numbers"),
        (_with(["runs"], None), "other optimizers than this page"),
        (_with(["runs"], [{}]), "other optimizers than this page"),
        (_with(["runs", 0], "adam"), "A run must be names with numbers; got 'adam'"),
        (_with(["runs", 0, "values"], [1]), "numbers of a run must be names"),
        (_with(["runs", 0, "values", "lr"], -1.0), "lr must be a number above 0"),
        (_with(["runs", 0, "values", "lr"], "__import__('os')"), "lr must be a number"),
        (_with(["runs", 0, "values", "lr"], math.nan), "lr must be a number above 0"),
        (_with(["runs", 0, "values", "momentum"], {}), "momentum must be a number"),
        (_with(["runs", 0, "schedule_values"], 3), "numbers of a schedule must be names"),
        (_with(["runs", 0, "schedule_values", "step_size"], 0), "step_size must be"),
        (_with(["start"], [99, 0]), "lies outside the plane drawn"),
        (_with(["start"], "here"), "start must be two numbers"),
        (_with(["steps"], 10**9), "steps must be a whole number from 1 to 100,000"),
        (_with(["noise"], -1), "noise must be a number from 0"),
        (_with(["seed"], 2**40), "seed must be a whole number"),
        (_with(["parameters"], "a"), "parameters must be names with numbers"),
        (_with(["parameters", "a"], 1e9), "a must be from"),
    ],
)
def test_a_stranger_s_values_end_in_a_sentence(values, sentence):
    with pytest.raises(SpecError, match=sentence):
        turned(Fair(SPEC), SPEC, values)
