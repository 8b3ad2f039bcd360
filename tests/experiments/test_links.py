"""spec -> query -> spec is equal; what a link has wrong is dropped and said."""

from dataclasses import replace
from functools import partial
from pathlib import Path
from urllib.parse import parse_qs, unquote, unquote_plus, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz.experiments import links
from optim_viz.experiments.fairness import FAIRNESS, ON_NETWORK, Fair
from optim_viz.experiments.study_links import read_study, write_study
from optim_viz.experiments.study_views import FIRST
from optim_viz.network import train
from optim_viz.surfaces import descent
from tests.strategies import comparisons, through_a_url, trainings

DEFAULT = descent.check("rosenbrock", [ov.optimizer("sgd"), ov.optimizer("adam", lr=0.05)])

KEYS = st.sampled_from(["f", "box", "start", "steps", "noise", "seed", "o", "x", "a"])


FAIR = Fair(DEFAULT)
TRAINED = Fair(train.check([ov.optimizer("sgd", lr=0.01)]))


def bits(run):
    """All numbers of a run, to the last bit."""
    return [getattr(run, name).tobytes() for name in ("points", "losses", "gradients", "lrs")]


@settings(max_examples=80)
@given(comparisons(), st.sampled_from([*FAIRNESS]))
def test_round_trip_and_equal_specs_give_bit_equal_trajectories(spec, mode):
    """Every number of the first 40 steps, which is where all of them come from, is compared."""
    asked = Fair(spec, mode)
    query = through_a_url(links.write(links.FAIR_DESCENT, asked, FAIR))
    read, notes = links.read(links.FAIR_DESCENT, query, FAIR)
    assert notes == [] and read == asked
    here, there = (descent.run(replace(s, steps=min(s.steps, 40))) for s in (spec, read.spec))
    assert [bits(run) for run in here] == [bits(run) for run in there]


@settings(max_examples=80)
@given(trainings(), st.sampled_from([*ON_NETWORK]))
def test_round_trip_of_a_training(spec, mode):
    asked = Fair(spec, mode)
    query = through_a_url(links.write(links.FAIR_TRAINING, asked, TRAINED))
    read, notes = links.read(links.FAIR_TRAINING, query, TRAINED)
    assert notes == [] and read == asked


@settings(max_examples=10)
@given(trainings(most=1))
def test_equal_trainings_give_bit_equal_curves(spec):
    small = replace(spec, epochs=1, batch_size=2000, hidden=spec.hidden[:1], seeds=1)
    read, _ = links.read(links.TRAINING, through_a_url(links.write(links.TRAINING, small, TRAINED.spec)), TRAINED.spec)
    here, there = train.run(small).runs[0], train.run(read).runs[0]
    assert here.losses.tobytes() == there.losses.tobytes()
    assert here.test_losses.tobytes() == there.test_losses.tobytes()


OLD = [line.split(" ") for line in (Path(__file__).parent / "links_of_0_1_0.txt").read_text().splitlines()]
PAGES = {
    "compare": (partial(links.read, links.FAIR_DESCENT), partial(links.write, links.FAIR_DESCENT), FAIR),
    "network": (partial(links.read, links.FAIR_TRAINING), partial(links.write, links.FAIR_TRAINING), TRAINED),
    "tune": (read_study, lambda study, default: write_study(study), FIRST.opens),
}


@pytest.mark.parametrize("page", PAGES)
def test_links_that_version_0_1_0_wrote_are_read_whole_and_written_again(page):
    read, write, default = PAGES[page]
    old = [link for name, link in OLD if name == page]
    assert len(old) >= 60
    for link in old:
        asked, notes = read(parse_qs(link, keep_blank_values=True), default)
        written = urlencode(write(asked, default), doseq=True)
        # Labels were escaped twice then, once for the address and once more; they are read all the same.
        assert notes == [] and unquote(unquote_plus(written)) == unquote(unquote_plus(link))
        assert written == link or "label~" in link
        assert read(parse_qs(written, keep_blank_values=True), default) == (asked, [])


def test_a_label_is_escaped_once():
    spec = replace(DEFAULT, optimizers=(ov.optimizer("adam", label="Größe ~50 %"),))
    (text,) = links.write(links.DESCENT, spec, DEFAULT)["o"]
    assert text == "adam~label~Größe %7E50 %25"
    assert links.read(links.DESCENT, {"o": [text]}, DEFAULT) == (spec, [])


def test_a_link_cannot_name_a_file_on_the_server():
    default = train.check([ov.optimizer("sgd", lr=0.01)])
    spec, notes = links.read(links.TRAINING, {"data": ["/etc/passwd"]}, default)
    assert spec == default and "unknown here" in notes[0]


def test_a_link_names_the_parameters_that_are_not_1():
    own = ov.surface("d + ax^2/(b - 1) + y^2", bounds=(-1, 2, -1, 2), a=0.5, b=3.0)
    spec = replace(DEFAULT, surface=own, start=own.start)
    query = links.write(links.DESCENT, spec, DEFAULT)
    assert query == {"f": ["d + ax^2/(b - 1) + y^2"], "box": ["-1.0~2.0~-1.0~2.0"], "a": ["0.5"], "b": ["3.0"]}
    assert links.read(links.DESCENT, through_a_url(query), DEFAULT) == (spec, [])  # with b = 1 it has no value at all
    assert links.write(links.DESCENT, spec)["d"] == ["1.0"]


def test_defaults_stay_out_of_the_link():
    assert links.write(links.DESCENT, DEFAULT, DEFAULT) == {}


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("f=rosenbrok", "Unknown surface 'rosenbrok'; did you mean 'rosenbrock'?"),
        ("steps=0", "steps must be a whole number from 1 to 100,000; got '0'."),
        ("steps=many", "steps must be a whole number from 1 to 100,000; got 'many'."),
        ("start=1", "start must be two numbers"),
        ("start=99~0", "lies outside the plane drawn"),
        ("seed=-1", "seed must be a whole number from 0"),
        ("noise=nan", "noise must be a number from 0 to 1,000,000; got 'nan'."),
        ("o=adma~lr~1", "Unknown optimizer 'adma'; did you mean 'adam'?"),
        ("o=adam~lr~-1", "The default is used: adam: lr must be a number above 0 and at most 1,000,000; got '-1'."),
        ("o=adam~lr", "The link gives adam no value for 'lr'."),
        ("o=adam~foo~1", "adam has no hyperparameter 'foo'"),
        ("o=sgd&" * 9, "The link names 9 optimizers; the first 8 are shown."),
        ("banana=1", "The link's 'banana' is unknown here"),
        ("f=import os", "character"),
        ("f=ax&b=2", "The link's b was dropped: This function has no parameter 'b'; it has a."),
        ("f=ax&a=much", "The link's a was dropped: a must be a number; got 'much'."),
        ("f=ax&a=1e9", "a must be from -1e+06 to 1e+06"),
        ("a=2", "The link's a was dropped: Rosenbrock has no parameter 'a'"),
        ("o=%00%ff~~~", "Unknown optimizer"),
        ("o=muon~lr~0.02", "Muon takes matrices of weights as a whole, and a surface has two single weights"),
        ("o=sparseadam", "SparseAdam needs sparse gradients"),
    ],
)
def test_a_mangled_link_opens_with_what_is_valid_and_says_what_was_dropped(query, sentence):
    spec, notes = links.read(links.DESCENT, parse_qs(query, keep_blank_values=True), DEFAULT)
    assert any(sentence in note for note in notes), notes
    assert descent.run(spec).trajectories


def test_what_a_surface_cannot_show_is_left_out_and_the_others_stay():
    spec, notes = links.read(links.DESCENT, {"o": ["sgd", "adafactor", "adam"]}, DEFAULT)
    assert [o.kind for o in spec.optimizers] == ["sgd", "adam"] and len(notes) == 1


@settings(max_examples=80)
@given(st.dictionaries(KEYS, st.lists(st.text(max_size=30), min_size=1, max_size=3)))
def test_no_link_can_raise(query):
    spec, _ = links.read(links.DESCENT, query, DEFAULT)
    assert spec.optimizers
