"""What is installed is whole: every folder of the package and every file in it that is no Python."""

import shutil
import subprocess
import sys
import tomllib
import zipfile
from email import message_from_string
from pathlib import Path

import pytest
from packaging.requirements import Requirement
from setuptools import find_packages

from optim_viz.places import APP, STATIC

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "optim_viz"
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
SETTINGS = PROJECT["tool"]["setuptools"]
#: What the app's own installation asks for, by name.
PINNED = {
    found.name: found
    for line in (ROOT / "requirements.txt").read_text().splitlines()
    if not line.startswith("#")
    for found in [Requirement(line)]
}


def test_every_folder_with_modules_is_a_package_that_is_installed():
    folders = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in PACKAGE.rglob("*.py")}
    assert folders == set(find_packages(str(ROOT), include=SETTINGS["packages"]["find"]["include"]))


def test_every_other_file_is_package_data():
    there = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    listed = {path for glob in SETTINGS["package-data"]["optim_viz"] for path in PACKAGE.glob(glob)}
    assert there and there <= listed
    assert all(any(PACKAGE.glob(glob)) for glob in SETTINGS["package-data"]["optim_viz"])  # none is left over


@pytest.fixture(scope="module")
def wheel(tmp_path_factory):
    """The wheel that is built of the files here, without a network."""
    source, out = tmp_path_factory.mktemp("source") / "optim-viz", tmp_path_factory.mktemp("wheel")
    no_work = shutil.ignore_patterns(
        ".*", "__pycache__", "player-*", "plotly-*", "build", "*.egg-info", "*.gif", "*.png"
    )
    shutil.copytree(ROOT, source, ignore=lambda folder, names: no_work(folder, names) - {".streamlit"})
    code = f"from setuptools.build_meta import build_wheel; build_wheel({str(out)!r})"
    subprocess.run([sys.executable, "-c", code], cwd=source, capture_output=True, check=True)
    with zipfile.ZipFile(next(out.glob("*.whl"))) as found:
        yield found


def test_the_wheel_brings_the_app_beside_the_library(wheel):
    names = set(wheel.namelist())
    pages = {f"optim_viz/app/{path.relative_to(ROOT).as_posix()}" for path in (ROOT / "pages").glob("*.py")}
    assert pages and pages | {"optim_viz/app/app.py", "optim_viz/app/frame.py"} <= names
    assert wheel.read("optim_viz/app/.streamlit/config.toml") == (ROOT / ".streamlit" / "config.toml").read_bytes()
    assert "optim_viz/app/static/README.md" in names  # Streamlit looks for the folder when it starts
    assert "optim_viz/player/js/app/main.js" in names and not any(name.startswith("tests") for name in names)
    assert ROOT == APP and ROOT / "static" == STATIC  # and in a checkout they are where they are


def test_the_wheel_asks_for_the_library_alone_and_for_the_app_on_demand(wheel):
    (name,) = (name for name in wheel.namelist() if name.endswith("/METADATA"))
    said = message_from_string(wheel.read(name).decode())
    asked = [Requirement(text) for text in said.get_all("Requires-Dist")]
    always = {each.name: each.specifier for each in asked if each.marker is None}
    app = {each.name: each.specifier for each in asked if each.marker and each.marker.evaluate({"extra": "app"})}
    assert (
        "streamlit" not in always and "streamlit" in app and {"Framework :: Jupyter"} <= {*said.get_all("Classifier")}
    )
    assert always.pop("torch").contains(next(iter(PINNED["torch"].specifier)).version)
    ranges = {name: found.specifier for name, found in PINNED.items() if name != "torch"}
    assert always | app == ranges  # the same ranges, of which only torch's is narrower for the app's own tests
    entry = wheel.read(name.replace("METADATA", "entry_points.txt")).decode()
    assert "optim-viz = optim_viz.__main__:main" in entry


def test_the_library_needs_nothing_of_the_app():
    """In a process where what only the app asks for cannot be found."""
    app = [Requirement(text).name for text in PROJECT["project"]["optional-dependencies"]["app"]]
    code = f"""import sys
for name in {app}: sys.modules[name] = None
import optim_viz as ov
c = ov.descend("quadratic", ov.optimizer("adam", lr=0.1), steps=5)
c.figure(), c.to_frame(), ov.save
from optim_viz.cli import main as cli
"""
    subprocess.run([sys.executable, "-c", code], cwd=ROOT, check=True)
