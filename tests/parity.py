"""The engine in the browser beside the one in Python: what each gives, and whether rounding decides there."""

import atexit
import functools
import json
import shutil
import subprocess
import threading
from pathlib import Path

import numpy as np

from optim_viz.optimizers.clipping import clipping
from optim_viz.optimizers.rules import FLOATS
from optim_viz.optimizers.table import OPTIMIZERS
from optim_viz.player.live import whole
from optim_viz.surfaces.descent import run
from optim_viz.surfaces.float_run import FLOAT_ERRORS, single_row
from optim_viz.surfaces.oracles import oracles

SCRIPT = Path(__file__).parent / "player" / "engine.js"
#: Runs that stay this close, relative to the size of a coordinate, are equal.
CLOSE = 1e-9


def scene_of(spec):
    """What the engine is given for a comparison."""
    comparison = run(spec)
    found, programs = whole(spec, comparison.labels)
    return comparison, {"live": found, "programs": programs}


@functools.cache
def _engine():
    """One process of node for all who ask: its start and its first runs take longer than the others."""
    process = subprocess.Popen(
        [shutil.which("node"), str(SCRIPT)], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    )
    atexit.register(process.communicate)
    return process


def in_node(scenes):
    """The engine's answers in node."""
    process = _engine()
    late = threading.Timer(300, process.kill)
    late.start()
    try:
        print(json.dumps(scenes), file=process.stdin, flush=True)
        line = process.stdout.readline()
    finally:
        late.cancel()
    assert line, "node ended, or gave no answer in 300 s"
    answer = json.loads(line)
    assert "error" not in answer, answer["error"]
    return answer["runs"]


def array(values):
    return np.array([float(value) for value in values])


def apart(a, b):
    """How far apart two columns ever are, relative to their size; where neither is finite, not at all."""
    with np.errstate(invalid="ignore"):
        away = np.abs(a - b) / np.maximum(1.0, np.abs(b))
    away[~np.isfinite(a) & ~np.isfinite(b)] = 0.0
    return float(np.nan_to_num(away, nan=np.inf).max(initial=0.0))


def compare(trajectory, found):
    """Return "same" bits, "close", or "apart", by the points of a run."""
    columns = {name: array(values) for name, values in found["columns"].items()}
    x, y = trajectory.points.T
    if np.array_equal(columns["x"], x, equal_nan=True) and np.array_equal(columns["y"], y, equal_nan=True):
        return "same", columns
    far = max(apart(columns["x"], x), apart(columns["y"], y))
    return ("close" if far <= CLOSE else "apart"), columns


def rounding_decides(spec, optimizer, trajectory):
    """Whether the run itself parts from itself when it is rounded otherwise after every step, at random."""
    return any(apart_from_itself(spec, optimizer, trajectory, seed)[0] > CLOSE for seed in range(5))


def rounding_decides_slopes(spec, optimizer, trajectory, near):
    """Whether its slopes part by more than `near` then, although its points need not: where curvature has no bound."""
    return any(apart_from_itself(spec, optimizer, trajectory, seed)[1] > near for seed in range(5))


def apart_from_itself(spec, optimizer, trajectory, seed):
    """How far its points, and its slopes, are then from what they are."""
    draws = np.random.default_rng(seed).choice([-np.inf, 0.0, np.inf], (spec.steps, 2))
    row, gradient = OPTIMIZERS[optimizer.kind], clipping(optimizer, oracles(spec)[0], FLOATS)
    lrs = trajectory.lrs
    step = row.step_with(optimizer.hyperparameters)
    first = [lrs[0] * optimizer.factor(axis) for axis in "xy"]
    state = [value for lr in first for value in row.initial_state(optimizer.hyperparameters, lr)]
    now = (0.0, 0.0, *spec.start, *state)
    points, slopes = np.full((2, spec.steps + 1, 2), np.nan)
    points[0] = spec.start
    for t in range(1, spec.steps + 1):
        lr = tuple(lrs[t - 1] * optimizer.factor(axis) for axis in "xy")
        try:
            gx, gy, x, y, *state = single_row(gradient, step, t, lr, now)
        except FLOAT_ERRORS:
            break
        x, y = (float(np.nextafter(v, v if d == 0.0 else d)) for v, d in zip((x, y), draws[t - 1], strict=True))
        now = (gx, gy, x, y, *state)
        points[t], slopes[t - 1] = (x, y), (gx, gy)
    ended = max(t - 1, 0)  # the slope at the last point is looked at by no step
    return (
        max(apart(points[:, i], trajectory.points[:, i]) for i in (0, 1)),
        max(apart(slopes[:ended, i], trajectory.gradients[:ended, i]) for i in (0, 1)),
    )
