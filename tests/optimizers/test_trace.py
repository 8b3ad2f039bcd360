"""A rule's trace is a plain value that says what the rule does, in any language that has its operations."""

import json

import numpy as np
import pytest

import optim_viz as ov
from optim_viz.optimizers.rules import flat
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.optimizers.trace import UntraceableError, trace, traced_rule

RULES = [row.name for row in OPTIMIZERS.values() if row.rule]


@pytest.mark.parametrize("kind", RULES)
def test_a_trace_read_back_from_json_is_the_rule(kind):
    row, values = OPTIMIZERS[kind], ov.optimizer(kind).hyperparameters
    found = traced_rule(row, values)
    assert not found.arrays
    inputs, operations, constants, results = json.loads(
        json.dumps([found.inputs, found.operations, found.constants, found.results])
    )
    given = [3.0, 0.1, 0.5, -0.3, *(0.2 + 0.1 * i for i in range(len(inputs) - 4))]
    known = constants | dict(zip(inputs, given, strict=True))
    for name, ufunc, operands in operations:
        known[name] = getattr(np, ufunc)(*(known[operand] for operand in operands))
    expected = flat(row.step_with(values))(*given)
    np.testing.assert_allclose([known[name] for name in results], expected, rtol=1e-14)


def test_hyperparameters_may_be_inputs_so_that_one_trace_serves_every_value():
    def step(beta, momentum, g):
        return flat(OPTIMIZERS["momentum"].step_with({"momentum": beta}, np))(2, 0.1, 0.0, g, momentum)

    found = trace(step, {"beta": 0.9, "momentum": 0.0, "g": 1.0})
    assert ("multiply", ("beta", "momentum")) in [operation[1:] for operation in found.operations]
    assert 0.9 not in found.constants.values()


@pytest.mark.parametrize("function", [lambda a: (float(a),), lambda a: (a[0],), lambda a: (a if a else 0.0,), np.modf])
def test_what_asks_for_values_is_said(function):
    with pytest.raises(UntraceableError):
        trace(function, {"a": 1.0})
