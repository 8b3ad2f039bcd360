"""The command line: the same numbers as the library, files by their suffix, and one sentence for what is wrong."""

import io
import os
import subprocess
import sys
from pathlib import Path

import pandas as pd
import pytest
from PIL import Image

import optim_viz as ov
from optim_viz.cli import main as cli
from optim_viz.cli import serving
from optim_viz.cli.told import Bar
from optim_viz.experiments import files
from optim_viz.export.table import EXPORTS
from tests.frames import results_of

ROOT = Path(__file__).parents[1]
RACE = ["compare", "rosenbrock", "sgd", "adam", "--lr", "0.001", "0.05", "--steps", "60", "--start", "-1.5", "2"]


def test_a_table_of_outcomes(capsys):
    assert cli.main(RACE) == 0
    runs = ov.descend("rosenbrock", [ov.optimizer("sgd", lr=1e-3), ov.optimizer("adam", lr=0.05)], (-1.5, 2.0), 60)
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["optimizer", "lr"]
    for row, run in zip(rows, runs, strict=True):
        assert row.startswith(run.label)
        assert f"{run.final_loss:.6g}" in row
        assert row.endswith(run.status)


@pytest.mark.parametrize("row", EXPORTS.values(), ids=lambda row: row.name)
def test_a_file_of_every_kind(row, tmp_path, capsys):
    path = tmp_path / f"race{row.suffix}"
    assert cli.main([*RACE, "--out", str(path)]) == 0
    assert path.stat().st_size > 100
    assert capsys.readouterr().out == ""


def test_the_file_holds_the_experiment_asked_for(tmp_path):
    path = tmp_path / "race.json"
    asked = ["compare", "x^2 + c*y^2", "adam~lr~0.05~beta1~0.8", "sgd", "--box", "-1", "2", "-2", "1", "--seed", "7"]
    asked += ["--c", "3"]
    assert cli.main([*asked, "--noise", "0.1", "--steps", "9", "--out", str(path)]) == 0
    surface = ov.surface("x^2 + c*y^2", bounds=(-1, 2, -2, 1), c=3)
    optimizers = [ov.optimizer("adam", lr=0.05, beta1=0.8), ov.optimizer("sgd")]
    runs = ov.descend(surface, optimizers, steps=9, noise=0.1, seed=7)
    assert files.read(path.read_text()) == runs.spec
    assert results_of(path.read_text()).equals(runs.to_frame())


def test_negative_numbers_with_exponents(capsys):
    assert cli.main(["compare", "quadratic", "sgd", "--start", "-1e-3", "-1.5E+0", "--steps", "1"]) == 0
    x, y = ov.descend("quadratic", ov.optimizer("sgd"), (-1e-3, -1.5), 1)["sgd"].points[-1]
    assert f"{x:.6g}  {y:.6g}" in capsys.readouterr().out


def test_mini_batches_and_one_learning_rate_for_all(capsys):
    assert cli.main(["compare", "linear_regression", "sgd", "adam", "--batch-size", "4", "--lr", "0.1"]) == 0
    assert [line.split()[1] for line in capsys.readouterr().out.splitlines()[1:]] == ["0.1", "0.1"]


def test_a_warm_up_longer_than_the_run_is_said_beside_the_table(capsys):
    assert cli.main(["compare", "quadratic", "sgd~lr~0.1~s~warmup_cosine~s.warmup~90", "--steps", "50"]) == 0
    said = capsys.readouterr()
    assert "cut to 49" in said.err and "cut" not in said.out


def test_training(capsys, tmp_path):
    asked = ["train", "sgd", "adam", "--epochs", "1", "--hidden", "8", "--batch-size", "500", "--no-final-relu"]
    assert cli.main(asked) == 0
    assert "finished 16 steps" in capsys.readouterr().out
    path = tmp_path / "training.png"
    assert cli.main([*asked, "--out", str(path)]) == 0
    assert Image.open(io.BytesIO(path.read_bytes())).size == (1920, 960)


def test_a_training_that_diverges_altogether_is_still_drawn(tmp_path):
    path = tmp_path / "training.png"
    assert cli.main(["train", "sgd~lr~1e6~weight_decay~1e6", "--epochs", "1", "--hidden", "8", "--out", str(path)]) == 0
    assert path.stat().st_size > 100


def test_one_matrix_as_a_table_and_as_a_file(tmp_path, capsys):
    asked = ["matrix", "muon~weight_decay~0", "adamw", "--lr", "0.2", "--condition", "1e3", "--shape", "6", "4"]
    asked += ["--steps", "20", "--seeds", "2", "--seed", "5"]
    optimizers = [ov.optimizer("muon", lr=0.2, weight_decay=0.0), ov.optimizer("adamw", lr=0.2)]
    found = ov.matrix_task(optimizers, condition=1e3, shape=(6, 4), steps=20, seeds=2, seed=5)
    assert cli.main(asked) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split() == ["optimizer", "seed", "lr", "final", "loss", "largest", "error", "outcome"]
    wanted = [[run.label, str(run.seed), "0.2", f"{run.losses[-1]:.6g}", f"{run.errors[-1, 0]:.6g}"] for run in found]
    assert [row.split()[:5] for row in rows] == wanted and all(row.endswith("finished 20 steps") for row in rows)
    path = tmp_path / "task.csv"
    assert cli.main([*asked, "--out", str(path)]) == 0
    assert pd.read_csv(path)["loss"].tolist() == found.to_frame()["loss"].tolist()
    assert cli.main([*asked, "--out", str(tmp_path / "task.html"), "--language", "zh"]) == 0
    assert capsys.readouterr().out == "" and '<html lang="zh">' in (tmp_path / "task.html").read_text("utf-8")


@pytest.mark.parametrize(
    "arguments, words",
    [
        (["compare", "rosenbrok", "sgd"], "Unknown surface 'rosenbrok'; did you mean 'rosenbrock'?"),
        (["compare", "rosenbrock", "adma"], "Unknown optimizer 'adma'; did you mean 'adam'?"),
        (["compare", "rosenbrock", "muon"], "Muon takes matrices of weights as a whole, and a surface has two single"),
        (["train", "sparseadam"], "SparseAdam needs sparse gradients, and neither a surface nor the network has any"),
        (
            ["compare", "rosenbrock", "sgd~s~lambda~s.lr_lambda~1 - t/9"],
            "the factor of step 10 is -0.111111; it must be",
        ),
        (["compare", "rosenbrock", "sgd~s~chained~s.parts~linear"], "chained is made of 2 to 8 schedules; got 1."),
        (["compare", "rosenbrock", "adam~lr~-1"], "adam: lr must be a number above 0 and at most 1,000,000; got '-1'."),
        (
            ["compare", "rosenbrock", "sgd", "--lr", "-1"],
            "sgd: lr must be a number above 0 and at most 1,000,000; got '-1'.",
        ),
        (["compare", "rosenbrock", "sgd", "--lr", "1", "2"], "--lr takes one learning rate, or one for each of the 1"),
        (["compare", "rosenbrock", "sgd", "--steps", "0"], "steps must be a whole number from 1 to 100,000; got '0'."),
        (
            ["compare", "rosenbrock", "sgd", "--drawn", "globe"],
            "Unknown way of drawing 'globe'; choose one of map, equal",
        ),
        (["compare", "rosenbrock", "sgd", "--start", "1"], "start must be two numbers (x, y); got ['1']."),
        (["compare", "rosenbrock", "sgd", "--noise", "much"], "noise must be a number; got 'much'."),
        (["compare", "rosenbrock", "sgd", "--start", "9", "9"], "start (9, 9) lies outside the plane drawn"),
        (["compare", "rosenbrock", "sgd", "--batch-size", "4"], "batch_size works on linear_regression"),
        (["compare", "__import__('os')", "sgd"], "has no meaning in a function"),
        (["compare", "rosenbrock", "sgd", "--out", "a.mp4"], "'a.mp4' must end in one of .html, .online.html, .gif"),
        (["compare", "quadratic", "sgd", "--out", "no/such/place/a.csv"], "'no/such/place/a.csv' could not be written"),
        (["matrix", "muon", "--condition", "0.5"], "condition must be a number from 1 to 100,000,000; got '0.5'."),
        (
            ["matrix", "muon", "--shape", "4"],
            "shape is how many numbers a value has and how many keys there are, such as (16, 16)",
        ),
        (["matrix", "muon", "--shape", "4", "99"], "shape, keys must be a whole number from 1 to 32; got '99'."),
        (["matrix", "muon", "--steps", "0"], "steps must be a whole number from 1 to 5,000; got '0'."),
        (["matrix", "sparseadam"], "SparseAdam needs sparse gradients"),
        (["train", "sgd", "--epochs", "0"], "epochs must be a whole number from 1 to 100; got '0'."),
        (["train", "sgd", "--hidden", "0"], "hidden layer 1 must be a whole number from 1 to 1,024; got '0'."),
    ],
)
def test_what_is_wrong_is_said_in_a_sentence(arguments, words, capsys):
    assert cli.main(arguments) == 2
    said = capsys.readouterr()
    assert words in said.err
    assert said.out == ""
    assert len(said.err.splitlines()) == 1


def test_as_a_process():
    run = [sys.executable, "-m", "optim_viz", "compare", "quadratic", "sgd", "--steps", "5"]
    done = subprocess.run([*run, "--lr", "x"], capture_output=True, text=True, cwd=ROOT, check=False)
    assert (done.returncode, done.stderr) == (2, "sgd: lr must be a number above 0 and at most 1,000,000; got 'x'.\n")
    done = subprocess.run(run, capture_output=True, text=True, cwd=ROOT, check=True)
    assert done.stdout.startswith("optimizer")


@pytest.mark.parametrize(
    ("where", "code", "said"),
    [
        ("a pipe that nobody reads", 141, ""),
        ("/dev/full", 2, "The output could not be written: No space left on device.\n"),
        ("closed", 0, ""),
    ],
)
def test_an_output_that_takes_nothing_ends_in_a_sentence_at_most(where, code, said):
    read, write = os.pipe()
    os.close(read)
    stdout = os.open(where, os.O_WRONLY) if where.startswith("/") else write
    run = [sys.executable, "-m", "optim_viz", "compare", "quadratic", "sgd", "--steps", "5"]
    closed = (lambda: os.close(1)) if where == "closed" else None
    done = subprocess.run(
        run, stdout=stdout, stderr=subprocess.PIPE, text=True, cwd=ROOT, check=False, preexec_fn=closed
    )
    for one in {stdout, write}:
        os.close(one)
    assert (done.returncode, done.stderr) == (code, said)


def test_a_switch_is_an_axis_by_its_words(capsys):
    assert cli.main(["sweep", "quadratic", "momentum", "--over", "nesterov", "True", "false", "--steps", "5"]) == 0
    words = capsys.readouterr().out
    assert cli.main(["sweep", "quadratic", "momentum", "--over", "nesterov", "1", "0", "--steps", "5"]) == 0
    assert capsys.readouterr().out == words
    assert cli.main(["sweep", "quadratic", "momentum", "--over", "lr", "true"]) == 2
    assert capsys.readouterr().err == "momentum: lr must be a number above 0 and at most 1,000,000; got 'true'.\n"


def test_a_folder_without_a_name_is_none(capsys, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    assert cli.main(["site", ""]) == 2 and list(tmp_path.iterdir()) == []
    assert capsys.readouterr().err.endswith("folder must be a path, as a text or a pathlib.Path; got ''.\n")


def test_help_and_comparisons_need_no_heavy_library():
    code = (
        "import sys, contextlib\nfrom optim_viz.cli import main as cli\n"
        "with contextlib.suppress(SystemExit): cli.main(['--help'])\n"
        "cli.main(['compare', 'quadratic', 'sgd', '--steps', '5'])\n"
        "print([m for m in ('torch', 'streamlit', 'plotly', 'pandas', 'PIL') if m in sys.modules])"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.splitlines()[-1] == "[]"


class Terminal(io.StringIO):
    def isatty(self):
        return True


def test_the_bar_is_one_line_that_goes_away():
    file = Terminal()
    bar = Bar("drawing", file)
    for share in (0.0, 0.001, 0.5, 1.0):
        bar(share)
    bar.end()
    lines = file.getvalue().split("\r")
    assert lines[1:4] == [
        "drawing [............................]   0%",
        "drawing [##############..............]  50%",
        "drawing [############################] 100%",
    ]
    assert lines[4].strip() == "" and len(lines[4]) == len(lines[3])
    quiet = io.StringIO()
    Bar("drawing", quiet)(0.5)
    assert quiet.getvalue() == ""


def test_a_sweep_as_a_table_and_as_a_file(tmp_path, capsys):
    asked = ["sweep", "quadratic", "momentum", "--over", "lr", "0.01", "0.1", "--over", "momentum", "0", "0.5", "0.9"]
    axes = {"lr": [0.01, 0.1], "momentum": [0, 0.5, 0.9]}
    found = ov.sweep("quadratic", ov.optimizer("momentum"), axes, start=(1, 1), steps=50)
    assert cli.main([*asked, "--start", "1", "1", "--steps", "50"]) == 0
    head, *rows = capsys.readouterr().out.splitlines()
    assert head.split()[:2] == ["lr", "momentum"] and len(rows) == 6
    assert [row.split()[2] for row in rows] == [f"{loss:.6g}" for loss in found.final_loss.ravel()]
    assert cli.main(["sweep", "quadratic", "sgd", "--over", "lr", "0.1", "0.21", "10"]) == 0
    assert [row.split()[2] for row in capsys.readouterr().out.splitlines()[1:]] == ["27", "diverges", "diverges"]
    assert cli.main([*asked, "--over", "lr", "1"]) == 2
    assert "The axis 'lr' is given twice; name it once, with all its values." in capsys.readouterr().err
    path = tmp_path / "map.csv"
    assert cli.main([*asked, "--start", "1", "1", "--steps", "50", "--out", str(path)]) == 0
    assert pd.read_csv(path).final_loss.tolist() == found.losses.ravel().tolist()
    assert cli.main([*asked, "--out", "map.gif"]) == 2
    assert "must end in one of .csv, .parquet." in capsys.readouterr().err


def test_serving_without_streamlit_says_what_to_install(monkeypatch, capsys):
    monkeypatch.setattr(serving, "find_spec", {}.get)
    assert cli.main(["serve"]) == 2
    assert capsys.readouterr().err.endswith("not installed: pip install 'optim-viz[app]'.\n")


def test_serving_hands_the_app_to_streamlit(monkeypatch, capsys, tmp_path):
    asked = []
    monkeypatch.setattr("streamlit.web.cli.main", lambda arguments, name: asked.extend(arguments))
    monkeypatch.setattr(serving, "STATIC", tmp_path / "static")
    assert cli.main(["serve", "--port", "8600"]) == 0
    assert asked[:4] == ["run", str(ROOT / "app.py"), "--server.port", "8600"] and any((tmp_path / "static").iterdir())
    assert cli.main(["serve", "--port", "0"]) == 2
    assert "port must be a whole number from 1 to 65,535; got '0'." in capsys.readouterr().err
    (tmp_path / "file").write_text("")
    monkeypatch.setattr(serving, "STATIC", tmp_path / "file" / "static")
    assert cli.main(["serve"]) == 2
    assert "cannot write what browsers load" in capsys.readouterr().err


def test_the_command_says_its_version(capsys):
    with pytest.raises(SystemExit) as ended:
        cli.main(["--version"], ov.__version__)
    assert ended.value.code == 0 and capsys.readouterr().out == f"optim-viz {ov.__version__}\n"
