"""Trainings, planes and a large sweep on every device of this machine, beside a plain torch loop on the same one.

Run: PYTHONPATH=. python benchmarks/devices.py [--repeats 3] [--small] [--only kernels]
Everything is timed in turn in one process, after a round that warms up; medians. The plain loop trains the same three
optimizers one after the other, as anyone would write it: the digits on the device, the loss of every step read, test
loss and accuracy at the same steps as ours. On a GPU every rule's sweep is timed by one kernel for all
steps beside the same sweep step by step on tensors, both as a user waits for them, once the kernel is compiled.
Adagrad's last loss is printed because its fused step is not everywhere.
"""

from __future__ import annotations

import argparse
import dataclasses
import platform
from collections.abc import Callable
from statistics import median
from typing import Any
from unittest import mock

import numpy as np
import torch
from network import BATCH, EPOCHS, SPECS, plain_loop
from timing import timed

import optim_viz as ov
from optim_viz import settings
from optim_viz.network import one_run, pca, plane_loss
from optim_viz.network.growing_run import evaluation_steps
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.spec import SweepSpec
from optim_viz.sweeps import backends, batch, sweep
from optim_viz.sweeps.cuda_check import CLOSE, apart, rounded_otherwise


def main() -> None:
    """Print a table a device."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--small", action="store_true", help="one epoch and a map of 128 x 128: a try in seconds")
    parser.add_argument("--only", choices=["kernels"], help="nothing but the kernels beside the tensors")
    options = parser.parse_args()
    epochs, side = (1, 128) if options.small else (EPOCHS, 1024)
    threads = f"{settings.threads()} threads here, {torch.get_num_threads()} of torch's in the plain loop"
    print(f"{platform.platform()}, torch {torch.__version__}, {threads}")
    gpu = backends.cuda_available()
    for device in [] if options.only else ["cpu", *(["cuda"] if gpu else [])]:
        print(f"\n{device}: {torch.cuda.get_device_name() if device == 'cuda' else platform.processor() or 'CPU'}")
        on_device(device, epochs, side, options.repeats)
    if gpu:
        kernels(side, options.repeats)
    else:
        print("\nNo GPU: torch sees none on this machine, so kernels are not timed.")


def on_device(device: str, epochs: int, side: int, repeats: int) -> None:
    """Print the times on one device."""
    with mock.patch.object(one_run, "device", lambda: device):  # ours takes a GPU where there is one
        evals = evaluation_steps(epochs, -(-8000 // BATCH))
        every = [
            ("train sgd, momentum, adam", lambda: ov.train(SPECS, epochs=epochs, batch_size=BATCH)),
            ("  a plain loop", lambda: [plain_loop(spec, evals, device, epochs) for spec in SPECS]),
            ("train sgd alone", lambda: ov.train(SPECS[0], epochs=epochs, batch_size=BATCH)),
            ("  a plain loop", lambda: plain_loop(SPECS[0], evals, device, epochs)),
        ]
        results = print_times(every, repeats, device)
        for run, expected in zip(results[0], results[1], strict=True):
            print(f"  {run.label:10} losses differ from the plain loop's by {np.abs(run.losses - expected).max():.1e}")
        adagrad = ov.train(ov.optimizer("adagrad", lr=0.01), epochs=1)["adagrad"]
        print(f"  adagrad    {adagrad.status}, last loss {adagrad.losses[-1]:.4f}")
    with mock.patch.object(pca, "device", lambda: device), mock.patch.object(plane_loss, "device", lambda: device):
        print_times([("project", lambda: ov.project(results[0]))], repeats, device)
    axes = {"lr": np.geomspace(1e-3, 0.1, side), "eps": np.geomspace(1e-9, 1e-6, side)}
    of_beta = {"lr": axes["lr"], "beta2": np.linspace(0.9, 0.999, side)}
    print_times(
        [
            (f"Adam, lr x {name}, {side} x {side} x 1,000", lambda a=a: swept(device, a))
            for name, a in (("eps", axes), ("beta2", of_beta))
        ],
        1 if device == "cpu" else repeats,
        device,
    )


def swept(device: str, axes: dict[str, Any]) -> batch.Ends:
    """Run a map of Adam on one device."""
    spec: SweepSpec = sweep.check("rosenbrock", ov.optimizer("adam"), axes, steps=1000)
    backend = backends.numpy_backend(spec) if device == "cpu" else backends.torch_backend(spec, device)
    return batch.run_all(spec, backend=backend)


def kernels(side: int, repeats: int) -> None:
    """Print, for every rule, a map's time on tensors and by a kernel, and how many of its cells are the same.

    First as a user waits for it, then for its steps alone: without what a run of one step takes as well. Of the cells
    that differ, all but those are counted that differ from the tensors' own, too, where their steps look a rounding
    aside.
    """
    print(f"\n{torch.cuda.get_device_name()}: {side} x {side} runs x 1,000 steps on Rosenbrock, lr x y, in ms")
    pair = f"{'tensors':>8} {'kernel':>8} {'ratio':>6}"
    print(f"  {'':12} {pair}   {pair.replace('tensors', '  steps')}   within 1e-9")
    axes = {"lr": np.geomspace(1e-4, 1e-2, side), "y": np.linspace(-1.0, 3.0, side)}
    for row in OPTIMIZERS.values():
        if row.rule is None:
            continue
        spec: SweepSpec = sweep.check("rosenbrock", ov.optimizer(row.name), axes, steps=1000)
        kernel = backends.torch_backend(spec, "cuda")
        tensors = dataclasses.replace(kernel, compiler=None)
        if batch.kernel_of(spec, kernel) is None:
            print(f"  {row.name:12} no kernel: it was not to be trusted here (the log says why)", flush=True)
            continue
        (slow, some), (fast, same) = (of_backend(spec, backend, repeats) for backend in (tensors, kernel))
        moved = batch.run_here(spec, True, (0, spec.runs), 1, backend=rounded_otherwise(tensors))
        other = apart(some, same) > CLOSE
        columns = "   ".join(f"{1e3 * a:8.1f} {1e3 * b:8.1f} {a / b:5.0f}x" for a, b in zip(slow, fast, strict=True))
        steady = (apart(some, moved) <= CLOSE).sum(where=other)
        print(f"  {row.name:12} {columns}   {1 - other.mean():.3%}, {steady} others not chaotic", flush=True)


def of_backend(spec: SweepSpec, backend: backends.Backend, repeats: int) -> tuple[tuple[float, float], Any]:
    """Return the seconds of a map, whole and without those of one step alone, and how it ended."""
    seconds: list[list[float]] = [[], []]
    ends: Any = None
    for _ in range(repeats + 1):  # the first warms up
        for place, steps in enumerate((1, spec.steps)):
            short = dataclasses.replace(spec, steps=steps)
            ends, took = timed(lambda s=short: batch.run_here(s, True, (0, s.runs), 1, backend=backend))
            seconds[place].append(took)
    one, whole = (median(every[1:]) for every in seconds)
    return (whole, whole - one), ends


def print_times(every: list[tuple[str, Callable[[], Any]]], repeats: int, device: str) -> list[Any]:
    """Time calls in turn and print a line each; return what they returned last."""

    def waited(call: Callable[[], Any]) -> Any:
        result = call()
        if device == "cuda":
            torch.cuda.synchronize()
        return result

    results = [waited(call) for _, call in every] if repeats > 1 else []
    rounds = []
    for _ in range(repeats):
        pairs = [timed(lambda call=call: waited(call)) for _, call in every]
        results, _ = map(list, zip(*pairs, strict=True))
        rounds.append([seconds for _, seconds in pairs])
    for i, (name, _) in enumerate(every):
        print(f"  {name:36} {median(row[i] for row in rounds):8.2f} s", flush=True)
    return results


if __name__ == "__main__":
    main()
