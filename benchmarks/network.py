"""Training beside the plain sequential torch loop: three optimizers at once, sgd alone; memory; the last ReLU's cost.

Run: python benchmarks/network.py [repetitions] [--only speed]
Three side by side are three runs on all cores, against a loop that takes them one after the other. One alone shows the
step itself: only its evaluations and snapshots are made on another core. Processor time is of one thread each.
The plain loop is what anyone would write: torch's default optimizers and threads, one optimizer after the other, the
loss of every step, and test loss and accuracy at the same steps as ours. "bare" leaves its evaluations out (ours stay).
"""

from __future__ import annotations

import argparse
import time

import numpy as np
import torch
from browsing import ROOT, browser, held_memory, server_of
from timing import timed

from optim_viz import settings
from optim_viz.experiments import links
from optim_viz.network import digits
from optim_viz.network.growing_run import evaluation_steps
from optim_viz.network.train import train
from optim_viz.optimizers.as_torch import torch_optimizer
from optim_viz.optimizers.specs import optimizer

SPECS = (optimizer("sgd", lr=0.01), optimizer("momentum", lr=0.01), optimizer("adam", lr=1e-3))
EPOCHS, BATCH = 5, 64


def plain_loop(spec, eval_steps, device="cpu", epochs=EPOCHS):
    """Train one optimizer the plain way; return its losses."""
    data = digits.load()
    x, test_x = (torch.from_numpy(a).to(device).float() / 255 for a in (data.train_x, data.test_x))
    y, test_y = (torch.from_numpy(a).to(device).long() for a in (data.train_y, data.test_y))
    torch.manual_seed(0)
    sizes = ((784, 300), (300, 200), (200, 10))
    model = torch.nn.Sequential(*(m for s in sizes for m in (torch.nn.Linear(*s), torch.nn.ReLU()))).to(device)
    optimizer = torch_optimizer(spec, model.parameters())
    losses, accuracies, eval_steps = [], [], set(eval_steps)
    for epoch in range(epochs):
        order = torch.from_numpy(np.random.default_rng((0, epoch)).permutation(len(y))).to(device)
        for part in order.split(BATCH):
            optimizer.zero_grad()
            loss = torch.nn.functional.cross_entropy(model(x[part]), y[part])
            loss.backward()
            optimizer.step()
            losses.append(loss.item())
            if len(losses) in eval_steps:
                with torch.no_grad():
                    logits = model(test_x)
                    torch.nn.functional.cross_entropy(logits, test_y).item()
                    accuracies.append((logits.argmax(1) == test_y).float().mean().item())
    return np.array(losses)


def speed(repetitions, specs, goal, clock=time.perf_counter):
    """Time the ways in turn, after a round that warms up: medians are what one meets, the best what can be."""
    names = ", ".join(spec.kind for spec in specs)
    threads = f"{settings.threads()} threads, torch's {torch.get_num_threads()}"
    print(f"{names}: {threads}, {clock.__name__}")
    times, eval_steps = [], evaluation_steps(EPOCHS, 125)
    for repetition in range(1 + repetitions):
        ours, seconds = timed(lambda: train(specs, epochs=EPOCHS, batch_size=BATCH), clock)
        plain, plain_seconds = timed(lambda: [plain_loop(spec, eval_steps) for spec in specs], clock)
        _, bare_seconds = timed(lambda: [plain_loop(spec, ()) for spec in specs], clock)
        print(f"  ours {seconds:5.2f} s   plain {plain_seconds:5.2f} s   bare {bare_seconds:5.2f} s")
        if repetition:
            times.append((seconds, plain_seconds, bare_seconds))
    for name, of in (("medians", np.median), ("best times", np.min)):
        own, plain_own, bare_own = of(times, axis=0)
        print(f"ratio of the {name}: {own / plain_own:.2f} to plain (at most {goal:.2f}), {own / bare_own:.2f} to bare")
    for run, expected in zip(ours, plain, strict=True):
        gap = np.abs(run.losses - expected)
        print(f"  {run.label:10} losses differ by at most {gap[:200].max():.1e} in 200 steps, {gap.max():.1e} in all")


def one_thread_each(repetitions):
    """Print sgd alone by processor time, with one torch thread in both: what a busy machine does not disturb."""
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    speed(repetitions, SPECS[:1], goal=1.0, clock=time.process_time)
    torch.set_num_threads(before)


def memory():
    """Print the peak memory of the whole server while the same three train for five epochs and are projected."""
    query = "&".join(f"o={links.write_optimizer(spec)}" for spec in SPECS)
    with server_of(ROOT / "app.py") as (address, pid), browser() as chromium:
        page = chromium.new_page()
        page.goto(f"{address}/network?epochs={EPOCHS}&{query}")
        page.get_by_text("The plane that holds most").wait_for(timeout=120_000)
        for view in ("Cost", "Layers", "What it reads"):
            page.get_by_role("radio", name=view, exact=True).or_(page.get_by_role("button", name=view)).first.click()
            page.locator(".stPlotlyChart .js-plotly-plot").first.wait_for()
        print(f"peak memory of the server: {held_memory(pid, 'VmHWM'):.0f} MB (at most 900)")


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
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("repetitions", type=int, nargs="?", default=3)
    parser.add_argument("--only", choices=["speed"])
    options = parser.parse_args()
    speed(options.repetitions, SPECS, goal=0.60)
    speed(options.repetitions, SPECS[:1], goal=1.0)
    one_thread_each(options.repetitions)
    if options.only is None:
        memory()
        last_relu()
