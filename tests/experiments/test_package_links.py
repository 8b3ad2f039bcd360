"""Links that name a class of pytorch_optimizer: written and read whole; whatever else they hold ends in a sentence."""

import importlib
import sys
from dataclasses import replace
from urllib.parse import parse_qs, urlencode

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import optim_viz as ov
from optim_viz.experiments import files, links, singles_cost
from optim_viz.experiments.study import Axis
from optim_viz.experiments.study_links import read_study, write_study
from optim_viz.experiments.study_views import FIRST, VIEWS, check
from optim_viz.network import train
from optim_viz.optimizers import packages
from optim_viz.surfaces import descent

pytest.importorskip("pytorch_optimizer")
COMPARED = descent.check("quadratic", ov.optimizer("sgd"), steps=20)
TRAINED = train.check(ov.optimizer("sgd"))
LION = "pytorch_optimizer.Lion"


def spec_of(name, **values):
    return ov.optimizer(f"pytorch_optimizer.{name}", **values)


MADE = [
    spec_of("Lion", lr=0.01, beta1=0.8, maximize=True),
    spec_of("SOAP", precondition_frequency=3, label="mine ~ 50 %"),
    spec_of("Prodigy", d0=1e-5, schedule=ov.schedule("cosine", eta_min=0.1)),
    spec_of("AliG"),
]


@pytest.mark.parametrize(("table", "default"), [(links.DESCENT, COMPARED), (links.TRAINING, TRAINED)])
def test_a_link_holds_classes_values_schedules_and_labels(table, default):
    asked = replace(default, optimizers=tuple(MADE))
    query = parse_qs(urlencode(links.write(table, asked, default), doseq=True))
    assert links.read(table, query, default) == (asked, [])
    assert files.read(files.write(asked)) == asked


#: What a link says, and how the sentence begins.
HOSTILE = {
    "pytorch_optimizer.Lionn": "Unknown pytorch_optimizer 'Lionn'; did you mean 'Lion'?",
    "pytorch_optimizer.qqqqqq": "Unknown pytorch_optimizer 'qqqqqq'; none of the ",
    "pytorch_optimizer.": "Unknown pytorch_optimizer ''; none of the ",
    "pytorch_optimizer": "Unknown optimizer 'pytorch_optimizer'; choose one of",
    "pytorch_optimizer.os.system": "Unknown pytorch_optimizer 'os.system'; ",
    "pytorch_optimizer.__class__": "Unknown pytorch_optimizer '__class__'; ",
    "pytorch_optimizer.load_optimizer": "Unknown pytorch_optimizer 'load_optimizer'; ",
    "pytorch_optimizer.../../etc/passwd": "Unknown pytorch_optimizer '../../etc/passwd'; ",
    "pytorch_optimizer_evil.Lion": "Unknown optimizer 'pytorch_optimizer_evil.Lion'; ",
    "Pytorch_Optimizer.Lion": "Unknown optimizer 'Pytorch_Optimizer.Lion'; ",
    "antigravity.Adam": "Unknown optimizer 'antigravity.Adam'; ",
    "os.system~lr~1": "Unknown optimizer 'os.system'; ",
    "this.Zen": "Unknown optimizer 'this.Zen'; ",
    "pytorch_optimizer.SAM": "'pytorch_optimizer.SAM' needs base_optimizer, which has no default: ",
    f"{LION}~lr~nan": "pytorch_optimizer.Lion: lr must be a number above 0 and at most 1,000,000; got 'nan'.",
    f"{LION}~lr~1e999": "pytorch_optimizer.Lion: lr must be a number above 0",
    f"{LION}~lr~__import__('os')": "pytorch_optimizer.Lion: lr must be a number above 0",
    f"{LION}~beta1~1e30": "pytorch_optimizer.Lion: beta1 must be a number at least -1,000,000,000 and at most",
    f"{LION}~params~1": "pytorch_optimizer.Lion has no hyperparameter 'params'; ",
    f"{LION}~__class__~1": "pytorch_optimizer.Lion has no hyperparameter '__class__'; ",
    f"{LION}~maximize~2": "pytorch_optimizer.Lion: maximize must be true or false; got '2'.",
    f"{LION}~lr": "The link gives pytorch_optimizer.Lion no value for 'lr'.",
    f"{LION}~scale~1~2": "Lion has one learning rate for all: lr_scale cannot be used with it.",
    "pytorch_optimizer.NorMuon": "'pytorch_optimizer.NorMuon' needs use_muon, which has no default: give a function",
    "pytorch_optimizer.DASH~newton_steps~1000000000": "pytorch_optimizer.DASH: newton_steps must be a whole number at ",
    "pytorch_optimizer.Alice~rank~1e9": "pytorch_optimizer.Alice: rank must be a whole number at least -1 and at most ",
    "pytorch_optimizer.SophiaH~num_samples~99999": "pytorch_optimizer.SophiaH: num_samples must be a whole number ",
    "pytorch_optimizer.SOAP~precondition_frequency~1.5": "pytorch_optimizer.SOAP: precondition_frequency must be a who",
}


@pytest.mark.parametrize("text", HOSTILE)
def test_a_hostile_link_ends_in_a_sentence_and_imports_nothing(text, monkeypatch):
    allowed, real = ("pytorch_optimizer", "torch"), importlib.import_module
    monkeypatch.setattr(
        importlib, "import_module", lambda name, *a: real(name, *a) if name.startswith(allowed) else pytest.fail(name)
    )
    before = set(sys.modules)
    spec, notes = links.read(links.DESCENT, {"o": [text, "adam"]}, COMPARED)
    assert len(notes) == 1 and notes[0].removeprefix("The default is used: ").startswith(HOSTILE[text]), notes
    assert [o.kind for o in spec.optimizers][-1] == "adam" and not {"antigravity", "this"} & (set(sys.modules) - before)
    assert spec.optimizers[0] in (spec_of("Lion"), ov.optimizer("adam")) or "~" in text


def test_where_the_package_is_missing_a_link_says_so_and_shows_the_others(monkeypatch):
    packages.hyperparameters.cache_clear()
    packages._classes.cache_clear()
    monkeypatch.setitem(sys.modules, "pytorch_optimizer", None)  # an import of it fails
    spec, notes = links.read(links.DESCENT, {"o": [f"{LION}~lr~0.1", "adam"]}, COMPARED)
    assert [o.kind for o in spec.optimizers] == ["adam"]
    assert notes == ["pytorch_optimizer is not installed where optim-viz runs: pip install pytorch-optimizer."]


@settings(max_examples=60)
@given(st.lists(st.text(st.characters(codec="ascii"), max_size=12), max_size=6))
def test_no_text_behind_a_class_can_raise(parts):
    for text in ("~".join([LION, *parts]), LION + "~".join(parts), "~".join([LION, "lr", *parts])):
        spec, _ = links.read(links.DESCENT, {"o": [text]}, COMPARED)
        assert spec.optimizers


@pytest.mark.parametrize("view", VIEWS)
def test_every_view_of_tune_reads_and_writes_them(view):
    lion = "pytorch_optimizer.Lion~lr~0.01~beta1~0.8"
    query = {"view": [view], "n": ["3"], "o": [lion, "adam"]} | ({"steps": ["5"]} if view != "network" else {})
    asked, notes = read_study(query | ({"x": ["beta2~0.5~0.9"]} if view == "map" else {}), FIRST.opens)
    assert not notes and asked.descent.optimizers == (spec_of("Lion", lr=0.01, beta1=0.8), ov.optimizer("adam"))
    assert read_study(parse_qs(urlencode(write_study(asked), doseq=True)), FIRST.opens) == (asked, [])
    checked = check(asked)
    assert checked.slow and checked.work.seconds > 0 and files.read(files.write(asked)) == asked
    if view == "map":
        assert checked.title == "Lion on Quadratic bowl" and asked.x.name == "beta2" and asked.y.name == "beta1"


@pytest.mark.parametrize(
    ("query", "message"),
    [
        (
            {"view": ["map"], "n": ["256"], "o": [LION]},
            "The runs of Lion go one after the other: 65,536 of 5,000",
        ),
        ({"o": ["pytorch_optimizer.AliG"]}, "goes over learning rates, and AliG takes none"),
        ({"view": ["network"], "o": ["pytorch_optimizer.AliG"]}, "goes over learning rates, and AliG takes none"),
    ],
)
def test_what_tune_has_no_time_for_or_a_class_does_not_take_is_said_before_anything_starts(query, message):
    asked, notes = read_study({"steps": ["5000"], **query}, FIRST.opens)
    with pytest.raises(ov.SpecError, match=message):
        check(asked)
    assert not notes


def test_an_end_that_a_class_does_not_take_is_dropped_with_its_axis_and_refused_where_it_is_not_from_a_link():
    bad = {"view": ["map"], "n": ["3"], "steps": ["5"], "o": [LION], "x": ["x~-2~2"], "y": ["beta1~0.5~2.0"]}
    asked, (note,) = read_study(bad, FIRST.opens)
    assert note.startswith("The link's y was dropped: Lion stopped with ValueError: beta1")
    assert asked.x == Axis("x", -2.0, 2.0) and asked.y.name == "beta1" and check(asked).slow
    with pytest.raises(ov.SpecError, match="Lion stopped with ValueError: beta1"):
        check(replace(asked, y=Axis("beta1", 0.5, 2.0)))


def test_a_curve_of_trainings_has_a_server_s_time_for_one(monkeypatch):
    asked, _ = read_study({"view": ["network"], "n": ["17"], "o": [LION, "sgd"]}, FIRST.opens)
    assert check(asked).work.seconds == 1800
    monkeypatch.setattr(singles_cost, "training_pace", lambda spec, shapes: 2.0 * singles_cost.threads())
    with pytest.raises(ov.SpecError, match=r"The trainings of Lion would take about 71 minutes .* is at most 7 for "):
        check(asked)


def test_a_class_that_one_place_cannot_run_is_left_out_of_its_views_alone():
    for view, kept in (("rates", False), ("network", True)):
        asked, notes = read_study({"view": [view], "o": ["pytorch_optimizer.FAdam", "adam"]}, FIRST.opens)
        assert (asked.descent.optimizers[0].kind != "adam") == kept and (not notes) == kept


def test_whole_numbers_are_bounded_so_that_no_step_of_any_class_takes_long():
    """What counts inner loops or copies of all weights is at most a hundred, or ten times its default."""
    every = [h for kind in packages.kinds() for h in packages.hyperparameters(kind)]
    free = {h.name: h.maximum for h in every if h.scale == "int"}
    assert {free[name] for name in ("num_samples", "keep_num", "newton_steps", "inverse_steps")} == {
        100,
        1000,
    }
    assert free["warmup_steps"] > 1e6 and free["precondition_frequency"] > 1e6
