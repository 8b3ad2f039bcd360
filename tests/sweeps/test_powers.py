"""Powers of swept hyperparameters come from tables: one for each distinct value, with the bits of one for each run."""

import dataclasses

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.sweeps import backends, batch, sweep
from optim_viz.sweeps.machine_code import fused
from optim_viz.sweeps.numpy_code import replay, straight
from optim_viz.sweeps.placed import placed
from optim_viz.sweeps.powers import distinct, with_powers

#: Optimizers whose rules take powers of hyperparameters, and those hyperparameters.
POWERS = {
    "adam": ("beta1", "beta2"),
    "adamw": ("beta1", "beta2"),
    "nadam": ("beta1", "beta2", "momentum_decay"),
    "radam": ("beta1", "beta2"),
    "adamax": ("beta1", "beta2"),
    "asgd": ("lambd", "alpha"),
}


@pytest.mark.parametrize("kind", POWERS)
def test_many_runs_of_few_values_end_at_the_bits_of_a_power_for_each_run(kind):
    knobs = {h.name: h for h in OPTIMIZERS[kind].hyperparameters}
    axes = {name: [knobs[name].default, knobs[name].high] for name in POWERS[kind]}
    spec = sweep.check("rosenbrock", ov.optimizer(kind), {"x": np.linspace(-1.5, 1.5, 9), **axes}, steps=40)
    backend = backends.numpy_backend(spec)
    ways = (lambda function, *_: function, straight, fused)
    plain, *others = (batch.run_all(spec, backend=dataclasses.replace(backend, rewrite=rewrite)) for rewrite in ways)
    for other in others:
        np.testing.assert_array_equal(other.losses, plain.losses)
        np.testing.assert_array_equal(other.points, plain.points)


@pytest.mark.parametrize("values", [[0.9], [0.5, 0.9, -0.0, 0.0], np.linspace(0.0, 0.999, 40)])
def test_what_is_left_of_a_trace_has_no_power(values):
    beta, x, asked = np.tile(values, 3)[:40], np.linspace(1.0, 2.0, 40)[: 3 * len(values)], []

    def rule(t, x):
        power = beta**t
        return x / (1.0 - power) ** 0.5 + power * t, x - 0.96 ** (t * beta)

    def write(found):
        asked.append({ufunc for _, ufunc, _ in found.trace.operations})
        return replay(found)

    call = with_powers(placed(rule, (2, x), (np.empty_like(x), np.empty_like(x))), write)
    assert "power" in asked[0] and asked[-1] == {"divide", "add", "subtract"}
    for t in (2, 3, 1000):
        np.testing.assert_array_equal(call(t, x), rule(t, x))


def test_combinations_are_told_apart_by_their_bits():
    first, index = distinct([np.array([0.0, -0.0, 0.0, 1.0]), np.array([2.0, 2.0, 2.0, 2.0])])
    assert len(first) == 3 and index[0] == index[2] and len(set(index.tolist())) == 3
