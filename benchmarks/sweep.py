"""Time of maps and basins beside torch.optim, run by run and batched; cost per run and memory against batch size.

    PYTHONPATH=. python benchmarks/sweep.py [--only maps|basins|sizes|blocks|axes|scaling|tune] [--repeats 3]
    PYTHONPATH=. python benchmarks/sweep.py --only scaling --threads 1 2 4 8 16

Everything is measured side by side in one process, warmed up, median of the repeats. torch.optim run by run is timed on
16 runs and scaled to all of them; it records nothing. torch.optim takes one learning rate and one momentum per param
group, so a map over them has no single tensor to be batched into: one group per cell is the nearest thing, all cells in
one optimizer with foreach=True, one loss and one backward pass for all; timed on 20 steps and scaled. A map over starts
it can batch: one tensor of all starts, timed on one thread and on torch's own number of threads.
"""

from __future__ import annotations

import argparse
import resource
import statistics
import subprocess
import sys
import time
from collections.abc import Callable
from typing import Any
from unittest import mock

import numpy as np
import torch

import optim_viz as ov
from optim_viz import settings
from optim_viz.network import train as network
from optim_viz.optimizers import specs
from optim_viz.optimizers.as_torch import torch_optimizer
from optim_viz.spec import SweepSpec
from optim_viz.sweeps import batch, sweep
from optim_viz.sweeps.basins import check as check_basins
from optim_viz.sweeps.basins import run as run_basins
from optim_viz.sweeps.cells import cell_values
from tests.reference import torch_loss

SAMPLE, FEW = 16, 20
THREADS = torch.get_num_threads()  # torch's own default
RUN_BY_RUN, BATCHED, MEMORY = 1000.0, 3.0, 1e9


def seconds(call: Callable[[], Any], repeats: int) -> float:
    """Median wall time of a call, after a warm-up."""
    times = []
    call()
    for _ in range(repeats):
        before = time.perf_counter()
        call()
        times.append(time.perf_counter() - before)
    return statistics.median(times)


def plain_loops(spec: SweepSpec, repeats: int) -> float:
    """Seconds of torch.optim run by run, timed on 16 cells and scaled to all."""
    cells = np.linspace(0, spec.cells - 1, SAMPLE).astype(int)
    starts, values = cell_values(spec, cells)
    loss = torch_loss(spec.surface)

    def loop() -> None:
        for i in range(SAMPLE):
            own = specs.with_values(spec.optimizer, {name: float(axis[i]) for name, axis in values.items()})
            theta = torch.tensor(starts[i], requires_grad=True)
            descend(torch_optimizer(own, [theta]), theta, lambda p: loss(p[0], p[1]), spec.steps)

    return seconds(loop, repeats) / SAMPLE * spec.cells


def descend(optimizer: Any, theta: Any, loss: Callable[..., Any], steps: int) -> None:
    """The usual loop."""
    for _ in range(steps):
        optimizer.zero_grad()
        loss(theta).backward()
        optimizer.step()


def one_tensor(spec: SweepSpec) -> Callable[[], None]:
    """Return a run of torch.optim on one tensor of all starts."""
    starts, _ = cell_values(spec, np.arange(spec.cells))
    loss = torch_loss(spec.surface)

    def loop() -> None:
        theta = torch.tensor(starts, requires_grad=True)
        descend(torch_optimizer(spec.optimizer, [theta]), theta, lambda p: loss(*p.unbind(1)).sum(), spec.steps)

    return loop


def in_turns(ours: Callable[[], Any], theirs: Callable[[], Any], repeats: int) -> tuple[float, float]:
    """Median wall time of each of two calls that take turns."""
    pairs = [(seconds(ours, 1), seconds(theirs, 1)) for _ in range(repeats)]
    return statistics.median(a for a, _ in pairs), statistics.median(b for _, b in pairs)


def one_group_a_cell(spec: SweepSpec, repeats: int) -> float:
    """Seconds of torch.optim with one param group per cell and one backward pass for all, scaled from 20 steps."""
    starts, values = cell_values(spec, np.arange(spec.cells))
    thetas = [torch.tensor(start, requires_grad=True) for start in starts]
    columns = {name: axis.tolist() for name, axis in values.items()}
    groups = [{"params": [p], **{n: c[i] for n, c in columns.items()}} for i, p in enumerate(thetas)]
    optimizer, loss = torch.optim.SGD(groups, foreach=True), torch_loss(spec.surface)

    def loop() -> None:
        descend(optimizer, thetas, lambda each: loss(*torch.stack(each).unbind(1)).sum(), FEW)

    return seconds(loop, repeats) / FEW * spec.steps


def line(name: str, ours: float, alone: float, batched: float) -> bool:
    """Print one row; return whether the ratios hold."""
    ratios = alone / ours, batched / ours
    met = ratios[0] >= RUN_BY_RUN and ratios[1] >= BATCHED
    print(
        f"{name:<44}{ours:>8.3f} s{alone:>10.0f} s{ratios[0]:>8,.0f}x{batched:>10.2f} s{ratios[1]:>8.1f}x  {said(met)}",
        flush=True,
    )
    return met


def said(met: bool) -> str:
    """What is printed of a goal."""
    return "met" if met else "MISSED"


def maps(repeats: int) -> bool:
    """64 x 64 learning rates and momenta, 1,000 steps; return whether the goals are met."""
    met = []
    axes = {"lr": np.geomspace(1e-4, 1e-1, 64), "momentum": np.linspace(0.0, 0.98, 64)}
    print(
        "\n64 x 64 lr x momentum, 1,000 steps: ours (with steps to tolerance), torch.optim run by run (16 runs, scaled)"
    )
    print("and with a param group per cell (it cannot batch hyperparameters; 20 steps, scaled)")
    for name in ("quadratic", "rosenbrock"):
        spec = sweep.check(name, ov.optimizer("momentum"), axes, steps=1000)
        ours = seconds(lambda s=spec: sweep.run(s), repeats)  # type: ignore[misc]
        met.append(line(f"momentum on {name}", ours, plain_loops(spec, 1), one_group_a_cell(spec, 1)))
    return all(met)


def basins(repeats: int) -> bool:
    """256 x 256 starts, 300 steps; torch on one thread, and on as many as it takes by itself; return as maps does."""
    met = []
    print("\n256 x 256 starts, 300 steps: ours (with labels), torch.optim run by run (16 runs, scaled), as one tensor")
    for name, optimizer in (
        ("himmelblau", ov.optimizer("adam", lr=0.1)),
        ("himmelblau", ov.optimizer("momentum", lr=1e-3)),
        ("six_hump_camel", ov.optimizer("momentum", lr=1e-2)),
    ):
        spec = check_basins(name, optimizer, 256, 300)
        alone = plain_loops(spec, 1)
        for threads in sorted({1, THREADS}):
            torch.set_num_threads(threads)
            ours, batched = in_turns(lambda s=spec: run_basins(s), one_tensor(spec), repeats)  # type: ignore[misc]
            met.append(line(f"{optimizer.kind} on {name}, torch on {threads}", ours, alone, batched))
        torch.set_num_threads(1)
    return all(met)


def peak() -> float:
    """Most memory that this process has held, in bytes."""
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024


def one_size(runs: int) -> None:
    """Time one batch in a process of its own; print microseconds per run and the process's peak memory."""
    spec = sweep.check("rosenbrock", ov.optimizer("momentum"), {"lr": np.geomspace(1e-5, 1e-1, runs)}, steps=300)
    warm = sweep.check("rosenbrock", ov.optimizer("momentum"), {"lr": [1e-3]}, steps=3)
    sweep.run(warm)
    before = time.perf_counter()
    sweep.run(spec)
    print(time.perf_counter() - before, peak())


def sizes() -> bool:
    """Cost per run from 1 run to a million, each in its own process; return whether memory stays within its bound."""
    print(f"\n{'runs':>10}{'time':>12}{'per run':>14}{'peak memory':>14}   300 steps of momentum on rosenbrock")
    for runs in (1, 10, 100, 1000, 10_000, 100_000, 1_000_000):
        command = [sys.executable, __file__, "--one-size", str(runs)]
        took, memory = map(float, subprocess.run(command, capture_output=True, text=True, check=True).stdout.split())
        print(f"{runs:>10,}{took:>10.3f} s{took / runs * 1e6:>11.2f} us{memory / 1e6:>11.0f} MB", flush=True)
    print(f"at most 1 GB: {said(memory <= MEMORY)} (peak of the process, with torch's own share)")
    return memory <= MEMORY


def blocks(repeats: int) -> None:
    """Runs in a block: why backends.BLOCK is what it is."""
    print("\n65,536 runs x 300 steps on rosenbrock, two threads, by runs in a block")
    for kind in ("momentum", "adam"):
        spec = check_basins("rosenbrock", ov.optimizer(kind), 256, 300)
        for size in (1024, 4096, 8192, 16384, 32768):
            took = seconds(lambda s=spec, n=size: batch.run_all(s, block=n), repeats)  # type: ignore[misc]
            print(f"{kind:<10}{size:>8,}{took:>8.3f} s", flush=True)


def axes(repeats: int) -> None:
    """Processor time of a map of Adam over lr and each other hyperparameter, in turn: what powers of beta cost."""
    print("\n256 x 256 lr x another axis, 300 steps of adam on rosenbrock: processor time, best of the repeats")
    lrs, values = np.geomspace(1e-3, 0.1, 256), {"eps": (1e-9, 1e-6), "beta1": (0.5, 0.95), "beta2": (0.9, 0.999)}
    best = dict.fromkeys(values, np.inf)
    for _ in range(1 + repeats):
        for name, ends in values.items():
            spec = sweep.check("rosenbrock", ov.optimizer("adam"), {"lr": lrs, name: np.linspace(*ends, 256)})
            before = time.process_time()
            sweep.run(spec)
            best[name] = min(best[name], time.process_time() - before)
    for name, took in best.items():
        print(f"{name:<10}{took:>8.3f} s{took / best['eps']:>8.2f} times eps", flush=True)


def scaling(counts: list[int], repeats: int) -> None:
    """Time of a sweep and of a training by how many threads work, and whether all end at the same bits."""
    map_of = {"lr": np.geomspace(1e-3, 0.1, 512), "eps": np.geomspace(1e-9, 1e-6, 512)}
    spec, each = (
        sweep.check("rosenbrock", ov.optimizer("adam"), map_of, steps=500),
        network.check(ov.optimizer("sgd"), 1, seeds=8),
    )
    print(f"\n{'threads':>8}{'512 x 512 x 500 adam':>24}{'8 trainings, 1 epoch':>26}   {settings.cores()} cores")
    first: dict[str, tuple[float, Any]] = {}
    for count in counts:
        with (
            mock.patch.object(batch, "threads", lambda n=count: n),
            mock.patch.object(network, "threads", lambda n=count: n),
        ):
            took = {
                "sweep": seconds(lambda: sweep.run(spec), repeats),
                "train": seconds(lambda: network.run(each), repeats),
            }
            bits = {"sweep": sweep.run(spec).losses, "train": np.array([run.losses for run in network.run(each).runs])}
        for name, own in took.items():
            first.setdefault(name, (own, bits[name]))
        said = [f"{own:>13.2f} s{first[name][0] / own:>8.2f}x" for name, own in took.items()]
        same = all(np.array_equal(bits[name], first[name][1]) for name in bits)
        print(f"{count:>8}{said[0]}{said[1]}   {'the same bits' if same else 'OTHER BITS'}", flush=True)


def tune(repeats: int) -> None:
    """Final losses as set and each at its own best, 500 steps, and how long tuning takes."""
    three = [ov.optimizer(kind) for kind in ("sgd", "momentum", "adam")]
    for name in ("rosenbrock", "beale", "himmelblau"):
        took = seconds(lambda n=name: ov.tune(n, three, steps=500), repeats)  # type: ignore[misc]
        tuned = ov.tune(name, three, steps=500)
        print(f"\n{name}: {took:.2f} s to tune three optimizers\n{tuned.to_frame().to_string(index=False)}")
        print(tuned.sentence, flush=True)


def main() -> None:
    """Print the tables; exit with 1 if a goal is missed."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--only", choices=["maps", "basins", "sizes", "blocks", "axes", "scaling", "tune"])
    parser.add_argument("--threads", type=int, nargs="+", default=[1, settings.cores()], help="of scaling")
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--one-size", type=int, help=argparse.SUPPRESS)
    options = parser.parse_args()
    if options.one_size:
        one_size(options.one_size)
        return
    torch.set_num_threads(1)
    met = True
    for name, call in (
        ("maps", lambda: maps(options.repeats)),
        ("basins", lambda: basins(options.repeats)),
        ("sizes", sizes),
        ("blocks", lambda: blocks(options.repeats)),
        ("axes", lambda: axes(options.repeats)),
        ("scaling", lambda: scaling(options.threads, options.repeats)),
        ("tune", lambda: tune(options.repeats)),
    ):
        if options.only in (None, name):
            met = call() is not False and met  # the others have no goal
    sys.exit(not met)


if __name__ == "__main__":
    main()
