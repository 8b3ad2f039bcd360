"""Time of ov.descend beside a plain torch.optim + autograd loop: every optimizer on every surface, in one run.

    PYTHONPATH=. python benchmarks/descent.py [--steps 1000] [--repeats 3] [--optimizers adam] [--surfaces beale]

The torch loop is the one that a reader would write (zero_grad, loss, backward, step) and records nothing; ours records
points, losses, gradients, state and outcome. Both are warmed up, take turns, and count by the median of the repeats.
"""

from __future__ import annotations

import argparse
import statistics
import time
from collections.abc import Callable
from typing import Any

import sympy
import torch

import optim_viz as ov
from optim_viz.expression import parse
from optim_viz.optimizers import torch_optimizer

WANTED = 100.0


def torch_loss(text: str) -> Callable[[torch.Tensor, torch.Tensor], torch.Tensor]:
    """Return the surface's expression as a plain torch function of two scalar tensors."""
    modules = [{"Abs": torch.abs, "sign": torch.sign, "sqrt": torch.sqrt}, torch]
    return sympy.lambdify(sympy.symbols("x y", real=True), parse(text), modules)


def torch_loop(spec: ov.spec.OptimizerSpec, loss: Callable[..., Any], start: tuple[float, float], steps: int) -> None:
    """The plain loop."""
    theta = torch.tensor(start, dtype=torch.float64, requires_grad=True)
    optimizer = torch_optimizer(spec, [theta])
    for _ in range(steps):
        optimizer.zero_grad()
        loss(*theta.unbind()).backward()
        optimizer.step()


def seconds(call: Callable[[], Any]) -> float:
    """Wall time of one call."""
    before = time.perf_counter()
    call()
    return time.perf_counter() - before


def pair(spec: ov.spec.OptimizerSpec, surface: ov.spec.Surface, steps: int, repeats: int) -> tuple[float, float]:
    """Median seconds of ours and of torch's, taking turns after a warm-up."""
    loss = torch_loss(surface.expression)

    def ours() -> None:
        ov.descend(surface, [spec], steps=steps)

    def theirs() -> None:
        torch_loop(spec, loss, surface.start, steps)

    ours(), torch_loop(spec, loss, surface.start, 20)
    times = [(seconds(ours), seconds(theirs)) for _ in range(repeats)]
    return statistics.median(a for a, _ in times), statistics.median(b for _, b in times)


def main() -> None:
    """Print the table."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--steps", type=int, default=1000)
    parser.add_argument("--repeats", type=int, default=3)
    parser.add_argument("--optimizers", nargs="+", default=list(ov.OPTIMIZERS))
    parser.add_argument("--surfaces", nargs="+", default=list(ov.SURFACES))
    options = parser.parse_args()
    torch.set_num_threads(1)
    print(f"{options.steps:,} steps of one run, median of {options.repeats}; torch {torch.__version__}")
    print(f"{'optimizer':<12}{'surface':<22}{'ours':>10}{'torch':>12}{'ratio':>9}")
    ratios = []
    for kind in options.optimizers:
        for name in options.surfaces:
            ours, theirs = pair(ov.optimizer(kind), ov.SURFACES[name], options.steps, options.repeats)
            ratios.append(theirs / ours)
            print(f"{kind:<12}{name:<22}{ours * 1e3:>7.2f} ms{theirs * 1e3:>9.1f} ms{ratios[-1]:>8.0f}x", flush=True)
    low, middle = min(ratios), statistics.median(ratios)
    verdict = "met" if low >= WANTED else "MISSED"
    print(f"lowest ratio {low:.0f}x, median {middle:.0f}x; at least {WANTED:.0f}x for every one: {verdict}")


if __name__ == "__main__":
    main()
