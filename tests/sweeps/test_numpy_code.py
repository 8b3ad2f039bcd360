"""What is written down and replayed, as NumPy or machine code, gives its own bits; what cannot be is left as it is."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.surfaces.compiled import compiled
from optim_viz.sweeps import backends, basins, batch, sweep
from optim_viz.sweeps.cells import cell_values
from optim_viz.sweeps.machine_code import fused
from optim_viz.sweeps.numpy_code import straight
from tests.reference import array_steps

KINDS = [row.name for row in OPTIMIZERS.values() if row.rule]
#: Polynomials, a power, exponentials, roots and absolute values, and a sum that cannot be traced.
SMOOTH_AND_NOT = ["himmelblau", "rosenbrock", "goldstein_price", "ackley", "bukin_n6", "logistic_regression"]
STEPS = 25


def same_bits(spec):
    """A batch ends at the same bits as NumPy code, as machine code, and as it is."""
    backend = backends.numpy_backend(spec)
    ways = (lambda function, *_: function, straight, fused)
    plain, *others = (batch.run_all(spec, backend=dataclasses.replace(backend, rewrite=rewrite)) for rewrite in ways)
    for other in others:
        for name in ("losses", "points", "steps_to", "spread", "done"):
            np.testing.assert_array_equal(getattr(other, name), getattr(plain, name), err_msg=name)


@pytest.mark.parametrize("surface", SMOOTH_AND_NOT)
@pytest.mark.parametrize("kind", KINDS)
def test_every_optimizer_ends_at_the_same_bits(kind, surface):
    for schedule in (None, ov.schedule("cosine")):
        same_bits(basins.check(surface, ov.optimizer(kind, schedule=schedule), 9, STEPS))


@pytest.mark.parametrize("kind", KINDS)
def test_and_under_a_map_of_every_hyperparameter(kind):
    optimizer = ov.optimizer(kind, lr_scale=(1.0, 0.3))
    knobs = [h for h in OPTIMIZERS[kind].hyperparameters if h.scale != "bool"]
    for knob in knobs:
        low, high = (knob.default, knob.high) if knob.name != "lr" else (1e-3, 10.0)  # where some overflow
        same_bits(sweep.check("rosenbrock", optimizer, {knob.name: [low, high]}, steps=STEPS))


@pytest.mark.parametrize("more", [{"noise": 0.3, "seeds": 3}, {"batch_size": 4, "seeds": 2}, {"noise": 0.1}])
@pytest.mark.parametrize("plan", [None, "plateau", "onecycle"])
def test_and_with_draws_and_schedules(more, plan):
    surface = "linear_regression" if "batch_size" in more else "beale"
    optimizer = ov.optimizer("nadam", schedule=plan and ov.schedule(plan), weight_decay=0.01)
    same_bits(sweep.check(surface, optimizer, {"lr": [1e-3, 0.1], "x": [-1.0, 2.0]}, steps=STEPS, **more))


@pytest.mark.parametrize("kind", KINDS)
@pytest.mark.parametrize("surface", SMOOTH_AND_NOT)
def test_they_are_the_bits_of_the_steps_that_are_not_reused(surface, kind):
    spec = basins.check(surface, ov.optimizer(kind, lr=1e-5), 9, STEPS)
    starts, _ = cell_values(spec, np.arange(spec.cells))
    *_, (_, last, _) = array_steps(compiled(spec.surface), spec.optimizer, starts, [(1e-5, 1e-5)] * STEPS)
    points = batch.run_all(spec, False).points[:, 0]
    np.testing.assert_array_equal(points, np.where(np.isnan(points), np.nan, last))
    assert np.isfinite(points).any()


@pytest.mark.parametrize("kind", KINDS)
def test_every_rule_is_machine_code_on_a_polynomial(kind):
    forms = []

    def rewrite(function, arguments, places):
        forms.append(fused(function, arguments, places))
        return forms[-1]

    spec = basins.check("himmelblau", ov.optimizer(kind), 4, 3)
    batch.run_all(spec, backend=dataclasses.replace(backends.numpy_backend(spec), rewrite=rewrite))
    assert len(forms) == 6  # loss, what is still finite, the box, who has arrived, gradient and rule
    assert {type(form).__name__ for form in forms} == {"_Call"}


def test_machine_code_is_made_for_much_work_and_draws_count():
    most = backends.WORTH_MACHINE_CODE

    def chosen(**options):
        spec = sweep.check("quadratic", ov.optimizer("sgd"), {"lr": [0.1] * 1000}, **options)
        return backends.numpy_backend(spec).rewrite

    assert chosen(steps=most // 1000) is fused and chosen(steps=most // 1000 - 1) is straight
    assert chosen(steps=most // 5000, seeds=5) is straight  # without draws the seeds share a run
    assert chosen(steps=most // 5000, seeds=5, noise=0.1) is fused


FORMS = pytest.mark.parametrize("form", [straight, fused])
ARRAY = np.array([[1.0, -2.0, 3.0], [0.5, 0.0, -1.0]])


@pytest.mark.parametrize(
    "function",
    [
        lambda t, a: (a if a[0] > 0 else -a,),
        lambda t, a: (a if a == 0 else -a,),
        lambda t, a: (np.where(a > 0, a, -a),),
        lambda t, a: (np.asarray(a)[..., None].mean(-1),),
        lambda t, a: (np.add.reduce(a),),
        lambda t, a: (np.add(a, 1.0, where=a > 0),),
        lambda t, a: (np.modf(a)[0],),
        lambda t, a: (a if t else -a,),
        lambda t, a: (float(t) * a,),
        lambda t, a: (t * 2.0,),  # a number where an array is wanted
    ],
)
def test_what_asks_for_values_is_left_as_it_is(function):
    a = ARRAY.copy()
    assert straight(function, (1, a), (a,)) is function
    assert fused(function, (1, a), (a,)) is function


def test_arguments_that_change_places_are_left_alone():
    a, b = ARRAY.copy(), -ARRAY
    swap = lambda a, b: (b, a)  # noqa: E731
    assert straight(swap, (a, b), (a, b)) is swap


@FORMS
def test_a_result_waits_while_its_place_is_needed(form):
    a, b = ARRAY.copy(), ARRAY + 1.0
    step = form(lambda a, b: (a + b, a * b), (a, b), (a, b))
    a_next, b_next = step(a, b)
    assert a_next is a and b_next is b
    np.testing.assert_array_equal(a, ARRAY + (ARRAY + 1.0))
    np.testing.assert_array_equal(b, ARRAY * (ARRAY + 1.0))


@FORMS
def test_one_result_in_two_places_a_constant_and_an_argument(form):
    a, places = ARRAY.copy(), [np.empty_like(ARRAY) for _ in range(4)]

    def function(a):
        twice = a * 2.0
        return twice, twice, 7, a

    assert all(got is place for got, place in zip(form(function, (a,), places)(a), places, strict=True))
    for place, expected in zip(places, (ARRAY * 2.0, ARRAY * 2.0, 7.0, ARRAY), strict=True):
        np.testing.assert_array_equal(place, np.broadcast_to(expected, ARRAY.shape))


@given(st.lists(st.sampled_from("+-*/pq"), max_size=30), st.integers(2, 50))
def test_a_chain_of_operations_gives_the_same_bits_in_little_memory(chain, t):
    turns = {
        "+": lambda t, a, b: (a + b, b),
        "-": lambda t, a, b: (b - 0.1 * t, a),
        "*": lambda t, a, b: (a * (1.0 - 0.9**t), b * a),
        "/": lambda t, a, b: (a / (abs(b) + 2), np.sqrt(abs(a))),
        "p": lambda t, a, b: (a**3 / 10.0, b**2),
        "q": lambda t, a, b: (np.maximum(a, b), np.sign(a) * b),
    }

    def function(t, a, b):
        for turn in chain:
            a, b = turns[turn](t, a, b)
        return a + 0.0, b + 0.0

    places = [np.empty_like(ARRAY), np.empty_like(ARRAY)]
    call = straight(function, (2, ARRAY, ARRAY - 1.0), places)
    with np.errstate(all="ignore"):
        for got, expected in zip(call(t, ARRAY, ARRAY - 1.0), function(t, ARRAY, ARRAY - 1.0), strict=True):
            np.testing.assert_array_equal(got, expected)
    memory = [value for value in call.__globals__.values() if isinstance(value, np.ndarray) and value.shape]
    assert len(memory) <= 5  # two places, two values and one on the way
