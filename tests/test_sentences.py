"""Wrong calls end in one sentence that says what to write instead, and repeats at most 80 characters of the input."""

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz.export import site
from optim_viz.spec import ECHO, flag, nearest, number, one_of, quoted, short, whole

ADAM = ov.optimizer("adam")
LONG = "x" * 500
#: Numbers of no line: what is thrown away of them is never what is meant.
COMPLEX = [np.complex128(0.1 + 5j), np.complex64(0.5), np.array(1 + 5j), torch.tensor(1 + 5j), torch.tensor(1 + 0j)]
#: What nobody should hand over, and what is meant nowhere.
ODD = [None, LONG, 10**5000, np.zeros((2000, 2000)), {}, [LONG] * 500, float("nan"), object(), ADAM, torch.zeros(2), 1j]
ODD += [*COMPLEX, ov.schedule("cosine"), np.array("quadratic")]


class Adam:
    """As torch.optim.Adam, whose making takes seconds the first time: an optimizer that has parameters already."""

    param_groups = ()


class Broken:
    """A value that cannot even be printed."""

    def __repr__(self):
        raise RuntimeError("no")


@pytest.mark.parametrize(
    "value", [*ODD, Broken(), "\n" * 300, list(range(10**5)), {LONG: LONG}], ids=lambda v: type(v).__name__
)
def test_what_is_quoted_is_short_and_on_one_line(value):
    assert len(quoted(value)) <= ECHO and "\n" not in quoted(value)


def test_what_is_short_is_quoted_as_it_is():
    assert [quoted(v) for v in ("adam", 0.5, [1, 2], None)] == ["'adam'", "0.5", "[1, 2]", "None"]
    assert short("a" * ECHO) == "a" * ECHO and len(short("a" * 81)) == ECHO


@pytest.mark.parametrize("value", ODD, ids=lambda v: type(v).__name__)
@pytest.mark.parametrize(
    "check",
    [
        lambda v: number(v, "lr"),
        lambda v: whole(v, "steps", 1, 5),
        lambda v: flag(v, "relu"),
        lambda v: one_of(v, ["sgd"], "optimizer"),
        ov.optimizer,
        lambda v: ov.optimizer("adam", lr=v),
        lambda v: ov.optimizer("adam", amsgrad=v),
        lambda v: ov.optimizer("adam", lr_scale=(v, v)),
        lambda v: ov.schedule("step", gamma=v),
        ov.surface,
        lambda v: ov.surface("x^2", bounds=v),
        lambda v: ov.descend("quadratic", ADAM, steps=v),
        lambda v: ov.descend("quadratic", ADAM, noise=v),
        lambda v: ov.descend("quadratic", ADAM, start=(v, v)),
        lambda v: ov.sweep("quadratic", ADAM, {"lr": [v]}),
        lambda v: ov.sweep("quadratic", ADAM, {"lr": [0.1]}, tolerance=v),
        lambda v: ov.schedule("multistep", milestones=[v]),
        lambda v: ov.schedule("sequential", parts="linear, cosine", milestones=[v]),
    ],
)
def test_odd_values_end_in_a_short_sentence(check, value):
    with pytest.raises(ov.SpecError) as error:
        check(value)
    assert len(str(error.value)) < 420 and "\n" not in str(error.value)


@pytest.mark.parametrize("value", [*COMPLEX, torch.tensor(True), np.True_], ids=repr)
def test_nothing_of_a_number_is_thrown_away(value, recwarn):
    for check in (lambda v: number(v, "lr"), lambda v: whole(v, "steps", 0, 9)):
        with pytest.raises(ov.SpecError):
            check(value)
    assert not recwarn.list


#: Where several are meant.
SEVERAL = {
    "lr_scale": lambda v: ov.optimizer("sgd", lr_scale=v),
    "milestones": lambda v: ov.schedule("multistep", milestones=v),
    "parts": lambda v: ov.schedule("sequential", parts=v, milestones=[10]),
    "start": lambda v: ov.descend("quadratic", "sgd", start=v),
    "bounds": lambda v: ov.surface("x^2 + y^2", bounds=v),
    "optimizers": lambda v: ov.descend("quadratic", v),
    "halton": lambda v: ov.halton({"lr": v}, 4),
    "axis": lambda v: ov.sweep("quadratic", "sgd", {"lr": v}),
    "axes": lambda v: ov.sweep("quadratic", "sgd", v),
    "surfaces": lambda v: ov.stress("sgd", surfaces=v, horizons=[5]),
    "horizons": lambda v: ov.stress("sgd", surfaces=["quadratic"], horizons=v),
    "lrs": lambda v: ov.train_sweep("sgd", v),
    "axis of trainings": lambda v: ov.train_sweep("sgd", [0.1], axes={"width": v}),
    "hidden": lambda v: ov.train("sgd", hidden=v),
    "shape": lambda v: ov.matrix_task("sgd", shape=v),
    "params": lambda v: ov.record(torch.nn.Linear(2, 1), params=v),
    "recordings": ov.project,
    "files": lambda v: ov.save(v, "x.png"),
}


@pytest.mark.parametrize("value", [np.array(100), torch.tensor(100), np.array("sgd"), ov.schedule("cosine")], ids=repr)
@pytest.mark.parametrize("name", SEVERAL)
def test_one_where_several_are_meant_ends_in_a_sentence(name, value):
    with pytest.raises(ov.SpecError) as error:
        SEVERAL[name](value)
    assert len(str(error.value)) < 420 and quoted(value) in str(error.value)


@pytest.fixture(scope="module")
def training():
    return ov.train(ADAM, epochs=1, batch_size=4000, hidden=(2,))


@pytest.mark.parametrize(
    ("call", "sentence"),
    [
        (lambda: ov.optimizer("adam", schedule="cosine"), "such as ov.schedule('cosine'); got 'cosine'."),
        (lambda: ov.optimizer("adam", schedule="cosin"), "Unknown schedule 'cosin'; did you mean 'cosine'?"),
        (lambda: ov.optimizer("adam", schedule=1), "such as ov.schedule('cosine'); got 1."),
        (lambda: ov.optimizer("adam", lr_scale=3), "one factor for x and one for y, or a mapping; got 3."),
        (lambda: ov.optimizer("adam", betas=(0.9, 0.99)), "betas as 2 numbers, beta1=... and beta2=...; got (0.9"),
        (lambda: ov.optimizer("rprop", etas=(0.5, 1.2)), "write etas as 2 numbers, etaminus=... and etaplus=..."),
        (lambda: ov.optimizer("muon", ns_coefficients=(3, -4, 2)), "as 3 numbers, ns_a=..., ns_b=... and ns_c=..."),
        (lambda: ov.optimizer("adafactor", eps=(None, 1e-3)), "write eps as 2 numbers, eps1=... and eps2=..."),
        (lambda: ov.optimizer("adafactor", beta2_decay=1), "a number at least -10 and at most 0; got 1."),
        (lambda: ov.optimizer("sparseadam"), "SparseAdam needs sparse gradients, and neither a surface nor"),
        (lambda: ov.descend("quadratic", "muon"), "Muon takes matrices of weights as a whole, and a surface has two"),
        (lambda: ov.basins("quadratic", "adafactor"), "Adafactor takes matrices of weights as a whole, and a surface"),
        (lambda: ov.tune("quadratic", ["sgd", "muon"]), "two single weights: train the network with it."),
        (lambda: ov.optimizer("sgd", betas=(0.9, 0.99)), "sgd has no hyperparameter 'betas'"),
        (lambda: ov.optimizer("sgd", label=LONG), "A label has at most 80 characters; 'xxx"),
        (lambda: ov.optimizer("sgd", label="a\udfff"), r"A label is Unicode text; 'a\udfff' holds half a character"),
        (lambda: ov.descend("quadratic", Adam()), "give a function, lambda params: Adam(params)."),
        (lambda: ov.descend("quadratic", None), "or a function params -> optimizer; got None."),
        (lambda: ov.descend("quadratic", "adma"), "Unknown optimizer 'adma'; did you mean 'adam'?"),
        (lambda: ov.descend(lambda x, y: x * x, ADAM), "got a Python function, whose formula is not known."),
        (lambda: ov.descend(LONG, ADAM), "Unknown surface 'xxx"),
        (lambda: ov.basins("quadratic", [ADAM] * 2), "one optimizer; got 2: call it once for each."),
        (lambda: ov.sweep("quadratic", [ADAM] * 2, ov.halton({"lr": (0.1, 1)}, 4)), "of one optimizer; got 2: call it"),
        (lambda: ov.sweep("quadratic", ADAM, ["lr"]), "such as {'lr': [0.01, 0.1]}; got ['lr']."),
        (lambda: ov.train(ADAM, data=np.zeros(3)), "np.savez('mine.npz', x=x, y=y) writes; got array("),
        (lambda: ov.train(ADAM, data="\ud800"), "could not be read"),
        (lambda: ov.train(ADAM, final_relu="yes"), "final_relu must be true or false; got 'yes'."),
        (lambda: ov.theory(1), "A surface is a name or a text in x and y"),
        (lambda: ov.save(ov.sweep("quadratic", ADAM, {"lr": [0.1]}), "x.png"), "to_frame() gives its table."),
        (lambda: ov.save("x.png", ov.descend("quadratic", ADAM, steps=1)), "or ov.load returns; got 'x.png'."),
        (lambda: ov.descend("quadratic", ADAM, steps=float("nan")), "whole number from 1 to 100,000; got nan."),
        (lambda: ov.descend("quadratic", ADAM, steps=None), "whole number from 1 to 100,000; got None."),
        (lambda: ov.descend("quadratic", ADAM, steps=True), "whole number from 1 to 100,000; got True."),
        (lambda: ov.descend("quadratic", ADAM, steps=b"1"), "whole number from 1 to 100,000; got b'1'."),
        (lambda: ov.descend("quadratic", ADAM, noise="x"), "noise must be a number from 0 to 1,000,000; got 'x'."),
        (lambda: ov.descend("quadratic", ADAM, noise=True), "noise must be a number from 0 to 1,000,000; got True."),
        (lambda: ov.descend("quadratic", ADAM, seed="x"), "seed must be a whole number from 0 to 4,294,967,295"),
        (lambda: ov.sweep("quadratic", ADAM, {"lr": [1]}, tolerance="x"), "tolerance must be above 0 and below 1"),
        (lambda: ov.basins("quadratic", ADAM, resolution="x"), "resolution must be a whole number from 2 to"),
        (lambda: ov.descend("quadratic", ADAM, start="12"), "start must be two numbers (x, y); got '12'."),
        (lambda: ov.descend("quadratic", ADAM, drawn=np.array([1, 2])), "Unknown way of drawing array([1, 2]);"),
        (lambda: ov.descend("quadratic", torch.tensor(0.1)), "or a function params -> optimizer; got tensor(0.1"),
        (lambda: ov.surface("x^2+y^2", bounds="0101"), "bounds must be four numbers (x low, x high, y low, y high)"),
        (lambda: ov.optimizer("sgd", lr_scale="12"), "one factor for x and one for y, or a mapping; got '12'."),
        (lambda: ov.optimizer("sgd", clip_norm={}), "clip_norm must be a number at least 0 and at most"),
        (lambda: ov.optimizer("sgd", clip_norm=False), "clip_norm must be a number at least 0 and at most"),
        (lambda: ov.optimizer("sgd", clip_value=""), "clip_value must be a number at least 0 and at most"),
        (lambda: ov.optimizer("sgd", clip_value=np.ones(2)), "clip_value must be a number at least 0 and at most"),
        (lambda: ov.halton({"lr": "12"}, 4), "The range of lr must be two numbers; got '12'."),
        (lambda: ov.train(ADAM, hidden="12"), "hidden must be a tuple of layer sizes, such as (300, 200); got '12'."),
        (lambda: ov.matrix_task(ADAM, shape="12"), "shape is how many numbers a value has and how many keys"),
        (lambda: ov.stress(horizons=5), "horizons are numbers of steps, such as (100, 1000); got 5."),
        (lambda: ov.stress(surfaces=5), "A surface is a name or a text in x and y"),
        (lambda: ov.sweep("quadratic", ADAM, {"lr": [1]}, progress=5), "progress is a function, called with"),
        (lambda: ov.sweep("quadratic", ADAM, {"lr": [1]}, cancel=5), "cancel is a threading.Event; got 5."),
        (lambda: ov.sweep("quadratic", ADAM, {"lr": [1]}, executor=5), "executor is a concurrent.futures.Executor"),
        (lambda: ov.basins("quadratic", ADAM, executor=5), "executor is a concurrent.futures.Executor; got 5."),
        (lambda: ov.tune("quadratic", ADAM, cancel=5), "cancel is a threading.Event; got 5."),
        (lambda: ov.stress(executor=5), "executor is a concurrent.futures.Executor; got 5."),
        (lambda: ov.sweep_to("no", "quadratic", ADAM, {"lr": [1]}, progress=5), "progress is a function, called"),
        (lambda: ov.train_sweep(ADAM, [0.1], executor=5), "executor is a concurrent.futures.Executor; got 5."),
        (lambda: ov.train(ADAM, cancel=5), "cancel is a threading.Event; got 5."),
        (lambda: ov.matrix_task(ADAM, progress=5), "progress is a function, called with"),
        (lambda: ov.sharpness(None, progress=5), "progress is a function, called with"),
        (lambda: ov.save(ov.descend("quadratic", ADAM, steps=1), "a.gif", progress=5), "progress is a function, "),
        (lambda: ov.schedule("constant", factor=1), "has no hyperparameter 'factor'; there are none."),
        (lambda: ov.optimizer("adam", clip_nrm=1), "did you mean 'clip_norm'?"),
        (lambda: ov.project(5), "or ov.record's recordings; got 5."),
        (lambda: ov.optimizer(float("nan")), "Unknown optimizer nan; choose one of"),
        (lambda: ov.sweep("quadratic", ADAM, {"lr": np.ones((2, 2))}), "The axis 'lr' must be a list of numbers; got"),
        (lambda: ov.sweep("quadratic", ADAM, {"lr": "12"}), "The axis 'lr' must be a list of numbers; got '12'."),
        (lambda: ov.save(ov.descend("quadratic", ADAM, steps=1), True), "path must be a path, as a text or a pathlib"),
        (lambda: ov.save(ov.descend("quadratic", ADAM, steps=1), "a\0.csv"), "path must be a path, as a text"),
        (lambda: ov.load(b"a"), "path must be a path, as a text or a pathlib.Path; got b'a'."),
        (lambda: ov.load("\ud800"), "path must be a path, as a text or a pathlib.Path; got '\\ud800'."),
        (lambda: ov.sweep_to(True, "quadratic", ADAM, {"lr": [0.1]}), "folder must be a path, as a text or a pathlib"),
        (lambda: site.write(1, []), "folder must be a path, as a text or a pathlib.Path; got 1."),
        (lambda: ov.project(ov.descend("quadratic", ADAM, steps=1)), "or ov.record's recordings; got <Comparison on"),
    ],
)  # fmt: skip
def test_a_wrong_call_says_what_to_write_instead(call, sentence):
    with pytest.raises(ov.SpecError) as error:
        call()
    assert sentence in str(error.value) and len(str(error.value)) < 420


def test_what_is_asked_of_a_training_is_checked_too(training):
    with pytest.raises(ov.SpecError, match=r"seed must be a whole number from 0 to 4,294,967,295; got -1"):
        ov.project(training, "random", seed=-1)
    plane = ov.project(training, resolution=5, digits=10)
    with pytest.raises(ov.SpecError, match=r"beside its training: ov.save\(training, path, plane\)"):
        ov.save(plane, "x.html")
    with pytest.raises(ov.SpecError, match=r"plane is what ov.project returns; got 'x'"):
        ov.save(training, "x.html", "x")


def test_names_stand_for_optimizers_at_their_defaults():
    both = ov.descend("quadratic", ["adam", ov.optimizer("sgd")], steps=2)
    assert both.labels == ("adam", "sgd") and both["adam"].spec == ADAM
    assert ov.descend("quadratic", "adam", steps=2).labels == ("adam",)


def test_the_nearest_name_is_found_for_anything():
    assert nearest("factor", []) == "there are none."
    assert (
        nearest(LONG, ["sgd", "adam"]) == "choose one of sgd, adam."
        and nearest(None, ["none"]) == "did you mean 'none'?"
    )
