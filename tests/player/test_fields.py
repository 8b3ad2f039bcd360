"""The browser's maps and basins beside Python's: the same cells, but for those where rounding decides; and how fast."""

import dataclasses
import json
import subprocess
from pathlib import Path

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.experiments.study import natural_axes, values
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player.fields import fields
from optim_viz.surfaces.table import SURFACES
from optim_viz.sweeps import basins, sweep
from tests.node import node_path

SCRIPT = Path(__file__).with_name("fields.mjs")
RULES = [kind for kind, row in OPTIMIZERS.items() if row.rule]
PLACES = ["himmelblau", "rosenbrock", "ackley", "six_hump_camel", "linear_regression", "bukin_n6"]
#: Goals, in ms on one thread; a machine that is shared takes up to so many times as long.
FINE, COARSE, SHARED = 150.0, 100.0, 4.0
EPS = np.finfo(float).eps


def node(folder, specs, watch, *rounds):
    """Run the script on these sweeps; return what it prints."""
    path = node_path()
    found, programs = fields({str(i): spec for i, spec in enumerate(specs)}, watch)
    (folder / "fields.json").write_text(json.dumps({"fields": found, "programs": programs}))
    done = subprocess.run([path, str(SCRIPT), str(folder), *rounds], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def computed(folder, specs, watch):
    """What the browser's engine makes of sweeps: of each loss, then steps or labels, then whatever follows."""
    node(folder, specs, watch)
    for i, spec in enumerate(specs):
        yield spec, *np.split(np.fromfile(folder / f"{i}.bin"), [spec.cells, 2 * spec.cells])


def near(a, b, share=1e-9):
    with np.errstate(invalid="ignore"):  # inf beside inf
        return (a == b) | (np.abs(a - b) <= share * np.maximum(1.0, np.abs(b)))


def nudged(spec):
    """The sweep again, with every gradient, or else every hyperparameter, a few roundings away."""
    yield from (dataclasses.replace(spec, noise=1e-15, seed=seed) for seed in range(4))
    for share in (1 - EPS, 1 + EPS, 1 + 2 * EPS):
        yield dataclasses.replace(spec, axes=tuple((name, tuple(v * share for v in axis)) for name, axis in spec.axes))


def undecided(spec, losses):
    """The cells whose loss moves by thousands of roundings when the runs do by a few: there, rounding decides."""
    return np.any([~near(sweep.run(one).final_loss.ravel(), losses, 1e-12) for one in nudged(spec)], axis=0)


def test_maps_are_pythons_but_where_rounding_decides(tmp_path):
    specs = []
    for kind in RULES:
        for place in PLACES:
            one = ov.optimizer(kind)
            axes = {axis.name: values(one, axis, 12) for axis in natural_axes(one, SURFACES[place])}
            specs.append(sweep.check(place, one, axes, None, 100))
    equal = close = cells = 0
    apart = []
    for spec, losses, steps, _ in computed(tmp_path, specs, True):
        python = sweep.run(spec)
        wanted, same = python.final_loss.ravel(), near(losses, python.final_loss.ravel())
        cells, equal, close = cells + spec.cells, equal + int((losses == wanted).sum()), close + int(same.sum())
        late = same & ~near(steps, python.steps_to.ravel())
        bad = ~same | late
        if bad.any():
            apart.append(f"{spec.optimizer.kind} on {spec.surface.name}: {bad.sum()}")
            unexplained = np.flatnonzero(bad & ~undecided(spec, wanted)).tolist()
            assert not unexplained, (spec.optimizer.kind, spec.surface.name, unexplained)
    print(f"\nmaps: {cells} cells, {equal} equal, {close} within 1e-9; rounding decides: {'; '.join(apart)}")
    assert equal >= 0.8 * cells and close >= 0.9 * cells


def test_basins_have_pythons_labels(tmp_path):
    specs = [basins.check(place, ov.optimizer(kind), 16, 200) for kind in RULES for place in PLACES]
    specs += [
        basins.check("himmelblau", ov.optimizer("adam", lr=0.1), 96, 300),
        basins.check("rastrigin", ov.optimizer("rprop"), 48),
        *(basins.check("x^4 - 3x^2 + x", ov.optimizer(kind, lr=0.01), 24) for kind in ("sgd", "momentum", "adam")),
    ]
    equal = close = cells = differ = 0
    for spec, losses, labels, minima in computed(tmp_path, specs, False):
        python = basins.run(spec)
        wanted = python.losses.ravel()
        cells, equal, close = (
            cells + spec.cells,
            equal + int((losses == wanted).sum()),
            close + int(near(losses, wanted).sum()),
        )
        differ += int((labels.reshape(python.labels.shape) != python.labels).sum())
        np.testing.assert_allclose(
            minima.reshape(-1, 2), python.minima[:, :2], rtol=0, atol=1e-7 * spec.surface.diagonal
        )
    print(f"\nbasins: {cells} cells, {equal} losses equal, {close} within 1e-9; {differ} labels differ")
    assert differ == 0 and close >= 0.99 * cells


@pytest.mark.parametrize(
    ("optimizer", "axes", "rest"),
    [
        (ov.optimizer("momentum", schedule=ov.schedule("cosine")), {"momentum": [0.0, 0.5, 0.9], "x": [-1.0, 0.5]}, {}),
        (ov.optimizer("adam", schedule=ov.schedule("multiplicative")), {"lr": [1e-3, 0.1], "beta1": [0.5, 0.9]}, {}),
        (
            ov.optimizer("momentum", schedule=ov.schedule("sequential", parts="linear, multiplicative(1 - 1/(t + 9))")),
            {"lr": [1e-3, 0.01], "x": [-1.0, 0.5]}, {},
        ),
        (
            ov.optimizer("adam", schedule=ov.schedule("onecycle", cycle_momentum=True)),
            {"lr": [0.01, 0.1], "beta2": [0.9, 0.999]}, {},
        ),
        (
            ov.optimizer("rmsprop", schedule=ov.schedule("cyclic", cycle_momentum=True)),
            {"x": [-1.0, 0.5], "lr": [0.001, 0.01]}, {},
        ),
        (ov.optimizer("sgd", schedule=ov.schedule("plateau")), {"lr": [1e-3, 0.02], "weight_decay": [0.0, 0.1]}, {}),
        (ov.optimizer("adam", schedule=ov.schedule("onecycle")), {"beta1": [0.0, 0.9], "beta2": [0.9, 0.999]}, {}),
        (ov.optimizer("adam", lr=0.1, lr_scale=(1.0, 0.1)), {"x": [-1.0, 1.0, 2.0], "y": [0.0, 1.0]}, {"noise": 0.3}),
        (ov.optimizer("rprop"), {"lr": [1e-3, 0.1, 1.0], "y": [0.0, 1.0]}, {"noise": 0.1, "seeds": 3, "seed": 5}),
        (ov.optimizer("rmsprop"), {"lr": [1e-3, 0.1], "alpha": [0.5, 0.99]}, {"batch_size": 16, "seeds": 4}),
        (ov.optimizer("momentum", clip_norm=0.5), {"lr": [1e-3, 0.1], "momentum": [0.0, 0.9]}, {"noise": 0.3}),
        (ov.optimizer("sgd"), {"clip_norm": [0.0, 0.1, 2.0], "clip_value": [0.0, 0.5]}, {"batch_size": 16}),
    ],
)  # fmt: skip
def test_schedules_noise_batches_seeds_and_any_two_axes(tmp_path, optimizer, axes, rest):
    place = "linear_regression" if "batch_size" in rest else "booth"
    spec = sweep.check(place, optimizer, axes, None, 60, **rest)
    ((_, losses, steps, _),) = computed(tmp_path, [spec], True)
    python = sweep.run(spec)
    np.testing.assert_allclose(losses, python.final_loss.ravel(), rtol=1e-9, atol=1e-12)
    np.testing.assert_array_equal(steps, python.steps_to.ravel())


def test_what_overflows_on_the_way_is_infinite(tmp_path):
    spec = sweep.check(
        "rosenbrock", ov.optimizer("momentum"), {"lr": np.geomspace(1e-4, 10, 9), "momentum": [0.0, 0.9]}
    )
    ((_, losses, _, _),) = computed(tmp_path, [spec], True)
    python = sweep.run(spec).final_loss.ravel()
    assert 0 < np.isinf(python).sum() < python.size
    np.testing.assert_array_equal(np.isinf(losses), np.isinf(python))


def test_basins_of_128_starts_a_side_are_made_at_the_speed_of_a_hand(tmp_path):
    adam = ov.optimizer("adam", lr=0.1)
    specs = [basins.check("himmelblau", adam, n, 300) for n in (128, 32)]
    fine, coarse = map(float, node(tmp_path, specs, False, "8").split())
    print(f"\none thread: 128 x 128 x 300 steps of Adam in {fine:.0f} ms, 32 x 32 in {coarse:.1f} ms")
    assert fine <= SHARED * FINE and coarse <= COARSE
