"""spec -> query -> spec is equal; what a link has wrong is dropped and said."""

from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz import descent, links, network
from optim_viz.optimizers import OPTIMIZERS
from optim_viz.schedules import SCHEDULES
from optim_viz.surfaces import SURFACES, dataset

DEFAULT = descent.check("rosenbrock", [ov.optimizer("sgd"), ov.optimizer("adam", lr=0.05)])

KEYS = st.sampled_from(["f", "box", "start", "steps", "noise", "seed", "o", "x"])


@st.composite
def optimizers(draw):
    kind = draw(st.sampled_from([k for k in OPTIMIZERS if k != "lbfgs"]))
    values = {}
    for h in OPTIMIZERS[kind].hyperparameters:
        if h.scale == "bool":
            values[h.name] = draw(st.booleans()) if h.name != "nesterov" else False
        elif h.scale == "int":
            values[h.name] = draw(st.integers(int(h.low), int(h.high)))
        else:
            values[h.name] = draw(st.floats(max(h.low, 1e-12), h.high, exclude_max=h.open_high))
    scale = draw(st.none() | st.tuples(st.floats(0, 2), st.floats(0, 2)))
    return ov.optimizer(kind, schedule=draw(schedules()), lr_scale=scale, label=draw(st.text(max_size=12)), **values)


@st.composite
def schedules(draw):
    kind = draw(st.none() | st.sampled_from([k for k in SCHEDULES if k != "constant"]))
    if kind is None:
        return None
    values = {}
    for h in SCHEDULES[kind].hyperparameters:
        if h.scale == "int":
            values[h.name] = draw(st.integers(int(max(h.low, h.minimum)), int(h.high)))
        elif h.scale != "bool":
            values[h.name] = draw(st.floats(max(h.low, 1e-9), h.high))
    return ov.schedule(kind, **values)


@st.composite
def comparisons(draw):
    if draw(st.booleans()):
        surface = SURFACES[draw(st.sampled_from(list(SURFACES)))]
    else:
        surface = ov.surface("x^2 + sin(3*y)", bounds=(-1, draw(st.floats(0.5, 9)), -2, 2))
    x0, x1, y0, y1 = surface.bounds
    return descent.check(
        surface,
        draw(st.lists(optimizers(), min_size=1, max_size=8)),
        (draw(st.floats(x0, x1)), draw(st.floats(y0, y1))),
        draw(st.integers(1, 5000)),
        draw(st.floats(0, 10)),
        draw(st.none() | st.integers(1, len(dataset(surface)))) if surface.data else None,
        draw(st.integers(0, 2**32 - 1)),
    )


def through_a_url(query):
    return parse_qs(urlencode(query, doseq=True), keep_blank_values=True)


@settings(max_examples=200, deadline=None, derandomize=True)
@given(comparisons())
def test_round_trip(spec):
    read, notes = links.read_descent(through_a_url(links.write_descent(spec, DEFAULT)), DEFAULT)
    assert notes == [] and read == spec


@st.composite
def trainings(draw):
    specs = draw(st.lists(optimizers(), min_size=1, max_size=6))
    layers = st.none() | st.dictionaries(st.sampled_from(["layer.0", "layer.1"]), st.floats(0, 2), min_size=1)
    scales = [draw(layers) for _ in specs]
    return network.check(
        [replace(s, lr_scale=tuple(scale.items()) if scale else None) for s, scale in zip(specs, scales, strict=True)],
        draw(st.integers(1, 9)),
        draw(st.integers(32, 999)),
        draw(st.lists(st.integers(1, 400), min_size=1, max_size=3)),
        draw(st.booleans()),
        draw(st.integers(0, 2**32 - 1)),
        draw(st.integers(1, 10)),
    )


@settings(max_examples=200, deadline=None, derandomize=True)
@given(trainings())
def test_round_trip_of_a_training(spec):
    default = network.check([ov.optimizer("sgd", lr=0.01)])
    read, notes = links.read_network(through_a_url(links.write_network(spec, default)), default)
    assert notes == [] and read == spec


def test_a_link_cannot_name_a_file_on_the_server():
    default = network.check([ov.optimizer("sgd", lr=0.01)])
    spec, notes = links.read_network({"data": ["/etc/passwd"]}, default)
    assert spec == default and "unknown here" in notes[0]


def test_equal_specs_give_bit_equal_trajectories():
    spec = descent.check("himmelblau", [ov.optimizer("adam", lr=0.123456789)], steps=200, noise=0.3, seed=9)
    read, _ = links.read_descent(through_a_url(links.write_descent(spec, DEFAULT)), DEFAULT)
    a, b = descent.run(spec)["adam"], descent.run(read)["adam"]
    assert np.array_equal(a.points, b.points) and np.array_equal(a.losses, b.losses)


def test_defaults_stay_out_of_the_link():
    assert links.write_descent(DEFAULT, DEFAULT) == {}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("f=rosenbrok", "Unknown surface 'rosenbrok'; did you mean 'rosenbrock'?"),
        ("steps=0", "steps must be a whole number from 1 to 100,000; got '0'."),
        ("steps=many", "steps must be a number; got 'many'."),
        ("start=1", "start must be two numbers"),
        ("start=99~0", "lies outside the plane drawn"),
        ("seed=-1", "seed must be a whole number from 0"),
        ("noise=nan", "noise must be a finite number; got 'nan'."),
        ("o=adma~lr~1", "Unknown optimizer 'adma'; did you mean 'adam'?"),
        ("o=adam~lr~-1", "adam: lr must be a number above 0; got '-1'; the default is used."),
        ("o=adam~lr", "The link gives adam no value for 'lr'."),
        ("o=adam~foo~1", "adam has no hyperparameter 'foo'"),
        ("o=sgd&" * 9, "The link names 9 optimizers; the first 8 are shown."),
        ("banana=1", "The link's 'banana' is unknown here"),
        ("f=import os", "character"),
        ("o=%00%ff~~~", "Unknown optimizer"),
    ],
)
def test_a_mangled_link_opens_with_what_is_valid_and_says_what_was_dropped(query, sentence):
    spec, notes = links.read_descent(parse_qs(query, keep_blank_values=True), DEFAULT)
    assert any(sentence in note for note in notes), notes
    assert descent.run(spec).trajectories


@settings(max_examples=200, deadline=None, derandomize=True)
@given(st.dictionaries(KEYS, st.lists(st.text(max_size=30), min_size=1, max_size=3)))
def test_no_link_can_raise(query):
    spec, _ = links.read_descent(query, DEFAULT)
    assert spec.optimizers
