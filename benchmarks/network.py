"""Training sgd, momentum and adam side by side, beside the plain sequential torch loop; memory; the last ReLU's cost.

Run: python benchmarks/network.py [repetitions]
The plain loop is what anyone would write: torch's default optimizers and threads, one optimizer after the other, the
loss of every step, and test loss and accuracy at the same steps as ours. "bare" leaves its evaluations out (ours stay).
"""

from __future__ import annotations

import resource
import sys
import time

import numpy as np
import torch

from optim_viz import digits, optimizer
from optim_viz.network import train
from optim_viz.optimizers import torch_optimizer

SPECS = (optimizer("sgd", lr=0.01), optimizer("momentum", lr=0.01), optimizer("adam", lr=1e-3))
EPOCHS, BATCH = 5, 64


def plain_loop(spec, evaluate):
    """Train one optimizer the plain way; return its losses and accuracies."""
    data = digits.load()
    x, test_x = (torch.from_numpy(a).float() / 255 for a in (data.train_x, data.test_x))
    y, test_y = (torch.from_numpy(a).long() for a in (data.train_y, data.test_y))
    torch.manual_seed(0)
    sizes = ((784, 300), (300, 200), (200, 10))
    model = torch.nn.Sequential(*(m for s in sizes for m in (torch.nn.Linear(*s), torch.nn.ReLU())))
    optimizer = torch_optimizer(spec, model.parameters())
    losses, accuracies = [], []
    for epoch in range(EPOCHS):
        order = torch.from_numpy(np.random.default_rng((0, epoch)).permutation(len(y)))
        for k, part in enumerate(order.split(BATCH)):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x[part]), y[part])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if evaluate and k % 31 == 0:
                with torch.no_grad():
                    logits = model(test_x)
                    torch.nn.functional.cross_entropy(logits, test_y).item()
                    accuracies.append((logits.argmax(1) == test_y).float().mean().item())
    return np.array(losses)


def timed(call):
    began = time.perf_counter()
    result = call()
    return result, time.perf_counter() - began


def speed(repetitions):
    """Time both ways, alternating so that a busy machine slows both."""
    times = []
    for _ in range(repetitions):
        ours, seconds = timed(lambda: train(SPECS, epochs=EPOCHS, batch_size=BATCH))
        plain, plain_seconds = timed(lambda: [plain_loop(spec, evaluate=True) for spec in SPECS])
        _, bare_seconds = timed(lambda: [plain_loop(spec, evaluate=False) for spec in SPECS])
        times.append((seconds, plain_seconds, bare_seconds))
        print(
            f"  ours {seconds:.2f} s   plain {plain_seconds:.2f} s, ratio {seconds / plain_seconds:.2f}   "
            f"bare {bare_seconds:.2f} s, ratio {seconds / bare_seconds:.2f}"
        )
    ours_s, plain_s, bare_s = np.median(times, axis=0)
    print(f"ratio (medians): {ours_s / plain_s:.2f} to plain (at most 0.60), {ours_s / bare_s:.2f} to bare")
    for run, expected in zip(ours, plain, strict=True):
        gap = np.abs(run.losses - expected)
        print(f"  {run.label:10} losses differ by at most {gap[:200].max():.1e} in 200 steps, {gap.max():.1e} in all")


def last_relu():
    """Print what the last ReLU costs, five seeds each."""
    print("test accuracy after 5 epochs, median [quartiles] of 5 seeds")
    for final_relu in (True, False):
        t = train(SPECS, epochs=EPOCHS, batch_size=BATCH, final_relu=final_relu, seeds=5)
        for label in t.labels:
            band = t.band(label)
            dead = [int(run.dead_outputs[-1]) for run in t.seeds(label)]
            note = f"   dead outputs {dead}" if final_relu else ""
            print(
                f"  last ReLU {'on ' if final_relu else 'off'} {label:10} {band.median[-1]:.1%} "
                f"[{band.low[-1]:.1%}, {band.high[-1]:.1%}]{note}"
            )


if __name__ == "__main__":
    speed(int(sys.argv[1]) if len(sys.argv) > 1 else 3)
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
    print(f"peak memory of this process: {peak:.0f} MB")
    last_relu()
