"""Time of ov.descend beside a plain torch.optim + autograd loop: every optimizer on every surface, in one run.

    PYTHONPATH=. python benchmarks/descent.py [--steps 1000] [--repeats 3] [--optimizers adam] [--surfaces beale]

The torch loop is the one that a reader would write (zero_grad, loss, backward, step) and records nothing; ours records
points, losses, gradients, state and outcome. Both are warmed up, take turns, and count by the median of the repeats.

Then 64 x 64 starts as ov.basins runs them (in blocks, on two threads where data make more than one block of them)
beside one torch.optim tensor of the same 4,096 starts, and one Adam run beside gradfield, the fastest public peer
found, where it is installed (python -m venv v && v/bin/pip install gradfield==0.5.0;
PYTHONPATH=.:v/lib/python3.11/site-packages python benchmarks/descent.py).

Last, L-BFGS, whose steps take up to 20 gradients each, on five surfaces, by the processor's time: at a learning rate at
which it is under way all the time, and at torch's own, at which it is soon there.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import numpy as np
import torch

import optim_viz as ov
from optim_viz.optimizers.as_torch import torch_optimizer
from optim_viz.sweeps import basins, batch
from optim_viz.sweeps.cells import cell_values
from tests.reference import torch_loss

SIDE = 64  # starts a side
CLOSURE_SURFACES = ["goldstein_price", "rosenbrock", "quadratic", "himmelblau", "beale"]


def torch_loop(spec: ov.spec.OptimizerSpec, loss: Callable[..., Any], start: tuple[float, float], steps: int) -> None:
    """The plain loop."""
    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch_optimizer(spec, [theta])
    for _ in range(steps):
        optimizer.zero_grad()
        loss(*theta.unbind()).backward()
        optimizer.step()


def closure_loop(spec: ov.spec.OptimizerSpec, loss: Callable[..., Any], start: tuple[float, float], steps: int) -> None:
    """The same with a closure."""
    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch_optimizer(spec, [theta])

    def closure() -> Any:
        """Loss and gradient."""
        optimizer.zero_grad()
        value = loss(*theta.unbind())
        value.backward()
        return value

    for _ in range(steps):
        optimizer.step(closure)


def seconds(call: Callable[[], Any], clock: Callable[[], float] = time.perf_counter) -> float:
    """Wall time of one call, or the time of another clock."""
    before = clock()
    call()
    return clock() - before


def pair(spec: ov.spec.OptimizerSpec, surface: ov.spec.Surface, steps: int, repeats: int) -> tuple[float, float]:
    """Median seconds of ours and of torch's, taking turns after a warm-up."""
    loss = torch_loss(surface)

    def ours() -> None:
        """The run that records."""
        ov.descend(surface, [spec], steps=steps)

    def theirs() -> None:
        """The plain loop."""
        torch_loop(spec, loss, surface.start, steps)

    ours(), torch_loop(spec, loss, surface.start, 20)
    times = [(seconds(ours), seconds(theirs)) for _ in range(repeats)]
    return statistics.median(a for a, _ in times), statistics.median(b for _, b in times)


def closure_pair(spec: ov.spec.OptimizerSpec, surface: ov.spec.Surface, steps: int) -> tuple[float, float]:
    """The processor's seconds of ours and of torch's, after a warm-up."""
    loss = torch_loss(surface)
    ov.descend(surface, [spec], steps=2), closure_loop(spec, loss, surface.start, 2)
    ours = seconds(lambda: ov.descend(surface, [spec], steps=steps), time.process_time)
    return ours, seconds(lambda: closure_loop(spec, loss, surface.start, steps), time.process_time)


def batch_pair(spec: ov.spec.OptimizerSpec, surface: ov.spec.Surface, steps: int, repeats: int) -> tuple[float, float]:
    """Median seconds of a grid of starts, as maps and basins run it and as one torch.optim tensor."""
    asked = basins.check(surface, spec, SIDE, steps)
    starts, _ = cell_values(asked, np.arange(asked.cells))
    loss = torch_loss(surface)

    def ours() -> None:
        """The runs that basins are told from."""
        batch.run_all(asked, False)

    def theirs() -> None:
        """One tensor."""
        theta = torch.tensor(starts, requires_grad=True)
        optimizer = torch_optimizer(spec, [theta])
        for _ in range(steps):
            optimizer.zero_grad()
            loss(*theta.unbind(1)).sum().backward()
            optimizer.step()

    ours(), theirs()
    times = [(seconds(ours), seconds(theirs)) for _ in range(repeats)]
    return statistics.median(a for a, _ in times), statistics.median(b for _, b in times)


def table(
    title: str, options: argparse.Namespace, kinds: list[str], compare: Callable[..., Any], wanted: float
) -> None:
    """Print ours and torch's time of every optimizer on every surface, and each optimizer's median ratio."""
    print(f"\n{title}; median of {options.repeats}; torch {torch.__version__}, one thread")
    print(f"{'optimizer':<12}{'surface':<22}{'ours':>11}{'torch':>12}{'ratio':>9}")
    medians = {}
    for kind in kinds:
        ratios = []
        for name in options.surfaces:
            ours, theirs = compare(ov.optimizer(kind), ov.SURFACES[name])
            ratios.append(theirs / ours)
            print(f"{kind:<12}{name:<22}{ours * 1e3:>8.2f} ms{theirs * 1e3:>9.1f} ms{ratios[-1]:>8.1f}x", flush=True)
        medians[kind] = statistics.median(ratios)
        print(f"{kind:<12}{'median':<22}{'':>23}{medians[kind]:>8.1f}x (lowest {min(ratios):.1f}x)")
    worst = min(medians, key=medians.__getitem__)
    said = "met" if medians[worst] >= wanted else "MISSED"
    print(f"lowest median: {worst} {medians[worst]:.1f}x; at least {wanted:g}x for every optimizer: {said}")


def peer(steps: int, repeats: int) -> None:
    """One Adam run on Rosenbrock beside gradfield's (finite differences; it keeps the points)."""
    try:
        from gradfield import optimize  # type: ignore[import-not-found]
    except ImportError:
        print("\ngradfield: not installed")
        return
    row, spec = ov.SURFACES["rosenbrock"], ov.optimizer("adam", lr=0.05)

    def rosenbrock(x: float, y: float) -> float:
        """The surface as gradfield takes it."""
        return (1 - x) ** 2 + 100 * (y - x**2) ** 2

    def theirs() -> None:
        """The peer."""
        optimize(rosenbrock, "adam", row.start, steps, 0.05)

    def ours() -> None:
        """The same run."""
        ov.descend(row, spec, steps=steps)

    ours(), theirs()
    times = [(seconds(ours), seconds(theirs)) for _ in range(10 * repeats)]
    mine, other = statistics.median(a for a, _ in times), statistics.median(b for _, b in times)
    print(f"\nAdam on Rosenbrock, {steps:,} steps: ours {mine * 1e3:.2f} ms, gradfield {other * 1e3:.2f} ms: ", end="")
    print(f"{other / mine:.1f}x; at least 2x: {'met' if other >= 2 * mine else 'MISSED'}")


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--optimizers", nargs="+", default=list(ov.OPTIMIZERS))
    parser.add_argument("--surfaces", nargs="+", default=list(ov.SURFACES))
    parser.add_argument("--batch-steps", type=int, default=100)
    parser.add_argument("--only", choices=["one", "batch", "peer", "lbfgs"])
    parser.add_argument("--lbfgs-steps", type=int, default=500)
    options = parser.parse_args()
    torch.set_num_threads(1)
    rules = [kind for kind in options.optimizers if ov.OPTIMIZERS[kind].rule]
    steps, repeats = options.steps, options.repeats
    if options.only in (None, "one"):
        table(f"{steps:,} steps of one run", options, rules, lambda o, s: pair(o, s, steps, repeats), 100.0)
    if options.only in (None, "batch"):
        few = options.batch_steps
        table(f"{few} steps of {SIDE**2:,} runs", options, rules, lambda o, s: batch_pair(o, s, few, repeats), 3.0)
    if options.only in (None, "peer"):
        peer(steps, repeats)
    if options.only in (None, "lbfgs"):
        options.surfaces, options.repeats, many = CLOSURE_SURFACES, 1, options.lbfgs_steps
        for lr in (1.0, 0.01):
            spec = ov.optimizer("lbfgs", lr=lr)
            title = f"{many} steps of L-BFGS, lr {lr:g}"
            table(title, options, ["lbfgs"], lambda _, s, spec=spec: closure_pair(spec, s, many), 20.0)


if __name__ == "__main__":
    main()
