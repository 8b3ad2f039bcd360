"""All steps of a block of runs by one kernel on a GPU: how it is compiled, and given what, launch after launch."""

from __future__ import annotations

import ctypes
import functools
import itertools
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np

from optim_viz.optimizers.cycled import cycled, first_values
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import SweepSpec
from optim_viz.surfaces.surface import dataset
from optim_viz.sweeps.cuda_code import DTYPES
from optim_viz.sweeps.cuda_source import Source
from optim_viz.sweeps.steps import filled, rate_of_rows
from optim_viz.sweeps.tracker import Tracker

#: Steps of one launch, at most: between two a cancel is looked at; and rates that are handed over with it.
STEPS, RATES = 1024, 1 << 24
#: Steps of the first launch: each launch has at most as many as all before it, so that the next one's numbers are
#: worked out while a GPU is busy.
FIRST = 64
#: Threads of a block on the GPU.
THREADS = 128
#: Called with the number of runs and a kernel's arguments, arrays on its device and ints, in order; returns at once
#: what waits until it is done.
Launch = Callable[[int, Sequence[Any]], Callable[[], object]]


@dataclass(frozen=True, eq=False)
class Block:
    """What a block of n runs is given.

    `values` are what differs by axis from run to run, float64 [n], and bounds on gradients that are numbers; `rates`
    those of x and y of every step, each a number or float64 [m]; `lane`, which of the m each run has, and `seed` which
    of the draws, int64 [n]; `noise` is float64 [steps, 2, seeds], `batches` int64 [steps, seeds, size]. What has a
    number for every run is on the device, the rest in NumPy.
    """

    starts: Any  # [n, 2]
    values: Mapping[str, Any]
    rates: Iterator[tuple[Any, Any]]
    lane: Any
    seed: Any
    noise: np.ndarray | None
    batches: np.ndarray | None


@dataclass(frozen=True, eq=False)
class Kernel:
    """A source, and what launches it; `most` steps at once."""

    source: Source
    launch: Launch
    most: int = STEPS

    def steps(
        self, spec: SweepSpec, block: Block, tracker: Tracker, xp: Any, put: Callable[[np.ndarray], Any]
    ) -> Iterator[tuple[int, Any]]:
        """Run a block; yield after every launch how many steps are done by then, and where the runs are, [2, n].

        What is seen of the runs is written to the tracker's own arrays. Two launches are under way at most: a cancel
        has not many to wait for.
        """
        theta = filled(xp, xp.ascontiguousarray(block.starts.T), block.starts.T)
        first, rates = _peeked(block.rates)
        given = self._kept(spec, block, tracker, theta, first, xp, put)
        width = 1 if block.lane is None else len(np.atleast_1d(first[0]))
        most = max(1, min(self.most, RATES // width))
        done, wait = 0, None
        while done < spec.steps:
            count = min(most, max(FIRST, done), spec.steps - done)
            some = list(itertools.islice(rates, count))
            given |= {"first": done + 1, "count": count} | self._tables(spec, block, done, some, put)
            before, wait = wait, self._call(theta.shape[1], given)
            if before is not None:
                before()
            done += count
            yield done, theta

    def _kept(
        self, spec: SweepSpec, block: Block, tracker: Tracker, theta: Any, first: tuple[Any, Any], xp: Any, put: Any
    ) -> dict[str, Any]:
        """The arguments that are the same at every launch; arrays that are written to keep what they hold."""
        values = {**first_values(spec.optimizer), **block.values}
        x, y = first
        if block.lane is not None:
            x, y = (put(x)[block.lane],) * 2 if x is y else (put(x)[block.lane], put(y)[block.lane])
        lr = rate_of_rows(xp, theta, x, y)
        states = OPTIMIZERS[spec.optimizer.kind].initial_state(values, lr)
        plain = {"n": theta.shape[1], "tail": tracker.tail, "seeds": spec.seeds, "theta": theta}
        seen = {"low": tracker.low, "high": tracker.high, "alive": tracker.alive}
        if tracker.goal is not None:
            seen |= {"waiting": tracker.waiting, "waited": tracker.count, "target": tracker.target}
        if spec.surface.data:
            examples = dataset(spec.surface)
            plain |= {"examples": put(examples.copy()), "all": len(examples), "size": spec.batch_size or 0}
        index = {"seed": block.seed} if block.lane is None else {"seed": block.seed, "lane": block.lane}
        return {
            **plain,
            **seen,
            **{name: xp.ascontiguousarray(array) for name, array in index.items()},
            **{f"state{j}": filled(xp, theta, state) for j, state in enumerate(states)},
            **{f"given{j}": values[name] for j, name in enumerate(self.source.lanes)},
        }

    def _tables(
        self, spec: SweepSpec, block: Block, done: int, rates: Sequence[tuple[Any, Any]], put: Any
    ) -> dict[str, Any]:
        """The arguments that are of some steps: numbers, rates, draws."""
        optimizer = spec.optimizer
        cycle = cycled(optimizer, spec.steps)
        fixed = first_values(optimizer) | {name: one for name, one in block.values.items() if not np.ndim(one)}
        with np.errstate(all="ignore"):
            rows = [
                self.source.numbers(t + 1, x, y, None if cycle is None else float(cycle[1][t]), fixed)
                for t, (x, y) in enumerate(rates, done)
            ]
        tables = {"numbers": put(np.array(rows, float)), "columns": len(rows[0])}
        if block.lane is not None:
            sides = 1 if rates[0][0] is rates[0][1] else 2
            kept = rates if optimizer.schedule else rates[:1]
            table = np.array([pair[:sides] for pair in kept])  # [steps or 1, sides, m]
            tables |= {"rates": put(table), "stride": sides if optimizer.schedule else 0, "width": table.shape[-1]}
        if block.noise is not None:
            tables["noise"] = put(block.noise[done : done + len(rates)])
        if block.batches is not None:
            tables["batches"] = put(block.batches[done : done + len(rates)])
        return tables

    def _call(self, runs: int, given: Mapping[str, Any]) -> Callable[[], object]:
        """Launch it with its arguments, each looked at first: a kernel reads whatever it is told to."""
        arguments = []
        for kind, name in self.source.parameters:
            value = given[name]
            if kind in DTYPES:
                whole = value.is_contiguous() if hasattr(value, "is_contiguous") else value.flags.c_contiguous
                if str(value.dtype).removeprefix("torch.") != DTYPES[kind] or not whole:
                    raise TypeError(f"{name}: {DTYPES[kind]}, in one piece, is wanted; got {value.dtype}.")
            arguments.append(value if kind in DTYPES else int(value))
        return self.launch(runs, arguments)


def _peeked(rates: Iterator[tuple[Any, Any]]) -> tuple[tuple[Any, Any], Iterator[tuple[Any, Any]]]:
    """The rates of the first step, and those of all."""
    first = next(rates)
    return first, itertools.chain([first], rates)


@functools.lru_cache(maxsize=64)
def compiled(text: str) -> Launch:
    """Compile a kernel for this machine's GPU with the compiler that torch comes with: a few tenths of a second, once.

    What torch itself offers for it (torch.cuda._compile_kernel) asks for a whole CUDA toolkit, which pip's torch has
    not; so its compiler is called here, and torch loads what it makes, and launches it.
    """
    import torch
    from torch.cuda import _utils as of_torch

    if torch.version.cuda is None:
        raise RuntimeError("This torch has no compiler of CUDA.")
    major, minor = torch.cuda.get_device_capability()
    code = cubin(of_torch._get_nvrtc_library(), text, f"sm_{major}{minor}")
    kernel = of_torch._cuda_load_module(code, ["steps"])["steps"]  # type: ignore[index]

    def launch(runs: int, arguments: Sequence[Any]) -> Callable[[], object]:
        kernel(grid=(-(-runs // THREADS), 1, 1), block=(THREADS, 1, 1), args=list(arguments))
        return torch.cuda.current_stream().record_event().synchronize

    return launch


def cubin(library: ctypes.CDLL, text: str, architecture: str) -> bytes:
    """Return what NVIDIA's runtime compiler makes of a source, no product fused with a sum: so NumPy rounds.

    Reference: NVIDIA, NVRTC documentation, 2025.
    """

    def check(status: int) -> None:
        if status:
            raise RuntimeError(f"NVRTC's error {status}")

    program, size = ctypes.c_void_p(), ctypes.c_size_t()
    check(library.nvrtcCreateProgram(ctypes.byref(program), text.encode(), b"steps.cu", 0, None, None))
    try:
        options = [f"--gpu-architecture={architecture}".encode(), b"--fmad=false"]
        check(library.nvrtcCompileProgram(program, len(options), (ctypes.c_char_p * len(options))(*options)))
        check(library.nvrtcGetCUBINSize(program, ctypes.byref(size)))
        code = ctypes.create_string_buffer(size.value)
        check(library.nvrtcGetCUBIN(program, code))
    finally:
        library.nvrtcDestroyProgram(ctypes.byref(program))
    return code.raw
