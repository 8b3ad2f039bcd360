"""A compiler of C++, with which a CPU runs what is written for a GPU; and a GPU's own, where there is one."""

import os

import pytest

from optim_viz.sweeps import backends, cuda
from tests.sweeps.cuda_on_cpu import COMPILER, compiled


@pytest.fixture(scope="session", params=["C++", "CUDA"] if backends.cuda_available() else ["C++"])
def compiler(request):
    """What makes a kernel of CUDA source; a backend has it in the place of a GPU's."""
    if request.param == "CUDA":
        return cuda.compiled
    if COMPILER is None:
        if os.environ.get("CI"):
            pytest.fail("CI needs a compiler of C++: apt-get install g++")
        pytest.skip("no compiler of C++ found: install one with `apt-get install g++`")
    return compiled
