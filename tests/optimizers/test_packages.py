"""Optimizers of pytorch_optimizer by name: what a plain loop with the class itself does; else one sentence."""

import inspect
import sys
from pathlib import Path

import numpy as np
import pytest
import torch

import optim_viz as ov
from optim_viz.cli import main as cli
from optim_viz.experiments.links import read_optimizer, write_optimizer
from optim_viz.export.descent_script import pytorch_script
from optim_viz.network import one_run
from optim_viz.optimizers import packages
from optim_viz.optimizers.specs import with_values
from optim_viz.surfaces.table import SURFACES
from tests.optimizers.test_strangers import SMALL, STEPS, named, plain_loop
from tests.reference import torch_loss

DIGITS = Path(ov.__file__).parent / "data" / "mnist10k.npz"
package = pytest.importorskip("pytorch_optimizer")
#: name -> what it is called with here, and in the package where that is written otherwise.
PARITY = {
    "Lion": ({"lr": 1e-3, "beta1": 0.8}, {"lr": 1e-3, "betas": (0.8, 0.99)}),
    "SOAP": ({"lr": 0.02, "precondition_1d": True}, None),
    "Shampoo": ({"lr": 0.05, "momentum": 0.5}, None),
    "SophiaH": ({"lr": 0.01, "update_period": 3}, None),
    "ScheduleFreeAdamW": ({"lr": 0.05, "warmup_steps": 3}, None),
    "Prodigy": ({"d0": 1e-2}, None),
    "AdEMAMix": ({"lr": 0.01, "beta3": 0.99}, {"lr": 0.01, "betas": (0.9, 0.999, 0.99)}),
    "MARS": ({"lr": 0.01, "optimize_1d": True}, None),
    "Adan": ({"lr": 0.01, "weight_decay": 0.1}, None),
}


def ours(name):
    return ov.optimizer(f"pytorch_optimizer.{name}", **PARITY[name][0])


def theirs(name):
    here, there = PARITY[name]
    return lambda params: getattr(package, name)(params, **(there or here))


def walked(name):
    """A plain loop's points on Rosenbrock."""
    start, height = SURFACES["rosenbrock"].start, torch_loss(SURFACES["rosenbrock"])
    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    losses, protocol = [lambda: height(*theta)] * STEPS, "gradients"
    protocol = {"SophiaH": "graph", "ScheduleFreeAdamW": "train and eval"}.get(name, protocol)
    return plain_loop(protocol, theirs(name), [theta], losses, lambda: theta.detach().numpy().copy())[0]


@pytest.mark.parametrize("name", PARITY)
def test_by_name_it_walks_as_its_class_in_a_plain_loop(name):
    run = ov.descend("rosenbrock", ours(name), steps=STEPS)[name]
    np.testing.assert_allclose(run.points[1:], walked(name), rtol=1e-7)
    assert np.abs(run.points[-1] - run.points[0]).max() > 1e-4


@pytest.mark.parametrize("name", PARITY)
def test_on_the_network_it_learns_as_the_factory_that_a_plain_loop_is_held_to(name):
    """`test_strangers` holds factories to plain loops there."""
    t = ov.train([ours(name), named("factory", theirs(name))], **SMALL)
    assert np.array_equal(t[name].losses, t["factory"].losses) and np.array_equal(t[name].moves, t["factory"].moves)


def run_here(script, capsys):
    """What a script prints; a process of its own would cost the package's import once more."""
    exec(compile(script, "script", "exec"), {"__name__": "__main__"})  # noqa: S102
    return [line.split(" ") for line in capsys.readouterr().out.splitlines()]


@pytest.mark.parametrize("name", PARITY)
def test_on_a_surface_its_script_names_the_import_and_gives_the_same_loss(name, capsys, float64):
    c = ov.descend("beale", [ours(name), ov.optimizer("adam")], steps=STEPS, noise=0.1)
    script = pytorch_script(c.spec)
    assert f"\nfrom pytorch_optimizer import {name}\n" in script and f"optimizer = {name}([" in script
    printed = [float(line[-1]) for line in run_here(script, capsys)]
    assert printed == pytest.approx([run.final_loss for run in c], rel=1e-9)


@pytest.mark.parametrize("name", PARITY)
def test_on_the_network_its_script_gives_the_same_losses(name, capsys, monkeypatch):
    monkeypatch.setattr(one_run, "device", lambda: "cpu")  # where a script runs
    t = ov.train([ours(name), ov.optimizer("sgd")], **SMALL)
    script = pytorch_script(t.spec)
    assert (
        f"\nfrom pytorch_optimizer import {name}\n" in script and f"optimizer = {name}(model.parameters(), " in script
    )
    monkeypatch.setattr(sys, "argv", ["script.py", str(DIGITS)])
    for line, run in zip(run_here(script, capsys), t, strict=True):
        loss, test_loss, accuracy = map(float, line[2:])
        assert loss == pytest.approx(run.losses[-1], rel=1e-4) and test_loss == pytest.approx(
            run.test_losses[-1], rel=1e-4
        )
        assert accuracy == pytest.approx(run.test_accuracies[-1], abs=2e-3)


def test_one_script_holds_all_of_them(capsys, float64):
    c = ov.descend("beale", [*map(ours, PARITY), ov.optimizer("lbfgs", max_iter=3)], steps=5)
    printed = [float(line[-1]) for line in run_here(pytorch_script(c.spec), capsys)]
    assert printed == pytest.approx([run.final_loss for run in c], rel=1e-9)


@pytest.fixture
def float64():
    """As in a script: Prodigy keeps its sums in the default dtype."""
    before = torch.get_default_dtype()
    torch.set_default_dtype(torch.float64)
    yield
    torch.set_default_dtype(before)


@pytest.mark.parametrize("name", ["EmoNavi", "LBFGS", "AliG"])
def test_what_reads_the_loss_has_no_script(name):
    c = ov.descend("beale", ov.optimizer(f"pytorch_optimizer.{name}"), steps=2)
    with pytest.raises(ov.SpecError, match="needs more of a loop than gradients"):
        pytorch_script(c.spec)


def test_what_cannot_stand_in_one_script_is_said():
    free = ov.optimizer("pytorch_optimizer.ScheduleFreeAdamW", schedule=ov.schedule("plateau"))
    with pytest.raises(ov.SpecError, match="needs more of a loop than gradients"):
        pytorch_script(ov.descend("beale", free, steps=2).spec)
    with pytest.raises(ov.SpecError, match="takes x and y together, and another has a learning rate for each"):
        pytorch_script(ov.descend("beale", [ours("SOAP"), ov.optimizer("sgd", lr_scale=(1, 2))], steps=2).spec)


def test_every_class_is_read_from_its_signature_or_refused_in_a_sentence():
    read, refused = [], []
    for name, made in packages._classes().items():
        kind = f"pytorch_optimizer.{name}"
        try:
            spec = ov.optimizer(kind)
        except ov.SpecError as error:
            assert str(error).startswith(f"'{kind}' needs ")
            refused.append(name)
            continue
        read.append(name)
        known = inspect.signature(made).parameters
        assert spec.factory.call().named == ({"lr": known["lr"].default} if "lr" in spec.hyperparameters else {})
    assert len(read) > 90 and {"SAM", "Lookahead"} <= set(refused)


@pytest.mark.parametrize(
    ("name", "values", "sentence"),
    [
        ("Lionn", {}, "Unknown pytorch_optimizer 'Lionn'; did you mean 'Lion'?"),
        ("SAM", {}, "'pytorch_optimizer.SAM' needs base_optimizer, which has no default: give a function"),
        ("AdaMuon", {}, "'pytorch_optimizer.AdaMuon' needs use_muon, which has no default: give a function"),
        ("Lion", {"lr": -1}, "pytorch_optimizer.Lion: lr must be a number above 0 and at most 1,000,000; got -1."),
        ("Lion", {"momentum": 1}, "pytorch_optimizer.Lion has no hyperparameter 'momentum'; choose one of"),
        ("SOAP", {"precondition_frequency": 1.5}, "pytorch_optimizer.SOAP: precondition_frequency must be a whole"),
    ],
)
def test_bad_names_and_values_end_in_a_sentence(name, values, sentence):
    with pytest.raises(ov.SpecError) as error:
        ov.optimizer(f"pytorch_optimizer.{name}", **values)
    assert str(error.value).startswith(sentence)


def test_without_the_package_it_says_what_to_install(monkeypatch):
    def missing(name):
        raise ImportError(name)

    monkeypatch.setattr(packages.importlib, "import_module", missing)
    with pytest.raises(ov.SpecError, match="pytorch_optimizer is not installed where optim-viz runs"):
        packages._package()


@pytest.mark.parametrize(
    ("name", "axis"), [("Lion", {"beta1": [0.5, 0.9]}), ("SOAP", {"precondition_frequency": [1, 5]})]
)
def test_swept_and_tuned_it_has_the_bits_of_single_runs(name, axis):
    given, lrs = ov.optimizer(f"pytorch_optimizer.{name}"), [1e-3, 0.05]
    s = ov.sweep("beale", given, {"lr": lrs} | axis, steps=STEPS)
    for cell in np.ndindex(s.final_loss.shape):
        alone = ov.optimizer(f"pytorch_optimizer.{name}", **s.spec.values_at(cell))
        assert s.optimizer(*cell) == alone
        assert s.final_loss[cell] == ov.descend("beale", alone, steps=STEPS)[name].final_loss
    t = ov.tune("beale", given, steps=3)
    (best,) = t.optimizers
    shown = ov.descend("beale", best, steps=3)[name]
    assert t.trials == 54 and t.after[0] <= t.before[0] and t.after[0] == shown.final_loss
    assert f"{name} lr {best['lr']:.2g}" in t.sentence


def test_specs_are_values_that_change_with_their_hyperparameters():
    lion = ov.optimizer("pytorch_optimizer.Lion", lr=0.1)
    assert lion == ov.optimizer("pytorch_optimizer.Lion", lr=0.1) and hash(lion) == hash(lion)
    turned = packages.FromPackage(lion.kind, lion.values)
    assert turned == lion.factory
    assert with_values(lion, {"lr": 0.2}) == ov.optimizer("pytorch_optimizer.Lion", lr=0.2)


def test_links_and_the_command_line_name_it(capsys, tmp_path):
    line = "pytorch_optimizer.Lion~lr~0.01~beta1~0.8"
    spec, notes = read_optimizer(line)
    assert spec == ov.optimizer("pytorch_optimizer.Lion", lr=0.01, beta1=0.8) and not notes
    assert write_optimizer(spec) == line
    assert cli.main(["compare", "rosenbrock", line, "adam", "--steps", "5", "--out", str(tmp_path / "a.py")]) == 0
    assert "= Lion([x, y], lr=0.01, betas=(0.8, 0.99))" in (tmp_path / "a.py").read_text()
    assert cli.main(["compare", "rosenbrock", line, "--lr", "0.02", "--steps", "5"]) == 0
    assert "0.02" in capsys.readouterr().out
    assert cli.main(["compare", "rosenbrock", "pytorch_optimizer.AliG", "--steps", "5"]) == 0  # has no learning rate
    assert cli.main(["compare", "rosenbrock", "pytorch_optimizer.Lionn"]) == 2
    assert "did you mean 'Lion'?" in capsys.readouterr().err
