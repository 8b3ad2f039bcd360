"""Recordings of one's own network: what they cost, a plane beside two other tools, memory, eigenvalues, the edge.

    python benchmarks/own_network.py [steps] [planes] [memory] [eigenvalues] [edge]     (all where none is named)

The planes beside others need loss-landscapes==3.0.6 and landscaper==1.3.1, best in an environment of their own with
numpy, scipy, sympy, torch and safetensors; without them ours is timed alone. Times are processor time of one thread.
"""

from __future__ import annotations

import argparse
import contextlib
import io
import itertools
import resource
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import numpy as np
import torch
from timing import timed
from torch import nn
from torch.nn import functional as F  # noqa: N812 - its name everywhere

import optim_viz as ov
from optim_viz.network import digits
from optim_viz.network.module_loss import Given, ModuleLoss

GIB = 2**20  # in the KiB that getrusage counts in


def images(count: int) -> tuple[torch.Tensor, torch.Tensor]:
    """The first digits as images, and their answers."""
    data = digits.load()
    x, y = torch.from_numpy(data.train_x[:count]), torch.from_numpy(data.train_y[:count])
    return x.float().div(255).view(-1, 1, 28, 28), y.long()


def cnn(stride: int = 1) -> nn.Sequential:
    """A small CNN with BatchNorm: 25,826 weights at any stride of its convolutions."""
    torch.manual_seed(0)
    return nn.Sequential(
        nn.Conv2d(1, 16, 3, stride, 1), nn.BatchNorm2d(16), nn.ReLU(), nn.MaxPool2d(2),
        nn.Conv2d(16, 32, 3, stride, 1), nn.BatchNorm2d(32), nn.ReLU(), nn.AdaptiveAvgPool2d(4),
        nn.Flatten(), nn.Linear(512, 40), nn.ReLU(), nn.Linear(40, 10),
    )  # fmt: skip


def loss(call: Callable[..., Any], batch: Any) -> Any:
    """The cross-entropy of a batch."""
    return F.cross_entropy(call(batch[0]), batch[1])


def trained(steps: int, rows: int = 64, stride: int = 1, **options: Any) -> tuple[Any, float, float]:
    """Train the CNN on mini-batches; return its recorder and the seconds that steps and recording took."""
    model, batch = cnn(stride), images(2000)
    sgd = torch.optim.SGD(model.parameters(), lr=0.05)
    rec, own, recording = ov.record(model, "sgd", optimizer=sgd, **options), 0.0, 0.0
    draw = torch.Generator().manual_seed(0)
    for _ in range(steps):
        began = time.process_time()
        chosen = torch.randint(len(batch[1]), (rows,), generator=draw)
        sgd.zero_grad()
        value = loss(model, (batch[0][chosen], batch[1][chosen]))
        value.backward()
        sgd.step()
        middle = time.process_time()
        rec.step(value)
        own, recording = own + middle - began, recording + time.process_time() - middle
    return rec, own, recording


def cost_of_a_step() -> None:
    """What recording costs beside the step itself: at most 1 %."""
    print("| recorded | a step, ms | recording it, µs | share (at most 1 %) |\n|---|---|---|---|")
    for steps, dtype in ((200, "float32"), (1000, "float32"), (1000, "float16")):
        _, own, recording = trained(steps, dtype=dtype)
        share = recording / own
        print(f"| {steps:,} steps, {dtype} | {1e3 * own / steps:.2f} | {1e6 * recording / steps:.1f} | {share:.2%} |")


def planes(repetitions: int = 3) -> None:
    """25 x 25 points over 512 digits beside both tools on the same network, taking turns: at most the better one's."""
    rec, _, _ = trained(60, stride=2)
    batch, model, snapshots = images(512), rec.model, len(rec.recording.snapshot_steps)
    grid = ov.project(rec, kind="random", loss=loss, data=batch, batchnorm="eval")
    ways: dict[str, tuple[str, Callable[[], Any]]] = {
        "optim-viz, the plane alone": ("the plane", lambda: _plane_alone(rec.recording, batch, grid)),
        "loss-landscapes": ("the plane", lambda: _loss_landscapes(model, batch)),
        "landscaper": ("the plane", lambda: _landscaper(model, batch)),
        "optim-viz, ov.project": (
            f"the plane, the path on it, and what {snapshots} snapshots lose there and beside it",
            lambda: ov.project(rec, kind="random", loss=loss, data=batch, batchnorm="eval"),
        ),
    }
    seconds: dict[str, list[float]] = {name: [] for name in ways}
    for _ in range(repetitions):
        for name, (_, call) in ways.items():
            with contextlib.suppress(ImportError), _quiet():
                seconds[name].append(timed(call, time.process_time)[1])
    others = [statistics.median(taken) for name, taken in seconds.items() if "viz" not in name and taken]
    print(
        "| plane of 25 x 25, 512 digits | s, median (best) | of the better other's | what it shows |\n|---|---|---|---|"
    )
    for name, taken in seconds.items():
        if not taken:
            print(f"| {name} | not installed | | |")
            continue
        middle = statistics.median(taken)
        ratio = f"{middle / min(others):.2f}" if others else ""
        print(f"| {name} | {middle:.2f} ({min(taken):.2f}) | {ratio} | {ways[name][0]} |")


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """Without the progress bars of the others."""
    with contextlib.redirect_stdout(io.StringIO()), contextlib.redirect_stderr(io.StringIO()):
        yield


def _plane_alone(run: Any, batch: Any, plane: ov.Plane) -> Any:
    """The losses that the others compute: those of the grid."""
    losses = ModuleLoss(run.module, run.weights, run.statistics, Given(loss, batch, "eval"))
    points = np.stack(np.meshgrid(plane.a, plane.b), -1).reshape(-1, 2)
    return losses.on_plane(np.stack([plane.origin, *plane.axes]), points)


def _loss_landscapes(model: nn.Module, batch: Any) -> Any:
    import loss_landscapes as ll

    metric = ll.metrics.Loss(nn.CrossEntropyLoss(), *batch)
    return ll.random_plane(model.eval(), metric, distance=1, steps=25, normalization="filter")


def _landscaper(model: nn.Module, batch: Any) -> Any:
    from landscaper import LossLandscape

    directions = [[torch.randn_like(p) for p in model.parameters()] for _ in range(2)]
    return LossLandscape.compute(
        model.eval(), batch, directions, lambda m, data: F.cross_entropy(m(data[0]), data[1]).item(),
        device="cpu", distance=1.0, steps=25, dim=2,
    )  # fmt: skip


def memory() -> None:
    """10 M weights, 50 snapshots of float16 on disk, in a process of its own."""
    code = "import sys; sys.path.insert(0, 'benchmarks'); import own_network; own_network.large()"
    subprocess.run([sys.executable, "-c", code], check=True)


def large() -> None:
    """The process of `memory`."""
    model = nn.Sequential(nn.Linear(1000, 3000), nn.ReLU(), nn.Linear(3000, 2000), nn.ReLU(), nn.Linear(2000, 500))
    batch = torch.randn(64, 1000), torch.randint(500, (64,))
    before, spent = _peak(), []
    with tempfile.TemporaryDirectory() as folder:
        rec = ov.record(model, "sgd", keep=26, dtype="float16", folder=folder)
        for _ in range(49):
            with torch.no_grad():
                for p in model.parameters():
                    p.add_(torch.randn(p.shape[-1]), alpha=1e-3)
            spent.append(timed(lambda: rec.step(1.0))[1])
        recorded = _peak()
        _, seconds = timed(lambda: ov.project(rec, loss=loss, data=batch, resolution=5))
        projected, path = _peak(), Path(folder) / "run.safetensors"
        written = timed(lambda: rec.save(path))[1]
        print(f"| {rec.weights.size:,} weights, {len(rec.snapshot_steps)} snapshots | time | most memory, GiB |")
        print(f"|---|---|---|\n| torch and the model | | {before:.2f} |")
        print(f"| recorded, float16 in a file | {1e3 * np.mean(spent):.0f} ms a snapshot | {recorded:.2f} |")
        print(f"| ov.project, 5 x 5 points | {seconds:.1f} s | {projected:.2f} (at most 1.5) |")
        print(f"| rec.save, {path.stat().st_size / 2**30:.2f} GiB | {written:.1f} s | {_peak():.2f} |")


def _peak() -> float:
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / GIB


def eigenvalues() -> None:
    """The largest eigenvalues beside a dense Hessian's: at most 1e-4 apart."""
    torch.manual_seed(0)
    model = nn.Sequential(nn.Linear(8, 6), nn.Tanh(), nn.Linear(6, 3))
    batch = torch.randn(50, 8), torch.arange(50) % 3
    rec = ov.record(model)
    found = ov.sharpness(rec, loss=loss, data=batch, count=3).curvatures[0].eigenvalues[0]
    known = rec.weights

    def value(w: torch.Tensor) -> torch.Tensor:
        return loss(lambda x: torch.func.functional_call(model, known.split(w), (x,)), batch)

    start = torch.from_numpy(rec.recording.snapshot(0))
    wanted = np.linalg.eigvalsh(torch.func.hessian(value)(start).numpy())[::-1][:3]
    print("| largest eigenvalue | ov.sharpness | dense Hessian | apart |\n|---|---|---|---|")
    for i, (one, other) in enumerate(zip(found, wanted, strict=True), 1):
        print(f"| {i} | {one:.6f} | {other:.6f} | {abs(one / other - 1):.0e} |")


def edge(count: int = 1000, steps: int = 1500, lr: float = 2 / 50, picture: str = "") -> None:
    """Full-batch gradient descent on digits: its sharpness rises to 2 / lr and hovers there."""
    x, y = images(count)
    x, answers = ((x - x.mean()) / x.std()).flatten(1), F.one_hot(y, 10).float()
    torch.manual_seed(0)
    wide = (784, 50, 50, 50)
    hidden = [part for a, b in itertools.pairwise(wide) for part in (nn.Linear(a, b), nn.Tanh())]
    model = nn.Sequential(*hidden, nn.Linear(50, 10))

    def squares(call: Callable[..., Any], batch: Any) -> Any:
        return (call(batch[0]) - batch[1]).square().sum(1).mean()

    descent = torch.optim.SGD(model.parameters(), lr=lr)
    rec = ov.record(model, "gradient descent", keep=20, optimizer=descent)

    def train() -> None:
        for _ in range(steps):
            descent.zero_grad()
            value = squares(model, (x, answers))
            value.backward()
            descent.step()
            rec.step(value)

    seconds = timed(train)[1]
    found, looked = timed(lambda: ov.sharpness(rec, loss=squares, data=(x, answers), snapshots=16))
    (run,), losses = found, rec.losses
    print(
        f"{count:,} digits: {steps:,} steps in {seconds:.0f} s, {len(run.steps)} snapshots' sharpness in {looked:.0f} s"
    )
    print(f"| step | loss | largest eigenvalue | of 2 / lr = {2 / lr:g} |\n|---|---|---|---|")
    for step, top in zip(run.steps, run.eigenvalues[:, 0], strict=True):
        print(f"| {step:,} | {losses[min(step, steps - 1)]:.4f} | {top:.1f} | {top * lr / 2:.2f} |")
    if picture:
        found.figure().write_html(picture)


CASES = {"steps": cost_of_a_step, "planes": planes, "memory": memory, "eigenvalues": eigenvalues, "edge": edge}


def main() -> None:
    """Run what is asked for."""
    parser = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    parser.add_argument("cases", nargs="*", choices=[*CASES, []], help="which (default all)")
    parser.add_argument("--picture", default="", help="the HTML file that the edge is drawn in")
    asked = parser.parse_args()
    torch.set_num_threads(1)
    for case in asked.cases or CASES:
        CASES[case](**({"picture": asked.picture} if case == "edge" else {}))
        print(flush=True)


if __name__ == "__main__":
    main()
