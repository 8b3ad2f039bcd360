"""The engine in the browser gives what `descend` gives: the same bits, or closer than 1e-9, or rounding decides."""

import json
import random
import subprocess
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player.live import live, whole
from optim_viz.surfaces import descent
from optim_viz.surfaces.descent import rates_apart
from optim_viz.surfaces.table import SURFACES
from tests.node import node_path
from tests.parity import apart, compare, in_node, rounding_decides, rounding_decides_slopes, scene_of

ROOT = Path(__file__).parents[2]
RULES = [kind for kind, row in OPTIMIZERS.items() if row.rule]
#: Every kind of schedule: that of all the others, one that looks at the steps there are, one that watches the loss.
THREE = (None, "onecycle", "plateau")
#: Columns may be so far apart where points are closer: a slope multiplies what a point is off by with the curvature.
NEAR = 1e-6
TYPED = (
    "a*x^2 + b*y^4 + sin(c*x*y)", "|x - a| + |y|^1.5", "log(1 + x²) + atan2(y, x + 9) + erf(y)", "max(x, y, 2x - 1)^2",
    "relu(x) + softplus(-y) + min(x², y²)", "tanh(x*y) + exp(-x² - y²)", "sqrt(1 + x² + y²) + cosh(x/3) - y/3",
    "tan(x/5) + asin(x/9) + acos(y/9) + sinh(y/3)", "x^5/9 - x^3 + y^6/50 + log10(3 + x²) + log2(4 + y²)",
    "x^2*y^2 + sign(x)*x", "(x² + y - 11)² + (x + y² - 7)²",
)  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def _node():
    node_path()


def held(specs):
    """Run specs here and in node; return how many runs were the same, close, and decided by rounding."""
    pairs = [scene_of(spec) for spec in specs]
    counted = Counter()
    for (runs, _), answers in zip(pairs, in_node([scene for _, scene in pairs]), strict=True):
        for run, answer in zip(runs, answers, strict=True):
            kind, columns = compare(run, answer)
            what = f"{run.label} on {runs.surface.expression}, {run.spec.schedule}"
            if kind == "apart":
                assert rounding_decides(runs.spec, run.spec, run), what
            else:
                assert (answer["status"], answer["statusFrom"]) == (run.status, run.outcome_step), what
                far, name = max(_columns_apart(run, columns))
                assert far < NEAR or rounding_decides_slopes(runs.spec, run.spec, run, NEAR), f"{name} of {what}"
            counted[kind] += 1
    return counted


def _columns_apart(run, columns):
    """How far each column is from the run's, with its name."""
    wanted = {"loss": run.losses, "gx": run.gradients[:, 0], "gy": run.gradients[:, 1], "lr": run.lrs}
    for name, values in run.state.items():
        wanted |= {f"state.{name}.x": values[:, 0], f"state.{name}.y": values[:, 1]}
    if (apart_rates := rates_apart(run)) is not None:
        wanted |= {"lr.x": apart_rates[:, 0], "lr.y": apart_rates[:, 1]}
    end = int(run.outcome_step) if run.outcome.name in ("DIVERGED", "NOWHERE") else len(run.losses)
    return [(apart(columns[name][:end], values[:end]), name) for name, values in wanted.items()]


@pytest.mark.parametrize("name", SURFACES)
def test_every_rule_on_every_surface(name, thorough):
    plans = THREE if thorough else (THREE[list(SURFACES).index(name) % 3],)
    schedules = [plan and ov.schedule(plan) for plan in plans]
    steps = 1000 if thorough else 200
    specs = [
        descent.check(name, [ov.optimizer(kind, lr=0.05, schedule=plan) for kind in RULES], steps=steps)
        for plan in schedules
    ]
    counted = held(specs)
    assert counted.total() == len(RULES) * len(plans)
    assert counted["same"] + counted["close"] >= 0.6 * counted.total()


def test_what_all_rules_have_travels_once_and_each_is_whole_again():
    spec = descent.check("beale", [ov.optimizer(kind) for kind in ("sgd", "adam", "rmsprop", "lbfgs")])
    labels = ("sgd", "adam", "rmsprop", "lbfgs")
    found, blobs = live(spec, labels)
    packed = blobs[found["programs"]].decode()
    assert packed.count("clip_norm") < json.dumps(whole(spec, labels)[1]).count("clip_norm")
    program = (ROOT / "optim_viz/player/js/engine/program.js").as_uri()
    script = f"import {{ unpacked }} from '{program}'; console.log(JSON.stringify(unpacked({packed})))"
    done = subprocess.run(
        [node_path(), "--input-type=module", "-e", script], capture_output=True, text=True, check=True
    )
    assert json.loads(done.stdout) == json.loads(json.dumps(whole(spec, labels)[1]))


def test_every_schedule_weight_decay_factors_and_switches():
    specs = []
    for kind in RULES:
        flags = [h.name for h in OPTIMIZERS[kind].hyperparameters if h.scale == "bool"]
        decay = {"weight_decay": 0.1} if "weight_decay" in {h.name for h in OPTIMIZERS[kind].hyperparameters} else {}
        made = [
            ov.optimizer(kind, lr=0.01, lr_scale=(1.0, 0.3), schedule=ov.schedule(plan), **decay) for plan in SCHEDULES
        ]
        made += [ov.optimizer(kind, lr=0.01, **{flag: True}, **decay) for flag in flags]
        specs += [descent.check("himmelblau", made[i : i + 8], steps=100) for i in range(0, len(made), 8)]
    specs.append(
        descent.check("rosenbrock", [ov.optimizer("rmsprop", lr=0.01, momentum=m) for m in (0.0, 0.5)], steps=100)
    )
    counted = held(specs)
    assert counted["apart"] <= 0.05 * counted.total()


def test_clipped_gradients():
    bounds = ({"clip_norm": 0.5}, {"clip_value": 0.3}, {"clip_norm": 2.0, "clip_value": 1.5})
    plan = ov.schedule("plateau")
    places = (("rosenbrock", 0.0, None), ("goldstein_price", 1.0, None), ("linear_regression", 0.0, 7))
    specs = [
        descent.check(
            name,
            [ov.optimizer(kind, lr=0.02, clip_norm=0.5), *(ov.optimizer(kind, schedule=plan, **one) for one in bounds)],
            steps=120, noise=noise, batch_size=batch,
        )
        for kind in RULES
        for name, noise, batch in places
    ]  # fmt: skip
    counted = held(specs)
    assert counted["apart"] <= 0.05 * counted.total()
    assert all((np.hypot(*run.gradients[:-1].T) <= 0.5).all() for run in descent.run(specs[0]).trajectories[:2])


def test_random_typed_functions(thorough):
    draw = random.Random(16)  # noqa: S311 - no secret
    specs = []
    for _ in range(200 if thorough else 40):
        text = " + ".join(f"{draw.uniform(0.1, 2):.3g}*({draw.choice(TYPED)})" for _ in range(draw.choice((1, 1, 2))))
        letters = {letter: draw.uniform(0.5, 2) for letter in "abc" if f"{letter}*" in text or f"- {letter}" in text}
        surface = ov.surface(text, **letters)
        kinds = draw.sample(RULES, 2)
        start = (draw.uniform(-2, 2), draw.uniform(-2, 2))
        specs.append(descent.check(surface, [ov.optimizer(kind, lr=0.01) for kind in kinds], start, steps=200))
    counted = held(specs)
    assert counted["apart"] <= 0.1 * counted.total()


OF_X = ("x^4 - 3x^2 + x", "x^3", "-x^2", "cos(3x)", "relu(x - 1)", "|x|", "x^4", "0.1*x^2 - exp(-400*(x - 1)^2)", "1/x")


def test_functions_of_x_alone_and_what_is_said_of_them():
    plans = [(start, noise) for start in (-1.5, 0.0, 2.0) for noise in (0.0, 0.01)]
    rates = [ov.optimizer("sgd", lr=0.01), ov.optimizer("momentum", lr=0.01), ov.optimizer("adam", lr=0.05)]
    specs = [
        descent.check(text, rates, start, steps=400, noise=noise, seed=3) for text in OF_X for start, noise in plans
    ]
    said = {run.outcome for spec in specs for run in descent.run(spec)}
    assert len(said) >= 7
    assert held(specs)["apart"] <= 0.05 * 3 * len(specs)


def test_a_run_that_does_not_move_is_said_to_stand_however_short_it_is():
    spec = descent.check("rosenbrock", [ov.optimizer("sgd", lr=1e-20)], steps=9)
    assert held([spec])["apart"] == 0  # the same words here and there
    assert [run.status for run in descent.run(spec)] == ["hardly moving"]


def test_random_comparisons_with_noise_and_batches():
    draw = random.Random(17)  # noqa: S311 - no secret
    specs = []
    for _ in range(50):
        name = draw.choice(["linear_regression", "logistic_regression", *SURFACES])
        batch = draw.choice([1, 7, 16]) if SURFACES[name].data else None
        kinds = [ov.optimizer(kind, lr=draw.choice([0.003, 0.02])) for kind in draw.sample(RULES, 3)]
        specs.append(
            descent.check(
                name, kinds, steps=150, noise=draw.choice([0.0, 0.3, 5.0]), batch_size=batch, seed=draw.randrange(2**32)
            )
        )
    counted = held(specs)
    assert counted["apart"] <= 0.1 * counted.total()
