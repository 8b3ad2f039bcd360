"""The PyTorch scripts, run as processes of their own with torch alone, print the experiment's final losses.

Where an experiment is chaotic, no other program can repeat it to nine digits. So each comparison has a twin whose start
is off by one part in 1e13: a run whose final loss differs from its twin's is held to no more than its twin is.
"""

import ast
import dataclasses
import functools
import math
import subprocess
import sys
from pathlib import Path
from random import Random

import pytest
import torch

import optim_viz as ov
from optim_viz.export.descent_script import pytorch_script
from optim_viz.export.script_parts import expression_code
from optim_viz.network import matrix_task, one_run, train
from optim_viz.network.digits import SHIPPED
from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.optimizers.table import ON_SURFACES, OPTIMIZERS
from optim_viz.surfaces import descent
from optim_viz.surfaces.table import SURFACES

#: Runs each folder named after it, file by file, in a process with nothing of ours, nor NumPy, in reach. These are
#: forked off when torch and what its optimizers import is there, which takes as long as dozens of scripts.
GUARD = """
import os, pathlib, runpy, sys
for name in ("numpy", "optim_viz", "pandas"):
    sys.modules[name] = None
import torch._dynamo
folders, sys.argv[:] = sys.argv[1:], [""]
for folder in folders:
    child = os.fork()
    if not child:
        os.chdir(folder)
        for path in sorted(pathlib.Path().glob("run*.py")):
            print("#", path)
            runpy.run_path(str(path), run_name="__main__")
        sys.stdout.flush()
        os._exit(0)
    if os.waitpid(child, 0)[1]:
        sys.exit(folder)
"""
TYPED = ["x^2 + 10*y^2", "exp(-x^2)*cos(3*y) + abs(x - y)/5 + exp(2)", "sqrt(x^2 + y^2 + 1)", "x^4 - 3*x", "y/2 + 7"]
TYPED += ["log(1 + x^2) + softplus(2*y) + sin(pi/5)*tanh(x*y)", "2^x + atan(y)^2 - sign(x)/9", "abs(x)^1.5 + y^2/3"]


def run(folder, *groups):
    """The final losses that scripts print, a list of (label, numbers) for each; a process for each group of scripts."""
    for g, scripts in enumerate(groups):
        (folder / f"{g}").mkdir()
        (folder / f"{g}" / SHIPPED.name).symlink_to(SHIPPED)
        for i, script in enumerate(scripts):
            (folder / f"{g}" / f"run{i:03}.py").write_text(script)
    command = [sys.executable, "-I", "-W", "ignore", "-c", GUARD, *(str(folder / f"{g}") for g in range(len(groups)))]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    blocks = done.stdout.split("# ")[1:]
    return [[line.rsplit(" ", 1) for line in block.splitlines()[1:]] for block in blocks]


def value_of(random, knob):
    if knob.name in ("maximize", "cycle_momentum"):
        return False  # every surface is left at once; it has its own test below
    if knob.scale == "text":
        return knob.default
    if knob.scale == "bool":
        return random.random() < 0.5
    if knob.scale == "int":
        return random.randint(int(knob.low), int(knob.high))
    if knob.name == "lr":
        return 10 ** random.uniform(-4, -1)
    return random.uniform(knob.low, knob.high)


def some(random, table, kind, share=0.4, **options):
    """A row of a table, some of its hyperparameters away from their defaults."""
    knobs = [knob for knob in table[kind].hyperparameters if random.random() < share]
    return {knob.name: value_of(random, knob) for knob in knobs} | options


def random_optimizer(random, kind):
    options = {}
    if random.random() < 0.5:
        name = random.choice([*SCHEDULES])
        options["schedule"] = ov.schedule(name, **some(random, SCHEDULES, name))
    if random.random() < 0.3 and kind != "lbfgs":
        options["lr_scale"] = (random.uniform(0, 2), random.uniform(0, 2))
    values = some(random, OPTIMIZERS, kind)
    if values.get("nesterov") or values.get("step_min", 0) > values.get("step_max", 50):
        values = {}
    return ov.optimizer(kind, **values, **options)


def random_spec(random, first):
    name = random.choice([*SURFACES])
    surface = SURFACES[name] if random.random() < 0.7 else ov.surface(random.choice(TYPED))
    kinds = [first, *random.choices([*ON_SURFACES], k=random.randint(0, 2))]
    options = {"steps": random.randint(2, 120), "seed": random.randint(0, 2**32 - 1)}
    if random.random() < 0.3:
        options["noise"] = random.uniform(0.01, 1.0)
    if surface.data:
        options["batch_size"] = random.choice([None, 1, 5, 24])
    return descent.check(surface, [random_optimizer(random, kind) for kind in kinds], **options)


def same(a, b):
    if not (math.isfinite(a) and math.isfinite(b)):
        return math.isfinite(a) == math.isfinite(b)
    return math.isclose(a, b, rel_tol=1e-9, abs_tol=1e-12)


def twin(spec):
    """The final losses of the same experiment from a start off by one part in 1e13."""
    x, y = spec.start
    off = dataclasses.replace(spec, start=(x * (1 + 1e-13), y * (1 - 1e-13)))
    return [run.final_loss for run in descent.run(off)]


PASTED = [
    ("a*x^2 + b*y^2", {"a": 1.0, "b": 10.0}),
    ("|x|^a + y² + sin(b)x", {"a": 1.5, "b": 2.0}),
    ("max(x², y², a) + relu(x - y)/3 + softplus(a)", {"a": 0.2}),
    ("erf(x)^2 + atan2(y, 2)^2 + log10(1 + x²y²) + erf(1) + min(2, x + y)^2", {}),
]
#: Clipped: all alike, each in its own way beside one that is not, and inside a closure.
CLIPPED = ov.optimizer("momentum", lr=0.02, clip_norm=1.5, clip_value=1.2)


@functools.cache
def specs():
    """Random comparisons, pasted functions, and what is clipped; made where they are used, not by every worker."""
    found = [random_spec(Random(seed), [*ON_SURFACES][seed % len(ON_SURFACES)]) for seed in range(30)]  # noqa: S311
    found += [
        descent.check(ov.surface(text, **values), [ov.optimizer("sgd", lr=0.01), ov.optimizer("adam")], steps=50)
        for text, values in PASTED
    ]
    found += [
        descent.check(
            "linear_regression", [CLIPPED, dataclasses.replace(CLIPPED, label="again")], batch_size=4, noise=0.3
        ),
        descent.check(
            "himmelblau",
            [
                ov.optimizer("sgd", lr=0.01, clip_norm=2.0, lr_scale=(1.0, 0.5)),
                ov.optimizer("adam", clip_value=0.5, schedule=ov.schedule("cosine")),
                ov.optimizer("rprop"),
            ],
            steps=60,
        ),
        descent.check("quadratic", [ov.optimizer("lbfgs", lr=0.1, max_iter=3, clip_norm=1.0), CLIPPED], steps=5),
    ]
    return found


def check(spec, printed):
    """Hold the printed losses to the experiment's; return how many were chaotic."""
    ours, chaotic = descent.run(spec), 0
    assert [label for label, _ in printed] == list(ours.labels)
    for trajectory, (_, text), other in zip(ours, printed, twin(spec), strict=True):
        if same(trajectory.final_loss, other):
            assert same(float(text), trajectory.final_loss), (spec, trajectory.label, text, trajectory.final_loss)
        else:
            chaotic += 1
    return chaotic


PLAIN = [
    descent.check("rosenbrock", [ov.optimizer("sgd", lr=1e-3), ov.optimizer("adam", lr=0.05)]),
    descent.check("quadratic", [ov.optimizer("sgd", lr=1.0), ov.optimizer("adam", maximize=True)], steps=1000),
]


#: For a process that runs this one alone.
DRAWN = descent.check("linear_regression", [ov.optimizer("momentum", lr=0.01)], batch_size=4, noise=0.2, seed=3)


@pytest.fixture(scope="module")
def printed(tmp_path_factory):
    """What the scripts of specs(), PLAIN, NETWORKS and DRAWN print."""
    groups = [*specs(), *PLAIN], NETWORKS, [DRAWN]
    blocks = run(tmp_path_factory.mktemp("scripts"), *([pytorch_script(spec) for spec in group] for group in groups))
    every = [spec for group in groups for spec in group]
    return dict(zip(map(id, every), blocks, strict=True))


def test_random_comparisons_and_pasted_functions_print_the_same_final_losses(printed):
    assert sum(check(spec, printed[id(spec)]) for spec in specs()) <= 5


def test_a_script_alone_in_a_process(printed):
    assert check(DRAWN, printed[id(DRAWN)]) == 0


def test_plain_and_diverging_runs_none_of_them_chaotic(printed):
    assert [check(spec, printed[id(spec)]) for spec in PLAIN] == [0, 0]
    assert printed[id(PLAIN[1])][0] == ["sgd", "inf"]


SEARCH = ov.optimizer("lbfgs", line_search_fn=True)


@pytest.mark.parametrize("text", ["ln(x+5)+y^2", "ln(x)+y^2", "sqrt(x)+y^2", "ln(x^2+y^2)", "x^3+y^3", "0*x"])
@pytest.mark.parametrize("others", [[], ["sgd"], [ov.optimizer("adam", clip_norm=1.0)]], ids=len)
def test_a_line_search_that_diverges_prints_inf(text, others, capsys):
    ours = ov.descend(text, [SEARCH, *others], steps=10)
    try:
        exec(pytorch_script(ours.spec), {"__name__": "__main__"})  # noqa: S102
    finally:
        torch.set_default_dtype(torch.float32)
    printed = [float(line.rsplit(" ", 1)[1]) for line in capsys.readouterr().out.splitlines()]
    assert [math.isfinite(loss) for loss in printed] == [math.isfinite(run.final_loss) for run in ours]


def test_only_where_a_line_is_searched_a_script_expects_its_errors():
    networks = [train.check(one, epochs=1, batch_size=4000, hidden=(2,)) for one in (SEARCH, "lbfgs", "sgd")]
    tasks = [matrix_task.check(one, shape=(2, 3), steps=2) for one in (SEARCH, "lbfgs", "sgd")]
    descents = [descent.check("quadratic", one, steps=2) for one in (SEARCH, "lbfgs", "sgd")]
    for specs_ in (networks, tasks, descents):
        scripts = [pytorch_script(spec) for spec in specs_]
        for script in scripts:
            ast.parse(script)
        assert ["except (IndexError, ZeroDivisionError)" in script for script in scripts] == [True, False, False]


NETWORKS = [
    train.check(
        [
            ov.optimizer("sgd", lr=0.05, lr_scale={"layer.1": 0.5}),
            ov.optimizer("adam", lr=2e-3, schedule=ov.schedule("onecycle"), lr_scale={"layer.0": 0.3}),
            ov.optimizer("adam", schedule=ov.schedule("plateau", patience=2), clip_norm=0.2, clip_value=0.01),
        ],
        epochs=2,
        batch_size=400,
        hidden=(16,),
        seeds=2,
    ),
    train.check(
        [
            ov.optimizer("lbfgs", lr=0.1, max_iter=3, clip_norm=0.5),
            ov.optimizer("momentum", lr=1e6, weight_decay=1e6),
            ov.optimizer("rprop"),
            ov.optimizer("muon"),
        ],
        epochs=1,
        batch_size=1500,
        hidden=(12, 8),
        final_relu=False,
        seed=2**32 - 1,
    ),
    train.check(
        [
            ov.optimizer("muon", lr=0.02, schedule=ov.schedule("onecycle"), lr_scale={"layer.0": 0.5}),
            ov.optimizer("muon", lr=1e-3, adjust_lr_fn=True, ns_a=3.0, schedule=ov.schedule("cosine")),
            ov.optimizer("adafactor", eps1=1e-6, clip_norm=0.05),
        ],
        epochs=1,
        batch_size=400,
        hidden=(16, 12),
    ),
]


def test_networks_print_the_same_final_losses(printed, monkeypatch):
    monkeypatch.setattr(one_run, "device", lambda: "cpu")  # where a script runs
    for spec in NETWORKS:
        ours = train.run(spec)
        lines = [" ".join(line).rsplit(" ", 4) for line in printed[id(spec)]]
        assert [(label, int(seed)) for label, seed, *_ in lines] == [(r.label, r.seed) for r in ours]
        for run_, (_, _, *numbers) in zip(ours, lines, strict=True):
            want = [run_.losses[-1], run_.test_losses[-1], run_.test_accuracies[-1]]
            assert [float(n) for n in numbers] == pytest.approx(want, rel=1e-5)


def test_scripts_are_plain_python_and_short():
    for spec in specs():
        script = pytorch_script(spec)
        ast.parse(script)
        if spec.noise == 0 and spec.batch_size is None:
            assert len(script.splitlines()) < 80


def test_labels_cannot_leave_their_string():
    label = 'a\'"""\n\\ é'
    script = pytorch_script(descent.check("quadratic", [ov.optimizer("sgd", label=label)], steps=5))
    words = [node.value for node in ast.walk(ast.parse(script)) if isinstance(node, ast.Constant)]
    assert label in words


@pytest.mark.parametrize("name", SURFACES)
def test_every_surface_has_torch_code(name):
    ast.parse(expression_code(SURFACES[name]), mode="eval")


def test_what_is_the_users_own_has_no_script():
    with pytest.raises(ov.SpecError, match="of your own"):
        pytorch_script(descent.check("quadratic", [lambda params: None]))
    own = dataclasses.replace(NETWORKS[0], data=str(Path("mine.npz")))
    with pytest.raises(ov.SpecError, match=r"mine\.npz"):
        pytorch_script(own)
