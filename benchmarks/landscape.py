"""The loss on a plane of weights, beside a plain forward pass for each grid point and beside loss-landscapes.

Run: python benchmarks/landscape.py [repetitions]
For the second comparison: pip install --no-deps --target FOLDER loss-landscapes==3.0.6, and PYTHONPATH=FOLDER.
Times are the best of all repetitions, taken in turn: what the machine can do when nothing else disturbs it.
"""

from __future__ import annotations

import sys

import numpy as np
import torch
from timing import timed

from optim_viz.network import digits
from optim_viz.network.mlp import Layout
from optim_viz.network.plane_loss import losses_on_plane

LAYOUT = Layout((300, 200))


def model_of(flat):
    """Return the network as torch.nn has it."""
    parts = []
    for out, into in LAYOUT.shapes:
        parts += [torch.nn.Linear(into, out), torch.nn.ReLU()]
    model = torch.nn.Sequential(*parts)
    torch.nn.utils.vector_to_parameters(flat.clone(), model.parameters())
    return model


def case(resolution, count):
    """Return plane [3, weights], points, x and y."""
    rng = np.random.default_rng(0)
    start = LAYOUT.start(0).numpy()
    plane = np.stack([start, *(rng.standard_normal((2, LAYOUT.size)) * 0.03).astype(np.float32)])
    ticks = np.linspace(-1, 1, resolution)
    data = digits.load()
    points = np.stack(np.meshgrid(ticks, ticks), -1).reshape(-1, 2)
    return plane, points, data.train_x[:count].astype(np.float32) / 255, data.train_y[:count]


def plain(plane, points, x, y):
    """Run a forward pass for each grid point, as anyone would write it."""
    w0, d1, d2 = torch.from_numpy(plane)
    model, x, y = model_of(w0), torch.from_numpy(x), torch.from_numpy(y).long()
    out = []
    with torch.no_grad():
        for a, b in points.tolist():
            torch.nn.utils.vector_to_parameters(w0 + a * d1 + b * d2, model.parameters())
            out.append(torch.nn.functional.cross_entropy(model(x), y).item())
    return np.array(out)


def loss_landscapes(resolution, plane, x, y):
    """Run loss-landscapes 3.0.6 on a plane of its own; None where it is not installed."""
    try:
        import loss_landscapes as ll
    except ImportError:
        return None
    x, y = torch.from_numpy(x), torch.from_numpy(y).long()
    metric = ll.metrics.Loss(torch.nn.CrossEntropyLoss(), x, y)
    return ll.random_plane(model_of(torch.from_numpy(plane[0])), metric, distance=1, steps=resolution)


def compare(resolution, count, repetitions):
    """Time the ways in turn and print the best of each."""
    plane, points, x, y = case(resolution, count)
    ways = {
        "ours": lambda: losses_on_plane(LAYOUT, True, plane, points, x, y),
        "plain torch": lambda: plain(plane, points, x, y),
        "loss-landscapes": lambda: loss_landscapes(resolution, plane, x, y),
    }
    if count == 1000:
        del ways["loss-landscapes"]
    best, results = dict.fromkeys(ways, np.inf), {}
    for _ in range(repetitions):
        for name, call in ways.items():
            results[name], seconds = timed(call)
            best[name] = min(best[name], seconds)
    print(f"{resolution}x{resolution} points, {count:,} digits")
    gap = np.abs(results["ours"] / results["plain torch"] - 1).max()
    for name, seconds in best.items():
        if results[name] is None:
            print(f"  {name:16} not installed")
        else:
            print(f"  {name:16} {seconds:6.2f} s   {seconds / best['ours']:5.1f} times ours")
    print(f"  values differ by at most {gap:.1e} relative")


if __name__ == "__main__":
    times = int(sys.argv[1]) if len(sys.argv) > 1 else 3
    compare(41, 1000, times)
    compare(25, 512, times)
