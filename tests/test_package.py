"""What is installed is whole: every folder of the package and every file in it that is no Python."""

import tomllib
from pathlib import Path

from setuptools import find_packages

ROOT = Path(__file__).parents[1]
PACKAGE = ROOT / "optim_viz"
SETTINGS = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["setuptools"]


def test_every_folder_with_modules_is_a_package_that_is_installed():
    folders = {path.parent.relative_to(ROOT).as_posix().replace("/", ".") for path in PACKAGE.rglob("*.py")}
    assert folders == set(find_packages(str(ROOT), include=SETTINGS["packages"]["find"]["include"]))


def test_every_other_file_is_package_data():
    there = {path for path in PACKAGE.rglob("*") if path.is_file() and path.suffix not in (".py", ".pyc")}
    listed = {path for glob in SETTINGS["package-data"]["optim_viz"] for path in PACKAGE.glob(glob)}
    assert there and there <= listed
    assert all(any(PACKAGE.glob(glob)) for glob in SETTINGS["package-data"]["optim_viz"])  # none is left over
