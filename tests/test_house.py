"""The house stands as designed: imports point one way, and only the Streamlit side knows Streamlit."""

import ast
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
#: From the ground up; a module may import what stands left of it, or beside it in the same storey.
STOREYS = [
    {
        "spec",
        "theme",
        "rules",
        "rates",
        "finite_sums",
        "differentiation",
        "threads",
        "pca",
        "executor",
        "settings",
        "log",
        *("operations", "machine", "straight", "fused"),
    },
    {"expression", "knobs", "optimizer_type", "surface_rows", "surface_rows_many", "schedules", "plateau"},
    {"optimizer_rows", "compiling", "training", "trajectory", "digit_files", "digits"},
    {"optimizers", "surfaces", "verdict", "mlp"},
    {"tracing", "oracles", "recording", "plane_loss", "lowest", "momentum_theory", "tensors"},
    {"floats", "arrays", "watcher", "batches", "runner", "torch_descent"},
    {"descent", "network", "landscape", "sweeps", "basin_maps", "tuning", "network_sweep"},
    {"fairness", "fair_training", "budgets", "study", "study_runs", "rate_curves"},
    {
        "figures",
        "charts",
        "network_figures",
        "network_tables",
        "network_cost",
        "plane_figures",
        "links",
        "jobs",
        "torch_code",
        "presets",
        *("tune_links", "tune_figures", "map_figures", "basin_figures", "study_figures", "figure_page"),
    },
    {
        *("lessons", "lesson_type", "lesson_measures", "lesson_optimizers", "lesson_store", "lesson_rows"),
        *(f"lesson_rows_{part}" for part in ("descent", "momentum", "adaptive", "decay", "training", "network")),
    },
    {
        *("player", "export", "study_export", "strokes", "picture", "clip", "svg"),
        *("pytorch_script", "pytorch_network", "experiment_file", "lesson_links"),
    },
    {"ui", "cli"},
    {"pages", "__main__"},
]
#: Modules that import torch when they are imported; others import them inside functions only.
NEED_TORCH = {"torch_descent"}
HEIGHT = {name: height for height, storey in enumerate(STOREYS) for name in storey}
FILES = [*(ROOT / "optim_viz").rglob("*.py"), *(ROOT / "pages").glob("*.py")]
FILES = [f for f in FILES if f != ROOT / "optim_viz" / "__init__.py"]


def room(path):
    parts = path.relative_to(ROOT).parts
    return "pages" if parts[0] == "pages" else parts[1].removesuffix(".py")


def imports(path):
    """Every optim_viz module that a file imports, with whether it does so when it is itself imported."""
    tree = ast.parse(path.read_text())
    inside = {id(n) for f in ast.walk(tree) if isinstance(f, ast.FunctionDef) for n in ast.walk(f)}
    for node in ast.walk(tree):
        names = []
        if isinstance(node, ast.Import):
            names = [a.name for a in node.names]
        elif isinstance(node, ast.ImportFrom):
            names = [f"{node.module}.{a.name}" if node.module == "optim_viz" else node.module for a in node.names]
        for name in names:
            yield name, id(node) not in inside


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_arrows_point_down(path):
    here = room(path)
    for name, _ in imports(path):
        parts = name.split(".")
        if parts[0] != "optim_viz" or len(parts) == 1 or parts[1] not in HEIGHT:
            continue
        if (here, parts[1]) == ("trajectory", "figures"):  # Comparison.figure(), the one convenience
            continue
        assert HEIGHT[parts[1]] <= HEIGHT[here], f"{here} may not import {parts[1]}"


@pytest.mark.parametrize("path", FILES, ids=lambda p: str(p.relative_to(ROOT)))
def test_only_the_streamlit_side_imports_streamlit_and_torch_waits(path):
    for name, at_import in imports(path):
        if name.split(".")[0] == "streamlit":
            assert room(path) in ("ui", "pages", "player")
        if name.split(".")[0] == "torch" and room(path) not in NEED_TORCH:
            # Names for the type checker stand under TYPE_CHECKING; running code imports torch inside functions.
            assert not at_import or "TYPE_CHECKING" in path.read_text()
        if at_import and name.startswith("optim_viz."):
            assert name.split(".")[1] not in NEED_TORCH


def test_every_module_has_its_storey():
    assert {room(f) for f in FILES} <= set(HEIGHT)


def test_importing_the_library_does_not_import_torch_or_streamlit():
    import subprocess
    import sys

    code = "import sys, optim_viz; print([m for m in ('torch', 'streamlit', 'plotly', 'pandas') if m in sys.modules])"
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True, cwd=ROOT)
    assert done.stdout.strip() == "[]"
