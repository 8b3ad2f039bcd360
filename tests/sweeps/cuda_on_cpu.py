"""CUDA source on a CPU: the same text compiled as C++, its threads run one after the other."""

import ctypes
import functools
import shutil
import subprocess
import tempfile
from pathlib import Path

import numpy as np

COMPILER = shutil.which("g++") or shutil.which("c++")
#: What CUDA knows and C++ does not (its functions by name, as reading a header takes longer than all of the rest), and
#: behind the kernel what calls it as a GPU's driver would: with its arguments' addresses, once for each thread.
ONE = [
    "fabs",
    "sqrt",
    "exp",
    "log",
    "log1p",
    "erf",
    "sin",
    "cos",
    "tan",
    "sinh",
    "cosh",
    "tanh",
    "asin",
    "acos",
    "atan",
]
TWO = ["pow", "atan2"]
BEFORE = f"""
extern "C" {{
{" ".join(f"double {name}(double);" for name in ONE)}
{" ".join(f"double {name}(double, double);" for name in TWO)}
}}
#define __global__
#define __device__
struct Three {{ int x; }};
static thread_local Three blockIdx, blockDim, threadIdx;
"""
BEHIND = """
template <int... I> struct Places {};
template <int N, int... I> struct Upto : Upto<N - 1, N - 1, I...> {};
template <int... I> struct Upto<0, I...> { using type = Places<I...>; };
template <class... A, int... I>
static void one(void (*kernel)(A...), void** arguments, Places<I...>) {
    kernel(*static_cast<A*>(arguments[I])...);
}
template <class... A>
static void all(void (*kernel)(A...), int grid, int block, void** arguments) {
    blockDim.x = block;
    for (blockIdx.x = 0; blockIdx.x < grid; blockIdx.x++)
        for (threadIdx.x = 0; threadIdx.x < block; threadIdx.x++)
            one(kernel, arguments, typename Upto<sizeof...(A)>::type());
}
extern "C" void launch(int grid, int block, void** arguments) { all(steps, grid, block, arguments); }
"""
THREADS = 32


@functools.cache
def compiled(text):
    """A Launch of sweeps.cuda, on NumPy's arrays or on torch's of the CPU; no product is fused with a sum."""
    with tempfile.TemporaryDirectory() as folder:
        source, library = Path(folder, "steps.cpp"), Path(folder, "steps.so")
        source.write_text(BEFORE + text + BEHIND)
        options = ["-O1", "-std=c++17", "-ffp-contract=off", "-fPIC", "-shared", "-nodefaultlibs"]
        subprocess.run([COMPILER, *options, "-o", library, source, "-lm", "-lc"], check=True)
        function = ctypes.CDLL(str(library)).launch

    def launch(runs, arguments):
        values = [ctypes.c_int(a) if isinstance(a, int) else ctypes.c_void_p(address(a)) for a in arguments]
        pointers = (ctypes.c_void_p * len(values))(*(ctypes.cast(ctypes.byref(v), ctypes.c_void_p) for v in values))
        function(-(-runs // THREADS), THREADS, pointers)
        return lambda: None

    return launch


def address(array):
    """Where an array's numbers lie."""
    return array.ctypes.data if isinstance(array, np.ndarray) else array.data_ptr()
