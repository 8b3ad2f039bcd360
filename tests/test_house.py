"""The house stands as designed: imports point down, no circle, heavy libraries wait, signboards hold nothing."""

import ast
import functools
import graphlib
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: From the roof down, as README's "Where things are" draws it. A room is a package of optim_viz, one of its modules
#: that stands alone, or what stands beside optim_viz. Rooms of one floor do not import each other.
FLOORS = [
    {"app", "frame", "pages", "__main__", "benchmarks"},
    {"ui", "cli", "__init__"},
    {"lessons", "export"},
    {"experiments", "figures"},
    {"sweeps", "player"},
    {"surfaces", "network"},
    {"executor"},
    {"optimizers", "settings"},
    {"typed"},
    {"spec", "log", "threads", "progress"},
    {"looks", "language", "places"},
]
#: Libraries that take long to import, and the rooms and modules that may do so when they are imported themselves:
#: everywhere else they are imported inside functions, where they are needed.
HEAVY = {
    "streamlit": {"ui", "pages", "app", "benchmarks"},
    "plotly": {"figures"},
    "torch": {"optim_viz.surfaces.torch_run", "optim_viz.surfaces.torch_loss", "benchmarks"},
    "pandas": {"optim_viz.figures.results_table"},
    **{library: set() for library in ("sympy", "scipy", "safetensors", "llvmlite", "matplotlib", "distributed")},
}
HEIGHT = {room: -depth for depth, floor in enumerate(FLOORS) for room in floor}
PACKAGE = ROOT / "optim_viz"
FILES = [
    ROOT / "app.py",
    ROOT / "frame.py",
    *PACKAGE.rglob("*.py"),
    *(ROOT / "pages").glob("*.py"),
    *(ROOT / "benchmarks").glob("*.py"),
]
SIGNBOARDS = [*PACKAGE.glob("*/__init__.py")]


def name_of(path):
    """A file's dotted name; that of a package is its folder's."""
    return ".".join(path.relative_to(ROOT).with_suffix("").parts).removesuffix(".__init__")


MODULES = {name_of(path): path for path in FILES}


def room(name):
    parts = name.split(".")
    if parts[0] != "optim_viz":
        return parts[0]
    return parts[1] if len(parts) > 1 else "__init__"


@functools.cache
def tree(text):
    """A file's tree, which nobody may change; parsed once for all that is asked of it."""
    return ast.parse(text)


def imports(nodes):
    """Every module of ours that nodes of a tree import: a submodule by its own name, not by its package's."""
    for node in nodes:
        if isinstance(node, ast.Import):
            yield from (a.name for a in node.names if a.name in MODULES)
        elif isinstance(node, ast.ImportFrom) and node.module in MODULES:
            for alias in node.names:
                whole = f"{node.module}.{alias.name}"
                yield whole if whole in MODULES else node.module


@functools.cache
def at_once(path):
    """The nodes of a file's code without what it does later: its functions, and what only the type checker reads."""
    found = [tree(path.read_text())]
    for node in found:
        typing = isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test)
        later = node.body if isinstance(node, ast.FunctionDef) or typing else ()
        found += [child for child in ast.iter_child_nodes(node) if child not in later]
    return found


def rises(path):
    """The imports of a file that go up, or across to another room of the same floor."""
    here = room(name_of(path))
    there = sorted({room(name) for name in imports(ast.walk(tree(path.read_text())))} - {here})
    return [other for other in there if HEIGHT[other] >= HEIGHT[here]]


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_imports_go_down(path):
    assert rises(path) == [], f"{name_of(path)} may not import these"


def test_every_room_has_its_floor():
    assert {room(name) for name in MODULES} == set(HEIGHT)


def test_no_circle():
    graphlib.TopologicalSorter({name: set(imports(at_once(path))) - {name} for name, path in MODULES.items()}).prepare()


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_heavy_libraries_wait_until_they_are_needed(path):
    nodes = at_once(path)
    names = {alias.name for node in nodes if isinstance(node, ast.Import) for alias in node.names}
    names |= {node.module for node in nodes if isinstance(node, ast.ImportFrom) and node.module}
    for library in {name.split(".")[0] for name in names} & set(HEAVY):
        assert {room(name_of(path)), name_of(path)} & HEAVY[library], library


@pytest.mark.parametrize("line", ["from optim_viz.ui import page", "import optim_viz.figures.maps"])
def test_an_import_that_goes_up_is_found(line, tmp_path, monkeypatch):
    """The check itself: a module of surfaces that imports from above, at its top or inside a function."""
    for text in (line, f"def late():\n    {line}"):
        path = tmp_path / "optim_viz" / "surfaces" / "wrong.py"
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text)
        monkeypatch.setattr(sys.modules[__name__], "ROOT", tmp_path)
        assert rises(path) == [line.split()[1].split(".")[1]]


@pytest.mark.parametrize("path", SIGNBOARDS, ids=name_of)
def test_a_signboard_says_what_is_where_and_holds_nothing(path):
    board = tree(path.read_text())
    assert len(board.body) == 1
    words = ast.get_docstring(board).replace(",", " ").split()
    for module in path.parent.glob("*.py"):
        named = module.stem if not module.stem.startswith("rows_") else "rows_*"
        assert module == path or named in words, module.stem


@pytest.mark.parametrize("path", [ROOT / "frame.py", *(ROOT / "pages").glob("*.py")], ids=name_of)
def test_what_sessions_run_imports_the_package_whole_first(path):
    """A part imports its package: of two threads, one with each first, one gets half a module."""
    ours = [line for line in path.read_text().splitlines() if line.startswith(("import optim_viz", "from optim_viz"))]
    assert ours[0].split()[:2] == ["import", "optim_viz"]


def told(code):
    return subprocess.run([sys.executable, "-W", "ignore", "-c", code], capture_output=True, text=True, check=True,
                          cwd=ROOT).stdout.strip()  # fmt: skip


@pytest.mark.parametrize("path", FILES, ids=name_of)
def test_what_is_read_by_names_is_no_sequence(path):
    """A class with __getitem__ alone is iterated over by numbers, which end in a KeyError."""
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        if isinstance(node, ast.ClassDef):
            held = {n.name for n in node.body if isinstance(n, ast.FunctionDef)}
            held |= {t.id for n in node.body if isinstance(n, ast.Assign) for t in n.targets if isinstance(t, ast.Name)}
            assert "__getitem__" not in held or "__iter__" in held, node.name


def test_importing_the_library_loads_no_heavy_library():
    assert told(f"import sys, optim_viz; print([m for m in {list(HEAVY)} if m in sys.modules])") == "[]"


def test_what_trains_does_without_torch_s_compiler_and_leaves_no_mark_on_torch():
    assert (
        told("""
import sys, torch, optim_viz as ov
lion = ov.optimizer("pytorch_optimizer.Lion", lr=1e-3)
ov.train(["sgd", "adam", "adagrad", "nadam", lion], epochs=1, batch_size=4000, hidden=(8,))
ov.descend("quadratic", ["lbfgs", lion], steps=3)
marks = [vars(torch.optim.Optimizer)[name].__wrapped__.__dict__ for name in ("add_param_group", "zero_grad")]
print("torch._dynamo" in sys.modules, [[*mark] for mark in marks])
""")
        == "False [[], []]"
    )


def test_a_server_has_pandas_whole_before_a_page_is_drawn():
    """Else plotly may find a half of it, which another session's thread has begun to import."""
    assert (
        told("""
import sys
from optim_viz.ui import page
before = "pandas" in sys.modules
page._warm_up()
print(before, hasattr(sys.modules["pandas"], "Series"))
""")
        == "False True"
    )
