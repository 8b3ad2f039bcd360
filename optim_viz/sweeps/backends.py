"""What a block of runs computes with: NumPy, machine code where there is much to do, or a GPU.

On a GPU a kernel does all steps of a block (`cuda`) where it has shown that it is right (`cuda_check`); where there is
none, torch tensors go step by step.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from types import SimpleNamespace
from typing import Any

import numpy as np

from optim_viz.optimizers.schedules import SCHEDULES
from optim_viz.spec import SweepSpec
from optim_viz.surfaces.compiled import compiled
from optim_viz.surfaces.torch_functions import put, torch_functions
from optim_viz.sweeps import cuda
from optim_viz.sweeps.cuda import Launch
from optim_viz.sweeps.machine_code import fused
from optim_viz.sweeps.numpy_code import straight
from optim_viz.sweeps.placed import Rewrite

#: Runs in a block: the fastest of 1,024 to 32,768, with one thread and with two (benchmarks/sweep.py --only blocks).
#: Shorter arrays pay for Python's share of every operation, and two threads for passing its lock to each other.
BLOCK = 32768
#: Runs in a block, at least, where shorter blocks give every core one: below, Python's share is what takes the time.
LEAST = 8192
#: Runs in a block on a GPU: a handful of arrays of them is 200 MB.
GPU_BLOCK = 1 << 20
#: Steps of all runs together from which machine code is made: below, NumPy is done in about the 0.1 s that a process's
#: first machine code takes (a new optimizer's or surface's takes 0.02 to 0.04 s, one that is known none).
WORTH_MACHINE_CODE = 10_000_000
#: Steps of all runs together from which a GPU is asked for: below, NumPy is done before torch is imported.
WORTH_A_GPU = 300_000_000


@dataclass(frozen=True, eq=False)
class Backend:
    """What a block computes with: a namespace, loss and gradient in it, and the ways in and out."""

    xp: Any
    value: Callable[..., Any]
    gradient: Callable[..., Any]
    put: Callable[[np.ndarray], Any]
    get: Callable[[Any, np.ndarray], None]  # copies an array to memory of NumPy's
    block: int  # runs in a block, at most
    least: int  # and at least, where more cores could work at shorter ones
    rewrite: Rewrite  # what makes functions of arrays faster
    compiler: Callable[[str], Launch] | None = None  # what makes a kernel of CUDA source, where there is a GPU


def backend_for(spec: SweepSpec) -> Backend:
    """The fastest backend for a sweep on this machine."""
    return torch_backend(spec, "cuda") if worth_a_gpu(spec, cuda_available) else numpy_backend(spec)


def numpy_backend(spec: SweepSpec) -> Backend:
    """Blocks on NumPy arrays; where there is much to do, in machine code, with the same bits."""
    return _on_arrays(spec, fused if spec.steps_in_all >= WORTH_MACHINE_CODE else straight)


def machine_backend(spec: SweepSpec) -> Backend:
    """Blocks in machine code: for small sweeps of which many follow, so that its making pays."""
    return _on_arrays(spec, fused)


def _on_arrays(spec: SweepSpec, rewrite: Rewrite) -> Backend:
    surface = compiled(spec.surface)
    return Backend(np, surface.value, surface.gradient, lambda a: a, _copied, BLOCK, LEAST, rewrite)


def _copied(array: Any, out: np.ndarray) -> None:
    out[...] = array


def worth_a_gpu(spec: SweepSpec, available: Callable[[], bool]) -> bool:
    """Whether a sweep is to run on a GPU: a large one, if there is one; only asked then.

    A schedule that watches the losses stays on NumPy.
    """
    plan = spec.optimizer.schedule
    watching = plan is not None and SCHEDULES[plan.kind].rate is None
    return not watching and spec.steps_in_all >= WORTH_A_GPU and available()


def cuda_available() -> bool:
    """Whether torch sees a GPU."""
    import torch  # 1.8 s: little beside a sweep that asks for this

    return torch.cuda.is_available()


def torch_backend(spec: SweepSpec, device: str) -> Backend:
    """Blocks on torch tensors; on a GPU with a kernel for all steps, where there is one."""
    import torch

    value, gradient = torch_functions(spec.surface, device)

    def get(tensor: torch.Tensor, out: np.ndarray) -> None:
        torch.from_numpy(out).copy_(tensor)

    return Backend(
        xp=torch_namespace(device),
        value=value,
        gradient=gradient,
        put=put(device),
        get=get,
        block=GPU_BLOCK,
        least=GPU_BLOCK,  # one GPU is one worker
        rewrite=lambda function, *_: function,
        compiler=cuda.compiled if device == "cuda" else None,
    )


def torch_namespace(device: str) -> SimpleNamespace:
    """The namespace of the rules for torch tensors, with NumPy's names; plain numbers count as float64.

    What is made of nothing is made on a device.
    """
    import torch

    def tensor(value: Any) -> torch.Tensor:
        return torch.as_tensor(value, dtype=torch.float64)

    return SimpleNamespace(
        sqrt=torch.sqrt,
        abs=torch.abs,
        sign=lambda v: torch.sign(tensor(v)),
        maximum=lambda a, b: torch.maximum(tensor(a), tensor(b)),
        minimum=lambda a, b: torch.minimum(tensor(a), tensor(b)),
        isfinite=lambda v: torch.isfinite(tensor(v)),
        where=torch.where,
        hypot=torch.hypot,
        empty_like=torch.empty_like,
        ascontiguousarray=lambda v: v.contiguous(),
        arange=lambda low, high: torch.arange(low, high, device=device),
        full=lambda count, value: torch.full((count,), value, dtype=torch.float64, device=device),
        stack=torch.stack,
        unravel_index=torch.unravel_index,
    )
