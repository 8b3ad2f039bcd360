"""Machine code does what NumPy does, bit for bit: every operation, on every kind of number, in every shape."""

import functools
import gc
import itertools
import sys

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from optim_viz.optimizers.trace import function_called
from optim_viz.sweeps import llvm
from optim_viz.sweeps.llvm import OPERATIONS
from optim_viz.sweeps.machine_code import MOST, _Call, fused

SPECIAL = [0.0, -0.0, 1.0, -1.5, 3.0, 1e-300, -1e-310, 1e200, -1e308, np.inf, -np.inf, np.nan]
FLOATS = np.array([*itertools.product(SPECIAL, SPECIAL)] * 3).T.copy()  # longer than a vector, and no multiple of one
BOOLS = np.array([*itertools.product([True, False], [True, False])] * 5).T.copy()


def same(got, expected):
    np.testing.assert_array_equal(got, expected)
    assert got.dtype == expected.dtype


@pytest.mark.parametrize("name", OPERATIONS)
def test_every_operation_is_numpys(name):
    ufunc, (kind, _) = function_called(name), OPERATIONS[name]
    operands = tuple((FLOATS if kind == "float64" else BOOLS)[: getattr(ufunc, "nin", 1)])
    with np.errstate(all="ignore"):
        expected = ufunc(*operands)
    call = fused(lambda *a: (ufunc(*a),), operands, (np.empty_like(expected),))
    assert isinstance(call, _Call)
    (got,) = call(*operands)
    same(got, expected)
    if expected.dtype == float:  # of a NaN, nobody asks the sign
        signs = np.signbit(got) == np.signbit(expected)
        assert (signs | np.isnan(expected)).all()


@pytest.mark.parametrize("shape", [(1,), (7,), (1, 1), (2, 1), (2, 7), (2, 64), (3, 1000)])
def test_rows_numbers_and_constants_meet_as_in_numpy(shape):
    random = np.random.default_rng(0)
    a, b = random.normal(size=(2, *shape))
    lane, number = random.normal(size=shape[-1:]), np.array(0.5)

    def function(t, a, b, lane):
        half = lane * number
        return a * half + t, b - (1.0 - 0.9**t) / half, t + 1, a <= b

    places = (np.empty(shape), np.empty(shape), 0, np.empty(shape, bool))
    call = fused(function, (2, a, b, lane), places)
    assert isinstance(call, _Call)
    for t in (2, 3.5):
        for got, expected in zip(call(t, a, b, lane), function(t, a, b, lane), strict=True):
            same(np.asarray(got), np.asarray(expected))


@given(
    hnp.arrays(float, hnp.array_shapes(max_dims=2, max_side=40), elements=st.floats(allow_nan=False, width=32)),
    st.lists(st.sampled_from(["add", "subtract", "multiply", "divide", "maximum", "minimum"]), max_size=8),
)
def test_a_chain_of_operations_in_place(array, chain):
    def function(a, b):
        for name in chain:
            a, b = getattr(np, name)(a, b), np.sqrt(abs(a))
        return a + 0.0, b + 0.0

    with np.errstate(all="ignore"):
        expected = function(array, -array)
    places = array.copy(), -array
    for got, wanted in zip(fused(function, places, places)(*places), expected, strict=True):
        same(got, wanted)


@pytest.mark.parametrize(
    "function", [lambda a: (np.exp(a),), lambda a: (a**3,), lambda a: (a + np.arange(2),), lambda a: (a[:1],)]
)
def test_what_machine_code_has_not_is_left_to_numpy(function):
    a = np.array([1.0, 2.0])
    call = fused(function, (a,), (np.empty(2),))
    assert not isinstance(call, _Call)
    same(np.broadcast_to(call(a)[0], 2), np.broadcast_to(function(a)[0], 2).astype(float))


def test_code_that_is_forgotten_is_freed_and_what_is_in_use_stays():
    a = np.array([1.0, 4.0])
    used = fused(lambda a: (np.sqrt(a) + 0.5,), (a,), (np.empty(2),))
    for i in range(llvm._jit.cache_info().maxsize + 20):  # each another chain
        chain = [np.sqrt if i >> k & 1 else np.square for k in range(10)]
        call = fused(lambda a, chain=chain: (functools.reduce(lambda x, f: f(x), chain, a),), (a,), (np.empty(2),))
        with np.errstate(all="ignore"):
            same(call(a)[0], functools.reduce(lambda x, f: f(x), chain, a))
    llvm._jit.cache_clear()
    del call
    gc.collect()
    same(used(a)[0], np.sqrt(a) + 0.5)


def test_as_many_operations_as_a_typed_function_may_have_are_machine_code_and_no_more():
    def function(a, count):
        for i in range(count):
            a = a + i / 7.0
        return (a,)

    a = np.linspace(0.0, 1.0, 5)
    for count, fits in ((MOST, True), (MOST + 1, False)):
        call = fused(lambda a, n=count: function(a, n), (a,), (np.empty(5),))
        assert isinstance(call, _Call) == fits
        same(call(a)[0], function(a, count)[0])


def test_places_that_are_not_in_one_piece_are_left_to_numpy():
    a, place = np.array([1.0, 2.0]), np.zeros((2, 2))[:, 0]
    assert not isinstance(fused(lambda a: (a + 1.0,), (a,), (place,)), _Call)
    fused(lambda a: (a + 1.0,), (a,), (place,))(a)
    same(place, a + 1.0)


@pytest.mark.parametrize("wrong", [np.ones(3), np.ones(2, np.float32), np.ones((2, 2))[:, 0], np.ones((1, 2))])
def test_an_array_of_another_kind_is_refused_before_it_is_read(wrong):
    a = np.array([1.0, 2.0])
    call = fused(lambda a: (a + 1.0,), (a,), (np.empty(2),))
    with pytest.raises(TypeError, match="in one piece"):
        call(wrong)
    same(call(a)[0], a + 1.0)


def test_nothing_is_written_to_an_array_that_is_read_only():
    a = np.array([1.0, 2.0])
    call = fused(lambda a: (a + 1.0,), (a,), (a,))
    fixed = a.copy()
    fixed.flags.writeable = False
    with pytest.raises(TypeError, match="to write to"):
        call(fixed)
    same(fixed, a)
    assert not isinstance(fused(lambda a: (a + 1.0,), (a,), (fixed,)), _Call)


def test_another_array_at_the_next_call_is_seen_and_kept_alive():
    place = np.empty(2)
    call = fused(lambda a: (a + 1.0,), (place,), (np.empty(2),))
    for i in range(3):
        same(call(np.full(2, float(i)))[0], np.full(2, i + 1.0))
    assert sys.getrefcount(call.held[0]) >= 2
