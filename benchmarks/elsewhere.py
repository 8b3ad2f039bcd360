"""A sweep of ten million runs into files: on this machine, over two dask workers of which one is killed, and resumed.

    python benchmarks/elsewhere.py                # ten million runs of twenty steps
    python benchmarks/elsewhere.py --side 1000    # a million

Says how long each took, the most memory that this process had, and whether all files have the same bytes.
"""

from __future__ import annotations

import argparse
import hashlib
import os
import resource
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np

import optim_viz as ov
from optim_viz.sweeps.stream import SweepFiles


def asked(side: int) -> dict[str, np.ndarray]:
    """The axes of side x side runs."""
    return {"lr": np.geomspace(1e-4, 1.0, side), "beta1": np.linspace(0.0, 0.99, side)}


def swept(folder: Path, side: int, steps: int, **how: object) -> SweepFiles:
    """The sweep, into a folder."""
    return ov.sweep_to(folder, "rosenbrock", ov.optimizer("adam"), asked(side), steps=steps, **how)  # type: ignore[arg-type]


def digest(files: SweepFiles) -> str:
    """One name for the bytes of all parts."""
    whole = hashlib.sha256()
    for span in files.spans:
        whole.update(files.path(span).read_bytes())
    return whole.hexdigest()[:16]


def here(folder: Path, side: int, steps: int) -> SweepFiles:
    """On this machine's threads."""
    return swept(folder, side, steps)


def over_dask(folder: Path, side: int, steps: int) -> SweepFiles:
    """Over two workers; one is killed once a tenth is done."""
    from distributed import Client, LocalCluster

    killed: list[int] = []
    with (
        LocalCluster(n_workers=2, threads_per_worker=1, dashboard_address=None, silence_logs=50) as cluster,
        Client(cluster) as client,
    ):

        def kill(share: float) -> None:
            if share >= 0.1 and not killed:
                killed.append(next(iter(cluster.workers.values())).pid)
                os.kill(killed[0], signal.SIGKILL)
                print(f"  worker {killed[0]} killed at {share:.0%}")

        return swept(folder, side, steps, executor=client.get_executor(pure=False, retries=3), progress=kill)


def resumed(folder: Path, side: int, steps: int) -> SweepFiles:
    """By a process that is killed once two parts are there, and then by this one."""
    child = subprocess.Popen([sys.executable, __file__, "--side", str(side), "--steps", str(steps), "--into", folder])
    while len(list(folder.glob("runs-*"))) < 2:
        time.sleep(0.02)
    child.kill()
    child.wait()
    print(f"  killed with {len(list(folder.glob('runs-*')))} parts done")
    return swept(folder, side, steps)


WAYS: tuple[Callable[[Path, int, int], SweepFiles], ...] = (here, over_dask, resumed)


def main() -> None:
    """Run all ways, or one into a folder."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--side", type=int, default=3163, help="runs a side (3163: ten million)")
    parser.add_argument("--steps", type=int, default=20)
    parser.add_argument("--into", type=Path)
    given = parser.parse_args()
    if given.into:
        swept(given.into, given.side, given.steps)
        return
    found = set()
    for way in WAYS:
        with tempfile.TemporaryDirectory() as folder:
            began = time.perf_counter()
            files = way(Path(folder), given.side, given.steps)
            seconds, name = time.perf_counter() - began, digest(files)
            megabytes = sum(files.path(span).stat().st_size for span in files.spans) / 1e6
        peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024
        found.add(name)
        print(f"{way.__name__:<10} {files.spec.runs:,} runs in {seconds:.1f} s, {megabytes:.0f} MB of files {name}, "
              f"peak memory here {peak:.0f} MB")  # fmt: skip
    print("the same bytes" if len(found) == 1 else "NOT the same bytes")


if __name__ == "__main__":
    main()
