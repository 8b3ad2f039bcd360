"""Where node lies, for tests that run the player's JavaScript without a browser."""

import os
import shutil

import pytest


def node_path():
    """The path of node; without one a test is skipped, but in CI it fails."""
    path = shutil.which("node")
    if path is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs node: apt-get install nodejs")
        pytest.skip("no node found: install one with `apt-get install nodejs`")
    return path
