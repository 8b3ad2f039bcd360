"""Numbers that textbooks, papers, tests of other libraries and forums have printed, replayed; each with its source.

`kind` says how one is to be read. match: the run passes through it. convention: another point of the same run was
printed. must-differ, rule-must-differ: another method under the same name, and how far from ours. ratio, cycle, edge:
what theory says of the whole run. schedule: learning rates. rule: a rule on given gradients. online: losses that
change, on an interval.
"""

import functools
import json
import math
from pathlib import Path

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.optimizers.rules import FLOATS
from optim_viz.optimizers.schedules import schedule_rates
from optim_viz.optimizers.table import OPTIMIZERS

ROWS = json.loads(Path(__file__).with_name("published_numbers.json").read_text())
#: What torch's own rule gives where another was printed under its name: the note of the row.
TORCH_GIVES = {"keras-adamw-eps-NOT": [0.4950]}


@functools.cache
def run_of(surface, bounds, start, optimizer, hyperparameters, steps):
    """One run, shared by the rows that look at different steps of it."""
    given = surface if bounds is None else ov.surface(surface, bounds=bounds)
    return ov.descend(given, ov.optimizer(optimizer, **dict(hyperparameters)), start=start, steps=steps).trajectories[0]


def run_for(row):
    bounds = row["bounds"] and tuple(row["bounds"])
    values = tuple(row["hyperparameters"].items())
    return run_of(row["surface"], bounds, tuple(row["start"]), row["optimizer"], values, row["steps"])


def seen(run, row):
    """What a row may expect of one step of a run, by its name there."""
    t, (x, y), (gx, gy) = row["index"], run.points[row["index"]], run.gradients[row["index"]]
    found = {"x": x, "y": y, "loss": run.losses[t], "gx": gx, "gy": gy, "status": run.status}
    if "momentum_buffer" in run.state:
        ahead = run.spec["lr"] * run.spec["momentum"] * run.state["momentum_buffer"][t]
        found |= {"x + lr*momentum*buffer": x + ahead[0], "y + lr*momentum*buffer": y + ahead[1]}
    return found


def near(row, expected):
    tolerance = {"rel" if row["relative"] else "abs": row["tolerance"]}
    return pytest.approx(expected, **({"abs": 0} | tolerance))


def match(row):
    found = seen(run_for(row), row)
    for name, value in row["expected"].items():
        assert found[name] == (value if isinstance(value, str) else near(row, value)), name


def must_differ(row):
    """The page's y is far from ours, and ours is what its own rule gives with the constant where torch has it."""
    x, y = run_for(row).points[row["index"]]
    assert math.hypot(x - row["expected"]["x"], y - row["expected"]["y"]) > 100 * row["tolerance"]
    lr, rho, eps = (row["hyperparameters"][name] for name in ("lr", "rho", "eps"))
    theta, squares, moves = np.array(row["start"]), np.zeros(2), np.zeros(2)
    for _ in range(row["index"]):
        slope = 2 * theta
        squares = rho * squares + (1 - rho) * slope**2
        move = np.sqrt(moves + eps) / np.sqrt(squares + eps) * slope
        moves = rho * moves + (1 - rho) * move**2
        theta = theta - lr * move
    assert (x, y) == pytest.approx(tuple(theta), rel=1e-9)


def ratio(row):
    distance = np.hypot(*run_for(row).points.T)
    assert distance[row["index"]] / distance[row["from"]] == near(row, row["expected"]["norm ratio"])


def cycle(row):
    run = run_for(row)
    assert sorted(run.points[-3:, 0]) == near(row, row["expected"]["cycle"])
    assert run.status == row["expected"]["status"]


def edge(row):
    end = abs(run_for(row).points[-1, 0])
    assert end < 1e-3 if row["expected"]["stable"] else not end <= 1e3


def schedule(row):
    plan = ov.schedule(**row["schedule"])
    rates = schedule_rates(plan, row["hyperparameters"]["lr"], row["steps"])
    assert rates[row["index"]].tolist() == near(row, row["expected"]["rates"])


def points_of_rule(row):
    """A rule's points on the row's gradients; `decay` shrinks them before, as AdamW does."""
    values = {"weight_decay": row["decay"] or 0.0, **row["hyperparameters"]}
    kind = OPTIMIZERS["adamw" if row["decay"] else row["optimizer"]]
    spec = ov.optimizer(kind.name, **values).hyperparameters
    step, lr = kind.step_with(spec, FLOATS), spec["lr"]
    theta, state, points = row["start"][0], kind.initial_state(spec, lr), []
    assert list(state) == row["state"]
    for t, slope in enumerate(row["gradients"], 1):
        theta, state = step(t, lr, theta, slope, state)
        points.append(theta)
    return points


def rule(row):
    assert points_of_rule(row) == near(row, row["expected"]["x"])


def rule_must_differ(row):
    points = points_of_rule(row)
    assert points != near(row, row["expected"]["x"])
    assert points == pytest.approx(TORCH_GIVES[row["id"]], abs=6e-5)


def online(row, thorough):
    """Printed after a million steps; a fifth of them comes as near."""
    values = ov.optimizer("adam", **(row["hyperparameters"] | {"lr": 0.5})).hyperparameters
    step = OPTIMIZERS["adam"].step_with(values, FLOATS)
    theta, state = row["start"][0], OPTIMIZERS["adam"].initial_state(values, 0.5)
    for t in range(1, 1 + (row["steps"] if thorough else row["steps"] // 5)):
        slope = row["big"] if t % row["period"] == 1 else row["small"]
        theta, state = step(t, 0.5 / math.sqrt(t), theta, slope, state)
        theta = min(1.0, max(-1.0, theta))
    assert theta == near(row, row["expected"]["x"])


REPLAYS = {
    "match": match,
    "convention": match,
    "must-differ": must_differ,
    "ratio": ratio,
    "cycle": cycle,
    "edge": edge,
    "schedule": schedule,
    "rule": rule,
    "rule-must-differ": rule_must_differ,
}


@pytest.mark.parametrize("row", [row for row in ROWS if row["kind"] != "online"], ids=lambda row: row["id"])
def test_what_was_published_is_what_a_run_gives(row):
    REPLAYS[row["kind"]](row)


@pytest.mark.parametrize("row", [row for row in ROWS if row["kind"] == "online"], ids=lambda row: row["id"])
def test_adam_goes_the_wrong_way_where_amsgrad_does_not(row, thorough):
    online(row, thorough)


def test_all_are_there_and_each_says_where_it_comes_from():
    assert len({row["id"] for row in ROWS}) == len(ROWS) == 62
    assert all(len(row["source"]) > 20 for row in ROWS)
